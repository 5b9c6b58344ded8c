// Output that is there whole or not at all: a temporary file beside the target, fsync, rename, and
// fsync of the folder. A failure at any point leaves the old file as it was.

import Glibc
import Synchronization

/// How many files this process has begun: two of one name at once have different temporary ones.
private let filesBegun = Atomic<Int>(0)

/// Writes a file atomically; until `commit` the target is untouched.
package final class AtomicFile {
    private let path: String
    private let target: String
    private let temporary: String
    /// The open file, for what this class does not know.
    package private(set) var descriptor: Int32
    private var pending: [UInt8] = []
    private static let flushSize = 1 << 18

    /// Opens a temporary file beside `path`, which may be a link to an existing file.
    /// - Throws: `FileError` if the folder cannot be written or the target is a folder.
    package init(_ path: String) throws(FileError) {
        guard !path.isEmpty, !path.utf8.contains(0) else { throw .unusableName(path: path) }
        self.path = path
        if let obstacle = FileAccount.obstacle(to: path) { throw obstacle }
        target = Self.resolvingLink(FileAccount.place(of: path, writing: true))
        var mode: mode_t = 0o644
        var info = stat()
        if stat(target, &info) == 0 {
            // Renaming over a device or a pipe would take it away from everybody else.
            if info.st_mode & S_IFMT == S_IFDIR { throw .isDirectory(path: path) }
            guard info.st_mode & S_IFMT == S_IFREG else { throw .notRegular(path: path) }
            mode = info.st_mode & 0o777
        }
        let (folder, name) = splitPath(target)
        Self.removeLeftovers(of: name, in: folder.isEmpty ? "." : folder)
        let number = filesBegun.wrappingAdd(1, ordering: .relaxed).oldValue
        temporary = joinPath(folder, ".\(name).\(getpid()).\(number).partial")
        descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard descriptor >= 0 else {
            let code = errno
            if code == ENOENT, !folder.isEmpty, !fileExists(folder) {
                throw .missingFolder(path: path)
            }
            throw .system(path: path, doing: "writing", code: code)
        }
        pending.reserveCapacity(Self.flushSize + 4096)
    }

    deinit {
        guard descriptor >= 0 else { return }
        close(descriptor)
        unlink(temporary)
    }

    /// Appends bytes.
    package func write(_ bytes: some Sequence<UInt8>) throws(FileError) {
        pending.append(contentsOf: bytes)
        if pending.count >= Self.flushSize { try flush() }
    }

    /// Writes bytes at an offset, also from several threads at once; `write` is not to be mixed with it.
    package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileError) {
        var written = 0
        while written < bytes.count {
            let n = pwrite(
                descriptor, bytes.baseAddress.map { $0 + written }, bytes.count - written,
                off_t(offset + written))
            if n < 0 {
                if errno == EINTR { continue }
                throw .system(path: target, doing: "writing", code: errno)
            }
            written += n
        }
    }

    /// Makes the file visible under its name, on disk before this returns.
    package func commit() throws(FileError) {
        try flush()
        guard fsync(descriptor) == 0 else {
            throw .system(path: target, doing: "writing", code: errno)
        }
        let closed = close(descriptor)
        descriptor = -1
        guard closed == 0 else {
            let code = errno
            unlink(temporary)
            throw .system(path: target, doing: "writing", code: code)
        }
        guard rename(temporary, target) == 0 else {
            let code = errno
            unlink(temporary)
            throw .system(path: target, doing: "renaming to", code: code)
        }
        FileAccount.noteWritten(path)
        try syncFolder()
    }

    private func flush() throws(FileError) {
        var written = 0
        while written < pending.count {
            let n = pending.withUnsafeBytes { buffer in
                Glibc.write(
                    descriptor, buffer.baseAddress.map { $0 + written }, buffer.count - written)
            }
            if n < 0 {
                if errno == EINTR { continue }
                throw .system(path: target, doing: "writing", code: errno)
            }
            written += n
        }
        pending.removeAll(keepingCapacity: true)
    }

    /// The rename is durable only once the folder is; file systems that cannot say so are let pass.
    private func syncFolder() throws(FileError) {
        let folder = splitPath(target).folder
        let handle = open(folder.isEmpty ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard handle >= 0 else { return }
        defer { close(handle) }
        if fsync(handle) != 0, errno == EIO || errno == ENOSPC {
            throw .system(path: folder, doing: "writing the folder", code: errno)
        }
    }

    /// Takes away what processes that were killed while writing this file have left.
    private static func removeLeftovers(of name: String, in folder: String) {
        let (start, end) = (".\(name).", ".partial")
        for entry in listDirectory(folder) where entry.hasPrefix(start) && entry.hasSuffix(end) {
            let middle = entry.dropFirst(start.count).dropLast(end.count)
            let numbers = middle.split(separator: ".", omittingEmptySubsequences: false)
            guard numbers.count == 2, let process = pid_t(numbers[0]), process > 0 else { continue }
            if kill(process, 0) != 0, errno == ESRCH { unlink(joinPath(folder, entry)) }
        }
    }

    /// The file a link stands for, also where that does not exist yet.
    private static func resolvingLink(_ path: String) -> String {
        var path = path
        for _ in 0..<32 {
            var buffer = [CChar](repeating: 0, count: 4097)
            let n = readlink(path, &buffer, 4096)
            guard n > 0 else { break }
            let link = String(
                decoding: buffer.prefix(n).map { UInt8(bitPattern: $0) }, as: UTF8.self)
            path = link.hasPrefix("/") ? link : joinPath(splitPath(path).folder, link)
        }
        return path
    }
}

/// Writes a whole file atomically.
package func writeFile(_ path: String, _ bytes: [UInt8]) throws(FileError) {
    let file = try AtomicFile(path)
    try file.write(bytes)
    try file.commit()
}
