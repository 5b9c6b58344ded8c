// JSON and JSON lines into frames: shapes, types over the whole file, what is refused and where.

import ArenaCore
import Testing

@testable import ArenaFrame

private func json(
    _ text: String, name: String = "t.json", key: String? = nil,
    _ change: (inout JSONOptions) -> Void = { _ in }
) throws -> Frame {
    try result(text, name: name, key: key, change).frame
}

private func result(
    _ text: String, name: String = "t.json", key: String? = nil,
    _ change: (inout JSONOptions) -> Void = { _ in }
) throws -> JSONResult {
    var options = JSONOptions()
    change(&options)
    return try parseJSON(Array(text.utf8), name: name, key: key, options: options)
}

@Suite struct JSONReaderTests {
    @Test func typesAreThoseOfAllRows() throws {
        let frame = try json(
            """
            [{"b": true, "i": 1, "f": 1, "s": "x\\u00e9\\n", "t": ["a", null, "\\ud83d\\ude00"],
              "ids": [1, -2], "v": [1, 0.5], "n": null, "big": 123456789012345678901234567890},
             {"b": null, "i": -9223372036854775808, "f": 2.5e-1, "s": "", "t": [], "ids": [],
              "v": [2], "big": 1}]
            """)
        #expect(
            frame.names == ["b", "i", "f", "s", "t", "ids", "v", "n", "big"])
        #expect(
            frame.columns.map(\.type) == [
                .bool, .int64, .float64, .string, .turns, .ints, .floats, .float64, .string,
            ])
        #expect(try cells(frame, "b") == ["True", nil])
        #expect(try cells(frame, "i") == ["1", "-9223372036854775808"])
        #expect(try cells(frame, "f") == ["1.0", "0.25"])
        #expect(try cells(frame, "s") == ["xé\n", ""])
        #expect(try cells(frame, "t") == ["[\"a\",null,\"😀\"]", "[]"])
        #expect(try cells(frame, "ids") == ["[1,-2]", "[]"])
        #expect(try cells(frame, "v") == ["[1.0,0.5]", "[2.0]"])
        #expect(try cells(frame, "n") == [nil, nil])
        #expect(try cells(frame, "big") == ["123456789012345678901234567890", "1"])
    }

    @Test func whatDoesNotFitIsTextAndSaid() throws {
        let read = try result(
            """
            [{"a": 1, "o": {"x": [1, 2]}, "l": [1, "a"]},
             {"a": "no", "o": null, "l": [[]]},
             {"a": 1.50, "o": {}, "l": [true]}]
            """)
        #expect(try cells(read.frame, "a") == ["1", "no", "1.50"])
        #expect(try cells(read.frame, "o") == ["{\"x\": [1, 2]}", nil, "{}"])
        #expect(try cells(read.frame, "l") == ["[1, \"a\"]", "[[]]", "[true]"])
        #expect(read.notes.count == 3)
        #expect(
            read.notes[0]
                == "column 'a' is text: it has 2 numbers, 1 text; the first text is 'no' in t.json:2:8"
        )
        #expect(read.notes[1].contains("it holds objects, first '{\"x\": [1, 2]}' in t.json:1:16"))
        #expect(read.notes[2].contains("its arrays are not all of text"))
    }

    @Test func lines() throws {
        let text = "{\"id\": 1, \"a\": \"x\"}\r\n\n  {\"b\": 2, \"id\": 2}\n{\"id\": 3}"
        let frame = try json(text, name: "t.jsonl", key: "id")
        #expect(frame.key?.column.count == 3)
        #expect(frame.names == ["a", "b"])
        #expect(try cells(frame, "a") == ["x", nil, nil])
        #expect(try cells(frame, "b") == [nil, "2", nil])
        #expect(try json("[1, \"a\"]\n[2, null]\n") { $0.lines = true }.names == ["0", "1"])
        #expect(try cells(json("1\n2\n") { $0.lines = true }, "0") == ["1", "2"])
        #expect(try json("", name: "t.ndjson").rowCount == 0)
        #expect(
            try json(text, name: "x") {
                $0.lines = true; $0.rowLimit = 2
            }.rowCount == 2)
        // What follows the wanted rows is not looked at.
        #expect(
            try json("{\"a\":1}\nnonsense") {
                $0.lines = true; $0.rowLimit = 1
            }.rowCount == 1)
    }

    @Test func orients() throws {
        let wanted = ["1", "2"]
        let columns = "{\"a\": {\"0\": 1, \"1\": 2}, \"b\": {\"0\": \"x\", \"1\": \"y\"}}"
        #expect(try cells(json(columns), "a") == wanted)
        #expect(try json(columns).key == nil)
        let index = "{\"7\": {\"a\": 1, \"b\": \"x\"}, \"9\": {\"a\": 2, \"b\": \"y\"}}"
        let frame = try json(index) { $0.orient = .index }
        #expect(try cells(frame, "a") == wanted)
        #expect(frame.key?.name == "index")
        #expect(frame.key.map { cells($0.column) } == ["7", "9"])
        let split =
            "{\"columns\": [\"a\", \"b\"], \"index\": [0, 1], \"data\": [[1, \"x\"], [2, \"y\"]]}"
        #expect(try cells(json(split), "a") == wanted)
        #expect(try cells(json("{\"a\": [1, 2], \"b\": [\"x\", null]}"), "b") == ["x", nil])
        #expect(try json("[[1, 2, 3], [4]]").names == ["0", "1", "2"])
        #expect(try cells(json("[[1, 2, 3], [4]]"), "2") == ["3", nil])
        // A record by itself, also with lists of several lengths.
        #expect(try json("{\"a\": 1, \"b\": [1, 2]}").rowCount == 1)
        #expect(try json("{\"a\": [1], \"b\": [1, 2]}").rowCount == 1)
        // Labels that are not the rows' numbers, in any order.
        let mixed = try json("{\"a\": {\"x\": 1, \"y\": 2}, \"b\": {\"y\": 3, \"z\": 4}}")
        #expect(try cells(mixed, "b") == [nil, "3", "4"])
        #expect(mixed.key.map { cells($0.column) } == ["x", "y", "z"])
        #expect(try json("[]").rowCount == 0)
        #expect(try json("{}").rowCount == 0)
        #expect(try json("\u{FEFF}[{\"a\": 1}]").rowCount == 1)
    }

    @Test func options() throws {
        let text =
            "[{\"id\": \"07\", \"a\": 1.50, \"v\": [1, 2]}, {\"id\": \"08\", \"a\": 2, \"v\": [3, 4]}]"
        let frame = try json(text, key: "id") {
            $0.columns = ["a", "v"]
            $0.types = ["a": .string, "v": .matrix]
        }
        #expect(frame.key.map { cells($0.column) } == ["07", "08"])
        #expect(try cells(frame, "a") == ["1.50", "2"])
        #expect(try frame.column("v").type == .matrix)
        #expect(try json(text) { $0.types = ["id": .int64] }.column("id").type == .int64)
        #expect(try json(text) { $0.types = ["a": .float32] }.column("a").type == .float32)
        #expect(
            try json(text) { $0.types = ["id": .categorical] }.column("id").type == .categorical)
        #expect(try json(text) { $0.rowLimit = 1 }.rowCount == 1)
    }

    @Test func severalFiles() throws {
        let folder = TemporaryFolder()
        let root = folder.path
        let paths = [root + "/a.jsonl", root + "/b.json"]
        try Array("{\"id\": 1, \"a\": 1}\n{\"id\": 2, \"a\": 2}\n".utf8).write(to: paths[0])
        try Array("[{\"id\": 3, \"a\": 0.5, \"b\": \"x\"}]".utf8).write(to: paths[1])
        let frame = try readJSON(paths: paths, key: "id").frame
        #expect(try cells(frame, "a") == ["1.0", "2.0", "0.5"])
        #expect(try cells(frame, "b") == [nil, nil, "x"])
    }

    /// The same frame whatever the stretches and the workers.
    @Test func stretches() throws {
        var lines = ""
        var records = "["
        for row in 0..<500 {
            let record =
                "{\"id\": \(row), \"t\": \"a\\\"],[{\\\\\(String(repeating: "é", count: row % 7))\", "
                + (row % 3 == 0 ? "" : "\"x\": \(Double(row) / 4), ")
                + "\"l\": [[{\"a\": \"}\"}], \(row)]}"
            lines += record + (row % 5 == 0 ? "\r\n\n" : "\n")
            records += (row > 0 ? " , " : "") + record
        }
        records += "]\n"
        let whole = try json(records)
        #expect(whole.rowCount == 500)
        for size in [1, 7, 64, 1000, 30_000] {
            for workers in [1, 3] {
                for (text, isLines) in [(lines, true), (records, false)] {
                    let frame = try json(text) {
                        $0.lines = isLines
                        $0.stretchSize = size
                        $0.workers = workers
                    }
                    #expect(frame.names == whole.names)
                    for name in frame.names {
                        #expect(try cells(frame, name) == cells(whole, name), "\(size) \(name)")
                    }
                }
            }
        }
        // A mistake is found at its place, whatever the cuts made of it.
        for at in [0, 1, 100, records.utf8.count / 2] {
            var bytes = Array(records.utf8)
            bytes[at] = UInt8(ascii: "@")
            let places = [1, 100, 1 << 20].map { size in
                report {
                    var options = JSONOptions()
                    options.stretchSize = size
                    return try parseJSON(bytes, name: "t.json", options: options).frame.rowCount
                }
            }
            #expect(Set(places).count == 1)
        }
    }

    @Test func errorsNameThePlace() {
        func said(_ text: String, name: String = "t.json", key: String? = nil) -> String {
            report { try json(text, name: name, key: key) }
        }
        #expect(said("[{\"a\": 1},\n {\"a\": 01}]").contains("t.json:2:9"))
        #expect(said("{\"a\": 1}\n{\"a\": 2}").contains("lines=True reads a file"))
        #expect(said("{\"a\": 1}\n{\"a\": }", name: "t.jsonl").contains("t.jsonl:2:7"))
        #expect(said("{\"a\": 1}\n{\n\"a\": 2}", name: "t.jsonl").contains("t.jsonl:2:2"))
        #expect(
            said("{\"a\":1}\n[1]", name: "t.jsonl").contains(
                "a row is an array where others are an object"))
        #expect(said("[{\"a\": 1}]", key: "b").contains("there is no column 'b'"))
        #expect(
            said("[{\"a\": 1},\n{\"a\": 1}]", key: "a").contains(
                "the key 'a' has 1 twice, first in line 1\n  in t.json:2:7"))
        #expect(
            report { try json("[{\"a\": \"x\"}]") { $0.types = ["a": .int64] } }.contains(
                "a cell of 'a' is not int64: 'x'\n  in t.json:1:8"))
        #expect(said("[\"\u{0001}\"]").contains("no control characters"))
        #expect(
            report { try parseJSON([91, 34, 0xFF, 34, 93], name: "t.json") }.contains(
                "not valid UTF-8\n  in t.json:1:3"))
        #expect(said(String(repeating: "[", count: 100_000)).contains("deeper than 512"))
        #expect(report { try json("[1]") { $0.orient = .split } }.contains("orient=\"split\""))
    }

    /// Rows that each bring a column of their own do not take more memory than is fit.
    @Test func sparseRows() {
        var text = "["
        for row in 0..<20_000 { text += (row > 0 ? "," : "") + "{\"k\(row)\":0}" }
        text += "]"
        #expect(report { try json(text) }.contains("far more cells than the file has values"))
        let wide = "[" + String(repeating: "0,", count: 150_000) + "0]"
        #expect(report { try json("[\(wide)]") }.contains("more than 100000 columns"))
    }

    @Test func loneSurrogatesAreCounted() throws {
        let read = try result("[{\"a\": \"\\ud800x\\udc00\\ud83d\\ude00\"}, {\"a\": \"\\udfff\"}]")
        #expect(try cells(read.frame, "a") == ["\u{FFFD}x\u{FFFD}😀", "\u{FFFD}"])
        #expect(read.notes == ["column 'a' holds 3 lone surrogates, each read as U+FFFD"])
    }

    // MARK: - What is JSON and what is not, after the ideas of nst/JSONTestSuite

    static let accepted = [
        "[]", "{}", "null", "true", "false", "\"\"", "0", "-0", "-1", "1e5", "1E+2", "0e1",
        "0.5e-3",
        " [1] ", "[1,2]", "[[],[[]]]", "{\"a\":{\"b\":[]}}", "{\"a\":1,\"a\":2}", "{\"\":0}",
        "[\"\\u0000\"]", "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]", "[\"\u{7F}\"]", "[\"\u{2028}\"]",
        "[null, 1, \"1\", {}]", "[1\n]", "\"\\uD834\\uDD1E\"", "[123456789012345678901234567890]",
        "[-237462374673276894279832749832423479823246327846]", "[1e1000]", "[\"\u{10FFFF}\"]",
        "\t\n\r {\"a\":\t[true , false]}\n",
    ]
    static let refused = [
        "", " ", "[", "]", "{", "}", "[1", "[1,", "[1,]", "[,1]", "[1,,2]", "{\"a\"}", "{\"a\":}",
        "{\"a\":1,}", "{a:1}", "{'a':1}", "{1:1}", "[1]]", "[1}", "{\"a\":1]", "nul", "tru", "True",
        "NaN", "Infinity", "-Infinity", "+1", "01", "-01", "1.", ".5", "-.5", "1.e1", "1e", "1e+",
        "0x1", "1_000", "--1", "-", "- 1", "1 2", "\"", "\"\\\"", "\"\\x\"", "\"\\u12G4\"",
        "\"\\u12\"",
        "\"a\nb\"", "\"a\tb\"", "'a'", "[\"a\" \"b\"]", "[1:2]", "{\"a\",1}", "// a\n1", "/**/1",
        "#1",
        "[1]x", "{\"a\":1}{", "[1]\u{00}", "\u{00A0}[1]", "[\u{000C}]", "[\"\\",
        "{\"a\":1 \"b\":2}",
        "{\"a\" 1}", "\u{2060}1", "[1]\n[2]",
    ]

    @Test(arguments: accepted) func isAccepted(text: String) throws {
        _ = try json(text)
        _ = try JSONDocument(Array(text.utf8), name: "t.json")
    }

    @Test(arguments: refused) func isRefused(text: String) {
        #expect(throws: FrameError.self) { try json(text) }
        #expect(throws: JSONError.self) { try JSONDocument(Array(text.utf8), name: "t.json") }
    }
}

extension [UInt8] {
    func write(to path: String) throws {
        let file = try AtomicFile(path)
        try file.write(self)
        try file.commit()
    }
}
