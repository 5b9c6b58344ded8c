// The texts of a column for loops over many rows: plain pointers, so that no reference is counted and
// no bound is looked at on the way to a text's bytes.

/// Lends the bytes of texts by row.
struct TextReader: @unchecked Sendable {
    // SAFETY: lent by `reading`, which keeps the storage for as long; nobody writes to it.
    private let views: UnsafePointer<TextView>
    private let bases: UnsafePointer<UnsafeRawPointer>
    let count: Int

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
    func bytes(_ row: Int) -> UnsafeRawBufferPointer {
        let view = views[row]
        guard view.length > 0 else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        return UnsafeRawBufferPointer(
            start: bases[Int(view.chunk)] + view.offset, count: Int(view.length))
    }
}

extension TextStorage {
    /// Lends the texts to a loop, also on several cores, until `body` returns.
    func reading<R>(_ body: (TextReader) -> R) -> R {
        let bases = UnsafeMutablePointer<UnsafeRawPointer>.allocate(capacity: chunks.count + 1)
        defer { bases.deallocate() }
        for (at, chunk) in chunks.enumerated() {
            (bases + at).initialize(to: UnsafeRawPointer(chunk.base))
        }
        return withExtendedLifetime(chunks) {
            lending(views) { body(TextReader($0.base, bases, views.count)) }
        }
    }
}
