// Ids and texts equal to the reference's: on a corpus of hard strings with tokenizers of four families,
// and on many small tokenizers with one part or option at work each.

import ArenaCore
import Testing

@testable import ArenaText

@Suite struct ReferenceTests {
    @Test(arguments: [
        "llama3-small", "qwen2-small", "gemma-small", "llama2-small", "bert-uncased-small",
        "bert-cased-small", "mpnet-small", "xlmr-small", "deberta-v3-small", "t5-small",
        "roberta-small", "nemo-small",
    ])
    func idsEqualTheReferencesOnTheCorpus(_ name: String) throws {
        let tokenizer = try Tokenizer(path: fixture("tokenizers/\(name).json"))
        let texts = try #require(try readFixture("tokenizers/corpus.json").elements).map {
            $0.stringBytes ?? []
        }
        let golden = try readFixture("tokenizers/\(name).ids.json")
        let expected = try #require(golden["ids"]?.elements).map(ids)
        let before = ids(try #require(golden["before"]))
        let after = ids(try #require(golden["after"]))
        #expect(texts.count == expected.count && texts.count >= 1500)

        let rows = Texts(texts)
        let plain = try tokenizer.encodeBatch(
            count: texts.count, options: Tokenizer.Options(addSpecialTokens: false)
        ) { rows.buffers[$0] }
        let framed = try tokenizer.encodeBatch(count: texts.count) { rows.buffers[$0] }
        for i in 0..<texts.count {
            #expect(
                Array(plain.row(i)) == expected[i],
                "text \(i): \(String(decoding: texts[i], as: UTF8.self))")
            #expect(Array(framed.row(i)) == before + expected[i] + after)
        }
        #expect(plain.rowsCut == 0 && plain.repairCount == 0)
        let hasUnknown = ["bert", "mpnet", "xlmr", "deberta", "t5"].contains { name.hasPrefix($0) }
        #expect(hasUnknown || plain.unknownCount == 0)
    }

    @Test func everyPartDoesWhatTheReferenceDoes() throws {
        let file = try readFixture("tokenizer-parts.json")
        let vocabularies = try #require(file["vocabularies"]?.elements)
        let tokenizers = try #require(file["tokenizers"]?.elements)
        #expect(tokenizers.count >= 90)
        for entry in tokenizers {
            let name = try #require(entry["name"]?.string)
            let vocabulary = vocabularies[try #require(entry["vocabulary"]?.int)]
            let description = withVocabulary(try #require(entry["tokenizer"]), vocabulary)
            let tokenizer = try Tokenizer(json: description, name: name)
            for test in try #require(entry["cases"]?.elements) {
                let values = try #require(test.elements)
                let text = try #require(values[0].string)
                #expect(
                    try tokenizer.encode(text, addSpecialTokens: false) == ids(values[1]),
                    "\(name): \(text.debugDescription)")
                let framed = try tokenizer.encode(text)
                #expect(
                    framed == ids(values[2]), "\(name), special tokens: \(text.debugDescription)")
                guard values.count > 3 else { continue }
                #expect(
                    sameText(tokenizer.decode(framed), values[3]),
                    "\(name), decoded: \(text.debugDescription)")
                #expect(
                    sameText(tokenizer.decode(framed, skipSpecialTokens: true), values[4]),
                    "\(name), decoded without special tokens: \(text.debugDescription)")
            }
        }
    }

    /// Equal scalar by scalar; `==` of strings would take different normal forms for the same.
    private func sameText(_ text: String, _ expected: JSONValue) -> Bool {
        Array(text.utf8) == expected.stringBytes
    }

    /// The tokenizer's object with its vocabulary put back where the fixture shares it.
    private func withVocabulary(_ tokenizer: JSONValue, _ vocabulary: JSONValue) -> [UInt8] {
        var text = written(tokenizer)
        let inner = written(vocabulary).dropFirst().dropLast()
        // "model" is the last member of the object and its own last member is closed by "}}".
        text.removeLast(2)
        return text + Array(",".utf8) + inner + Array("}}".utf8)
    }
}

/// A JSON value as text again.
func written(_ value: JSONValue) -> [UInt8] {
    switch value.kind {
    case .null: return Array("null".utf8)
    case .bool: return Array((value.bool == true ? "true" : "false").utf8)
    case .number: return Array(value.numberText.utf8)
    case .string:
        var out = [UInt8(ascii: "\"")]
        for byte in value.stringBytes ?? [] {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): out += [UInt8(ascii: "\\"), byte]
            case 0..<0x20:
                out +=
                    Array((byte < 16 ? "\\u000" : "\\u00").utf8)
                    + Array(String(byte, radix: 16).utf8)
            default: out.append(byte)
            }
        }
        return out + [UInt8(ascii: "\"")]
    case .array:
        let inner = (value.elements ?? []).map(written).joined(separator: [UInt8(ascii: ",")])
        return [UInt8(ascii: "[")] + inner + [UInt8(ascii: "]")]
    case .object:
        var out = [UInt8(ascii: "{")]
        value.forEachMember { key, member in
            if out.count > 1 { out.append(UInt8(ascii: ",")) }
            out += written(key) + [UInt8(ascii: ":")] + written(member)
        }
        return out + [UInt8(ascii: "}")]
    }
}
