// What Tab and ? know, without a terminal.

import ArenaCore
import Testing

@testable import ArenaLanguage

@Suite struct CompletionTests {
    /// A session in which a few things are defined; what is printed is lost.
    private let session: Interpreter

    init() throws {
        session = Interpreter(builtins: [], parameters: [:], output: { _ in })
        try run(
            """
            number = 12
            words = ["a", "b"]
            _hidden = 1
            table = {"alpha": {"inner": 1}, "beta": [1], 3: 4}
            calls = []
            def area(width, height=2, *rest, unit="m", **more):
                \"\"\"The area.

                In square metres.
                \"\"\"
                calls.append(1)
                return width * height
            """)
    }

    private func run(_ source: String) throws {
        _ = try session.run(SourceFile(name: "s.as", bytes: Array(source.utf8)), interactive: true)
    }

    private func complete(_ text: String) -> Completion {
        session.complete(Array(text.utf8)) { typed in
            ["data/", "demo.csv", "test.csv"].filter { $0.hasPrefix(typed) }
        }
    }

    @Test(arguments: [
        ("numb", 4, ["number"]), ("x = wor", 3, ["words"]), ("whi", 3, ["while"]),
        ("enumer", 6, ["enumerate"]), ("_hid", 4, ["_hidden"]), ("cla", 3, []), ("12", 0, []),
        ("", 0, []),
        ("words.app", 3, ["append"]), ("\"a\".startsw", 7, ["startswith"]), ("nowhere.", 0, []),
        ("table[\"", 0, ["alpha\"]", "beta\"]"]), ("x = table['al", 2, ["alpha']"]),
        ("table[\"alpha\"][\"", 0, ["inner\"]"]), ("table[\"beta\"].appe", 4, ["append"]),
        ("area(hei", 3, ["height="]), ("area(1, ", 0, ["height=", "unit="]),
        ("area(unit=2, ", 0, ["width=", "height="]), ("area(1 + ", 0, []),
        ("sorted(words, rev", 3, ["reverse=", "reversed"]),
        ("print(area(", 0, ["width=", "height=", "unit="]),
        ("area([", 0, []), ("words.sort(k", 1, ["key="]), ("open(\"de", 2, ["demo.csv"]),
        ("x = \"\"", 0, []), ("# numb", 0, []), ("print(\"a # b\", numb", 4, ["number"]),
        ("print('it''s', numb", 4, ["number"]), ("print(f\"{x}\", numb", 4, ["number"]),
        ("area(1).re", 2, []), ("words[0].", 0, []), ("if x:\n    numb", 4, ["number"]),
        ("x = \"unclosed\nnumb", 4, ["number"]),
    ])
    func candidates(text: String, typed: Int, expected: [String]) {
        let found = complete(text)
        #expect(found.candidates == expected)
        if !expected.isEmpty { #expect(found.typed == typed) }
    }

    @Test func nothingIsEverCalled() throws {
        for text in ["area(1).", "area(1)[\"", "area(area(", "words.pop().", "[area(1)]."] {
            _ = complete(text)
            _ = session.describe(text, width: 80)
        }
        try run("assert len(calls) == 0 and words == ['a', 'b']")
    }

    /// No text makes it fail: each prefix of each script of the specification.
    @Test func everyPrefixOfEveryScript() throws {
        for name in LanguageTests.files {
            let bytes = try readFile(joinPath(specFolder, name))
            for end in stride(from: 0, to: bytes.count, by: 7) {
                let found = session.complete(Array(bytes[..<end])) { _ in [] }
                #expect(found.typed <= end)
            }
        }
    }

    @Test func functionsOfScripts() {
        #expect(
            session.describe("area", width: 80) == """
                area(width, height=2, *rest, unit="m", **more)
                  The area.

                  In square metres.
                  defined in s.as

                """)
    }

    @Test func valuesAndBuiltins() throws {
        let table = try #require(session.describe("table", width: 80))
        #expect(table.hasPrefix("table: dict of 3\n  {'alpha': {'inner': 1}, "))
        #expect(
            session.describe("words.append", width: 80)?.hasPrefix("words.append(x)\n") ?? false)
        let sorted = try #require(session.describe("sorted", width: 80))
        #expect(sorted.contains("reverse") && sorted.contains(">>> "))
        for unknown in ["nowhere", "words.nowhere", "", "1 + 1", "area(1)", "words[0]"] {
            #expect(session.describe(unknown, width: 80) == nil)
        }
        #expect(session.suggestName("numbr") == "did you mean 'number'?")
        #expect(session.suggestName("words.apend") == "did you mean 'append'?")
    }

    @Test func theLastValueHasAName() throws {
        try run("6 * 7")
        try run("None")
        try run("assert _ == 42")
        session.forgetNames()
        #expect(session.definedNames == [])
        #expect(throws: RunFailure.self) { try run("number") }
        try run("number = 1\nassert number == 1")
    }

    @Test(arguments: [(3, 20), (10, 80), (24, 40)]) func longTextIsCut(rows: Int, columns: Int) {
        let lines = (0..<1000).map { "line \($0)" }.joined(separator: "\n")
        let cut = elided(lines, rows: rows, columns: columns)
        #expect(cut.split(separator: "\n").count <= rows)
        #expect(cut.contains(" lines more ...") && cut.hasSuffix("line 999"))
        let endless = String(repeating: "ab", count: 100_000)
        #expect(elided(endless, rows: rows, columns: columns).count < rows * columns + 200)
        #expect(elided("short", rows: rows, columns: columns) == "short")
    }
}

@Suite struct DiagnosticJSONTests {
    @Test func oneObjectALine() throws {
        let source = "def f(x):\n    return \"é\" + x\nf(\n  1)\n"
        let failure = outcome(source, name: "a \"b\".as").failure
        guard case .raised(let diagnostic)? = failure else {
            Issue.record("it did not fail")
            return
        }
        let text = diagnostic.json
        #expect(!text.contains("\n"))
        let object = try JSONDocument(Array(text.utf8), name: "x").root
        #expect(object["kind"]?.string == "TypeError")
        #expect(object["file"]?.string == "a \"b\".as")
        #expect(object["line"]?.int == 2 && object["end_line"]?.int == 2)
        #expect(object["column"]?.int == 16 && object["end_column"]?.int == 17)
        let call = try #require(object["trace"]?.elements?.first)
        #expect(call["function"]?.string == "f")
        #expect(call["line"]?.int == 3 && call["end_line"]?.int == 4)
    }
}
