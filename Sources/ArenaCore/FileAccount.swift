// Which files this process has read and written: what a run depends on and what it leaves. Asked for
// once, by whoever keeps account of a run; until then nothing is noted.

import Glibc
import Synchronization

/// A file as it was when it was read.
package struct FileRead: Sendable, Equatable {
    package var path: String
    package var size: Int
    /// Seconds and nanoseconds of the last change.
    package var modified: [Int]

    init(_ path: String, _ info: stat) {
        self.path = path
        size = Int(info.st_size)
        modified = [Int(info.st_mtim.tv_sec), Int(info.st_mtim.tv_nsec)]
    }

    /// Whether the file still is what was read.
    package var isUnchanged: Bool {
        var info = stat()
        return stat(path, &info) == 0 && FileRead(path, info) == self
    }
}

/// A file's content as it was used.
package struct FileContent: Sendable, Equatable {
    package var path: String
    package var size: Int
    package var digest: Digest
}

/// The account of this process's files.
package enum FileAccount {
    /// Refuses a file before it is used; called with every file that is opened and what gives the
    /// digest of its whole content.
    package typealias Gate = @Sendable (_ path: String, () -> Digest) throws(FileError) -> Void

    private struct State {
        var isKept = false
        var read: [String: FileRead] = [:]
        var written: Set<String> = []
        var scripts: [String: FileContent] = [:]
        var gate: Gate?
        var redirection: String?
        /// Files that were written, and folders that would have been made, while writing is redirected; full paths.
        var plannedFiles: Set<String> = []
        var plannedFolders: Set<String> = []
    }
    private static let state = Mutex(State())

    /// Begins the account; `gate` may refuse files.
    package static func begin(gate: Gate? = nil) {
        state.withLock { state in
            state = State(isKept: true, gate: gate, redirection: state.redirection)
        }
    }

    /// From here on files are written into this folder, whatever their names, and read from there once
    /// they have been written: to try a run that shall leave nothing behind.
    package static func redirect(to folder: String) {
        state.withLock { $0.redirection = folder }
    }

    package static var isRedirected: Bool { state.withLock { $0.redirection != nil } }

    /// Files go where their names say again, and the account begins anew.
    package static func endRedirection() { state.withLock { $0 = State() } }

    /// Notes a folder that a redirected run would have made, with those above it.
    package static func planFolder(_ path: String) {
        state.withLock { state in
            var path = fullPath(path)
            while path != "/", state.plannedFolders.insert(path).inserted {
                path = splitPath(path).folder
            }
        }
    }

    /// Whether a redirected run would have made this folder.
    static func hasPlannedFolder(_ path: String) -> Bool {
        guard isRedirected else { return false }
        let path = fullPath(path)
        return state.withLock { $0.plannedFolders.contains(path) }
    }

    /// The names of what a redirected run has written, or would have made, in a folder.
    static func plannedNames(in folder: String) -> [String] {
        guard isRedirected else { return [] }
        let folder = fullPath(folder)
        return state.withLock { state in
            state.plannedFiles.union(state.plannedFolders).map { splitPath($0) }
                .filter { $0.folder == folder }.map(\.name)
        }
    }

    /// Where a redirected run may change a file: a copy of what lies there, if it is small. Nil where it is not, or
    /// writing is not redirected.
    package static func copyForChange(_ path: String) -> String? {
        guard isRedirected else { return nil }
        let to = place(of: path, writing: true)
        if place(of: path) != to, fileExists(path) {
            guard let file = try? MappedFile(path, purpose: .fingerprint),
                file.bytes.count <= mostCopied, (try? writeFile(path, Array(file.bytes))) != nil
            else { return nil }
        }
        noteWritten(path)
        return to
    }

    /// Bytes that are worth copying for a trial.
    package static var mostCopied: Int { 64 << 20 }

    /// A file that a redirected run has written is taken away again; false if it has not.
    package static func takeAway(_ path: String) -> Bool {
        let path = fullPath(path)
        return state.withLock { $0.redirection != nil && $0.plannedFiles.remove(path) != nil }
    }

    /// What would keep a file from being written at its own place, while writing is redirected.
    static func obstacle(to path: String) -> FileError? {
        let folder = fullPath(splitPath(path).folder)
        guard state.withLock({ $0.redirection != nil && !$0.plannedFolders.contains(folder) })
        else { return nil }
        do throws(FileError) {
            return try OutputPlace(path, at: path).obstacle(named: path)
        } catch {
            return error
        }
    }

    /// A path from the root on, without what stands for nothing in it.
    private static func fullPath(_ path: String) -> String {
        var parts = path.split(separator: "/").filter { $0 != "." }
        if !path.hasPrefix("/"), let here = getcwd(nil, 0) {
            defer { free(here) }
            parts = String(cString: here).split(separator: "/") + parts
        }
        return "/" + parts.joined(separator: "/")
    }

    /// Where a file really lies: the path itself unless writing is redirected.
    package static func place(of path: String, writing: Bool = false) -> String {
        guard isRedirected else { return path }
        let full = fullPath(path)
        let (folder, isWritten) = state.withLock {
            ($0.redirection, $0.plannedFiles.contains(full))
        }
        guard let folder, writing || isWritten else { return path }
        return joinPath(folder, "\(Digest(of: full))".prefix(16) + "." + splitPath(path).name)
    }

    /// The files read so far, by path; what this process wrote itself is none of them. Of a file read
    /// twice, as it was the first time.
    package static var read: [FileRead] {
        state.withLock { $0.read.values.sorted { $0.path < $1.path } }
    }

    /// The scripts that the main one has loaded so far, by path.
    package static var scripts: [FileContent] {
        state.withLock { $0.scripts.values.sorted { $0.path < $1.path } }
    }

    /// Notes a script that another loads.
    /// - Throws: `FileError.locked` if the gate refuses it.
    package static func noteScript(_ path: String, _ bytes: [UInt8]) throws(FileError) {
        guard let gate = state.withLock({ $0.isKept ? .some($0.gate) : nil }) else { return }
        let digest = Digest(of: bytes)
        try gate?(path) { digest }
        let script = FileContent(path: path, size: bytes.count, digest: digest)
        state.withLock { $0.scripts[path] = script }
    }

    /// The files written so far, by path.
    package static var written: [String] { state.withLock { $0.written.sorted() } }

    static func noteRead(_ file: MappedFile, _ info: stat) throws(FileError) {
        let gate = state.withLock { state -> Gate? in
            guard state.isKept, !state.written.contains(file.path) else { return nil }
            if state.read[file.path] == nil {
                state.read[file.path] = FileRead(file.path, info)
            }
            return state.gate
        }
        try gate?(file.path) { fingerprint(of: file, .whole) }
    }

    static func noteWritten(_ path: String) {
        let full = isRedirected ? fullPath(path) : path
        state.withLock { state in
            if state.redirection != nil { state.plannedFiles.insert(full) }
            guard state.isKept else { return }
            state.written.insert(path)
            state.read[path] = nil
        }
    }
}
