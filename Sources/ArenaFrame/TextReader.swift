// The texts of a column for loops over many rows: plain pointers, so that no reference is counted and
// no bound is looked at on the way to a text's bytes.

/// Lends the bytes of texts by row.
package struct TextReader: @unchecked Sendable {
    // SAFETY: lent by `reading` or `HeldTexts`, which keep the storage for as long; nobody writes to it.
    private let views: UnsafePointer<TextView>
    private let bases: UnsafePointer<UnsafeRawPointer>
    package let count: Int

    fileprivate init(
        _ views: UnsafePointer<TextView>, _ bases: UnsafePointer<UnsafeRawPointer>, _ count: Int
    ) {
        self.views = views
        self.bases = bases
        self.count = count
    }

    /// The number of bytes of a row's text.
    /// - Precondition: the row is in range.
    @inline(__always)
    func length(_ row: Int) -> Int { Int(views[row].length) }

    /// Where a row's text lies.
    @inline(__always)
    func view(_ row: Int) -> TextView { views[row] }

    /// The bytes of a row's text.
    /// - Precondition: the row is in range.
    @inline(__always)
    package func bytes(_ row: Int) -> UnsafeRawBufferPointer {
        let view = views[row]
        guard view.length > 0 else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        return UnsafeRawBufferPointer(
            start: bases[Int(view.chunk)] + view.offset, count: Int(view.length))
    }
}

/// The texts of a column, lent for as long as this lives.
package final class HeldTexts {
    package let reader: TextReader
    private let storage: TextStorage
    private let bases: UnsafeMutablePointer<UnsafeRawPointer>
    private let noView: UnsafeMutablePointer<TextView>

    package init(_ storage: TextStorage) {
        self.storage = storage
        bases = storage.makeBases()
        noView = .allocate(capacity: 1)
        // SAFETY: an array's elements stay in their place while it is held and nobody changes it, and
        // `storage` is never assigned again. An empty array may have no address; then nothing is read.
        let views = storage.views.withUnsafeBufferPointer { $0.baseAddress }
        reader = TextReader(views ?? UnsafePointer(noView), bases, storage.count)
    }

    deinit {
        bases.deallocate()
        noView.deallocate()
    }
}

extension TextStorage {
    /// Where each chunk begins; whoever asks gives the memory back.
    fileprivate func makeBases() -> UnsafeMutablePointer<UnsafeRawPointer> {
        let bases = UnsafeMutablePointer<UnsafeRawPointer>.allocate(capacity: chunks.count + 1)
        for (at, chunk) in chunks.enumerated() {
            (bases + at).initialize(to: UnsafeRawPointer(chunk.base))
        }
        return bases
    }

    /// Lends the texts to a loop, also on several cores, until `body` returns.
    func reading<R>(_ body: (TextReader) -> R) -> R {
        let bases = makeBases()
        defer { bases.deallocate() }
        return withExtendedLifetime(chunks) {
            lending(views) { body(TextReader($0.base, bases, views.count)) }
        }
    }
}
