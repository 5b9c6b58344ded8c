// What stands around a text, cutting to a length, batches, and texts that are not well-formed.

import ArenaCore
import Testing

@testable import ArenaText

@Suite struct EncodeTests {
    static let added = #"""
        {"id":257,"content":"<s>","special":true,"normalized":false},
        {"id":258,"content":"</s>","special":true,"normalized":false},
        {"id":259,"content":"<p>","special":false,"normalized":false}
        """#
    static let post = #"""
        {"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},
        {"Sequence":{"id":"A","type_id":0}}],"pair":[],
        "special_tokens":{"<s>":{"id":"<s>","ids":[257],"tokens":["<s>"]}}}
        """#
    static let config = #"""
        {"bos_token":{"content":"<s>","lstrip":false},"eos_token":"</s>","pad_token":null,
        "model_max_length":1000000000000000019884624838656,"padding_side":"left"}
        """#

    func tokenizer(config: String? = EncodeTests.config, post: String = EncodeTests.post) throws
        -> Tokenizer
    {
        try Tokenizer(byteTokenizer(added: Self.added, post: post), config: config)
    }

    @Test func readsTheSettingsBesideTheFile() throws {
        let t = try tokenizer()
        #expect(t.bosID == 257 && t.eosID == 258 && t.padID == nil)
        #expect(t.modelMaxLength == nil && t.paddingSide == .left && t.truncationSide == .right)
        #expect(t.vocabularySize == 260)
        #expect(t.tokenToID("ab") == 256 && t.tokenToID("</s>") == 258 && t.tokenToID("abc") == nil)
        #expect(t.idToToken(259) == "<p>" && t.idToToken(260) == nil)
        try withTemporaryFolder { folder in
            try write(byteTokenizer(added: Self.added), to: folder + "/tokenizer.json")
            try write(
                #"{"eos_token":"</s>","model_max_length":8192,"truncation_side":"left"}"#,
                to: folder + "/tokenizer_config.json")
            for path in [folder, folder + "/tokenizer.json"] {
                let t = try Tokenizer(path: path)
                #expect(
                    t.eosID == 258 && t.bosID == nil && t.modelMaxLength == 8192
                        && t.truncationSide == .left)
            }
        }
    }

    @Test func putsSpecialTokensAround() throws {
        let t = try tokenizer()
        #expect(try t.encode("abc") == [257, 256, 99])
        #expect(try t.encode("abc", addSpecialTokens: false) == [256, 99])
        #expect(try t.encode("abc", addEOS: true) == [257, 256, 99, 258])
        // As in transformers, without special tokens there is no eos either.
        #expect(try t.encode("abc", addSpecialTokens: false, addEOS: true) == [256, 99])
        #expect(try t.encode("", addEOS: true) == [257, 258])
    }

    @Test func flagsOfTheConfigCountWithoutAPostProcessor() throws {
        let config =
            #"{"bos_token":"<s>","eos_token":"</s>","add_bos_token":true,"add_eos_token":true}"#
        let t = try tokenizer(config: config, post: "null")
        #expect(try t.encode("x") == [257, 120, 258])
        #expect(try t.encode("x", addEOS: true) == [257, 120, 258])
        #expect(try tokenizer(config: config).encode("x") == [257, 120])
    }

    @Test func cutsWithSpecialTokensCounted() throws {
        let t = try tokenizer()
        let text = "xyzuvw"
        let whole = text.utf8.map { Int32($0) }
        for length in 2...10 {
            let right = try t.ids(text, .init(addEOS: true, maxLength: length))
            #expect(right == [257] + whole.prefix(length - 2) + [258])
            let left = try t.ids(
                text, .init(addEOS: true, maxLength: length, truncationSide: .left))
            #expect(left == [257] + whole.suffix(length - 2) + [258])
            let bare = try t.ids(text, .init(addSpecialTokens: false, maxLength: length))
            #expect(bare == Array(whole.prefix(length)))
        }
        let text0 = report { _ = try t.ids(text, .init(addEOS: true, maxLength: 1)) }
        #expect(text0?.message == "max_length=1 leaves no room beside 2 special tokens")
        #expect(try t.specialTokenCount(.init(addEOS: true)) == 2)
        let noEnd = try tokenizer(config: nil)
        #expect(
            report { _ = try noEnd.encode("a", addEOS: true) }?.message.contains(
                "names no eos_token") == true)
    }

    @Test func parsesSpecialTokensInTextOnlyIfAsked() throws {
        let t = try tokenizer()
        #expect(try t.ids("</s><p>", .init(addSpecialTokens: false)) == [258, 259])
        #expect(
            try t.ids("</s><p>", .init(addSpecialTokens: false, parseSpecial: false)) == [
                60, 47, 115, 62, 259,
            ])
    }

    @Test func batchesAreTheSameForAnyNumberOfWorkers() throws {
        let t = try Tokenizer(path: fixture("tokenizers/gemma-small.json"))
        let corpus = try #require(try readFixture("tokenizers/corpus.json").elements).map {
            $0.stringBytes ?? []
        }
        let texts = Texts(corpus)
        let options = Tokenizer.Options(maxLength: 12)
        let one = try t.encodeBatch(count: corpus.count, workers: 1, options: options) {
            texts.buffers[$0]
        }
        var lost = 0
        var rows = 0
        for i in 0..<corpus.count {
            #expect(try Array(one.row(i)) == t.encode(texts.buffers[i], options))
            let full = try t.encode(texts.buffers[i]).count
            lost += max(0, full - 12)
            rows += full > 12 ? 1 : 0
        }
        #expect(one.rowsCut == rows && one.tokensCut == lost && one.wasCut && rows > 100)
        #expect(one.lengths.reduce(0, +) == one.ids.count && one.count == corpus.count)
        for workers in [2, 3, 7, 5000] {
            let other = try t.encodeBatch(count: corpus.count, workers: workers, options: options) {
                texts.buffers[$0]
            }
            #expect(other == one)
        }
        #expect(try t.encodeBatch(count: 0) { texts.buffers[$0] } == TokenRows())
    }

    @Test func readsIllFormedTextAsADecoderDoes() throws {
        let t = try Tokenizer(byteTokenizer())
        let cases: [([UInt8], String, Int)] = [
            ([0x61, 0xFF, 0x62], "a\u{FFFD}b", 1),
            ([0xE2, 0x82], "\u{FFFD}", 1),
            ([0xE2, 0x82, 0x41], "\u{FFFD}A", 1),
            ([0xF0, 0x9F, 0x98, 0x20], "\u{FFFD} ", 1),
            ([0xED, 0xA0, 0x80], "\u{FFFD}\u{FFFD}\u{FFFD}", 3),
            ([0xC0, 0xAF], "\u{FFFD}\u{FFFD}", 2),
            ([0xF4, 0x90, 0x80, 0x80], "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}", 4),
        ]
        let texts = Texts(cases.map(\.0))
        let rows = try t.encodeBatch(count: cases.count) { texts.buffers[$0] }
        for i in 0..<cases.count {
            #expect(try Array(rows.row(i)) == t.encode(cases[i].1), "\(cases[i].0)")
            #expect(t.decode(rows.row(i)) == cases[i].1)
        }
        #expect(rows.repairCount == cases.reduce(0) { $0 + $1.2 })
    }

    @Test func countsCharactersWithoutAToken() throws {
        let json = #"""
            {"added_tokens":[],"pre_tokenizer":null,"decoder":{"type":"Fuse"},
            "model":{"type":"BPE","unk_token":"?","fuse_unk":true,"vocab":{"?":0,"a":1},"merges":[]}}
            """#
        let t = try Tokenizer(json)
        let texts = Texts([Array("axxa".utf8), Array("é".utf8), Array("aa".utf8)])
        let rows = try t.encodeBatch(count: 3) { texts.buffers[$0] }
        #expect(rows.ids == [1, 0, 1, 0, 1, 1] && rows.unknownCount == 3)
    }

    /// Tokens of every way to cut are independent of what the caches held before.
    @Test func cachesNeverChangeIDs() throws {
        let path = fixture("tokenizers/llama3-small.json")
        let corpus = try #require(try readFixture("tokenizers/corpus.json").elements).map {
            $0.stringBytes ?? []
        }
        let texts = Texts(corpus)
        let warm = try Tokenizer(path: path)
        let first = try warm.encodeBatch(count: corpus.count, workers: 1) { texts.buffers[$0] }
        let again = try warm.encodeBatch(count: corpus.count, workers: 1) {
            texts.buffers[corpus.count - 1 - $0]
        }
        for i in 0..<corpus.count { #expect(first.row(i) == again.row(corpus.count - 1 - i)) }
    }

    @Test func cacheStartsAgainWhenFull() throws {
        let t = try Tokenizer(byteTokenizer())
        // More distinct words than the cache has room for, short ones and long ones.
        for number in 0..<150_000 {
            let word = "w\(number)" + (number % 7 == 0 ? String(repeating: "ab", count: 8) : "")
            let plain =
                word.hasSuffix("ab")
                ? word.utf8.dropLast(16).map { Int32($0) } + [Int32](repeating: 256, count: 8)
                : word.utf8.map { Int32($0) }
            if try t.encode(word) != plain { Issue.record("\(word)") }
        }
    }
}
