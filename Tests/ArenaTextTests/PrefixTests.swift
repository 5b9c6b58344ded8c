// Encoding no more than stays gives the tokens of encode-then-cut: every family, both sides, pairs and
// layouts, over texts made to break it.

import ArenaCore
import Testing

@testable import ArenaText

@Suite struct PrefixTests {
    static let families = [
        "bert-cased-small", "bert-uncased-small", "deberta-v3-small", "gemma-small", "llama2-small",
        "llama3-small", "mpnet-small", "nemo-small", "qwen2-small", "roberta-small", "t5-small",
        "xlmr-small",
    ]

    /// Texts from pieces of the corpus and from what stands near seams: single and double spaces, marks,
    /// ideographs, special tokens and pieces of them, ill-formed bytes.
    static func text(_ random: inout Random, _ corpus: [[UInt8]], _ size: Int) -> [UInt8] {
        let odd: [[UInt8]] = [
            " ", "  ", "\n", " \n", "\t", "a", "1", "1a", "a1", "a.", ".a", "'s", "a's", "e\u{301}",
            "\u{301}",
            " \u{301}", "\u{2581}", "a\u{2581}b", "\u{4E2D}\u{6587}", "\u{4E2D}", "\u{3002}",
            "<eos>", "</s>",
            "[SEP]", "[MASK]", " <mask> ", "<|eot_id|>", "<|eot", "_id|>", "\u{FC5E}", "\u{130}",
            "\u{DF}",
            "\u{1F469}\u{200D}\u{1F467}", "\u{0}", "\u{AD}", "\u{FF21}", "\u{3164}", "Hello world",
            "``", "''",
            "\u{AC00}\u{11A8}", "\u{1100}\u{1161}", "\u{304B}\u{3099}",
        ].map { Array($0.utf8) }
        var text: [UInt8] = []
        let style = random.next(6)
        while text.count < size {
            switch style {
            case 0: text += odd[random.next(odd.count)]
            case 1: text += corpus[random.next(corpus.count)]
            case 2: text += corpus[random.next(corpus.count)] + [0x20]
            case 3: text += Array("\(UnicodeScalar(0x4E00 + random.next(3000)) ?? "x")".utf8)
            case 4: text += odd[random.next(odd.count)] + corpus[random.next(corpus.count)]
            default: text += [UInt8(97 + random.next(3))] + (random.next(4) == 0 ? [0x20] : [])
            }
        }
        if random.next(10) == 0 { text[random.next(text.count)] = 0xFF }
        return text
    }

    static func corpus() throws -> [[UInt8]] {
        (try readFixture("tokenizers/corpus.json").elements ?? []).compactMap(\.stringBytes)
            .filter { $0.count < 400 }
    }

    @Test(arguments: families) func firstAndLastTokensAreThoseOfTheWholeText(_ family: String)
        throws
    {
        let tokenizer = try Tokenizer(path: fixture("tokenizers/\(family).json"))
        let corpus = try Self.corpus()
        #expect(tokenizer.textSeams != nil, "\(family) has no seams")
        var random = Random(state: 11)
        var stopped = 0
        for round in 0..<400 {
            let bytes = Self.text(&random, corpus, 1500 + random.next(3000))
            let texts = Texts([bytes])
            let most = 1 + random.next(120)
            for side in [Tokenizer.Side.right, .left] {
                var options = Tokenizer.Options(
                    maxLength: most + 2, truncationSide: side, parseSpecial: random.next(4) != 0)
                let early = try tokenizer.encodeBatch(count: 1, options: options) {
                    texts.buffers[$0]
                }
                options.stopsEarly = false
                let whole = try tokenizer.encodeBatch(count: 1, options: options) {
                    texts.buffers[$0]
                }
                #expect(early.ids == whole.ids, "round \(round), \(side), \(most)")
                if early.ids != whole.ids { return }
                if early.cutIsEstimate { stopped += 1 }
            }
        }
        // Most texts of this size can be taken apart somewhere.
        #expect(stopped > 200, "stopped early \(stopped) times")
    }

    @Test(arguments: ["gemma-small", "llama3-small", "bert-uncased-small", "xlmr-small"])
    func pairsToo(_ family: String) throws {
        let tokenizer = try Tokenizer(path: fixture("tokenizers/\(family).json"))
        let corpus = try Self.corpus()
        var random = Random(state: 12)
        for _ in 0..<150 {
            let texts = Texts([
                Self.text(&random, corpus, random.next(4000)),
                Self.text(&random, corpus, random.next(4000)),
            ])
            var options = Tokenizer.Options(maxLength: 10 + random.next(150), wantsTypes: true)
            options.truncationSide = random.next(2) == 0 ? .left : .right
            let early = try tokenizer.encodePairs(
                count: 1, options: options, firstAt: { _ in texts.buffers[0] },
                secondAt: { _ in texts.buffers[1] })
            options.stopsEarly = false
            let whole = try tokenizer.encodePairs(
                count: 1, options: options, firstAt: { _ in texts.buffers[0] },
                secondAt: { _ in texts.buffers[1] })
            #expect(early.ids == whole.ids && early.types == whole.types)
        }
    }

    @Test func tokensAddedAtRunTimeMayLieAcross() throws {
        for family in ["gemma-small", "llama3-small", "qwen2-small", "bert-uncased-small"] {
            let (tokenizer, _) = try Tokenizer(path: fixture("tokenizers/\(family).json"))
                .adding(["b c", "a b c a", "c a1b"], special: false)
            let (special, _) = try tokenizer.adding(["a a", "[R x]"], special: true)
            var random = Random(state: 13)
            for _ in 0..<200 {
                let bytes = (0..<3000).map { _ in Array("abc  1[]Rx".utf8)[random.next(10)] }
                let texts = Texts([bytes])
                for tokenizer in [tokenizer, special] {
                    for side in [Tokenizer.Side.right, .left] {
                        var options = Tokenizer.Options(
                            maxLength: 3 + random.next(200), truncationSide: side)
                        let early = try tokenizer.encodeBatch(count: 1, options: options) { _ in
                            texts.buffers[0]
                        }
                        options.stopsEarly = false
                        let whole = try tokenizer.encodeBatch(count: 1, options: options) { _ in
                            texts.buffers[0]
                        }
                        #expect(early.ids == whole.ids, "\(family)")
                    }
                }
            }
        }
    }
}
