// Frames into JSON and back.

import Testing

@testable import ArenaFrame

@Suite struct JSONWriterTests {
    @Test(arguments: JSONOrient.allCases) func roundTrip(orient: JSONOrient) throws {
        var style = JSONStyle()
        style.orient = orient
        let bytes = encodeJSON(try everyType(), style: style)
        var options = JSONOptions()
        options.orient = orient
        options.types = ["m": .matrix, "c": .categorical, "when": .timestamp, "g": .float32]
        if orient == .values {
            options.types = [:]
            let frame = try parseJSON(bytes, name: "t.json", options: options).frame
            #expect(frame.rowCount == 3 && frame.columns.count == 12)
            return
        }
        let hasKey = orient == .records || orient == .split
        let frame = try parseJSON(
            bytes, name: "t.json", key: hasKey ? "id" : nil, options: options
        ).frame
        let sample = try everyType()
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
