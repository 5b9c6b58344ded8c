// Files that are read although they are compressed: gzip, and zip archives with one file in them. They
// are unpacked in memory, never to the disk.

import ArenaCore
import CZlib
import Glibc

/// Bytes from the C heap.
final class UnpackedBytes: Sendable {
    // SAFETY: allocated by arena_unpack, freed in deinit, never changed.
    nonisolated(unsafe) let bytes: UnsafeRawBufferPointer

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
        return try unpack(bytes, gzip: true, size: nil, path)
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

/// A file in a zip archive.
struct ZipEntry {
    var name: String
    var method: Int
    var crc: UInt32
    var packed: Range<Int>
    var size: Int
}

/// The files of a zip archive, by its central directory.
func zipMembers(_ bytes: UnsafeRawBufferPointer, path: String) throws(FrameError) -> [ZipEntry] {
    func number(_ at: Int, _ width: Int) -> Int {
        guard at >= 0, at + width <= bytes.count else { return 0 }
        return (0..<width).reduce(0) { $0 | Int(bytes[at + $1]) << (8 * $1) }
    }
    let broken = FrameError.badArchive(path: path, problem: "its directory is broken")
    // The end record may be followed by a comment of up to 64 KiB.
    let lowest = max(0, bytes.count - 22 - 65_536)
    var end = bytes.count - 22
    while end >= lowest, number(end, 4) != 0x0605_4B50 { end -= 1 }
    guard end >= lowest, end >= 0 else { throw broken }
    var at = number(end + 16, 4)
    var entries: [ZipEntry] = []
    for _ in 0..<number(end + 10, 2) {
        guard number(at, 4) == 0x0201_4B50, at + 46 <= bytes.count else { throw broken }
        let (nameLength, extra, comment) = (
            number(at + 28, 2), number(at + 30, 2), number(at + 32, 2)
        )
        let (packed, size, local) = (
            number(at + 20, 4), number(at + 24, 4), number(at + 42, 4)
        )
        guard packed != 0xFFFF_FFFF, size != 0xFFFF_FFFF, at + 46 + nameLength <= bytes.count,
            number(local, 4) == 0x0403_4B50, local + 30 <= bytes.count
        else { throw broken }
        let start = local + 30 + number(local + 26, 2) + number(local + 28, 2)
        guard start + packed <= bytes.count else { throw broken }
        if number(at + 8, 2) & 1 != 0 {
            throw .badArchive(path: path, problem: "it is encrypted")
        }
        entries.append(
            ZipEntry(
                name: String(decoding: bytes[(at + 46)..<(at + 46 + nameLength)], as: UTF8.self),
                method: number(at + 10, 2), crc: UInt32(number(at + 16, 4)),
                packed: start..<(start + packed), size: size))
        at += 46 + nameLength + extra + comment
    }
    return entries
}

/// A file of an archive, unpacked and checked.
func content(
    of entry: ZipEntry, in bytes: UnsafeRawBufferPointer, path: String
) throws(FrameError) -> UnpackedBytes {
    let packed = UnsafeRawBufferPointer(rebasing: bytes[entry.packed])
    let result: UnpackedBytes
    switch entry.method {
    case 0:
        let copy = malloc(max(packed.count, 1))
        if let copy, let base = packed.baseAddress { memcpy(copy, base, packed.count) }
        result = UnpackedBytes(copy?.assumingMemoryBound(to: UInt8.self), packed.count)
    case 8:
        // Deflate reaches a factor of 1032; more is a lie that would only cost memory.
        guard entry.size / 1040 <= packed.count else {
            throw .badArchive(path: path, problem: "\(entry.name) has an impossible size")
        }
        result = try unpack(packed, gzip: false, size: entry.size, path)
    default:
        throw .badArchive(path: path, problem: "\(entry.name) is packed by method \(entry.method)")
    }
    let base = result.bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
    guard result.bytes.count == entry.size,
        base.map({ arena_crc32($0, entry.size) }) ?? 0 == entry.crc
    else { throw .badArchive(path: path, problem: "\(entry.name) is damaged") }
    return result
}

private func unpack(
    _ bytes: UnsafeRawBufferPointer, gzip: Bool, size: Int?, _ path: String
) throws(FrameError) -> UnpackedBytes {
    // No more than half of the machine's memory, whatever the file claims to hold.
    let limit = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE)) / 2
    guard let base = bytes.baseAddress, (size ?? 0) <= limit else {
        throw .outOfMemory(bytes: limit)
    }
    var start: UnsafeMutablePointer<UInt8>?
    var count = 0
    let code = arena_unpack(
        base.assumingMemoryBound(to: UInt8.self), bytes.count, gzip ? 1 : 0, size ?? 0, limit,
        &start, &count)
    let result = UnpackedBytes(start, count)
    switch code {
    case 0: return result
    case 2: throw .outOfMemory(bytes: limit)
    default: throw .badArchive(path: path, problem: "its compressed data is broken or cut short")
    }
}
