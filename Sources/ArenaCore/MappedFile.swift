// A file mapped read-only. The bytes stay valid as long as the object lives.

import Glibc

/// A regular file's bytes, mapped read-only and shared with the page cache.
package final class MappedFile: Sendable {
    package let path: String
    /// The whole file. Valid while this object is alive: keep it, not just the pointer.
    package nonisolated(unsafe) let bytes: UnsafeRawBufferPointer
    /// The open file, if it was to stay open for reading in pieces; -1 if not.
    package let descriptor: Int32

    /// What a file is mapped for: what is read counts as an input of the run.
    package enum Purpose: Sendable { case reading, fingerprint }

    /// Maps the file at `path`.
    /// - Throws: `FileError` if it is missing, a folder, not a regular file, or cannot be mapped.
    package init(
        _ path: String, keepingOpen: Bool = false, purpose: Purpose = .reading
    ) throws(FileError) {
        self.path = path
        let place = FileAccount.place(of: path)
        let descriptor = open(place, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            let code = errno
            throw code == ENOENT || code == ENOTDIR
                ? missingFile(path) : .system(path: path, doing: "opening", code: code)
        }
        var keep = false
        defer { if !keep { close(descriptor) } }
        var info = stat()
        guard fstat(descriptor, &info) == 0 else {
            throw .system(path: path, doing: "reading the size of", code: errno)
        }
        switch info.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: throw .isDirectory(path: path)
        default: throw .notRegular(path: path)
        }
        let size = Int(info.st_size)
        guard size > 0 else {
            self.descriptor = -1
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            if purpose == .reading { try FileAccount.noteRead(self, info) }
            return
        }
        // SAFETY: the mapping is private to this object and unmapped only in deinit.
        guard let start = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0),
            start != MAP_FAILED
        else { throw .system(path: path, doing: "mapping", code: errno) }
        bytes = UnsafeRawBufferPointer(start: start, count: size)
        MappingTable.add(start, size, path)
        keep = keepingOpen
        self.descriptor = keepingOpen ? descriptor : -1
        if purpose == .reading { try FileAccount.noteRead(self, info) }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        // SAFETY: the pointer and length are those mmap returned.
        guard let start = bytes.baseAddress.map({ UnsafeMutableRawPointer(mutating: $0) }) else {
            return
        }
        MappingTable.remove(start)
        munmap(start, bytes.count)
    }

    /// Tells the kernel that these bytes will not be needed soon, so that they leave resident memory.
    package func release(_ range: Range<Int>) {
        guard let start = bytes.baseAddress else { return }
        let page = 4096
        let from = (range.lowerBound + page - 1) / page * page
        let to = min(range.upperBound, bytes.count) / page * page
        // SAFETY: whole pages inside the mapping; clean file pages are read again when touched.
        if to > from {
            madvise(UnsafeMutableRawPointer(mutating: start + from), to - from, MADV_DONTNEED)
        }
    }
}

/// Reads a whole text file (a script, a small config) into memory.
package func readFile(_ path: String) throws(FileError) -> [UInt8] {
    let file = try MappedFile(path)
    return withExtendedLifetime(file) { Array(file.bytes) }
}
