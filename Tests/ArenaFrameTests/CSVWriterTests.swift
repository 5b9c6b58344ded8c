import ArenaCore
import Testing

@testable import ArenaFrame

@Suite struct CSVWriterTests {
    private func written(_ frame: Frame, _ style: CSVStyle = CSVStyle()) throws -> String {
        String(decoding: try encodeCSV(frame, style: style), as: UTF8.self)
    }

    @Test func quotesOnlyWhereNeeded() throws {
        let texts: [String?] = [
            "plain", "a,b", "say \"hi\"", "two\nlines", "cr\r", "", nil, " x ", "  ", "é汉",
        ]
        let frame = try Frame(
            names: ["t", "n"], columns: [Column(texts), Column(Array(0..<10) as [Int64])])
        #expect(
            try written(frame) == """
                t,n
                plain,0
                "a,b",1
                "say ""hi""\",2
                "two
                lines",3
                "cr\r",4
                "",5
                ,6
                 x ,7
                "  ",8
                é汉,9

                """)
    }

    @Test func everyTypeAndTheKeyFirst() throws {
        let key = try FrameKey(name: "id", column: Column(["x", "y", "z"]))
        let frame = try Frame(
            names: ["b", "i", "d", "f", "l"],
            columns: [
                Column(.bool([true, false, true]), validity: Validity([true, true, false])),
                Column([.min, 0, .max] as [Int64]), Column([0.1, 1e-5, 1e300]),
                Column([0.1, 3, -2.5e-8] as [Float]),
                Column(.turns(try ListStorage([["a", nil], [], ["q\"\\\u{1}\n"]]))),
            ], key: key)
        #expect(
            try written(frame) == """
                id,b,i,d,f,l
                x,True,-9223372036854775808,0.1,0.1,"[""a"",null]"
                y,False,0,1e-05,3.0,[]
                z,,9223372036854775807,1e+300,-2.5e-08,"[""q\\""\\\\\\u0001\\n""]"

                """)
    }

    @Test func whatIsWrittenReadsBack() throws {
        var random = SeededRandom(9)
        let alphabet = Array("ab ,\"\n\r\té汉😀;'")
        for _ in 0..<200 {
            let rows = Int.random(in: 0...9, using: &random)
            func text() -> String? {
                if Int.random(in: 0..<6, using: &random) == 0 { return nil }
                return String(
                    (0..<Int.random(in: 0...12, using: &random)).map { _ in
                        alphabet.randomElement(using: &random) ?? "a"
                    })
            }
            // An anchor that is text keeps the column text.
            let a = ["x"] + (0..<rows).map { _ in text() }
            let d = (0...rows).map { _ in Double(bitPattern: random.next()) }.map {
                $0.isFinite ? $0 : 0.5
            }
            let frame = try Frame(
                names: ["a", "d,\"x\""], columns: [Column(a), Column(d)],
                key: FrameKey(name: "id", column: Column((0...rows).map { Int64($0) })))
            let back = try parseCSV(encodeCSV(frame), name: "back.csv", key: "id")
            #expect(back.names == frame.names)
            #expect(try cells(back, "a") == a)
            #expect(try back.column("d,\"x\"").doubles == d)
        }
    }

    @Test func aSingleColumnKeepsItsRows() throws {
        let frame = try Frame(names: ["a"], columns: [Column(["x", nil, " "])])
        #expect(try written(frame) == "a\nx\n\"\"\n\" \"\n")
        #expect(try csv(try written(frame)).rowCount == 3)
        #expect(try written(Frame(names: [], columns: [])) == "")
    }

    @Test func filesAreWholeOrNotThere() throws {
        let folder = TemporaryFolder()
        let path = joinPath(folder.path, "out.csv")
        let frame = try keyed([1, 2], [("a", [0.25, 0.5])])
        try writeCSV(frame, path: path)
        #expect(try String(decoding: readFile(path), as: UTF8.self) == "id,a\n1,0.25\n2,0.5\n")
        #expect(listDirectory(folder.path) == ["out.csv"])
        #expect(throws: FrameError.self) { try writeCSV(frame, path: "/nowhere/out.csv") }
        #expect(throws: FrameError.file(.isDirectory(path: folder.path))) {
            try writeCSV(frame, path: folder.path)
        }
    }
}

@Suite struct PackedFileTests {
    @Test(arguments: ["t.csv.gz", "t.json.gz", "t.jsonl.gz", "t.tsv.gz"])
    func packedFilesReadBack(_ name: String) throws {
        let folder = TemporaryFolder()
        let path = folder.path + "/" + name
        for rows in [0, 1, 9000] {
            let frame = try Frame(
                names: ["n", "t"],
                columns: [
                    Column((0..<rows).map { Int64($0) }),
                    try Column((0..<rows).map { "a \"text\", \($0)\n" }),
                ])
            var plain = 0
            if name.contains(".json") {
                var style = JSONStyle()
                style.lines = name.contains("jsonl")
                _ = try writeJSON(frame, path: path, style: style)
                plain = encodeJSON(frame, style: style).count
            } else {
                var style = CSVStyle()
                style.delimiter = name.contains("tsv") ? 9 : 44
                try writeCSV(frame, path: path, style: style)
                plain = try encodeCSV(frame, style: style).count
            }
            let bytes = try readFile(path)
            #expect(bytes.prefix(2) == [0x1F, 0x8B] && bytes.count < plain + 100)
            if rows > 1 { #expect(bytes.count < plain / 3) }
            var options = CSVOptions()
            options.delimiter = nil
            let back =
                try name.contains(".json")
                ? readJSON(paths: [path], key: nil, options: JSONOptions()).frame
                : readCSV(path: path, key: nil, options: options).frame
            #expect(back.rowCount == rows)
            for column in frame.names where rows > 0 {
                #expect(try cells(back, column) == cells(frame, column))
            }
        }
    }

    @Test func archivesAreNotWritten() throws {
        let frame = try Frame(names: ["n"], columns: [Column([1] as [Int64])])
        #expect(
            report { try writeCSV(frame, path: "/tmp/never.zip") } == """
                ValueError: write_csv: zip archives are read but not written
                  help: write /tmp/never.gz
                """)
    }
}
