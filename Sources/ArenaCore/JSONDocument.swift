// JSON (RFC 8259) parsed in one pass into a flat list of nodes over the input's bytes. Strings and
// numbers are decoded when asked for, so a large tokenizer file costs one scan and 12 bytes a node.

/// A parsed JSON text; `root` is its value.
package final class JSONDocument: Sendable {
    /// How the text is named in errors: usually its path.
    package let name: String
    nonisolated(unsafe) let bytes: UnsafeRawBufferPointer
    let nodes: JSONNodes
    private let owner: Owner

    private enum Owner: Sendable {
        case file(MappedFile)
        case memory(OwnedBytes)
    }

    /// Parses the file at `path`, which stays mapped while the document lives.
    package convenience init(
        file path: String, dialect: JSONDialect = .standard
    ) throws(JSONError) {
        let file: MappedFile
        do { file = try MappedFile(path) } catch { throw .file(error) }
        try self.init(bytes: file.bytes, owner: .file(file), name: path, dialect: dialect)
    }

    /// Parses bytes in memory; `name` stands for the path in errors.
    package convenience init(
        _ text: [UInt8], name: String, dialect: JSONDialect = .standard
    ) throws(JSONError) {
        let owned = OwnedBytes(text)
        try self.init(bytes: owned.bytes, owner: .memory(owned), name: name, dialect: dialect)
    }

    private init(
        bytes: UnsafeRawBufferPointer, owner: Owner, name: String, dialect: JSONDialect
    ) throws(JSONError) {
        self.bytes = bytes
        self.owner = owner
        self.name = name
        guard bytes.count < Int(UInt32.max) else { throw .tooLarge(name, bytes.count) }
        var release: @Sendable (Range<Int>) -> Void = { _ in }
        if case .file(let file) = owner, bytes.count >= JSONSource.large { release = file.release }
        nodes = try JSONSource(bytes: bytes, name: name, dialect: dialect, release: release).parse()
    }

    /// Lets a file's text leave resident memory; what is looked at again is read again.
    package func release() {
        if case .file(let file) = owner { file.release(0..<bytes.count) }
    }

    /// The document's value.
    package var root: JSONValue { JSONValue(document: self, index: 0) }
}

/// Which texts count as JSON.
package enum JSONDialect: Sendable {
    /// RFC 8259; a byte order mark is skipped.
    case standard
    /// What Python's `json` reads: NaN, Infinity and -Infinity are numbers, a byte order mark is not.
    case python
}

/// Bytes on the heap whose address does not change.
final class OwnedBytes: Sendable {
    nonisolated(unsafe) let bytes: UnsafeRawBufferPointer

    init(_ source: [UInt8]) {
        // SAFETY: allocated here, freed in deinit, never resized.
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: source.count, alignment: 16)
        copy.copyBytes(from: source)
        bytes = UnsafeRawBufferPointer(copy)
    }

    deinit { bytes.deallocate() }
}

/// A JSON text that cannot be used, with the place.
package enum JSONError: ArenaFault, Equatable {
    case file(FileError)
    case invalidUTF8(FilePlace)
    case tooLarge(String, Int)
    case syntax(FilePlace, expected: String)
    case tooDeep(FilePlace, limit: Int)

    package var report: FaultReport {
        switch self {
        case .file(let error): return error.report
        case .invalidUTF8(let place):
            return FaultReport(
                .value, "the JSON text is not valid UTF-8", place: place,
                help: "the file is damaged or not JSON: fetch or save it again")
        case .tooLarge(let name, let size):
            return FaultReport(
                .value, "the JSON text of \(size) bytes is over 4 GiB", place: FilePlace(name))
        case .syntax(let place, let expected):
            return FaultReport(
                .value, "not valid JSON: expected \(expected)", place: place,
                help: "the file is damaged or cut short: fetch or save it again")
        case .tooDeep(let place, let limit):
            return FaultReport(.value, "JSON nested deeper than \(limit) levels", place: place)
        }
    }
}

/// The value of a hexadecimal digit.
@inline(__always)
package func hexValue(_ c: UInt8) -> UInt32? {
    switch c {
    case 48...57: return UInt32(c) - 48
    case 65...70: return UInt32(c) - 55
    case 97...102: return UInt32(c) - 87
    default: return nil
    }
}
