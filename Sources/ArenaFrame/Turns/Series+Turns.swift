// Cells of turns to lists, and lists to text: whole columns, rows spread over the cores. The result
// does not depend on how they are spread.

import ArenaCore
import CArenaFrame

/// A column of turns and what its reading had to settle.
package struct TurnsResult: Sendable {
    /// The turns, with the name and the key of the cells.
    package let series: Series
    /// Halves of surrogate pairs that stood alone and became U+FFFD.
    package let loneSurrogates: Int
    /// Null turns, whatever became of them.
    package let nullTurns: Int
}

extension Series {
    /// The turns of each cell, by the reading named; a missing cell gives a missing list.
    /// - Parameter read: Without one the error says on how many cells the readings differ.
    /// - Throws: `FrameError.columnType`, `.readingMissing`, `.unreadableTurns` for the first cell
    ///   that cannot be read, `.outOfMemory`.
    /// - Complexity: O(bytes)
    package func turns(
        read: TurnReading?, null: NullTurns, workers: Int = processorCount()
    ) throws(FrameError) -> TurnsResult {
        let texts = try texts(for: "turns")
        guard let read else { throw .readingMissing(try turnReadings()) }
        let parts = inParts(count, workers: workers) { rows in
            TurnPart(self, texts, rows, read, null)
        }
        for part in parts { if let fault = part.fault { throw fault } }
        let lists = ListStorage(
            rows: TurnPart.rows(of: parts), turns: TextStorage(joining: parts.map(\.turns)),
            turnValidity: null == .keep ? Validity(parts.flatMap(\.present)) : nil)
        return TurnsResult(
            series: Series(trusting: name, Column(.turns(lists), validity: column.validity), key),
            loneSurrogates: parts.reduce(0) { $0 + $1.loneSurrogates },
            nullTurns: parts.reduce(0) { $0 + $1.nullTurns })
    }

    /// Each row's turns as one text; a missing turn counts as "".
    /// - Throws: `FrameError.columnType`, `.outOfMemory`.
    package func joined(
        separator: String, workers: Int = processorCount()
    ) throws(FrameError) -> Series {
        let lists = try lists(for: "join")
        let glue = Array(separator.utf8)
        let parts = inParts(count, workers: workers) { rows in
            Result { () throws(FrameError) in try join(lists, rows, glue) }
        }
        var texts: [TextStorage] = []
        for part in parts { texts.append(try part.get()) }
        let column = Column(.string(TextStorage(joining: texts)), validity: column.validity)
        return Series(trusting: name, column, key)
    }

    /// The number of items of each row's list.
    /// - Throws: `FrameError.columnType`.
    package func itemCounts() throws(FrameError) -> Series {
        let counts: [Int64]
        switch column.storage {
        case .turns(let lists): counts = lists.rows.map { Int64($0.count) }
        case .ints(let lists): counts = lists.rows.map { Int64($0.count) }
        case .floats(let lists): counts = lists.rows.map { Int64($0.count) }
        case .matrix(let matrix):
            counts = [Int64](repeating: Int64(matrix.width), count: matrix.count)
        case .bool, .int64, .float64, .float32, .string, .categorical, .timestamp:
            throw .columnType(
                verb: "len", column: name, needed: "a column of text or lists", found: column.type)
        }
        return with(Column(.int64(counts), validity: column.validity))
    }

    func texts(for verb: String) throws(FrameError) -> TextStorage {
        switch column.storage {
        case .string(let texts): return texts
        case .categorical(let texts): return texts.texts(column.validity)
        case .bool, .int64, .float64, .float32, .turns, .ints, .floats, .matrix, .timestamp:
            throw .columnType(
                verb: verb, column: name, needed: "a column of text", found: column.type)
        }
    }

    func lists(for verb: String) throws(FrameError) -> ListStorage {
        switch column.storage {
        case .turns(let lists): return lists
        case .bool, .int64, .float64, .float32, .string, .ints, .floats, .matrix, .categorical,
            .timestamp:
            throw .columnType(
                verb: verb, column: name, needed: "a column of turns", found: column.type)
        }
    }
}

/// The turns of some rows.
private struct TurnPart: Sendable {
    var turns = TextStorage(views: [], chunks: [])
    var counts: [Int] = []
    /// For each turn whether it is one; kept only where nulls are.
    var present: [Bool] = []
    var loneSurrogates = 0
    var nullTurns = 0
    var fault: FrameError?

    init(
        _ series: Series, _ texts: TextStorage, _ rows: Range<Int>, _ read: TurnReading,
        _ null: NullTurns
    ) {
        counts.reserveCapacity(rows.count)
        do throws(FrameError) {
            switch read {
            case .json, .python: try decode(series, texts, rows, read, null)
            case .split, .raw: cut(series, texts, rows, read, null)
            }
        } catch { fault = error }
    }

    /// The readings that decode nothing: turns are parts of the cells, and share their bytes.
    private mutating func cut(
        _ series: Series, _ texts: TextStorage, _ rows: Range<Int>, _ read: TurnReading,
        _ null: NullTurns
    ) {
        var views: [TextView] = []
        for row in rows {
            let before = views.count
            if !series.column.isMissing(row) {
                let view = texts.views[row]
                if read == .raw {
                    views.append(view)
                } else {
                    texts.withBytes(at: row) { cell in
                        forEachSplitTurn(cell) { views.append(view.part($0)) }
                    }
                }
            }
            counts.append(views.count - before)
        }
        turns = TextStorage(views: views, chunks: texts.chunks)
        if null == .keep { present = [Bool](repeating: true, count: views.count) }
    }

    private mutating func decode(
        _ series: Series, _ texts: TextStorage, _ rows: Range<Int>, _ read: TurnReading,
        _ null: NullTurns
    ) throws(FrameError) {
        defer { withExtendedLifetime(texts) {} }
        let total = rows.reduce(0) { $0 + texts.byteCount(at: $1) }
        var builder = TextBuilder(expectedBytes: total + TurnOutput.slack)
        let word = null == .word ? try builder.store("null") : .empty
        var out = TurnOutput(room: try builder.reserve(TurnOutput.slack))
        var plain = PlainTurns(python: read == .python)
        for row in rows {
            let before = builder.count
            if !series.column.isMissing(row) {
                let cell = texts.bytes(at: row)
                let room = try builder.reserve(cell.count + TurnOutput.slack)
                if let found = plain.read(cell, into: room) {
                    add(plain, found, null, word, &builder)
                    counts.append(builder.count - before)
                    continue
                }
                out.beginCell(room: room)
                do throws(TurnFailure) {
                    try read.decode(cell, into: &out)
                } catch {
                    throw series.unreadable(cell, row: row, read, error)
                }
                for turn in out.turns { add(turn, null, word, &builder) }
            }
            counts.append(builder.count - before)
        }
        loneSurrogates = out.loneSurrogates + plain.loneSurrogates
        turns = builder.finish()
    }

    /// The turns of a cell that `PlainTurns` has read, which lie a byte apart.
    private mutating func add(
        _ plain: PlainTurns, _ found: Int, _ null: NullTurns, _ word: TextView,
        _ builder: inout TextBuilder
    ) {
        var end = 0
        for turn in plain.turns.prefix(found) {
            let isNull = turn.length == .max
            let length = isNull ? 0 : Int(turn.length)
            end = Int(turn.start) + length
            if isNull { nullTurns += 1 }
            if isNull, null == .drop { continue }
            if isNull, null == .word {
                builder.append(sharing: word)
            } else {
                builder.append(reservedOffset: Int(turn.start), length: length)
            }
            if null == .keep { present.append(!isNull) }
        }
        builder.advance(end)
    }

    private mutating func add(
        _ turn: TurnOutput.Span, _ null: NullTurns, _ word: TextView, _ builder: inout TextBuilder
    ) {
        if turn.isNull { nullTurns += 1 }
        switch null {
        case _ where !turn.isNull: builder.commit(turn.length)
        case .drop: return
        case .empty, .keep: builder.appendEmpty()
        case .word: builder.append(sharing: word)
        }
        if null == .keep { present.append(!turn.isNull) }
    }

    static func rows(of parts: [TurnPart]) -> [ListStorage.Row] {
        var rows: [ListStorage.Row] = []
        var start = 0
        for count in parts.lazy.flatMap(\.counts) {
            rows.append(ListStorage.Row(start: start, count: count))
            start += count
        }
        return rows
    }
}

/// The quick reading of cells that are plain arrays of strings and nulls.
private struct PlainTurns {
    private let python: Bool
    private(set) var turns = [arena_turn](repeating: arena_turn(), count: 64)
    private(set) var loneSurrogates = 0

    init(python: Bool) { self.python = python }

    /// The number of turns found; nil if the cell needs a closer look.
    mutating func read(_ cell: UnsafeRawBufferPointer, into room: UnsafeMutableRawPointer) -> Int? {
        guard let base = cell.baseAddress else { return nil }
        let bytes = base.assumingMemoryBound(to: UInt8.self)
        let out = room.assumingMemoryBound(to: UInt8.self)
        while true {
            var lone = 0
            let found = turns.withUnsafeMutableBufferPointer { turns in
                arena_turns_read(
                    bytes, cell.count, out, turns.baseAddress, turns.count, python ? 1 : 0, &lone)
            }
            if found == -2 {
                turns = [arena_turn](
                    repeating: arena_turn(), count: min(turns.count * 8, cell.count / 2 + 2))
                continue
            }
            guard found >= 0 else { return nil }
            loneSurrogates += lone
            return found
        }
    }
}

extension Series {
    fileprivate func unreadable(
        _ cell: UnsafeRawBufferPointer, row: Int, _ read: TurnReading, _ failure: TurnFailure
    ) -> FrameError {
        let before = cell.prefix(failure.offset).reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) }
        return .unreadableTurns(
            column: name, row: rowName(row), reading: read, problem: failure.problem,
            character: before + 1, shown: excerpt(cell, around: failure.offset))
    }
}

/// Rows of one turn share its bytes; only rows of several are copied.
private func join(
    _ lists: ListStorage, _ rows: Range<Int>, _ glue: [UInt8]
) throws(FrameError) -> TextStorage {
    defer { withExtendedLifetime(lists) {} }
    let turns = lists.turns
    var builder = TextBuilder(
        expectedBytes: glue == [space]
            ? 0 : rows.reduce(0) { $0 + joinedLength(lists, $1, glue) })
    var views: [TextView] = []
    views.reserveCapacity(rows.count)
    for row in rows {
        let list = lists.rows[row]
        if list.count < 2 {
            views.append(list.count == 0 ? .empty : turns.views[list.start])
            continue
        }
        if let view = turns.spanning(list.start..<list.start + list.count, glue) {
            views.append(view)
            continue
        }
        let length = joinedLength(lists, row, glue)
        let room = try builder.reserve(length)
        var at = 0
        for turn in list.start..<list.start + list.count {
            // SAFETY: `length` is the sum of all that is copied here.
            func copy(_ bytes: UnsafeRawBufferPointer) {
                guard let from = bytes.baseAddress else { return }
                (room + at).copyMemory(from: from, byteCount: bytes.count)
                at += bytes.count
            }
            if turn > list.start { glue.withUnsafeBytes { copy($0) } }
            copy(turns.bytes(at: turn))
        }
        builder.commit(length)
        views.append(builder.removeLast(afterChunks: turns.chunks.count))
    }
    return TextStorage(views: views, chunks: turns.chunks + builder.finish().chunks)
}

/// The bytes that joining a row's turns takes; 0 if there is nothing to join.
private func joinedLength(_ lists: ListStorage, _ row: Int, _ glue: [UInt8]) -> Int {
    let list = lists.rows[row]
    if list.count < 2 { return 0 }
    return (list.start..<list.start + list.count).reduce(glue.count * (list.count - 1)) {
        $0 + lists.turns.byteCount(at: $1)
    }
}

extension TextStorage {
    /// The texts of some rows with `glue` between them, if that is just how they lie in memory.
    fileprivate func spanning(_ rows: Range<Int>, _ glue: [UInt8]) -> TextView? {
        guard glue.count == 1, let first = rows.first else { return nil }
        let start = views[first]
        var end = start.offset + Int(start.length)
        for row in rows.dropFirst() {
            let view = views[row]
            guard view.chunk == start.chunk, view.offset == end + 1, Int(view.chunk) < chunks.count,
                // SAFETY: the byte between two texts of a chunk lies in it.
                chunks[Int(view.chunk)].base.load(fromByteOffset: end, as: UInt8.self) == glue[0]
            else { return nil }
            end = view.offset + Int(view.length)
        }
        guard end - start.offset < Int(UInt32.max) else { return nil }
        return TextView(
            chunk: start.chunk, length: UInt32(end - start.offset), offset: start.offset)
    }

    /// The texts of several storages one after the other, sharing their bytes.
    init(joining parts: [TextStorage]) {
        if parts.count == 1 {
            self = parts[0]
            return
        }
        var views: [TextView] = []
        var chunks: [ByteChunk] = []
        views.reserveCapacity(parts.reduce(0) { $0 + $1.count })
        for part in parts {
            let base = UInt32(chunks.count)
            for view in part.views {
                // An empty text keeps its place, which may lie between two others.
                views.append(
                    TextView(
                        chunk: view.chunk &+ base, length: view.length, offset: view.offset))
            }
            chunks += part.chunks
        }
        self.init(views: views, chunks: chunks)
    }
}
