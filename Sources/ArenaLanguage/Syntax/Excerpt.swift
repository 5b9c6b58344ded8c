// The source lines that a message shows: the place underlined with carets, each other label with
// dashes, and their texts hung below so that none covers another. Columns are a terminal's.

import ArenaCore

struct Excerpt {
    let file: SourceFile
    /// The first is the place of the error.
    let labels: [Diagnostic.Label]
    let style: Style

    struct Style {
        let red: String
        let blue: String
        let off: String

        init(colour: Bool) {
            red = colour ? "\u{1B}[1;31m" : ""
            blue = colour ? "\u{1B}[1;34m" : ""
            off = colour ? "\u{1B}[0m" : ""
        }

        /// Stretches of text, each in its colour.
        func painted(_ cells: [(Character, Ink)]) -> String {
            var out = ""
            var ink = Ink.plain
            for (c, next) in cells {
                if next != ink, c != " " {
                    if ink != .plain { out += off }
                    out += next == .primary ? red : next == .secondary ? blue : ""
                    ink = next
                }
                out.append(c)
            }
            return ink == .plain ? out.trimmedRight : out.trimmedRight + off
        }
    }

    enum Ink { case plain, primary, secondary }

    /// One marked stretch of a line, in display columns.
    private struct Mark {
        var start: Int
        var end: Int
        var text: String
        var ink: Ink
    }

    /// The most columns of a line that are shown.
    private static let width = 160

    func rendered() -> String {
        guard let first = labels.first else { return "" }
        let start = Int(first.range.start)
        let place = file.line(of: start)
        let lines = Set(labels.map { file.line(of: Int($0.range.start)) }).sorted()
        let gutter = String(repeating: " ", count: String(lines.last ?? place).count)
        let bar = "\(gutter) \(style.blue)|\(style.off)"
        var out = "\(gutter) \(style.blue)-->\(style.off) "
        out += "\(file.name):\(place):\(file.column(of: start))\n\(bar)\n"
        var previous: Int?
        for line in lines {
            if let previous, line == previous + 2 {
                out += source(line - 1, gutter, ShownLine(file, line - 1, [], Self.width))
            } else if let previous, line > previous + 2 {
                out += "\(style.blue)...\(style.off)\n"
            }
            let here = labels.filter { file.line(of: Int($0.range.start)) == line }
            let shown = ShownLine(file, line, here.map(\.range), Self.width)
            out += source(line, gutter, shown)
            for row in rows(marks(here, in: shown)) {
                out += row.isEmpty ? "\(bar)\n" : "\(bar) \(row)\n"
            }
            previous = line
        }
        return out
    }

    private func source(_ line: Int, _ gutter: String, _ shown: ShownLine) -> String {
        let number = String(line)
        let pad = String(repeating: " ", count: gutter.count - number.count)
        return "\(style.blue)\(pad)\(number) |\(style.off) \(shown.text)".trimmedRight + "\n"
    }

    private func marks(_ here: [Diagnostic.Label], in shown: ShownLine) -> [Mark] {
        here.compactMap { label in
            guard let (start, end) = shown.columns(of: label.range) else { return nil }
            let isFirst = label.range == labels.first?.range
            return Mark(
                start: start, end: end, text: label.text, ink: isFirst ? .primary : .secondary)
        }
    }

    /// The rows below a line: the marks with the last one's text beside them, then the other texts.
    private func rows(_ all: [Mark]) -> [String] {
        let marks = all.sorted { ($0.start, $0.end) < ($1.start, $1.end) }
        guard let last = marks.last else { return [] }
        let right = marks.reduce(0) { max($0, $1.end) }
        var underline = [(Character, Ink)](repeating: (" ", .plain), count: right)
        for ink in [Ink.primary, .secondary] {
            for mark in marks where mark.ink == ink {
                for i in mark.start..<mark.end { underline[i] = (ink == .primary ? "^" : "-", ink) }
            }
        }
        let isBeside = last.end == right
        if isBeside, !last.text.isEmpty {
            underline.append((" ", .plain))
            underline += last.text.map { ($0, last.ink) }
        }
        var rows = [style.painted(underline)]
        let hanging = (isBeside ? marks.dropLast() : marks[...]).filter { !$0.text.isEmpty }
        if !hanging.isEmpty { rows.append(row(hanging[...], text: nil)) }
        for (i, mark) in hanging.enumerated().reversed() {
            rows.append(row(hanging[..<i].filter { $0.start < mark.start }[...], text: mark))
        }
        return rows
    }

    /// A row of bars under the marks that still wait for their texts, and one text.
    private func row(_ waiting: ArraySlice<Mark>, text: Mark?) -> String {
        var cells: [(Character, Ink)] = []
        func pad(to column: Int) {
            while cells.count < column { cells.append((" ", .plain)) }
        }
        for mark in waiting where cells.count <= mark.start {
            pad(to: mark.start)
            cells.append(("|", mark.ink))
        }
        if let text {
            pad(to: text.start)
            cells += text.text.map { ($0, text.ink) }
        }
        return style.painted(cells)
    }
}

/// A source line fit for showing: tabs as spaces, control characters replaced, and a very long line
/// cut around its marks.
private struct ShownLine {
    let text: String
    /// The display column of each byte of the line, and of its end.
    private let columns: [Int]
    private let bytes: Range<Int>
    /// The columns that are shown, and how far they are moved.
    private let window: Range<Int>
    private let shift: Int

    init(_ file: SourceFile, _ line: Int, _ marked: [TextRange], _ width: Int) {
        bytes = file.lineRange(line)
        var columns: [Int] = []
        var cells: [(column: Int, text: String)] = []
        var at = 0
        for scalar in String(decoding: file.bytes[bytes], as: UTF8.self).unicodeScalars {
            for _ in 0..<UTF8.width(scalar) { columns.append(at) }
            var shown = String(scalar)
            var size = scalarWidth(scalar.value)
            switch scalar.value {
            case 9:
                size = 4 - at % 4
                shown = String(repeating: " ", count: size)
            case 0..<32, 127: (shown, size) = (" ", 1)
            // They would reorder or hide what is shown.
            case 0x80..<0xA0, 0x202A...0x202E, 0x2066...0x2069: (shown, size) = ("\u{FFFD}", 1)
            default: break
            }
            cells.append((at, shown))
            at += size
        }
        columns.append(at)
        self.columns = columns
        guard at > width else {
            text = cells.reduce(into: "") { $0 += $1.text }
            window = 0..<at + 1
            shift = 0
            return
        }
        let start = bytes.lowerBound
        func column(_ offset: UInt32) -> Int {
            columns[min(max(Int(offset) - start, 0), columns.count - 1)]
        }
        var from = marked.map { column($0.start) }.min() ?? 0
        let to = marked.map { column($0.end) }.max() ?? 0
        // Where the marks are too far apart, the place of the error counts.
        if to - from > width - 20, let first = marked.first { from = column(first.start) }
        // Some of what stands before is shown as well, where there is room for it.
        from -= max(10, min(60, (width - (to - from)) / 2))
        from = max(0, min(from, at - width))
        let window = from..<from + width
        self.window = window
        let cut = (from > 0 ? "..." : "", from + width < at ? "..." : "")
        shift = cut.0.count - from
        let inside = cells.filter { window.contains($0.column) }
        text = cut.0 + inside.reduce(into: "") { $0 += $1.text } + cut.1
    }

    /// Where a range stands on the shown line; nil if none of it does. A range that begins at the
    /// line's end, or goes on in the next line, keeps one column.
    func columns(of range: TextRange) -> (Int, Int)? {
        let first = columns[min(max(Int(range.start) - bytes.lowerBound, 0), columns.count - 1)]
        let last = columns[min(max(Int(range.end) - bytes.lowerBound, 0), columns.count - 1)]
        let start = max(first, window.lowerBound)
        let end = min(max(last, first + 1), window.upperBound)
        guard start < end else { return nil }
        return (start + shift, end + shift)
    }
}

extension String {
    var trimmedRight: String {
        var s = self[...]
        while s.last == " " { s.removeLast() }
        return String(s)
    }
}

/// Terminal columns of UTF-8 text.
func displayWidth(_ bytes: ArraySlice<UInt8>) -> Int {
    String(decoding: bytes, as: UTF8.self).unicodeScalars.reduce(0) { $0 + scalarWidth($1.value) }
}

/// Terminal columns: wide East Asian characters count two, combining marks none.
private func scalarWidth(_ c: UInt32) -> Int {
    switch c {
    case 0x0300...0x036F, 0x200B...0x200F, 0xFE00...0xFE0F, 0x20D0...0x20FF: return 0
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF,
        0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
        return 2
    default: return 1
    }
}
