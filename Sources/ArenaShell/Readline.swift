// GNU readline, opened at run time: the binary neither needs it nor links it. Its callback
// interface is used, so that one `poll` waits for keys and for Ctrl-C alike.

import ArenaLanguage
import Glibc

/// Lines edited by GNU readline.
package struct ReadlineReader: LineReader {
    private let library: ReadlineLibrary
    private let wake: Int32

    /// Opens the library and hands it the statements of earlier sessions.
    ///
    /// `ARENASCRIPT_READLINE` names another library, or is `off`. Returns nil if none can be
    /// opened: the plain reader does then.
    /// - Parameter complete: what can stand at the end of a text, for the Tab key.
    package init?(
        wake: Int32, history: [[UInt8]], complete: @escaping ([UInt8]) -> Completion
    ) {
        var names = ["libreadline.so.8", "libreadline.so.7", "libreadline.so"]
        if let chosen = environment("ARENASCRIPT_READLINE"), !chosen.isEmpty {
            if chosen == "off" { return nil }
            names = [chosen]
        }
        var found: ReadlineLibrary?
        for name in names where found == nil { found = ReadlineLibrary(name) }
        guard let found else { return nil }
        library = found
        self.wake = wake
        library.prepare()
        completer = complete
        for statement in history { remember(statement) }
    }

    package func remember(_ statement: [UInt8]) {
        withCString(statement) { library.addHistory($0) }
    }

    package mutating func readLine(prompt: String) -> LineInput {
        received = .waiting
        prompt.withCString { library.install($0, lineArrived) }
        while case .waiting = received {
            switch waitForInput(STDIN_FILENO, wake) {
            case .ready: library.readChar()
            // A signal that readline catches, such as a new window size, is dealt with here.
            case .again: library.checkSignals?()
            case .interrupted:
                // Cleaning up moves the cursor to the line's beginning.
                _ = writeAll(STDOUT_FILENO, "^C")
                library.freeLineState?()
                library.cleanUpAfterSignal?()
                library.callbackSignalCleanup?()
                library.remove()
                return .interrupted
            }
        }
        if case .line(let bytes) = received { return .line(bytes) }
        return .end
    }
}

private enum Received {
    case waiting, end
    case line([UInt8])
}

// SAFETY: readline has one terminal and one state for the whole process; it is used from the main
// thread alone, and calls back on that thread inside `rl_callback_read_char`.
nonisolated(unsafe) private var received = Received.waiting
nonisolated(unsafe) private var removeHandler: (@convention(c) () -> Void)?

private let lineArrived: @convention(c) (UnsafeMutablePointer<CChar>?) -> Void = { text in
    // Without this readline would show the prompt again before the statement has run.
    removeHandler?()
    guard let text else {
        received = .end
        return
    }
    // SAFETY: a NUL-terminated line from malloc that is ours to free.
    received = .line(Array(UnsafeRawBufferPointer(start: text, count: strlen(text))))
    free(text)
}

// SAFETY: as above: one readline, one thread.
nonisolated(unsafe) private var completer: (([UInt8]) -> Completion)?
nonisolated(unsafe) private var lineEditor: LineEditor?

/// Tab: indents where a line begins, else completes, and shows the choice where there is one.
private let tabPressed: @convention(c) (Int32, Int32) -> Int32 = { _, _ in
    guard let editor = lineEditor, let completer else { return 0 }
    let (before, after) = editor.line()
    let tail = before.suffix(from: (before.lastIndex(of: 10) ?? -1) + 1)
    if tail.allSatisfy({ $0 == 32 || $0 == 9 }) {
        editor.insert("    ")
        return 0
    }
    let found = completer(before)
    let common = commonPrefix(found.candidates)
    var addition = String(decoding: common.utf8.dropFirst(found.typed), as: UTF8.self)
    // The closing quote and bracket may be there already.
    for close in ["\"]", "']"] where addition.hasSuffix(close) {
        if after.starts(with: close.utf8) { addition.removeLast(2) }
    }
    if !addition.isEmpty {
        editor.insert(addition)
    } else if found.candidates.count > 1 {
        let width = Terminal.size()?.columns ?? 80
        _ = writeAll(STDOUT_FILENO, "\r\n" + columnText(found.candidates, width: width))
        editor.redraw()
    } else if found.candidates.isEmpty {
        editor.ring()
    }
    return 0
}

/// The line that readline is editing.
private struct LineEditor {
    private let buffer: UnsafeMutablePointer<UnsafePointer<CChar>?>
    private let point: UnsafeMutablePointer<Int32>
    private let insertText: @convention(c) (UnsafePointer<CChar>) -> Int32
    private let onNewLine: @convention(c) () -> Int32
    private let redisplay: @convention(c) () -> Void
    private let bell: @convention(c) () -> Int32

    init?(_ handle: UnsafeMutableRawPointer) {
        guard let buffer = dlsym(handle, "rl_line_buffer"), let point = dlsym(handle, "rl_point"),
            let insert = dlsym(handle, "rl_insert_text"),
            let newLine = dlsym(handle, "rl_on_new_line"),
            let redisplay = dlsym(handle, "rl_redisplay"), let bell = dlsym(handle, "rl_ding")
        else { return nil }
        // SAFETY: documented as `char *`, `int` and functions of these types.
        self.buffer = buffer.assumingMemoryBound(to: UnsafePointer<CChar>?.self)
        self.point = point.assumingMemoryBound(to: Int32.self)
        insertText = unsafeBitCast(
            insert, to: (@convention(c) (UnsafePointer<CChar>) -> Int32).self)
        onNewLine = unsafeBitCast(newLine, to: (@convention(c) () -> Int32).self)
        self.redisplay = unsafeBitCast(redisplay, to: (@convention(c) () -> Void).self)
        self.bell = unsafeBitCast(bell, to: (@convention(c) () -> Int32).self)
    }

    /// What stands before and behind the cursor.
    func line() -> (before: [UInt8], after: [UInt8]) {
        guard let start = buffer.pointee else { return ([], []) }
        let all = Array(UnsafeRawBufferPointer(start: start, count: strlen(start)))
        let at = max(0, min(Int(point.pointee), all.count))
        return (Array(all[..<at]), Array(all[at...]))
    }

    func insert(_ text: String) { _ = text.withCString { insertText($0) } }
    func ring() { _ = bell() }

    func redraw() {
        _ = onNewLine()
        redisplay()
    }
}

/// The functions of the library that are used; the optional ones are missing in old versions.
private struct ReadlineLibrary {
    typealias Action = @convention(c) () -> Void
    typealias LineHandler = @convention(c) (UnsafeMutablePointer<CChar>?) -> Void
    typealias Command = @convention(c) (Int32, Int32) -> Int32

    let install: @convention(c) (UnsafePointer<CChar>, LineHandler) -> Void
    let remove: Action
    let readChar: Action
    let addHistory: @convention(c) (UnsafePointer<CChar>) -> Void
    let freeLineState: Action?
    let cleanUpAfterSignal: Action?
    let callbackSignalCleanup: Action?
    let checkSignals: Action?
    private let handle: UnsafeMutableRawPointer

    init?(_ name: String) {
        guard let handle = dlopen(name, RTLD_NOW | RTLD_LOCAL) else { return nil }
        // SAFETY: each symbol is cast to the type readline documents for it; the library stays
        // open.
        func function<T>(_ symbol: String, _ type: T.Type) -> T? {
            dlsym(handle, symbol).map { unsafeBitCast($0, to: type) }
        }
        guard
            let install = function(
                "rl_callback_handler_install",
                (@convention(c) (UnsafePointer<CChar>, LineHandler) -> Void).self),
            let remove = function("rl_callback_handler_remove", Action.self),
            let readChar = function("rl_callback_read_char", Action.self),
            let addHistory = function(
                "add_history", (@convention(c) (UnsafePointer<CChar>) -> Void).self)
        else {
            dlclose(handle)
            return nil
        }
        self.handle = handle
        self.install = install
        self.remove = remove
        self.readChar = readChar
        self.addHistory = addHistory
        freeLineState = function("rl_free_line_state", Action.self)
        cleanUpAfterSignal = function("rl_cleanup_after_signal", Action.self)
        callbackSignalCleanup = function("rl_callback_sigcleanup", Action.self)
        checkSignals = function("rl_check_signals", Action.self)
    }

    /// Settings that hold for the whole process.
    func prepare() {
        removeHandler = remove
        // SAFETY: these globals are documented as `char *`, `int` and a command of two ints.
        if let name = dlsym(handle, "rl_readline_name") {
            // For conditional blocks in the person's inputrc; readline keeps the pointer.
            name.assumingMemoryBound(to: UnsafePointer<CChar>?.self).pointee =
                UnsafePointer(strdup("arenascript"))
        }
        // Its handlers stay installed while we poll, so that a stop or a resize redraws properly.
        // SIGINT is blocked in this thread and never reaches them.
        if let persistent = dlsym(handle, "rl_persistent_signal_handlers") {
            persistent.assumingMemoryBound(to: Int32.self).pointee = 1
        }
        // Tab is ours; readline's own habit would be to complete file names.
        if let bind = dlsym(handle, "rl_bind_key"), let editor = LineEditor(handle) {
            lineEditor = editor
            typealias Bind = @convention(c) (Int32, Command) -> Int32
            _ = unsafeBitCast(bind, to: Bind.self)(9, tabPressed)
        }
        if let stifle = dlsym(handle, "stifle_history") {
            unsafeBitCast(stifle, to: (@convention(c) (Int32) -> Void).self)(Int32(History.limit))
        }
    }
}

private func withCString(_ bytes: [UInt8], _ body: (UnsafePointer<CChar>) -> Void) {
    (bytes.map { CChar(bitPattern: $0) } + [0]).withUnsafeBufferPointer {
        if let start = $0.baseAddress { body(start) }
    }
}
