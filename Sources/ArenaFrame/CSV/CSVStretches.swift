// The fast way through a CSV file: stretches of it on all cores, each read in pieces, its cells found,
// unescaped and checked in one pass (CArenaFrame). It takes text that keeps to RFC 4180 to the letter;
// whatever else there is, errors among it, is left to the careful reader.
//
// Where a stretch may begin is guessed from the text around: both "inside quotes" and "outside" are
// tried until one runs into a contradiction. The guess is verified by the stretch before, which must
// end there with a row.

import ArenaCore
import CArenaFrame
import Glibc

/// What is done with a column.
enum CSVWanted: Sendable { case skip, infer, text }

struct CSVStretches: Sendable {
    nonisolated(unsafe) let bytes: UnsafeRawBufferPointer
    /// Where the same bytes can be read in pieces, so that they do not stay mapped; -1 if nowhere.
    let descriptor: Int32
    let delimiter: UInt8
    let quote: UInt8
    let columns: Int
    /// No more rows than these are needed.
    var rowLimit = Int.max
    /// Texts that stand for a missing cell, for each column; empty: there are none.
    var missingWords: [CSVMissingWords] = []
    var workers = processorCount()
    /// Bytes of a stretch and of what is read at a time; small ones are for tests.
    var stretchSize = 0
    var pieceSize = 256 << 10

    /// A stretch has offsets of 30 bits.
    private static let largest = Int(arena_csv_offset) - 1

    private enum Outcome: Sendable {
        case columns([CSVColumnBuilder], rows: Int)
        /// The text is not for this reader.
        case refused
        /// The stretch does not end with a row: the next one began inside a cell.
        case open
        case failed(FrameError)
    }

    /// The wanted columns of each stretch in order; nil if the careful reader has to do it.
    func read(from start: Int, _ wanted: [CSVWanted]) throws(FrameError) -> [[CSVColumnBuilder]]? {
        var bounds = rowLimit == .max ? boundaries(from: start) : [start, bytes.count]
        while true {
            let outcomes = run(bounds, wanted)
            var parts: [[CSVColumnBuilder]] = []
            var isOpen = false
            for outcome in outcomes {
                switch outcome {
                case .columns(let builders, _): parts.append(builders)
                case .refused: return nil
                case .failed(let error): throw error
                case .open: isOpen = true
                }
                if isOpen { break }
            }
            if !isOpen { return parts }
            if bounds.count == 2 { return nil }
            bounds = [start, bytes.count]
        }
    }

    private func run(_ bounds: [Int], _ wanted: [CSVWanted]) -> [Outcome] {
        let count = bounds.count - 1
        return inTasks(count, workers: workers, with: pieces) { pieces, at in
            guard let pieces else { return .failed(.outOfMemory(bytes: pieceSize * 5)) }
            do throws(FrameError) {
                return try read(
                    bounds[at]..<bounds[at + 1], isLast: at == count - 1, wanted, pieces)
            } catch {
                return .failed(error)
            }
        }
    }

    @Sendable
    private func pieces() -> CSVPieces? { CSVPieces(size: pieceSize, columns: columns) }

    // MARK: - One stretch

    private func read(
        _ range: Range<Int>, isLast: Bool, _ wanted: [CSVWanted], _ pieces: CSVPieces
    ) throws(FrameError) -> Outcome {
        guard range.count < Self.largest else { return .refused }
        let size = range.count + Int(arena_csv_slack)
        guard let heap = ByteChunk(capacity: size) else { throw .outOfMemory(bytes: size) }
        var builders = wanted.indices.map { column in
            CSVColumnBuilder(
                asText: wanted[column] == .text, sharing: heap,
                missing: missingWords.isEmpty ? .none : missingWords[column])
        }
        var state = arena_csv_state()
        state.heap = heap.base.assumingMemoryBound(to: UInt8.self)
        state.ends = pieces.ends
        arena_csv_begin(&state)
        var rows = 0
        var first = 0  // where the first row that is not taken yet starts in the heap
        var keeps = true
        var at = range.lowerBound
        while at < range.upperBound {
            let count = min(pieceSize, range.upperBound - at)
            guard fill(pieces.bytes, at, count),
                arena_csv_scan(&state, pieces.bytes, count, delimiter, quote) == 0
            else { return .refused }
            at += count
            if at == range.upperBound {
                if isLast {
                    guard arena_csv_finish(&state) == 0 else { return .refused }
                } else if state.inside != 0 || state.separated == 0 || state.count == 0
                    || state.ends[state.count - 1] & UInt32(arena_csv_last) == 0
                {
                    return .open
                }
            }
            var taken = 0
            let found = arena_csv_rows(state.ends, state.count, columns, first, &taken)
            guard found >= 0 else { return .refused }
            let batch = CSVPieceRows(
                heap: UnsafeRawPointer(heap.base), ends: state.ends, first: first,
                columns: columns, rows: min(found, rowLimit - rows), isFirst: rows == 0,
                keeps: keeps)
            if columns == 1, batch.hasBlankRow { return .refused }
            var texts = 0
            for column in wanted.indices where wanted[column] != .skip {
                try builders[column].append(batch, column: column)
                if builders[column].state == .text || builders[column].state == .undecided {
                    texts += batch.length(of: column)
                }
            }
            rows += batch.rows
            let end = taken > 0 ? Int(state.ends[taken - 1] & UInt32(arena_csv_offset)) : first
            if keeps, texts > 0 {
                first = end
            } else {
                // Nothing refers to these rows: what is left of the last one moves to their place.
                memmove(heap.base + first, heap.base + end, state.used - end)
                for i in taken..<state.count { state.ends[i] -= UInt32(end - first) }
                state.used -= end - first
            }
            // Where text is a small part of the rows it is copied, and the rest forgotten.
            keeps = texts * 2 >= batch.length
            state.count -= taken
            memmove(state.ends, state.ends + taken, state.count * MemoryLayout<UInt32>.stride)
            if rows >= rowLimit { break }
        }
        heap.trim(to: state.used)
        return .columns(builders, rows: rows)
    }

    /// Brings bytes of the file to a piece's buffer.
    private func fill(_ buffer: UnsafeMutablePointer<UInt8>, _ at: Int, _ count: Int) -> Bool {
        guard descriptor >= 0 else {
            guard let base = bytes.baseAddress else { return count == 0 }
            // SAFETY: at..<at + count lies in the text, and the buffer holds a piece.
            memcpy(buffer, base + at, count)
            return true
        }
        var done = 0
        while done < count {
            let n = pread(descriptor, buffer + done, count - done, off_t(at + done))
            if n < 0, errno == EINTR { continue }
            if n <= 0 { return false }
            done += n
        }
        return true
    }

    // MARK: - Where stretches may begin

    private func boundaries(from start: Int) -> [Int] {
        let total = bytes.count - start
        let size =
            stretchSize > 0 ? stretchSize : min(max(total / (workers * 4), 1 << 20), 24 << 20)
        var bounds = [start]
        var at = start + size
        while at < bytes.count {
            if let row = rowStart(near: at), row < bytes.count {
                if row > bounds[bounds.count - 1] { bounds.append(row) }
                at = max(at, row) + size
            } else {
                at += size
            }
        }
        return bounds + [bytes.count]
    }

    /// The first row that begins at or behind an offset; nil if none is found nearby.
    private func rowStart(near at: Int) -> Int? {
        let window = bytes.count < at + (64 << 10) ? bytes.count : at + (64 << 10)
        let outside = isPossible(inside: false, at, window)
        let inside = isPossible(inside: true, at, window)
        // Both: text without quotes nearby, which is most likely a file without any.
        var isInside = inside && !outside
        for i in at..<min(bytes.count, at + (4 << 20)) {
            if bytes[i] == quote {
                isInside.toggle()
            } else if bytes[i] == lineFeed, !isInside {
                return i + 1
            }
        }
        return nil
    }

    private func isPossible(inside: Bool, _ at: Int, _ end: Int) -> Bool {
        var isInside = inside
        var i = at
        while i + 1 < end {
            defer { i += 1 }
            guard bytes[i] == quote else { continue }
            if !isInside {
                let before = bytes[i - 1]
                guard before == delimiter || before == lineFeed else { return false }
                isInside = true
            } else if bytes[i + 1] == quote {
                i += 1
            } else {
                let after = bytes[i + 1]
                guard after == delimiter || after == lineFeed || after == carriageReturn else {
                    return false
                }
                isInside = false
            }
        }
        return true
    }
}

/// A worker's buffers: a piece of the file, and the ends of its cells.
private final class CSVPieces {
    let bytes: UnsafeMutablePointer<UInt8>
    let ends: UnsafeMutablePointer<UInt32>

    init?(size: Int, columns: Int) {
        // A piece has at most a cell a byte, and a row of before may be unfinished.
        let cells = (size + columns + 64) * MemoryLayout<UInt32>.stride
        guard let bytes = malloc(size + Int(arena_csv_slack)), let ends = malloc(cells) else {
            return nil
        }
        self.bytes = bytes.assumingMemoryBound(to: UInt8.self)
        self.ends = ends.assumingMemoryBound(to: UInt32.self)
    }

    deinit {
        free(bytes)
        free(ends)
    }
}

/// Rows of cells that lie unescaped in a heap.
private struct CSVPieceRows: CSVRows {
    let heap: UnsafeRawPointer
    let ends: UnsafePointer<UInt32>
    let first: Int
    let columns: Int
    let rows: Int
    let isFirst: Bool
    /// Whether the cells stay where they are.
    let keeps: Bool

    init(
        heap: UnsafeRawPointer, ends: UnsafeMutablePointer<UInt32>, first: Int, columns: Int,
        rows: Int, isFirst: Bool, keeps: Bool
    ) {
        self.heap = heap
        self.ends = UnsafePointer(ends)
        self.first = first
        self.columns = columns
        self.rows = rows
        self.isFirst = isFirst
        self.keeps = keeps
    }

    /// Where the cells before the `count`-th row end.
    func end(_ count: Int) -> Int {
        count == 0 ? first : Int(ends[count * columns - 1] & UInt32(arena_csv_offset))
    }

    var length: Int { end(rows) - first }

    @inline(__always)
    private func range(_ row: Int, _ column: Int) -> Range<Int> {
        let at = row * columns + column
        // SAFETY: arena_csv_rows has seen rows * columns ends, each at or behind the one before.
        let from = at == 0 ? first : Int(ends[at - 1] & UInt32(arena_csv_offset))
        return Range(uncheckedBounds: (from, Int(ends[at] & UInt32(arena_csv_offset))))
    }

    @inline(__always)
    func content(_ row: Int, _ column: Int) -> UnsafeRawBufferPointer {
        let range = range(row, column)
        return UnsafeRawBufferPointer(start: heap + range.lowerBound, count: range.count)
    }

    @inline(__always)
    func isQuoted(_ row: Int, _ column: Int) -> Bool {
        ends[row * columns + column] & UInt32(arena_csv_quoted) != 0
    }

    @inline(__always)
    func append(_ row: Int, _ column: Int, to texts: inout TextBuilder) throws(FrameError) {
        let range = range(row, column)
        if keeps {
            texts.append(sharedOffset: range.lowerBound, length: range.count)
        } else {
            try texts.append(content(row, column))
        }
    }

    /// The bytes of a column's cells.
    func length(of column: Int) -> Int {
        var sum = 0
        for row in 0..<rows { sum += range(row, column).count }
        return sum
    }

    /// Whether some row is nothing but spaces, which is no row: a question for a single column.
    var hasBlankRow: Bool {
        for row in 0..<rows where !isQuoted(row, 0) {
            if content(row, 0).allSatisfy({ $0 == space || $0 == tab }) { return true }
        }
        return false
    }
}
