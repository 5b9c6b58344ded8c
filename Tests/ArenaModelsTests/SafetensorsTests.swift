// safetensors files that lie: every field of the header, every byte of small files, shards and index.

import ArenaCore
import ArenaTensor
import Testing

@testable import ArenaModels

@Suite struct SafetensorsTests {
    static let pieces = Array("0123456789[]{},:\"-eF".utf8)

    func problem(_ bytes: [UInt8]) throws -> String? {
        let folder = Folder()
        try folder.write("x.safetensors", bytes)
        return report { _ = try SafetensorsFile(joinPath(folder.path, "x.safetensors")) }?.message
    }

    func entry(_ name: String, _ shape: String, _ begin: Int, _ end: Int, type: String = "F32")
        -> String
    {
        "\"\(name)\":{\"dtype\":\"\(type)\",\"shape\":\(shape),\"data_offsets\":[\(begin),\(end)]}"
    }

    @Test func readsWhatIsRight() throws {
        let folder = Folder()
        let header =
            "{\"__metadata__\":{\"format\":\"pt\"},"
            + entry("b", "[2,2]", 4, 20) + "," + entry("a", "[2]", 0, 4, type: "BF16") + ","
            + entry("none", "[0,7]", 20, 20, type: "I64") + "," + entry("one", "[]", 20, 24)
            + "}   "
        try folder.write(
            "x.safetensors", safetensors(header, data: [UInt8](repeating: 0, count: 24)))
        let file = try SafetensorsFile(joinPath(folder.path, "x.safetensors"))
        #expect(file.entries.count == 4)
        #expect(file.entries["b"]?.shape == [2, 2])
        #expect(try file.tensor("a")?.type == .bfloat16)
        #expect(try file.tensor("c") == nil)
        #expect(report { _ = try file.tensor("none") }?.message.contains("stored as I64") == true)
    }

    @Test func headersThatLie() throws {
        let data = [UInt8](repeating: 0, count: 16)
        func check(_ header: String, _ expected: String, data: [UInt8]? = nil) throws {
            let message = try problem(
                safetensors(header, data: data ?? [UInt8](repeating: 0, count: 16)))
            #expect(message?.contains(expected) == true, "\(message ?? "nothing"): \(header)")
        }
        #expect(try problem([1, 2, 3])?.contains("too short") == true)
        #expect(
            try problem([255, 255, 255, 255, 255, 255, 255, 255])?.contains("header takes") == true)
        #expect(
            try problem([9, 0, 0, 0, 0, 0, 0, 0] + data.prefix(8))?.contains("header takes 9")
                == true)
        #expect(
            try problem([0, 0, 0, 64, 0, 0, 0, 0] + data.prefix(8))?
                .contains("takes 1073741824 bytes, more than the 100000000") == true)
        try check("[]", "not an object")
        try check("{", "not valid JSON")
        try check("{\"a\":5}", "'a' has no valid dtype")
        try check("{" + entry("a", "[4]", 0, 16, type: "F31") + "}", "unknown type 'F31'")
        try check("{" + entry("a", "[-4]", 0, 16) + "}", "no valid shape")
        try check("{" + entry("a", "[4.5]", 0, 16) + "}", "no valid shape")
        try check("{" + entry("a", "[9223372036854775807,2]", 0, 16) + "}", "too large")
        try check("{" + entry("a", "[2305843009213693952]", 0, 16) + "}", "too large")
        try check("{" + entry("a", "[4]", 0, 20) + "}", "0 to 20 of 16")
        try check("{" + entry("a", "[4]", 12, 8) + "}", "12 to 8 of 16")
        try check("{" + entry("a", "[4]", -16, 0) + "}", "-16 to 0 of 16")
        try check("{" + entry("a", "[3]", 0, 16) + "}", "takes 16 bytes, its shape and type say 12")
        try check("{" + entry("a", "[2]", 8, 16) + "}", "leaves bytes 0 to 8")
        try check("{" + entry("a", "[2]", 0, 8) + "}", "8 bytes after")
        try check(
            "{" + entry("a", "[4]", 0, 16) + "," + entry("b", "[2]", 8, 16) + "}", "overlaps 'a'")
        try check(
            "{" + entry("a", "[4]", 0, 16) + "," + entry("a", "[4]", 0, 16) + "}", "listed twice")
        try check("{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0]}}", "data_offsets")
        let twice = "\"dtype\":\"F32\",\"dtype\":\"F16\""
        try check(
            "{\"a\":{\(twice),\"shape\":[4],\"data_offsets\":[0,16]}}", "says its dtype twice")
        try check("{}", "16 bytes after")
    }

    @Test func everyTruncationAndManyChangesAreErrorsOrHarmless() throws {
        let header =
            "{" + entry("a", "[2,3]", 0, 24) + "," + entry("b", "[4]", 24, 32, type: "BF16") + "}"
        let good = safetensors(header, data: (0..<32).map { UInt8($0) })
        #expect(try problem(good) == nil)
        for length in 0..<good.count { #expect(try problem(Array(good.prefix(length))) != nil) }
        var random = Seeded(11)
        let folder = Folder()
        let path = joinPath(folder.path, "x.safetensors")
        for _ in 0..<1500 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let at = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: at)
                default: bytes.insert(Self.pieces.randomElement(using: &random) ?? 48, at: at)
                }
            }
            try writeFile(path, bytes)
            do {
                // What is accepted lies inside the file, so reading all of it is safe.
                let file = try SafetensorsFile(path)
                for name in file.entries.keys {
                    guard let t = try? file.tensor(name), t.count > 0 else { continue }
                    let w = WeightVector(count: t.count)
                    try? w.load(t)
                }
            } catch { #expect(!error.report.message.isEmpty) }
        }
    }

    @Test func shardsAndIndexMustAgree() throws {
        let index = "model.safetensors.index.json"
        func message(_ change: (Folder) throws -> Void) throws -> String? {
            let folder = try Folder(copying: "gemma2-bf16")
            try change(folder)
            return report { _ = try Checkpoint(folder: folder.path) }?.message
        }
        #expect(try message { _ in } == nil)
        #expect(
            try message { try $0.edit(index, "\"model.norm.weight\"", "\"model.norm.gone\"") }?
                .contains("does not hold it") == true)
        #expect(
            try message {
                try $0.edit(
                    index, "model-00002-of-00002.safetensors", "model-00003-of-00002.safetensors")
            }?.contains("is not there") == true)
        #expect(
            try message {
                try $0.edit(index, "model-00002-of-00002.safetensors", "../model.safetensors")
            }?.contains("weight_map.") == true)
        #expect(try message { try $0.write(index, "{\"weight_map\": {}}") } == nil)
        #expect(try message { try $0.write(index, "{}") }?.contains("weight_map") == true)
        #expect(try message { try $0.write(index, "[1") }?.contains("not valid JSON") == true)
        // A tensor that the index forgets.
        let text = try Folder(copying: "gemma2-bf16").read(index)
        let lines = text.split(separator: "\n").filter {
            !$0.contains("\"model.layers.1.mlp.up_proj")
        }
        #expect(
            try message { try $0.write(index, lines.joined(separator: "\n")) }?
                .contains("'model.layers.1.mlp.up_proj.weight', which the index") == true)
        let empty = Folder()
        #expect(
            report { _ = try Checkpoint(folder: empty.path) }?.message.contains("neither model.saf")
                == true)
        #expect(report { _ = try Checkpoint(folder: empty.path + "/no") }?.kind == .fileNotFound)
    }
}
