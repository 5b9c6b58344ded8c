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
        /// Folders that would have been made if writing were not redirected.
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
            var path = Self.plain(path)
            while !path.isEmpty, path != "/", state.plannedFolders.insert(path).inserted {
                path = splitPath(path).folder
            }
        }
    }

    /// What would keep a file from being written at its own place, while writing is redirected.
    static func obstacle(to path: String) -> FileError? {
        let folder = Self.plain(splitPath(path).folder)
        guard state.withLock({ $0.redirection != nil && !$0.plannedFolders.contains(folder) })
        else { return nil }
        do throws(FileError) {
            return try OutputPlace(path, at: path).obstacle(named: path)
        } catch {
            return error
        }
    }

    /// A folder's name without slashes at its end.
    private static func plain(_ folder: String) -> String {
        var folder = folder
        while folder.count > 1, folder.hasSuffix("/") { folder.removeLast() }
        return folder
    }

    /// Where a file really lies: the path itself unless writing is redirected.
    package static func place(of path: String, writing: Bool = false) -> String {
        let (folder, isWritten) = state.withLock { ($0.redirection, $0.written.contains(path)) }
        guard let folder, writing || isWritten else { return path }
        return joinPath(folder, "\(Digest(of: path))".prefix(16) + "." + splitPath(path).name)
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
        state.withLock { state in
            guard state.isKept else { return }
            state.written.insert(path)
            state.read[path] = nil
        }
    }
}
