// What the methods of str do, for whole columns of text: the same names and answers, on all cores.

import ArenaCore
import ArenaFrame
import ArenaLanguage

private typealias P = BuiltinParameter

/// The texts of the examples.
let textSample = "t = frame({\"t\": [\" One two\", \"Straße!\", None]})[\"t\"]\n"

typealias TextBytes = UnsafeBufferPointer<UInt8>

/// Bytes as the language's text methods take them.
@inline(__always)
func text(_ bytes: UnsafeRawBufferPointer) -> TextBytes { bytes.bindMemory(to: UInt8.self) }

let textMethods: [Builtin] =
    [
        cased("lower", "In lower case.", "[' one two', 'straße!', None]", 65...90, 0x20) {
            TextForms.lower($0)
        },
        cased("upper", "In upper case.", "[' ONE TWO', 'STRASSE!', None]", 97...122, 0x20) {
            TextForms.upper($0)
        },
        cased(
            "casefold", "In a form for comparing without regard to case.",
            "[' one two', 'strasse!', None]", 65...90, 0x20
        ) { TextForms.casefold($0) },
        cased("title", "Each word with a capital.", "[' One Two', 'Straße!', None]") {
            TextForms.title($0)
        },
        cased(
            "capitalize", "The first letter as a capital, the rest in lower case.",
            "[' one two', 'Straße!', None]"
        ) { TextForms.capitalize($0) },
        cased(
            "swapcase", "Upper case in lower case, and the other way round.",
            "[' oNE TWO', 'sTRASSE!', None]"
        ) { TextForms.swapcase($0) },
        stripping("strip", "both ends", "['One two', 'Straße!', None]", left: true, right: true),
        stripping("lstrip", "the start", "['One two', 'Straße!', None]", left: true, right: false),
        stripping("rstrip", "the end", "[' One two', 'Straße!', None]", left: false, right: true),
        affix("removeprefix", "begins", "\"Stra\"", "[' One two', 'ße!', None]") { text, prefix in
            text.starts(with: prefix) ? prefix.count..<text.count : nil
        },
        affix("removesuffix", "ends", "\"!\"", "[' One two', 'Straße', None]") { text, suffix in
            text.count >= suffix.count && text.suffix(suffix.count).elementsEqual(suffix)
                ? 0..<text.count - suffix.count : nil
        },
        columnMethod(
            "slice",
            [
                P("start", "int", .optional("None")), P("stop", "int", .optional("None")),
                P("step", "int", .optional("None")),
            ], "The characters from start up to stop of each text (or each step-th of them).",
            textSample + "print(list(t.slice(0, 3)), list(t.slice(-2)))",
            prints: "[' On', 'Str', None] ['wo', 'e!', None]"
        ) { series, a in
            value(
                try sliced(
                    series, start: try bound(a, 1), stop: try bound(a, 2),
                    step: try a.int(3, or: 1)))
        },
        padding("ljust", "behind it", "['ab..', 'c...']") { _ in 0 },
        padding("rjust", "before it", "['..ab', '...c']") { $0 },
        columnMethod(
            "zfill", [P("width", "int")], "Each text with zeros behind its sign, up to the width.",
            "print(list(frame({\"t\": [\"-4\", \"12345\"]})[\"t\"].zfill(4)))",
            prints: "['-004', '12345']"
        ) { series, a in
            let width = try checkedWidth(a, 1)
            return value(
                try series.changingText("zfill") {
                    { bytes, out in
                        let missing = width - utf8CharacterCount(bytes)
                        if missing <= 0 { return .same }
                        let sign = bytes.first == 43 || bytes.first == 45 ? 1 : 0
                        out += bytes[..<sign]
                        out += repeatElement(48, count: missing)
                        out += bytes[sign...]
                        return .made
                    }
                })
        },
        columnMethod(
            "normalize",
            [P("form", "\"NFC\", \"NFD\", \"NFKC\" or \"NFKD\"", .optional("\"NFC\""))],
            "Each text in a Unicode normalization form, so that what looks the same is the same.",
            "print(list(frame({\"t\": [\"ﬁ²\"]})[\"t\"].normalize(\"NFKC\")))", prints: "['fi2']"
        ) { series, a in
            let form = try a.word(1, ["NFC", "NFD", "NFKC", "NFKD"], or: "NFC")
            let (composes, compatible) = (!form.hasSuffix("D"), form.contains("K"))
            return value(
                try series.changingText("normalize") {
                    { bytes, out in
                        if isASCII(bytes) { return .same }
                        out += normalized(
                            text(bytes), composes: composes, compatible: compatible)
                        return .made
                    }
                })
        },
        columnMethod(
            "translate", [P("table", "dict")],
            "Each text with its characters replaced by what a table has for them; see str.maketrans.",
            "print(list(frame({\"t\": [\"cab\"]})[\"t\"].translate(str.maketrans(\"ab\", \"xy\", \"c\"))))",
            prints: "['xy']"
        ) { series, a in
            let table = try a.translationTable(1)
            return value(
                try series.changingText("translate") {
                    { bytes, out in
                        var changed = false
                        for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
                            if let other = table[scalar.value] {
                                out += other
                                changed = true
                            } else {
                                out += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
                            }
                        }
                        return changed ? .made : .same
                    }
                })
        },
        columnMethod(
            "repeat", [P("n", "int")], "Each text n times over.",
            "print(list(frame({\"t\": [\"ab\"]})[\"t\"].repeat(2)))", prints: "['abab']"
        ) { series, a in
            let n = max(0, try a.int(1))
            return value(
                try series.changingText("repeat") {
                    { bytes, out in
                        guard bytes.count.multipliedReportingOverflow(by: n).partialValue < 1 << 31,
                            n < 1 << 31
                        else { throw FrameError.textTooLong(bytes: bytes.count) }
                        for _ in 0..<n { out += bytes }
                        return .made
                    }
                })
        },
        columnMethod(
            "cat",
            [
                P("others", "column or list of columns", .optional("None")),
                P("sep", "str", .optional("\"\"")), P("na_rep", "str", .named("None")),
            ],
            "Each text with those of other columns behind it; without others, all rows as one text.",
            "f = frame({\"a\": [\"x\", \"y\"], \"b\": [\"1\", \"2\"]})\nprint(list(f[\"a\"].cat(f[\"b\"], sep=\"-\")), f[\"a\"].cat(sep=\"+\"))",
            prints: "['x-1', 'y-2'] x+y", joinedColumns),
        tested("isalpha", "letters") { TextForms.isLetter($0) },
        tested("isdigit", "digits") {
            $0.properties.numericType == .digit || $0.properties.numericType == .decimal
        },
        tested("isdecimal", "decimal digits") { $0.properties.numericType == .decimal },
        tested("isnumeric", "characters that stand for numbers") {
            $0.properties.numericType != nil
        },
        tested("isalnum", "letters or numbers") {
            TextForms.isLetter($0) || $0.properties.numericType != nil
        },
        tested("isspace", "white space") { TextForms.isSpace($0) },
        columnMethod(
            "islower", [], "Whether each text has cased letters and all are lower case.",
            textSample + "print(list(t.islower()))", prints: "[False, False, None]"
        ) { series, _ in
            value(
                try series.textTruths("islower") { { TextForms.isCased(text($0), upper: false) } })
        },
        columnMethod(
            "isupper", [], "Whether each text has cased letters and all are upper case.",
            textSample + "print(list(t.slice(0, 2).isupper()))", prints: "[True, False, None]"
        ) { series, _ in
            value(try series.textTruths("isupper") { { TextForms.isCased(text($0), upper: true) } })
        },
        columnMethod(
            "isascii", [], "Whether all characters of each text are ASCII.",
            textSample + "print(list(t.isascii()))", prints: "[True, False, None]"
        ) { series, _ in value(try series.textTruths("isascii") { { isASCII($0) } }) },
        columnMethod(
            "is_utf8", [],
            "Whether each text came through whole: False where bytes that were no text, or half of a surrogate pair, had to be replaced (U+FFFD).",
            "print(list(frame({\"t\": [\"ok\", \"a\\ufffd\"]})[\"t\"].is_utf8()))",
            prints: "[True, False]"
        ) { series, _ in
            let mark = ByteSearch("\u{FFFD}".utf8)
            return value(
                try series.textTruths("is_utf8") {
                    { bytes in mark?.find(in: bytes, from: 0) == nil }
                })
        },
    ] + textSearchMethods + textSplitMethods + textPatternMethods + textCleaningMethods

// MARK: - Parts of the table

/// A method that changes each character; `changed` are the bytes of ASCII that differ by one bit.
private func cased(
    _ name: String, _ summary: String, _ output: String, _ changed: ClosedRange<UInt8>? = nil,
    _ bit: UInt8 = 0, _ full: @escaping @Sendable (TextBytes) -> [UInt8]
) -> Builtin {
    columnMethod(
        name, [], summary, textSample + "print(list(t.\(name)()))", prints: output
    ) { series, _ in
        value(
            try series.changingText(name) {
                { bytes, out in
                    guard let changed, isASCII(bytes) else {
                        out = full(text(bytes))
                        return .made
                    }
                    let (low, high) = (changed.lowerBound, changed.upperBound)
                    out.append(contentsOf: bytes)
                    out.withUnsafeMutableBufferPointer { out in
                        for at in out.indices {
                            let c = out[at]
                            out[at] = c ^ (c >= low && c <= high ? bit : 0)
                        }
                    }
                    return .made
                }
            })
    }
}

private func stripping(
    _ name: String, _ place: String, _ output: String, left: Bool, right: Bool
) -> Builtin {
    columnMethod(
        name, [P("chars", "str", .optional("None"))],
        "Without white space (or the given characters) at \(place) of each text.",
        textSample + "print(list(t.\(name)()))", prints: output
    ) { series, a in
        let characters = try a.optionalString(1).map { TextForms.Characters($0) }
        return value(
            try series.changingText(name) {
                { bytes, _ in
                    .part(TextForms.strip(text(bytes), characters, left: left, right: right))
                }
            })
    }
}

private func affix(
    _ name: String, _ verb: String, _ argument: String, _ output: String,
    _ rest: @escaping @Sendable (TextBytes, [UInt8]) -> Range<Int>?
) -> Builtin {
    columnMethod(
        name, [P("text", "str")], "Each text without this, if it \(verb) with it.",
        textSample + "print(list(t.\(name)(\(argument))))", prints: output
    ) { series, a in
        let wanted = Array(try a.string(1).utf8)
        return value(
            try series.changingText(name) {
                { bytes, _ in rest(text(bytes), wanted).map { .part($0) } ?? .same }
            })
    }
}

private func padding(
    _ name: String, _ place: String, _ output: String, _ before: @escaping @Sendable (Int) -> Int
) -> Builtin {
    columnMethod(
        name, [P("width", "int"), P("fillchar", "str", .optional("\" \""))],
        "Each text with fill characters \(place), up to the width.",
        "print(list(frame({\"t\": [\"ab\", \"c\"]})[\"t\"].\(name)(4, \".\")))", prints: output
    ) { series, a in
        let width = try checkedWidth(a, 1)
        let fill = Array((try a.optionalString(2) ?? " ").utf8)
        guard fill.reduce(0, { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) }) == 1 else {
            throw Raised(.type, "\(name)(): the fill is one character")
        }
        return value(
            try series.changingText(name) {
                { bytes, out in
                    let missing = width - utf8CharacterCount(bytes)
                    if missing <= 0 { return .same }
                    let left = before(missing)
                    for _ in 0..<left { out += fill }
                    out += bytes
                    for _ in left..<missing { out += fill }
                    return .made
                }
            })
    }
}

private func tested(
    _ name: String, _ kind: String, _ holds: @escaping @Sendable (Unicode.Scalar) -> Bool
) -> Builtin {
    columnMethod(
        name, [], "Whether each text has characters and all are \(kind).",
        "print(list(frame({\"t\": [\"\"]})[\"t\"].\(name)()))", prints: "[False]"
    ) { series, _ in
        value(try series.textTruths(name) { { TextForms.isAll(text($0), holds) } })
    }
}

/// A width that texts are padded to.
private func checkedWidth(_ a: Arguments, _ i: Int) throws(Raised) -> Int {
    let width = try a.int(i)
    guard width <= 1 << 24 else {
        throw Raised(.value, "\(a.builtin.name)(): a width of \(width) is too large")
    }
    return width
}

/// A bound of a slice, or nil.
func bound(_ a: Arguments, _ i: Int) throws(Raised) -> Int? { a.has(i) ? try a.int(i) : nil }

// MARK: - Slices and joining

/// The characters of each text that a slice takes.
func sliced(_ series: Series, start: Int?, stop: Int?, step: Int) throws -> Series {
    guard step != 0 else { throw Raised(.value, "slice step cannot be zero") }
    return try series.changingText("slice") {
        { bytes, out in
            let plain = isASCII(bytes)
            let count = plain ? bytes.count : utf8CharacterCount(bytes)
            func place(_ i: Int?, _ missing: Int) -> Int {
                guard let i else { return missing }
                let low = step < 0 ? -1 : 0
                return i < 0 ? max(low, i &+ count) : min(i, step < 0 ? count - 1 : count)
            }
            let from = place(start, step < 0 ? count - 1 : 0)
            let to = place(stop, step < 0 ? -1 : count)
            if step == 1 {
                if from >= to { return .part(0..<0) }
                if plain { return .part(from..<to) }
                let low = byteOffset(bytes, from, 0)
                return .part(low..<byteOffset(bytes, to - from, low))
            }
            var starts = plain ? Array(0...bytes.count) : []
            if !plain {
                for at in bytes.indices where bytes[at] & 0xC0 != 0x80 { starts.append(at) }
                starts.append(bytes.count)
            }
            var at = from
            while step > 0 ? at < to : at > to {
                out += bytes[starts[at]..<starts[at + 1]]
                let next = at.addingReportingOverflow(step)
                if next.overflow { break }
                at = next.partialValue
            }
            return .made
        }
    }
}

/// Where the character lies that is so many behind the one at `from`.
private func byteOffset(_ bytes: UnsafeRawBufferPointer, _ characters: Int, _ from: Int) -> Int {
    var left = characters
    var at = from
    while left > 0, at < bytes.count {
        at += 1
        while at < bytes.count, bytes[at] & 0xC0 == 0x80 { at += 1 }
        left -= 1
    }
    return at
}

private let joinedColumns: @Sendable (Series, Arguments) throws -> Value = { series, a in
    let glue = Array((try a.optionalString(2) ?? "").utf8)
    let filler = try a.optionalString(3).map { Array($0.utf8) }
    guard a.has(1) else {
        var out: [UInt8] = []
        var isFirst = true
        let column = try series.converted(to: .string).column
        guard case .string(let texts) = column.storage else { return .none }
        for row in 0..<series.count where filler != nil || !column.isMissing(row) {
            if !isFirst { out += glue }
            isFirst = false
            if column.isMissing(row) {
                out += filler ?? []
            } else {
                texts.withBytes(at: row) { out += $0 }
            }
        }
        return .string(out)
    }
    var others: [Series] = []
    if let one = (a[1].asHost as? SeriesValue)?.series {
        others = [one]
    } else {
        for item in a[1].items ?? .init(start: nil, count: 0) {
            guard let other = (item.asHost as? SeriesValue)?.series else {
                throw Raised(.type, "cat() joins columns, not \(item.typeWithArticle)")
            }
            others.append(other)
        }
    }
    return value(
        try series.joined(with: others, separator: glue, missing: filler))
}
