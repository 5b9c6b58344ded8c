import Testing

@testable import ArenaCore

@Suite struct JSONTests {
    func parse(_ text: String) throws -> JSONValue {
        try JSONDocument(Array(text.utf8), name: "t.json").root
    }

    @Test func readsEveryKind() throws {
        let v = try parse(
            #"{"a": [1, -2.5e3, true, false, null, "x\n\u00e9\ud83d\ude00\ud83d"], "b": {}, "a\"": 7}"#
        )
        let a = try #require(v["a"]?.elements)
        #expect(a.count == 6)
        #expect(a[0].int == 1)
        #expect(a[1].double == -2500)
        #expect(a[1].int == nil)
        #expect(a[2].bool == true && a[3].bool == false && a[4].isNull)
        #expect(a[5].string == "x\né😀\u{FFFD}")
        #expect(v["b"]?.count == 0)
        #expect(v["a\""]?.int == 7)
        #expect(v["c"] == nil)
        #expect(v.members?.map(\.key) == ["a", "b", "a\""])
    }

    @Test func duplicateKeysTakeTheLast() throws {
        #expect(try parse(#"{"k": 1, "k": 2}"#)["k"]?.int == 2)
    }

    @Test(arguments: [
        "", " ", "{", "[1,]", "[1 2]", "{\"a\" 1}", "{a: 1}", "nul", "01", "1.", "1e", "-",
        "\"\\x\"",
        "\"\\u12g4\"", "\"", "[1]]", "\"a\nb\"", "tru", "{\"a\":}", "+1", ".5",
    ])
    func refusesWithAPlace(_ text: String) {
        #expect(throws: JSONError.self) { try parse(text) }
    }

    @Test func namesThePlace() {
        do {
            _ = try parse("{\n  \"a\": oops\n}")
            Issue.record("accepted")
        } catch let error as JSONError {
            #expect(error.report.place == FilePlace("t.json", line: 2, column: 8))
        } catch { Issue.record("another error") }
    }

    @Test func depthIsBounded() {
        #expect(throws: JSONError.self) { try parse(String(repeating: "[", count: 100_000)) }
    }

    @Test func invalidUTF8IsRefused() {
        #expect(throws: JSONError.self) { try JSONDocument([34, 0xED, 0xA0, 0x80, 34], name: "x") }
    }
}

/// Large texts are parsed in stretches on several threads; without line breaks they are parsed from the start.
@Suite struct JSONStretchTests {
    private static let size = JSONSource.large + 200_000

    /// A text whose lines `make` writes, by number, until it is large.
    private func large(_ open: String, _ close: String, _ make: (Int) -> String) -> String {
        var text = open + "\n"
        var number = 0
        while text.utf8.count < Self.size {
            if number > 0 { text += ",\n" }
            text += make(number)
            number += 1
        }
        return text + "\n" + close + "\n"
    }

    private var texts: [String] {
        [
            large("{", "}") { "  \"key \($0) \\\" é\": \($0)" },
            large("[", "]") { "  [\n    \"left \($0)\",\n    \"right\"\n  ]" },
            large("[", "]") { $0 % 3 == 0 ? "\t{\"a\": [\($0), {}],\n\t\"b\": []}" : "\t\"x\"" },
            // Members of one object are lines of two depths; what looks outermost changes.
            large("{\"a\": {", "}}") { "\"\($0)\": {\n    \"deep\": [\n      1\n    ]\n}" },
            large("[[", "]]") { "\($0), true,\n null" },
        ]
    }

    private func described(_ text: [UInt8]) -> (value: String, error: String?, offset: Int?) {
        do {
            let document = try JSONDocument(text, name: "t")
            var hash: UInt64 = 0
            var count = 0
            func walk(_ value: JSONValue) {
                count += 1
                let content = value.string ?? value.numberText + value.kind.rawValue
                for byte in content.utf8 { hash = hash &* 0x100_0000_01B3 ^ UInt64(byte) }
                hash = hash &* 31 &+ UInt64(value.count)
                value.forEachElement { walk($1) }
                value.forEachMember {
                    walk($0)
                    walk($1)
                }
            }
            walk(document.root)
            return ("\(count) values, \(hash)", nil, nil)
        } catch .syntax(let place, let expected) {
            return ("", expected, offset(place, text))
        } catch .invalidUTF8(let place) {
            return ("", "UTF-8", offset(place, text))
        } catch { return ("", "\(error)", nil) }
    }

    private func offset(_ place: FilePlace, _ text: [UInt8]) -> Int {
        var line = 1
        var at = 0
        while line < place.line ?? 1 {
            if text[at] == 10 { line += 1 }
            at += 1
        }
        return at + (place.column ?? 1) - 1
    }

    @Test func stretchesGiveWhatTheWholeGives() {
        for text in texts {
            let bytes = Array(text.utf8)
            let whole = described(bytes.map { $0 == 10 ? 32 : $0 })
            #expect(whole.error == nil)
            #expect(described(bytes) == whole)
        }
    }

    @Test func faultsAreToldAtTheSamePlace() {
        var random = TestRandom(seed: 11)
        let faults = Array(",:[]{}0x ".utf8) + [0xFF]
        for text in texts {
            let bytes = Array(text.utf8)
            for _ in 0..<12 {
                var broken = bytes
                let at = bytes.count / 3 + random.next(bytes.count / 2)
                let byte = faults[random.next(faults.count)]
                switch random.next(3) {
                case 0 where bytes[at] != UInt8(ascii: "\""): broken.remove(at: at)
                case 1 where bytes[at] != UInt8(ascii: "\""): broken[at] = byte
                default: broken.insert(byte, at: at)
                }
                let whole = described(broken.map { $0 == 10 ? 32 : $0 })
                #expect(described(broken) == whole)
            }
            let cut = Array(bytes[..<(bytes.count * 2 / 3)])
            #expect(described(cut) == described(cut.map { $0 == 10 ? 32 : $0 }))
        }
    }
}

/// Reproducible numbers (Knuth's MMIX constants).
private struct TestRandom {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next(_ limit: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % limit
    }
}
