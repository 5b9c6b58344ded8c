// Output that is there whole or not at all: a temporary file beside the target, fsync, rename, and
// fsync of the folder. A failure at any point leaves the old file as it was. What is no file (a pipe, a
// device, standard output) gets the bytes once all of them are made.

import Glibc
import Synchronization

/// How many files this process has begun: two of one name at once have different temporary ones.
private let filesBegun = Atomic<Int>(0)

/// Writes a file atomically; until `commit` the target is untouched.
package final class AtomicFile {
    private let path: String
    private let place: OutputPlace
    /// The temporary file's name; nil where it has none any more.
    private let temporary: String?
    /// The open temporary file, for what this class does not know.
    package private(set) var descriptor: Int32
    private var pending: [UInt8] = []
    private static let flushSize = 1 << 18

    /// Writes out what has been printed and is still held back: it comes before what is written next into
    /// a stream of this process.
    package static let whatIsPrinted = Mutex<(@Sendable () -> Void)?>(nil)

    /// Opens a temporary file. `path` may be a link, also to a file that is not there yet: the file
    /// that it stands for is written, and the link stays.
    /// - Throws: `FileError` if the folder or the file may not be written, or the target is a folder.
    package init(_ path: String) throws(FileError) {
        guard !path.isEmpty, !path.utf8.contains(0) else { throw .unusableName(path: path) }
        self.path = path
        if let obstacle = FileAccount.obstacle(to: path) { throw obstacle }
        place = try OutputPlace(path, at: FileAccount.place(of: path, writing: true))
        switch place {
        case .file(let target, let mode):
            let name = Self.temporaryName(for: target)
            temporary = name
            descriptor = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode ?? 0o644)
            guard descriptor >= 0 else { throw Self.refusal(errno, target, named: path) }
        case .device, .descriptor:
            temporary = nil
            descriptor = Self.namelessFile()
            guard descriptor >= 0 else {
                throw .system(path: path, doing: "making a temporary file for", code: errno)
            }
        }
        pending.reserveCapacity(Self.flushSize + 4096)
    }

    deinit {
        guard descriptor >= 0 else { return }
        close(descriptor)
        if let temporary { unlink(temporary) }
    }

    /// Appends bytes.
    package func write(_ bytes: some Sequence<UInt8>) throws(FileError) {
        pending.append(contentsOf: bytes)
        if pending.count >= Self.flushSize { try flush() }
    }

    /// Writes bytes at an offset, also from several threads at once; `write` is not to be mixed with it.
    package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileError) {
        try check(
            writeAll(bytes) { rest, done in
                pwrite(descriptor, rest.baseAddress, rest.count, off_t(offset + done))
            })
    }

    /// Makes the file visible under its name, on disk before this returns.
    package func commit() throws(FileError) {
        try flush()
        guard case .file(let target, _) = place, let temporary else { return try pass() }
        try check(fsync(descriptor) == 0 ? nil : errno)
        let closed = close(descriptor)
        descriptor = -1
        guard closed == 0 else {
            let code = errno
            unlink(temporary)
            throw .system(path: path, doing: "writing", code: code)
        }
        guard rename(temporary, target) == 0 else {
            let code = errno
            unlink(temporary)
            throw .system(path: path, doing: "renaming to", code: code)
        }
        FileAccount.noteWritten(path)
        try syncFolder(of: target)
    }

    private func flush() throws(FileError) {
        try check(
            pending.withUnsafeBytes {
                writeAll($0) { rest, _ in Glibc.write(descriptor, rest.baseAddress, rest.count) }
            })
        pending.removeAll(keepingCapacity: true)
    }

    /// Hands the bytes on to what is no file.
    private func pass() throws(FileError) {
        let goal: Int32
        switch place {
        case .descriptor(let number):
            if let printed = Self.whatIsPrinted.withLock({ $0 }) { printed() }
            goal = fcntl(number, F_DUPFD_CLOEXEC, 0)
        case .device(let target), .file(let target, _): goal = open(target, O_WRONLY | O_CLOEXEC)
        }
        guard goal >= 0 else { throw .system(path: path, doing: "opening", code: errno) }
        defer { close(goal) }
        var chunk = [UInt8](repeating: 0, count: Self.flushSize)
        var offset = 0
        while true {
            let n = chunk.withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress, $0.count, off_t(offset))
            }
            if n < 0, errno == EINTR { continue }
            try check(n < 0 ? errno : nil)
            if n == 0 { return }
            try check(
                chunk.withUnsafeBytes {
                    writeAll(UnsafeRawBufferPointer(rebasing: $0[..<n])) { rest, _ in
                        Glibc.write(goal, rest.baseAddress, rest.count)
                    }
                })
            offset += n
        }
    }

    private func check(_ code: Int32?) throws(FileError) {
        if let code { throw .system(path: path, doing: "writing", code: code) }
    }

    // MARK: - Files and folders

    /// The rename is durable only once the folder is; file systems that cannot say so are let pass.
    private func syncFolder(of target: String) throws(FileError) {
        let folder = splitPath(target).folder
        let handle = open(folder.isEmpty ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard handle >= 0 else { return }
        defer { close(handle) }
        if fsync(handle) != 0, errno == EIO || errno == ENOSPC {
            throw .system(path: folder, doing: "writing the folder", code: errno)
        }
    }

    private static func temporaryName(for target: String) -> String {
        let (folder, name) = splitPath(target)
        removeLeftovers(of: name, in: folder.isEmpty ? "." : folder)
        let number = filesBegun.wrappingAdd(1, ordering: .relaxed).oldValue
        return joinPath(folder, ".\(name).\(getpid()).\(number).partial")
    }

    /// Why no temporary file can be made beside the target.
    private static func refusal(_ code: Int32, _ target: String, named path: String) -> FileError {
        let folder = splitPath(target).folder
        return code == ENOENT && !folder.isEmpty && !fileExists(folder)
            ? .missingFolder(path: target) : .system(path: path, doing: "writing", code: code)
    }

    /// A file that is gone once it is closed; negative if none can be made.
    private static func namelessFile() -> Int32 {
        let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var name = Array(joinPath(folder, "arenascript-XXXXXX").utf8CString)
        let descriptor = mkstemp(&name)
        guard descriptor >= 0 else { return descriptor }
        unlink(name)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        return descriptor
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
}

/// Writes all bytes, however few of them each call takes; the error number if that fails.
/// - Parameter call: writes some of the rest, which so many are in front of.
private func writeAll(
    _ bytes: UnsafeRawBufferPointer, _ call: (UnsafeRawBufferPointer, Int) -> Int
) -> Int32? {
    var done = 0
    while done < bytes.count {
        let n = call(UnsafeRawBufferPointer(rebasing: bytes[done...]), done)
        if n < 0, errno == EINTR { continue }
        guard n > 0 else { return n < 0 ? errno : EIO }
        done += n
    }
    return nil
}

/// Writes a whole file atomically.
package func writeFile(_ path: String, _ bytes: [UInt8]) throws(FileError) {
    let file = try AtomicFile(path)
    try file.write(bytes)
    try file.commit()
}
