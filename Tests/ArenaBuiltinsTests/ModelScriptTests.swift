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

    @Test func textsAreGenerated() {
        let outcome = run(
            """
            m = causal_lm("Resources/demo/model")
            texts = read_csv("Resources/demo/test.csv", key="id").head(3)["prompt"]
            a = m.generate(texts, max_length=32, max_new_tokens=12, stop_ids=[])
            f = m.generate(texts, max_length=32, max_new_tokens=12, stop_ids=[], ids=True, token_budget=7)
            print(len(a), a[1] == f["text"][1], f["ended"][0], len(f["ids"][2]))
            part = a[0][3:6]
            b = m.generate(texts, max_length=32, max_new_tokens=12, stop_ids=[], stop=[part], ids=True)
            print(b["ended"][0], b["text"][0] == a[0][:a[0].find(part)], part in b["text"][0])
            d = m.generate(texts, max_length=32, max_new_tokens=12, temperature=1.2, top_k=9, seed=3)
            e = m.generate(texts[::-1], max_length=32, max_new_tokens=12, temperature=1.2, top_k=9, seed=3)
            print(d[0] == e[2], d[0] == a[0])
            """)
        #expect(outcome.message == "")
        #expect(
            outcome.output == """
                3 True length 12
                stop True False
                True False

                """)
    }

    @Test func adaptersByNameAveragedAndMerged() {
        let outcome = run(
            """
            at = cfg.at + "/../adapters/"
            base = cfg.at + "/../generation/llama"
            rows = tokens([[5, 9, 4, 7, 30], [8, 4, 60]])
            m = causal_lm(base, adapter={"a": at + "everywhere", "b": at + "layers"})
            alone = causal_lm(base, adapter=at + "layers")
            a, b = m.log_probs(rows), m.log_probs(rows, adapter="b")
            print(b[0] == alone.log_probs(rows)[0], a[0] == b[0], m.log_probs(rows, adapter="a")[1] == a[1])
            both = causal_lm(base, adapter=average_adapters([at + "everywhere", at + "layers"]))
            print(len(both.log_probs(rows)[0]), both.log_probs(rows)[0] == a[0])
            g = m.generate(rows, adapter="b", ids=True, max_new_tokens=3)
            print(g["ids"][0] == alone.generate(rows, ids=True, max_new_tokens=3)["ids"][0])
            merged = causal_lm(base, adapter=at + "layers", merge=True)
            print(abs(merged.log_probs(rows)[0][1] - b[0][1]) < 0.01)
            """)
        #expect(outcome.message == "")
        #expect(outcome.output == "True False True\n4 False\nTrue\nTrue\n")
        #expect(outcome.notes.contains { $0.contains("merged into 8 layers of F16") })
    }

    @Test func headsThatBeginAnew() {
        let outcome = run(
            """
            m = classifier(cfg.at + "/bert-embed", labels=["x", "y"], new_head=True, seed=5)
            print(m.labels, m.predict_proba(tokens([[5, 9]])).shape)
            """)
        #expect(outcome.message == "")
        #expect(outcome.output == "['x', 'y'] (1, 2)\n")
        #expect(outcome.notes.contains { $0.contains("new and untrained, from seed 5") })
    }

    /// The answer is the best pair of a start and an end among the context's tokens, looked for here again.
    @Test func spansOfContexts() throws {
        let scratch = Scratch()
        let model = try scratch.copy(joinPath(folder, "bert-qa"), as: "model")
        let words = [
            "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "quick", "fox", "a", "lazy", "dog",
            "is", "here", "what", "über", "##s",
        ]
        try writeFile(
            joinPath(model, "vocab.txt"), Array((words.joined(separator: "\n") + "\n").utf8))
        let outcome = runScript(
            """
            cfg = params(at="")
            m = span_reader(cfg.at)
            df = frame({"id": [7, 9], "q": ["what", "the"],
                        "c": ["the quick fox", "a lazy dogs über is here"]}, key="id")
            r = m.answer(df["q"], context=df["c"], max_answer_tokens=3)
            print(r.columns, r.key[1])
            pairs = m.tokenizer.encode(df["q"], pair=df["c"], offsets=True)
            logits = m.span_logits(pairs)
            for i in range(2):
                best, where = -1000.0, None
                inside = [k for k, s in enumerate(pairs.sequence_ids(i)) if s == 1]
                for s in inside:
                    for e in inside:
                        if s <= e and e < s + 3 and logits["start"][i][s] + logits["end"][i][e] > best:
                            best = logits["start"][i][s] + logits["end"][i][e]
                            where = (pairs.offsets(i)[s][0], pairs.offsets(i)[e][1])
                print(where == (r["start"][i], r["end"][i]), abs(best - r["score"][i]) < 1e-5)
                print(df["c"][i][where[0]:where[1]] == r["answer"][i])
                null = logits["start"][i][0] + logits["end"][i][0]
                print(abs(null - r["null_score"][i]) < 1e-5)
            """, parameters: ["at": model])
        #expect(outcome.message == "")
        #expect(
            outcome.output
                == "['answer', 'start', 'end', 'score', 'null_score', 'probability'] 9\n"
                + "True True\nTrue\nTrue\nTrue True\nTrue\nTrue\n")
    }

    /// Contexts longer than a window: the answers of transformers' pipeline.
    @Test(arguments: zip(["spans", "spans-llama"], ["bert-uncased-small", "llama3-small"]))
    func answersInWindowsAreThePipelines(fixture: String, tokenizer: String) throws {
        let scratch = Scratch()
        let spans = joinPath(root, "Tests/Fixtures/\(fixture)")
        let model = try scratch.copy(spans, as: "model")
        let tokenizer = joinPath(root, "Tests/Fixtures/tokenizers/\(tokenizer).json")
        try writeFile(joinPath(model, "tokenizer.json"), readFile(tokenizer))
        let outcome = runScript(
            """
            cfg = params(at="")
            m = span_reader(cfg.at)
            cases = json.load(cfg.at + "/expected.json")
            several = 0
            for case in cases:
                r = m.answer(frame({"q": [case["question"]]})["q"], context=frame({"c": [case["context"]]})["c"],
                             max_length=case["max_length"], stride=case["stride"],
                             max_answer_tokens=case["max_answer_tokens"])
                same = (r["answer"][0], r["start"][0], r["end"][0]) == (case["answer"], case["start"], case["end"])
                if not same or abs(r["probability"][0] / case["probability"] - 1) > 1e-3:
                    print(case["question"], case["max_length"], r["answer"][0], case["answer"],
                          r["probability"][0], case["probability"])
                if case["windows"] > 1:
                    several += 1
            print(several > 10, len(cases))
            all = m.answer(frame({"q": [c["question"] for c in cases]})["q"],
                           context=frame({"c": [c["context"] for c in cases]})["c"], max_length=64)
            print(len(all), all["start"][0] >= 0, all["null_score"].isna().all())
            """, parameters: ["at": model])
        #expect(outcome.message == "")
        #expect(outcome.output == "True 24\n24 True \(fixture == "spans" ? "False" : "True")\n")
        let tight = runScript(
            """
            cfg = params(at="")
            m = span_reader(cfg.at)
            df = frame({"q": ["a", "who wrote the first letter"], "c": ["b", "the cat sat on the mat " * 9]})
            m.answer(df["q"], context=df["c"], max_length=14, stride=12)
            """, parameters: ["at": model])
        #expect(tight.message.contains("row 1: the question leaves"), "\(tight.message)")
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
            d = classifier(cfg.at + "/bert", state_dict=cfg.at + "/torch-files/numpy.npz").logits(rows)["a"][0]
            print(a == b, a == c, abs(a - c) < 0.2, a == d)
            e = classifier(cfg.at + "/wide", weights="nf4").logits(rows)["a"][0]
            f = classifier(cfg.at + "/wide").logits(rows)["a"][0]
            print(e == f, abs(e - f) < 0.5)
            """)
        #expect(outcome.message == "")
        #expect(outcome.output == "True False True True\nFalse True\n")
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
            (
                "causal_lm(cfg.at + \"/qwen2\").generate(tokens([[5]]))",
                "no tokenizer to make text of tokens"
            ),
            (
                "causal_lm(cfg.at + \"/qwen2\").generate(tokens([[5]]), ids=True, top_k=3)",
                "temperature=0 draws nothing"
            ),
            (
                "causal_lm(cfg.at + \"/qwen2\").generate(tokens([[5]]), ids=True, max_new_tokens=0)",
                "max_new_tokens is 1 to"
            ),
            (
                "classifier(cfg.at + \"/bert\").logits(tokens([[5]]), adapter=\"x\")",
                "the model has no adapters by name"
            ),
            ("classifier(cfg.at + \"/bert\", merge=True)", "merge= is for adapter="),
            ("classifier(cfg.at + \"/bert\", adapter={})", "names no adapter"),
            ("classifier(cfg.at + \"/bert\", adapter={\"a\": 3})", "an adapter is a folder or"),
            ("average_adapters([])", "needs at least one adapter"),
            ("span_reader(cfg.at + \"/qwen2\")", "no head ('qa_outputs.weight')"),
            ("span_reader(cfg.at + \"/bert\")", "no head ('qa_outputs.weight')"),
            ("classifier(cfg.at + \"/bert-embed\")", "the model has no head"),
            ("inspect(cfg.at)", "there is neither"),
        ] {
            let outcome = run(script)
            #expect(outcome.message.contains(words), "\(script): \(outcome.message)")
        }
    }
}
