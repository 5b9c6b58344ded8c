// Turns the cells of one column into values while the file is scanned. The type is that of the whole
// column: it starts undecided, widens as cells ask for it, and a column that turns out to be text
// after values were taken is read again as text, since text must keep every byte.

import Glibc

/// Some rows of cells, as one of the scanners left them.
protocol CSVRows {
    var rows: Int { get }
    /// Whether no rows came before these, so that a column may still begin anew.
    var isFirst: Bool { get }
    /// A cell's bytes without the quotes around it.
    func content(_ row: Int, _ column: Int) -> UnsafeRawBufferPointer
    func isQuoted(_ row: Int, _ column: Int) -> Bool
    /// Adds a cell that is there to a column of text.
    func append(_ row: Int, _ column: Int, to texts: inout TextBuilder) throws(FrameError)
}

/// Rows of cells that still lie in the file.
struct CSVBatch: CSVRows {
    let bytes: UnsafeRawBufferPointer
    let cells: UnsafeBufferPointer<CSVCell>
    let quote: UInt8
    let columns: Int
    let rows: Int
    let isFirst: Bool

    @inline(__always)
    private func cell(_ row: Int, _ column: Int) -> CSVCell { cells[row * columns + column] }

    @inline(__always)
    func content(_ row: Int, _ column: Int) -> UnsafeRawBufferPointer {
        let cell = cell(row, column)
        return UnsafeRawBufferPointer(
            rebasing: bytes[cell.offset..<cell.offset + Int(cell.length)])
    }

    @inline(__always)
    func isQuoted(_ row: Int, _ column: Int) -> Bool { cell(row, column).isQuoted }

    func append(_ row: Int, _ column: Int, to texts: inout TextBuilder) throws(FrameError) {
        if cell(row, column).hasDoubledQuotes {
            try texts.appendUndoubling(content(row, column), quote)
        } else {
            try texts.append(content(row, column))
        }
    }
}

struct CSVColumnBuilder {
    enum State { case undecided, bool, int64, float64, text, spoilt }

    private(set) var state = State.undecided
    private(set) var bools: [Bool] = []
    private(set) var ints: [Int64] = []
    private(set) var doubles: [Double] = []
    private var texts = TextBuilder()
    private(set) var rows = 0
    private(set) var validity: Validity?
    /// What stands for a missing cell besides the usual.
    private let missing: CSVMissingWords
    /// What the texts share, if a scanner has put them somewhere already.
    private let shared: ByteChunk?
    /// There was a cell that is missing among numbers but something as text: `""`, `NA`.
    private(set) var hasHiddenText = false
    private(set) var hasHugeInt = false
    private(set) var hasFraction = false
    /// Its first cells were numbers or truth values, and then one was not.
    private(set) var beganOtherwise = false

    /// - Parameters:
    ///   - asText: The column is known to be text.
    ///   - shared: The chunk in which the scanner leaves the cells.
    ///   - missing: What stands for a missing cell besides the usual, whatever the column's type.
    init(
        asText: Bool = false, sharing shared: ByteChunk? = nil, missing: CSVMissingWords = .none
    ) {
        self.shared = shared
        self.missing = missing
        if asText { state = .text }
        if let shared { texts = TextBuilder(sharing: shared) }
    }

    /// Whether the column has to be read again, as text.
    var needsText: Bool {
        switch state {
        case .spoilt: true
        case .undecided: hasHiddenText
        case .float64: hasHugeInt && !hasFraction
        case .bool, .int64, .text: false
        }
    }

    /// Takes the column's cells of a batch.
    mutating func append(_ batch: some CSVRows, column: Int) throws(FrameError) {
        var row = 0
        while row < batch.rows {
            switch state {
            case .undecided: row = decide(batch, column, row)
            case .bool: row = appendBools(batch, column, row)
            case .int64: row = appendInts(batch, column, row)
            case .float64: row = appendDoubles(batch, column, row)
            case .text:
                try appendTexts(batch, column, row)
                row = batch.rows
            case .spoilt:
                guard batch.isFirst else { return }
                self = CSVColumnBuilder(asText: true, sharing: shared, missing: missing)
                beganOtherwise = true
                row = 0
            }
        }
    }

    /// The texts so far.
    mutating func finishTexts() -> TextStorage { texts.finish() }

    /// The column, unless it needs to be read as text first.
    mutating func finish() -> Column {
        switch state {
        case .bool: return Column(.bool(bools), validity: validity)
        case .int64: return Column(.int64(ints), validity: validity)
        case .float64: return Column(.float64(doubles), validity: validity)
        case .undecided where rows > 0:
            return Column(
                .float64([Double](repeating: 0, count: rows)),
                validity: Validity(repeating: false, count: rows))
        case .undecided, .text, .spoilt: return Column(.string(texts.finish()), validity: validity)
        }
    }

    // MARK: - One state each: rows are taken until a cell does not fit

    private mutating func decide(_ batch: some CSVRows, _ column: Int, _ from: Int) -> Int {
        for row in from..<batch.rows {
            let content = batch.content(row, column)
            if isMissing(content, batch, row, column) {
                mark(false)
                continue
            }
            switch NumberText.read(content) {
            case .int:
                state = .int64
                ints = [Int64](repeating: 0, count: rows)
            case .double, .hugeInt:
                state = .float64
                doubles = [Double](repeating: 0, count: rows)
            case .none:
                if boolean(content) != nil {
                    state = .bool
                    bools = [Bool](repeating: false, count: rows)
                } else if hasHiddenText {
                    spoil()
                } else {
                    state = .text
                    for _ in 0..<rows { texts.appendEmpty() }
                }
            }
            return row
        }
        return batch.rows
    }

    private mutating func appendBools(_ batch: some CSVRows, _ column: Int, _ from: Int) -> Int {
        for row in from..<batch.rows {
            let content = batch.content(row, column)
            if missing.contains(content) {
                bools.append(false)
                mark(false)
            } else if let value = boolean(content) {
                bools.append(value)
                mark(true)
            } else if isMissing(content, batch, row, column) {
                bools.append(false)
                mark(false)
            } else {
                spoil()
                return row
            }
        }
        return batch.rows
    }

    private mutating func appendInts(_ batch: some CSVRows, _ column: Int, _ from: Int) -> Int {
        for row in from..<batch.rows {
            let content = batch.content(row, column)
            if missing.contains(content) {
                ints.append(0)
                mark(false)
                continue
            }
            switch NumberText.read(content) {
            case .int(let value):
                ints.append(value)
                mark(true)
            case .double, .hugeInt:
                // An Int64 rounds to the same double as its decimal text would.
                state = .float64
                doubles = ints.map(Double.init)
                ints = []
                return row
            case .none:
                guard isMissing(content, batch, row, column) else {
                    spoil()
                    return row
                }
                ints.append(0)
                mark(false)
            }
        }
        return batch.rows
    }

    private mutating func appendDoubles(_ batch: some CSVRows, _ column: Int, _ from: Int) -> Int {
        for row in from..<batch.rows {
            let content = batch.content(row, column)
            if missing.contains(content) {
                doubles.append(0)
                mark(false)
                continue
            }
            switch NumberText.read(content) {
            case .double(let value):
                doubles.append(value)
                hasFraction = true
                mark(true)
            case .int(let value):
                doubles.append(Double(value))
                mark(true)
            case .hugeInt(let value):
                doubles.append(value)
                hasHugeInt = true
                mark(true)
            case .none:
                guard isMissing(content, batch, row, column) else {
                    spoil()
                    return row
                }
                doubles.append(0)
                mark(false)
            }
        }
        return batch.rows
    }

    private mutating func appendTexts(
        _ batch: some CSVRows, _ column: Int, _ from: Int
    ) throws(FrameError) {
        for row in from..<batch.rows {
            let content = batch.content(row, column)
            if content.isEmpty && !batch.isQuoted(row, column) || missing.contains(content) {
                texts.appendEmpty()
                mark(false)
                continue
            }
            try batch.append(row, column, to: &texts)
            mark(true)
        }
    }

    // MARK: - Parts

    /// Gives up the values: the column is text and has to be read again.
    private mutating func spoil() {
        self = CSVColumnBuilder(sharing: shared, missing: missing)
        state = .spoilt
    }

    @inline(__always)
    private mutating func mark(_ present: Bool) {
        if validity != nil {
            validity?.append(present)
        } else if !present {
            validity = Validity(repeating: true, count: rows)
            validity?.append(false)
        }
        rows += 1
    }

    /// Whether the cell is missing in a column of numbers or truth values.
    @inline(__always)
    private mutating func isMissing(
        _ content: UnsafeRawBufferPointer, _ batch: some CSVRows, _ row: Int, _ column: Int
    ) -> Bool {
        if content.isEmpty {
            if batch.isQuoted(row, column) { hasHiddenText = true }
            return true
        }
        if missing.contains(content) { return true }
        guard content.count <= 9, isMissingWord(content) else { return false }
        hasHiddenText = true
        return true
    }
}

/// Texts that stand for a missing cell because the reader was told so.
struct CSVMissingWords: Sendable {
    private let words: [[UInt8]]
    private let longest: Int

    static let none = CSVMissingWords([])

    init(_ words: Set<String>) {
        self.words = words.sorted().map { Array($0.utf8) }
        longest = self.words.reduce(-1) { max($0, $1.count) }
    }

    @inline(__always)
    func contains(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count <= longest else { return false }
        return words.contains { $0.count == bytes.count && bytes.elementsEqual($0) }
    }
}

extension TextBuilder {
    /// Adds a text in which quotes are still doubled.
    mutating func appendUndoubling(
        _ bytes: UnsafeRawBufferPointer, _ quote: UInt8
    ) throws(FrameError) {
        let room = try reserve(bytes.count)
        guard let base = bytes.baseAddress else { return appendEmpty() }
        var from = 0
        var written = 0
        while from < bytes.count {
            // SAFETY: from..<count lies in the cell; what is written is never longer than it.
            let found = memchr(base + from, Int32(quote), bytes.count - from)
            let end = found.map { UnsafeRawPointer($0) - base + 1 } ?? bytes.count
            (room + written).copyMemory(from: base + from, byteCount: end - from)
            written += end - from
            from = found == nil ? end : end + 1
        }
        commit(written)
    }
}

/// pandas' spellings of truth values.
private func boolean(_ bytes: UnsafeRawBufferPointer) -> Bool? {
    switch bytes.count {
    case 4 where ["True", "TRUE", "true"].contains { bytes.elementsEqual($0.utf8) }: true
    case 5 where ["False", "FALSE", "false"].contains { bytes.elementsEqual($0.utf8) }: false
    default: nil
    }
}

/// pandas' words for a missing value.
private func isMissingWord(_ bytes: UnsafeRawBufferPointer) -> Bool {
    missingWords.contains { bytes.count == $0.utf8.count && bytes.elementsEqual($0.utf8) }
}

private let missingWords = [
    "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>",
    "N/A",
    "NA", "NULL", "NaN", "None", "n/a", "nan", "null",
]
