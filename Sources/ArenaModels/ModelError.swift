// What can go wrong between a checkpoint's folder and its results, as facts.

import ArenaCore

/// Why a model, an adapter or a batch cannot be used.
package enum ModelError: ArenaFault {
    case file(FileError)
    case json(JSONError)

    // Checkpoints
    case noWeights(folder: String)
    case safetensors(path: String, tensor: String?, problem: SafetensorsProblem)
    case torch(path: String, tensor: String?, problem: TorchProblem)
    case numpy(path: String, tensor: String?, problem: String)
    case noPrefix(path: String, prefix: String, example: String?)
    case shardListed(index: String, shard: String)
    case shardMissing(index: String, tensor: String, shard: String)
    case shardStranger(index: String, tensor: String, shard: String)
    case missingTensor(name: String, path: String, nearest: String?)
    case extraTensors(names: [String], path: String)
    case shape(name: String, path: String, expected: [Int], found: [Int])
    case storedType(name: String, path: String, type: String)
    case nonFiniteWeight(name: String, path: String, index: Int)

    // Configurations
    case configuration(path: String, key: String, problem: ConfigurationProblem)
    case architecture(path: String, found: [String], known: [String])

    // Heads and labels
    case missingHead(path: String, tensor: String, adapter: String?)
    case wrongKind(path: String, architecture: String, wanted: String)
    case labels(path: String, expected: Int, found: Int)

    // Adapters
    case adapterOption(path: String, option: String, value: String)
    case adapterTensor(path: String, tensor: String)
    case adapterStranger(path: String, module: String, base: String, nearest: String?)
    case adapterMissing(path: String, tensor: String)
    case adapterRank(path: String, tensor: String, expected: Int, found: Int)

    // Batches
    case emptyRow(Int)
    case tokenID(row: Int, id: Int32, vocabulary: Int)
    case tokenType(row: Int, type: Int32, types: Int)
    case placeMissing(row: Int, place: VocabularyModel.Place, count: Int)
    case rowTooLong(row: Int, tokens: Int, limit: Int)
    case rowTooLarge(row: Int, tokens: Int, bytes: Int, available: Int)
    case keysTooLarge(row: Int, tokens: Int, bytes: Int, available: Int)
    case cancelled

    // Cards
    case cards(what: String, help: String?)
    case cardMemory(card: String, bytes: Int)
    /// Weights that pass through a card found no page-locked memory.
    case pinnedMemory(card: String, bytes: Int)
    /// Weights fit neither on the card nor, as far as they do not, in the host's memory.
    case cardWeights(card: String, bytes: Int, room: Int, available: Int)
    case cardLost(card: String, call: String, code: Int, text: String)
}

/// What is wrong with a safetensors file.
package enum SafetensorsProblem: Sendable, Equatable {
    case tooShort(bytes: Int)
    case headerLength(UInt64, bytes: Int)
    case headerTooLong(UInt64, limit: Int)
    case headerNotObject
    case duplicateName
    case field(String)
    case fieldTwice(String)
    case unknownType(String)
    case shapeTooLarge
    case range(begin: Int, end: Int, data: Int)
    case length(expected: Int, found: Int)
    case gap(from: Int, to: Int)
    case overlap(other: String)
    case trailing(bytes: Int)
}

/// What is wrong with a value of a configuration.
package enum ConfigurationProblem: Sendable, Equatable {
    case missing
    case expected(String, found: String)
    case unsupported(String, supported: [String])
    case contradicts(String)
}
