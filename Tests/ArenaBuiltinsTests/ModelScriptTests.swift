// Models from a script's side: every kind opened and asked, and what is refused.

import ArenaCore
import Testing

@Suite struct ModelScriptTests {
    private let folder = joinPath(root, "Tests/Fixtures/architectures")

    private func run(_ script: String) -> ScriptOutcome {
        runScript("cfg = params(at=\"\")\n" + script, parameters: ["at": folder])
    }

    @Test func everyKindOfModel() {
        let outcome = run(
            """
            rows = tokens([[5, 9, 4, 7], [8, 4]])
            c = classifier(cfg.at + "/gemma2-nf4")
            p = c.predict_proba(rows)
            print(p.columns, p.shape, round(p["a"][0] + p["b"][0] + p["tie"][0], 5))
            m = masked_lm(cfg.at + "/deberta-v3-mlm")
            print(m.choice_proba(rows, choice_ids=[7, 9], labels=["x", "y"], at=1).columns)
            lm = causal_lm(cfg.at + "/qwen2")
            print(lm.choice_logits(rows, choice_ids=[3, 4]).shape, len(lm.log_probs(rows)[0]))
            v = embedder(cfg.at + "/bert-embed").embed(rows, pool="cls")
            print(len(v), len(v[0]))
            for m in [c, lm]:
                m.unload()
            """)
        #expect(outcome.message == "")
        #expect(
            outcome.output == """
                ['a', 'b', 'tie'] (2, 3) 1.0
                ['x', 'y']
                (2, 2) 3
                2 32

                """)
    }

    /// A model takes the tokenizer that lies in its folder, of whatever format.
    @Test func tokenizersOfOtherFormats() throws {
        for (name, text) in [
            ("bert", "the"), ("gpt2", "the"), ("sentencepiece-bpe", "the"),
            ("sentencepiece-unigram", "the"), ("tekken", "the"),
        ] {
            let scratch = Scratch()
            let model = try scratch.copy(joinPath(folder, "bert-embed"), as: "model")
            let files = joinPath(root, "Tests/Fixtures/tokenizer-files/" + name)
            for file in listDirectory(files) {
                try writeFile(joinPath(model, file), readFile(joinPath(files, file)))
            }
            let outcome = runScript(
                """
                cfg = params(at="", files="")
                m = embedder(cfg.at)
                print(m.tokenizer("\(text)") == tokenizer(cfg.files)("\(text)"))
                """, parameters: ["at": model, "files": files])
            #expect(outcome.message == "", "\(name)")
            #expect(outcome.output == "True\n", "\(name)")
        }
    }

    @Test func weightsFromAnotherFile() {
        let outcome = run(
            """
            rows = tokens([[5, 9, 4, 7]])
            a = classifier(cfg.at + "/bert").logits(rows)["a"][0]
            b = classifier(cfg.at + "/bert", state_dict=cfg.at + "/torch-files/wrapped.pth", prefix="module.").logits(rows)["a"][0]
            c = classifier(cfg.at + "/bert", weights="int8").logits(rows)["a"][0]
            print(a == b, a == c, abs(a - c) < 0.2)
            """)
        #expect(outcome.message == "")
        #expect(outcome.output == "True False True\n")
    }

    @Test func whatIsRefused() {
        for (script, words) in [
            ("classifier(cfg.at + \"/bert\", weights=\"int3\")", "weights is \"stored\" or"),
            ("classifier(cfg.at + \"/bert\", prefix=\"x\")", "prefix= is for state_dict="),
            ("classifier(cfg.at + \"/bert\", pool=\"mean\")", "pool is \"last\" or"),
            (
                "classifier(cfg.at + \"/bert\", state_dict=cfg.at + \"/torch-files/evil.pt\")",
                "would run 'posix.system'"
            ),
            ("causal_lm(cfg.at + \"/bert\")", "is not a causal language model"),
            (
                "masked_lm(cfg.at + \"/bert-mlm\").choice_proba(tokens([[5]]), choice_ids=[7])",
                "no tokenizer with a mask token"
            ),
            (
                "masked_lm(cfg.at + \"/bert-mlm\").choice_proba(tokens([[5]]), choice_ids=[7], at=3)",
                "row 0 has no token at"
            ),
            (
                "causal_lm(cfg.at + \"/qwen2\").choice_proba(tokens([[5]]))",
                "needs choices= (texts) or choice_ids="
            ),
            (
                "embedder(cfg.at + \"/bert-embed\").embed(tokens([[5]]), pool=\"sum\")",
                "pool is one of"
            ),
            ("inspect(cfg.at)", "there is neither"),
        ] {
            let outcome = run(script)
            #expect(outcome.message.contains(words), "\(script): \(outcome.message)")
        }
    }
}
