// Runs the scripts of Tests/Spec/language and holds them against their own expectations:
// `# expect: line` after a statement that prints, `# expect error: text` for a script that is
// refused, `# expect runtime error: text` for one that fails. Texts are matched as parts of a message.

import ArenaCore
import Testing

@testable import ArenaLanguage

let specFolder =
    String(#filePath.dropLast("ArenaLanguageTests/LanguageTests.swift".count)) + "Spec/language"

func outcome(_ source: String, name: String = "test.as") -> (output: String, failure: RunFailure?) {
    nonisolated(unsafe) var output = ""
    let interpreter = Interpreter(builtins: [], parameters: [:]) { output += $0 }
    do throws(RunFailure) {
        _ = try interpreter.run(
            SourceFile(name: name, bytes: Array(source.utf8)), interactive: false)
        return (output, nil)
    } catch {
        return (output, error)
    }
}

func expectations(_ source: String, _ mark: String) -> [String] {
    source.split(separator: "\n").compactMap { line in
        guard let at = line.firstRange(of: mark) else { return nil }
        return String(line[at.upperBound...])
    }
}

extension Substring {
    func firstRange(of text: String) -> Range<Index>? {
        var i = startIndex
        while i < endIndex {
            if self[i...].hasPrefix(text) { return i..<index(i, offsetBy: text.count) }
            i = index(after: i)
        }
        return nil
    }
}

@Suite struct LanguageTests {
    static let files = listDirectory(specFolder).filter { $0.hasSuffix(".as") }

    @Test(arguments: files) func script(_ name: String) throws {
        let source = String(decoding: try readFile(joinPath(specFolder, name)), as: UTF8.self)
        let (output, failure) = outcome(source, name: name)
        let expected = expectations(source, "# expect: ").map { $0 + "\n" }.joined()
        let errors = expectations(source, "# expect error: ")
        let runtime = expectations(source, "# expect runtime error: ")
        #expect(output == expected)
        switch failure {
        case nil: #expect(errors.isEmpty && runtime.isEmpty)
        case .rejected(let diagnostics):
            let text = diagnostics.map { $0.rendered(colour: false) }.joined()
            #expect(!errors.isEmpty, "\(text)")
            for e in errors { #expect(text.contains(e)) }
        case .raised(let diagnostic):
            let text = diagnostic.rendered(colour: false)
            #expect(!runtime.isEmpty, "\(text)")
            for e in runtime { #expect(text.contains(e)) }
        case .interrupted: Issue.record("interrupted")
        }
    }

    @Test func everyCoreFunctionsExampleRuns() {
        for builtin in coreFunctions {
            #expect(!builtin.summary.isEmpty)
            #expect(!builtin.examples.isEmpty, "\(builtin.name) has no example")
            for example in builtin.examples {
                let (output, failure) = outcome(example.code)
                #expect(failure == nil && output == example.output, "\(builtin.name): \(output)")
            }
        }
        let names = coreFunctions.map(\.name)
        #expect(Set(names).count == names.count)
    }
}

/// A small generator of the same numbers at every run (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

@Suite struct HostileSourceTests {
    /// Damaged scripts are refused or accepted, never a crash: bytes dropped, doubled, changed, and
    /// pieces of other scripts put in.
    @Test func damagedScriptsAreOnlyRefused() throws {
        var random = SeededGenerator(state: 7)
        let sources = try LanguageTests.files.map { try readFile(joinPath(specFolder, $0)) }
        let pieces = [
            "(", "[", "{", "\"", "'''", "f\"{", ":", "\n\t", "\n    ", "lambda ", "for x in ", "\\",
            "}", "**", "\u{0}", "é", "=", ",",
        ]
        for round in 0..<4000 {
            var text = sources[round % sources.count]
            for _ in 0..<Int.random(in: 1...6, using: &random) where !text.isEmpty {
                let at = Int.random(in: 0..<text.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: text.remove(at: at)
                case 1: text[at] = UInt8.random(in: 0...255, using: &random)
                case 2:
                    text.insert(
                        contentsOf: pieces.randomElement(using: &random)?.utf8 ?? "".utf8, at: at)
                default:
                    let other = sources[Int.random(in: 0..<sources.count, using: &random)]
                    text.insert(
                        contentsOf: other.prefix(Int.random(in: 0..<60, using: &random)), at: at)
                }
            }
            let interpreter = Interpreter(builtins: [], parameters: [:], output: { _ in })
            for diagnostic in interpreter.check(SourceFile(name: "x.as", bytes: text)) {
                #expect(!diagnostic.rendered(colour: false).isEmpty)
            }
            _ = Interpreter.isIncomplete(text)
        }
    }

    @Test(arguments: [
        String(repeating: "(", count: 100_000), String(repeating: "[", count: 100_000) + "1",
        String(repeating: "-", count: 100_000) + "1",
        String(repeating: "not ", count: 100_000) + "1",
        "x = " + String(repeating: "lambda: ", count: 100_000) + "1",
        String(repeating: "if 1:\n", count: 300), String(repeating: "2 ** ", count: 100_000) + "2",
        "x" + String(repeating: ".a", count: 100_000),
        "x" + String(repeating: "(1)", count: 100_000),
        (0..<300).map { String(repeating: " ", count: $0) + "if 1:\n" }.joined(),
        "f\"" + String(repeating: "{f'", count: 1000),
        String(repeating: "1 + ", count: 100_000) + "1",
        String(repeating: "x and ", count: 100_000) + "1",
        String(repeating: "(", count: 16) + "x"
            + String(repeating: String(repeating: "+1", count: 990) + ")", count: 16),
        "[1 for x in [1] " + String(repeating: "if x ", count: 30_000) + "]",
        "1 if " + String(repeating: "1 if 1 else ", count: 50_000) + "1",
    ])
    func deepNestingIsRefused(_ text: String) {
        let found = Interpreter(builtins: [], parameters: [:], output: { _ in }).check(
            SourceFile(name: "deep.as", bytes: Array(text.utf8)))
        #expect(!found.isEmpty)
    }

    @Test func longFlatSourceIsFine() {
        let sum = outcome("print(" + String(repeating: "1 + ", count: 1000) + "1)")
        #expect(sum.output == "1001\n")
        let list = outcome(
            "x = [" + (0..<3000).map { "\($0), " }.joined() + "]\nprint(len(x), x[-1])")
        #expect(list.output == "3000 2999\n")
        let wide = outcome("print(len((" + (0..<300).map { "\($0), " }.joined() + ")))")
        #expect(wide.output == "300\n")
    }
}
