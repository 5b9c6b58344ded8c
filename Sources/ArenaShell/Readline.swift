// GNU readline, opened at run time: the binary neither needs it nor links it. Its callback
// interface is used, so that one `poll` waits for keys and for Ctrl-C alike.

import Glibc

/// Lines edited by GNU readline.
package struct ReadlineReader: LineReader {
    private let library: ReadlineLibrary
    private let wake: Int32

    /// Opens the library and hands it the statements of earlier sessions.
    ///
    /// `ARENASCRIPT_READLINE` names another library, or is `off`. Returns nil if none can be
    /// opened: the plain reader does then.
    package init?(wake: Int32, history: [[UInt8]]) {
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
        // Tab indents; readline's own habit would be to complete file names.
        if let bind = dlsym(handle, "rl_bind_key"), let insert = dlsym(handle, "rl_insert") {
            typealias Bind = @convention(c) (Int32, Command) -> Int32
            _ = unsafeBitCast(bind, to: Bind.self)(9, unsafeBitCast(insert, to: Command.self))
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
