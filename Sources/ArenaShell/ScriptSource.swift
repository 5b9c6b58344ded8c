// Where a script comes from, and what can be wrong with it before its first line is looked at.

import ArenaCore
import ArenaLanguage
import Glibc

/// A script that has not been read yet.
package enum ScriptSource: Sendable, Equatable {
    case file(String)
    case standardInput
    /// Text given on the command line.
    case code(String)

    /// A file argument, where `-` stands for standard input.
    package init(argument: String) {
        self = argument == "-" ? .standardInput : .file(argument)
    }

    /// How the script is named in diagnostics.
    package var name: String {
        switch self {
        case .file(let path): return path
        case .standardInput: return "<stdin>"
        case .code: return "<-e>"
        }
    }

    /// Reads the script.
    /// - Throws: `ScriptError` if it is missing, unreadable, a folder, empty or far too large.
    package func load() throws(ScriptError) -> SourceFile {
        let bytes = try loadBytes()
        if bytes.isEmpty, !isCode { throw .empty(name) }
        return SourceFile(name: name, bytes: bytes)
    }

    /// Reads the script's bytes, which may be none.
    func loadBytes() throws(ScriptError) -> [UInt8] {
        switch self {
        case .file(let path): return try readScript(path)
        case .standardInput: return try readAll(STDIN_FILENO, name)
        case .code(let text): return Array(text.utf8)
        }
    }

    private var isCode: Bool {
        if case .code = self { return true }
        return false
    }
}

/// A script that cannot be run because of what it is stored in.
package enum ScriptError: ArenaFault, Equatable {
    case file(FileError)
    case inputClosed
    case empty(String)
    case tooLarge(String, limit: Int)

    package var report: FaultReport {
        switch self {
        case .file(let error): return error.report
        case .inputClosed:
            return FaultReport(
                .system, "standard input is closed, so there is no script to read",
                help: "name the script: arenascript run FILE")
        case .empty(let name):
            return FaultReport(
                .syntax, "\(name) is empty, so nothing would run",
                help: name == "<stdin>"
                    ? "pipe a script in, or name one: arenascript run FILE"
                    : "check that the file was saved and copied whole")
        case .tooLarge(let name, let limit):
            return FaultReport(
                .syntax, "\(name) is larger than \(limit >> 20) MiB, which no script is",
                help: "name the script, not its data")
        }
    }

    /// The exit code this error ends the process with.
    package var status: ExitStatus {
        switch self {
        case .file, .inputClosed: return .input
        case .empty, .tooLarge: return .script
        }
    }
}

private let scriptLimit = 64 << 20

/// Unlike data, a script may also be a pipe, as in `arenascript run <(generate)`: so it is read,
/// not mapped.
private func readScript(_ path: String) throws(ScriptError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
        let code = errno
        throw .file(
            code == ENOENT || code == ENOTDIR
                ? missingFile(path) : .system(path: path, doing: "opening", code: code))
    }
    defer { close(descriptor) }
    return try readAll(descriptor, path)
}

private func readAll(_ descriptor: Int32, _ name: String) throws(ScriptError) -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let n = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
        if n == 0 { return bytes }
        if n < 0 {
            switch errno {
            case EINTR: continue
            case EISDIR: throw .file(.isDirectory(path: name))
            case EBADF where descriptor == STDIN_FILENO: throw .inputClosed
            case let code: throw .file(.system(path: name, doing: "reading", code: code))
            }
        }
        bytes.append(contentsOf: chunk[0..<n])
        if bytes.count > scriptLimit { throw .tooLarge(name, limit: scriptLimit) }
    }
}
