// What a person sees when something is wrong: a title, the place with its source line and a caret,
// each operand labelled, and what to do about it. The lines of source are drawn in Excerpt.swift.

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
    /// The line of the error; nil if it has no place in a script.
    package var line: Int? {
        labels.first.flatMap { label in file?.line(of: Int(label.range.start)) }
    }

    /// Whether it is the same error at the same place, whatever it says of it.
    package func isAlike(_ other: Diagnostic) -> Bool {
        kind == other.kind && file?.name == other.file?.name
            && labels.first?.range == other.labels.first?.range
    }

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
        var last = ""
        var isRepeated = false
        for entry in trace {
            let place = "\(entry.file.name):\(entry.file.line(of: Int(entry.range.start)))"
            let line =
                entry.function == "<module>"
                ? "  \(blue)in a file\(off) loaded at \(place)\n"
                : "  \(blue)in \(entry.function)(\(entry.arguments))\(off), called at \(place)\n"
            // A recursion shows one of its calls.
            if line != last {
                out += line
            } else if !isRepeated {
                out += "  ... and again and again\n"
            }
            isRepeated = line == last
            last = line
        }
        if let file, !labels.isEmpty {
            out += Excerpt(file: file, labels: labels, style: .init(colour: colour)).rendered()
        }
        if let input { out += "  \(blue)in the input\(off) \(input)\n" }
        if let help { out += "  \(blue)help:\(off) \(help)\n" }
        for cause in causes { out += "caused by " + cause.rendered(colour: colour) }
        return out
    }
}
