// What bounds and what measures a run: --max-memory and --profile.

import ArenaCore
import Testing

@Suite struct RunLimitTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private func run(_ source: String, _ options: String) throws -> Outcome {
        try folder.write("a.as", source)
        return try shell("arenascript run a.as \(options)", in: folder)
    }

    @Test(arguments: [
        "xs = []\nwhile True:\n    xs.append([0] * 100)\n",
        "d = {}\ni = 0\nwhile True:\n    d[i] = str(i) * 10\n    i += 1\n",
        "s = \"ab\"\nwhile True:\n    s += s\n",
        "x = [\"x\" * (1 << 29)]\n",
        "x = list(range(1 << 27))\n",
        "def f(n):\n    return [f(n + 1)] * 1000\nx = [[0] * 1000] * 1000000\ny = [list(r) for r in x]\n",
    ]) func memoryHasALimit(_ source: String) throws {
        let outcome = try run(source, "--max-memory 150M")
        #expect(outcome.code == 70, "\(outcome.errors)")
        #expect(outcome.errors.contains("MemoryError: the script needs more than its limit of 150"))
        #expect(outcome.errors.contains("a.as:"))
    }

    @Test func aRefusedAllocationCanBeHandled() throws {
        let outcome = try run(
            """
            try:
                x = list(range(1 << 27))
            except MemoryError as error:
                print("handled")
            print(sum(range(10)))
            """, "--max-memory 150M")
        #expect(outcome.output == "handled\n45\n", "\(outcome.errors)")
        #expect(outcome.code == 0)
    }

    /// An inner function that calls itself holds itself, and all it captures, until it is found.
    @Test func whatFunctionsThatCallThemselvesHeldIsGivenBack() throws {
        let outcome = try run(
            """
            def sums(text):
                def odd(n):
                    return 0 if n == 0 else len(text) + even(n - 1)
                def even(n):
                    return 0 if n == 0 else odd(n - 1)
                return odd
            total = 0
            for i in range(400):
                total += sums(str(i) * 500000)(5)
            kept = [sums(str(i)) for i in range(100)]
            print(total, sum([f(3) for f in kept]), par_map(sums("ab"), [1, 3]))
            """, "--max-memory 150M")
        #expect(outcome.output == "1635000000 380 [2, 4]\n", "\(outcome.errors)")
        #expect(outcome.code == 0)
    }

    @Test(arguments: ["0", "-5", "many", "8X", ""]) func sizesThatAreNone(_ size: String) throws {
        let outcome = try run("print(1)\n", "--max-memory '\(size)'")
        #expect(outcome.code == 64)
        #expect(outcome.output == "")
    }

    @Test func theProfileNamesLinesAndBuiltins() throws {
        let outcome = try run(
            """
            def slow(n):
                s = 0
                for i in range(n):
                    s += i * i % 7
                return s
            print(slow(3000000))
            xs = sorted(list(range(300000)), key=lambda x: -x)
            """, "--profile")
        #expect(outcome.code == 0)
        #expect(outcome.output == "5999999\n")
        #expect(outcome.errors.contains("profile of "))
        #expect(outcome.errors.contains("a.as:4  s += i * i % 7"), "\(outcome.errors)")
        #expect(outcome.errors.contains("  sorted\n"), "\(outcome.errors)")
    }

    @Test func aFailedRunIsProfiledToo() throws {
        let outcome = try run("x = 1 // 0\n", "--profile")
        #expect(outcome.errors.contains("profile"))
        #expect(outcome.errors.contains("ZeroDivisionError"))
        #expect(outcome.code == 70)
    }
}
