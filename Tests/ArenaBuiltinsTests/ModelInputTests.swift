// Damaged or unfit model, tokenizer and adapter folders, from a script's side: each is refused with
// the file and the thing in it that is wrong, before anything is computed.

import ArenaCore
import Testing

@Suite struct ModelInputTests {
    /// Opens a classifier over changed copies of the demo's folders and predicts one row.
    private func attempt(
        model: [(file: String, from: String, to: String)] = [],
        adapter: [(file: String, from: String, to: String)] = [],
        labels: String = "[\"a\", \"b\", \"c\"]", truncate: String? = nil, remove: String? = nil
    ) throws -> ScriptOutcome {
        let scratch = Scratch()
        let m = try scratch.copy(joinPath(root, "Resources/demo/model"), as: "model")
        let a = try scratch.copy(joinPath(root, "Resources/demo/adapter"), as: "adapter")
        for (folder, changes) in [(m, model), (a, adapter)] {
            for change in changes {
                let path = joinPath(folder, change.file)
                let text = try readFile(path)
                let changed = replacing(text, Array(change.from.utf8), Array(change.to.utf8))
                #expect(changed != text, "\(change.from) is not in \(change.file)")
                try writeFile(path, changed)
            }
        }
        if let truncate {
            let path = joinPath(m, truncate)
            let text = try readFile(path)
            try writeFile(path, Array(text.prefix(text.count / 2)))
        }
        if let remove { try scratch.delete(joinPath(m, remove)) }
        return runScript(
            """
            cfg = params(model="", adapter="")
            m = classifier(cfg.model, adapter=cfg.adapter, labels=\(labels))
            print(m.predict_proba(frame({"id": [1], "t": ["hello"]}, key="id")["t"]).shape)
            """, parameters: ["model": m, "adapter": a])
    }

    /// The first occurrence replaced; texts of one length keep binary files whole.
    private func replacing(_ text: [UInt8], _ from: [UInt8], _ to: [UInt8]) -> [UInt8] {
        guard text.count >= from.count else { return text }
        for i in 0...(text.count - from.count)
        where text[i] == from[0] && text[i..<i + from.count].elementsEqual(from) {
            return Array(text[..<i]) + to + Array(text[(i + from.count)...])
        }
        return text
    }

    @Test func anUnchangedCopyWorks() throws {
        let outcome = try attempt()
        #expect(outcome.message == "")
        #expect(outcome.output == "(1, 3)\n")
    }

    @Test func wrongNumberOfLabels() throws {
        let outcome = try attempt(labels: "[\"a\", \"b\"]")
        #expect(outcome.message.contains("3") && outcome.message.contains("2"))
        #expect(outcome.message.contains("adapter"))
    }

    @Test(arguments: ["config.json", "model.safetensors", "tokenizer.json"]) func missingFile(
        _ name: String
    ) throws {
        let outcome = try attempt(remove: name)
        #expect(outcome.failure != nil)
        let named = name == "tokenizer.json" ? "has no tokenizer of its own" : name
        #expect(outcome.message.contains(named), "\(outcome.message)")
    }

    @Test(arguments: ["config.json", "model.safetensors", "tokenizer.json"]) func cutShort(
        _ name: String
    ) throws {
        let outcome = try attempt(truncate: name)
        #expect(outcome.message.contains(name), "\(outcome.message)")
    }

    @Test func unknownArchitecture() throws {
        let outcome = try attempt(
            model: [
                ("config.json", "Gemma2ForSequenceClassification", "MambaForSequenceClassification")
            ])
        #expect(outcome.message.contains("MambaForSequenceClassification"))
        #expect(outcome.message.contains("known: Bert, DebertaV2"), "lists what is known")
    }

    @Test func anUnknownTokenizerPart() throws {
        let outcome = try attempt(model: [("tokenizer.json", "\"BPE\"", "\"ABC\"")])
        #expect(outcome.message.contains("ABC") && outcome.message.contains("tokenizer.json"))
    }

    @Test func aTensorUnderAnotherName() throws {
        let outcome = try attempt(
            model: [
                (
                    "model.safetensors", "model.layers.1.mlp.up_proj.weight",
                    "model.layers.1.mlp.ap_proj.weight"
                )
            ])
        #expect(outcome.message.contains("model.layers.1.mlp.up_proj.weight"), "\(outcome.message)")
    }

    @Test func anAdapterForAnotherBase() throws {
        let outcome = try attempt(
            adapter: [
                (
                    "adapter_model.safetensors", "layers.1.mlp.up_proj.lora_A",
                    "layers.9.mlp.up_proj.lora_A"
                )
            ])
        #expect(outcome.message.contains("layers.1.mlp.up_proj"), "\(outcome.message)")
        #expect(outcome.message.contains("belongs to another base"))
    }

    @Test func aMisshapenTensor() throws {
        let outcome = try attempt(
            model: [("config.json", "\"intermediate_size\": ", "\"intermediate_size\": 1")])
        #expect(
            outcome.message.contains("mlp") && outcome.message.contains("model.safetensors"),
            "\(outcome.message)")
    }

    @Test func predictionNeedsTextOrTokens() {
        let outcome = runScript(
            """
            m = classifier("Resources/demo/model")
            m.predict_proba(read_csv("Resources/demo/test.csv", key="id"))
            """)
        #expect(outcome.message.contains("must be a column"))
        let wrong = runScript(
            "classifier('Resources/demo/model').predict_proba(frame({'a': ['[]']})['a'].turns(read='json'))"
        )
        #expect(wrong.message.contains("join the turns first"))
    }
}
