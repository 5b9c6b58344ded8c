// PyTorch's .bin, .pt and .pth files: a zip archive of a pickle and raw storages, or in older versions
// pickles and storages one after another. The pickle is read as data; tensors stay in the mapping.

import ArenaCore

/// What is wrong with a PyTorch file.
package enum TorchProblem: Sendable, Equatable {
    case pickle(PickleProblem)
    case archive(String)
    case compressed(String)
    case bigEndian
    case noTensors
    case storageMissing(String)
    case outside(elements: Int, storage: Int)
    case tooLarge
}

/// A mapped PyTorch file whose tensors have been held against its storages.
package struct TorchFile: WeightFile {
    package let file: MappedFile
    package let entries: [String: TensorEntry]

    /// - Throws: `ModelError.torch` naming the file, and the tensor that is wrong.
    package init(_ path: String) throws(ModelError) {
        do { file = try MappedFile(path) } catch { throw .file(error) }
        do throws(TorchFailure) {
            entries = try Self.read(file.bytes)
        } catch { throw .torch(path: path, tensor: error.tensor, problem: error.problem) }
    }

    private struct TorchFailure: Error {
        var tensor: String?
        var problem: TorchProblem

        init(_ problem: TorchProblem, tensor: String? = nil) {
            self.problem = problem
            self.tensor = tensor
        }
    }

    private static func read(
        _ bytes: UnsafeRawBufferPointer
    ) throws(TorchFailure) -> [String: TensorEntry] {
        let isZip = bytes.starts(with: [0x50, 0x4B, 0x03, 0x04])
        return isZip ? try readZip(bytes) : try readLegacy(bytes)
    }

    private static func value(_ reader: inout PickleReader) throws(TorchFailure) -> PickleValue {
        do { return try reader.read() } catch { throw TorchFailure(.pickle(error)) }
    }

    // MARK: - Zip

    private static func readZip(
        _ bytes: UnsafeRawBufferPointer
    ) throws(TorchFailure) -> [String: TensorEntry] {
        var members: [String: ZipMember] = [:]
        do {
            for member in try zipMembers(bytes) { members[member.name] = member }
        } catch {
            throw TorchFailure(.archive(error.what))
        }
        guard
            let pickle = members.keys.filter({ $0 == "data.pkl" || $0.hasSuffix("/data.pkl") })
                .min()
        else { throw TorchFailure(.archive("it holds no data.pkl")) }
        let prefix = String(pickle.dropLast("data.pkl".count))
        func member(_ name: String) throws(TorchFailure) -> Range<Int>? {
            guard let member = members[prefix + name] else { return nil }
            guard member.isStored else { throw TorchFailure(.compressed(name)) }
            return member.packed
        }
        if let order = try member("byteorder"), bytes[order].starts(with: Array("big".utf8)) {
            throw TorchFailure(.bigEndian)
        }
        guard let range = try member("data.pkl") else {
            throw TorchFailure(.archive("it holds no data.pkl"))
        }
        var reader = PickleReader(UnsafeRawBufferPointer(rebasing: bytes[range]))
        defer { reader.release() }
        let tensors = try stateDict(try value(&reader))
        var entries: [String: TensorEntry] = [:]
        for (name, tensor) in tensors {
            guard let storage = try member("data/" + tensor.storage.key) else {
                throw TorchFailure(.storageMissing(tensor.storage.key), tensor: name)
            }
            entries[name] = try entry(name, tensor, storage: storage)
        }
        return entries
    }

    // MARK: - Legacy

    private static let magic: [UInt8] = [
        0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19,
    ]

    private static func readLegacy(
        _ bytes: UnsafeRawBufferPointer
    ) throws(TorchFailure) -> [String: TensorEntry] {
        // A pickle of the magic number, of the version, of the system, of the value, of the keys.
        guard bytes.count > 14, bytes[2..<14].elementsEqual(magic) else {
            throw TorchFailure(.archive("it is neither a zip archive nor an older PyTorch file"))
        }
        var reader = PickleReader(bytes)
        defer { reader.release() }
        for _ in 0..<3 { _ = try value(&reader) }
        let tensors = try stateDict(try value(&reader))
        let keys = try value(&reader).items?.map(\.text) ?? []
        var types: [String: TorchStorage] = [:]
        for (_, tensor) in tensors { types[tensor.storage.key] = tensor.storage }
        var ranges: [String: Range<Int>] = [:]
        var at = reader.at
        for key in keys {
            guard let key, at <= bytes.count - 8 else { throw TorchFailure(.pickle(.cutShort)) }
            let count = bytes.loadUnaligned(fromByteOffset: at, as: Int64.self)
            at += 8
            // A storage that no tensor uses has no type that is known: nothing after it can be found.
            guard let storage = types[key], let width = size(storage.type) else {
                if key == keys.last { break }
                throw TorchFailure(.storageMissing(key))
            }
            guard count >= 0, count <= Int64((bytes.count - at) / width) else {
                throw TorchFailure(.pickle(.cutShort))
            }
            ranges[key] = at..<at + Int(count) * width
            at += Int(count) * width
        }
        var entries: [String: TensorEntry] = [:]
        for (name, tensor) in tensors {
            guard let storage = ranges[tensor.storage.key] else {
                throw TorchFailure(.storageMissing(tensor.storage.key), tensor: name)
            }
            entries[name] = try entry(name, tensor, storage: storage)
        }
        return entries
    }

    // MARK: - Tensors

    /// The keys under which training programs keep a state dict, in the order they are tried.
    private static let wrappers = [
        "state_dict", "model_state_dict", "model_state", "model", "module", "net", "weights",
    ]

    /// The tensors of a state dict, or of the one inside a training program's record.
    private static func stateDict(
        _ value: PickleValue
    ) throws(TorchFailure) -> [(String, TorchTensor)] {
        guard case .dict(let dict) = value else { throw TorchFailure(.noTensors) }
        var tensors: [(String, TorchTensor)] = []
        for (key, value) in dict.items {
            if let name = key.text, case .tensor(let tensor) = value {
                tensors.append((name, tensor))
            }
        }
        if !tensors.isEmpty { return tensors }
        for wrapper in wrappers {
            for (key, value) in dict.items where key.text == wrapper {
                guard case .dict(let inner) = value, inner !== dict else { continue }
                for (key, value) in inner.items {
                    if let name = key.text, case .tensor(let tensor) = value {
                        tensors.append((name, tensor))
                    }
                }
                if !tensors.isEmpty { return tensors }
            }
        }
        throw TorchFailure(.noTensors)
    }

    private static func size(_ type: String) -> Int? {
        SafetensorsFile.bits[type].map { $0 / 8 }
    }

    private static func entry(
        _ name: String, _ tensor: TorchTensor, storage: Range<Int>
    ) throws(TorchFailure) -> TensorEntry {
        let width = size(tensor.storage.type) ?? 1
        var count = 1
        for size in tensor.shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: size)
            guard !overflow else { throw TorchFailure(.tooLarge, tensor: name) }
            count = product
        }
        let room = storage.count / width
        guard tensor.offset <= room, count <= room - tensor.offset else {
            throw TorchFailure(.outside(elements: count, storage: room), tensor: name)
        }
        // A view in another order than row after row cannot stay in the mapping.
        var step = 1
        var isPlain = true
        for (size, stride) in zip(tensor.shape, tensor.strides).reversed() {
            if size != 1 && stride != step { isPlain = false }
            // Sizes behind one that is zero may be anything.
            step = step.multipliedReportingOverflow(by: size).partialValue
        }
        let start = storage.lowerBound + tensor.offset * width
        return TensorEntry(
            type: tensor.storage.type + (isPlain || count == 0 ? "" : " in another order"),
            shape: tensor.shape, range: start..<start + count * width)
    }
}
