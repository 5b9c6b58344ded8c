// Damaged tokenizer files and random bytes as text: an error or an answer, never a crash. Seeded.

import ArenaCore
import Testing

@testable import ArenaText

@Suite struct FuzzTests {
    /// A file small enough to be read thousands of times, with one of every part.
    static let file = Array(
        #"""
        {"version":"1.0","added_tokens":[{"id":10,"content":"<s>","special":true,"normalized":false,"lstrip":true},
        {"id":11,"content":"cab","single_word":true,"normalized":true,"rstrip":true}],
        "normalizer":{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Prepend","prepend":"_"},
        {"type":"Replace","pattern":{"String":" "},"content":"_"}]},
        "pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"String":"_"},
        "behavior":"MergedWithNext","invert":false},{"type":"Metaspace","replacement":"_","prepend_scheme":"always"}]},
        "post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},
        {"Sequence":{"id":"A","type_id":0}}],"pair":[],"special_tokens":{"<s>":{"id":"<s>","ids":[10]}}},
        "decoder":{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"_"},"content":" "},
        {"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":1}]},
        "model":{"type":"BPE","unk_token":"?","fuse_unk":true,"byte_fallback":true,
        "vocab":{"?":0,"a":1,"b":2,"c":3,"_":4,"ab":5,"_a":6,"é":7,"abc":8,"<0x41>":9},
        "merges":["a b","_ a","ab c"]}}
        """#.utf8)

    @Test func damagedFilesAreErrorsOrTokenizers() throws {
        #expect(
            try Tokenizer(json: Self.file, name: "f").encode("ab cab<s>") == [
                10, 4, 5, 4, 3, 5, 10,
            ])
        let text = "ab <s> cab ca\u{301}b?\u{1F600} A"
        var random = Random(state: 11)
        var read = 0
        for round in 0..<6000 {
            var bytes = Self.file
            switch round % 3 {
            case 0: bytes.removeLast(random.next(bytes.count))
            case 1:
                for _ in 0...random.next(3) {
                    bytes[random.next(bytes.count)] = UInt8(random.next(256))
                }
            default:
                let from = random.next(bytes.count)
                let to = min(bytes.count, from + random.next(40))
                if random.next(2) == 0 {
                    bytes.removeSubrange(from..<to)
                } else {
                    bytes.insert(contentsOf: bytes[from..<to], at: random.next(bytes.count))
                }
            }
            do throws(TokenizerError) {
                let tokenizer = try Tokenizer(json: bytes, name: "f")
                let ids = try tokenizer.ids(text)
                _ = tokenizer.decode(ids)
                read += 1
            } catch {
                #expect(!error.report.message.isEmpty)
            }
        }
        #expect(read > 100 && read < 5000)
    }

    /// Bytes changed, cut out, doubled or cut off.
    static func damage(_ bytes: inout [UInt8], _ random: inout Random) {
        guard !bytes.isEmpty else { return }
        switch random.next(4) {
        case 0: bytes.removeLast(random.next(bytes.count))
        case 1:
            for _ in 0...random.next(5) {
                bytes[random.next(bytes.count)] = UInt8(random.next(256))
            }
        case 2:
            // Digits and signs of JSON, so that most of it still parses.
            let signs = Array("0123456789-{}[],:\"\\".utf8)
            for _ in 0...random.next(4) {
                bytes[random.next(bytes.count)] = signs[random.next(signs.count)]
            }
        default:
            let from = random.next(bytes.count)
            let to = min(bytes.count, from + random.next(60))
            if random.next(2) == 0 {
                bytes.removeSubrange(from..<to)
            } else {
                bytes.insert(contentsOf: bytes[from..<to], at: random.next(bytes.count))
            }
        }
    }

    static let text =
        "The quick ab <s> </s> [MASK] ca\u{301}b?\u{1F600} \u{4F60}\u{597D} 12345 A\n\n  \u{661}"

    /// Every family's file, its bytes damaged.
    @Test(
        arguments: [
            "bert-cased-small", "bert-uncased-small", "deberta-v3-small", "gemma-small",
            "llama2-small",
            "llama3-small", "mpnet-small", "nemo-small", "qwen2-small", "roberta-small", "t5-small",
            "xlmr-small",
        ])
    func damagedFamiliesAreErrorsOrTokenizers(_ name: String) throws {
        let file = Array(try readFile(fixture("tokenizers/\(name).json")))
        var random = Random(state: name.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) })
        for _ in 0..<120 {
            var bytes = file
            Self.damage(&bytes, &random)
            do throws(TokenizerError) {
                let tokenizer = try Tokenizer(json: bytes, name: "f")
                let ids = try tokenizer.ids(Self.text)
                _ = tokenizer.decode(ids)
            } catch {
                #expect(!error.report.message.isEmpty)
            }
        }
    }

    /// Files of the other formats, one of a folder's damaged.
    @Test(
        arguments: [
            "bert", "bert-accents", "gpt2", "sentencepiece-bpe", "sentencepiece-unigram", "tekken",
        ])
    func damagedFoldersAreErrorsOrTokenizers(_ name: String) throws {
        let folder = fixture("tokenizer-files/\(name)")
        let files = try listDirectory(folder).sorted().map {
            ($0, try readFile(joinPath(folder, $0)))
        }
        var random = Random(state: name.utf8.reduce(3) { $0 &* 31 &+ UInt64($1) })
        for _ in 0..<150 {
            let chosen = random.next(files.count)
            try withTemporaryFolder { copy in
                for (number, file) in files.enumerated() {
                    var bytes = Array(file.1)
                    if number == chosen { Self.damage(&bytes, &random) }
                    try writeBytes(bytes, to: joinPath(copy, file.0))
                }
                do throws(TokenizerError) {
                    let tokenizer = try Tokenizer(path: copy)
                    let ids = try tokenizer.ids(Self.text)
                    _ = tokenizer.decode(ids)
                } catch {
                    #expect(!error.report.message.isEmpty)
                }
            }
        }
    }

    @Test(arguments: ["llama3-small", "qwen2-small", "gemma-small", "llama2-small"])
    func randomBytesHaveIDs(_ name: String) throws {
        let tokenizer = try Tokenizer(path: fixture("tokenizers/\(name).json"))
        var random = Random(state: 5)
        for round in 0..<1500 {
            let limit = round % 2 == 0 ? 256 : 128
            var bytes = (0..<random.next(60)).map { _ in UInt8(random.next(limit)) }
            if round % 5 == 0 {
                bytes += [UInt8](repeating: UInt8(random.next(256)), count: random.next(600))
            }
            let ids = try bytes.withUnsafeBytes { try tokenizer.encode($0) }
            #expect(ids.allSatisfy { $0 >= 0 && Int($0) < tokenizer.vocabularySize })
            // What comes back is the text as a decoding reader has it, where nothing normalizes it.
            if name == "llama3-small", !bytes.contains(UInt8(ascii: "<")) {
                let text = String(decoding: bytes, as: UTF8.self)
                #expect(
                    Array(tokenizer.decode(ids, skipSpecialTokens: true).utf8) == Array(text.utf8))
            }
        }
    }

    @Test func idsThatNothingHasAreLeftOut() throws {
        let tokenizer = try Tokenizer(json: Self.file, name: "f")
        #expect(tokenizer.decode([6, -1, 2, 999, Int32.max, Int32.min]) == "ab")
    }
}
