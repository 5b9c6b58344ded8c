// Scripts that load others: what they see, what is frozen, and what goes wrong.

import ArenaCore
import Testing

@Suite struct LoadTests {
    let folder: TemporaryFolder
    init() throws {
        folder = try TemporaryFolder()
        try folder.write(
            "helpers.as",
            """
            N = [1, 2]
            print("loaded once")
            def clean(s):
                return s.strip().lower()
            def grow():
                N.append(3)
            def rebind():
                global N
                N = 5
            _private = 3
            """)
    }

    private func run(_ source: String) throws -> Outcome {
        try folder.write("main.as", source)
        return try shell("arenascript run main.as", in: folder)
    }

    @Test func namesComeAcross() throws {
        let outcome = try run(
            """
            load("helpers.as", "clean", n="N")
            import helpers
            import json
            from helpers import clean as c2
            from math import sqrt
            print(clean("  AB "), n, helpers.N, c2("X "), helpers, json.dumps(sqrt(4)))
            """)
        #expect(outcome.errors == "")
        #expect(outcome.output == "loaded once\nab [1, 2] [1, 2] x <module helpers.as> 2.0\n")
    }

    @Test func aScriptInAFolderWantsAName() throws {
        let outcome = try run("import lib.helpers\n")
        #expect(outcome.code == 65)
        #expect(outcome.errors.contains("help: import lib.helpers as helpers"), "\(outcome.errors)")
    }

    @Test func whatIsLoadedIsFrozen() throws {
        let outcome = try run(
            """
            from helpers import N, grow, rebind
            import helpers
            for f in [grow, rebind, lambda: N.append(1), lambda: helpers.N.extend([1])]:
                try:
                    f()
                except ValueError as error:
                    print(error)
            mine = list(N)
            mine.append(3)
            print(mine, N)
            """)
        #expect(
            outcome.output == """
                loaded once
                the list is frozen and cannot be changed
                'N' belongs to a loaded file and cannot be assigned any more
                the list is frozen and cannot be changed
                the list is frozen and cannot be changed
                [1, 2, 3] [1, 2]

                """)
    }

    @Test(arguments: [
        ("load(\"missing.as\", \"x\")", "missing.as"),
        ("from helpers import claen", "did you mean 'clean'?"),
        ("from helpers import _private", "underscore"),
        ("import helpers\nhelpers.claen", "did you mean '.clean'?"),
        ("import main", "main.as loads itself"),
    ]) func whatCannotBeLoaded(_ source: String, _ words: String) throws {
        let outcome = try run(source)
        #expect(outcome.errors.contains(words), "\(outcome.errors)")
        #expect(outcome.code == 70 || outcome.code == 65)
    }

    @Test func aFileThatDoesNotParseIsNamed() throws {
        try folder.write("broken.as", "def f(:\n    pass\n")
        let outcome = try run("import broken\n")
        #expect(outcome.errors.contains("broken.as:1:"), "\(outcome.errors)")
        #expect(outcome.errors.contains("main.as"), "\(outcome.errors)")
    }

    @Test func filesThatLoadEachOther() throws {
        try folder.write("a.as", "import b\n")
        try folder.write("b.as", "import a\n")
        let outcome = try run("import a\n")
        #expect(outcome.errors.contains("a.as loads itself"), "\(outcome.errors)")
    }

    @Test func foldersInThePath() throws {
        _ = try shell("mkdir -p lib/inner", in: folder)
        try folder.write("lib/inner/tools.as", "from sibling import X\nY = X + 1\n")
        try folder.write("lib/inner/sibling.as", "X = 1\n")
        let outcome = try run("from lib.inner.tools import Y\nprint(Y)\n")
        #expect(outcome.output == "2\n", "\(outcome.errors)")
    }
}
