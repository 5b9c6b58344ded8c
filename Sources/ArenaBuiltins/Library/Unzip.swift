// Zip archives (APPNOTE 6.3): stored and deflated members, written below one folder and nowhere else.
// Sizes come from the central directory and are checked before anything is inflated.

import ArenaCore
import ArenaLanguage
import CZlib
import Glibc

private typealias P = BuiltinParameter

let unzipFunction = Builtin(
    "unzip",
    [
        P("path", "str"), P("folder", "str", .optional("\".\"")),
        P("max_size", "int", .named("68719476736"), "bytes that all members may take together"),
    ],
    "Unpacks a zip archive into a folder, each file whole or not at all; gives the paths.",
    examples: [
        Example(
            "write_bytes(\".build/empty.zip\", b\"PK\\x05\\x06\" + b\"\\x00\" * 18)\nprint(unzip(\".build/empty.zip\", \".build/unzip\"))",
            prints: "[]\n")
    ]
) { a throws(Raised) in
    let path = try a.string(0)
    let folder = a.has(1) ? try a.string(1) : "."
    let file = try raising { () throws(FileError) in try MappedFile(path) }
    let limit = try a.int(2, or: 64 << 30)
    let written = try withExtendedLifetime(file) { () throws(Raised) in
        let archive = ZipArchive(path: path, bytes: file.bytes)
        let members = try archive.members()
        var total = 0
        for member in members { total += member.size }
        guard total <= limit else {
            throw Raised(
                .value, "\(path) unpacks to \(total) bytes, more than max_size=\(limit)",
                help: "max_size=\(total) allows it")
        }
        // Every name is looked at before the first file is written.
        for member in members { try archive.check(member) }
        var written: [String] = []
        for member in members {
            try a.machine.answerStops()
            if let path = try archive.unpack(member, into: folder) { written.append(path) }
        }
        return written
    }
    return .list(written.map { .string($0) })
}

private struct ZipMember {
    var name: String
    var method: Int
    var flags: Int
    var crc: UInt32
    var packed: Int
    var size: Int
    var offset: Int
    /// Unix mode, 0 if the archive was made elsewhere.
    var mode: Int
}

private struct ZipArchive {
    let path: String
    let bytes: UnsafeRawBufferPointer

    private func damaged(_ what: String) -> Raised {
        Raised(.value, "\(path) is no usable zip archive: \(what)", help: "fetch or make it again")
    }

    private func number(_ at: Int, _ count: Int) throws(Raised) -> Int {
        guard at >= 0, at <= bytes.count - count else { throw damaged("it is cut short") }
        var value: UInt64 = 0
        for k in 0..<count { value |= UInt64(bytes[at + k]) << UInt64(8 * k) }
        guard let n = Int(exactly: value) else { throw damaged("a size is impossible") }
        return n
    }

    /// The central directory.
    func members() throws(Raised) -> [ZipMember] {
        guard bytes.count >= 22 else { throw damaged("it is too short") }
        var end = bytes.count - 22
        let lowest = max(0, bytes.count - 22 - 65_535)
        while try number(end, 4) != 0x0605_4B50 {
            end -= 1
            if end < lowest { throw damaged("the directory at its end is missing") }
        }
        var count = try number(end + 10, 2)
        var at = try number(end + 16, 4)
        if count == 0xFFFF || at == 0xFFFF_FFFF, end >= 20, try number(end - 20, 4) == 0x0706_4B50 {
            let wide = try number(end - 12, 8)
            guard try number(wide, 4) == 0x0606_4B50 else {
                throw damaged("its zip64 part is missing")
            }
            count = try number(wide + 32, 8)
            at = try number(wide + 48, 8)
        }
        guard count <= bytes.count / 46 else { throw damaged("it claims \(count) members") }
        var members: [ZipMember] = []
        for _ in 0..<count {
            guard try number(at, 4) == 0x0201_4B50 else { throw damaged("its directory is broken") }
            let (nameLength, extra, comment) = (
                try number(at + 28, 2), try number(at + 30, 2), try number(at + 32, 2)
            )
            guard at + 46 + nameLength + extra + comment <= bytes.count else {
                throw damaged("its directory is cut short")
            }
            let name = UnsafeRawBufferPointer(rebasing: bytes[(at + 46)..<(at + 46 + nameLength)])
            guard firstInvalidUTF8(name) == nil else {
                throw damaged("a member's name is not UTF-8")
            }
            let madeOnUnix = try number(at + 5, 1) == 3
            var member = ZipMember(
                name: String(decoding: name, as: UTF8.self), method: try number(at + 10, 2),
                flags: try number(at + 8, 2), crc: UInt32(try number(at + 16, 4)),
                packed: try number(at + 20, 4), size: try number(at + 24, 4),
                offset: try number(at + 42, 4),
                mode: madeOnUnix ? try number(at + 40, 2) : 0)
            try widen(&member, at + 46 + nameLength, extra)
            members.append(member)
            at += 46 + nameLength + extra + comment
        }
        return members
    }

    /// Takes sizes beyond 32 bits from the zip64 field.
    private func widen(_ member: inout ZipMember, _ start: Int, _ length: Int) throws(Raised) {
        var at = start
        while at + 4 <= start + length {
            let (kind, size) = (try number(at, 2), try number(at + 2, 2))
            at += 4
            if kind == 1 {
                var field = at
                for key in [\ZipMember.size, \ZipMember.packed, \ZipMember.offset]
                where member[keyPath: key] == 0xFFFF_FFFF && field + 8 <= at + size {
                    member[keyPath: key] = try number(field, 8)
                    field += 8
                }
            }
            at += size
        }
    }

    /// Refuses what could write outside the folder or cannot be read.
    func check(_ member: ZipMember) throws(Raised) {
        func refuse(_ why: String) -> Raised {
            Raised(
                .value, "\(path) holds '\(member.name)', \(why); nothing was unpacked",
                help: "such an archive is damaged or hostile")
        }
        let parts = member.name.split(separator: "/", omittingEmptySubsequences: false)
        if member.name.isEmpty || member.name.utf8.contains(0) {
            throw refuse("which is no file name")
        }
        if member.name.hasPrefix("/") || member.name.contains("\\")
            || member.name.dropFirst().first == ":"
        {
            throw refuse("an absolute or foreign path")
        }
        if parts.contains("..") { throw refuse("a path that leaves the folder") }
        if member.mode & 0o170000 == 0o120000 { throw refuse("a link") }
        if member.flags & 1 != 0 {
            throw Raised(
                .value, "\(path): '\(member.name)' is encrypted", help: "unpack it elsewhere")
        }
        guard member.method == 0 || member.method == 8 else {
            throw Raised(
                .value, "\(path): '\(member.name)' is packed by method \(member.method)",
                help: "make the archive anew with deflate")
        }
        // Deflate reaches a factor of 1032; more is a lie that would only cost memory.
        guard member.size / 1040 <= member.packed + 1, member.size < 1 << 40 else {
            throw refuse("of an impossible size")
        }
    }

    /// Writes one member; nil for a folder.
    func unpack(_ member: ZipMember, into folder: String) throws(Raised) -> String? {
        let target = joinPath(folder, member.name)
        try makeFolder(folder, parents: true, existOK: true)
        var above = folder
        let parts = member.name.split(separator: "/").map(String.init)
        let isFolder = member.name.hasSuffix("/")
        for part in isFolder ? parts : parts.dropLast() {
            above = joinPath(above, part)
            var info = stat()
            if lstat(above, &info) == 0, info.st_mode & S_IFMT == S_IFLNK {
                throw Raised(
                    .value, "\(above) is a link, and unzip() does not write through links",
                    help: "unpack into another folder")
            }
            try makeFolder(above, parents: false, existOK: true)
        }
        if isFolder { return nil }
        var info = stat()
        if lstat(target, &info) == 0, info.st_mode & S_IFMT == S_IFLNK {
            throw Raised(
                .value, "\(target) is a link, and unzip() does not write through links",
                help: "remove(\"\(target)\") first")
        }
        let data = try content(member)
        try raising { () throws(FileError) in
            let file = try AtomicFile(target)
            for start in stride(from: 0, to: data.count, by: 1 << 20) {
                try file.write(data[start..<min(data.count, start + 1 << 20)])
            }
            try file.commit()
        }
        return target
    }

    private func content(_ member: ZipMember) throws(Raised) -> [UInt8] {
        guard try number(member.offset, 4) == 0x0403_4B50 else {
            throw damaged("'\(member.name)' is not where the directory says")
        }
        let start =
            member.offset + 30 + (try number(member.offset + 26, 2))
            + (try number(member.offset + 28, 2))
        guard start <= bytes.count, member.packed <= bytes.count - start else {
            throw damaged("'\(member.name)' is cut short")
        }
        let packed = UnsafeRawBufferPointer(rebasing: bytes[start..<start + member.packed])
        var data: [UInt8]
        if member.method == 0 {
            guard member.packed == member.size else {
                throw damaged("'\(member.name)' has two sizes")
            }
            data = Array(packed)
        } else {
            var whole = false
            data = [UInt8](unsafeUninitializedCapacity: member.size) { buffer, count in
                // SAFETY: inflating writes at most `member.size` bytes into that much room.
                var none: UInt8 = 0
                let input = packed.bindMemory(to: UInt8.self)
                whole =
                    withUnsafeMutablePointer(to: &none) {
                        arena_inflate(
                            input.baseAddress, input.count, buffer.baseAddress ?? $0, member.size)
                    } == 0
                count = whole ? member.size : 0
            }
            guard whole else { throw damaged("'\(member.name)' does not unpack to its size") }
        }
        guard data.withUnsafeBufferPointer({ arena_crc32($0.baseAddress, $0.count) }) == member.crc
        else { throw damaged("'\(member.name)' fails its checksum") }
        return data
    }
}
