// Zip archives: stored and deflated members, written below one folder and nowhere else. Sizes come from
// the central directory and are checked before anything is inflated.

import ArenaCore
import ArenaFrame
import ArenaLanguage
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
        // Sizes may be anything: a sum beyond all numbers is above every limit too.
        let total = members.reduce(0) { sum, member in
            let (total, isBeyond) = sum.addingReportingOverflow(member.size)
            return isBeyond ? .max : total
        }
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

private struct ZipArchive {
    let path: String
    let bytes: UnsafeRawBufferPointer

    func members() throws(Raised) -> [ZipMember] {
        do { return try zipMembers(bytes) } catch {
            throw Raised(
                .value, "\(path) is no usable zip archive: \(error.what)",
                help: "fetch or make it again")
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
        if member.name.isEmpty || member.name.utf8.contains(0) || !member.hasReadableName {
            throw refuse("which is no file name in UTF-8")
        }
        if member.name.hasPrefix("/") || member.name.contains("\\")
            || member.name.dropFirst().first == ":"
        {
            throw refuse("an absolute or foreign path")
        }
        if parts.contains("..") { throw refuse("a path that leaves the folder") }
        if member.mode & 0o170000 == 0o120000 { throw refuse("a link") }
        if member.isEncrypted {
            throw Raised(
                .value, "\(path): '\(member.name)' is encrypted", help: "unpack it elsewhere")
        }
        guard member.method == 0 || member.method == 8 else {
            throw Raised(
                .value, "\(path): '\(member.name)' is packed by method \(member.method)",
                help: "make the archive anew with deflate")
        }
        // Deflate reaches a factor of 1032; more is a lie that would only cost memory.
        guard member.size / 1040 <= member.packed.count + 1, member.size < 1 << 40 else {
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
        let unpacked = try raising { () throws(FrameError) in
            try content(of: member, in: bytes, path: path)
        }
        defer { withExtendedLifetime(unpacked) {} }
        let data = unpacked.bytes
        try raising { () throws(FileError) in
            let file = try AtomicFile(target)
            for start in stride(from: 0, to: data.count, by: 1 << 20) {
                try file.write(data[start..<min(data.count, start + 1 << 20)])
            }
            try file.commit()
        }
        return target
    }
}
