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

/// The account of this process's files.
package enum FileAccount {
    /// Refuses a file before it is used; called with every file that is opened.
    package typealias Gate = @Sendable (MappedFile) throws(FileError) -> Void

    private struct State {
        var isKept = false
        var read: [String: FileRead] = [:]
        var written: Set<String> = []
        var gate: Gate?
        var redirection: String?
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
        try gate?(file)
    }

    static func noteWritten(_ path: String) {
        state.withLock { state in
            guard state.isKept else { return }
            state.written.insert(path)
            state.read[path] = nil
        }
    }
}
