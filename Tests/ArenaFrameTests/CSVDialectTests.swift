// What the reader finds out about a file's dialect, and what it is told besides.

import Testing

@testable import ArenaFrame

@Suite struct CSVDialectTests {
    private func read(
        _ text: String, key: String? = nil, _ change: (inout CSVOptions) -> Void = { _ in }
    ) throws -> CSVResult {
        var options = CSVOptions()
        options.delimiter = nil
        options.findsQuote = true
        change(&options)
        return try parseCSV(Array(text.utf8), name: "t.csv", key: key, options: options)
    }

    @Test(arguments: [
        "'a','b'\n'x, y',1\n'z',2\n", "a,b\n'x, y',1\n'z',2\n", "a;b\n'x; y';1\n'z';2\n",
        "a,b\n'it''s, so',1\nz,2\n'q',3\n", "\u{FEFF}'a','b'\n'x\ny',1\n'z',2\n",
    ]) func apostrophesAreFound(_ text: String) throws {
        let result = try read(text)
        #expect(result.frame.names == ["a", "b"])
        #expect(result.frame.columns[1].type == .int64)
        #expect(result.notes == ["cells of t.csv stand between ': quotechar=\"'\""])
    }

    @Test(arguments: [
        // An apostrophe like any other.
        "a,b\n'tis,1\n'twas,2\n", "a,b\n'x',1\ny,2\n", "a,b\n1,'\n2,'\n",
        // The usual quote begins a cell.
        "a,b\n\"x\",'1'\n\"y\",'2'\n", "a\n", "'a','b'\n", "",
    ]) func otherApostrophesAreText(_ text: String) throws {
        let bytes = Array(text.utf8)
        let found = bytes.withUnsafeBytes {
            CSVOptions.likelyQuote($0, path: "t.csv", delimiter: nil)
        }
        #expect(found == UInt8(ascii: "\""))
    }

    /// A quote that only the first rows keep to is none.
    @Test func laterRowsMayObject() throws {
        let text = "a,b\n" + String(repeating: "'x',1\n", count: 20) + "'tis,2\n"
        let result = try read(text)
        #expect(try cells(result.frame, "a").last == "'tis")
        #expect(try cells(result.frame, "a").first == "'x'")
        #expect(result.notes.isEmpty)
    }

    /// As pandas 3.1 reads them: a row that holds a line end is one, and blank lines count.
    @Test(arguments: [
        ([1], ["x\ny", "5", "7"]), ([2], ["1", "5", "7"]), ([1, 4], ["x\ny", "7"]),
        ([3], ["1", "x\ny", "5", "7"]), ([9], ["1", "x\ny", "5", "7"]), ([1, 2, 3, 4, 5], []),
    ]) func rowsAreSkippedByNumber(_ numbers: [Int], _ expected: [String]) throws {
        let text = "a,b\n1,2\n\"x\ny\",3\n\n5,6\n7,8\n"
        let frame = try read(text) { $0.skippedRows = Set(numbers) }.frame
        #expect(frame.names == ["a", "b"])
        #expect(try cells(frame, "a") == expected)
    }

    @Test func aSkippedRowMayBeTheHeaderOrBroken() throws {
        let named = try read("junk\na,b\n1,2\n") { $0.skippedRows = [0] }.frame
        #expect(named.names == ["a", "b"])
        for badLines in [CSVBadLines.error, .skip, .repair] {
            let frame = try read("a,b\n1,\"2\n3,4\n") {
                ($0.skippedRows, $0.badLines) = ([1], badLines)
            }.frame
            #expect(try cells(frame, "b") == ["4"])
        }
    }

    @Test func wordsForMissingCells() throws {
        let text = "id,n,t,b\n1,?,?,true\n2,7,x,-\n3,-999,-999,false\n"
        let all = try read(text) { $0.missingWords = ["?", "-", "-999"] }.frame
        #expect(all.columns.map(\.type) == [.int64, .int64, .string, .bool])
        #expect(try cells(all, "n") == [nil, "7", nil])
        #expect(try cells(all, "t") == [nil, "x", nil])
        #expect(try cells(all, "b") == ["True", nil, "False"])
        let some = try read(text) { $0.missingWordsByColumn = ["n": ["?"]] }.frame
        #expect(try cells(some, "n") == [nil, "7", "-999"])
        #expect(try cells(some, "t") == ["?", "x", "-999"])
        #expect(
            report { try read(text) { $0.missingWordsByColumn = ["m": ["?"]] } }.contains("'m'"))
    }

    /// The fast way and the careful way agree on them.
    @Test func wordsForMissingCellsBothWays() throws {
        var text = "a,b,c\n"
        for row in 0..<5000 {
            text += "\(row % 7 == 0 ? "none" : "\(row)"),\(row % 5 == 0 ? "none" : "t\(row)"),"
            text += "\(row % 3 == 0 ? "none" : "\(Double(row) / 4)")\n"
        }
        let bytes = Array(text.utf8)
        var options = CSVOptions()
        options.missingWords = ["none"]
        var results: [Frame] = []
        for isFast in [true, false] {
            let frame = try bytes.withUnsafeBytes { raw in
                var reader = CSVReader(raw, path: "t.csv", options: options)
                if isFast {
                    reader.stretches = { $0.stretchSize = 4096 }
                } else {
                    reader.stretches = nil
                }
                return try reader.read(key: nil).frame
            }
            #expect(frame.columns.map(\.type) == [.int64, .string, .float64])
            #expect(frame.columns.map(\.missingCount) == [715, 1000, 1667])
            results.append(frame)
        }
        for name in ["a", "b", "c"] {
            #expect(try cells(results[0], name) == cells(results[1], name))
        }
    }

    @Test func columnsByPlace() throws {
        let text = "id,a,b\n1,2,3\n"
        #expect(try read(text) { $0.columnPlaces = [2] }.frame.names == ["b"])
        #expect(
            try read(text) { ($0.columnPlaces, $0.columns) = ([2], ["a"]) }.frame.names == [
                "a", "b",
            ])
        let keyed = try read(text, key: "id") { $0.columnPlaces = [1] }.frame
        #expect(keyed.names == ["a"] && keyed.key?.name == "id")
        #expect(
            report { try read(text) { $0.columnPlaces = [3] } } == """
                IndexError: there is no column 3: the file has 3 columns
                  in t.csv
                  help: columns count from 0
                """)
        #expect(report { try read(text) { $0.columnPlaces = [-1] } }.contains("no column -1"))
    }
}
