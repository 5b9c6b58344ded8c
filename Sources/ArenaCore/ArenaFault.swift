// What every module's errors have in common: an error holds facts, and one place per module turns
// the facts into words (`report`). Source places of a script are added later, by the interpreter.

/// The kind of an error as a script sees it; the names and their families are Python's.
package enum ErrorKind: String, Sendable, CaseIterable {
    case any = "BaseException"
    case exception = "Exception"
    case value = "ValueError"
    case type = "TypeError"
    case key = "KeyError"
    case index = "IndexError"
    case name = "NameError"
    case attribute = "AttributeError"
    case lookup = "LookupError"
    case arithmetic = "ArithmeticError"
    case zeroDivision = "ZeroDivisionError"
    case overflow = "OverflowError"
    case assertion = "AssertionError"
    case recursion = "RecursionError"
    case memory = "MemoryError"
    case runtime = "RuntimeError"
    case notImplemented = "NotImplementedError"
    case system = "OSError"
    case fileNotFound = "FileNotFoundError"
    case fileExists = "FileExistsError"
    case permission = "PermissionError"
    case timeout = "TimeoutError"
    case unicode = "UnicodeError"
    case syntax = "SyntaxError"
    case interrupted = "KeyboardInterrupt"

    /// The wider kind that an `except` clause may name as well.
    package var parent: ErrorKind? {
        switch self {
        case .any: return nil
        case .exception, .interrupted: return .any
        case .key, .index: return .lookup
        case .zeroDivision, .overflow: return .arithmetic
        case .recursion, .notImplemented: return .runtime
        case .fileNotFound, .fileExists, .permission, .timeout: return .system
        case .unicode: return .value
        case .value, .type, .name, .attribute, .lookup, .arithmetic, .assertion, .memory, .runtime,
            .system, .syntax:
            return .exception
        }
    }

    /// Whether this kind is the other or belongs to its family.
    package func belongs(to family: ErrorKind) -> Bool {
        var kind: ErrorKind? = self
        while let k = kind {
            if k == family { return true }
            kind = k.parent
        }
        return false
    }
}

/// A place in an input file: 1-based line and column where they are known.
package struct FilePlace: Sendable, Equatable, CustomStringConvertible {
    package var path: String
    package var line: Int?
    package var column: Int?

    package init(_ path: String, line: Int? = nil, column: Int? = nil) {
        self.path = path
        self.line = line
        self.column = column
    }

    package var description: String {
        guard let line else { return path }
        guard let column else { return "\(path):\(line)" }
        return "\(path):\(line):\(column)"
    }
}

/// An error in words: what happened, in which file, and what to do about it.
package struct FaultReport: Sendable, Equatable {
    package var kind: ErrorKind
    /// One sentence without a full stop; the facts.
    package var message: String
    package var place: FilePlace?
    /// The remedy, as one line.
    package var help: String?

    package init(
        _ kind: ErrorKind, _ message: String, place: FilePlace? = nil, help: String? = nil
    ) {
        self.kind = kind
        self.message = message
        self.place = place
        self.help = help
    }
}

/// An error of one module: facts in its cases, words in its report.
package protocol ArenaFault: Error, Sendable, CustomStringConvertible {
    var report: FaultReport { get }
}

extension ArenaFault {
    package var description: String {
        let r = report
        var text = r.kind.rawValue + ": " + r.message
        if let place = r.place { text += "\n  in \(place)" }
        if let help = r.help { text += "\n  help: \(help)" }
        return text
    }
}
