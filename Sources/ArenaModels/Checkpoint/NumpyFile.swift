// Weights in NumPy's formats: a .npy file is one tensor under the file's name, a .npz archive has one under each
// of its names. Archives that were written compressed are refused: tensors stay in the mapping.

import ArenaCore

/// A mapped .npy or .npz file whose tensors have been held against their bytes.
package struct NumpyFile: WeightFile {
    package let file: MappedFile
    package let entries: [String: TensorEntry]

    /// - Throws: `ModelError.numpy` naming the file, and the tensor that is wrong.
    package init(_ path: String) throws(ModelError) {
        do { file = try MappedFile(path) } catch { throw .file(error) }
        let bytes = file.bytes
        guard bytes.starts(with: [0x50, 0x4B, 0x03, 0x04]) else {
            let name = Self.stem(splitPath(path).name)
            entries = [name: try Self.entry(name, bytes, 0..<bytes.count, path)]
            return
        }
        let members: [ZipMember]
        do { members = try zipMembers(bytes) } catch {
            throw .numpy(path: path, tensor: nil, problem: error.what)
        }
        var entries: [String: TensorEntry] = [:]
        for member in members {
            let name = Self.stem(member.name)
            guard member.isStored else {
                throw .numpy(
                    path: path, tensor: name, problem: "it is compressed: save with numpy.savez")
            }
            entries[name] = try Self.entry(name, bytes, member.packed, path)
        }
        self.entries = entries
    }

    /// A name without `.npy`.
    private static func stem(_ name: String) -> String {
        name.hasSuffix(".npy") ? String(name.dropLast(4)) : name
    }

    private static func entry(
        _ name: String, _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, _ path: String
    ) throws(ModelError) -> TensorEntry {
        func wrong(_ problem: String) -> ModelError {
            .numpy(path: path, tensor: name, problem: problem)
        }
        guard range.lowerBound >= 0, range.upperBound <= bytes.count else {
            throw wrong("it does not lie inside the file")
        }
        let header: NumpyHeader
        do {
            header = try NumpyHeader(UnsafeRawBufferPointer(rebasing: bytes[range]))
        } catch { throw wrong(error.words) }
        if header.isFortran, header.shape.count > 1 {
            throw wrong("its columns stand together: save numpy.ascontiguousarray(it)")
        }
        guard let (type, size) = types[header.descr] else {
            throw wrong(NumpyProblem.type(header.descr).words)
        }
        var count = size
        for length in header.shape {
            let (product, over) = count.multipliedReportingOverflow(by: length)
            guard !over else { throw wrong("its shape is too large for any file") }
            count = product
        }
        let start = range.lowerBound + header.dataStart
        guard count <= range.upperBound - start else {
            throw wrong(
                NumpyProblem.tooShort(expected: count, found: range.upperBound - start).words)
        }
        return TensorEntry(type: type, shape: header.shape, range: start..<start + count)
    }

    /// Names and sizes of the types that weights are stored in.
    private static let types: [String: (String, Int)] = [
        "<f4": ("F32", 4), "<f2": ("F16", 2), "<f8": ("F64", 8), "|i1": ("I8", 1),
        "|u1": ("U8", 1), "<i4": ("I32", 4), "<i8": ("I64", 8),
    ]
}
