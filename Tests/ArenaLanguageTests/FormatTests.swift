// The layout of scripts: what it looks like, that it is stable, and that it never changes or loses
// anything.

import ArenaCore
import Testing

@testable import ArenaLanguage

private func laidOut(_ source: String) -> String {
    switch formatScript(SourceFile(name: "x.as", bytes: Array(source.utf8))) {
    case .formatted(let text): return String(decoding: text, as: UTF8.self)
    case .rejected(let found): return "rejected: \(found.map(\.title))"
    case .refused(let difference): return "refused: \(difference)"
    }
}

@Suite struct FormatTests {
    @Test(arguments: [
        ("x=1;y = [ 1,2 ,3 ]", "x = 1\ny = [1, 2, 3]\n"),
        ("x=1;", "x = 1\n"),
        ("\n\nx = 1\n\n\n\n\ny = 2\n\n\n", "x = 1\n\n\ny = 2\n"),
        ("", ""), ("\n \n", ""), ("# only\n", "# only\n"),
        ("print( 'a' ,end = \"\" )", "print('a', end=\"\")\n"),
        ("x = -a**2 + b**-1 + f(x)**2", "x = -a**2 + b**-1 + f(x) ** 2\n"),
        ("x = not  a", "x = not a\n"),
        ("x[ 1 : 2 ], x[a+1:b], x[:-1], x[::2]", "x[1:2], x[a + 1 : b], x[:-1], x[::2]\n"),
        ("f(*a , ** b)", "f(*a, **b)\n"),
        ("f = lambda x,y = 2 : x+y", "f = lambda x, y=2: x + y\n"),
        (
            "def f( a,b = 2,*,c : int=3 )->int : return a",
            "def f(a, b=2, *, c: int = 3) -> int: return a\n"
        ),
        ("d = {'a' :1 , ** e}", "d = {'a': 1, **e}\n"),
        ("t = (1 , )", "t = (1,)\n"),
        ("t = ( )", "t = ()\n"),
        ("x = 1 .real", "x = 1 .real\n"),
        ("a , b = b , a", "a, b = b, a\n"),
        ("a, *b = c", "a, *b = c\n"),
        ("x = f\"{a!r:>{w}} {b  }\"", "x = f\"{a!r:>{w}} {b  }\"\n"),
        ("x = 1 #c", "x = 1  # c\n"),
        ("a\\\n[  # c\n\"x\"]", "a[  # c\n    \"x\"\n]\n"),
        ("f\\\n(1)", "f(1)\n"),
        ("#!/bin/x\n#a", "#!/bin/x\n# a\n"),
        ("if a :\n\n\n  x\nelif b: y\nelse :\n  z", "if a:\n    x\nelif b: y\nelse:\n    z\n"),
        ("if a: x; y", "if a: x; y\n"),
        ("if a: x;  # c", "if a: x  # c\n"),
        ("w = a and \\\n  b", "w = a and b\n"),
        ("x = 1\r\ny = '''a\r\nb'''\r\n", "x = 1\ny = '''a\nb'''\n"),
        ("\u{FEFF}x = 1", "x = 1\n"),
        ("x = [1,]", "x = [\n    1,\n]\n"),
        ("f(a, # one\n  b)", "f(\n    a,  # one\n    b,\n)\n"),
        ("f(a\n  , b) # two", "f(a, b)  # two\n"),
        ("x = [ # open\n]", "x = [  # open\n]\n"),
        ("x = [\n# in\n]", "x = [\n    # in\n]\n"),
        ("x = (a # one\n  + b)", "x = (\n    a  # one\n    + b\n)\n"),
        (
            "x = (a # one\n  # two\n  + b)",
            "x = (\n    a  # one\n    # two\n    + b\n)\n"
        ),
    ])
    func small(before: String, after: String) {
        #expect(laidOut(before) == after)
        #expect(laidOut(after) == after)
    }

    @Test func commentsStayWithTheirBlock() {
        let source = """
            if a:
                x
                # in the block
              # nearly
            # after it
            y
            for b in c:
                # first
                if d:
                    e
                # of the loop

            # of the file

            """
        #expect(
            laidOut(source) == """
                if a:
                    x
                    # in the block
                # nearly
                # after it
                y
                for b in c:
                    # first
                    if d:
                        e
                    # of the loop

                # of the file

                """)
    }

    @Test func longLinesOpenTheirBrackets() {
        let name = String(repeating: "n", count: 40)
        #expect(
            laidOut("x = f(\(name), \(name), key=\(name))")
                == "x = f(\n    \(name),\n    \(name),\n    key=\(name),\n)\n")
        #expect(
            laidOut("x = (\(name) + \(name) * 2 + \(name))")
                == "x = (\n    \(name)\n    + \(name) * 2\n    + \(name)\n)\n")
        #expect(
            laidOut("x = [\(name)(i) for i, j in \(name) if i and \(name)]")
                == "x = [\n    \(name)(i)\n    for i, j in \(name)\n    if i and \(name)\n]\n")
        #expect(
            laidOut("x = \(name).a(b, c, d, e, f).join(\(name), \(name))")
                == "x = \(name).a(b, c, d, e, f).join(\n    \(name),\n    \(name),\n)\n")
        // A tuple's or a subscript's comma would mean something.
        let one = "x = (\(name) + \(name) + \(name))[\(name) + \(name)]"
        #expect(!laidOut(one).contains(","))
        #expect(
            laidOut("if \(name): \(name)(1); \(name)(2, 3)\n").hasSuffix(
                ":\n    \(name)(1)\n    \(name)(2, 3)\n"))
    }

    @Test func textsAreLeftAlone() {
        let source = "x = '''a\n      b  \n''' + r\"\\d\" 'c' \"\\t\"\n"
        #expect(laidOut(source) == source)
    }

    @Test func aScriptThatDoesNotParseIsRejected() {
        #expect(laidOut("x = (\n").hasPrefix("rejected: "))
        #expect(laidOut("x = = 2\n").hasPrefix("rejected: "))
    }

    /// The language's own specification: formatting keeps each script's outcome, and is stable.
    @Test(arguments: LanguageTests.files) func specification(_ name: String) throws {
        let bytes = try readFile(joinPath(specFolder, name))
        guard case .formatted(let text) = formatScript(SourceFile(name: name, bytes: bytes)) else {
            return
        }
        let source = String(decoding: bytes, as: UTF8.self)
        let after = String(decoding: text, as: UTF8.self)
        #expect(laidOut(after) == after)
        #expect(outcome(source).output == outcome(after).output)
    }

    /// Damaged scripts are formatted or rejected; the formatter never finds itself to have changed
    /// one.
    @Test func damagedScriptsAreNeverChanged() throws {
        var random = SeededGenerator(state: 11)
        let sources = try LanguageTests.files.map { try readFile(joinPath(specFolder, $0)) }
        let pieces = [
            " ", "  # c\n", ",", ",\n", "(", ")", "[", "]", "\\\n", ";", ": ", "\n", "\n\n\n",
            "lambda ",
            " if ", " else ", "#", "\"", "'''", "-", "**", "*", "=", ".", "1", "x",
        ]
        for round in 0..<4000 {
            var text = sources[round % sources.count]
            for _ in 0..<Int.random(in: 1...3, using: &random) where !text.isEmpty {
                let at = Int.random(in: 0..<text.count, using: &random)
                if Bool.random(using: &random) {
                    text.remove(at: at)
                } else {
                    text.insert(
                        contentsOf: (pieces.randomElement(using: &random) ?? "").utf8, at: at)
                }
            }
            switch formatScript(SourceFile(name: "x.as", bytes: text)) {
            case .formatted(let once):
                guard
                    case .formatted(let twice) = formatScript(
                        SourceFile(name: "x.as", bytes: once))
                else {
                    Issue.record("rejected: \(String(decoding: once, as: UTF8.self))")
                    continue
                }
                #expect(
                    once == twice, "\(String(decoding: once, as: UTF8.self))")
            case .rejected: break
            case .refused(let difference):
                Issue.record("\(difference): \(String(decoding: text, as: UTF8.self))")
            }
        }
    }
}
