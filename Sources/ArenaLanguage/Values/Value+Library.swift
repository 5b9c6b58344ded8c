// What the library needs of values beyond making and reading them: filling lists and dicts, text by
// code points, comparing. The representation stays inside this module.

import Glibc

/// A value that scripts know by a name from the start, made anew for each machine.
package struct NamedValue: Sendable {
    package let name: String
    /// The value, owned by the caller.
    package let make: @Sendable () -> Value

    package init(_ name: String, _ make: @escaping @Sendable () -> Value) {
        self.name = name
        self.make = make
    }
}

extension Value {
    package var isList: Bool { isKind(.list) }
    package var isTuple: Bool { isKind(.tuple) }
    package var isDict: Bool { isKind(.dict) }
    package var isText: Bool { isKind(.string) }
    package var isBytes: Bool { isKind(.bytes) }
    package var isNumber: Bool { isInt || isFloat || isBool }
    /// Two equal identities are the same object.
    package var identity: UInt64 { bits }

    /// Adds an item, which is taken over, to a list made by the caller.
    @inline(__always)
    package func add(_ item: Value) { append(item) }

    /// Sets a key of a dict; both are retained.
    package func setEntry(_ key: Value, _ value: Value) throws(Raised) { try tableSet(key, value) }

    /// The value of a dict's key, borrowed.
    package func entry(_ key: Value) throws(Raised) -> Value? {
        let at = try tableFind(key)
        return at < 0 ? nil : cast(TableObject.self).pointee.entries[at].value
    }

    /// A string from a stretch of well-formed UTF-8.
    package static func text(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) -> Value
    {
        let count = max(0, end - start)
        let v = newString(count)
        // SAFETY: the caller's stretch lies inside the buffer, and the string has room for it.
        if count > 0, let source = bytes.baseAddress {
            memcpy(stringBytes(v), source + start, count)
        }
        return v
    }

    package static func byteString(_ bytes: some Collection<UInt8>) -> Value { .bytes(bytes) }

    /// A copy that shares no object with this value, owned; nil if it holds more than numbers, text,
    /// lists, tuples, dicts and sets of them.
    package func separateCopy(depth: Int = 0) -> Value? {
        guard isObject else { return self }
        if depth > 100 { return nil }
        switch header.pointee.kind {
        case .string: return .string(utf8)
        case .bytes: return .bytes(utf8)
        case .integer: return .integer(BigInteger(self))
        case .range:
            let r = cast(RangeObject.self).pointee
            return .range(r.start, r.stop, r.step)
        case .list, .tuple:
            var copies: [Value] = []
            for item in items ?? .empty {
                guard let copy = item.separateCopy(depth: depth + 1) else {
                    for copy in copies { copy.release() }
                    return nil
                }
                copies.append(copy)
            }
            return isKind(.list) ? .list(copies) : .tuple(copies)
        case .dict, .set:
            let copy = isKind(.dict) ? Value.dict() : Value.set()
            let t = cast(TableObject.self)
            for i in 0..<t.pointee.used where !t.pointee.entries[i].key.isUnset {
                let entry = t.pointee.entries[i]
                let key = entry.key.separateCopy(depth: depth + 1)
                let value = entry.value.separateCopy(depth: depth + 1)
                defer {
                    key?.release()
                    value?.release()
                }
                guard let key, let value, (try? copy.tableSet(key, value)) != nil else {
                    copy.release()
                    return nil
                }
            }
            return copy
        case .function, .builtin, .boundMethod, .cell, .host, .error, .errorType: return nil
        }
    }

    /// The code points of a string.
    package var scalarCount: Int { ArenaLanguage.scalarCount(self) }

    /// Where a code point of a string starts, in bytes; the end for one beyond it.
    package func byteOffset(ofScalar i: Int) -> Int { ArenaLanguage.byteOffset(self, i) }

    /// The items of a list, to be put in another order.
    package func withListItems<R>(_ body: (UnsafeMutableBufferPointer<Value>) -> R) -> R {
        let list = cast(ListObject.self)
        return body(
            UnsafeMutableBufferPointer(start: list.pointee.items, count: list.pointee.count))
    }

    /// `self == other` as a script sees it.
    package func equals(_ other: Value) throws(Raised) -> Bool { try valuesEqual(self, other) }

    /// `self < other` as a script sees it.
    package func isBefore(_ other: Value) throws(Raised) -> Bool {
        try compareOrder(self, other, .less) < 0
    }
}

/// The integer that a decimal text stands for; the text is digits with an optional sign.
package func integerValue(fromDecimal text: some StringProtocol) throws(Raised) -> Value {
    if let n = Int(text) { return .int(n) }
    if let n = BigInteger(text, radix: 10) { return .integer(n) }
    throw Raised(
        .overflow, "the integer \(text.prefix(24))... has more than \(BigInteger.bitLimit) bits")
}

/// The integer that a float stands for once it has no fraction.
package func integerValue(ofWhole x: Double) throws(Raised) -> Value {
    if let n = Int(exactly: x) { return .int(n) }
    if x.isNaN { throw Raised(.value, "nan is no integer") }
    if x.isInfinite { throw Raised(.overflow, "infinity is no integer") }
    return .integer(BigInteger(x))
}

extension Machine {
    /// The items of any iterable, each owned: what a function that calls back must work on, since the
    /// script may change the list meanwhile.
    package func ownedItems(_ v: Value) throws(Raised) -> [Value] { try snapshot(v) }
}

/// A text in quotes with escapes, as a script would write it.
package func quotedText(_ text: UnsafeBufferPointer<UInt8>) -> String {
    var out: [UInt8] = []
    quote(text, &out)
    return String(decoding: out, as: UTF8.self)
}
