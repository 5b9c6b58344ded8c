// Binding a call's arguments to parameters: the quick ways of script functions, and the one way that
// knows every kind of argument and every way in which a call does not fit.

import ArenaCore

/// What the binding of arguments has to know of a parameter.
protocol ParameterShape {
    var name: String { get }
    var kind: Parameter.Kind { get }
}

extension ParameterShape {
    /// Whether an argument may be given by this parameter's name.
    var takesName: Bool { kind == .ordinary || kind == .keywordOnly }
}

extension Parameter: ParameterShape {}

extension BuiltinParameter: ParameterShape {
    var kind: Parameter.Kind {
        switch form {
        case .required, .optional: .ordinary
        case .named: .keywordOnly
        case .rest: .star
        case .keywords: .doubleStar
        }
    }

    var isRequired: Bool {
        switch form {
        case .required: true
        case .named(let text): text.isEmpty
        case .optional, .rest, .keywords: false
        }
    }
}

extension Machine {
    // MARK: - Any call

    /// Puts the arguments that start at `base` into a builtin's slots, there.
    func bind(
        _ builtin: Builtin, _ base: UnsafeMutablePointer<Value>, positional: Int, shape: CallShape?
    ) throws(Raised) {
        let parameters = builtin.parameters
        try distribute(
            base, positional: positional, shape: shape, over: parameters,
            receivers: parameters.first?.name == "self" ? 1 : 0,
            signature: { CallSignature(builtin) },
            leftOut: { parameters[$0].isRequired ? nil : .unset })
    }

    /// Puts a call's arguments into the parameters' registers of the function at `r`.
    @inline(never)
    func bind(
        _ r: UnsafeMutablePointer<Value>, positional: Int, shape: CallShape?
    ) throws(Raised) {
        let function = r.pointee.cast(FunctionObject.self)
        let info = function.pointee.info
        let code = info.pointee.code.takeUnretainedValue()
        let parameters = code.parameters
        guard r + 1 + max(parameters.count, positional + 210) < stackEnd else { throw tooDeep() }
        let defaults = function.pointee.defaults
        try distribute(
            r + 1, positional: positional, shape: shape, over: parameters, receivers: 0,
            signature: { CallSignature(code.name, parameters, in: code.file) },
            leftOut: { i in
                let place = Int(info.pointee.defaults[i])
                return place < 0 ? nil : defaults[place].retain()
            })
    }

    /// Distributes a call's arguments over parameters and leaves a value for each of them at `base`;
    /// everything else that stood there is gone. After an error all of it is.
    /// - Parameters:
    ///   - receivers: how many of the first parameters cannot be named.
    ///   - leftOut: what a parameter without an argument gets, owned; nil if it must have one.
    private func distribute<P: ParameterShape>(
        _ base: UnsafeMutablePointer<Value>, positional: Int, shape: CallShape?,
        over parameters: [P], receivers: Int, signature: () -> CallSignature,
        leftOut: (Int) -> Value?
    ) throws(Raised) {
        let (values, named) = gather(base, positional: positional, shape: shape)
        var slots = [Value](repeating: .unset, count: parameters.count)
        var used = 0
        var usedNamed = 0
        func give(_ misfit: CallSignature.Misfit) -> Raised {
            for v in slots { v.release() }
            for v in values[used...] { v.release() }
            for (_, v) in named[usedNamed...] { v.release() }
            return signature().raised(misfit)
        }
        for (i, p) in parameters.enumerated() {
            switch p.kind {
            case .ordinary:
                guard used < values.count else { continue }
                slots[i] = values[used]
                used += 1
            case .star:
                slots[i] = .tuple(Array(values[used...]))
                used = values.count
            case .doubleStar: slots[i] = .dict()
            case .keywordOnly: break
            }
        }
        if used < values.count { throw give(.surplus(given: values.count - receivers)) }
        for (name, value) in named {
            if let i = parameters.firstIndex(where: { $0.takesName && $0.name == name }),
                i >= receivers
            {
                if !slots[i].isUnset { throw give(.twice(name)) }
                slots[i] = value
            } else if let i = parameters.firstIndex(where: { $0.kind == .doubleStar }) {
                let key = Value.string(name)
                try slots[i].tableSet(key, value)
                key.release()
                value.release()
            } else {
                throw give(.unknown(name))
            }
            usedNamed += 1
        }
        var missing: [String] = []
        for (i, p) in parameters.enumerated() where slots[i].isUnset {
            guard let value = leftOut(i) else { missing.append(p.name); continue }
            slots[i] = value
        }
        if !missing.isEmpty {
            throw give(.missing(signature().slots.filter { missing.contains($0.name) }))
        }
        for i in 0..<slots.count {
            base[i].release()
            base[i] = slots[i]
        }
    }

    /// Moves a call's arguments out of their slots.
    func gather(
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

    // MARK: - The quick ways of script functions

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
}
