// The weights of a folder: one safetensors file, or shards with an index that says which tensor is in
// which. The index is held against the shards both ways.

import ArenaCore
import ArenaTensor

/// All tensors of a model folder by name.
package struct Checkpoint: Sendable {
    /// The folder.
    package let path: String
    private let files: [SafetensorsFile]
    /// Tensor name to its place in `files`.
    private let places: [String: Int]

    /// Reads the headers of the folder's weights.
    /// - Throws: `ModelError` naming the file, and the tensor or shard that is wrong.
    package init(folder: String, name: String = "model") throws(ModelError) {
        path = folder
        let single = joinPath(folder, name + ".safetensors")
        let index = joinPath(folder, name + ".safetensors.index.json")
        if fileExists(single) {
            let file = try SafetensorsFile(single)
            files = [file]
            places = file.entries.mapValues { _ in 0 }
        } else if fileExists(index) {
            (files, places) = try Self.readShards(index: index, folder: folder)
        } else {
            guard fileExists(folder) else { throw .file(missingFile(folder)) }
            throw .noWeights(folder: folder)
        }
    }

    private static func readShards(
        index: String, folder: String
    ) throws(ModelError) -> ([SafetensorsFile], [String: Int]) {
        let document: JSONDocument
        do { document = try JSONDocument(file: index) } catch { throw .json(error) }
        guard let members = document.root["weight_map"]?.members else {
            throw .configuration(path: index, key: "weight_map", problem: .missing)
        }
        var files: [SafetensorsFile] = []
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
                files.append(try SafetensorsFile(path))
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

    /// The names of all tensors, sorted.
    package var names: [String] { places.keys.sorted() }

    package func contains(_ name: String) -> Bool { places[name] != nil }

    /// The file that holds a tensor, for messages; the folder if none does.
    package func path(of name: String) -> String { places[name].map { files[$0].path } ?? path }

    package func shape(of name: String) -> [Int]? {
        places[name].flatMap { files[$0].entries[name]?.shape }
    }

    /// The tensor of that name, nil if there is none.
    /// - Throws: `ModelError.storedType` if its type cannot be computed with.
    package func tensor(_ name: String) throws(ModelError) -> StoredTensor? {
        guard let place = places[name] else { return nil }
        return try files[place].tensor(name)
    }
}
