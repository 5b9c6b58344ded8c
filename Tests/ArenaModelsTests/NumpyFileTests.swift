// Weights in NumPy's formats: the same as in safetensors; what cannot be read is named.

import ArenaCore
import ArenaTensor
import Testing

@testable import ArenaModels

private let folder = joinPath(splitPath(fixtures).folder, "architectures")

@Suite struct NumpyFileTests {
    private let rows = TokenBatch([[5, 6, 7], [9]])
    private let archive = joinPath(folder, "torch-files/numpy.npz")

    @Test func anArchiveAndAFolder() throws {
        let own = try Classifier(modelPath: joinPath(folder, "bert")).predictLogits(rows)
        let found = try Checkpoint(file: archive, prefix: "")
        let expected = try Checkpoint(folder: joinPath(folder, "bert"))
        #expect(found.names == expected.names)
        let other = try Classifier(
            modelPath: joinPath(folder, "bert"), OpeningOptions(source: found))
        #expect(bits(try other.predictLogits(rows)) == bits(own))
        // A file a tensor, beside the configuration.
        let copy = Folder()
        try copy.write("config.json", readFile(joinPath(folder, "bert/config.json")))
        for name in expected.names {
            let tensor = try #require(try expected.tensor(name))
            try copy.write(
                name + ".npy",
                NumpyHeader(descr: "<f2", shape: tensor.shape).bytes + tensor.bytes)
        }
        #expect(bits(try Classifier(modelPath: copy.path).predictLogits(rows)) == bits(own))
    }

    @Test func whatCannotBeReadIsNamed() throws {
        let copy = Folder()
        func words(_ header: [UInt8], _ data: Int) throws -> String {
            try copy.write("w.npy", header + [UInt8](repeating: 0, count: data))
            return report {
                _ = try Checkpoint(file: joinPath(copy.path, "w.npy"), prefix: "")
            }?.message ?? "none"
        }
        #expect(try words(NumpyHeader(descr: "<f4", shape: [2, 3]).bytes, 24) == "none")
        for (descr, fortran, shape, words) in [
            ("|O", false, [2], "of type |O"), (">f4", false, [2], "of type >f4"),
            ("<f4", true, [2, 2], "columns stand together"),
            ("<f4", false, [2, 9], "takes 72 bytes, there are 24"),
            ("<f4", false, [Int.max, 9], "too large"),
        ] as [(String, Bool, [Int], String)] {
            let header = NumpyHeader(descr: descr, isFortran: fortran, shape: shape).bytes
            try copy.write("w.npy", header + [UInt8](repeating: 0, count: 24))
            let found = report {
                _ = try Checkpoint(file: joinPath(copy.path, "w.npy"), prefix: "")
            }
            #expect(found?.message.contains(words) == true, "\(found?.message ?? "none")")
            #expect(found?.message.contains("tensor 'w'") == true)
        }
        #expect(try words(Array("no numpy".utf8), 0).contains("does not begin as"))
        // Not one bit of it may crash the reader.
        var random = Seeded(3)
        let good = try readFile(archive)
        for _ in 0..<400 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let last = Bool.random(using: &random)
                let at = Int.random(
                    in: last ? bytes.count - 3000..<bytes.count : 0..<400, using: &random)
                bytes[at] = UInt8.random(in: 0...255, using: &random)
            }
            try copy.write("w.npz", bytes)
            if let checkpoint = try? Checkpoint(file: joinPath(copy.path, "w.npz"), prefix: "") {
                for name in checkpoint.names { _ = try? checkpoint.tensor(name)?.bytes }
            }
        }
    }
}
