// What a person sees when something is wrong: a title, the place with its source line and a caret,
// each operand labelled, and what to do about it.

import ArenaCore

/// A message about a script: a syntax error, an unknown name, or a failure while running.
package struct Diagnostic: Sendable {
    /// A marked piece of source with what is to be said about it.
    struct Label: Sendable {
        var range: TextRange
        var text: String
    }

    /// A call that was under way: the function's name and the place of the call in it.
    struct TraceEntry: Sendable {
        var function: String
        /// The parameters with what was given: `x: int, rows: list of 3`.
        var arguments = ""
        var file: SourceFile
        var range: TextRange
    }

    package var kind: ErrorKind
    package var title: String
    var file: SourceFile?
    /// The first label is the place of the error.
    var labels: [Label]
    /// The place in an input file (a CSV, a checkpoint), if that is where the fault lies.
    package var input: FilePlace?
    package var help: String?
    /// Calls from the outermost to the innermost, without the place itself.
    var trace: [TraceEntry] = []
    /// The error that was being handled when this one was raised.
    var causes: [Diagnostic] = []

    init(
        _ kind: ErrorKind, _ title: String, in file: SourceFile?, at range: TextRange? = nil,
        label: String = "", help: String? = nil
    ) {
        self.kind = kind
        self.title = title
        self.file = file
        labels = range.map { [Label(range: $0, text: label)] } ?? []
        self.help = help
    }

    /// The message as text that ends in a newline.
    package func rendered(colour: Bool) -> String {
        let red = colour ? "\u{1B}[1;31m" : ""
        let blue = colour ? "\u{1B}[1;34m" : ""
        let bold = colour ? "\u{1B}[1m" : ""
        let off = colour ? "\u{1B}[0m" : ""
        var out = "\(red)\(kind.rawValue)\(off)\(bold): \(title)\(off)\n"
        for entry in trace {
            let line = entry.file.line(of: Int(entry.range.start))
            out +=
                "  \(blue)in \(entry.function)(\(entry.arguments))\(off), called at \(entry.file.name):\(line)\n"
        }
        if let file, let first = labels.first {
            out += Self.excerpt(
                file, first, Array(labels.dropFirst()), blue: blue, red: red, off: off)
        }
        if let input { out += "  \(blue)in the input\(off) \(input)\n" }
        if let help { out += "  \(blue)help:\(off) \(help)\n" }
        for cause in causes { out += "caused by " + cause.rendered(colour: colour) }
        return out
    }

    /// The place, its line and carets; further labels on the same line stand below it.
    private static func excerpt(
        _ file: SourceFile, _ first: Label, _ others: [Label], blue: String, red: String,
        off: String
    ) -> String {
        let start = Int(first.range.start)
        let line = file.line(of: start)
        let number = String(line)
        let gutter = String(repeating: " ", count: number.count)
        var out = "\(gutter) \(blue)-->\(off) \(file.name):\(line):\(file.column(of: start))\n"
        let range = file.lineRange(line)
        let (text, window) = shown(file, range, around: start)
        out += "\(gutter) \(blue)|\(off)\n\(blue)\(number) |\(off) \(text)\n"
        let onLine = [first] + others.filter { range.contains(Int($0.range.start)) }
        for (i, label) in onLine.enumerated() {
            let from = max(Int(label.range.start), window.lowerBound)
            let to = min(max(Int(label.range.end), from + 1), window.upperBound)
            guard from <= window.upperBound else { continue }
            let pad = String(
                repeating: " ", count: displayWidth(file.bytes[window.lowerBound..<from]))
            let width = max(1, from < to ? displayWidth(file.bytes[from..<to]) : 1)
            let mark = String(repeating: i == 0 ? "^" : "-", count: width)
            let colour = i == 0 ? red : blue
            out +=
                "\(gutter) \(blue)|\(off) \(pad)\(colour)\(mark) \(label.text)".trimmedRight
                + "\(off)\n"
        }
        return out
    }

    /// A source line fit for showing: tabs as spaces, very long lines cut around the place.
    private static func shown(
        _ file: SourceFile, _ range: Range<Int>, around offset: Int
    ) -> (String, Range<Int>) {
        var window = range
        if range.count > 160 {
            var from = max(range.lowerBound, offset - 60)
            while from > range.lowerBound, file.bytes[from] & 0xC0 == 0x80 { from -= 1 }
            var to = min(range.upperBound, from + 160)
            while to < range.upperBound, file.bytes[to] & 0xC0 == 0x80 { to += 1 }
            window = from..<to
        }
        let bytes = file.bytes[window].map { $0 < 32 || $0 == 127 ? UInt8(32) : $0 }
        return (String(decoding: bytes, as: UTF8.self), window)
    }
}

extension String {
    var trimmedRight: String {
        var s = self[...]
        while s.last == " " { s.removeLast() }
        return String(s)
    }
}

/// Terminal columns of UTF-8 text: wide East Asian characters count two, combining marks none.
func displayWidth(_ bytes: ArraySlice<UInt8>) -> Int {
    String(decoding: bytes, as: UTF8.self).unicodeScalars.reduce(0) { $0 + scalarWidth($1.value) }
}

private func scalarWidth(_ c: UInt32) -> Int {
    switch c {
    case 0x0300...0x036F, 0x200B...0x200F, 0xFE00...0xFE0F, 0x20D0...0x20FF: return 0
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF,
        0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
        return 2
    default: return 1
    }
}
