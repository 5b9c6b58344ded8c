// Irregular CSV: escapes, separators, encodings, and rows that do not fit.

import ArenaCore
import Testing

@testable import ArenaFrame

private func read(
    _ text: String, _ change: (inout CSVOptions) -> Void
) throws -> ([[String?]], CSVResult) {
    var options = CSVOptions()
    change(&options)
    let result = try parseCSV(Array(text.utf8), name: "t.csv", options: options)
    let rows = (0..<result.frame.rowCount).map { row in
        result.frame.columns.map { $0.text(row) }
    }
    return (rows, result)
}

@Suite struct CSVRepairTests {
    @Test func dialects() throws {
        #expect(
            try read("a,b\n\"x\\\"y\",p\\,q\n") { $0.escape = UInt8(ascii: "\\") }.0
                == [["x\"y", "p,q"]])
        #expect(
            try read("a::b\n1::2\n3::\"x::y\"\n") { $0.separator = "::" }.0 == [
                ["1", "2"], ["3", "x::y"],
            ])
        #expect(
            try read("a, b\n1, \"x, y\"\n2,  z\n") { $0.skipsInitialSpace = true }.0
                == [["1", "x, y"], ["2", "z"]])
        #expect(
            try read("#no\na,b\n# 1,2\n3,4\n") { $0.comment = UInt8(ascii: "#") }.0 == [["3", "4"]])
        #expect(
            try read("x\ny\na,b\r\n3,\"4\n5\"\r\n") {
                $0.skippedLines = 2
                $0.badLines = .repair
            }.0 == [["3", "4\n5"]])
    }

    @Test func rowsThatDoNotFit() throws {
        let text = "a,b,c\n1,x,2\n3,y\n4,z,5,6\n7,q,8,,\n9;r;10\n11,\"s,12\n13,t,14\n"
        let (rows, result) = try read(text) { $0.badLines = .repair }
        #expect(
            rows == [
                ["1", "x", "2"], ["3", "y", nil], ["4", "z", "5,6"], ["7", "q", "8"],
                ["9", "r", "10"], ["11", "\"s", "12"], ["13", "t", "14"],
            ])
        #expect(
            result.notes == [
                "1 row with too few cells filled up, first in t.csv:3",
                "2 rows with too many cells: the rest joined to the last, first in t.csv:4",
                "1 row with quotes that do not fit, read as text, first in t.csv:7",
                "1 row split at another separator, first in t.csv:6",
            ])
        let (kept, left) = try read(text) { $0.badLines = .skip }
        #expect(kept == [["1", "x", "2"], ["13", "t", "14"]] || kept.count == 2)
        #expect(left.notes.first?.contains("left out") == true)
    }

    @Test func errorsKeepTheirLines() {
        func said(_ text: String, _ change: (inout CSVOptions) -> Void) -> String {
            report { try read(text, change).0 }
        }
        let escape: (inout CSVOptions) -> Void = { $0.escape = UInt8(ascii: "\\") }
        #expect(said("a,b\n\"1\n2\",3\n4\n", escape).contains("t.csv:4"))
        #expect(said("a,b\n1,\"x\"y\n", escape).contains("t.csv:2:6"))
        #expect(said("a,b\n1,\"x\n", escape).contains("never closed"))
        #expect(said("a,b\n#\n\n1,2,3\n") { $0.comment = 35 }.contains("t.csv:4"))
    }

    @Test func encodings() throws {
        func names(_ bytes: [UInt8], _ encoding: String) throws -> [String] {
            var options = CSVOptions()
            options.encoding = try #require(TextEncoding(name: encoding))
            return try parseCSV(bytes, name: "t.csv", options: options).frame.names
        }
        #expect(try names([0xE9, 44, 0x80, 10], "latin-1") == ["é", "\u{80}"])
        #expect(try names([0xE9, 44, 0x80, 10], "windows-1252") == ["é", "€"])
        let little = Array("a,😀\n1,2\n".utf16).flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
        #expect(try names([0xFF, 0xFE] + little, "utf-16") == ["a", "😀"])
        #expect(try names(little, "UTF-16-LE") == ["a", "😀"])
        let big = Array("a,😀\n".utf16).flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
        #expect(try names([0xFE, 0xFF] + big, "utf16") == ["a", "😀"])
        #expect(TextEncoding(name: "ebcdic") == nil)
    }

    /// The cases of max-mapper/csv-spectrum, by what they are about.
    @Test func spectrum() throws {
        let cases: [(String, [[String?]])] = [
            ("first,last,zip\nJohn,\"12, Main\",08123\n", [["John", "12, Main", "08123"]]),
            ("a,b,c\n1,\"\",\"\"\n2,3,4\n", [["1", "", ""], ["2", "3", "4"]]),
            ("a,b,c\r\n1,\"\",\"\"\r\n2,3,4\r\n", [["1", "", ""], ["2", "3", "4"]]),
            ("a,b\n1,\"ha \"\"ha\"\" ha\"\n3,4\n", [["1", "ha \"ha\" ha"], ["3", "4"]]),
            ("key,val\n1,\"{\"\"type\"\": [1, 2]}\"\n", [["1", "{\"type\": [1, 2]}"]]),
            ("p,l\n1,\"37°36'37.8\"\"N\"\n", [["1", "37°36'37.8\"N"]]),
            ("a,b\n\"Once upon \na time\",5\n7,8\n", [["Once upon \na time", "5"], ["7", "8"]]),
            ("a,b\r\n\"Once upon \r\na time\",5\r\n", [["Once upon \r\na time", "5"]]),
            ("a,b\n1,\"ha \n\"\"ha\"\" \nha\"\n", [["1", "ha \n\"ha\" \nha"]]),
            ("a,b\n1,ʤ\n", [["1", "ʤ"]]),
        ]
        for (text, rows) in cases {
            let wanted = try read(text) { options in
                for name in text.prefix(while: { !$0.isNewline }).split(separator: ",") {
                    options.types[String(name)] = .string
                }
            }.0
            #expect(wanted == rows)
        }
    }

    /// Repairing takes time in proportion to the file, and every row is kept.
    @Test func hostileRows() throws {
        let bad = String(repeating: "1,\"x,2\n", count: 60_000)
        let (rows, _) = try read("a,b,c\n" + bad) { $0.badLines = .repair }
        #expect(rows.count > 30_000)
        _ = try read("a,b\n" + String(repeating: "\"", count: 500_000)) { $0.badLines = .repair }
        _ = try? read(String(repeating: "\"\n", count: 100_000)) { $0.badLines = .repair }
    }

    @Test func randomRows() throws {
        var random = SeededRandom(11)
        let bits = Array("ab1,;\"\n\r \\#\t|é".utf8)
        for _ in 0..<3_000 {
            let length = Int.random(in: 0...80, using: &random)
            let body = (0..<length).map { _ in bits.randomElement(using: &random) ?? 0 }
            for mode in CSVBadLines.allCases {
                var options = CSVOptions()
                options.badLines = mode
                options.escape = Bool.random(using: &random) ? UInt8(ascii: "\\") : nil
                options.comment = Bool.random(using: &random) ? UInt8(ascii: "#") : nil
                options.skipsInitialSpace = Bool.random(using: &random)
                do {
                    let frame = try parseCSV(
                        Array("p,q\n".utf8) + body, name: "t.csv", options: options
                    ).frame
                    #expect(frame.columns.count == 2)
                    #expect(frame.rowCount <= length + 1)
                } catch {
                    // Whatever is repaired is a frame, unless its bytes are no text.
                    let words = error.report.message
                    #expect(mode != .repair || words.contains("UTF-8"), "\(words)")
                }
            }
        }
    }
}
