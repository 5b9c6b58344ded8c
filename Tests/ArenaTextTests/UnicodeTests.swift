// Form C and the patterns' classes, on cases whose answers can be read off.

import ArenaCore
import CArenaText
import Testing

@testable import ArenaText

@Suite struct UnicodeTests {
    func formC(_ text: String) throws -> String {
        let step = try readNormalizers(
            FilePart(root: readJSON(Array(#"{"type":"NFC"}"#.utf8), name: "t").root))
        return String(decoding: normalize(Array(text.utf8), step), as: UTF8.self)
    }

    @Test(arguments: [
        ("", ""), ("abc", "abc"), ("e\u{301}", "\u{E9}"), ("xe\u{301}y", "x\u{E9}y"),
        ("\u{E9}", "\u{E9}"),
        ("a\u{327}\u{301}", "\u{E1}\u{327}"), ("a\u{301}\u{327}", "\u{E1}\u{327}"),
        ("\u{212B}", "\u{C5}"), ("\u{2126}x", "\u{3A9}x"), ("\u{1112}\u{1161}\u{11AB}", "\u{D55C}"),
        ("\u{D558}\u{11AB}", "\u{D55C}"), ("\u{D55C}\u{11AB}", "\u{D55C}\u{11AB}"),
        ("\u{958}", "\u{915}\u{93C}"),
        ("\u{344}", "\u{308}\u{301}"), ("\u{301}e", "\u{301}e"),
        ("q\u{323}\u{307}", "q\u{323}\u{307}"),
        ("q\u{307}\u{323}", "q\u{323}\u{307}"), ("\u{1E0B}\u{323}", "\u{1E0D}\u{307}"),
        ("e\u{300}\u{301}", "\u{E8}\u{301}"), ("\u{FB01}", "\u{FB01}"), ("\u{F900}", "\u{8C48}"),
        // Marks newer than the reference's data stay where they are.
        ("x\u{301}\u{1ABF}", "x\u{301}\u{1ABF}"),
    ])
    func composes(_ text: String, _ expected: String) throws {
        #expect(Array(try formC(text).utf8) == Array(expected.utf8))
    }

    @Test func isStableAndKeepsEveryScalarThatCannotChange() throws {
        var random = Random(state: 3)
        let alphabet: [UInt32] = [
            0x61, 0x65, 0x41, 0x301, 0x327, 0x345, 0x30A, 0x1100, 0x1161, 0x11A8, 0xAC00, 0x9BE,
            0x9C7, 0x338, 0x3D, 0x4F60,
        ]
        for _ in 0..<3000 {
            var text = ""
            for _ in 0..<random.next(24) {
                if let code = UnicodeScalar(alphabet[random.next(alphabet.count)]) {
                    text.unicodeScalars.append(code)
                }
            }
            let once = try formC(text)
            #expect(Array(try formC(once).utf8) == Array(once.utf8))
            // Canonically equivalent, which is what equality of strings means in Swift.
            #expect(once == text)
        }
    }

    @Test func sortsLongRunsOfMarks() throws {
        let marks = (0..<500).map { $0 % 2 == 0 ? "\u{301}" : "\u{327}" }.joined()
        let expected =
            "\u{E1}" + String(repeating: "\u{327}", count: 250)
            + String(repeating: "\u{301}", count: 249)
        #expect(Array(try formC("a" + marks).utf8) == Array(expected.utf8))
    }

    /// The pieces of a text, by the name of the pattern.
    func pieces(_ text: String, _ pattern: SplitPattern) -> [String] {
        var pieces = Pieces()
        var copy = Scratch<UInt8>()
        Array(text.utf8).withUnsafeBufferPointer { copy.append($0) }
        pieces.begin(copy.contents, startsText: true)
        pattern.cut(&pieces)
        var start = 0
        return pieces.pieceEnds.map { end in
            defer { start = Int(end) }
            return String(decoding: copy.contents[start..<Int(end)], as: UTF8.self)
        }
    }

    @Test func cutsAsTheExpressionsDo() {
        #expect(
            pieces("Hello  world!\n\nIt's 12345", SplitPattern.cl100k(digits: 3))
                == ["Hello", " ", " world", "!\n\n", "It", "'s", " ", "123", "45"])
        #expect(
            pieces("a 12\t x", SplitPattern.cl100k(digits: 1)) == ["a", " ", "1", "2", "\t", " x"])
        #expect(
            pieces("I'\u{17F} 'LL '\u{17F}x", SplitPattern.cl100k(digits: 3)) == [
                "I", "'\u{17F}", " '", "LL", " '", "\u{17F}x",
            ])
        #expect(pieces("  \n \n  x", SplitPattern.cl100k(digits: 3)) == ["  \n \n", " ", " x"])
        #expect(
            pieces("Hello  world's 12\n\n!", SplitPattern.gpt2) == [
                "Hello", " ", " world", "'s", " 12", "\n", "\n", "!",
            ])
        #expect(pieces("IT'S  ", SplitPattern.gpt2) == ["IT", "'", "S", "  "])
    }

    /// Every scanner against PCRE2's reading of the same expression.
    @Test(arguments: SplitPattern.known)
    func scannersCutAsTheRegularExpressions(_ pattern: SplitPattern) throws {
        let json = try JSONDocument(
            Array(JSONText.quoted(pattern.text).utf8), name: "pattern")
        let regex = try TextRegex(FilePart(root: json.root))
        let parts = [
            "a", "B", "Z", "\u{E9}", "\u{C9}", "\u{1C5}", "\u{2B0}", "\u{4F60}", "\u{5D0}",
            "\u{301}",
            "\u{20DD}", "\u{903}", "0", "7", "\u{BD}", "\u{661}", " ", "  ", "\t", "\u{A0}",
            "\u{3000}",
            "\u{85}", "\n", "\r", "'", "'s", "'LL", "'\u{17F}", "'re", "/", "!", "-", "_",
            "\u{1F600}",
            "\u{200D}", "\u{378}", "word", "WORD", "Title", "\u{2028}",
        ]
        var random = Random(state: 3)
        var differences = 0
        for _ in 0..<6000 {
            var text = ""
            for _ in 0..<random.next(14) {
                let part = parts[random.next(parts.count)]
                for _ in 0..<(random.next(9) == 0 ? 1 + random.next(20) : 1) { text += part }
            }
            let bytes = Array(text.utf8)
            var expected: [String] = []
            bytes.withUnsafeBufferPointer { text in
                regex.forEachMatch(in: text) { start, end in
                    expected.append(String(decoding: text[start..<end], as: UTF8.self))
                }
            }
            if pieces(text, pattern) != expected {
                differences += 1
                if differences < 4 { #expect(pieces(text, pattern) == expected) }
            }
        }
        #expect(differences == 0)
    }

    /// Copying takes what is UTF-8 and nothing else, wherever in a block of 32 the fault lies.
    @Test func copiesOnlyUTF8() {
        var random = Random(state: 9)
        let parts: [[UInt8]] = [
            [0x41], [0x7F], [0xC3, 0xA9], [0xE4, 0xBD, 0xA0], [0xED, 0x9F, 0xBF],
            [0xF0, 0x90, 0x80, 0x80],
            [0xF4, 0x8F, 0xBF, 0xBF], Array("plain text of some length".utf8),
        ]
        let faults: [[UInt8]] = [
            [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xE0, 0x9F, 0xBF], [0xED, 0xA0, 0x80],
            [0xE4, 0xBD], [0xF0, 0x8F, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80], [0xF5], [0xFF],
            [0xF0, 0x90],
        ]
        for round in 0..<8000 {
            var bytes: [UInt8] = []
            for _ in 0..<random.next(20) { bytes += parts[random.next(parts.count)] }
            if round % 2 == 0 {
                bytes += faults[random.next(faults.count)]
                for _ in 0..<random.next(12) { bytes += parts[random.next(parts.count)] }
            }
            var copy = [UInt8](repeating: 0, count: bytes.count + 32)
            let taken = arena_copy_utf8(&copy, bytes, UInt64(bytes.count))
            #expect(taken == (bytes.withUnsafeBytes { firstInvalidUTF8($0) } == nil))
            if taken { #expect(Array(copy.prefix(bytes.count)) == bytes) }
        }
    }

    /// A mark behind a control character begins a cluster of its own.
    @Test func controlsEndClusters() {
        for code: UInt32 in [0x0D, 0xAD, 0x200B, 0x13430, 0x1BCA0, 0x1D173, 0x1D17A, 0xE0001] {
            #expect(Int(arena_text_cluster(code)) == arena_text_cluster_control)
        }
        #expect(Int(arena_text_cluster(0x1D172)) == arena_text_cluster_extend)
    }

    @Test func classesFollowTheReference() {
        #expect(
            kind(0x41) == Kind.letter && kind(0x4E00) == Kind.letter && kind(0x105C0) == Kind.letter
        )
        #expect(
            kind(0x39) == Kind.number && kind(0xBD) == Kind.number && kind(0x2160) == Kind.number)
        #expect(kind(0x20) == Kind.space && kind(0x85) == Kind.space && kind(0x3000) == Kind.space)
        #expect(kind(10) == Kind.newline && kind(13) == Kind.newline && kind(0x2028) == Kind.space)
        #expect(kind(0x200B) == Kind.other && kind(0x1C) == Kind.other && kind(0x301) == Kind.other)
        #expect(kind(0x10FFFF) == Kind.other && kind(0x110000) == Kind.other)
    }
}
