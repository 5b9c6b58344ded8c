// The weights of a folder or of one file: safetensors or PyTorch's format, whole or in shards with an
// index that says which tensor is in which, held against the shards both ways; or NumPy's, a file a tensor.

import ArenaCore
import ArenaTensor

/// All tensors of a model folder by name.
package struct Checkpoint: Sendable {
    /// The folder, or the file.
    package let path: String
    let files: [any WeightFile]
    /// Tensor name to its place in `files`.
    private let places: [String: Int]
    /// What the names in the files begin with besides.
    private var prefix = ""

    /// Reads the headers of the folder's weights.
    /// - Throws: `ModelError` naming the file, and the tensor or shard that is wrong.
    package init(folder: String, name: String = "model") throws(ModelError) {
        path = folder
        let stem = name == "model" ? "pytorch_model" : name
        for file in [name + ".safetensors", stem + ".bin"] {
            let (single, index) = (joinPath(folder, file), joinPath(folder, file + ".index.json"))
            if fileExists(single) {
                let file = try Self.open(single)
                files = [file]
                places = file.entries.mapValues { _ in 0 }
                return
            } else if fileExists(index) {
                (files, places) = try Self.readShards(index: index, folder: folder)
                return
            }
        }
        guard fileExists(folder) else { throw .file(missingFile(folder)) }
        var files: [any WeightFile] = []
        var places: [String: Int] = [:]
        for name in listDirectory(folder).sorted() where name.hasSuffix(".npy") {
            let file = try NumpyFile(joinPath(folder, name))
            for tensor in file.entries.keys { places[tensor] = files.count }
            files.append(file)
        }
        guard !files.isEmpty else { throw .noWeights(folder: folder) }
        (self.files, self.places) = (files, places)
    }

    /// Reads the header of one file of weights, such as a state dict.
    /// - Parameter prefix: only tensors whose names begin so are taken, under the rest of the name.
    /// - Throws: `ModelError` naming the file, and the tensor that is wrong.
    package init(file path: String, prefix: String) throws(ModelError) {
        self.path = path
        self.prefix = prefix
        let file = try Self.open(path)
        var places: [String: Int] = [:]
        for name in file.entries.keys where name.hasPrefix(prefix) {
            places[String(name.dropFirst(prefix.count))] = 0
        }
        guard !places.isEmpty else {
            throw .noPrefix(path: path, prefix: prefix, example: file.entries.keys.min())
        }
        files = [file]
        self.places = places
    }

    private static func open(_ path: String) throws(ModelError) -> any WeightFile {
        if path.hasSuffix(".safetensors") { return try SafetensorsFile(path) }
        if path.hasSuffix(".npz") || path.hasSuffix(".npy") { return try NumpyFile(path) }
        return try TorchFile(path)
    }

    private static func readShards(
        index: String, folder: String
    ) throws(ModelError) -> ([any WeightFile], [String: Int]) {
        let document: JSONDocument
        do { document = try JSONDocument(file: index) } catch { throw .json(error) }
        guard let members = document.root["weight_map"]?.members else {
            throw .configuration(path: index, key: "weight_map", problem: .missing)
        }
        var files: [any WeightFile] = []
        var numbers: [String: Int] = [:]
        var places: [String: Int] = [:]
        for (tensor, value) in members {
            // A shard is a file of this folder; a path that leads elsewhere is not followed.
            guard let shard = value.string, !shard.isEmpty, !shard.utf8.contains(UInt8(ascii: "/"))
            else {
                throw .configuration(
                    path: index, key: "weight_map." + tensor,
                    problem: .expected(
                        "a file name in this folder", found: value.string ?? value.kind.rawValue))
            }
            if numbers[shard] == nil {
                let path = joinPath(folder, shard)
                guard fileExists(path) else { throw .shardListed(index: index, shard: shard) }
                files.append(try open(path))
                numbers[shard] = files.count - 1
            }
            guard let number = numbers[shard], files[number].entries[tensor] != nil else {
                throw .shardMissing(index: index, tensor: tensor, shard: shard)
            }
            if let other = places.updateValue(number, forKey: tensor), other != number {
                throw .shardStranger(index: index, tensor: tensor, shard: shard)
            }
        }
        for (shard, number) in numbers.sorted(by: { $0.key < $1.key }) {
            for tensor in files[number].entries.keys.sorted() where places[tensor] != number {
                throw .shardStranger(index: index, tensor: tensor, shard: shard)
            }
        }
        return (files, places)
    }

    /// Name and fingerprint of each file, by name.
    var fingerprints: [(name: String, value: String)] {
        files.map { file in
            let name = splitPath(file.path).name + (prefix.isEmpty ? "" : "[\(prefix)]")
            return (name, "\(fingerprint(of: file.file))")
        }.sorted { $0.name < $1.name }
    }

    /// The names of all tensors, sorted.
    package var names: [String] { places.keys.sorted() }

    package func contains(_ name: String) -> Bool { places[name] != nil }

    /// The file that holds a tensor, for messages; the folder if none does.
    package func path(of name: String) -> String { places[name].map { files[$0].path } ?? path }

    /// Where a tensor lies, nil if there is none of that name.
    package func entry(of name: String) -> TensorEntry? {
        places[name].flatMap { files[$0].entries[prefix + name] }
    }

    package func shape(of name: String) -> [Int]? { entry(of: name)?.shape }

    /// The tensor of that name, nil if there is none.
    /// - Throws: `ModelError.storedType` if its type cannot be computed with.
    package func tensor(_ name: String) throws(ModelError) -> StoredTensor? {
        guard let place = places[name] else { return nil }
        return try files[place].tensor(prefix + name)
    }
}
