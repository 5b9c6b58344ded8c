// Every script of the project is one that Python's own parser accepts, but for those that are wrong
// on purpose.

import ArenaCore
import Glibc
import Testing

private let projectRoot = String(
    #filePath.dropLast("/Tests/ShellTests/PythonSyntaxTests.swift".utf8.count))

private let hasPython: Bool = system("python3 -c 'import ast' >/dev/null 2>&1") == 0

@Suite struct PythonSyntaxTests {
    @Test(
        .enabled(if: hasPython, "there is no python3 here to parse with")
    ) func pythonParsesEveryScript() throws {
        let folder = try TemporaryFolder()
        try folder.write(
            "parse.py",
            """
            import ast, pathlib, sys
            root = pathlib.Path(sys.argv[1])
            count = 0
            for path in sorted(root.rglob("*.as")):
                if any(part.startswith(".") for part in path.relative_to(root).parts):
                    continue
                source = path.read_bytes()
                if b"# expect error:" in source:
                    continue
                count += 1
                try:
                    ast.parse(source)
                except (SyntaxError, ValueError) as error:
                    print(path.relative_to(root), error)
            print("scripts:", count > 50)
            """)
        let outcome = try shell("python3 -W ignore parse.py '\(projectRoot)'", in: folder)
        #expect(outcome.output == "scripts: True\n", "\(outcome.errors)")
    }
}
