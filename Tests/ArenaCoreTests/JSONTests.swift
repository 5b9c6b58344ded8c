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
