// Output that is there whole or not at all: a temporary file beside the target, fsync, rename, and
// fsync of the folder. A failure at any point leaves the old file as it was.

import Glibc

/// Writes a file atomically; until `commit` the target is untouched.
package final class AtomicFile {
    private let target: String
    private let temporary: String
    private var descriptor: Int32
    private var pending: [UInt8] = []
    private static let flushSize = 1 << 18

    /// Opens a temporary file beside `path`, which may be a link to an existing file.
    /// - Throws: `FileError` if the folder cannot be written or the target is a folder.
    package init(_ path: String) throws(FileError) {
        if isDirectory(path) { throw .isDirectory(path: path) }
        target = Self.resolvingLink(path)
        let (folder, name) = splitPath(target)
        temporary = joinPath(folder, ".\(name).\(getpid()).partial")
        descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .system(path: path, doing: "writing", code: errno) }
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

    private static func resolvingLink(_ path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }
}

/// Writes a whole file atomically.
package func writeFile(_ path: String, _ bytes: [UInt8]) throws(FileError) {
    let file = try AtomicFile(path)
    try file.write(bytes)
    try file.commit()
}
