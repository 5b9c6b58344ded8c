// Inputs for everything that reads source text, and what must hold for each: it ends soon, diagnostics
// can be shown, the formatter keeps what the text says and finds nothing to do in its own result.

import ArenaBuiltins
import ArenaCore
import ArenaLanguage

/// Makes and checks source texts that are mostly wrong.
package final class SourceFuzzer {
    private let seed: UInt64
    private let corpus: [[UInt8]]
    private var interpreter: Interpreter
    private var uses = 0

    /// - Parameter corpus: scripts to damage; at least one.
    package init(seed: UInt64, corpus: [[UInt8]]) {
        self.seed = seed
        self.corpus = corpus
        interpreter = Self.fresh()
    }

    private static func fresh() -> Interpreter {
        Interpreter(builtins: allBuiltins, values: allModules, parameters: [:], output: { _ in })
    }

    // MARK: - Making

    package func input(_ index: Int) -> [UInt8] {
        var random = FuzzRandom(seed: seed, index: index)
        switch random.below(20) {
        case 0..<7: return damaged(window(&random), &random, most: 4)
        case 7 where random.chance(30): return damaged(random.pick(corpus), &random, most: 6)
        case 7..<15: return soup(&random)
        case 15: return nested(&random)
        case 16: return bytes(&random)
        case 17 where random.chance(70): return soup(&random)
        default:
            var generator = ProgramGenerator(random: random, manner: .init(statements: 1))
            return damaged(Array(generator.program().utf8), &random, most: 3)
        }
    }

    /// Some lines of a script.
    private func window(_ random: inout FuzzRandom) -> [UInt8] {
        let script = random.pick(corpus)
        var start = random.below(script.count)
        while start > 0, script[start - 1] != 10 { start -= 1 }
        let end = min(script.count, start + 20 + random.below(120))
        return Array(script[start..<end])
    }

    private func damaged(_ source: [UInt8], _ random: inout FuzzRandom, most: Int) -> [UInt8] {
        var text = source
        for _ in 0..<random.below(most + 1) where !text.isEmpty {
            let at = random.below(text.count)
            switch random.below(8) {
            case 0: text.remove(at: at)
            case 1: text[at] = UInt8(truncatingIfNeeded: random.next())
            case 2: text[at] ^= 1 << UInt8(random.below(8))
            case 3, 4: text.insert(contentsOf: random.pick(Self.words).utf8, at: at)
            case 5:
                let end = min(text.count, at + random.below(40))
                text.insert(contentsOf: text[at..<end], at: random.below(text.count))
            case 6: text.removeSubrange(at..<min(text.count, at + 1 + random.below(20)))
            default:
                let other = random.pick(corpus)
                let from = random.below(other.count)
                text.insert(
                    contentsOf: other[from..<min(other.count, from + random.below(50))], at: at)
            }
        }
        return text
    }

    private func soup(_ random: inout FuzzRandom) -> [UInt8] {
        var text = ""
        for _ in 0..<1 + random.below(25) {
            text += random.pick(Self.words)
            if random.chance(50) { text += " " }
        }
        return Array(text.utf8)
    }

    /// One or two things many times.
    private func nested(_ random: inout FuzzRandom) -> [UInt8] {
        let count = 1 << random.below(8)
        let piece = random.pick(Self.words) + (random.chance(60) ? random.pick(Self.words) : "")
        let text =
            String(repeating: piece, count: count) + random.pick(Self.words)
            + String(repeating: random.pick(Self.words), count: random.below(count + 1))
        return Array(text.utf8)
    }

    private func bytes(_ random: inout FuzzRandom) -> [UInt8] {
        (0..<random.below(60)).map { _ in
            random.chance(50)
                ? UInt8(truncatingIfNeeded: random.next())
                : random.pick(Array(" \n\t\"'#\\(){}[]f=:,.\r\u{0}".utf8))
        }
    }

    /// What source text is made of, and what comes close.
    private static let words: [String] =
        [
            "def", "return", "if", "elif", "else", "for", "in", "while", "break", "continue",
            "pass",
            "lambda", "not", "and", "or", "is", "None", "True", "False", "try", "except", "finally",
            "raise", "from", "as", "with", "del", "global", "nonlocal", "assert", "import", "class",
            "load", "yield", "async", "match", "print", "len", "f", "x", "y", "é", "名", "_", "self",
            "def f(x, *, y=1, **k):\n    ", "lambda *a, k=1: ", "for x in y:\n    ", "if x:\n    ",
            "try:\n    x\nexcept ValueError as e:\n    ", "[x for x in y if x]",
            "{x: y for x in y}",
            "import pandas as pd\n", "%%time\n", "!pip install x\n", "df.loc[0]", "print x", "x++",
            "x := 1", "a if b else c", "(yield)", "@f\n", "...", "?x", "$",
        ]
        + [
            "0", "1", "07", "0x", "0xfF", "0b2", "0o8", "1_000", "1__0", "1e", "1e5", "1e999", "1.",
            ".5",
            "1.e", "1j", "99999999999999999999999", "1if", "0x1for", "9223372036854775808",
        ]
        + [
            "\"", "'", "\"\"\"", "'''", "f\"", "f'", "rf\"", "b\"", "r'", "u'", "\"a\"", "'b'",
            "f\"{x}\"",
            "f\"{x!r:>{y}}\"", "f\"{", "f'{{", "}}'", "f\"{x:", "{x=}", "\\", "\\\n", "\\x",
            "\\u12",
            "\\N{DIGIT ONE}", "\"\\ud800\"", "b\"\\xff\"", "!r", "f\"{f'{x}'}\"", "f\"\"\"{\n",
            "\"a\" 'b'",
        ]
        + [
            "(", ")", "[", "]", "{", "}", ",", ":", ";", ".", "->", "=", "==", "!=", "<", "<=", ">",
            ">=",
            "+", "-", "*", "**", "/", "//", "%", "@", "&", "|", "^", "~", "<<", ">>", "+=", "//=",
            "**=",
            ">>=", ":=", "!", "<>", "=>", "++", "&&", "||",
        ]
        + [
            "\n", "\n", "\n", "\n    ", "\n    ", "\n        ", "\n\t", "\n  ", "\r\n", "\r",
            "\u{C}", "\t", " ",
            "#", "# c\n", "\u{0}", "\u{FEFF}", "\u{A0}", "\u{2028}", "\u{200B}", "“", "”", "–",
            "\u{301}", "\n\n\n",
        ]

    // MARK: - Checking

    /// What is wrong with how the text is handled; nil if nothing.
    package func check(_ bytes: [UInt8]) -> String? {
        uses += 1
        // Symbols of all texts gather in an interpreter.
        if uses % 500 == 0 { interpreter = Self.fresh() }
        let file = SourceFile(name: "fuzz.as", bytes: bytes)
        let found = interpreter.check(file)
        for diagnostic in found {
            let plain = diagnostic.rendered(colour: false)
            if plain.isEmpty || diagnostic.rendered(colour: true).utf8.count < plain.utf8.count {
                return "a diagnostic is shown as nothing"
            }
            if diagnostic.json.utf8.contains(10) { return "a diagnostic's JSON has two lines" }
        }
        _ = Interpreter.isIncomplete(bytes)
        if uses % 8 == 0 {
            _ = namesUsed(in: file)
            _ = interpreter.complete(bytes) { _ in [] }
        }
        switch formatScript(file) {
        case .rejected(let faults):
            return faults.isEmpty ? "the formatter refuses without saying why" : nil
        case .refused(let difference): return "the formatter changes the text: \(difference)"
        case .formatted(let text):
            switch formatScript(SourceFile(name: "fuzz.as", bytes: text)) {
            case .formatted(text): return nil
            case .formatted: return "the formatter has more to do in its own result"
            case .rejected: return "the formatter rejects its own result"
            case .refused(let difference):
                return "the formatter changes its own result: \(difference)"
            }
        }
    }
}
