// Fixtures, temporary model folders, and seeded rows.

import ArenaCore
import ArenaTensor
import Glibc
import Testing

@testable import ArenaModels

/// The folder of the stored models, found from this file's place in the source tree.
let fixtures: String = {
    let here = splitPath(#filePath).folder
    return joinPath(splitPath(here).folder, "Fixtures/models")
}()

/// What the reference gave for a fixture: rows of ids and their logits.
struct Expected {
    var rows: [[Int32]] = []
    var logits: [Float] = []

    /// The rows as they are, then those with padding inside or behind.
    init(_ name: String) throws {
        let document = try JSONDocument(file: joinPath(fixtures, name + "/expected.json"))
        for part in [document.root, try #require(document.root["padded"])] {
            for row in try #require(part["rows"]?.elements) {
                rows.append(try #require(row.elements).map { Int32(try #require($0.int)) })
            }
            for row in try #require(part["logits"]?.elements) {
                logits += try #require(row.elements).map { Float(try #require($0.double)) }
            }
        }
    }

    var batch: TokenBatch { TokenBatch(rows) }
}

/// The largest difference of two lists of the same length.
func distance(_ a: [Float], _ b: [Float]) -> Float {
    a.count == b.count ? zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) } : .infinity
}

func bits(_ x: [Float]) -> [UInt32] { x.map(\.bitPattern) }

/// A folder of its own for one test, removed with its files.
final class Folder {
    let path: String

    init() {
        var template = Array("/tmp/arena-model-XXXXXX".utf8CString)
        path = mkdtemp(&template).map { String(cString: $0) } ?? "/tmp/arena-model"
    }

    /// A copy of a fixture.
    convenience init(copying fixture: String) throws {
        self.init()
        for name in listDirectory(joinPath(fixtures, fixture)) {
            try write(name, readFile(joinPath(fixtures, fixture + "/" + name)))
        }
    }

    deinit {
        for name in listDirectory(path) { unlink(joinPath(path, name)) }
        rmdir(path)
    }

    func write(_ name: String, _ bytes: [UInt8]) throws {
        try writeFile(joinPath(path, name), bytes)
    }

    func write(_ name: String, _ text: String) throws { try write(name, Array(text.utf8)) }

    func read(_ name: String) throws -> String {
        String(decoding: try readFile(joinPath(path, name)), as: UTF8.self)
    }

    /// Replaces a piece of text in a file, which must be there.
    func edit(_ name: String, _ old: String, _ new: String) throws {
        let (text, old) = (try readFile(joinPath(path, name)), Array(old.utf8))
        var result: [UInt8] = []
        var found = false
        var at = 0
        while at < text.count {
            if text[at...].starts(with: old) {
                result += Array(new.utf8)
                at += old.count
                found = true
            } else {
                result.append(text[at])
                at += 1
            }
        }
        try #require(found, "\(name) holds the text to change")
        try write(name, result)
    }
}

/// A safetensors file: header entries as they are given, then the data.
func safetensors(_ header: String, data: [UInt8]) -> [UInt8] {
    let text = Array(header.utf8)
    return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text + data
}

/// Tensors of a safetensors file that can be changed and written again.
struct TensorFile {
    var tensors: [(name: String, type: String, shape: [Int], data: [UInt8])] = []

    init(_ path: String) throws {
        let file = try SafetensorsFile(path)
        for (name, entry) in file.entries.sorted(by: { $0.key < $1.key }) {
            tensors.append((name, entry.type, entry.shape, Array(file.file.bytes[entry.range])))
        }
    }

    var bytes: [UInt8] {
        var at = 0
        var entries: [String] = []
        for t in tensors {
            entries.append(
                "\"\(t.name)\":{\"dtype\":\"\(t.type)\",\"shape\":\(t.shape),"
                    + "\"data_offsets\":[\(at),\(at + t.data.count)]}")
            at += t.data.count
        }
        return safetensors(
            "{" + entries.joined(separator: ",") + "}", data: tensors.flatMap(\.data))
    }

    func index(of name: String) throws -> Int {
        try #require(tensors.firstIndex { $0.name == name }, "the file holds \(name)")
    }
}

/// SplitMix64: the same numbers on every machine.
struct Seeded: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// The report of the error that `body` throws.
func report(_ body: () throws -> Void) -> FaultReport? {
    do {
        try body()
        return nil
    } catch {
        return (error as? any ArenaFault)?.report
    }
}

extension Classifier {
    convenience init(modelPath: String, adapterPath: String?, labels: Int? = nil) throws {
        let mix = try adapterPath.map { AdapterMix(try Adapter(folder: $0)) }
        try self.init(
            modelPath: modelPath, labels: labels,
            OpeningOptions(adapters: mix.map { [$0] } ?? []))
    }

    func predictLogits(
        _ batch: TokenBatch, workers: Int, tokenBudget: Int = RunOptions.defaultTokenBudget,
        backend: (any Backend)? = nil, cancellation: Cancellation? = nil,
        progress: (@Sendable (PredictionProgress) -> Void)? = nil
    ) throws -> [Float] {
        try predictLogits(
            batch,
            RunOptions(
                workers: workers, tokenBudget: tokenBudget, backend: backend,
                cancellation: cancellation, progress: progress))
    }
}
