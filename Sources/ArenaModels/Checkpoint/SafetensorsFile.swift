// One safetensors file: 8 bytes of header length, a JSON header, then the tensors' bytes without gaps.
// The file is mapped; every field of the header is checked against the file before anything is read.
// Format: https://huggingface.co/docs/safetensors

import ArenaCore
import ArenaTensor

/// Where one tensor lies in a file.
package struct TensorEntry: Sendable {
    /// The type as safetensors names it; not every known type can be computed with.
    package let type: String
    package let shape: [Int]
    /// Bytes in the file.
    package let range: Range<Int>

    package init(type: String, shape: [Int], range: Range<Int>) {
        self.type = type
        self.shape = shape
        self.range = range
    }
}

/// A mapped file of tensors whose description has been checked against the file.
package protocol WeightFile: Sendable {
    var file: MappedFile { get }
    var entries: [String: TensorEntry] { get }
}

extension WeightFile {
    package var path: String { file.path }

    /// The tensor as weights are read.
    /// - Throws: `ModelError.storedType` if its type cannot be computed with.
    package func tensor(_ name: String) throws(ModelError) -> StoredTensor? {
        guard let entry = entries[name] else { return nil }
        guard let type = ElementType(rawValue: entry.type) else {
            throw .storedType(name: name, path: path, type: entry.type)
        }
        return StoredTensor(
            name: name, type: type, shape: entry.shape, file: file, range: entry.range)
    }
}

/// A mapped safetensors file with a checked header.
package struct SafetensorsFile: WeightFile {
    package let file: MappedFile
    package let entries: [String: TensorEntry]

    /// Headers longer than this are refused, as the format's own readers do.
    static let headerLimit = 100_000_000

    /// Bits of one element for each type the format knows.
    static let bits: [String: Int] = [
        "BOOL": 8, "U8": 8, "I8": 8, "I16": 16, "U16": 16, "I32": 32, "U32": 32, "I64": 64,
        "U64": 64,
        "F16": 16, "BF16": 16, "F32": 32, "F64": 64, "C64": 64, "F8_E4M3": 8, "F8_E5M2": 8,
        "F8_E8M0": 8,
        "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "F6_E2M3": 6, "F6_E3M2": 6, "F4": 4,
    ]

    /// Maps the file and checks its header.
    /// - Throws: `ModelError` naming the file and the tensor whose entry is wrong.
    package init(_ path: String) throws(ModelError) {
        do { file = try MappedFile(path) } catch { throw .file(error) }
        entries = try Self.readHeader(file)
    }

    private static func readHeader(_ file: MappedFile) throws(ModelError) -> [String: TensorEntry] {
        let (path, bytes) = (file.path, file.bytes)
        func wrong(_ tensor: String?, _ problem: SafetensorsProblem) -> ModelError {
            .safetensors(path: path, tensor: tensor, problem: problem)
        }
        guard bytes.count >= 8 else { throw wrong(nil, .tooShort(bytes: bytes.count)) }
        let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        guard length <= UInt64(headerLimit) else {
            throw wrong(nil, .headerTooLong(length, limit: headerLimit))
        }
        guard length <= UInt64(bytes.count - 8) else {
            throw wrong(nil, .headerLength(length, bytes: bytes.count))
        }
        let start = 8 + Int(length)
        let header: JSONDocument
        do { header = try JSONDocument(Array(bytes[8..<start]), name: path) } catch {
            throw .json(error)
        }
        guard let members = header.root.members else { throw wrong(nil, .headerNotObject) }

        var entries: [String: TensorEntry] = [:]
        entries.reserveCapacity(members.count)
        for (name, value) in members where name != "__metadata__" {
            let entry = try readEntry(value, data: start..<bytes.count) { wrong(name, $0) }
            guard entries.updateValue(entry, forKey: name) == nil else {
                throw wrong(name, .duplicateName)
            }
        }
        try checkLayout(entries, data: start..<bytes.count, wrong)
        return entries
    }

    private static func readEntry(
        _ value: JSONValue, data: Range<Int>, _ wrong: (SafetensorsProblem) -> ModelError
    ) throws(ModelError) -> TensorEntry {
        var keys: Set<String> = []
        for (key, _) in value.members ?? [] where !keys.insert(key).inserted {
            throw wrong(.fieldTwice(key))
        }
        guard let type = value["dtype"]?.string else { throw wrong(.field("dtype")) }
        guard let width = bits[type] else { throw wrong(.unknownType(type)) }
        guard let sizes = value["shape"]?.elements else { throw wrong(.field("shape")) }
        guard let offsets = value["data_offsets"]?.elements, offsets.count == 2,
            let begin = offsets[0].int, let end = offsets[1].int
        else { throw wrong(.field("data_offsets")) }

        var shape: [Int] = []
        var count = 1
        for size in sizes {
            guard let size = size.int, size >= 0 else { throw wrong(.field("shape")) }
            let (product, overflow) = count.multipliedReportingOverflow(by: size)
            guard !overflow else { throw wrong(.shapeTooLarge) }
            shape.append(size)
            count = product
        }
        let (total, overflow) = count.multipliedReportingOverflow(by: width)
        guard !overflow else { throw wrong(.shapeTooLarge) }
        guard begin >= 0, begin <= end, end <= data.count else {
            throw wrong(.range(begin: begin, end: end, data: data.count))
        }
        guard total % 8 == 0, total / 8 == end - begin else {
            throw wrong(.length(expected: (total + 7) / 8, found: end - begin))
        }
        return TensorEntry(
            type: type, shape: shape, range: data.lowerBound + begin..<data.lowerBound + end)
    }

    /// The tensors fill the data from its first byte to its last, in some order, without overlap.
    private static func checkLayout(
        _ entries: [String: TensorEntry], data: Range<Int>,
        _ wrong: (String?, SafetensorsProblem) -> ModelError
    ) throws(ModelError) {
        let ordered = entries.sorted {
            ($0.value.range.lowerBound, $0.value.range.upperBound, $0.key)
                < ($1.value.range.lowerBound, $1.value.range.upperBound, $1.key)
        }
        var end = data.lowerBound
        var previous = ""
        for (name, entry) in ordered {
            if entry.range.lowerBound < end { throw wrong(name, .overlap(other: previous)) }
            if entry.range.lowerBound > end {
                throw wrong(
                    name,
                    .gap(from: end - data.lowerBound, to: entry.range.lowerBound - data.lowerBound))
            }
            end = entry.range.upperBound
            previous = name
        }
        if end < data.upperBound { throw wrong(nil, .trailing(bytes: data.upperBound - end)) }
    }
}
