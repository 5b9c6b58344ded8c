// A script tried statement by statement, so that one mistake does not hide the next: a statement that
// fails is told, and what needs its results is left out.

import ArenaCore

/// What came of trying a script.
package struct RehearsalResult {
    package var faults: [Diagnostic] = []
    /// Errors that may come of something that is made up.
    package var doubts: [Diagnostic] = []
    /// The script's statements, and those of them that ran to their end.
    package var statements = 0
    package var ran = 0
    /// The line at which time was up; nil if the script was gone through.
    package var stoppedAt: Int?

    package init() {}
}

/// What an error of a trial says of a real run.
package enum TrialVerdict {
    case certain, doubtful, nothing
}

extension Interpreter {
    /// Runs the statements of a script one by one, in order.
    /// - Parameters:
    ///   - wasLeftOut: asked when a statement was interrupted: whether a builtin did so because it
    ///     cannot be tried; if not, time is up.
    ///   - verdict: whether an error of this kind would come in a real run too: what a script asserts of
    ///     predictions says nothing where they are made up.
    package func rehearse(
        _ file: SourceFile, wasLeftOut: () -> Bool,
        verdict: (ErrorKind) -> TrialVerdict = { _ in .certain }
    ) -> RehearsalResult {
        var result = RehearsalResult()
        var parser = Parser(file)
        let program = parser.parse()
        guard parser.faults.isEmpty else {
            result.faults = machine.inOrder(parser.faults)
            return result
        }
        let (parts, faults) = machine.compileStatements(program, file, names: machine.globalNames)
        result.statements = program.count
        result.faults = faults
        guard faults.isEmpty else { return result }
        machine.requests.clear()
        machine.mainFile = file.name
        var lost: Set<String> = []
        for (statement, code) in zip(program, parts) {
            let touched = namesDefined(by: [statement]).union(changedNames(statement))
            do throws(Raised) {
                try machine.run(code).release()
                try machine.answerStops()
                result.ran += 1
                lost.subtract(touched)
                continue
            } catch {
                if error.kind == .interrupted {
                    guard wasLeftOut() else {
                        result.stoppedAt = file.line(of: Int(statement.range.start))
                        return result
                    }
                } else if !lost.contains(error.unassigned ?? "") {
                    switch verdict(error.kind) {
                    case .certain: result.faults.append(error.diagnostic)
                    case .doubtful: result.doubts.append(error.diagnostic)
                    case .nothing: break
                    }
                }
            }
            lost.formUnion(touched)
            machine.forget(touched)
        }
        return result
    }
}

extension Machine {
    /// Takes the values of global names away.
    fileprivate func forget(_ names: Set<String>) {
        for name in names {
            guard let slot = globalNames.slots[name], slot < Machine.globalLimit else { continue }
            let old = globals[slot]
            globals[slot] = .unset
            old.release()
        }
    }
}

/// The names whose values a statement changes in place: `x` of `x["a"] = 1`.
private func changedNames(_ statement: Statement) -> Set<String> {
    var names: Set<String> = []
    func target(_ e: Expression) {
        switch e.node {
        case .index(let value, _), .attribute(let value, _, _), .slice(let value, _, _, _):
            if case .name(let node) = value.node { names.insert(node.name) } else { target(value) }
        case .tuple(let items), .list(let items): for item in items { target(item) }
        default: break
        }
    }
    func visit(_ statement: Statement) {
        switch statement.node {
        case .assign(let targets, _), .delete(let targets): for t in targets { target(t) }
        case .augmented(let t, _, _), .loop(let t, _, _, _): target(t)
        default: break
        }
        statement.forEachBlock { for inner in $0 { visit(inner) } }
    }
    visit(statement)
    return names
}
