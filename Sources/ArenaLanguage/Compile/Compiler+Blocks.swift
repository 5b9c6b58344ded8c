// try, raise, with and load to register code.
//
// The last part of a `try` is compiled once. Whoever enters it says in a register how it was left
// (`Finally.State`), with the error or the returned value in the next one; its end goes on from there.

import ArenaCore

extension Compiler {
    /// A `finally` (or the end of a `with`) whose block is being compiled.
    final class Finally {
        enum State {
            static let normal = 0
            static let failed = 1
            static let returning = 2
            static let breaking = 3
            static let continuing = 4
        }
        /// The register of the state; the payload's is the next.
        let state: Int
        var jumps: [Int] = []
        var exits: Set<Int> = []

        init(state: Int) { self.state = state }
    }

    enum Exit {
        case breaking, continuing
        /// The register of the value; nil for None.
        case returning(Int?)
    }

    /// Jumps out of blocks: to a loop's end or start, or out of the function.
    mutating func leave(_ exit: Exit, _ range: TextRange) {
        for context in contexts.reversed() {
            switch (context, exit) {
            case (.loop(let loop), .breaking):
                loop.breaks.append(emitJump(.jump, range))
                return
            case (.loop(let loop), .continuing):
                loop.continues.append(emitJump(.jump, range))
                return
            case (.loop, .returning): continue
            case (.finally(let finally), _):
                let state: Int
                switch exit {
                case .breaking: state = Finally.State.breaking
                case .continuing: state = Finally.State.continuing
                case .returning(let register):
                    state = Finally.State.returning
                    if let register {
                        emit(.move, range, finally.state + 1, register)
                    } else {
                        emit(.loadNone, range, finally.state + 1)
                    }
                }
                emit(.loadInteger, range, finally.state, wide: state)
                finally.exits.insert(state)
                finally.jumps.append(emitJump(.jump, range))
                return
            }
        }
        if case .returning(let register?) = exit {
            emit(.returnValue, range, register)
        } else {
            emit(.returnNone, range)
        }
    }

    // MARK: - try

    mutating func tryBlock(_ node: TryNode, _ range: TextRange) {
        guard !node.finally.isEmpty else { return handled(node, range) }
        let gone = deleted(in: node.body + node.handlers.flatMap(\.body) + node.otherwise)
        protected(range, gone: gone, lost: deleted(in: node.finally)) { compiler in
            if node.handlers.isEmpty {
                compiler.statements(node.body)
            } else {
                compiler.handled(node, range)
            }
        } last: { compiler, _ in
            compiler.statements(node.finally)
        }
    }

    /// A block whose last part runs however it is left. `gone` are variables that the block may
    /// delete, `lost` those that its last part may.
    private mutating func protected(
        _ range: TextRange, gone: Set<ObjectIdentifier>, lost: Set<ObjectIdentifier> = [],
        _ body: (inout Compiler) -> Void, last: (inout Compiler, Int) -> Void
    ) {
        let before = assigned.subtracting(gone)
        let state = temporary(range)
        let payload = temporary(range)
        let finally = Finally(state: state)
        contexts.append(.finally(finally))
        let start = instructions.count
        body(&self)
        let end = instructions.count
        contexts.removeLast()
        let outcome = assigned
        emit(.loadInteger, range, state, wide: Finally.State.normal)
        let toLast = emitJump(.jump, range)
        addHandler(start, end, register: payload, takesInterruption: true)
        emit(.loadInteger, range, state, wide: Finally.State.failed)
        patch(toLast)
        patch(finally.jumps)
        assigned = before
        last(&self, state)
        assigned = assigned.union(outcome).subtracting(lost)
        resume(finally, range)
    }

    /// Goes on from the end of a last part as its block was left.
    private mutating func resume(_ finally: Finally, _ range: TextRange) {
        let state = finally.state
        func test(_ compiler: inout Compiler, _ value: Int) -> Int {
            let bits = UInt16(value)
            return compiler.emitJump(.unlessEqualInteger, range, state, Int(bits), 0)
        }
        let failed = test(&self, Finally.State.failed)
        emit(.raiseAgain, range, state + 1)
        patch(failed)
        for exit in finally.exits.sorted() {
            let skip = test(&self, exit)
            switch exit {
            case Finally.State.returning: leave(.returning(state + 1), range)
            case Finally.State.breaking: leave(.breaking, range)
            default: leave(.continuing, range)
            }
            patch(skip)
        }
        emit(.clear, range, state, wide: 2)
    }

    private mutating func addHandler(
        _ start: Int, _ end: Int, register: Int, takesInterruption: Bool
    ) {
        handlers.append(
            Handler(
                start: start, end: end, target: instructions.count, register: register,
                takesInterruption: takesInterruption))
    }

    /// `try` with `except` and `else`.
    private mutating func handled(_ node: TryNode, _ range: TextRange) {
        let before = assigned.subtracting(deleted(in: node.body))
        let error = temporary(range)
        let start = instructions.count
        statements(node.body)
        let end = instructions.count
        statements(node.otherwise)
        var outcomes = [assigned]
        var ends = [emitJump(.jump, range)]
        addHandler(start, end, register: error, takesInterruption: false)
        for handler in node.handlers {
            assigned = before
            var skip: [Int] = []
            if let type = handler.type {
                let saved = next
                let kind = operand(type)
                let test = temporary(type.range)
                emit(.matchError, type.range, test, error, kind, right: type.range)
                skip.append(emitJump(.jumpIfFalse, type.range, test))
                next = saved
            }
            if let name = handler.name { store(error, in: name) }
            handled.append(error)
            if let name = handler.name {
                // The name goes with the block, as in Python; an inner `del` may have come first.
                statements(handler.body)
                emit(.loadNone, handler.range, error)
                store(error, in: name)
                delete(Expression(range: name.range, node: .name(name)))
            } else {
                statements(handler.body)
            }
            handled.removeLast()
            outcomes.append(assigned)
            ends.append(emitJump(.jump, handler.range))
            patch(skip)
            if handler.type == nil { break }
        }
        if node.handlers.last?.type != nil { emit(.raiseAgain, range, error) }
        patch(ends)
        emit(.clear, range, error, wide: 1)
        assigned = outcomes.dropFirst().reduce(outcomes[0]) { $0.intersection($1) }
    }

    mutating func raise(_ value: Expression?, _ cause: Expression?, _ range: TextRange) {
        guard let value else {
            emit(.raiseAgain, range, handled.last ?? 0)
            return
        }
        let error = operand(value)
        if let cause {
            emit(.raise, range, error, operand(cause), 1, left: value.range)
        } else {
            emit(.raise, range, error, left: value.range)
        }
    }

    // MARK: - with

    mutating func with(_ items: ArraySlice<WithItem>, _ body: [Statement], _ range: TextRange) {
        guard let item = items.first else { return statements(body) }
        let context = temporary(item.context.range)
        expression(item.context, into: context)
        let value = temporary(item.context.range)
        emit(.enterContext, item.context.range, value, context, left: item.context.range)
        protected(range, gone: deleted(in: body)) { compiler in
            if let target = item.target { compiler.store(value, into: target) }
            compiler.with(items.dropFirst(), body, range)
        } last: { compiler, state in
            compiler.emit(.leaveContext, item.context.range, context, state)
        }
        emit(.clear, range, context, wide: 2)
    }

    // MARK: - load

    mutating func load(_ node: LoadNode) {
        let first = next
        for item in node.names { _ = temporary(item.range) }
        loads.append(node)
        emit(.load, node.range, first, wide: loads.count - 1)
        for (i, item) in node.names.enumerated() { store(first + i, in: item.target) }
        next = first
    }
}
