// What was typed in earlier sessions. One line a statement, newlines and backslashes escaped,
// appended as each statement is entered so that a killed session loses nothing. Home may be
// missing, read-only or full: then there is simply no history.

import ArenaCore
import Glibc

/// The history file.
package struct History: Sendable {
    /// The most statements kept.
    package static let limit = 2000
    private static let byteLimit = 4 << 20
    private let path: String?

    /// The history at `path`; nil keeps none.
    package init(path: String?) {
        self.path = path
    }

    /// Where a person's history lives: `$XDG_STATE_HOME/arenascript/history` if that is set, else
    /// `~/.arenascript_history`.
    package static func defaultPath() -> String? {
        if let state = environment("XDG_STATE_HOME"), state.hasPrefix("/") {
            return joinPath(joinPath(state, "arenascript"), "history")
        }
        guard let home = environment("HOME"), home.hasPrefix("/") else { return nil }
        return joinPath(home, ".arenascript_history")
    }

    /// The statements of earlier sessions, oldest first. A file that has grown past twice its limit
    /// is cut back.
    package func load() -> [[UInt8]] {
        guard let path, let bytes = readRegular(path) else { return [] }
        let lines = bytes.split(separator: UInt8(ascii: "\n"))
        let kept = lines.suffix(Self.limit)
        if lines.count > 2 * Self.limit || bytes.count > Self.byteLimit {
            rewrite(path, Array(kept))
        }
        return kept.map { Self.unescaped($0) }
    }

    /// Adds a statement to the file.
    package func append(_ statement: [UInt8]) {
        guard let path, !statement.isEmpty, statement.count < 1 << 16 else { return }
        let folder = splitPath(path).folder
        try? makeFolders(folder, permissions: 0o700)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0o600)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        // One write, so that two sessions at once do not mix their lines.
        let line = Self.escaped(statement) + [UInt8(ascii: "\n")]
        _ = line.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    }

    private func readRegular(_ path: String) -> [UInt8]? {
        guard let file = try? MappedFile(path) else { return nil }
        return withExtendedLifetime(file) { Array(file.bytes.suffix(2 * Self.byteLimit)) }
    }

    private func rewrite(_ path: String, _ lines: [ArraySlice<UInt8>]) {
        var room = Self.byteLimit / 2
        var first = lines.count
        while first > 0, lines[first - 1].count < room {
            first -= 1
            room -= lines[first].count + 1
        }
        let text = lines[first...].flatMap { $0 + [UInt8(ascii: "\n")] }
        let temporary = path + ".\(getpid())"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        let failed = text.withUnsafeBytes { writeAll(descriptor, $0) }
        if close(descriptor) != 0 || failed != nil || rename(temporary, path) != 0 {
            unlink(temporary)
        }
    }

    static func escaped(_ statement: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(statement.count + 8)
        for byte in statement {
            switch byte {
            case UInt8(ascii: "\\"): out += [byte, byte]
            case UInt8(ascii: "\n"): out += Array("\\n".utf8)
            default: out.append(byte)
            }
        }
        return out
    }

    static func unescaped(_ line: ArraySlice<UInt8>) -> [UInt8] {
        var out: [UInt8] = []
        var afterBackslash = false
        for byte in line {
            if afterBackslash {
                out.append(byte == UInt8(ascii: "n") ? UInt8(ascii: "\n") : byte)
                afterBackslash = false
            } else if byte == UInt8(ascii: "\\") {
                afterBackslash = true
            } else {
                out.append(byte)
            }
        }
        return out
    }
}
