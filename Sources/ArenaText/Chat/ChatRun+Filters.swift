// The filters, tests and methods that chat templates use.

extension ChatRun {
    private func fail(_ line: Int, _ message: String) -> ChatTemplateError {
        ChatTemplateError(line: line, message: message)
    }

    func filter(
        _ value: ChatValue, _ name: String, _ given: Given, _ line: Int
    ) throws(ChatTemplateError) -> ChatValue {
        switch name {
        case "trim": return .string(strip(value.text, given.value(0, "chars")?.text))
        case "upper", "lower", "title", "capitalize", "replace":
            return try method(.string(value.text), name, given, line)
        case "length", "count": return .int(try iterate(value, line).count)
        case "string", "safe": return .string(value.text)
        case "int":
            if let n = value.int { return .int(n) }
            let number = value.number.flatMap { Int(exactly: $0.rounded(.towardZero)) }
            return .int(number ?? Int(strip(value.text, nil)) ?? 0)
        case "float": return .float(value.number ?? Double(strip(value.text, nil)) ?? 0)
        case "abs":
            if let n = value.int { return .int(abs(max(n, -Int.max))) }
            return .float(abs(value.number ?? 0))
        case "tojson":
            if value.isUndefined { throw fail(line, "tojson of something undefined") }
            return .string(value.json(indent: given.value(0, "indent")?.int))
        case "default", "d":
            let other = given.value(0, "default_value") ?? .string("")
            let also = given.value(1, "boolean")?.isTrue ?? false
            return value.isUndefined || also && !value.isTrue ? other : value
        case "list": return .list(try iterate(value, line))
        case "first": return try iterate(value, line).first ?? .undefined("first")
        case "last": return try iterate(value, line).last ?? .undefined("last")
        case "reverse":
            let items = Array(try iterate(value, line).reversed())
            if case .string = value { return .string(items.map(\.text).joined()) }
            return .list(items)
        case "join":
            var items = try iterate(value, line)
            if let attribute = given.value(1, "attribute")?.text {
                items = items.map { $0.member(attribute) ?? .undefined(attribute) }
            }
            return .string(items.map(\.text).joined(separator: given.value(0, "d")?.text ?? ""))
        case "items":
            guard case .dict(let members) = value else {
                if value.isUndefined { return .list([]) }
                throw fail(line, "items of \(value.typeName)")
            }
            return .list(members.map { .list([.string($0.key), $0.value]) })
        case "map":
            guard let attribute = given.named["attribute"]?.text else {
                throw fail(line, "map is supported with attribute= only")
            }
            let other = given.named["default"]
            return .list(
                try iterate(value, line).map {
                    $0.member(attribute) ?? other ?? .undefined(attribute)
                })
        case "selectattr", "rejectattr": return try select(value, name, given, line)
        default:
            throw fail(line, "the filter '\(name)' is not supported")
        }
    }

    private func select(
        _ value: ChatValue, _ name: String, _ given: Given, _ line: Int
    ) throws(ChatTemplateError) -> ChatValue {
        guard let attribute = given.plain.first?.text else {
            throw fail(line, "\(name) wants an attribute")
        }
        var kept: [ChatValue] = []
        for item in try iterate(value, line) {
            let member = item.member(attribute) ?? .undefined(attribute)
            let holds =
                given.plain.count > 1
                ? try test(member, given.plain[1].text, Array(given.plain.dropFirst(2)), line)
                : member.isTrue
            if holds == (name == "selectattr") { kept.append(item) }
        }
        return .list(kept)
    }

    func test(
        _ value: ChatValue, _ name: String, _ operands: [ChatValue], _ line: Int
    ) throws(ChatTemplateError) -> Bool {
        func operand() throws(ChatTemplateError) -> ChatValue {
            guard let first = operands.first else {
                throw fail(line, "'is \(name)' wants an operand")
            }
            return first
        }
        switch name {
        case "defined": return !value.isUndefined
        case "undefined": return value.isUndefined
        case "none": if case .none = value { return true } else { return false }
        case "string": if case .string = value { return true } else { return false }
        case "mapping": if case .dict = value { return true } else { return false }
        case "boolean": if case .bool = value { return true } else { return false }
        case "integer": if case .int = value { return true } else { return false }
        case "float": if case .float = value { return true } else { return false }
        case "number":
            switch value {
            case .int, .float, .bool: return true
            default: return false
            }
        case "iterable", "sequence":
            switch value {
            case .list, .dict, .string: return true
            case .undefined: return true
            default: return false
            }
        case "true": if case .bool(true) = value { return true } else { return false }
        case "false": if case .bool(false) = value { return true } else { return false }
        case "odd": return (value.int ?? 0) % 2 != 0
        case "even": return (value.int ?? 0) % 2 == 0
        case "divisibleby":
            guard let n = value.int, let by = try operand().int, by != 0, by != -1 else {
                return false
            }
            return n % by == 0
        case "equalto", "eq": return value.equals(try operand())
        case "ne": return !value.equals(try operand())
        case "in":
            let whole = try operand()
            if case .string(let text) = whole {
                return find(Array(value.text.utf8), in: Array(text.utf8), from: 0) != nil
            }
            return try iterate(whole, line).contains { $0.equals(value) }
        default: throw fail(line, "the test '\(name)' is not supported")
        }
    }

    func method(
        _ object: ChatValue, _ name: String, _ given: Given, _ line: Int
    ) throws(ChatTemplateError) -> ChatValue {
        switch (object, name) {
        case (.undefined(let what), _):
            throw fail(line, "'\(what)' is undefined, so it has no '\(name)'")
        case (.dict(let members), "items"):
            return .list(members.map { .list([.string($0.key), $0.value]) })
        case (.dict(let members), "keys"): return .list(members.map { .string($0.key) })
        case (.dict(let members), "values"): return .list(members.map(\.value))
        case (.dict, "get"):
            return object.member(given.plain.first?.text ?? "")
                ?? (given.plain.count > 1 ? given.plain[1] : .none)
        case (.string(let text), _): return try method(of: text, name, given, line)
        default: throw fail(line, "\(object.typeName) has no method '\(name)' here")
        }
    }

    private func method(
        of text: String, _ name: String, _ given: Given, _ line: Int
    ) throws(ChatTemplateError) -> ChatValue {
        func first() throws(ChatTemplateError) -> String {
            guard let value = given.plain.first else { throw fail(line, "\(name)() wants a text") }
            return value.text
        }
        switch name {
        case "strip": return .string(strip(text, given.plain.first?.text))
        case "lstrip": return .string(strip(text, given.plain.first?.text, right: false))
        case "rstrip": return .string(strip(text, given.plain.first?.text, left: false))
        case "upper": return .string(text.uppercased())
        case "lower": return .string(text.lowercased())
        case "capitalize":
            return .string(text.prefix(1).uppercased() + text.dropFirst().lowercased())
        case "title":
            var result = ""
            var inWord = false
            for character in text {
                result += inWord ? character.lowercased() : character.uppercased()
                inWord = character.isLetter
            }
            return .string(result)
        case "startswith": return .bool(try starts(text, given, line))
        case "endswith":
            return .bool(text.utf8.reversed().starts(with: try first().utf8.reversed()))
        case "replace":
            guard given.plain.count >= 2 else { throw fail(line, "replace() wants two texts") }
            let parts = split(text, given.plain[0].text, given.value(2, "count")?.int ?? -1)
            return .string(parts.joined(separator: given.plain[1].text))
        case "split":
            let most = given.value(1, "maxsplit")?.int ?? -1
            guard let separator = given.plain.first, case .string(let separator) = separator else {
                return .list(
                    text.split(whereSeparator: { $0.isWhitespace }).map { .string(String($0)) })
            }
            guard !separator.isEmpty else { throw fail(line, "split() by an empty text") }
            return .list(split(text, separator, most).map { .string($0) })
        case "join":
            guard let items = given.plain.first else { throw fail(line, "join() wants a list") }
            return .string(try iterate(items, line).map(\.text).joined(separator: text))
        default: throw fail(line, "str has no method '\(name)' here")
        }
    }

    private func starts(
        _ text: String, _ given: Given, _ line: Int
    ) throws(ChatTemplateError) -> Bool {
        guard let value = given.plain.first else { throw fail(line, "startswith() wants a text") }
        if case .list(let several) = value {
            return several.contains { text.utf8.starts(with: $0.text.utf8) }
        }
        return text.utf8.starts(with: value.text.utf8)
    }

    private func split(_ text: String, _ separator: String, _ most: Int) -> [String] {
        let (bytes, pattern) = (Array(text.utf8), Array(separator.utf8))
        guard !pattern.isEmpty else { return [text] }
        var parts: [String] = []
        var from = 0
        while most < 0 || parts.count < most, let found = find(pattern, in: bytes, from: from) {
            parts.append(String(decoding: bytes[from..<found], as: UTF8.self))
            from = found + pattern.count
        }
        return parts + [String(decoding: bytes[from...], as: UTF8.self)]
    }

    /// Python's `strip`: white space, or any of some characters.
    private func strip(_ text: String, _ set: String?, left: Bool = true, right: Bool = true)
        -> String
    {
        let chosen = set.map { Set($0.unicodeScalars) }
        func goes(_ scalar: UnicodeScalar) -> Bool {
            guard let chosen else {
                return scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value)
            }
            return chosen.contains(scalar)
        }
        var scalars = Array(text.unicodeScalars)[...]
        while left, let first = scalars.first, goes(first) { scalars.removeFirst() }
        while right, let last = scalars.last, goes(last) { scalars.removeLast() }
        return String(String.UnicodeScalarView(scalars))
    }
}
