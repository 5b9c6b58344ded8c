// The built binary under test: started in a folder of its own with arguments and input, on pipes or
// on a pseudo-terminal, and what came of it.

import ArenaCore
import CPseudoTerminal
import Glibc
import Testing

/// How a process ended.
struct Outcome {
    var output: String
    var errors: String
    /// The exit code, or minus the signal.
    var code: Int32
}

enum BinaryError: Error { case cannotStart(String), timedOut(String) }

/// The binary that stands beside the tests' own.
let binaryPath: String = {
    let own = realpath("/proc/self/exe", nil).map { String(cString: $0) } ?? ""
    let candidates = [own] + CommandLine.arguments
    for path in candidates {
        let beside = joinPath(splitPath(path).folder, "arenascript")
        if fileExists(beside) { return beside }
    }
    return "arenascript"
}()

/// A folder that is removed with its files when the object goes.
final class TemporaryFolder {
    let path: String

    init() throws {
        let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array((base + "/arena-shell-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else { throw BinaryError.cannotStart("mkdtemp") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { Self.remove(path) }

    @discardableResult
    func write(_ name: String, _ text: String) throws -> String {
        try write(name, Array(text.utf8))
    }

    @discardableResult
    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        try writeFile(joinPath(path, name), bytes)
        return name
    }

    func read(_ name: String) -> String? {
        (try? readFile(joinPath(path, name))).map { String(decoding: $0, as: UTF8.self) }
    }

    private static func remove(_ path: String) {
        for name in listDirectory(path) {
            let inner = joinPath(path, name)
            if unlink(inner) != 0 { remove(inner) }
        }
        rmdir(path)
    }
}

/// Runs a shell line in a folder, with `arenascript` standing for the binary; the streams are
/// files, so nothing can block.
func shell(
    _ line: String, input: String = "", in folder: TemporaryFolder, seconds: Int = 60
) throws -> Outcome {
    try folder.write(".stdin", input)
    let script = """
        cd '\(folder.path)' && arenascript() { '\(binaryPath)' "$@"; } && { \(line)
        } <.stdin >.stdout 2>.stderr
        """
    let code = try spawn(["/bin/bash", "-c", script], seconds: seconds)
    return Outcome(
        output: folder.read(".stdout") ?? "", errors: folder.read(".stderr") ?? "", code: code)
}

/// Starts a process, waits for it, and gives its code.
private func spawn(_ arguments: [String], seconds: Int) throws -> Int32 {
    var process: pid_t = 0
    let code = withCStrings(arguments) { argv in
        withCStrings(testEnvironment()) { posix_spawn(&process, arguments[0], nil, nil, argv, $0) }
    }
    guard code == 0 else { throw BinaryError.cannotStart(arguments[0]) }
    return try wait(for: process, seconds: seconds)
}

func wait(for process: pid_t, seconds: Int) throws -> Int32 {
    var status: Int32 = 0
    for _ in 0..<seconds * 200 {
        let n = waitpid(process, &status, WNOHANG)
        if n == process {
            let signal = status & 0x7F
            return signal == 0 ? status >> 8 & 0xFF : -signal
        }
        usleep(5000)
    }
    kill(process, SIGKILL)
    waitpid(process, &status, 0)
    throw BinaryError.timedOut("the process did not end within \(seconds) s")
}

/// A small, fixed environment: the person's own must not change what the tests see.
func testEnvironment(_ more: [String: String] = [:]) -> [String] {
    var all = ["PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TERM": "xterm", "HOME": "/nonexistent"]
    all.merge(more) { $1 }
    return all.map { "\($0)=\($1)" }.sorted()
}

func withCStrings<R>(_ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> R) -> R {
    let copies = strings.map { strdup($0) }
    defer { copies.forEach { free($0) } }
    return body(copies + [nil])
}

// MARK: - On a terminal

/// The binary on a pseudo-terminal, and everything it has shown so far.
final class TerminalProcess {
    private(set) var screen = ""
    private let master: Int32
    private let process: pid_t
    private var waited = false

    init(
        _ arguments: [String] = [], environment: [String: String] = [:], in folder: TemporaryFolder
    )
        throws
    {
        var master: Int32 = -1
        let started = withCStrings([binaryPath] + arguments) { argv in
            withCStrings(testEnvironment(environment)) {
                pseudo_terminal_spawn(argv, $0, folder.path, &master)
            }
        }
        guard started > 0 else { throw BinaryError.cannotStart(binaryPath) }
        self.master = master
        process = started
    }

    deinit {
        close(master)
        guard !waited else { return }
        kill(process, SIGKILL)
        var status: Int32 = 0
        waitpid(process, &status, 0)
    }

    /// Types keys as they are.
    func type(_ keys: String) {
        var bytes = Array(keys.utf8)
        write(master, &bytes, bytes.count)
    }

    /// Waits until the screen shows `text` after what earlier calls found, and gives all up to it.
    @discardableResult
    func expect(_ text: String, seconds: Int = 30) throws -> String {
        for _ in 0..<seconds * 100 {
            if let range = find(text) {
                let shown = String(screen[..<range.upperBound])
                screen = String(screen[range.upperBound...])
                return shown
            }
            pump()
        }
        throw BinaryError.timedOut("no '\(text)' on the screen, only: \(screen.debugDescription)")
    }

    /// Types a line and waits for the terminal to show an answer.
    @discardableResult
    func ask(_ line: String, _ answer: String) throws -> String {
        type(line + "\r")
        try expect("\r\n")
        return try expect(answer)
    }

    /// Waits for the end of the process.
    func finish() throws -> Int32 {
        waited = true
        // What is still shown must be read, or a full terminal would keep the process from ending.
        var status: Int32 = 0
        for _ in 0..<1000 {
            pump()
            if waitpid(process, &status, WNOHANG) == process {
                let signal = status & 0x7F
                return signal == 0 ? status >> 8 & 0xFF : -signal
            }
        }
        kill(process, SIGKILL)
        waitpid(process, &status, 0)
        throw BinaryError.timedOut("still running; screen: \(screen.debugDescription)")
    }

    private func pump() {
        var watched = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
        guard poll(&watched, 1, 10) > 0 else { return }
        var chunk = [UInt8](repeating: 0, count: 4096)
        let n = read(master, &chunk, chunk.count)
        if n > 0 { screen += String(decoding: chunk[0..<n], as: UTF8.self) }
        if n <= 0 { usleep(10_000) }
    }

    /// By scalars: to `Character` a carriage return and its newline are one.
    private func find(_ text: String) -> Range<String.Index>? {
        let wanted = Array(text.unicodeScalars)
        let shown = screen.unicodeScalars
        var at = shown.startIndex
        while at < shown.endIndex {
            if shown[at...].starts(with: wanted) {
                return at..<shown.index(at, offsetBy: wanted.count)
            }
            at = shown.index(after: at)
        }
        return nil
    }
}
