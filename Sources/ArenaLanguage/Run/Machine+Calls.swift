// Calls: binding arguments to parameters, and calling what is not a plain script function.
//
// A call's slots are r: the callee, r+1...: positional arguments, then named ones in the shape's
// order, then a list of further positional ones, then a dict of further named ones. Whoever completes
// a call leaves all of them unset; after an error the unwinding does.

import ArenaCore
import Glibc

extension Machine {
    /// Calls any value with positional arguments, which are borrowed. The result is owned.
    package func call(_ callee: Value, _ arguments: [Value]) throws(Raised) -> Value {
        let r = top
        guard r + arguments.count + 300 < stackEnd, nativeDepth < Machine.nativeLimit else {
            throw tooDeep()
        }
        r.pointee = callee.retain()
        for (i, v) in arguments.enumerated() { r[i + 1] = v.retain() }
        top = r + 1 + arguments.count
        defer { top = r }
        do throws(Raised) {
            return try invoke(r, arguments.count)
        } catch {
            clearSlots(r, 1 + arguments.count)
            throw error
        }
    }

    /// Calls the value at `r` with the positional arguments behind it, on the native stack.
    func invoke(_ r: UnsafeMutablePointer<Value>, _ count: Int) throws(Raised) -> Value {
        guard r.pointee.isKind(.function) else { return try callOther(r, count) }
        guard nativeDepth < Machine.nativeLimit else { throw tooDeep() }
        let info = r.pointee.cast(FunctionObject.self).pointee.info
        if !info.pointee.isSimple || info.pointee.parameterCount != count {
            try bind(r, positional: count, shape: nil)
        }
        return try executeNested(info, r)
    }

    private func executeNested(
        _ info: UnsafeMutablePointer<CodeInfo>, _ r: UnsafeMutablePointer<Value>
    ) throws(Raised) -> Value {
        guard r + 1 + info.pointee.registerCount < stackEnd else { throw tooDeep() }
        var p = r + 1 + info.pointee.parameterCount
        let end = max(r + 1 + info.pointee.registerCount, top)
        while p < end {
            p.pointee.release()
            p.pointee = .unset
            p += 1
        }
        nativeDepth += 1
        defer { nativeDepth -= 1 }
        return try execute(info, at: r + 1)
    }

    /// Runs a program's code with no arguments.
    func run(_ code: Code) throws(Raised) -> Value {
        let function = makeFunction(code, top, top, 0)
        defer { function.release() }
        return try call(function, [])
    }

    func tooDeep() -> Raised {
        Raised(.recursion, "calls are nested too deep", help: "does the recursion ever end?")
    }

    private func clearSlots(_ r: UnsafeMutablePointer<Value>, _ count: Int) {
        for i in 0..<count {
            r[i].release()
            r[i] = .unset
        }
    }

    // MARK: - What is not a script function

    /// Calls a builtin, bound method or host value at `r` with positional arguments.
    @inline(never)
    func callOther(_ r: UnsafeMutablePointer<Value>, _ count: Int) throws(Raised) -> Value {
        let callee = r.pointee
        if callee.isKind(.builtin) {
            let index = callee.cast(BuiltinObject.self).pointee.index
            let result = try callPositional(index, r + 1, count)
            callee.release()
            r.pointee = .unset
            return result
        }
        if callee.isKind(.errorType) {
            let result = makeError(
                callee.cast(ErrorTypeObject.self).pointee.kind,
                UnsafeBufferPointer(start: r + 1, count: count))
            clearSlots(r, count + 1)
            return result
        }
        return try callShaped(
            r,
            CallShape(positional: count, keywords: [], star: false, doubleStar: false, symbol: -1))
    }

    /// Calls whatever is at `r`, with any shape of arguments.
    func callShaped(_ r: UnsafeMutablePointer<Value>, _ shape: CallShape) throws(Raised) -> Value {
        let callee = r.pointee
        guard callee.isObject else { throw notCallable(callee) }
        switch callee.header.pointee.kind {
        case .function:
            try bind(r, positional: shape.positional, shape: shape)
            return try executeNested(callee.cast(FunctionObject.self).pointee.info, r)
        case .builtin:
            let index = callee.cast(BuiltinObject.self).pointee.index
            let result = try callBuiltin(
                builtins[index], r + 1, positional: shape.positional, shape: shape)
            clearSlots(r, 1)
            return result
        case .boundMethod:
            let method = callee.cast(BoundMethodObject.self).pointee
            let index = method.index
            if method.receiver.isFrozen, mutators.contains(index) { throw frozen(method.receiver) }
            r.pointee = method.receiver.retain()
            callee.release()
            return try callBuiltin(
                builtins[index], r, positional: shape.positional + 1, shape: shape)
        case .host:
            guard let object = callee.asHost, let signature = object.callSignature else {
                throw notCallable(callee)
            }
            // The object stays alive by its own count while it is called.
            let result = try callBuiltin(
                signature, r + 1, positional: shape.positional, shape: shape, host: object)
            clearSlots(r, 1)
            return result
        case .errorType:
            let (values, named) = gather(r + 1, positional: shape.positional, shape: shape)
            let kind = callee.cast(ErrorTypeObject.self).pointee.kind
            let result = makeError(kind, values)
            for v in values { v.release() }
            for (_, v) in named { v.release() }
            clearSlots(r, 1)
            return result
        case .string, .bytes, .list, .tuple, .dict, .set, .range, .cell, .integer, .error:
            throw notCallable(callee)
        }
    }

    private func notCallable(_ v: Value) -> Raised {
        let error = Raised(
            .type, "\(v.typeWithArticle) cannot be called",
            help: v.isKind(.list) || v.isKind(.dict) ? "items are taken with x[...]" : nil,
            left: v.shape)
        error.concernsCallee = true
        return error
    }

    /// Calls the method `symbol` of the value at `r`.
    @inline(never)
    func callMethod(
        _ r: UnsafeMutablePointer<Value>, _ symbol: Int, _ count: Int
    ) throws(Raised) -> Value {
        if let index = method(r.pointee, symbol) {
            if r.pointee.isFrozen, mutators.contains(index) { throw frozen(r.pointee) }
            return try callPositional(index, r, count + 1)
        }
        return try callMethodShaped(
            r,
            CallShape(
                positional: count, keywords: [], star: false, doubleStar: false, symbol: symbol))
    }

    func callMethodShaped(
        _ r: UnsafeMutablePointer<Value>, _ shape: CallShape
    ) throws(Raised) -> Value {
        if let index = method(r.pointee, shape.symbol) {
            if r.pointee.isFrozen, mutators.contains(index) { throw frozen(r.pointee) }
            return try callBuiltin(
                builtins[index], r, positional: shape.positional + 1, shape: shape)
        }
        // Not a method: an attribute that can be called.
        let member = try attribute(of: r.pointee, shape.symbol)
        r.pointee.release()
        r.pointee = member
        return try callShaped(r, shape)
    }

    // MARK: - Builtins

    /// Answers a request to stop that came while a builtin ran.
    @inline(never)
    private func stopAfter(_ result: Value) throws(Raised) {
        do throws(Raised) {
            try answerStops()
        } catch {
            result.release()
            throw error
        }
    }

    /// The name of a builtin for the profile; the callee may be gone but builtins stay.
    func builtinName(callee: Value) -> String? {
        for value in builtinValues where value.bits == callee.bits && value.isKind(.builtin) {
            return builtins[value.cast(BuiltinObject.self).pointee.index].name
        }
        return nil
    }

    /// Calls a builtin with positional arguments from `base` on, and clears them.
    @inline(__always)
    private func callPositional(
        _ index: Int, _ base: UnsafeMutablePointer<Value>, _ count: Int
    ) throws(Raised) -> Value {
        guard index < entryCount else {
            return try callBuiltin(builtins[index], base, positional: count, shape: nil)
        }
        let entry = entries + index
        let slots = Int(entry.pointee.parameterCount)
        guard entry.pointee.isSimple, count <= slots, count >= Int(entry.pointee.requiredCount),
            base + slots + 8 < stackEnd
        else { return try callBuiltin(builtins[index], base, positional: count, shape: nil) }
        for i in count..<slots {
            base[i].release()
            base[i] = .unset
        }
        let saved = top
        if base + slots > top { top = base + slots }
        let result: Value
        do throws(Raised) {
            result = try entry.pointee.body(
                Arguments(machine: self, base: base, reference: entry.pointee.builtin))
        } catch {
            top = saved
            throw error
        }
        top = saved
        for i in 0..<slots {
            let v = base[i]
            base[i] = .unset
            v.release()
        }
        if requests.isStopRequested { try stopAfter(result) }
        return result
    }

    /// Binds the arguments that start at `base` to a builtin's parameters, calls it, and clears them.
    private func callBuiltin(
        _ builtin: Builtin, _ base: UnsafeMutablePointer<Value>, positional: Int, shape: CallShape?,
        host: (any HostObject)? = nil
    ) throws(Raised) -> Value {
        let parameters = builtin.parameters
        let given = positional + (shape.map { $0.slots - $0.positional } ?? 0)
        let slots = max(parameters.count, given)
        guard base + slots + 8 < stackEnd else { throw tooDeep() }
        let saved = top
        let end = base + slots
        if end > top { top = end }
        defer { top = saved }
        if shape == nil || given == positional, builtin.isSimple, positional <= parameters.count,
            positional >= builtin.requiredCount
        {
            for i in positional..<max(positional, parameters.count) {
                base[i].release()
                base[i] = .unset
            }
        } else {
            try bind(builtin, base, positional: positional, shape: shape)
        }
        let arguments = Arguments(
            machine: self, base: base, reference: .passUnretained(builtin))
        let result: Value
        do throws(Raised) {
            if let host {
                guard let value = try host.call(arguments) else {
                    throw Raised(.type, "\(withArticle(host.type.name)) cannot be called")
                }
                result = value
            } else {
                result = try builtin.body(arguments)
            }
        } catch {
            // Arguments that were filled in can lie behind what the caller's frame gives back.
            clearSlots(base, slots)
            throw error
        }
        clearSlots(base, slots)
        if requests.isStopRequested { try stopAfter(result) }
        return result
    }

    // MARK: - Script functions

    /// A function value over the defaults at `first`, capturing from the running function.
    func makeFunction(
        _ code: Code, _ base: UnsafeMutablePointer<Value>, _ first: UnsafeMutablePointer<Value>,
        _ defaults: Int
    ) -> Value {
        let p = allocate(FunctionObject.self, .function)
        p.pointee.info = code.info
        _ = Unmanaged.passRetained(code)
        p.pointee.defaultCount = defaults
        p.pointee.defaults = allocateValues(defaults)
        for i in 0..<defaults { p.pointee.defaults[i] = first[i].retain() }
        p.pointee.captureCount = code.captures.count
        p.pointee.captures = allocateValues(code.captures.count)
        for (i, capture) in code.captures.enumerated() {
            let source =
                capture.isRegister
                ? base[capture.index]
                : base[-1].cast(FunctionObject.self).pointee.captures[capture.index]
            p.pointee.captures[i] = source.retain()
        }
        return .object(p)
    }
}

func allocateValues(_ n: Int) -> UnsafeMutablePointer<Value> {
    allocated(max(1, n) * MemoryLayout<Value>.stride).assumingMemoryBound(
        to: Value.self)
}
