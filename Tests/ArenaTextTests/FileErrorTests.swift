// Files that cannot be used: each refusal names the file, the key and what is known.

import ArenaCore
import Testing

@testable import ArenaText

@Suite struct FileErrorTests {
    /// The message for a tokenizer.json with one thing replaced.
    func refusal(_ json: String, config: String? = nil) -> FaultReport? {
        report { _ = try Tokenizer(json, config: config) }
    }

    static let good = #"""
        {"added_tokens":[],"normalizer":null,"pre_tokenizer":null,"post_processor":null,"decoder":null,
        "model":{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]}}
        """#

    func changed(_ from: String, _ to: String) -> String {
        let parts = Self.good.split(separator: from, maxSplits: 1, omittingEmptySubsequences: false)
        return parts.count == 2 ? parts[0] + to + parts[1] : ""
    }

    @Test func theUnchangedFileIsRead() throws {
        #expect(try Tokenizer(Self.good).encode("abba") == [2, 1, 0])
    }

    @Test(arguments: [
        (
            #""normalizer":null"#, #""normalizer":{"type":"Bert"}"#,
            "normalizer: the normalizer 'Bert' is not supported",
            "known: BertNormalizer, ByteLevel, Lowercase, NFC, NFD, NFKC, NFKD, Nmt, Precompiled"
        ),
        (
            #""normalizer":null"#,
            #""normalizer":{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"NFX"}]}"#,
            "normalizer.normalizers[1]: the normalizer 'NFX' is not supported",
            "known: BertNormalizer"
        ),
        (
            #""normalizer":null"#,
            #""normalizer":{"type":"Replace","pattern":{"Regex":"\\w+"},"content":""}"#,
            #"normalizer.pattern.Regex: the pattern is not one of those supported: \w+"#,
            "the known families"
        ),
        (
            #""normalizer":null"#,
            #""normalizer":{"type":"Replace","pattern":{"String":""},"content":""}"#,
            "normalizer.pattern.String: an empty pattern is not supported", "a string"
        ),
        (
            #""pre_tokenizer":null"#, #""pre_tokenizer":{"type":"Sentences"}"#,
            "pre_tokenizer: the pre-tokenizer 'Sentences' is not supported",
            "known: BertPreTokenizer, ByteLevel, CharDelimiterSplit, Digits, Metaspace"
        ),
        (
            #""pre_tokenizer":null"#,
            #""pre_tokenizer":{"type":"Split","pattern":{"Regex":"\\w+"},"behavior":"Isolated","invert":false}"#,
            #"pre_tokenizer.pattern.Regex: the pattern is not one of those supported: \w+"#,
            "the known families"
        ),
        (
            #""pre_tokenizer":null"#,
            #""pre_tokenizer":{"type":"Split","pattern":{"String":"a"},"behavior":"Merged","invert":false}"#,
            "pre_tokenizer.behavior: Merged is not supported", "Removed, Isolated"
        ),
        (
            #""pre_tokenizer":null"#,
            #""pre_tokenizer":{"type":"Split","pattern":{"Regex":"(a"},"behavior":"Isolated"}"#,
            "pre_tokenizer.pattern.Regex: missing closing parenthesis in the pattern (a",
            "contradicts"
        ),
        (
            #""post_processor":null"#, #""post_processor":{"type":"BertProcessing"}"#,
            "the tokenizer file has no post_processor.cls", "damaged"
        ),
        (
            #""post_processor":null"#,
            #""post_processor":{"type":"RobertaProcessing","cls":["a",0],"sep":["x",7]}"#,
            "post_processor.sep[1]: no token has the id 7", "contradicts"
        ),
        (
            #""post_processor":null"#,
            #""post_processor":{"type":"TemplateProcessing","single":[{"Sequence":{"id":"A"}}],"pair":[{"Sequence":{"id":"B"}}]}"#,
            "post_processor.pair[0].Sequence: sequence B in this place of 'pair' is not supported",
            "sequence A, then B, once each"
        ),
        (
            #""post_processor":null"#, #""post_processor":{"type":"Bert"}"#,
            "post_processor: the post-processor 'Bert' is not supported",
            "known: BertProcessing, ByteLevel, RobertaProcessing, Sequence, TemplateProcessing"
        ),
        (
            #""post_processor":null"#,
            #""post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>"}}]}"#,
            "post_processor.single[0]: '<s>' is not in post_processor.special_tokens", "contradicts"
        ),
        (
            #""post_processor":null"#,
            #""post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"x"}},{"Sequence":{"id":"A"}}],"special_tokens":{"x":{"ids":[9]}}}"#,
            "post_processor.special_tokens.x.ids[0]: no token has the id 9", "contradicts"
        ),
        (
            #""decoder":null"#, #""decoder":{"type":"CTX"}"#,
            "decoder: the decoder 'CTX' is not supported", "known: BPEDecoder, ByteFallback"
        ),
        (
            #""type":"BPE""#, #""type":"Unigrams""#,
            "model.type: the model 'Unigrams' is not supported",
            "known: BPE, Unigram, WordLevel, WordPiece"
        ),
        (
            #""type":"BPE""#, #""type":"Unigram""#,
            "model.vocab should be an array, not an object", "damaged"
        ),
        (
            #""type":"BPE""#, #""type":"WordPiece""#, "the tokenizer file has no model.unk_token",
            "damaged"
        ),
        (
            #""type":"BPE""#, #""type":"WordLevel","unk_token":"?""#,
            "model.unk_token: '?' is not in model.vocab", "contradicts"
        ),
        (
            #""normalizer":null"#,
            #""normalizer":{"type":"Precompiled","precompiled_charsmap":"AAAA"}"#,
            "normalizer.precompiled_charsmap: the character map is cut short", "contradicts"
        ),
        (
            #""normalizer":null"#,
            #""normalizer":{"type":"Precompiled","precompiled_charsmap":"?"}"#,
            "normalizer.precompiled_charsmap: the character map is not base64", "contradicts"
        ),
        (
            #""type":"BPE""#, #""type":"BPE","dropout":0.1"#,
            "model.dropout: dropout is not supported", "null"
        ),
        (
            #""type":"BPE""#, #""type":"BPE","end_of_word_suffix":"</w>""#,
            "model.end_of_word_suffix: '</w>' is not supported", "null"
        ),
        (
            #""type":"BPE""#, #""type":"BPE","unk_token":"<unk>""#,
            "model.unk_token: '<unk>' is not in model.vocab", "contradicts"
        ),
        (#""b":1"#, #""b":0"#, "model.vocab['b']: the id 0 is also that of 'a'", "contradicts"),
        (
            #""b":1"#, #""a":1"#,
            "model.vocab['a']: the token is there twice, with the ids 0 and 1", "contradicts"
        ),
        (
            #""b":1"#, #""b":-1"#, "model.vocab['b']: the id -1 is outside 0 ..< 2097152",
            "contradicts"
        ),
        (
            #""b":1"#, #""b":4000000000"#, "model.vocab['b']: the id 4000000000 is outside",
            "contradicts"
        ),
        (
            #""b":1"#, #""b":1.5"#, "model.vocab['b'] should be a whole number, not that number",
            "damaged"
        ),
        (
            #""b":1"#, #""b":"1""#, "model.vocab['b'] should be a whole number, not a string",
            "damaged"
        ),
        (
            #"["a b"]"#, #"["a b","a c"]"#, "model.merges[1]: 'c' is not in model.vocab",
            "contradicts"
        ),
        (
            #"["a b"]"#, #"["a b","b a"]"#, "model.merges[1]: 'ba' is not in model.vocab",
            "contradicts"
        ),
        (
            #"["a b"]"#, #"["a b",["b","b","b"]]"#,
            #"model.merges[1] should be "left right" or ["left", "right"], not an array"#, "damaged"
        ),
        (
            #"["a b"]"#, #"["ab"]"#,
            "model.merges[0]: 'ab' is not two tokens with one space between", "contradicts"
        ),
        (#"["a b"]"#, #"["a  b"]"#, "model.merges[0]: 'a  b' is not two tokens", "contradicts"),
        (#"["a b"]"#, #"[""]"#, "model.merges[0]: '' is not two tokens", "contradicts"),
        (#"["a b"]"#, #"{"a":"b"}"#, "model.merges should be an array, not an object", "damaged"),
        (#","merges":["a b"]"#, "", "the tokenizer file has no model.merges", "damaged"),
        (
            #""added_tokens":[]"#, #""added_tokens":[{"id":7,"content":"<s>"}]"#,
            "added_tokens[0].id: '<s>' has the id 7, but by the vocabulary and the order it is 3",
            "contradicts"
        ),
        (
            #""added_tokens":[]"#, #""added_tokens":[{"content":"<s>"}]"#,
            "the tokenizer file has no added_tokens[0].id", "damaged"
        ),
        (
            #""added_tokens":[]"#, #""version":"2.0""#, "version: version 2.0 is not supported",
            "1.0"
        ),
    ])
    func refusesNamingTheKey(_ from: String, _ to: String, _ message: String, _ help: String) throws
    {
        let json = changed(from, to)
        #expect(!json.isEmpty)
        let found = try #require(refusal(json))
        #expect(found.message.hasPrefix(message), "\(found.message)")
        #expect(found.help?.contains(help) == true, "\(found.help ?? "")")
        #expect(found.place?.path == "t.json" && found.place?.line != nil)
    }

    @Test func refusesSettingsThatNameStrangers() throws {
        let found = try #require(refusal(Self.good, config: #"{"eos_token":"</s>"}"#))
        #expect(found.message == "eos_token: '</s>' is not a token of t.json")
        #expect(
            refusal(Self.good, config: #"{"padding_side":"up"}"#)?.help == "supported: left, right")
        #expect(
            refusal(Self.good, config: #"{"eos_token":7}"#)?.message
                == "eos_token should be a string, not that number")
    }

    @Test func namesMissingFiles() throws {
        try withTemporaryFolder { folder in
            let empty = try #require(report { _ = try Tokenizer(path: folder) })
            #expect(
                empty.kind == .fileNotFound
                    && empty.message == "there is no tokenizer in \(folder)")
            try write("x", to: folder + "/merges.txt")
            let other = try #require(report { _ = try Tokenizer(path: folder) })
            #expect(other.message.hasSuffix("it holds merges.txt"))
            try write("x", to: folder + "/vocab.txt")
            let missing = try #require(report { _ = try Tokenizer(path: folder + "/vocab.tx") })
            #expect(missing.kind == .fileNotFound && missing.help?.contains("vocab.txt") == true)
            let damaged = try #require(report { _ = try Tokenizer(path: folder + "/vocab.txt") })
            #expect(damaged.message == "[CLS]: the vocabulary has no such token")
        }
    }
}
