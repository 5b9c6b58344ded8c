// An error on its way up: facts from where it arose, the place added by the machine as it crosses.

import ArenaCore

/// A failure while a script runs.
package final class Raised: Error, @unchecked Sendable {
    // SAFETY: made, filled in and read on the one thread that runs the script.
    package let kind: ErrorKind
    package let message: String
    package let help: String?
    package let input: FilePlace?
    /// What stands at the left and right operand, for labels in the excerpt.
    let left: String?
    let right: String?
    /// The function the error has left last, on its way out of nested runs.
    var pendingFunction = ""
    /// Filled in where the error crosses the instruction that raised it.
    var diagnostic: Diagnostic?

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
