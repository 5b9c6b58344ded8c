// A wrong submission is refused with its reason, and nothing appears under its name.

import ArenaCore
import Testing

@Suite struct SubmitTests {
    static let sample = "id,a,b,c\n1,0.4,0.3,0.3\n2,0.4,0.3,0.3\n3,0.4,0.3,0.3\n"

    func submit(_ frame: String, order: String = "refuse") throws -> (ScriptOutcome, String?) {
        let scratch = Scratch()
        let like = try scratch.file("sample.csv", Self.sample)
        let to = joinPath(scratch.path, "out.csv")
        let outcome = runScript(
            "cfg = params(like='', to='')\nsubmit(\(frame), like=cfg.like, to=cfg.to, order='\(order)')",
            parameters: ["like": like, "to": to])
        let written = fileExists(to) ? String(decoding: try readFile(to), as: UTF8.self) : nil
        #expect(listDirectory(scratch.path).count == (written == nil ? 1 : 2))
        return (outcome, written)
    }

    static let good =
        "frame({'id': [1, 2, 3], 'a': [0.5, 0.2, 1], 'b': [0.25, 0.2, 0], 'c': [0.25, 0.6, 0]}, key='id')"

    @Test func aRightOneIsWritten() throws {
        let (outcome, written) = try submit(Self.good)
        #expect(outcome.message == "")
        #expect(written == "id,a,b,c\n1,0.5,0.25,0.25\n2,0.2,0.2,0.6\n3,1.0,0.0,0.0\n")
    }

    @Test func orderCanBeMended() throws {
        let (refused, none) = try submit(Self.good + ".take([2, 0, 1])")
        #expect(none == nil && refused.message.contains("order"))
        let (mended, written) = try submit(
            Self.good + ".take([2, 0, 1])[['c', 'a', 'b']]", order: "sample")
        #expect(mended.message == "")
        #expect(written == "id,a,b,c\n1,0.5,0.25,0.25\n2,0.2,0.2,0.6\n3,1.0,0.0,0.0\n")
    }

    @Test(arguments: [
        ("\(good).head(2)", "3"),
        ("frame({'id': [1, 2, 4], 'a': [1, 1, 1], 'b': [0, 0, 0], 'c': [0, 0, 0]}, key='id')", "4"),
        ("\(good)[['a', 'b']]", "'c'"),
        ("\(good).rename({'c': 'C'})", "'C'"),
        ("\(good)[['b', 'a', 'c']]", "order"),
        ("\(good).assign(a=[0.5, 0.2, float('nan')])", "nan"),
        ("\(good).assign(a=[0.5, 0.2, None])", "missing"),
        ("\(good).assign(a=[0.5, 0.2, float('inf')])", "inf"),
        ("\(good).assign(a=[0.6, 0.2, 1])", "1.1"),
        ("\(good).assign(a=[1.5, 0.2, 1], b=[-0.75, 0.2, 0])", "1.5"),
        ("\(good).assign(a=['x', 'y', 'z'])", "string"),
        (
            "frame({'key': [1, 2, 3], 'a': [1, 1, 1], 'b': [0, 0, 0], 'c': [0, 0, 0]}, key='key')",
            "'key'"
        ),
    ])
    func aWrongOneIsRefused(_ frame: String, _ part: String) throws {
        let (outcome, written) = try submit(frame)
        #expect(written == nil)
        #expect(outcome.message.contains(part), "\(outcome.message)")
    }
}
