// How much the choice of a reading matters for a column: what is shown when a script does not choose.

import Glibc

/// On how many cells of a column the readings give different turns.
package struct TurnReadingReport: Sendable, Equatable {
    /// The column's name.
    package let column: String
    /// The cells that are not missing.
    package internal(set) var cells = 0
    /// Cells that are no JSON array of strings and nulls.
    package internal(set) var unreadableAsJSON = 0
    /// Cells that are no Python list of strings and nulls.
    package internal(set) var unreadableAsPython = 0
    /// Cells on which two readings differ, or only one of them can read.
    package internal(set) var jsonAgainstPython = 0
    /// As `jsonAgainstPython`.
    package internal(set) var jsonAgainstSplit = 0
    /// As `jsonAgainstPython`.
    package internal(set) var pythonAgainstSplit = 0
    /// The first row on which two readings differ.
    package internal(set) var example: String?

    init(column: String) { self.column = column }

    var sentence: String {
        var text =
            "on the \(cells) cells of '\(column)', json and python differ on \(jsonAgainstPython), "
            + "json and split on \(jsonAgainstSplit), python and split on \(pythonAgainstSplit)"
        if let example { text += " (first: \(example))" }
        if unreadableAsJSON > 0 { text += "; json cannot read \(unreadableAsJSON)" }
        if unreadableAsPython > 0 { text += "; python cannot read \(unreadableAsPython)" }
        return text
    }

    static let help =
        "a checkpoint fits the reading it was trained with: read=\"json\" (escapes decoded), "
        + "\"python\" (as eval read it), \"split\" (strip and split, nothing decoded) or \"raw\""
}

extension Series {
    /// Compares the readings on every cell; nulls count as the word, so that only the text counts.
    /// - Throws: `FrameError.columnType`, `.outOfMemory`.
    /// - Complexity: O(bytes)
    package func turnReadings() throws(FrameError) -> TurnReadingReport {
        let texts = try texts(for: "turns")
        defer { withExtendedLifetime(texts) {} }
        var report = TurnReadingReport(column: name)
        let longest = (0..<count).reduce(0) { max($0, texts.byteCount(at: $1)) }
        var json = try Trial(.json, room: longest)
        var python = try Trial(.python, room: longest)
        var split = try Trial(.split, room: longest)
        for row in 0..<count where !column.isMissing(row) {
            let cell = texts.bytes(at: row)
            json.read(cell)
            python.read(cell)
            split.read(cell)
            report.cells += 1
            report.unreadableAsJSON += json.isReadable ? 0 : 1
            report.unreadableAsPython += python.isReadable ? 0 : 1
            let jsonPython = json.differs(from: python)
            let jsonSplit = json.differs(from: split)
            let pythonSplit = python.differs(from: split)
            report.jsonAgainstPython += jsonPython ? 1 : 0
            report.jsonAgainstSplit += jsonSplit ? 1 : 0
            report.pythonAgainstSplit += pythonSplit ? 1 : 0
            if report.example == nil, jsonPython || jsonSplit || pythonSplit {
                report.example = rowName(row)
            }
        }
        return report
    }
}

/// One reading's result on the cell at hand.
private struct Trial {
    private let reading: TurnReading
    private let room: ByteChunk
    private var out: TurnOutput
    private(set) var isReadable = true

    init(_ reading: TurnReading, room length: Int) throws(FrameError) {
        let size = length + TurnOutput.slack
        guard let room = ByteChunk(capacity: size) else { throw .outOfMemory(bytes: size) }
        self.reading = reading
        self.room = room
        out = TurnOutput(room: room.base)
    }

    mutating func read(_ cell: UnsafeRawBufferPointer) {
        out.beginCell(room: room.base)
        do throws(TurnFailure) {
            try reading.decode(cell, into: &out)
            isReadable = true
        } catch {
            isReadable = false
        }
    }

    /// A cell that only one of two readings can read counts as different.
    func differs(from other: Trial) -> Bool {
        guard isReadable, other.isReadable else { return isReadable != other.isReadable }
        guard out.turns.count == other.out.turns.count else { return true }
        return !zip(out.turns, other.out.turns).allSatisfy { a, b in
            text(a).elementsEqual(other.text(b))
        }
    }

    private func text(_ turn: TurnOutput.Span) -> UnsafeRawBufferPointer {
        if turn.isNull { return UnsafeRawBufferPointer(nullWord) }
        return UnsafeRawBufferPointer(start: room.base + turn.start, count: turn.length)
    }
}

// SAFETY: a static string's bytes live as long as the program.
private nonisolated(unsafe) let nullWord: UnsafeBufferPointer<UInt8> = {
    let word: StaticString = "null"
    return UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
}()
