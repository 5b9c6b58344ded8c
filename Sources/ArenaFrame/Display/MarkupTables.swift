// A frame as a table of Markdown (GitHub's tables) or HTML: every row and every cell whole, unless fewer
// rows are asked for; what would be read as mark-up is escaped.

/// A table of Markdown, its columns aligned by display width, numbers to the right.
/// - Parameter maxRows: of more, the first and the last are shown; nil shows all.
/// - Complexity: O(cells)
package func markdown(_ frame: Frame, maxRows: Int? = nil) -> String {
    let table = MarkupTable(frame, maxRows: maxRows)
    var columns: [[String]] = []
    for (name, column) in table.columns {
        let cells = table.rows.map { row in row.map { column.text($0) ?? "" } ?? "…" }
        columns.append(([name] + cells).map { escaped($0, markdownEscapes) })
    }
    guard !columns.isEmpty else { return "" }
    let widths = columns.map { $0.reduce(3) { max($0, displayWidth($1)) } }
    func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |\n" }
    var text = ""
    for place in 0...table.rows.count {
        text += line(
            columns.indices.map { at in
                let cell = columns[at][place]
                let space = String(repeating: " ", count: widths[at] - displayWidth(cell))
                return table.isRight(at) ? space + cell : cell + space
            })
        if place == 0 {
            text += line(
                columns.indices.map { at in
                    let dashes = String(repeating: "-", count: widths[at] - 1)
                    return table.isRight(at) ? dashes + ":" : ":" + dashes
                })
        }
    }
    return text
}

/// A table of HTML with a head and a body; the key's cells are heads of their rows.
/// - Parameter maxRows: of more, the first and the last are shown; nil shows all.
/// - Complexity: O(cells)
package func html(_ frame: Frame, maxRows: Int? = nil) -> String {
    let table = MarkupTable(frame, maxRows: maxRows)
    var text = "<table>\n<thead>\n<tr>"
    for (name, _) in table.columns { text += "<th>\(escaped(name, htmlEscapes))</th>" }
    text += "</tr>\n</thead>\n<tbody>\n"
    for row in table.rows {
        text += "<tr>"
        for (at, (_, column)) in table.columns.enumerated() {
            let tag = frame.key != nil && at == 0 ? "th" : "td"
            let cell = row.map { column.text($0) ?? "" } ?? "…"
            let side = table.isRight(at) ? " style=\"text-align: right\"" : ""
            text += "<\(tag)\(side)>\(escaped(cell, htmlEscapes))</\(tag)>"
        }
        text += "</tr>\n"
    }
    return text + "</tbody>\n</table>\n"
}

private struct MarkupTable {
    let columns: [(name: String, column: Column)]
    /// The rows shown; nil stands for those left out.
    let rows: [Int?]

    init(_ frame: Frame, maxRows: Int?) {
        columns =
            (frame.key.map { [($0.name, $0.column)] } ?? [])
            + zip(frame.names, frame.columns).map { ($0, $1) }
        rows = shownRows(frame.rowCount, most: maxRows)
    }

    func isRight(_ at: Int) -> Bool { columns[at].column.type.isNumeric }
}

/// The rows that are shown where not all are: the first and the last, nil between them.
func shownRows(_ count: Int, most: Int?) -> [Int?] {
    guard let most, count > most else { return Array(0..<count) }
    let head = (most + 1) / 2
    return Array(0..<head) + [nil] + Array(count - (most - head)..<count)
}

private let markdownEscapes: [Unicode.Scalar: String] = [
    "|": "\\|", "\\": "\\\\", "<": "&lt;", "&": "&amp;", "\n": "<br>", "\r": "",
]

private let htmlEscapes: [Unicode.Scalar: String] = [
    "&": "&amp;", "<": "&lt;", ">": "&gt;", "\"": "&quot;", "'": "&#39;", "\n": "<br>", "\r": "",
]

private func escaped(_ text: String, _ escapes: [Unicode.Scalar: String]) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
        if let escape = escapes[scalar] {
            result += escape
        } else if scalar.value < 32, scalar != "\t" {
            // No other control character belongs into mark-up.
            result += "\u{FFFD}"
        } else {
            result.unicodeScalars.append(scalar)
        }
    }
    return result
}
