import ArenaCore
import Testing

@testable import ArenaFrame

@Suite struct CSVReaderTests {
    // MARK: - Shapes of rows and cells

    @Test func plainRows() throws {
        let frame = try csv("a,b,c\n1,x,2.5\n-2,y z,1e3\n")
        #expect(frame.names == ["a", "b", "c"])
        #expect(frame.columns.map(\.type) == [.int64, .string, .float64])
        #expect(try cells(frame, "a") == ["1", "-2"])
        #expect(try cells(frame, "b") == ["x", "y z"])
        #expect(try cells(frame, "c") == ["2.5", "1000.0"])
    }

    @Test(arguments: ["\n", "\r\n", "\r"], ["", "\n", "\n\n", "end"])
    func lineEndsAndLastLines(end: String, tail: String) throws {
        let last = tail == "end" ? "" : tail.replacing("\n", with: end)
        let frame = try csv("a,b" + end + "1,x" + end + "2,y" + last)
        #expect(try cells(frame, "a") == ["1", "2"])
        #expect(try cells(frame, "b") == ["x", "y"])
    }

    @Test func quotedCells() throws {
        let frame = try csv(
            "a,b\n\"one, two\",\"line 1\nline 2\"\n\"say \"\"hi\"\"\",\"\r\n\"\n\"\"\"\",\"\"\"\"\"\"\n"
        )
        #expect(try cells(frame, "a") == ["one, two", "say \"hi\"", "\""])
        #expect(try cells(frame, "b") == ["line 1\nline 2", "\r\n", "\"\""])
    }

    @Test func aQuoteInsideAPlainCellIsAByte() throws {
        #expect(try cells(csv("a,b\n5\" disk,it's \"so\"\n"), "a") == ["5\" disk"])
        #expect(try cells(csv("a,b\n5\" disk,it's \"so\"\n"), "b") == ["it's \"so\""])
    }

    @Test func unicodeAndByteOrderMark() throws {
        let frame = try parseCSV(
            [0xEF, 0xBB, 0xBF] + Array("id,名前\n1,汉字😀é\n2,\"ß\"\"\"\n".utf8), name: "t.csv",
            key: "id")
        #expect(frame.names == ["名前"])
        #expect(try cells(frame, "名前") == ["汉字😀é", "ß\""])
    }

    @Test func blankLinesAreNoRows() throws {
        let frame = try csv("\n  \na,b\n\n1,2\n \t \n\r\n3,4\n\n")
        #expect(try cells(frame, "a") == ["1", "3"])
        // A delimiter of tabs makes a line of tabs a row.
        let tabs = try parseCSV(Array("a\tb\n\t\n1\t2\n".utf8), name: "t.tsv", delimiter: 9)
        #expect(try cells(tabs, "a") == [nil, "1"])
    }

    @Test func oneColumn() throws {
        #expect(try cells(csv("a\nx\n\"\"\ny"), "a") == ["x", "", "y"])
        #expect(try cells(csv("a\n1\n\"\"\n3"), "a") == ["1", nil, "3"])
    }

    @Test func cellsOfEveryLengthAtEveryPlace() throws {
        // The eight-byte steps meet every alignment and every end of file.
        for first in 0..<20 {
            for second in 0..<20 {
                let a = String(repeating: "x", count: first)
                let b = String(repeating: "é", count: second)
                for quoted in [false, true] {
                    let cellB = quoted ? "\"\(b)\"\"\"" : b + "y"
                    let frame = try csv("a,b,c\n\(a)z,\(cellB),7\nq,r,8")
                    #expect(try cells(frame, "a") == [a + "z", "q"])
                    #expect(try cells(frame, "b") == [b + (quoted ? "\"" : "y"), "r"])
                    #expect(try cells(frame, "c") == ["7", "8"])
                }
            }
        }
    }

    @Test func longCellsAndManyRowsCrossBatches() throws {
        let long = String(repeating: "0123456789abcdef", count: 40_000)
        var text = "id,t,n\n"
        for i in 0..<50_000 { text += "\(i),\"c\(i)\"\"\",\(i).5\n" }
        text += "50000,\"\(long)\"\"\(long)\",1\n"
        let frame = try csv(text, key: "id")
        #expect(frame.rowCount == 50_001)
        let t = try cells(frame, "t")
        #expect(t[0] == "c0\"" && t[33_333] == "c33333\"" && t[49_999] == "c49999\"")
        #expect(t[50_000] == long + "\"" + long)
        #expect(try cells(frame, "n")[49_999] == "49999.5")
    }

    @Test(
        arguments: [
            ("a,b\n1,\"ha \n\"\"ha\"\" \nha\"\n3,4\n", [["1", "ha \n\"ha\" \nha"], ["3", "4"]]),
            (
                "k,v\n1,\"{\"\"type\"\": \"\"Point\"\", \"\"at\"\": [102.0, 0.5]}\"\n",
                [["1", "{\"type\": \"Point\", \"at\": [102.0, 0.5]}"]]
            ),
            ("k,v\n\"\",\"\"\nx,\"\"\n", [["", ""], ["x", ""]]),
            ("k,v\r\nx,\r\n,y\r\n", [["x", nil], [nil, "y"]]),
            ("k,v\nx,\"1\r\n2\"\ny,\"3\n\n4\"", [["x", "1\r\n2"], ["y", "3\n\n4"]]),
            ("k,v\n\",\",\"\"\",\"\"\"\n;,x", [[",", "\",\""], [";", "x"]]),
            ("k,v\n'a',\\n\n# x,\\\"y\n", [["'a'", "\\n"], ["# x", "\\\"y"]]),
            ("k,v\n\"x\",\"y\"\n\"z\",\"w\"", [["x", "y"], ["z", "w"]]),
            ("k,v\n x , y\n\u{A0},\u{3000}\n", [[" x ", " y"], ["\u{A0}", "\u{3000}"]]),
            ("k,v\nʤ,x\n\"ʤ\",\"ʤ\"\"\"\n", [["ʤ", "x"], ["ʤ", "ʤ\""]]),
        ] as [(String, [[String?]])])
    func aSpectrumOfFiles(text: String, rows: [[String?]]) throws {
        let frame = try csv(text)
        for (row, wanted) in rows.enumerated() {
            #expect(frame.columns.map { $0.text(row) } == wanted)
        }
        #expect(frame.rowCount == rows.count)
    }

    // MARK: - Types

    @Test func typesAreThoseOfTheWholeColumn() throws {
        func type(_ values: String...) throws -> ColumnType {
            try csv("a,z\n" + values.map { $0 + ",0\n" }.joined()).columns[0].type
        }
        #expect(try type("1", "-9223372036854775808", "9223372036854775807", "+7", " 8 ") == .int64)
        #expect(try type("1", "2.0") == .float64)
        #expect(try type("", "1", "") == .int64)
        #expect(try type("1", "inf", "-Infinity", "1e-3", ".5", "5.") == .float64)
        #expect(try type("True", "false", "", "TRUE") == .bool)
        #expect(try type("True", "1") == .string)
        #expect(try type("1", "x") == .string)
        #expect(try type("1", "True") == .string)
        #expect(try type("1", "12345678901234567890") == .string)
        #expect(try type("1.5", "12345678901234567890") == .float64)
        #expect(try type("12345678901234567890", "1.5") == .float64)
        #expect(try type("", "") == .float64)
        #expect(try type("\"\"", "") == .string)
        #expect(try type("NA", "null") == .string)
        #expect(try type("NA", "1") == .int64)
        #expect(try type("1_000") == .string)
        #expect(try type("0x10") == .string)
        #expect(try type("1e", "-") == .string)
        #expect(try type("--1") == .string)
        #expect(try type(".") == .string)
        #expect(try type("1 2") == .string)
        #expect(try type("\"12\"", "13") == .int64)
        #expect(try csv("a,b\n").columns.map(\.type) == [.string, .string])
    }

    @Test func textKeepsEveryByteHoweverLateItTurnsOutToBeText() throws {
        #expect(
            try cells(csv("a,b\n007,1\n 1 ,1\n,1\nNA,1\n1.50,1\nx,1\n"), "a")
                == ["007", " 1 ", nil, "NA", "1.50", "x"])
        #expect(try cells(csv("a,b\n\"\",1\nNone,1\n,1\nx,1\n"), "a") == ["", "None", nil, "x"])
        var text = "a,b\n"
        for i in 0..<40_000 { text += "00\(i),1\n" }
        let late = try cells(csv(text + "x,1\n"), "a")
        #expect(late[0] == "000" && late[39_999] == "0039999" && late[40_000] == "x")
        let huge = try cells(csv(text + "99999999999999999999,1\n"), "a")
        #expect(huge[1] == "001" && huge[40_000] == "99999999999999999999")
    }

    @Test func missingIsMissingAndNaNWordsAreToo() throws {
        let frame = try csv("a,b,c\n1,,x\n,2.5,\nnan,NaN,NaN\nNULL,\"\",\"\"\n")
        #expect(try cells(frame, "a") == ["1", nil, nil, nil])
        #expect(try cells(frame, "b") == [nil, "2.5", nil, nil])
        #expect(try cells(frame, "c") == ["x", nil, "NaN", ""])
        #expect(frame.columns.map(\.missingCount) == [3, 3, 1])
    }

    // MARK: - Header and key

    @Test func headers() throws {
        #expect(
            try csv(",a,\"b \"\"c\"\"\",\n1,2,3,4\n").names == [
                "Unnamed: 0", "a", "b \"c\"", "Unnamed: 3",
            ])
        #expect(try csv("a,b").rowCount == 0)
        #expect(try csv("a,b\n", key: "a").names == ["b"])
    }

    @Test func keysTravelWithTheFrame() throws {
        let frame = try csv("x,id\n5,b\n6,a\n", key: "id")
        #expect(frame.names == ["x"])
        #expect(frame.key?.name == "id")
        #expect(try cells(frame, "id") == ["b", "a"])
    }

    // MARK: - Errors, whole

    @Test func errorsSayWhereAndWhat() throws {
        #expect(
            report { try csv("") } == """
                ValueError: the file is empty
                  in t.csv
                  help: a CSV file begins with a line of column names
                """)
        #expect(report { try csv("\n \n") }.hasPrefix("ValueError: the file is empty"))
        #expect(
            report { try csv("a,b\n1,2\n\"x\ny\",2,3\n") } == """
                ValueError: the row has 3 cells, the header has 2
                  in t.csv:3
                  help: a cell with a comma in it must be quoted; or the header lacks a name; on_bad_lines="repair" mends such rows
                """)
        #expect(
            report { try csv("a,b\n\"1\n2\",2\n3\n") } == """
                ValueError: the row has 1 cell, the header has 2
                  in t.csv:4
                  help: is the file cut off, or a line broken in a cell that is not quoted? on_bad_lines="repair" fills such rows up
                """)
        #expect(
            report { try csv("a,b\n1,2\n3,\"open \"\"quote\n4,5\n") } == """
                ValueError: the quoted cell that opens here is never closed: '"open ""quote\\n4,5\\n'
                  in t.csv:3:3
                  help: is the file cut off? A quote inside a quoted cell is written twice
                """)
        #expect(
            report { try csv("a,b\n1,\"x\" y\n") } == """
                ValueError: text after the closing quote of a cell of 'b' that opens in line 2: '"x" y\\n'
                  in t.csv:2:6
                  help: a quote inside a quoted cell is written twice (""); or is an earlier one left open?
                """)
        #expect(
            report { try csv("a,b,a\n1,2,3\n") } == """
                ValueError: columns 1 and 3 of the header are both 'a'
                  in t.csv:1
                  help: give one of them another name in the file
                """)
        #expect(
            report { try csv("id,prompt\n1,2\n", key: "ids") } == """
                KeyError: there is no column 'ids'
                  in t.csv
                  help: did you mean 'id'?
                """)
    }

    @Test func textThatIsNoneIsFound() throws {
        let bad = Array("a,b\n1,ok\n2,\"né".utf8) + [0xFF] + Array("x\"\n".utf8)
        #expect(
            report { try parseCSV(bad, name: "t.csv") } == """
                ValueError: a cell of 'b' is not UTF-8 (byte 0xFF): 'né\u{FFFD}x'
                  in t.csv:3:7
                  help: say how it was written: encoding="latin-1" or "cp1252"
                """)
        #expect(
            report { try csv("a,b\n1,x\u{0}y\n") } == """
                ValueError: a NUL byte in a cell of 'b': 'x\\x00y'
                  in t.csv:2:4
                  help: no text holds NUL bytes: was the file cut off while written, or is it not text?
                """)
        // Also where the bytes break the rows, in the header, and at the very end.
        #expect(
            report { try parseCSV(Array("a,b\n1,2,".utf8) + [0xC3], name: "t.csv") }.contains(
                "header has 2"))
        #expect(
            report { try parseCSV([0x61, 0x80, 0x0A], name: "t.csv") }.contains(
                "'the header' is not UTF-8"))
        #expect(
            report { try parseCSV(Array("a\nx".utf8) + [0xE6, 0xB1], name: "t.csv") }.contains(
                "t.csv:2:2"))
        for (head, what) in [
            ([0xFF, 0xFE, 0x61, 0], "UTF-16"), ([0x1F, 0x8B, 8, 0], "gzip"),
            ([0x50, 0x4B, 3, 4], "zip"),
        ] {
            #expect(report { try parseCSV(head.map(UInt8.init), name: "t.csv") }.contains(what))
        }
    }

    @Test func badKeysNameTheirLines() throws {
        #expect(
            report { try csv("id,x\n1,\"a\nb\"\n2,c\n1,d\n", key: "id") } == """
                ValueError: the key 'id' has 1 twice, first in line 2
                  in t.csv:5
                  help: a key names one row: drop the duplicates, or use another column
                """)
        #expect(
            report { try csv("id,x\n1,\"a\nb\"\n\n,c\n,d\n", key: "id") } == """
                ValueError: the key 'id' is missing and 1 more
                  in t.csv:5
                  help: every row needs a key: complete it, or use another column
                """)
        #expect(
            report { try csv("id,x\n1.5,a\n", key: "id") } == """
                TypeError: the key 'id' is float64
                  help: a key is a column of whole numbers or of text
                """)
    }

    @Test func filesAreMappedAndNamed() throws {
        let folder = TemporaryFolder()
        let path = joinPath(folder.path, "test.csv")
        try writeFile(path, Array("id,x\n1,a\n".utf8))
        let frame = try readCSV(path: path, key: "id")
        try writeFile(path, Array("id,x\n2,b\n".utf8))
        #expect(try cells(frame, "x") == ["a"])
        #expect(
            report { try readCSV(path: joinPath(folder.path, "tets.csv")) }.contains("did you mean")
        )
        #expect(throws: FrameError.file(.isDirectory(path: folder.path))) {
            try readCSV(path: folder.path)
        }
        try writeFile(path, [])
        #expect(throws: FrameError.csvEmpty(path: path)) { try readCSV(path: path) }
    }
}
