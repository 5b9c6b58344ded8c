// Frames from a script's side: what verbs give, and what their errors say.

import ArenaCore
import Testing

@Suite struct FrameScriptTests {
    @Test func theKeyTravels() {
        let outcome = runScript(
            """
            f = frame({"id": [3, 1, 2], "a": ["x", "y", "z"], "b": [1.5, None, 2]}, key="id")
            print(f.key, f.shape, f["a"].name, f["b"].dtype, list(f["b"]))
            g = f.assign(c=f["a"], d=0, e=[True, False, True]).rename({"a": "A"}).sort_index()
            print(g.columns, list(g["A"]), list(g["e"]), list(f.columns))
            print(list(f[:2]["a"]), list(f[::-1]["a"]), len(f[1::9223372036854775807]), f[["b", "a"]].columns, f["a"][-1], "a" in f, "q" in f)
            f["b"] = f["b"]
            for name in f: print(name, end=" ")
            print(len(f), f)
            """)
        #expect(outcome.message == "")
        #expect(
            outcome.output == """
                [3, 1, 2] (3, 2) a float64 [1.5, None, 2.0]
                ['A', 'b', 'c', 'd', 'e'] ['y', 'z', 'x'] [False, True, True] ['a', 'b']
                ['x', 'y'] ['z', 'y', 'x'] 1 ['b', 'a'] z True False
                a b 3    id  a             b
                int64  string  float64
                -----  ------  -------
                    3  x           1.5
                    1  y          <NA>
                    2  z           2.0
                3 rows x 2 columns, key id

                """)
    }

    @Test func columnsOfOtherRowsAreRefused() {
        let outcome = runScript(
            """
            f = frame({"id": [1, 2], "a": [10, 20]}, key="id")
            g = frame({"id": [2, 1], "b": [2, 1]}, key="id")
            print(list(f.assign(b=g.sort_index()["b"])["b"]))
            f.assign(b=g["b"])
            """)
        #expect(outcome.output == "[1, 2]\n")
        #expect(outcome.message.contains("'b' is of other rows"))
    }

    @Test(arguments: [
        ("read_csv('nowhere.csv')", ["there is no file nowhere.csv"]),
        ("read_csv('Resources')", ["is a folder, not a file"]),
        ("read_csv('Resources/demo/tset.csv')", ["did you mean 'Resources/demo/test.csv'?"]),
        (
            "read_csv('Resources/demo/test.csv', key='ids')",
            ["'ids'", "did you mean 'id'?", "test.csv"]
        ),
        (
            "read_csv('Resources/demo/test.csv')['respnse_a']",
            ["'respnse_a'", "did you mean 'response_a'?"]
        ),
        ("frame({'a': [1, 'x']})", ["of several types"]),
        ("frame({'id': [1, 1]}, key='id')", ["rows"]),
        ("frame({'a': [1, 2], 'b': [1]})", ["'b'"]),
        ("frame({'a': [1]}).assign(b=[1, 2])", ["'b'"]),
        ("frame({'a': [1]}).swap('a', 'c')", ["'c'"]),
        ("frame({'a': [1]}).rename({'c': 'd'})", ["'c'"]),
        ("frame({'a': [1]})[0]", ["a frame is indexed by a column's name"]),
        ("frame({'a': [1]}).iloc[0]", ["df.head(n)"]),
        ("frame({'a': [1]}).a", ["a column is taken as df[\"a\"]"]),
        ("if frame({'a': [1]}): pass", ["neither true nor false"]),
        ("frame({'a': [1]}).sort_index()", ["key"]),
        ("frame({'a': ['[]']})['a'].turns()", ["json and python differ", "read=\"json\""]),
        ("frame({'a': ['[]']})['a'].turns(read='jsn')", ["did you mean 'json'?"]),
        ("frame({'a': ['[']})['a'].turns(read='json')", ["'a'"]),
        ("frame({'a': [1]})['a'].turns(read='json')", ["text"]),
        ("frame({'a': ['x']})['a'].join(' ')", ["'a'"]),
        ("template('{prompt')", ["without a column name and '}'"]),
        ("template('{b}')(frame({'a': [1]}))", ["'b'"]),
        ("template('x')(3)", ["must be a frame, not an int"]),
        ("blend([])", ["frame"]),
        ("p = frame({'id': [1], 'x': [1]}, key='id')\nblend([p, p], weights=[1])", ["weight"]),
        (
            "p = frame({'id': [1], 'x': [1]}, key='id')\nq = frame({'id': [2], 'x': [1]}, key='id')\nblend([p, q])",
            ["1", "2"]
        ),
        ("write_csv(frame({'a': [1]}), '/nowhere/x.csv')", ["/nowhere/x.csv"]),
        ("submit(frame({'a': [1]}), like='x')", ["with a key"]),
        (
            "log_loss(frame({'id': [1], 'a': [1], 'b': [0]}, key='id'), frame({'id': [2], 'a': [1], 'b': [0]}, key='id'))",
            ["no row id 1"]
        ),
    ])
    func wrongUseIsExplained(_ source: String, _ parts: [String]) {
        let outcome = runScript(source)
        #expect(outcome.failure != nil, "\(source)")
        for part in parts { #expect(outcome.message.contains(part), "\(outcome.message)") }
        #expect(outcome.message.contains("test.as:"))
    }

    @Test func csvFaultsNameFileAndLine() throws {
        let scratch = Scratch()
        let path = try scratch.file("bad.csv", "id,a\n1,x\n2,y,z\n")
        let outcome = runScript("read_csv(params(path='').path)", parameters: ["path": path])
        #expect(outcome.message.contains("\(path):3"))
    }

    @Test func loneSurrogatesAreCountedAndReplaced() {
        let outcome = runScript(
            #"""
            f = frame({"a": ['["x\\ud83d","\\ud83d\\ude00",null]']})
            print(repr(f["a"].turns(read="json", null="word").join("|")[0]))
            """#)
        #expect(outcome.message == "")
        #expect(outcome.output == "'x\u{FFFD}|😀|null'\n")
        #expect(outcome.notes.contains { $0.contains("1 lone surrogate") })
    }
}
