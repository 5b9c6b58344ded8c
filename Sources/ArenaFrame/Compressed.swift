// Compressed files: gzip, and zip archives with one file in them, are read, unpacked in memory and never to
// the disk. Gzip is written, in members of some rows each, so that all cores can pack at once.

import ArenaCore
import CZlib
import Glibc

/// Bytes from the C heap.
package final class UnpackedBytes: Sendable {
    // SAFETY: allocated by arena_unpack, freed in deinit, never changed.
    nonisolated(unsafe) package let bytes: UnsafeRawBufferPointer

    init(_ start: UnsafeMutablePointer<UInt8>?, _ count: Int) {
        bytes = UnsafeRawBufferPointer(start: start, count: count)
    }

    deinit { free(UnsafeMutableRawPointer(mutating: bytes.baseAddress)) }
}

/// The content of a gzip file or of the only file of a zip archive; nil if the bytes are neither.
func unpacked(
    _ bytes: UnsafeRawBufferPointer, path: String
) throws(FrameError) -> UnpackedBytes? {
    if bytes.count > 2, bytes[0] == 0x1F, bytes[1] == 0x8B {
        return try unpack(bytes, path)
    }
    guard bytes.count > 4, bytes.prefix(4).elementsEqual([0x50, 0x4B, 3, 4]) else { return nil }
    let members = try zipMembers(bytes, path: path).filter {
        !$0.name.hasSuffix("/") && !$0.name.hasPrefix("__MACOSX")
    }
    guard let member = members.first, members.count == 1 else {
        throw .badArchive(
            path: path,
            problem: "it has \(members.count) files, and one is expected: unzip() unpacks them")
    }
    return try content(of: member, in: bytes, path: path)
}

/// The files of a zip archive, by its central directory.
func zipMembers(_ bytes: UnsafeRawBufferPointer, path: String) throws(FrameError) -> [ZipMember] {
    do { return try zipMembers(bytes) } catch {
        throw .badArchive(path: path, problem: error.what)
    }
}

/// A file of an archive, unpacked and checked.
/// - Throws: `FrameError.badArchive`, `.outOfMemory`.
package func content(
    of entry: ZipMember, in bytes: UnsafeRawBufferPointer, path: String
) throws(FrameError) -> UnpackedBytes {
    let packed = UnsafeRawBufferPointer(rebasing: bytes[entry.packed])
    guard !entry.isEncrypted else {
        throw .badArchive(path: path, problem: "'\(entry.name)' is encrypted")
    }
    let result: UnpackedBytes
    switch entry.method {
    case 0:
        let copy = malloc(max(packed.count, 1))
        if let copy, let base = packed.baseAddress { memcpy(copy, base, packed.count) }
        result = UnpackedBytes(copy?.assumingMemoryBound(to: UInt8.self), packed.count)
    case 8:
        // Deflate reaches a factor of 1032; more is a lie that would only cost memory.
        guard entry.size / 1040 <= packed.count else {
            throw .badArchive(path: path, problem: "'\(entry.name)' has an impossible size")
        }
        result = try unpack(packed, of: entry, path)
    default:
        throw .badArchive(
            path: path, problem: "'\(entry.name)' is packed by method \(entry.method)")
    }
    guard result.bytes.count == entry.size else {
        throw .badArchive(path: path, problem: "'\(entry.name)' does not unpack to its size")
    }
    let base = result.bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
    guard base.map({ arena_crc32($0, entry.size) }) ?? 0 == entry.crc else {
        throw .badArchive(path: path, problem: "'\(entry.name)' fails its checksum")
    }
    return result
}

/// Inflates a gzip file, or a member of an archive.
private func unpack(
    _ bytes: UnsafeRawBufferPointer, of member: ZipMember? = nil, _ path: String
) throws(FrameError) -> UnpackedBytes {
    // No more than half of the machine's memory, whatever the file claims to hold.
    let most = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE)) / 2
    guard let base = bytes.baseAddress, (member?.size ?? 0) < most else {
        throw .outOfMemory(bytes: most)
    }
    // A byte more than there should be shows data that goes on.
    let limit = member.map { $0.size + 1 } ?? most
    var start: UnsafeMutablePointer<UInt8>?
    var count = 0
    let code = arena_unpack(
        base.assumingMemoryBound(to: UInt8.self), bytes.count, member == nil ? 1 : 0,
        member?.size ?? 0, limit, &start, &count)
    let result = UnpackedBytes(start, count)
    if code == 0 { return result }
    if let member {
        throw .badArchive(path: path, problem: "'\(member.name)' does not unpack to its size")
    }
    if code == 2 { throw .outOfMemory(bytes: limit) }
    throw .badArchive(path: path, problem: "its compressed data is broken or cut short")
}

// MARK: - Writing

/// Whether a file of that name is to be compressed.
/// - Throws: `FrameError.argument` for archives, which are only read.
func isPacked(_ path: String, verb: String) throws(FrameError) -> Bool {
    if path.hasSuffix(".zip") {
        throw .argument(
            verb: verb, message: "zip archives are read but not written",
            help: "write \(path.dropLast(4)).gz")
    }
    return path.hasSuffix(".gz")
}

/// Bytes as one member of a gzip file; nil if there is no memory.
func packed(_ bytes: UnsafeRawBufferPointer) -> [UInt8]? {
    let room = arena_gzip_bound(bytes.count)
    var isWhole = false
    let member = [UInt8](unsafeUninitializedCapacity: room) { out, used in
        // SAFETY: what is packed stays below the bound; an empty text has no address, and none is read.
        isWhole =
            arena_gzip(
                bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count,
                out.baseAddress, room, &used) == 0
        if !isWhole { used = 0 }
    }
    return isWhole ? member : nil
}

/// A file that is there whole or not at all, packed if its name says so.
struct OutputFile {
    private let file: AtomicFile
    private let isPacked: Bool
    private var pending: [UInt8] = []
    private static let memberBytes = 1 << 20

    init(_ path: String, packing: Bool) throws(FileError) {
        file = try AtomicFile(path)
        isPacked = packing
    }

    /// Appends bytes.
    mutating func write(_ bytes: [UInt8]) throws(FileError) {
        guard isPacked else { return try file.write(bytes) }
        pending += bytes
        if pending.count >= Self.memberBytes { try flush() }
    }

    /// Makes the file visible under its name.
    mutating func commit() throws(FileError) {
        if isPacked { try flush() }
        try file.commit()
    }

    private mutating func flush() throws(FileError) {
        guard let member = pending.withUnsafeBytes({ packed($0) }) else {
            throw .system(path: "", doing: "packing", code: ENOMEM)
        }
        try file.write(member)
        pending.removeAll(keepingCapacity: true)
    }
}
