// Cleaning columns of text: mark-up, addresses, accents, stop words.

import ArenaCore
import ArenaFrame
import ArenaLanguage

private typealias P = BuiltinParameter

let textCleaningMethods: [Builtin] = [
    columnMethod(
        "strip_html", [P("replacement", "str", .optional("\"\""))],
        "Each text without HTML: tags, comments, scripts and styles are taken out (or replaced), entities such as &amp; decoded. A < that begins no tag stays.",
        "print(frame({\"t\": [\"<p>1 < 2 &amp; <b>so</b></p>\"]})[\"t\"].strip_html()[0])",
        prints: "1 < 2 & so"
    ) { series, a in
        let other = Array((try a.optionalString(1) ?? "").utf8)
        return value(
            try series.changingText("strip_html") {
                { bytes, out in stripHTML(text(bytes), other, into: &out) ? .made : .same }
            })
    },
    columnMethod(
        "strip_urls", [P("replacement", "str", .optional("\"\""))],
        "Each text without web addresses: what begins with http://, https:// or www. up to the next white space.",
        "print(frame({\"t\": [\"see https://a.b/c?d and go\"]})[\"t\"].strip_urls(\"URL\")[0])",
        prints: "see URL and go"
    ) { series, a in
        let program = try RegexProgram.cached(
            #"https?://\S+|www\.\S+"#, .ignoreCase)
        // The replacement stands for itself, backslashes too.
        let plain = (try a.optionalString(1) ?? "").map { $0 == "\\" ? "\\\\" : String($0) }
            .joined()
        let template = Value.string(plain)
        defer { template.release() }
        return value(
            try series.substituting(
                program, try RegexTemplate(template, program), most: 0, a.machine.requests))
    },
    columnMethod(
        "fix_encoding", [],
        "Each text as it was meant where UTF-8 has been read as Windows-1252 or Latin-1, once or several times.",
        "print(list(frame({\"t\": [\"schÃ¶n â€“ ok\", \"schön\"]})[\"t\"].fix_encoding()))",
        prints: "['schön – ok', 'schön']"
    ) { series, _ in
        value(
            try series.changingText("fix_encoding") {
                { bytes, out in repairEncoding(bytes, into: &out) ? .made : .same }
            })
    },
    columnMethod(
        "fold_ascii", [P("unknown", "str", .optional("\"\""), "stands for what has no likeness")],
        "Each text in ASCII: accents dropped, ligatures and full-width forms taken apart (NFKD), ß as ss, typographic quotes and dashes as plain ones.",
        "print(frame({\"t\": [\"Ça “naïve” Straße – ﬁ\"]})[\"t\"].fold_ascii()[0])",
        prints: "Ca \"naive\" Strasse - fi"
    ) { series, a in
        let unknown = Array((try a.optionalString(1) ?? "").utf8)
        return value(
            try series.changingText("fold_ascii") {
                { bytes, out in
                    if isASCII(bytes) { return .same }
                    foldASCII(text(bytes), unknown, into: &out)
                    return .made
                }
            })
    },
    columnMethod(
        "remove_words",
        [P("words", "list of str"), P("case", "bool", .optional("False"), "whether case counts")],
        "Each text without some words (stop words): the words between white space that are left, joined by a space.",
        "print(frame({\"t\": [\"The cat  sat on the mat\"]})[\"t\"].remove_words([\"the\", \"on\"])[0])",
        prints: "cat sat mat"
    ) { series, a in
        let matters = try a.bool(2, or: false)
        var stop = Set<[UInt8]>()
        for word in try a.strings(1) {
            var copy = word
            stop.insert(copy.withUTF8 { matters ? Array($0) : TextForms.lower($0) })
        }
        let unwanted = stop
        return value(
            try series.changingText("remove_words") {
                { bytes, out in
                    let all = text(bytes)
                    TextForms.words(all) { range in
                        let word = UnsafeBufferPointer(rebasing: all[range])
                        if unwanted.contains(matters ? Array(word) : TextForms.lower(word)) {
                            return
                        }
                        if !out.isEmpty { out.append(32) }
                        out += word
                    }
                    return .made
                }
            })
    },
]

// MARK: - HTML

/// Puts the text without mark-up into the buffer; false if there is none.
private func stripHTML(_ text: TextBytes, _ other: [UInt8], into out: inout [UInt8]) -> Bool {
    var at = 0
    var changed = false
    while at < text.count {
        let c = text[at]
        if c == UInt8(ascii: "<"), let end = tagEnd(text, at) {
            out += other
            at = end
            changed = true
        } else if c == UInt8(ascii: "&"), let (scalar, end) = entity(text, at) {
            out += String(Character(scalar)).utf8
            at = end
            changed = true
        } else {
            out.append(c)
            at += 1
        }
    }
    return changed
}

/// Behind the tag, comment, script or style that begins here; nil if none does.
private func tagEnd(_ text: TextBytes, _ at: Int) -> Int? {
    func starts(_ word: String, _ from: Int) -> Bool {
        from + word.utf8.count <= text.count
            && zip(word.utf8, text[from...]).allSatisfy {
                $0 == $1 | ($1 >= 65 && $1 <= 90 ? 32 : 0)
            }
    }
    func behind(_ word: String, _ from: Int) -> Int? {
        var i = from
        while i + word.utf8.count <= text.count {
            if starts(word, i) { return i + word.utf8.count }
            i += 1
        }
        return nil
    }
    guard at + 1 < text.count else { return nil }
    if starts("<!--", at) { return behind("-->", at + 4) ?? text.count }
    let next = text[at + 1]
    let letter = next | 32
    guard
        letter >= 97 && letter <= 122 || next == UInt8(ascii: "/") || next == UInt8(ascii: "!")
            || next == UInt8(ascii: "?")
    else { return nil }
    // A > inside quotes of an attribute does not end the tag.
    var quote: UInt8 = 0
    var i = at + 1
    while i < text.count {
        let c = text[i]
        if quote != 0 {
            if c == quote { quote = 0 }
        } else if c == UInt8(ascii: ">") {
            for name in ["script", "style"] where starts("<\(name)", at) {
                guard let close = behind("</\(name)", i) else { return text.count }
                return behind(">", close) ?? text.count
            }
            return i + 1
        } else if c == UInt8(ascii: "<") {
            return nil
        } else if c == 34 || c == 39, i > at + 1, text[i - 1] == UInt8(ascii: "=") {
            quote = c
        }
        i += 1
    }
    return nil
}

private let entities: [String: Unicode.Scalar] = [
    "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'", "nbsp": "\u{A0}",
]

/// The character of an entity that begins here, and where it ends; nil if none does.
private func entity(_ text: TextBytes, _ at: Int) -> (Unicode.Scalar, Int)? {
    let limit = min(text.count, at + 12)
    guard let end = text[at..<limit].firstIndex(of: UInt8(ascii: ";")), end > at + 1 else {
        return nil
    }
    let name = String(decoding: text[(at + 1)..<end], as: UTF8.self)
    if let known = entities[name] { return (known, end + 1) }
    guard name.hasPrefix("#") else { return nil }
    let digits = name.dropFirst()
    let code =
        digits.hasPrefix("x") || digits.hasPrefix("X")
        ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
    guard let code, code > 0, let scalar = Unicode.Scalar(code) else { return nil }
    return (scalar, end + 1)
}

// MARK: - ASCII

/// What Unicode does not take apart, but people write in ASCII.
private let likenesses: [UInt32: String] = [
    0xDF: "ss", 0xC6: "AE", 0xE6: "ae", 0x152: "OE", 0x153: "oe", 0xD8: "O", 0xF8: "o",
    0x141: "L", 0x142: "l", 0x110: "D", 0x111: "d", 0xD0: "D", 0xF0: "d", 0xDE: "Th", 0xFE: "th",
    0x131: "i", 0x1E9E: "SS", 0x2018: "'", 0x2019: "'", 0x201A: "'", 0x201C: "\"", 0x201D: "\"",
    0x201E: "\"", 0x2039: "<", 0x203A: ">", 0xAB: "\"", 0xBB: "\"", 0x2010: "-", 0x2012: "-",
    0x2013: "-", 0x2014: "-", 0x2015: "-", 0x2212: "-", 0x2022: "*", 0x2044: "/",
]

private func foldASCII(_ text: TextBytes, _ unknown: [UInt8], into out: inout [UInt8]) {
    let apart = normalized(text, composes: false, compatible: true)
    for scalar in String(decoding: apart, as: UTF8.self).unicodeScalars {
        if scalar.value < 0x80 {
            out.append(UInt8(scalar.value))
        } else if let likeness = likenesses[scalar.value] {
            out += likeness.utf8
        } else if scalar.properties.canonicalCombiningClass == .notReordered {
            out += unknown
        }
    }
}
