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
        Raised(
            .type, "a \(v.typeName) cannot be called",
            help: v.isKind(.list) || v.isKind(.dict) ? "items are taken with x[...]" : nil,
            left: "this is a \(v.typeName)")
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
            try bindBuiltin(builtin, base, positional: positional, shape: shape)
        }
        let arguments = Arguments(
            machine: self, base: base, reference: .passUnretained(builtin))
        let result: Value
        do throws(Raised) {
            if let host {
                guard let value = try host.call(arguments) else {
                    throw Raised(.type, "a \(host.type.name) cannot be called")
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

    private func bindBuiltin(
        _ builtin: Builtin, _ base: UnsafeMutablePointer<Value>, positional: Int, shape: CallShape?
    ) throws(Raised) {
        let parameters = builtin.parameters
        let isMethod = parameters.first?.name == "self"
        let (values, named) = gather(base, positional: positional, shape: shape)
        // Everything was moved out; what is not placed must be released.
        var slots = [Value](repeating: .unset, count: parameters.count)
        func give(_ error: Raised) -> Raised {
            for v in slots { v.release() }
            for v in values[used...] { v.release() }
            for (_, v) in named[usedNamed...] { v.release() }
            return error
        }
        var used = 0
        var usedNamed = 0
        var rest: Int?
        for (i, p) in parameters.enumerated() {
            switch p.form {
            case .required, .optional:
                if rest == nil, used < values.count {
                    slots[i] = values[used]
                    used += 1
                }
            case .rest:
                rest = i
                let items = Array(values[used...])
                used = values.count
                slots[i] = .tuple(items)
            case .named, .keywords: break
            }
        }
        if used < values.count {
            let most = parameters.filter {
                switch $0.form {
                case .required, .optional: true
                case .named, .rest, .keywords: false
                }
            }.count
            let shift = isMethod ? 1 : 0
            throw give(
                Raised(
                    .type,
                    "\(builtin.name)() takes at most \(most - shift) positional argument\(most - shift == 1 ? "" : "s"), not \(values.count - shift)",
                    help: builtin.signature))
        }
        for (name, value) in named {
            if let i = parameters.firstIndex(where: { $0.name == name }), i > 0 || !isMethod,
                parameters[i].acceptsName
            {
                if !slots[i].isUnset {
                    throw give(
                        Raised(
                            .type, "\(builtin.name)(): '\(name)' is given twice",
                            help: builtin.signature))
                }
                slots[i] = value
            } else if let i = parameters.firstIndex(where: {
                if case .keywords = $0.form { true } else { false }
            }) {
                if slots[i].isUnset { slots[i] = .dict() }
                let key = Value.string(name)
                try slots[i].tableSet(key, value)
                key.release()
                value.release()
            } else {
                let names = parameters.filter { $0.acceptsName && $0.name != "self" }.map(\.name)
                throw give(
                    Raised(
                        .type, "\(builtin.name)() has no argument '\(name)'",
                        help: nearestName(to: name, in: names).map { "did you mean '\($0)='?" }
                            ?? builtin.signature))
            }
            usedNamed += 1
        }
        for (i, p) in parameters.enumerated() where slots[i].isUnset {
            switch p.form {
            case .required:
                throw give(missing(builtin, p))
            case .named(let text) where text.isEmpty: throw give(missing(builtin, p))
            case .rest: slots[i] = .tuple([])
            case .keywords: slots[i] = .dict()
            case .optional, .named: break
            }
        }
        for i in 0..<slots.count {
            base[i].release()
            base[i] = slots[i]
        }
    }

    private func missing(_ builtin: Builtin, _ p: BuiltinParameter) -> Raised {
        Raised(
            .type, "\(builtin.name)() needs '\(p.name)' (\(p.type))", help: builtin.signature)
    }

    /// Moves a call's arguments out of their slots.
    private func gather(
        _ base: UnsafeMutablePointer<Value>, positional: Int, shape: CallShape?
    ) -> (values: [Value], named: [(String, Value)]) {
        var values: [Value] = []
        func take(_ i: Int) -> Value {
            let v = base[i]
            base[i] = .unset
            return v
        }
        for i in 0..<positional { values.append(take(i)) }
        var named: [(String, Value)] = []
        guard let shape else { return (values, named) }
        var at = positional
        for name in shape.keywords {
            named.append((name, take(at)))
            at += 1
        }
        if shape.star {
            let list = take(at)
            at += 1
            for v in list.items ?? .init(start: nil, count: 0) { values.append(v.retain()) }
            list.release()
        }
        if shape.doubleStar {
            let dict = take(at)
            for (key, value) in dict.dictItems ?? [] {
                named.append((key.asString ?? "", value.retain()))
            }
            dict.release()
        }
        return (values, named)
    }

    // MARK: - Script functions

    /// Fills the parameters behind the positional arguments with their defaults. False if the call is
    /// another kind, or wrong.
    @inline(__always)
    func bindDefaults(
        _ r: UnsafeMutablePointer<Value>, _ info: UnsafeMutablePointer<CodeInfo>,
        _ positional: Int
    ) -> Bool {
        let count = info.pointee.parameterCount
        guard info.pointee.isSimple, positional <= count, r + 1 + count < stackEnd else {
            return false
        }
        let base = r + 1
        let defaults = r.pointee.cast(FunctionObject.self).pointee.defaults
        for i in positional..<count {
            let place = Int(info.pointee.defaults[i])
            if place < 0 { return false }
            let old = base[i]
            base[i] = defaults[place].retain()
            old.release()
        }
        return true
    }

    /// The common calls with named arguments, without a list of anything. False if the call has stars
    /// or is wrong; then its arguments are where they were.
    @inline(__always)
    func bindKnown(
        _ r: UnsafeMutablePointer<Value>, _ info: UnsafeMutablePointer<CodeInfo>,
        _ shape: Unmanaged<CallShape>, _ known: UnsafeMutablePointer<KnownCall>
    ) -> Bool {
        if known.pointee.function != info, !learn(shape.takeUnretainedValue(), info) {
            return false
        }
        let count = info.pointee.parameterCount
        let positional = known.pointee.positional
        let named = known.pointee.named
        guard r + 1 + count + named < stackEnd else { return false }
        let defaults = r.pointee.cast(FunctionObject.self).pointee.defaults
        let base = r + 1
        for i in 0..<named {
            scratch[i] = base[positional + i]
            base[positional + i] = .unset
        }
        for i in positional..<count {
            let old = base[i]
            let place = Int(info.pointee.defaults[i])
            base[i] = place < 0 ? .unset : defaults[place].retain()
            old.release()
        }
        for i in 0..<named {
            let p = base + known.pointee.places[i]
            p.pointee.release()
            p.pointee = scratch[i]
        }
        return true
    }

    /// Finds the places of a call's keywords among a function's parameters; false if the call has
    /// stars, a keyword that does not fit, or leaves out what has no default.
    @inline(never)
    private func learn(_ shape: CallShape, _ info: UnsafeMutablePointer<CodeInfo>) -> Bool {
        guard !shape.star, !shape.doubleStar, info.pointee.isFixed, shape.keywords.count < 200
        else { return false }
        let parameters = info.pointee.code.takeUnretainedValue().parameters
        let ordinary = parameters.filter { if case .ordinary = $0.kind { true } else { false } }
        guard shape.positional <= ordinary.count else { return false }
        var places: [Int] = []
        for name in shape.keywords {
            guard let place = parameters.firstIndex(where: { $0.name == name }),
                place >= shape.positional, !places.contains(place)
            else { return false }
            places.append(place)
        }
        for (i, parameter) in parameters.enumerated().dropFirst(shape.positional)
        where parameter.defaultValue == nil && !places.contains(i) {
            return false
        }
        for (i, place) in places.enumerated() { shape.known.pointee.places[i] = place }
        shape.known.pointee.function = info
        return true
    }

    /// Puts a call's arguments into the parameters' registers of the function at `r`.
    @inline(never)
    func bind(
        _ r: UnsafeMutablePointer<Value>, positional: Int, shape: CallShape?
    ) throws(Raised) {
        let function = r.pointee.cast(FunctionObject.self)
        let code = function.pointee.info.pointee.code.takeUnretainedValue()
        let parameters = code.parameters
        guard r + 1 + max(parameters.count, positional + 210) < stackEnd else { throw tooDeep() }
        let (values, named) = gather(r + 1, positional: positional, shape: shape)
        var slots = [Value](repeating: .unset, count: parameters.count)
        var used = 0
        var usedNamed = 0
        func give(_ message: String, help: String? = nil) -> Raised {
            for v in slots { v.release() }
            for v in values[used...] { v.release() }
            for (_, v) in named[usedNamed...] { v.release() }
            return Raised(.type, message, help: help ?? signature(code))
        }
        var ordinary = 0
        for (i, p) in parameters.enumerated() {
            switch p.kind {
            case .ordinary:
                ordinary += 1
                if used < values.count {
                    slots[i] = values[used]
                    used += 1
                }
            case .star:
                let items = Array(values[used...])
                used = values.count
                slots[i] = .tuple(items)
            case .keywordOnly, .doubleStar: break
            }
        }
        if used < values.count {
            throw give(
                "\(code.name)() takes \(ordinary) positional argument\(ordinary == 1 ? "" : "s"), not \(values.count)"
            )
        }
        for (name, value) in named {
            if let i = parameters.firstIndex(where: { $0.name == name && $0.takesName }) {
                if !slots[i].isUnset { throw give("\(code.name)(): '\(name)' is given twice") }
                slots[i] = value
            } else if let i = parameters.firstIndex(where: {
                if case .doubleStar = $0.kind { true } else { false }
            }) {
                if slots[i].isUnset { slots[i] = .dict() }
                let key = Value.string(name)
                try slots[i].tableSet(key, value)
                key.release()
                value.release()
            } else {
                let names = parameters.filter(\.takesName).map(\.name)
                throw give(
                    "\(code.name)() has no argument '\(name)'",
                    help: nearestName(to: name, in: names).map { "did you mean '\($0)='?" })
            }
            usedNamed += 1
        }
        var nextDefault = 0
        for (i, p) in parameters.enumerated() {
            let hasDefault = p.defaultValue != nil
            if slots[i].isUnset {
                switch p.kind {
                case .ordinary, .keywordOnly:
                    if hasDefault {
                        slots[i] = function.pointee.defaults[nextDefault].retain()
                    } else {
                        throw give("\(code.name)() needs '\(p.name)'")
                    }
                case .star: slots[i] = .tuple([])
                case .doubleStar: slots[i] = .dict()
                }
            }
            if hasDefault { nextDefault += 1 }
        }
        for i in 0..<slots.count {
            r[1 + i].release()
            r[1 + i] = slots[i]
        }
        // Slots of arguments beyond the parameters were moved out by gather.
    }

    private func signature(_ code: Code) -> String {
        let parts = code.parameters.map { p -> String in
            switch p.kind {
            case .star: return "*\(p.name)"
            case .doubleStar: return "**\(p.name)"
            case .ordinary, .keywordOnly: return p.defaultValue == nil ? p.name : "\(p.name)=..."
            }
        }
        return "\(code.name)(\(parts.joined(separator: ", ")))"
    }

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

extension Parameter {
    /// Whether an argument may be given by this parameter's name.
    var takesName: Bool {
        switch kind {
        case .ordinary, .keywordOnly: return true
        case .star, .doubleStar: return false
        }
    }
}

extension BuiltinParameter {
    var acceptsName: Bool {
        switch form {
        case .required, .optional, .named: return true
        case .rest, .keywords: return false
        }
    }
}

func allocateValues(_ n: Int) -> UnsafeMutablePointer<Value> {
    obtain(malloc(max(1, n) * MemoryLayout<Value>.stride)).assumingMemoryBound(
        to: Value.self)
}
