// An error on its way up: facts from where it arose, the place added by the machine as it crosses.
// The text a person sees is made from them only when nobody has handled it.

import ArenaCore

/// A failure while a script runs.
package final class Raised: Error, @unchecked Sendable {
    // SAFETY: made, filled in and read on the one thread that runs the script; an error that leaves a
    // worker is read after the worker has ended.
    package let kind: ErrorKind
    package let message: String
    package let help: String?
    package let input: FilePlace?
    /// What stands at the left and right operand, for labels in the excerpt.
    let left: String?
    let right: String?
    /// The argument of a builtin's call that is at fault.
    var argument: ArgumentMark?
    /// What is called cannot be called: the left label is the callee's.
    var concernsCallee = false
    /// The name that is used before it is assigned.
    var unassigned: String?
    /// The error that was being handled: `raise ... from cause`.
    var cause: Raised?

    /// A place in a script.
    struct Place {
        var file: SourceFile
        var span: Span
    }
    /// Filled in where the error crosses the instruction that raised it.
    var place: Place?
    /// Calls it has left, the innermost first.
    var trace: [Diagnostic.TraceEntry] = []
    /// The function it has left last on its way out of a run within a builtin.
    var pendingFunction: String?
    var pendingArguments = ""

    package init(
        _ kind: ErrorKind, _ message: String, help: String? = nil, input: FilePlace? = nil,
        left: String? = nil, right: String? = nil
    ) {
        self.kind = kind
        self.message = message
        self.help = help
        self.input = input
        self.left = left
        self.right = right
    }

    /// An engine's error: its facts in its own words.
    package convenience init(_ fault: some ArenaFault) {
        let r = fault.report
        self.init(r.kind, r.message, help: r.help, input: r.place)
    }

    static func changedDuringIteration(_ type: String) -> Raised {
        Raised(
            .runtime, "the \(type) is changed while a loop runs over it",
            help: "loop over a copy: for x in list(items)")
    }

    /// The person has asked to stop.
    package static var interruption: Raised { interrupted }

    static var interrupted: Raised { Raised(.interrupted, "interrupted") }
}

/// Runs code that throws a module's own errors and passes them on as script errors.
@inline(__always)
package func raising<T, E: ArenaFault>(_ body: () throws(E) -> T) throws(Raised) -> T {
    do { return try body() } catch { throw Raised(error) }
}
