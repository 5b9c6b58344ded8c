// Text of a column: 16-byte views over shared chunks of bytes. Taking rows, slicing and copying move
// views only; a chunk lives as long as a storage that names it. All text is valid UTF-8.

/// Where a text lies: chunk, offset and length.
struct TextView: Sendable, BitwiseCopyable {
    var chunk: UInt32
    var length: UInt32
    var offset: Int

    static let empty = TextView(chunk: 0, length: 0, offset: 0)

    /// A part of the text.
    @inline(__always)
    func part(_ range: Range<Int>) -> TextView {
        range.isEmpty
            ? .empty
            : TextView(
                chunk: chunk, length: UInt32(range.count), offset: offset + range.lowerBound)
    }
}

/// The texts of a column, by row.
package struct TextStorage: Sendable {
    private(set) var views: [TextView]
    private(set) var chunks: [ByteChunk]

    init(views: [TextView], chunks: [ByteChunk]) {
        self.views = views
        self.chunks = chunks
    }

    /// Texts from strings.
    /// - Throws: `FrameError.outOfMemory`.
    package init(_ strings: some Sequence<String>) throws(FrameError) {
        var builder = TextBuilder()
        for string in strings { try builder.append(string) }
        self = builder.finish()
    }

    /// The number of texts.
    package var count: Int { views.count }

    /// The number of bytes of a row's text.
    package func byteCount(at row: Int) -> Int { Int(views[row].length) }

    /// The bytes of a row's text, lent for the duration of the call.
    @inline(__always)
    package func withBytes<R>(at row: Int, _ body: (UnsafeRawBufferPointer) -> R) -> R {
        withExtendedLifetime(chunks) { body(bytes(at: row)) }
    }

    /// The bytes of a row's text: valid while this storage is kept alive, which the caller sees to.
    @inline(__always)
    func bytes(at row: Int) -> UnsafeRawBufferPointer {
        let view = views[row]
        guard view.length > 0 else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        // SAFETY: views are made by TextBuilder alone, inside the chunk they name.
        return UnsafeRawBufferPointer(
            start: chunks[Int(view.chunk)].base + view.offset, count: Int(view.length))
    }

    /// A row's text as a string.
    package func string(at row: Int) -> String {
        withBytes(at: row) { String(decoding: $0, as: UTF8.self) }
    }

    /// The rows in the order given, sharing the bytes.
    /// - Precondition: every row is in range.
    package func taking(_ rows: some Sequence<Int>) -> TextStorage {
        TextStorage(views: gathered(views, Array(rows)), chunks: chunks)
    }
}

/// Makes a `TextStorage`, text after text.
package struct TextBuilder {
    private var views: [TextView] = []
    private var chunks: [ByteChunk] = []
    private var used = 0
    private var capacity = 0
    private var nextSize: Int

    /// Chunks stop growing here: enough for huge pages, little enough to waste at the end.
    private static let largestChunk = 32 << 20
    /// They start small: a file can have a hundred thousand columns of next to nothing.
    private static let smallestChunk = 64

    /// A builder whose first chunk has about the size that is expected.
    package init(expectedBytes: Int = 0) {
        nextSize = max(Self.smallestChunk, min(expectedBytes, Self.largestChunk))
    }

    /// A builder of texts that mostly lie in a chunk that somebody else fills.
    init(sharing chunk: ByteChunk) {
        self.init()
        chunks = [chunk]
    }

    /// Adds a text that lies in the chunk shared from the start.
    @inline(__always)
    mutating func append(sharedOffset offset: Int, length: Int) {
        views.append(
            length == 0 ? .empty : TextView(chunk: 0, length: UInt32(length), offset: offset))
    }

    /// Makes room for as many more texts.
    mutating func reserveViews(_ count: Int) { views.reserveCapacity(views.count + count) }

    /// The number of texts.
    package var count: Int { views.count }

    /// Room for `length` bytes to be written and then committed, in part or as several texts.
    /// - Throws: `FrameError.outOfMemory`, `FrameError.textTooLong` from 4 GiB on.
    @inline(__always)
    mutating func reserve(_ length: Int) throws(FrameError) -> UnsafeMutableRawPointer {
        if capacity - used < length || chunks.isEmpty { try grow(length) }
        // SAFETY: the last chunk has `capacity` bytes, of which `used` + length are in range.
        return chunks[chunks.count - 1].base + used
    }

    private mutating func grow(_ length: Int) throws(FrameError) {
        guard length < Int(UInt32.max) else { throw .textTooLong(bytes: length) }
        let size = max(nextSize, length)
        guard let chunk = ByteChunk(capacity: size) else { throw .outOfMemory(bytes: size) }
        nextSize = min(max(size, nextSize) * 4, Self.largestChunk)
        chunks.append(chunk)
        used = 0
        capacity = size
    }

    /// Makes the next `length` bytes of the reserved room one text.
    @inline(__always)
    mutating func commit(_ length: Int) {
        views.append(
            TextView(chunk: UInt32(chunks.count - 1), length: UInt32(length), offset: used))
        used += length
    }

    /// Makes a part of the reserved room a text; `advance` follows for all of them.
    @inline(__always)
    mutating func append(reservedOffset offset: Int, length: Int) {
        views.append(
            TextView(
                chunk: UInt32(chunks.count - 1), length: UInt32(length), offset: used + offset))
    }

    /// Takes so much of the reserved room.
    mutating func advance(_ length: Int) { used += length }

    /// Adds a text.
    @inline(__always)
    package mutating func append(_ bytes: UnsafeRawBufferPointer) throws(FrameError) {
        guard let start = bytes.baseAddress, bytes.count > 0 else {
            appendEmpty()
            return
        }
        // SAFETY: reserve gives at least bytes.count bytes of this builder's own.
        try reserve(bytes.count).copyMemory(from: start, byteCount: bytes.count)
        commit(bytes.count)
    }

    /// Adds a text.
    package mutating func append(_ string: String) throws(FrameError) {
        var copy = string
        let length = copy.utf8.count
        let room = try reserve(length)
        copy.withUTF8 { utf8 in
            // SAFETY: reserve gives `length` bytes, and a string's UTF-8 has that many.
            if let start = utf8.baseAddress { room.copyMemory(from: start, byteCount: length) }
        }
        commit(length)
    }

    /// Keeps a text's bytes without adding it, for `append(sharing:)`.
    mutating func store(_ string: String) throws(FrameError) -> TextView {
        try append(string)
        return views.removeLast()
    }

    /// Takes the last text out again, as a view of a storage in which other chunks come first.
    mutating func removeLast(afterChunks others: Int) -> TextView {
        var view = views.removeLast()
        if view.length > 0 { view.chunk += UInt32(others) }
        return view
    }

    /// Adds a text that this builder has stored.
    mutating func append(sharing view: TextView) { views.append(view) }

    /// Adds a text of no bytes, which also stands under a missing row.
    @inline(__always)
    package mutating func appendEmpty() { views.append(.empty) }

    /// The texts so far; the builder is empty afterwards.
    package mutating func finish() -> TextStorage {
        if capacity > 0 { chunks.last?.trim(to: used) }
        let result = TextStorage(views: views, chunks: chunks)
        self = TextBuilder()
        return result
    }
}
