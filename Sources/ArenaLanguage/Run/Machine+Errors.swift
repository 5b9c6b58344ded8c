// Errors while a program runs: the places they cross, the handlers that take them, `raise`, and the
// contexts of `with`.

import ArenaCore

extension Machine {
    // MARK: - Places

    /// Gives an error its place: the instruction that raised it, or a call into the host's code.
    func locate(
        _ error: Raised, _ pc: UnsafeMutablePointer<Instruction>,
        _ info: UnsafeMutablePointer<CodeInfo>
    ) {
        if error.place != nil {
            guard let function = error.pendingFunction else { return }
            error.pendingFunction = nil
            return trace(error, function, error.pendingArguments, pc, info)
        }
        let code = info.pointee.code.takeUnretainedValue()
        error.place = Raised.Place(file: code.file, span: code.span(at: pc))
    }

    func trace(
        _ error: Raised, _ function: String, _ arguments: String,
        _ pc: UnsafeMutablePointer<Instruction>, _ info: UnsafeMutablePointer<CodeInfo>
    ) {
        // A runaway recursion shows its end, not its thousands.
        guard error.trace.count < 20 else { return }
        let code = info.pointee.code.takeUnretainedValue()
        error.trace.append(
            Diagnostic.TraceEntry(
                function: function, arguments: arguments, file: code.file,
                range: code.span(at: pc).range))
    }

    /// A function's parameters with the types of what they hold.
    func described(_ base: UnsafeMutablePointer<Value>, _ code: Code) -> String {
        var parts: [String] = []
        for (i, parameter) in code.parameters.enumerated() {
            var v = base[i]
            if v.isKind(.cell) { v = v.cast(CellObject.self).pointee.value }
            let stars =
                switch parameter.kind {
                case .star: "*"
                case .doubleStar: "**"
                case .ordinary, .keywordOnly: ""
                }
            parts.append("\(stars)\(parameter.name): \(v.shape)")
        }
        return parts.joined(separator: ", ")
    }

    // MARK: - Handlers

    /// The innermost handler of the running function for an error raised at `pc`.
    func handler(
        for error: Raised, at pc: UnsafeMutablePointer<Instruction>,
        _ info: UnsafeMutablePointer<CodeInfo>
    ) -> Handler? {
        let index = pc - info.pointee.instructions
        for i in 0..<info.pointee.handlerCount {
            let handler = info.pointee.handlers[i]
            guard handler.start <= index, index < handler.end else { continue }
            if error.kind == .interrupted, !handler.takesInterruption { continue }
            return handler
        }
        return nil
    }

    /// The error that `raise value` raises.
    func raised(_ value: Value, cause: Value) throws(Raised) -> Raised {
        let error: Raised
        if let raised = value.asError {
            error = raised
        } else if value.isKind(.errorType) {
            error = Raised(value.cast(ErrorTypeObject.self).pointee.kind, "")
        } else {
            throw Raised(
                .type, "an error is raised, not \(value.typeWithArticle)",
                help: value.isKind(.string)
                    ? "raise ValueError(\(representation(of: value)))"
                    : "raise ValueError(\"what is wrong\")",
                left: value.shape)
        }
        if let because = cause.asError, because !== error {
            // Longer stories than this are not told, and none leads back to its own end.
            var last = because
            for _ in 0..<20 {
                guard let next = last.cause, next !== error else { break }
                last = next
            }
            last.cause = nil
            error.cause = because
        }
        return error
    }

    /// The error that goes on its way again as it came.
    func raisedAgain(_ value: Value) -> Raised {
        value.asError ?? Raised(.runtime, "no error is being handled here")
    }

    /// Whether an error is of a kind, or of one of a tuple of kinds.
    func matches(_ error: Value, _ kind: Value) throws(Raised) -> Bool {
        guard error.isKind(.error) else { return false }
        if kind.isKind(.errorType) {
            let wanted = kind.cast(ErrorTypeObject.self).pointee.kind
            return error.cast(ErrorObject.self).pointee.kind.belongs(to: wanted)
        }
        guard kind.isKind(.tuple), let kinds = kind.items else {
            throw Raised(
                .type, "'except' wants a kind of error, not \(kind.typeWithArticle)",
                help: "except ValueError as error:", right: kind.shape)
        }
        for one in kinds { if try matches(error, one) { return true } }
        return false
    }

    /// `ValueError("text")`: an error that is not raised yet. Its text is the arguments'.
    func makeError(_ kind: ErrorKind, _ arguments: some Collection<Value>) -> Value {
        if let only = arguments.first, arguments.count == 1 {
            return .error(Raised(kind, text(of: only)))
        }
        return .error(Raised(kind, arguments.map { text(of: $0) }.joined(separator: ", ")))
    }

    /// `error.message`, `error.help`, `error.args`, `error.line`; owned.
    func member(of error: Raised, _ name: String) -> Value? {
        switch name {
        case "message": return .string(error.message)
        case "help": return error.help.map { .string($0) } ?? Value.none
        case "args": return .tuple([.string(error.message)])
        case "line":
            guard let place = error.place else { return Value.none }
            return .int(place.file.line(of: Int(place.span.range.start)))
        default: return nil
        }
    }

    /// A function's `__name__` and `__doc__`; owned.
    func functionMember(_ x: Value, _ name: String) -> Value? {
        guard name == "__name__" || name == "__doc__" else { return nil }
        if x.isKind(.function) {
            let code = x.cast(FunctionObject.self).pointee.info.pointee.code.takeUnretainedValue()
            if name == "__name__" { return .string(code.name) }
            return code.documentation.map { .string($0) } ?? Value.none
        }
        if x.isKind(.builtin) {
            let builtin = builtins[x.cast(BuiltinObject.self).pointee.index]
            return .string(name == "__name__" ? builtin.name : builtin.summary)
        }
        return nil
    }

    // MARK: - Contexts

    func enterContext(_ value: Value) throws(Raised) -> Value {
        guard let host = value.asHost else {
            throw Raised(
                .type, "\(value.typeWithArticle) cannot stand in 'with'",
                help: "with open(\"notes.txt\", \"w\") as f:", left: value.shape)
        }
        return try host.enter()
    }

    func leaveContext(_ value: Value, failed: Bool) throws(Raised) {
        try value.asHost?.leave(failed: failed)
    }
}

extension Code {
    func span(at pc: UnsafeMutablePointer<Instruction>) -> Span {
        let index = pc - instructions
        return index >= 0 && index < spans.count ? spans[index] : Span(range: .none)
    }
}

extension Value {
    /// The type's name, with the count of what holds several.
    var shape: String {
        if let items { return "\(typeName) of \(items.count)" }
        if isKind(.dict) || isKind(.set) {
            return "\(typeName) of \(cast(TableObject.self).pointee.count)"
        }
        if isKind(.string) { return "str of \(scalarCount)" }
        if let count = asHost?.count { return "\(typeName) of \(count)" }
        return isNone ? "None" : typeName
    }
}
