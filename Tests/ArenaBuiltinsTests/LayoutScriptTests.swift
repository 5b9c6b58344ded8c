// Layouts, cuts and token rows as scripts use them: the data parts of a label-token judge, a cloze, a
// five-fold encoder and a large answerer, and the judge's cut once more by hand.

import ArenaCore
import Glibc
import Testing

@Suite struct LayoutScriptTests {
    /// A folder with test.csv, and a model's folder with a tokenizer of a family and its settings.
    private func prepare(
        _ family: String, config: String
    ) throws -> (scratch: Scratch, parameters: [String: String]) {
        let scratch = Scratch()
        var rows = "id,prompt,response_a,response_b\n"
        let words = ["one", "two", "three", "the quick answer", "caf\\u00e9", "<eos>", ""]
        func cell(_ turns: [String]) -> String {
            "\"[" + turns.map { "\"\"\($0)\"\"" }.joined(separator: ",") + "]\""
        }
        for row in 0..<12 {
            let turns = 1 + row % 3
            let cells = (0..<3).map { column in
                cell(
                    (0..<turns).map { turn in
                        String(
                            repeating: words[(row + column + turn) % words.count] + " ",
                            count: 1 + (row * 7 + column * 3) % 11)
                    })
            }
            rows += "\(1000 + row),\(cells.joined(separator: ","))\n"
        }
        _ = try scratch.file("test.csv", rows)
        let model = joinPath(scratch.path, "model")
        mkdir(model, 0o755)
        let json = try readFile(joinPath(root, "Tests/Fixtures/tokenizers/\(family).json"))
        try writeFile(joinPath(model, "tokenizer.json"), json)
        try writeFile(joinPath(model, "tokenizer_config.json"), Array(config.utf8))
        return (scratch, ["data": scratch.path, "model": model])
    }

    private static let llama = #"{"bos_token":"<|begin_of_text|>","eos_token":"<|end_of_text|>"}"#

    private static let question = """
        QUESTION = "\\n\\n---------\\nWhich is the better response for the prompt ? a or b or tie ?\\n\\nAnswer: "

        """

    private static let byHand = """
        cfg = params(data="/kaggle/input/lmsys-chatbot-arena", model="/kaggle/input/llama-3.1-8b-4bit", max_length=40)
        \(question)test = read_csv(cfg.data + "/test.csv", key="id")
        tok = tokenizer(cfg.model)
        ids = {c: tok.encode(test[c].turns(read="python", null=""), add_special_tokens=False) for c in ["prompt", "response_a", "response_b"]}

        def cut(p, a, b):
            total, keep = 0, 0
            for i in reversed(range(len(p))):
                keep += 1
                total += len(p[i]) + len(a[i]) + len(b[i])
                if total > cfg.max_length:
                    break
            parts = [[t for turn in x[len(x) - keep:] for t in turn] for x in (p, a, b)]
            sizes = [len(x) for x in parts]
            over = sum(sizes) - cfg.max_length
            if over > 0:
                parts = [x[:len(x) - int(n / sum(sizes) * over)] for x, n in zip(parts, sizes)]
            return [tok.bos_id] + tok("<prompt>: ") + parts[0] + tok("\\n\\n<response_a>: ") + parts[1] + tok("\\n\\n<response_b>: ") + parts[2] + tok(QUESTION)

        rows = par_map(lambda r: cut(*r), zip(ids["prompt"], ids["response_a"], ids["response_b"]))
        encoded = tokens(rows, key=test.key)
        print(encoded.lengths().describe())

        """

    @Test func aCutByHandAndTheLayoutAreTheSame() throws {
        let (scratch, parameters) = try prepare("llama3-small", config: Self.llama)
        let outcome = runScript(
            Self.byHand + """
                turns = test.assign(**{c: test[c].turns(read="python", null="") for c in ["prompt", "response_a", "response_b"]})
                assert (turns["prompt"].len() == turns["response_a"].len()).all(), "turn counts differ"
                question = layout([bos(), part("<prompt>: ", "prompt"), part("\\n\\n<response_a>: ", "response_a"),
                                   part("\\n\\n<response_b>: ", "response_b"), fixed(QUESTION)],
                                  max_tokens=cfg.max_length, keep="last_turns", overflow="proportional_tail", counts="parts")
                laid = tok.encode(question(turns))
                print(list(laid) == list(encoded), len(laid), laid.lengths().key == test.key)
                """, parameters: parameters)
        #expect(outcome.message == "")
        #expect(
            outcome.output.contains("count") && outcome.output.hasSuffix("True 12 True\n"),
            "\(outcome.output)")
        withExtendedLifetime(scratch) {}
    }

    @Test func aJudgeOfLabelTokens() throws {
        let (scratch, parameters) = try prepare("llama3-small", config: Self.llama)
        let outcome = runScript(
            """
            cfg = params(data="", model="", max_length=90)
            \(Self.question)test = read_csv(cfg.data + "/test.csv", key="id")
            turns = test.assign(**{c: test[c].turns(read="python", null="") for c in ["prompt", "response_a", "response_b"]})
            assert (turns["prompt"].len() == turns["response_a"].len()).all(), "turn counts differ"

            question = layout([bos(), part("<prompt>: ", "prompt"), part("\\n\\n<response_a>: ", "response_a"),
                               part("\\n\\n<response_b>: ", "response_b"), fixed(QUESTION)],
                              max_tokens=cfg.max_length, keep="last_turns", overflow="proportional_tail")
            tok = tokenizer(cfg.model)
            x = tok.encode(question(turns))
            end = tok(QUESTION)
            print(all([len(r) <= 90 and r[-len(end):] == end and r[0] == tok.bos_id for r in x]), len(tok.label_ids(["a", "b", "tie"])))
            """, parameters: parameters)
        #expect(outcome.message == "")
        #expect(outcome.output == "True 3\n")
        #expect(
            outcome.notes.contains { $0.contains("rows cut") && $0.contains("prompt") },
            "\(outcome.notes)")
        withExtendedLifetime(scratch) {}
    }

    @Test func aCloze() throws {
        let (scratch, parameters) = try prepare(
            "deberta-v3-small",
            config:
                #"{"mask_token":"[MASK]","cls_token":"[CLS]","sep_token":"[SEP]","pad_token":"[PAD]"}"#
        )
        let outcome = runScript(
            """
            cfg = params(data="", model="")
            test = read_csv(cfg.data + "/test.csv", key="id")
            tok = tokenizer(cfg.model)

            def field(c):
                text = test[c].turns(read="split", null="word").join(" ").replace("[MASK]", "")
                return tok.head_tail(text, head=8, tail=8, over=16)

            pad = " " * 24
            cloze = layout([part("", "prompt"), fixed(":\\n" + pad + "Response A: "), part("", "response_a"), fixed("\\n" + pad + "Response B: "), part("", "response_b"),
                            fixed("\\n" + pad + "Which is better? Choose 'A', 'B', or 'both'.\\n" + tok.mask_token)], max_tokens=1600)
            t = test.assign(prompt=field("prompt"), response_a=field("response_a"), response_b=field("response_b"))
            x = tok.encode(cloze(t))
            whole = template("{prompt}:\\n" + pad + "Response A: {response_a}\\n" + pad + "Response B: {response_b}\\n" + pad + "Which is better? Choose 'A', 'B', or 'both'.\\n" + tok.mask_token)
            print(list(x) == list(tok.encode(whole(t), max_length=1600)), all([r[-2] == tok.mask_id for r in x]))
            """, parameters: parameters)
        #expect(outcome.message == "")
        #expect(outcome.output == "True True\n")
        withExtendedLifetime(scratch) {}
    }

    @Test func fiveFolds() throws {
        let (scratch, parameters) = try prepare(
            "deberta-v3-small", config: #"{"cls_token":"[CLS]","sep_token":"[SEP]"}"#)
        let outcome = runScript(
            """
            cfg = params(data="", model="")
            test = read_csv(cfg.data + "/test.csv", key="id")
            pieces = layout([special("[CLS]"), part("", "prompt", share=0.25), special("[SEP]"), part("", "response_a", share=0.5), special("[SEP]"),
                             part("", "response_b")], max_tokens=60, budget="of_the_rest", segments=[0, 0, 0, 1, 1, 2])
            x = tokenizer(cfg.model).encode(pieces(test))
            print(max(list(x.lengths())), x.type_ids(0)[0], x.type_ids(0)[-1], len(x.key))
            """, parameters: parameters)
        #expect(outcome.message == "")
        #expect(outcome.output == "60 0 2 12\n")
        withExtendedLifetime(scratch) {}
    }

    @Test func aLargeAnswerer() throws {
        let (scratch, parameters) = try prepare("gemma-small", config: #"{"bos_token":"<bos>"}"#)
        let outcome = runScript(
            """
            cfg = params(data="", model="")
            test = read_csv(cfg.data + "/test.csv", key="id")
            t = test.assign(**{c: test[c].turns(read="python", null="").join(" ") for c in ["prompt", "response_a", "response_b"]})
            bar = "\\n\\n" + "#" * 25 + "\\n"
            ask = layout([fixed("Read the prompt and the two responses, then answer A, B or tie." + bar + "PROMPT: "), part("", "prompt"), fixed(bar + "RESPONSE A: "),
                          part("", "response_a"), fixed(bar + "RESPONSE B: "), part("", "response_b"), fixed(bar + "Answer: ")], max_tokens=200)
            tok = tokenizer(cfg.model)
            x = tok.encode(ask(t))
            print(max(list(x.lengths())) <= 200, all([tok.decode(r).endswith("Answer: ") for r in x]), all([r[0] == tok.bos_id for r in x]))
            """, parameters: parameters)
        #expect(outcome.message == "")
        #expect(outcome.output == "True True True\n")
        withExtendedLifetime(scratch) {}
    }

    @Test func aModelTakesRowsThatAreLaidOut() {
        let outcome = runScript(
            """
            m = classifier("Resources/demo/model", labels=["a", "b", "tie"])
            df = read_csv("Resources/demo/test.csv", key="id").head(3)
            rows = layout([part("<prompt>: ", "prompt"), part("\\n\\n<response_a>: ", "response_a")], max_tokens=32)
            p = m.predict_proba(rows(df))
            q = m.predict_proba(m.tokenizer.encode(rows(df)))
            print((p["a"] == q["a"]).all(), p.shape)
            """)
        #expect(outcome.message == "")
        #expect(outcome.output == "True (3, 3)\n")
    }

    @Test(arguments: [
        ("layout([])", "layout() needs pieces"), ("layout([\"x\"])", "not a str"),
        ("layout([part(\"\", \"a\", share=2)])", "at most 1"),
        ("layout([part(\"\", \"a\", share=0.5)])", "needs max_tokens"),
        ("layout([part(\"\", \"a\")], keep=\"first\")", "is one of head"),
        ("layout([part(\"\", \"a\")], segments=[1, 2])", "each of the 1 pieces"),
        ("layout([bos(), part(\"\", \"a\")], join=\"text\")", "cannot be one text"),
        ("layout([part(\"\", \"a\")])(frame({\"b\": [1]}))", "'a'"),
        ("each_turn([fixed(\"x\")])", "parts without limits"), ("special(-1)", "no token id"),
        ("t.encode(layout([special(\"[Q]\")])(frame({\"a\": [\"\"]})))", "'[Q]' is not a token"),
        (
            "t.encode(layout([fixed(\"a b c d e f\"), part(\"\", \"a\")], max_tokens=3)(frame({\"a\": [\"\"]})))",
            "leaves no room"
        ),
        ("t.apply_chat_template([])", "no chat template"), ("t.encode(\"x\", offsets=1)", "bool"),
        ("t.encode([\"x\"]).offsets(0)", "without offsets"),
        ("tokens([[1]]).percentile(101)", "0 to 100"),
        ("tokens([[1]])[5]", "outside tokens of 1 rows"),
        ("t.head_tail(\"x\", head=-1, tail=1)", "at least 0"),
    ])
    func refuses(_ call: String, _ message: String) {
        let outcome = runScript("t = tokenizer(\"Resources/demo/model\")\n" + call)
        #expect(outcome.message.contains(message), "\(call): \(outcome.message)")
    }

    @Test func tokenRowsCanBeSlicedAndKeepTheirKeys() {
        let outcome = runScript(
            """
            t = tokenizer("Resources/demo/model")
            df = frame({"id": [7, 8, 9], "a": ["one two three", "four", "five six"]}, key="id")
            x = t.encode(df["a"], add_special_tokens=False, offsets=True)
            print(x[1:].key, x[::-1].key, x[x.lengths() > 1].lengths().key, x.total == sum([len(r) for r in x]))
            print(x.take([2, 0]).offsets(0) == x.offsets(2), x.to_column()[0] == x[0], x.concat(t.encode(["zwölf"], offsets=True)).key)
            print([df["a"][0][s:e] for s, e in x.offsets(0)], x.sequence_ids(0)[0])
            """)
        #expect(outcome.message == "")
        #expect(outcome.output.hasPrefix("[8, 9] [9, 8, 7] ["), "\(outcome.output)")
        #expect(outcome.output.contains("True True None"), "\(outcome.output)")
    }
}
