// Signs that mean something in a notebook, a shell or a word processor and nothing in a script, each
// with what to type. After such a sign the rest of what belongs to it is skipped.

import ArenaCore

extension Lexer {
    private var lineStart: Int {
        var at = i
        while at > 0, bytes[at - 1] != 10 { at -= 1 }
        return at
    }

    private var lineEnd: Int {
        var at = i
        while at < end, bytes[at] != 10 { at += 1 }
        return at
    }

    private var isFirstInLine: Bool { bytes[lineStart..<i].allSatisfy { $0 == 32 || $0 == 9 } }

    private func text(_ from: Int, _ to: Int) -> String {
        String(decoding: bytes[from..<max(from, to)], as: UTF8.self).trimmedRight
    }

    /// The word that begins at a place.
    private func word(_ from: Int) -> String {
        var to = from
        while to < end, isNameByte(bytes[to]) { to += 1 }
        return text(from, to)
    }

    /// Reports a sign that has a meaning elsewhere; false if it has none. `i` is left before its last
    /// byte.
    mutating func strangeSign(_ c: UInt8) -> Bool {
        switch c {
        case UInt8(ascii: "!"):
            if isFirstInLine {
                fault(
                    "shell commands are not part of a script", i, lineEnd,
                    help: shellHelp(word(i + 1)))
                i = max(i, lineEnd - 1)
                return true
            }
            let operand = word(i + 1)
            fault(
                "'!' does not negate", i, i + 1,
                help: "write: not \(operand.isEmpty ? "x" : operand)")
        case UInt8(ascii: "?"):
            let name = isFirstInLine ? word(i + 1) : ""
            let before = text(lineStart, i)
            if !name.isEmpty || i + 1 >= lineEnd || bytes[i + 1] == UInt8(ascii: "?") {
                fault(
                    "'?' asks for help in a notebook only", i, i + 1,
                    help: "in a shell: arenascript doc \(name.isEmpty ? word(lineStart) : name)")
            } else {
                let parts = text(i + 1, lineEnd).split(separator: ":", maxSplits: 1)
                    .map { $0.trimming() }
                let test = (before.split(separator: "=").last.map { $0.trimming() }) ?? "test"
                fault(
                    "'?' does not choose between two values", i, i + 1,
                    help: parts.count == 2
                        ? "\(parts[0]) if \(test) else \(parts[1])" : "x if test else y")
            }
            i = max(i, lineEnd - 1)
        case UInt8(ascii: "$"):
            fault(
                "'$' has no meaning here", i, i + 1,
                help: "a value from outside: cfg = params(name=\"default\"), then cfg.name")
        case UInt8(ascii: "`"):
            var close = i + 1
            while close < lineEnd, bytes[close] != c { close += 1 }
            let inner = text(i + 1, close)
            fault(
                "backticks have no meaning here", i, min(close + 1, lineEnd),
                help: "a value as text: repr(\(inner.isEmpty ? "x" : inner))")
            i = min(close, lineEnd - 1)
        default: return false
        }
        return true
    }

    /// Reports what is not a name because of a sign outside ASCII; `i` is behind it.
    mutating func strangeName(_ name: String, _ start: Int) {
        let quotes: Set<Unicode.Scalar> = [
            "\u{2018}", "\u{2019}", "\u{201C}", "\u{201D}", "\u{201E}", "\u{AB}", "\u{BB}",
        ]
        let dashes: Set<Unicode.Scalar> = [
            "\u{2010}", "\u{2011}", "\u{2012}", "\u{2013}", "\u{2014}", "\u{2212}",
        ]
        for scalar in name.unicodeScalars {
            if quotes.contains(scalar) {
                // The whole text to its closing quote, however many words it has.
                let scalars = Array(
                    String(decoding: bytes[start..<lineEnd], as: UTF8.self).unicodeScalars)
                let close = scalars.lastIndex { quotes.contains($0) } ?? 0
                var view = String.UnicodeScalarView()
                view.append(contentsOf: scalars.prefix(close + 1))
                let whole = String(view)
                view.removeAll { quotes.contains($0) }
                let to = max(i, start + whole.utf8.count)
                fault(
                    "the quotes are not the ones of a script", start, to,
                    help: "type them anew: \"\(String(view))\"")
                i = to
                return append(.string([]), start, i)
            }
            if dashes.contains(scalar) {
                return fault(
                    "the dash is not the minus of a script", start, i, help: "type it anew: -")
            }
            if scalar.properties.isWhitespace || scalar.value == 0x200B || scalar.value == 0xFEFF {
                return fault(
                    "this holds a space that is not the one of a script", start, i,
                    help: "type the space anew")
            }
        }
        fault("'\(name)' is not a name", start, i, help: "names are letters, digits and '_'")
    }

    /// Reports digits with letters behind them; `i` is behind both.
    mutating func badNumber(_ text: String, _ start: Int) {
        let digits = text.prefix { $0.isNumber || $0 == "_" || $0 == "." }
        let letters = text.dropFirst(digits.count)
        let help: String
        switch letters {
        case "l", "L", "n", "u", "U": help = "integers have no largest value: write \(digits)"
        case "f", "F", "d":
            help =
                "a float: write \(digits.contains(".") ? "" : "float(")\(digits)\(digits.contains(".") ? "" : ")")"
        case "j", "J": help = "there are no complex numbers"
        case "e", "E": help = "an exponent has digits: \(digits)e3"
        default:
            help = "a product is written \(digits) * \(letters), and a name begins with a letter"
        }
        fault("'\(text)' is not a number", start, i, help: help)
    }
}

extension StringProtocol {
    /// Without spaces at both ends.
    fileprivate func trimming() -> String {
        String(drop { $0 == " " }).trimmedRight
    }
}
