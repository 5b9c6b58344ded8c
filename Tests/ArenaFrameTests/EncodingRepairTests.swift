import ArenaCore
import Testing

@testable import ArenaFrame

/// Text read in the wrong encoding, against ftfy's answers (scripts/dev/make-encoding-fixtures.py).
@Suite struct EncodingRepairTests {
    private func repaired(_ text: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        return text.withUnsafeBytes { repairEncoding($0, into: &out) } ? out : text
    }

    @Test func textIsMadeWholeAsTheReferenceDoes() throws {
        let document = try JSONDocument(file: "Tests/Fixtures/frames/encodings.json")
        let cases = try #require(document.root.elements)
        #expect(cases.count > 150)
        for one in cases {
            let pair = try #require(one.elements).map { $0.stringBytes ?? [] }
            let got = String(decoding: repaired(pair[0]), as: UTF8.self)
            #expect(
                got == String(decoding: pair[1], as: UTF8.self),
                "of \(String(decoding: pair[0], as: UTF8.self))")
        }
    }

    /// Whatever goes in, text comes out.
    @Test func damagedPiecesStayText() {
        var random = SeededRandom(8)
        let pieces = [
            "Ã", "©", "â", "€", "™", "\u{9D}", "ð", "Ÿ", "˜", " ", "a", "日", "\u{93}", "Â", "ƒ",
            "í",
            "\u{A0}", "ô", "\u{8F}", "¿", "¾", "à",
        ]
        for _ in 0..<5000 {
            let text = (0..<Int.random(in: 0..<12, using: &random)).map { _ in
                pieces.randomElement(using: &random) ?? ""
            }.joined()
            let out = repaired(Array(text.utf8))
            #expect(String(validating: out, as: UTF8.self) != nil, "of \(text)")
        }
    }
}
