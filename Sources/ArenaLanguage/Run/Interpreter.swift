// The language's front door: source text in, output and diagnostics out.

import ArenaCore

/// Why a script did not run to its end.
package enum RunFailure: Error {
    /// It does not parse, or a name in it does not resolve.
    case rejected([Diagnostic])
    /// It failed while running.
    case raised(Diagnostic)
    case interrupted
}

/// Checks and runs scripts; globals live from one piece of source to the next.
package final class Interpreter {
    package let machine: Machine
    /// The width that displays are made for.
    package var displayWidth: Int {
        get { machine.displayWidth }
        set { machine.displayWidth = newValue }
    }

    /// Finds the file that `load` or `import` names in another; set by whoever knows of files.
    package var loader: ((String, SourceFile) throws(Raised) -> SourceFile)? {
        get { machine.loader }
        set { machine.loader = newValue }
    }

    /// - Parameters:
    ///   - builtins: functions beyond the language's own.
    ///   - values: named values beside them, such as the modules of the library.
    ///   - parameters: values given from outside (`--set key=value`).
    ///   - output: receives what the script prints.
    package init(
        builtins: [Builtin], values: [NamedValue] = [], parameters: [String: String],
        output: @escaping (String) -> Void
    ) {
        machine = Machine(
            builtins: builtins, values: values, parameters: parameters, output: output)
    }

    /// All that can be said about a script without running it: syntax, names, calls, and the same of
    /// the files it loads.
    package func check(_ file: SourceFile) -> [Diagnostic] { machine.check(file) }

    /// The files that a script loads, also through others, each once; those that are not there are left
    /// out.
    package func filesLoaded(by file: SourceFile) -> [SourceFile] {
        machine.filesLoaded(by: file)
    }

    /// Runs a script. In interactive use the result is the text to show for a last expression.
    package func run(_ file: SourceFile, interactive: Bool) throws(RunFailure) -> String? {
        let (program, faults) = machine.compile(
            file, interactive: interactive, names: machine.globalNames)
        guard let program, faults.isEmpty else { throw .rejected(faults) }
        machine.requests.clear()
        machine.mainFile = file.name
        do throws(Raised) {
            let value = try machine.run(program)
            defer { value.release() }
            try machine.answerStops()
            if interactive { keepLastValue(value) }
            return interactive ? machine.display(value, width: machine.displayWidth) : nil
        } catch {
            if error.kind == .interrupted { throw .interrupted }
            throw .raised(error.diagnostic)
        }
    }

    /// Stops the running script soon; may be called from a signal handler.
    package func requestInterrupt() { machine.requests.stop() }

    /// Whether interactive text wants more lines: an open bracket, string or block.
    package static func isIncomplete(_ text: [UInt8]) -> Bool {
        var body = text[...]
        while let last = body.last, last == 10 || last == 13 { body.removeLast() }
        let file = SourceFile(name: "<input>", bytes: Array(body))
        var lexer = Lexer(file)
        let tokens = lexer.scan()
        if lexer.faults.contains(where: {
            $0.title.hasSuffix("is never closed") && isOpenEnded($0, file)
        }) {
            return true
        }
        if body.last == UInt8(ascii: "\\") { return true }
        // A block is open until an empty line closes it.
        var opensBlock = false
        var depth = 0
        for (i, token) in tokens.enumerated() {
            if token.kind == .indent { depth += 1 }
            if token.kind == .op(.colon), i + 1 < tokens.count, tokens[i + 1].kind == .newline {
                opensBlock = true
            }
        }
        if depth == 0 && !opensBlock { return false }
        let ended = text.suffix(2) == [10, 10] || text.suffix(4) == [13, 10, 13, 10]
        return !ended
    }

    /// Brackets and triple-quoted strings may go on in the next line; a plain string may not.
    private static func isOpenEnded(_ fault: Diagnostic, _ file: SourceFile) -> Bool {
        !(fault.title.contains("string") && fault.help != nil)
    }
}
