// Frames into JSON and back.

import Testing

@testable import ArenaFrame

private func sample() throws -> Frame {
    try Frame(
        names: ["b", "f", "g", "s", "t", "ids", "v", "m", "c", "when"],
        columns: [
            Column(.bool([true, false, true]), validity: Validity([true, false, true])),
            Column([0.1, -1e300, 5e-324]), Column([Float(0.1), 3, -0.5]),
            Column(["a\"\\\n\u{1}é", nil, "</x>"]),
            Column(.turns(try ListStorage([["x", nil], [], ["\t"]]))),
            Column(.ints(NumberLists([[1, -2], [], [3]]))),
            Column(.floats(NumberLists([[0.5], [1e16], []]))),
            Column(.matrix(MatrixStorage(.float64([1, 2, 3, 4, 5, 6.5]), count: 3, width: 2))),
            Column(
                .categorical(
                    CategoricalStorage(codes: [1, 0, 1], categories: try TextStorage(["p", "q"])))),
            Column(.timestamp([0, 1_714_558_830_500_000, -1])),
        ], key: FrameKey(name: "id", column: Column([7, 8, 9] as [Int64])))
}

@Suite struct JSONWriterTests {
    @Test(arguments: JSONOrient.allCases) func roundTrip(orient: JSONOrient) throws {
        var style = JSONStyle()
        style.orient = orient
        let bytes = encodeJSON(try sample(), style: style)
        var options = JSONOptions()
        options.orient = orient
        options.types = ["m": .matrix, "c": .categorical, "when": .timestamp, "g": .float32]
        if orient == .values {
            options.types = [:]
            let frame = try parseJSON(bytes, name: "t.json", options: options).frame
            #expect(frame.rowCount == 3 && frame.columns.count == 11)
            return
        }
        let hasKey = orient == .records || orient == .split
        let frame = try parseJSON(
            bytes, name: "t.json", key: hasKey ? "id" : nil, options: options
        ).frame
        let sample = try sample()
        #expect(frame.names == sample.names)
        #expect(frame.key.map { cells($0.column) } == ["7", "8", "9"])
        for name in sample.names {
            #expect(try cells(frame, name) == cells(sample, name), "\(name)")
            #expect(try frame.column(name).type == sample.column(name).type)
        }
    }

    @Test func lines() throws {
        var style = JSONStyle()
        style.lines = true
        style.digits = 2
        let frame = try keyed([1, 2], [("p", [1.0 / 3, .nan])])
        #expect(
            String(decoding: encodeJSON(frame, style: style), as: UTF8.self)
                == "{\"id\":1,\"p\":0.33}\n{\"id\":2,\"p\":null}\n")
        let folder = TemporaryFolder()
        let root = folder.path
        #expect(try writeJSON(frame, path: root + "/a.json", style: style) == 1)
    }

    @Test func manyRowsOnSeveralCores() throws {
        let values = (0..<10_000).map { Double($0) / 7 }
        let frame = try keyed(values.indices.map { Int64($0) }, [("p", values)])
        for workers in [1, 3] {
            var style = JSONStyle()
            style.workers = workers
            let read = try parseJSON(
                encodeJSON(frame, style: style), name: "t.json", key: "id"
            ).frame
            #expect(read.columns[0].doubles == values)
        }
    }

    @Test func nothing() throws {
        let frame = try Frame(names: ["a"], columns: [Column([] as [Double])])
        #expect(String(decoding: encodeJSON(frame), as: UTF8.self) == "[]\n")
        var style = JSONStyle()
        style.orient = .columns
        #expect(String(decoding: encodeJSON(frame, style: style), as: UTF8.self) == "{\"a\":{}}\n")
    }
}
