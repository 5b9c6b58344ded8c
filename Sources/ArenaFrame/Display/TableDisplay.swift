// A frame as a table of text: names, types, the first and last rows, long cells and middle columns
// cut with `…`. The work is bounded by what is shown, not by what the cells hold.

/// A table of the frame's first and last rows.
/// - Parameter maxRows: Rows shown at most; of more, the first and the last are.
/// - Parameter maxWidth: Columns of the terminal at most.
/// - Parameter maxCellWidth: Columns of the terminal for one cell at most.
package func display(
    _ frame: Frame, maxRows: Int = 20, maxWidth: Int = 100, maxCellWidth: Int = 60
) -> String {
    // Widths beyond these bounds change nothing and could not be added up.
    let width = min(max(20, maxWidth), 1 << 30)
    let widest = min(max(1, maxCellWidth), 1 << 30)
    return Table(frame, maxRows: max(2, maxRows), maxWidth: width, widest: widest).text
}

/// A table of a single column, with its key.
package func display(
    _ series: Series, maxRows: Int = 20, maxWidth: Int = 100, maxCellWidth: Int = 60
) -> String {
    let names = series.key?.name == series.name ? [] : [series.name]
    let frame = Frame(
        trusting: names, names.isEmpty ? [] : [series.column], series.key, rows: series.count)
    return display(frame, maxRows: maxRows, maxWidth: maxWidth, maxCellWidth: maxCellWidth)
}

private struct Table {
    private struct Shown {
        var cells: [String]
        var isRight: Bool
        var width: Int
    }

    private static let gap = "  "
    private static let narrowest = 8

    let frame: Frame
    let maxWidth: Int
    let widest: Int
    /// The rows shown; nil stands for those left out.
    private let rows: [Int?]

    init(_ frame: Frame, maxRows: Int, maxWidth: Int, widest: Int) {
        self.frame = frame
        self.maxWidth = maxWidth
        self.widest = widest
        rows = shownRows(frame.rowCount, most: maxRows)
    }

    var text: String {
        let all =
            (frame.key.map { [($0.name, $0.column)] } ?? [])
            + Array(zip(frame.names, frame.columns))
        var shown = leavingOutMiddle(all).map { column in
            column.map { show($0.0, $0.1) }
                ?? Shown(
                    cells: Array(repeating: "…", count: rows.count + 2), isRight: false, width: 1)
        }
        narrow(&shown)
        var lines: [String] = []
        if !shown.isEmpty {
            for line in 0..<rows.count + 2 {
                lines.append(self.line(shown.map { pad($0.cells[line], $0.width, $0.isRight) }))
                if line == 1 {
                    lines.append(
                        shown.map { String(repeating: "-", count: $0.width) }.joined(
                            separator: Self.gap))
                }
            }
        }
        lines.append(footer)
        return lines.joined(separator: "\n") + "\n"
    }

    private var footer: String {
        var text = "\(grouped(frame.rowCount)) row\(frame.rowCount == 1 ? "" : "s") x "
        text += "\(frame.columns.count) column\(frame.columns.count == 1 ? "" : "s")"
        if let key = frame.key { text += ", key \(escapingControls(key.name))" }
        return text
    }

    /// The columns that have room at their narrowest, with nil where others are left out.
    private func leavingOutMiddle(_ all: [(String, Column)]) -> [(String, Column)?] {
        let room = max(2, (maxWidth + Self.gap.count) / (Self.narrowest + Self.gap.count))
        guard all.count > room else { return all }
        let head = room / 2
        let tail = max(1, room - head - 1)
        return all.prefix(head).map { $0 } + [nil] + all.suffix(tail).map { $0 }
    }

    private func show(_ name: String, _ column: Column) -> Shown {
        var cells = [escapingControls(name), column.type.rawValue]
        let values = CellFormat(column, rows: rows.compactMap { $0 }, widest: widest)
        for row in rows { cells.append(row.map { values.text(column, $0) } ?? "…") }
        cells = cells.map { cut($0, to: widest) }
        return Shown(
            cells: cells, isRight: column.type.isNumeric,
            width: cells.reduce(1) { max($0, displayWidth($1)) })
    }

    /// Takes width from the widest columns until the table fits.
    private func narrow(_ columns: inout [Shown]) {
        func total() -> Int {
            columns.reduce(0) { $0 + $1.width } + Self.gap.count * max(0, columns.count - 1)
        }
        while total() > maxWidth {
            guard let widest = columns.indices.max(by: { columns[$0].width < columns[$1].width }),
                columns[widest].width > Self.narrowest
            else { break }
            let next = columns.indices.filter { $0 != widest }.map { columns[$0].width }.max() ?? 0
            let wanted = max(Self.narrowest, min(next, columns[widest].width - 1))
            columns[widest].width = max(wanted, columns[widest].width - (total() - maxWidth))
        }
        for at in columns.indices {
            columns[at].cells = columns[at].cells.map { cut($0, to: columns[at].width) }
        }
    }

    private func line(_ cells: [String]) -> String {
        var text = cells.joined(separator: Self.gap)
        while text.last == " " { text.removeLast() }
        return text
    }

    private func pad(_ text: String, _ width: Int, _ isRight: Bool) -> String {
        let space = String(repeating: " ", count: max(0, width - displayWidth(text)))
        return isRight ? space + text : text + space
    }

    private func grouped(_ n: Int) -> String {
        var digits = Array(String(n))
        var at = digits.count - 3
        while at > 0 {
            digits.insert(",", at: at)
            at -= 3
        }
        return String(digits)
    }
}

/// How the cells of a column are shown; decimals are those that the rows shown need, at most six.
private struct CellFormat {
    private var decimals = 0
    /// Cells are read no further than this; more than the width shows.
    private let byteLimit: Int

    init(_ column: Column, rows: [Int], widest: Int) {
        byteLimit = max(512, widest * 4)
        let values: [Double]
        switch column.storage {
        case .float64(let doubles): values = rows.map { doubles[$0] }
        case .float32(let floats): values = rows.map { Double(floats[$0]) }
        case .bool, .int64, .string, .turns, .ints, .floats, .matrix, .categorical, .timestamp:
            return
        }
        for (row, value) in zip(rows, values) where !column.isMissing(row) {
            decimals = max(decimals, fixedDecimals(value) ?? 1)
        }
    }

    func text(_ column: Column, _ row: Int) -> String {
        if column.isMissing(row) { return "<NA>" }
        switch column.storage {
        case .bool(let values): return values[row] ? "True" : "False"
        case .int64(let values): return values[row].description
        case .float64(let values): return number(values[row], values[row].description)
        case .float32(let values): return number(Double(values[row]), values[row].description)
        case .string(let texts): return texts.withBytes(at: row) { beginning($0) }
        case .turns(let lists):
            var parts: [String] = []
            var left = byteLimit
            lists.forEachTurn(at: row) { turn in
                if left <= 0 { return }
                parts.append(turn.map { "\"" + beginning($0) + "\"" } ?? "null")
                left -= (turn?.count ?? 4) + 4
            }
            return "[" + parts.joined(separator: ", ") + "]"
        case .ints(let lists): return numbers(lists[row])
        case .floats(let lists): return numbers(lists[row])
        case .matrix(let matrix): return numbers(matrix.row(row))
        case .categorical(let texts):
            return texts.categories.withBytes(at: Int(texts.codes[row])) { beginning($0) }
        case .timestamp(let times): return timestampText(times[row])
        }
    }

    private func numbers(_ list: some Collection<some CustomStringConvertible>) -> String {
        let shown = list.prefix(12).map(\.description)
        return "[" + shown.joined(separator: ", ") + (list.count > 12 ? ", …]" : "]")
    }

    private func number(_ value: Double, _ shortest: String) -> String {
        guard fixedDecimals(value) != nil else { return shortest }
        let scaled = (value.magnitude * power(6)).rounded() / power(6 - decimals)
        let digits = String(UInt64(scaled.rounded()))
        let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
        let sign = value.sign == .minus && scaled != 0 ? "-" : ""
        return sign + padded.dropLast(decimals) + "." + padded.suffix(decimals)
    }

    /// The decimals up to six that the value needs; nil if it is too large or small to show so.
    private func fixedDecimals(_ value: Double) -> Int? {
        guard value.isFinite, value.magnitude < 1e9 else { return nil }
        if value != 0, value.magnitude < 1e-4 { return nil }
        var scaled = UInt64((value.magnitude * power(6)).rounded())
        var decimals = 6
        while decimals > 1, scaled % 10 == 0 {
            scaled /= 10
            decimals -= 1
        }
        return decimals
    }

    private func power(_ n: Int) -> Double { (0..<n).reduce(1.0) { value, _ in value * 10 } }

    private func beginning(_ bytes: UnsafeRawBufferPointer) -> String {
        var end = min(bytes.count, byteLimit)
        while end < bytes.count, end > 0, bytes[end] & 0xC0 == 0x80 { end -= 1 }
        let text = escapingControls(String(decoding: bytes[..<end], as: UTF8.self))
        return end < bytes.count ? text + "…" : text
    }
}
