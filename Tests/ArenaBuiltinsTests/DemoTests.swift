// The main job on the embedded demo: equal to the reference for every row, order and adapter setting,
// and the same bytes however the work is cut up.

import ArenaCore
import ArenaFrame
import ArenaLanguage
import Testing

@testable import ArenaBuiltins

private let labels = ["winner_model_a", "winner_model_b", "winner_tie"]

private let prelude = """
    cfg = params(adapter=None, devices=2, token_budget=1024, data="Resources/demo", to="")
    TEXT = ["prompt", "response_a", "response_b"]
    LABELS = ["winner_model_a", "winner_model_b", "winner_tie"]
    raw = read_csv(cfg.data + "/test.csv", key="id")
    text = raw.assign(**{c: raw[c].turns(read="python", null="").join(" ") for c in TEXT})
    gemma = classifier("Resources/demo/model", adapter=cfg.adapter, labels=LABELS, devices=cfg.devices)
    pair = template("<prompt>: {prompt}\\n\\n<response_a>: {response_a}\\n\\n<response_b>: {response_b}")
    def judge(df):
        return gemma.predict_proba(pair(df), max_length=512, add_eos_token=True, token_budget=cfg.token_budget)

    """

@Suite(.serialized) struct DemoTests {
    /// Largest difference to transformers' fp32 probabilities that is accepted.
    static let tolerance = 1e-4

    @Test(arguments: ["base", "adapter"]) func equalsTheReference(_ setting: String) throws {
        let scratch = Scratch()
        let (ab, ba) = (joinPath(scratch.path, "ab.csv"), joinPath(scratch.path, "ba.csv"))
        let outcome = runScript(
            prelude + """
                write_csv(judge(text), cfg.to + "/ab.csv")
                write_csv(judge(text.swap("response_a", "response_b")), cfg.to + "/ba.csv")
                """,
            parameters: ["to": scratch.path].merging(
                setting == "adapter" ? ["adapter": "Resources/demo/adapter"] : [:]
            ) { $1 })
        #expect(outcome.message == "")
        let reference = try readCSV(path: "Resources/demo/reference.csv", key: "id")
        #expect(reference.rowCount == 400)
        for (order, path) in [("ab", ab), ("ba", ba)] {
            let ours = try readCSV(path: path, key: "id")
            #expect(ours.names == labels)
            #expect(ours.key?.column.text(0) == reference.key?.column.text(0))
            var largest = 0.0
            for label in labels {
                let given = try #require(try ours.column(label).doubles)
                let wanted = try #require(
                    try reference.column("\(setting)_\(order)_\(label)").doubles)
                #expect(given.count == wanted.count)
                for (x, y) in zip(given, wanted) { largest = max(largest, abs(x - y)) }
            }
            print("\(setting) \(order): largest difference to the reference \(largest)")
            #expect(largest < Self.tolerance)
        }
    }

    /// The submission's bytes with these settings; rows are put in order of their keys.
    private func submission(_ settings: [String: String], data: String = "Resources/demo") throws
        -> [UInt8]
    {
        let scratch = Scratch()
        let path = joinPath(scratch.path, "s.csv")
        let outcome = runScript(
            prelude + """
                p = judge(text)
                q = judge(text.swap("response_a", "response_b")).swap("winner_model_a", "winner_model_b")
                submit(blend([p, q]).sort_index(), like="Resources/demo/sample_submission.csv", to=cfg.to, order="sample")
                """,
            parameters: settings.merging([
                "adapter": "Resources/demo/adapter", "to": path, "data": data,
            ]) { $1 })
        #expect(outcome.message == "")
        return try readFile(path)
    }

    @Test func theSameBytesHoweverTheWorkIsCut() throws {
        let first = try submission(["token_budget": "1024", "devices": "2"])
        #expect(first.count > 400 * 40)
        for (budget, devices) in [(1, 1), (1, 3), (1_000_000, 1), (700, 2), (5000, 3), (1024, 1)] {
            let again = try submission(["token_budget": "\(budget)", "devices": "\(devices)"])
            #expect(again == first, "token_budget=\(budget) devices=\(devices)")
        }
        // The rows in another order of the file.
        let scratch = Scratch()
        let outcome = runScript(
            """
            cfg = params(to="")
            raw = read_csv("Resources/demo/test.csv", key="id")
            order = [(i * 173 + 57) % len(raw) for i in range(len(raw))]
            assert len(set(order)) == len(raw)
            write_csv(raw.take(order), cfg.to)
            """, parameters: ["to": joinPath(scratch.path, "test.csv")])
        #expect(outcome.message == "")
        #expect(try submission(["devices": "2"], data: scratch.path) == first)
    }

    @Test func theScriptThatShipsRuns() throws {
        let scratch = Scratch()
        let source = String(
            decoding: try readFile(joinPath(root, "scripts/infer.as")), as: UTF8.self
        )
        .split(separator: "\n", omittingEmptySubsequences: false)
        .map {
            $0.hasPrefix("submit(")
                ? "submit(p, like=cfg.data + \"/sample_submission.csv\", to=\"\(scratch.path)/s.csv\")"
                : String($0)
        }
        .joined(separator: "\n")
        let outcome = runScript(
            source,
            parameters: [
                "data": "Resources/demo", "model": "Resources/demo/model",
                "adapter": "Resources/demo/adapter", "max_length": "512",
            ])
        #expect(outcome.message == "")
        #expect(outcome.notes.contains { $0.contains("400 rows") })
        let loss = runScript(
            """
            print(log_loss(read_csv("Resources/demo/labels.csv", key="id"), read_csv(params(p="").p, key="id")))
            """, parameters: ["p": "\(scratch.path)/s.csv"])
        let value = try #require(Double(loss.output.dropLast()))
        // Without the adapter or its head the loss is over 0.8, without a model over 1.05.
        #expect(value < 0.75)
    }
}
