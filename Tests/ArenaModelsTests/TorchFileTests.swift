// PyTorch's files: the same weights as safetensors, and files that lie, are cut, or would run something.

import ArenaCore
import ArenaTensor
import Testing

@testable import ArenaModels

private let folder = joinPath(splitPath(fixtures).folder, "architectures")
private func file(_ name: String) -> String { joinPath(folder, "torch-files/" + name) }

@Suite struct TorchFileTests {
    @Test(arguments: [("zip.pt", ""), ("wrapped.pth", "module."), ("legacy.bin", "")])
    func theSameTensorsAsSafetensors(name: String, prefix: String) throws {
        let expected = try Checkpoint(folder: joinPath(folder, "bert"))
        let found = try Checkpoint(file: file(name), prefix: prefix)
        #expect(found.names == expected.names)
        for name in expected.names {
            let (a, b) = (
                try #require(try expected.tensor(name)), try #require(try found.tensor(name))
            )
            #expect(a.shape == b.shape && a.type == b.type && a.bytes == b.bytes, "\(name)")
        }
        // The whole model from the other file.
        let rows = TokenBatch([[5, 6, 7], [9]])
        let own = try Classifier(modelPath: joinPath(folder, "bert"))
        let other = try Classifier(
            modelPath: joinPath(folder, "bert"), OpeningOptions(source: found))
        #expect(bits(try own.predictLogits(rows)) == bits(try other.predictLogits(rows)))
    }

    @Test func aFolderWithPyTorchsFile() throws {
        let copy = Folder()
        try copy.write("config.json", readFile(joinPath(folder, "bert/config.json")))
        try copy.write("pytorch_model.bin", readFile(file("zip.pt")))
        let rows = TokenBatch([[5, 6, 7]])
        let own = try Classifier(modelPath: joinPath(folder, "bert"))
        let other = try Classifier(modelPath: copy.path)
        #expect(bits(try own.predictLogits(rows)) == bits(try other.predictLogits(rows)))
    }

    @Test func viewsOfOneStorage() throws {
        let views = try TorchFile(file("views.pt"))
        #expect(try views.tensor("rows")?.floats == (6..<18).map { Float($0) })
        #expect(try views.tensor("whole")?.floats == (0..<24).map { Float($0) })
        #expect(views.entries["none"]?.shape == [0, 6])
        #expect(
            report { _ = try views.tensor("turned") }?.message
                == "tensor 'turned' is stored as F32 in another order")
    }

    @Test func nothingIsRun() throws {
        let found = report { _ = try TorchFile(file("evil.pt")) }
        #expect(found?.message == "the PyTorch file would run 'posix.system' when it is loaded")
        #expect(found?.help?.hasPrefix("nothing was run") == true)
    }

    @Test func prefixesThatAreNotThere() {
        let found = report { _ = try Checkpoint(file: file("zip.pt"), prefix: "model.") }
        #expect(found?.message == "no tensor's name begins with 'model.'")
        #expect(found?.help?.hasPrefix("names are like 'bert.") == true)
    }

    /// Damaged files are errors or harmless, and what is accepted can be read whole.
    @Test(arguments: ["views.pt", "small-legacy.bin"])
    func damagedFilesNeverCrash(name: String) throws {
        let good = try readFile(file(name))
        let scratch = Folder()
        let path = joinPath(scratch.path, "x.pt")
        func attempt(_ bytes: [UInt8]) throws {
            try writeFile(path, bytes)
            do throws(ModelError) {
                let found = try TorchFile(path)
                for name in found.entries.keys {
                    if let tensor = try? found.tensor(name) { _ = tensor.bytes }
                }
            } catch { #expect(!error.report.message.isEmpty) }
        }
        for length in stride(from: 0, to: good.count, by: max(1, good.count / 200)) {
            try attempt(Array(good.prefix(length)))
        }
        var random = Seeded(31)
        for _ in 0..<1500 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let at = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes.remove(at: at)
                case 1: bytes.insert(UInt8.random(in: 0...255, using: &random), at: at)
                default: bytes[at] = UInt8.random(in: 0...255, using: &random)
                }
            }
            try attempt(bytes)
        }
    }

    /// Pickles of opcodes at random: the machine ends, and takes no more memory than they are long.
    @Test func randomPicklesNeverCrash() {
        let opcodes =
            Array("()]}.NKMJXUqhrjctlda2eusb0R1QGIF".utf8) + [
                0x80, 0x81, 0x85, 0x86, 0x87, 0x88, 0x8A, 0x8C, 0x8F, 0x90, 0x93, 0x94,
            ]
        var random = Seeded(8)
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 1...60, using: &random)).map { _ -> UInt8 in
                Bool.random(using: &random)
                    ? opcodes.randomElement(using: &random) ?? 0
                    : UInt8.random(in: 0...255, using: &random)
            }
            bytes.withUnsafeBytes { raw in
                var reader = PickleReader(raw)
                _ = try? reader.read()
                reader.release()
            }
        }
    }
}
