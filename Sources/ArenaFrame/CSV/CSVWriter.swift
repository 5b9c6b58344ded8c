// Writes a frame as CSV: RFC 4180 with LF, quotes only where a cell needs them, the file there whole
// or not at all. Blocks of rows are made on all cores (CArenaFrame) and written where they belong. What
// is written reads back the same, but for text that looks like numbers.

import ArenaCore
import CArenaFrame
import CZlib
import Glibc
import Synchronization

/// How a CSV file is written.
package struct CSVStyle: Sendable {
    package var delimiter = UInt8(ascii: ",")
    /// Digits behind the point; nil writes the shortest decimals that read back the same.
    package var digits: Int?
    /// Text that a spreadsheet would run as a formula (=, +, -, @ in front) gets an apostrophe.
    package var guardsFormulas = false
    /// Whether the first line names the columns.
    package var header = true
    package var workers = processorCount()

    package init() {}
}

/// Writes a frame as a CSV file, the key first.
///
/// A missing cell is empty, an empty text is `""`. Numbers are the shortest that read back the same, as
/// Python's repr, truth values `True` and `False`, turns a JSON array.
/// - Throws: `FrameError.file`; the file that was there stays as it was then.
/// - Complexity: O(bytes)
package func writeCSV(
    _ frame: Frame, path: String, style: CSVStyle = CSVStyle()
) throws(FrameError) {
    let encoder = try CSVEncoder(frame, style, packing: try isPacked(path, verb: "write_csv"))
    do throws(FileError) {
        let file = try AtomicFile(path)
        let header = try encoder.packedHeader()
        let written = header.withUnsafeBytes { bytes in
            Result { () throws(FileError) in try file.write(bytes, at: 0) }
        }
        try written.get()
        try encoder.write(to: file, from: header.count)
        try file.commit()
    } catch { throw .file(error) }
}

/// Writes a frame with another delimiter.
/// - Throws: As `writeCSV` with a style.
package func writeCSV(_ frame: Frame, path: String, delimiter: UInt8) throws(FrameError) {
    var style = CSVStyle()
    style.delimiter = delimiter
    try writeCSV(frame, path: path, style: style)
}

/// The bytes of a frame as CSV.
/// - Throws: `FrameError.outOfMemory`.
package func encodeCSV(_ frame: Frame, style: CSVStyle = CSVStyle()) throws(FrameError) -> [UInt8] {
    let encoder = try CSVEncoder(frame, style)
    var bytes = encoder.header()
    let room = BlockRoom()
    var from = 0
    while from < encoder.rowCount {
        let to = min(from + CSVEncoder.blockRows, encoder.rowCount)
        guard let block = encoder.block(from..<to, in: room) else {
            throw .outOfMemory(bytes: CSVEncoder.blockRows)
        }
        bytes.append(contentsOf: block)
        from = to
    }
    return bytes
}

/// The columns of a frame as the C loops see them.
private struct CSVEncoder: Sendable {
    let names: [String]
    let rowCount: Int
    let style: CSVStyle
    private let columns: [Column]
    /// The words of each column's validity; empty where nothing is missing.
    private let validity: [[UInt64]]
    // SAFETY: the pointers lead into `columns`, `validity` and `chunkLists`, which this value holds
    // and nobody changes.
    private nonisolated(unsafe) let sources: [arena_csv_column]
    private let chunkLists: [ChunkList]
    /// Whether each block becomes a member of a gzip file.
    private let isPacking: Bool

    static let blockRows = 4096

    init(_ frame: Frame, _ style: CSVStyle, packing: Bool = false) throws(FrameError) {
        isPacking = packing
        names = frame.knownNames
        self.style = style
        var columns: [Column] = []
        for column in (frame.key.map { [$0.column] } ?? []) + frame.columns {
            columns.append(try column.writable(workers: style.workers))
        }
        self.columns = columns
        rowCount = columns.isEmpty ? 0 : frame.rowCount
        validity = columns.map { $0.validity?.words ?? [] }
        var sources: [arena_csv_column] = []
        var lists: [ChunkList] = []
        for (at, column) in columns.enumerated() {
            var source = arena_csv_column()
            if !validity[at].isEmpty {
                source.validity = validity[at].withUnsafeBufferPointer { $0.baseAddress }
            }
            switch column.storage {
            case .bool(let values): source.set(arena_csv_bool, values)
            case .int64(let values): source.set(arena_csv_int64, values)
            case .float64(let values): source.set(arena_csv_float64, values)
            case .float32(let values): source.set(arena_csv_float32, values)
            case .string(let texts):
                source.set(arena_csv_text, texts.views)
                let list = ChunkList(texts.chunks)
                source.chunks = UnsafePointer(list.bases)
                lists.append(list)
            case .turns, .ints, .floats, .matrix, .categorical, .timestamp:
                break  // `writable` has made text of them
            }
            sources.append(source)
        }
        self.sources = sources
        chunkLists = lists
    }

    func header() -> [UInt8] {
        var bytes: [UInt8] = []
        guard style.header, !names.isEmpty else { return bytes }
        for (at, name) in names.enumerated() {
            if at > 0 { bytes.append(style.delimiter) }
            appendCSVCell(name, delimiter: style.delimiter, to: &bytes)
        }
        bytes.append(lineFeed)
        return bytes
    }

    /// The header as it stands in the file.
    func packedHeader() throws(FileError) -> [UInt8] {
        let bytes = header()
        guard isPacking else { return bytes }
        guard let member = bytes.withUnsafeBytes({ packed($0) }) else {
            throw .system(path: "", doing: "packing", code: ENOMEM)
        }
        return member
    }

    /// The bytes of some rows, which the room holds until the next; nil if there is no memory.
    func block(_ rows: Range<Int>, in room: BlockRoom) -> UnsafeRawBufferPointer? {
        withExtendedLifetime(self) {
            var plain = arena_csv_style()
            plain.delimiter = style.delimiter
            plain.digits = Int32(style.digits ?? -1)
            plain.guard = style.guardsFormulas ? 1 : 0
            let size = arena_csv_room(sources, sources.count, rows.lowerBound, rows.upperBound)
            guard let out = room.bytes(size) else { return nil }
            let length = arena_csv_write(
                sources, sources.count, rows.lowerBound, rows.upperBound, &plain,
                out.assumingMemoryBound(to: UInt8.self))
            return UnsafeRawBufferPointer(start: out, count: length)
        }
    }

    /// Makes blocks on all cores; each is written as soon as those before it have told their length.
    func write(to file: AtomicFile, from start: Int) throws(FileError) {
        let blocks = (rowCount + Self.blockRows - 1) / Self.blockRows
        let next = Atomic<Int>(0)
        let order = WriteOrder(start)
        // SAFETY: writing at offsets changes nothing in the object.
        nonisolated(unsafe) let file = file
        withExtendedLifetime(next) {
            runWorkers(max(1, min(style.workers, blocks))) { _ in
                let room = BlockRoom()
                while true {
                    let block = next.add(1, ordering: .relaxed).oldValue
                    if block >= blocks { return }
                    let from = block * Self.blockRows
                    var bytes = self.block(from..<min(from + Self.blockRows, rowCount), in: room)
                    if isPacking { bytes = bytes.flatMap { room.packing($0) } }
                    let offset = order.wait(for: block, length: bytes?.count ?? 0)
                    guard let bytes else {
                        order.fail(.system(path: "", doing: "making rows for", code: ENOMEM))
                        continue
                    }
                    guard let offset else { continue }
                    do throws(FileError) {
                        try file.write(bytes, at: offset)
                        // On its way to the disk while more is made: `commit` then waits less.
                        arena_start_writing(
                            file.descriptor, Int64(offset), Int64(bytes.count))
                    } catch { order.fail(error) }
                }
            }
        }
        if let failure = order.failure { throw failure }
    }
}

extension arena_csv_column {
    /// Points to an array that its owner keeps as it is.
    fileprivate mutating func set<T>(_ kind: Int, _ values: [T]) {
        self.kind = Int32(kind)
        self.values = values.withUnsafeBufferPointer { UnsafeRawPointer($0.baseAddress) }
    }
}

/// Where the chunks of a text column begin.
final class ChunkList: Sendable {
    nonisolated(unsafe) let bases: UnsafeMutablePointer<UnsafePointer<UInt8>?>

    init(_ chunks: [ByteChunk]) {
        bases = .allocate(capacity: max(chunks.count, 1))
        bases.initialize(repeating: nil, count: max(chunks.count, 1))
        for (at, chunk) in chunks.enumerated() {
            bases[at] = UnsafePointer(chunk.base.assumingMemoryBound(to: UInt8.self))
        }
    }

    deinit { bases.deallocate() }
}

/// A worker's memory for the block at hand.
private final class BlockRoom {
    private var start: UnsafeMutableRawPointer?
    private var size = 0
    private var packedStart: UnsafeMutableRawPointer?
    private var packedSize = 0

    func bytes(_ wanted: Int) -> UnsafeMutableRawPointer? {
        if let start, size >= wanted { return start }
        free(start)
        size = wanted + wanted / 4 + 64
        start = malloc(size)
        return start
    }

    /// The block as a member of a gzip file, until the next; nil if there is no memory.
    func packing(_ block: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        let room = arena_gzip_bound(block.count)
        if room > packedSize {
            free(packedStart)
            packedSize = room
            packedStart = malloc(room)
        }
        guard let out = packedStart else { return nil }
        var made = 0
        // SAFETY: what is packed stays below the bound.
        let code = arena_gzip(
            block.baseAddress?.assumingMemoryBound(to: UInt8.self), block.count,
            out.assumingMemoryBound(to: UInt8.self), room, &made)
        return code == 0 ? UnsafeRawBufferPointer(start: out, count: made) : nil
    }

    deinit {
        free(start)
        free(packedStart)
    }
}

/// Lets blocks claim their places in a file in turn.
private final class WriteOrder: Sendable {
    private struct State: Sendable {
        var turn = 0
        var offset: Int
        var error: FileError?
    }
    private let state: Monitor<State>

    init(_ start: Int) { state = Monitor(State(offset: start)) }

    /// The block's offset, once it is its turn; nil after a failure.
    func wait(for block: Int, length: Int) -> Int? {
        let place: Int?? = state.wait { state in
            guard state.turn == block else { return nil }
            let start = state.offset
            state.offset += length
            state.turn += 1
            return .some(state.error == nil ? start : nil)
        }
        return place ?? nil
    }

    func fail(_ failure: FileError) { state.change { $0.error = $0.error ?? failure } }

    var failure: FileError? { state.read { $0.error } }
}

extension Column {
    /// The column itself if it is of numbers, truth values or text, else its cells as text.
    fileprivate func writable(workers: Int) throws(FrameError) -> Column {
        switch storage {
        case .bool, .int64, .float64, .float32, .string: return self
        case .turns, .ints, .floats, .matrix, .categorical, .timestamp: break
        }
        let parts = inParts(count, workers: workers) { rows in
            Result { () throws(FrameError) in
                var builder = TextBuilder()
                for row in rows {
                    if let text = text(row) {
                        try builder.append(text)
                    } else {
                        builder.appendEmpty()
                    }
                }
                return builder.finish()
            }
        }
        var texts: [TextStorage] = []
        for part in parts { texts.append(try part.get()) }
        return Column(.string(TextStorage(joining: texts)), validity: validity)
    }
}

/// Appends a row of turns as a JSON array.
func appendJSON(_ lists: ListStorage, row: Int, to bytes: inout [UInt8]) {
    var result = bytes
    bytes = []
    var isFirst = true
    result.append(UInt8(ascii: "["))
    lists.forEachTurn(at: row) { turn in
        if !isFirst { result.append(UInt8(ascii: ",")) }
        isFirst = false
        guard let turn else {
            result += "null".utf8
            return
        }
        result.append(quote)
        for byte in turn { appendEscaped(byte, to: &result) }
        result.append(quote)
    }
    result.append(UInt8(ascii: "]"))
    bytes = result
}

func appendEscaped(_ byte: UInt8, to bytes: inout [UInt8]) {
    switch byte {
    case quote, backslash: bytes += [backslash, byte]
    case 10: bytes += "\\n".utf8
    case 13: bytes += "\\r".utf8
    case 9: bytes += "\\t".utf8
    case 0..<32: bytes += "\\u00\(byte < 16 ? "0" : "")\(String(byte, radix: 16))".utf8
    default: bytes.append(byte)
    }
}
