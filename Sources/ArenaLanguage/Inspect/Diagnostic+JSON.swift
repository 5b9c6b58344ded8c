// A diagnostic as one line of JSON, for editors and other programs.

import ArenaCore

extension Diagnostic {
    /// One JSON object without newlines: kind, title, file, line, column, end_line, end_column,
    /// labels, help, trace, input, causes. Lines and columns count from 1; columns are code points. What is
    /// not known is left out.
    package var json: String { jsonLine.text }

    private var jsonLine: JSONLine {
        var object = JSONLine()
        object.add("kind", kind.rawValue)
        object.add("title", title)
        if let file, let first = labels.first {
            object.add(place: first.range, in: file)
            object.add(
                "labels",
                lines: labels.map { label in
                    var inner = JSONLine()
                    inner.add("text", label.text)
                    inner.add(place: label.range, in: file)
                    return inner
                })
        }
        if let help { object.add("help", help) }
        if !trace.isEmpty {
            object.add(
                "trace",
                lines: trace.map { entry in
                    var inner = JSONLine()
                    inner.add("function", entry.function)
                    if !entry.arguments.isEmpty { inner.add("arguments", entry.arguments) }
                    inner.add(place: entry.range, in: entry.file)
                    return inner
                })
        }
        if let input {
            var inner = JSONLine()
            inner.add("file", input.path)
            if let line = input.line { inner.add("line", line) }
            if let column = input.column { inner.add("column", column) }
            object.add("input", inner)
        }
        if !causes.isEmpty { object.add("causes", lines: causes.map(\.jsonLine)) }
        return object
    }
}

extension JSONLine {
    fileprivate mutating func add(place range: TextRange, in file: SourceFile) {
        let (start, end) = (Int(range.start), Int(range.end))
        add("file", file.name)
        add("line", file.line(of: start))
        add("column", file.column(of: start))
        add("end_line", file.line(of: end))
        add("end_column", file.column(of: end))
    }
}
