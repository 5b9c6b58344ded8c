// cache(f): a call of the same content is not made twice; of another content it is.

import ArenaCore
import Testing

@Suite struct CacheTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    /// What a script prints; `called` is printed by a function whenever it is really called.
    private func run(_ source: String) throws -> String {
        try folder.write("a.as", source)
        let outcome = try shell("arenascript run a.as", in: folder)
        #expect(outcome.code == 0, "\(outcome.errors)")
        return outcome.output
    }

    private func script(_ body: String = "n * factor", factor: Int = 3, call: String = "f(2)")
        -> String
    {
        """
        factor = \(factor)
        def g(n):
            print("called")
            return [\(body), "x", None, (1.5, True), {"a": 1}]
        f = cache(g)
        print(\(call))
        """
    }

    @Test func aCallIsMadeOnce() throws {
        let value = "[6, 'x', None, (1.5, True), {'a': 1}]\n"
        #expect(try run(script()) == "called\n" + value)
        #expect(try run(script()) == value)
        #expect(try run("print('before')\n" + script()) == "before\n" + value)
    }

    @Test func anotherFunctionGlobalOrArgumentIsAnotherCall() throws {
        _ = try run(script())
        #expect(try run(script(call: "f(3)")).hasPrefix("called"))
        #expect(try run(script("n + factor")).hasPrefix("called"))
        #expect(try run(script(factor: 4)).hasPrefix("called"))
        #expect(try run(script(call: "f(2.0)")).hasPrefix("called"))
        #expect(try !run(script()).hasPrefix("called"))
    }

    @Test func framesComeAndGo() throws {
        let source = """
            def g(df):
                print("called")
                return df.assign(n=df["a"] + 1, t=["x", None])
            df = frame({"id": [1, 2], "a": [0.5, None]}, key="id")
            out = cache(g)(df)
            print(list(out["n"]), list(out["t"]), list(out.reset_index()["id"]))
            """
        let value = "[1.5, None] ['x', None] [1, 2]\n"
        #expect(try run(source) == "called\n" + value)
        #expect(try run(source) == value)
        #expect(try run(source.replacing("0.5", with: "0.25")).hasPrefix("called"))
    }

    @Test func aFileThatTheFunctionReadCounts() throws {
        let source = """
            def load(path):
                print("called")
                return sum(read_csv(path)["a"])
            print(cache(load)("d.csv"))
            """
        try folder.write("d.csv", "a\n1\n2\n")
        #expect(try run(source) == "called\n3\n")
        #expect(try run(source) == "3\n")
        try folder.write("d.csv", "a\n1\n5\n")
        #expect(try run(source) == "called\n6\n")
    }

    @Test func whatCannotBeKeptIsSaid() throws {
        try folder.write("a.as", "def f():\n    return f\ncache(f)()\n")
        let outcome = try shell("arenascript run a.as", in: folder)
        #expect(outcome.code == 70)
        #expect(
            outcome.errors.contains("a cached function cannot give a function"), "\(outcome.errors)"
        )
    }
}
