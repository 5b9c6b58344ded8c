// `text.format(...)`: replacement fields {}, {0}, {name}, {0[key]}, {0.name}, with !r !s !a and format
// specs that may hold fields themselves.

import ArenaCore

extension Machine {
    /// `text.format(*positional, **named)`; `named` is a dict or whatever has items by name. Owned.
    func stringFormat(
        _ text: Value, _ positional: UnsafeBufferPointer<Value>, _ named: Value
    ) throws(Raised) -> Value {
        var formatter = FieldFormatter(machine: self, positional: positional, named: named)
        return .string(try formatter.run(Array(text.utf8), depth: 0))
    }
}

private struct FieldFormatter {
    let machine: Machine
    let positional: UnsafeBufferPointer<Value>
    let named: Value
    /// The next number of `{}`; nil once fields are numbered by hand.
    var automatic: Int? = 0

    mutating func run(_ s: [UInt8], depth: Int) throws(Raised) -> [UInt8] {
        if depth > 2 { throw Raised(.value, "format fields are nested too deep") }
        var out: [UInt8] = []
        var i = 0
        let (opening, closing) = (UInt8(ascii: "{"), UInt8(ascii: "}"))
        while i < s.count {
            let c = s[i]
            if c != opening, c != closing {
                out.append(c)
                i += 1
                continue
            }
            if i + 1 < s.count, s[i + 1] == c {
                out.append(c)
                i += 2
                continue
            }
            guard c == opening else {
                throw Raised(.value, "a single '}' in a format", help: "write '}}' for a brace")
            }
            guard i + 1 < s.count else {
                throw Raised(.value, "a single '{' in a format", help: "write '{{' for a brace")
            }
            let start = i + 1
            if s[start] == closing {
                let v = try base([])
                machine.appendText(of: v, to: &out)
                v.release()
                i += 2
                continue
            }
            var open = 1
            i = start
            while i < s.count {
                if s[i] == opening { open += 1 }
                if s[i] == closing { open -= 1 }
                if open == 0 { break }
                i += 1
            }
            guard i < s.count else { throw Raised(.value, "a format field '{' is never closed") }
            out += try field(Array(s[start..<i]), depth)
            i += 1
        }
        return out
    }

    private mutating func field(_ s: [UInt8], _ depth: Int) throws(Raised) -> [UInt8] {
        var end = 0
        var bracket = false
        while end < s.count {
            let c = s[end]
            if c == UInt8(ascii: "[") { bracket = true }
            if c == UInt8(ascii: "]") { bracket = false }
            if !bracket, c == UInt8(ascii: ":") || c == UInt8(ascii: "!") { break }
            if c == UInt8(ascii: "{") || c == UInt8(ascii: "}") {
                throw Raised(.value, "a brace inside a format field's name")
            }
            end += 1
        }
        let name = Array(s[..<end])
        var conversion: UInt8 = 0
        if end < s.count, s[end] == UInt8(ascii: "!") {
            guard end + 1 < s.count, "rsa".utf8.contains(s[end + 1]) else {
                throw Raised(.value, "the conversion after '!' is r, s or a")
            }
            conversion = s[end + 1]
            end += 2
            guard end == s.count || s[end] == UInt8(ascii: ":") else {
                throw Raised(.value, "a format field's conversion is followed by ':' or its end")
            }
        }
        // The field's own number is taken before those of the fields in its spec.
        let v = try value(name)
        defer { v.release() }
        var spec = end < s.count ? Array(s[(end + 1)...]) : []
        if spec.contains(UInt8(ascii: "{")) || spec.contains(UInt8(ascii: "}")) {
            spec = try run(spec, depth: depth + 1)
        }
        let text = try machine.format(v, conversion: conversion, spec: spec)
        defer { text.release() }
        return Array(text.utf8)
    }

    /// The value a field's name stands for, owned.
    private mutating func value(_ name: [UInt8]) throws(Raised) -> Value {
        var i = name.firstIndex { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "[") } ?? name.count
        let first = Array(name[..<i])
        var v = try base(first)
        do throws(Raised) {
            while i < name.count {
                let next: Value
                if name[i] == UInt8(ascii: ".") {
                    let rest = name[(i + 1)...]
                    let end =
                        rest.firstIndex { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "[") }
                        ?? name.count
                    guard end > i + 1 else {
                        throw Raised(.value, "an empty name in a format field")
                    }
                    let member = String(decoding: name[(i + 1)..<end], as: UTF8.self)
                    next = try machine.attribute(of: v, machine.symbols.id(member))
                    i = end
                } else if name[i] == UInt8(ascii: "[") {
                    guard let end = name[i...].firstIndex(of: UInt8(ascii: "]")) else {
                        throw Raised(.value, "a '[' in a format field is never closed")
                    }
                    guard end > i + 1 else {
                        throw Raised(.value, "an empty name in a format field")
                    }
                    let text = Array(name[(i + 1)..<end])
                    let key = try index(text).map { Value.int($0) } ?? .string(text)
                    defer { key.release() }
                    next = try machine.item(of: v, key)
                    i = end + 1
                } else {
                    throw Raised(.value, "only '.' or '[' may follow ']' in a format field")
                }
                v.release()
                v = next
            }
        } catch {
            v.release()
            throw error
        }
        return v
    }

    private mutating func base(_ name: [UInt8]) throws(Raised) -> Value {
        var at = try index(name)
        if name.isEmpty || at != nil {
            if name.isEmpty {
                guard let next = automatic else { throw mixed() }
                at = next
                automatic = next + 1
            } else if automatic ?? 0 > 0 {
                throw mixed()
            } else {
                automatic = nil
            }
            guard let at, at < positional.count else {
                throw Raised(
                    .index, "the format wants value \(at ?? 0), of \(positional.count) given")
            }
            return positional[at].retain()
        }
        let key = Value.string(name)
        defer { key.release() }
        if named.isKind(.dict), try named.tableFind(key) < 0 {
            let text = String(decoding: name, as: UTF8.self)
            throw Raised(.key, "the format wants a value '\(text)'", help: "format(\(text)=...)")
        }
        return try machine.item(of: named, key)
    }

    private func mixed() -> Raised {
        Raised(.value, "a format numbers its fields by {} or by {0}, not both")
    }

    /// A number made of digits only; nil for any other name.
    private func index(_ name: [UInt8]) throws(Raised) -> Int? {
        guard !name.isEmpty, name.allSatisfy({ isDigit($0) }) else { return nil }
        guard let n = Int(String(decoding: name, as: UTF8.self)) else {
            throw Raised(.value, "a number in a format field is too large")
        }
        return n
    }
}
