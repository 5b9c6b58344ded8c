// Looking at a session from outside without running anything: its names, a value behind a dotted
// path, what can be written behind it, and what is to be said about it.

import ArenaCore

extension Interpreter {
    /// Makes a name known to every script, beside the builtins. The value is taken over.
    package func define(_ name: String, _ value: Value) {
        machine.builtinNames[name] = machine.builtinValues.count
        machine.builtinValues.append(value)
    }

    /// The names that the session has defined, in order, `_` and its like left out.
    package var definedNames: [String] { allDefinedNames.filter { !$0.hasPrefix("_") } }

    var allDefinedNames: [String] {
        machine.globalNames.slots.filter { !machine.globals[$0.value].isUnset }.map(\.key).sorted()
    }

    /// The names that are there from the start.
    package var builtinNames: [String] { machine.builtinNames.keys.sorted() }

    /// Forgets all that the session has defined.
    package func forgetNames() {
        for slot in machine.globalNames.slots.values {
            let old = machine.globals[slot]
            machine.globals[slot] = .unset
            old.release()
        }
    }

    /// Keeps the value of an interactive statement under the name `_`.
    func keepLastValue(_ value: Value) {
        guard !value.isNone, !value.isUnset else { return }
        let slot = machine.globalNames.slot("_")
        guard slot < Machine.globalLimit else { return }
        let old = machine.globals[slot]
        machine.globals[slot] = value.retain()
        old.release()
    }

    // MARK: - Values behind a path

    /// One step of a path: `.name` or `["key"]`.
    enum Step: Equatable {
        case member(String)
        case item(String)
    }

    /// The value of a name and the steps behind it, owned; nil if there is none.
    ///
    /// Nothing is called: members that are methods come as bound methods, items are looked up only
    /// where the value says that it has them.
    func value(_ name: String, _ steps: [Step]) -> Value? {
        var current: Value
        if let slot = machine.globalNames.slots[name], slot < Machine.globalLimit,
            !machine.globals[slot].isUnset
        {
            current = machine.globals[slot].retain()
        } else if let index = machine.builtinNames[name] {
            current = machine.builtinValues[index].retain()
        } else {
            return nil
        }
        for step in steps {
            let next = follow(step, from: current)
            current.release()
            guard let next else { return nil }
            current = next
        }
        return current
    }

    private func follow(_ step: Step, from value: Value) -> Value? {
        switch step {
        case .member(let name):
            if let index = machine.method(value, machine.symbols.id(name)) {
                return .boundMethod(value, index)
            }
            guard let host = value.asHost, host.attributeNames.contains(name) else { return nil }
            do { return try host.attribute(name) } catch { return nil }
        case .item(let key):
            if let found = value.dictItems?.first(where: { $0.key.asString == key }) {
                return found.value.retain()
            }
            guard let host = value.asHost, host.itemNames.contains(key) else { return nil }
            let text = Value.string(key)
            defer { text.release() }
            do { return try host.item(text) } catch { return nil }
        }
    }

    /// What can be written behind `value.`.
    func members(of value: Value) -> [String] { Array(Set(machine.memberNames(value))).sorted() }

    /// What can be written inside `value["`.
    func itemNames(of value: Value) -> [String] {
        if let host = value.asHost { return host.itemNames }
        return (value.dictItems ?? []).compactMap { $0.key.asString }
    }

    /// The names a call of this value takes by keyword.
    func keywordNames(of callee: Value) -> [String] {
        if callee.isKind(.function) {
            return code(of: callee).parameters.compactMap {
                switch $0.kind {
                case .ordinary, .keywordOnly: return $0.name
                case .star, .doubleStar: return nil
                }
            }
        }
        return (builtin(of: callee)?.parameters ?? []).compactMap {
            switch $0.form {
            case .rest, .keywords: return nil
            default: return $0.name == "self" ? nil : $0.name
            }
        }
    }

    func code(of function: Value) -> Code {
        function.cast(FunctionObject.self).pointee.info.pointee.code.takeUnretainedValue()
    }

    /// The table's entry behind a callable value, if it is not a script's function.
    func builtin(of callee: Value) -> Builtin? {
        if callee.isKind(.builtin) {
            return machine.builtins[callee.cast(BuiltinObject.self).pointee.index]
        }
        if callee.isKind(.boundMethod) {
            return machine.builtins[callee.cast(BoundMethodObject.self).pointee.index]
        }
        return callee.asHost?.callSignature
    }
}

extension Interpreter {
    /// A name's type and value in a line.
    package func summary(of name: String) -> String {
        guard let value = value(name, []) else { return "" }
        defer { value.release() }
        if value.isKind(.function) || value.asHost != nil {
            return machine.representation(of: value)
        }
        let count =
            value.items?.count ?? value.dictItems?.count
            ?? (value.isKind(.string) ? ArenaLanguage.scalarCount(value) : nil)
        let type = value.typeName + (count.map { " of \($0)" } ?? "")
        if let count, count > 200 { return type }
        let text = machine.representation(of: value)
        return text.utf8.count > 1000 ? type : "\(type)  \(text)"
    }

    /// Whether a text holds a string over several lines, whose indentation is content.
    package static func hasLongString(_ text: [UInt8]) -> Bool {
        let file = SourceFile(name: "", bytes: text)
        var lexer = Lexer(file)
        return lexer.scan().contains { token in
            switch token.kind {
            case .string, .bytes, .fstring:
                return file.line(of: Int(token.range.start))
                    != file.line(of: Int(max(token.range.start + 1, token.range.end) - 1))
            default: return false
            }
        }
    }
}
