// Tokenizers in the formats beside tokenizer.json: ids equal to those of the formats' own readers, settings
// honoured, damaged files refused; and what stands around pairs.

import ArenaCore
import Testing

@testable import ArenaText

@Suite struct FilesTests {
    @Test(arguments: [
        "bert", "bert-accents", "gpt2", "tekken", "sentencepiece-bpe", "sentencepiece-unigram",
    ])
    func idsEqualThoseOfTheFormatsOwnReaders(_ folder: String) throws {
        let golden = try readFixture("tokenizer-files/ids.json")
        let texts = try #require(golden["texts"]?.elements).map { $0.stringBytes ?? [] }
        let expected = try #require(golden[folder]?.elements).map(ids)
        #expect(texts.count == expected.count && texts.count >= 300)
        let tokenizer = try Tokenizer(path: fixture("tokenizer-files/\(folder)"))
        let options = Tokenizer.Options(addSpecialTokens: false)
        for (text, ids) in zip(texts, expected) {
            #expect(
                try text.withUnsafeBytes { try tokenizer.encode($0, options) } == ids,
                "\(String(decoding: text, as: UTF8.self).debugDescription)")
        }
    }

    @Test func decodesWhatItEncodes() throws {
        for folder in ["gpt2", "tekken", "sentencepiece-bpe"] {
            let t = try Tokenizer(path: fixture("tokenizer-files/\(folder)"))
            let text = "The rain's 12 w\u{F6}rds."
            let decoded = t.decode(try t.encode(text, addSpecialTokens: false))
            #expect(decoded == text || decoded == " " + text, "\(folder): \(decoded)")
        }
    }

    @Test func putsPairsTogetherWithTheirTypes() throws {
        let t = try Tokenizer(path: fixture("tokenizers/bert-uncased-small.json"))
        let texts = Texts([Array("the rain".utf8), Array("in spain in spain".utf8)])
        func pair(_ most: Int?, _ cut: Tokenizer.PairCut = .longestFirst) throws -> TokenRows {
            try t.encodePairs(
                count: 1, options: .init(maxLength: most, cut: cut, wantsTypes: true),
                firstAt: { _ in texts.buffers[0] }, secondAt: { _ in texts.buffers[1] })
        }
        let a = try t.encode("the rain", addSpecialTokens: false)
        let b = try t.encode("in spain in spain", addSpecialTokens: false)
        let (cls, sep) = (try #require(t.tokenToID("[CLS]")), try #require(t.tokenToID("[SEP]")))
        let whole = try pair(nil)
        #expect(whole.ids == [cls] + a + [sep] + b + [sep])
        #expect(
            whole.types == Array(repeating: 0, count: a.count + 2)
                + Array(repeating: 1, count: b.count + 1))
        let least = a.count + 3 + 3
        #expect(try pair(least).ids == [cls] + a + [sep] + b.prefix(3) + [sep])
        #expect(try pair(b.count + 4, .onlyFirst).ids == [cls] + a.prefix(1) + [sep] + b + [sep])
        #expect(try pair(least).rowsCut == 1 && pair(least).tokensCut == b.count - 3)
        #expect(
            report { _ = try pair(4, .onlySecond) }?.message
                == "row 0: only_second cannot cut the pair to max_length=4")
        #expect(try pair(3).ids == [cls, sep, sep])
        #expect(keptOfPair((3, 9), 8, .longestFirst).map { [$0.0, $0.1] } == [3, 5])
        #expect(keptOfPair((9, 7), 7, .longestFirst).map { [$0.0, $0.1] } == [4, 3])
    }

    @Test func addsTokensAtRunTime() throws {
        let t = try Tokenizer(path: fixture("tokenizers/bert-uncased-small.json"))
        let (more, count) = try t.adding(["[X]", "[X]", "the", ""], special: true)
        #expect(count == 2 && more.tokenToID("[X]") == Int32(t.vocabularySize))
        #expect(
            try more.encode("a [X]", addSpecialTokens: false).last == Int32(t.vocabularySize))
        #expect(more.vocabularySize == t.vocabularySize + 1 && t.tokenToID("[X]") == nil)
    }

    /// Every file cut short or with bytes changed is an error or a tokenizer, never a crash.
    @Test func damagedFilesAreErrorsOrTokenizers() throws {
        var random = Random(state: 7)
        for (name, file) in [
            ("spiece.model", "sentencepiece-unigram/spiece.model"),
            ("tokenizer.model", "sentencepiece-bpe/tokenizer.model"),
            ("tekken.json", "tekken/tekken.json"), ("vocab.txt", "bert/vocab.txt"),
        ] {
            let whole = try readBytes(fixture("tokenizer-files/\(file)"))
            var refused = 0
            for round in 0..<60 {
                var bytes = whole
                if round % 2 == 0 {
                    bytes.removeLast(1 + random.next(bytes.count - 1))
                } else {
                    for _ in 0...random.next(8) {
                        bytes[random.next(bytes.count)] = UInt8(random.next(256))
                    }
                }
                try withTemporaryFolder { folder in
                    let path = joinPath(folder, name)
                    try writeBytes(bytes, to: path)
                    do throws(TokenizerError) {
                        let tokenizer = try Tokenizer(path: path)
                        _ = tokenizer.decode(try tokenizer.ids("the rain \u{E9}<s>"))
                    } catch {
                        refused += 1
                        #expect(!error.report.message.isEmpty)
                    }
                }
            }
            #expect(refused > 5, "\(name)")
        }
    }
}
