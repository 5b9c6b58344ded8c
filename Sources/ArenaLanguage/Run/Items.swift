// Taking values apart: items, slices, members, loops, unpacking.

import ArenaCore
import Glibc

extension Machine {
    // MARK: - Items

    /// `x[key]`, owned.
    @inline(never)
    func item(of x: Value, _ key: Value) throws(Raised) -> Value {
        guard x.isObject else { throw noItems(x) }
        switch x.header.pointee.kind {
        case .list, .tuple:
            let items = x.items ?? .empty
            return items[try position(key, items.count, x.typeName)].retain()
        case .dict:
            let at = try x.tableFind(key)
            if at >= 0 { return x.cast(TableObject.self).pointee.entries[at].value.retain() }
            throw missingKey(x, key)
        case .string:
            let i = try position(key, scalarCount(x), "str")
            if scalarCount(x) == x.utf8.count { return character(x.utf8[i]) }
            return substring(x, from: i, to: i + 1)
        case .bytes: return .int(Int(x.utf8[try position(key, x.utf8.count, "bytes")]))
        case .range:
            let r = x.cast(RangeObject.self).pointee
            return .int(r.start &+ (try position(key, r.count, "range")) &* r.step)
        case .host:
            guard let host = x.asHost else { throw noItems(x) }
            return try host.item(key)
        case .set, .function, .builtin, .boundMethod, .cell, .integer, .error, .errorType:
            throw noItems(x)
        }
    }

    /// A string of one ASCII character, made once; owned.
    func character(_ byte: UInt8) -> Value {
        let known = characters[Int(byte)]
        if known.isObject { return known.retain() }
        let made = Value.string(CollectionOfOne(byte))
        characters[Int(byte)] = made
        return made.retain()
    }

    private func noItems(_ x: Value) -> Raised {
        Raised(
            .type,
            x.isNone ? "None has no items" : "\(x.typeWithArticle) has no items to take by [...]",
            left: x.shape)
    }

    private func missingKey(_ x: Value, _ key: Value) -> Raised {
        var help: String?
        if let name = key.asString, let items = x.dictItems {
            let names = items.compactMap { $0.key.asString }
            help = suggestion(for: name, among: names)
        }
        let shown = representation(of: key)
        return Raised(
            .key, "the dict has no key \(shown)", help: help, left: x.shape,
            right: shown.utf8.count > 40 ? key.shape : shown)
    }

    private func position(_ key: Value, _ count: Int, _ type: String) throws(Raised) -> Int {
        guard let i = key.asIndex else {
            if key.isKind(.integer) {
                throw Raised(.index, "the index is outside a \(type) of \(count)", right: "int")
            }
            throw Raised(
                .type, "an index into \(withArticle(type)) is an int, not \(key.typeWithArticle)",
                right: key.shape)
        }
        let at = i < 0 ? i &+ count : i
        guard at >= 0, at < count else {
            throw Raised(
                .index, "index \(i) is outside \(withArticle(type)) of \(count)",
                help: count == 0 ? "it is empty" : "the last is \(count - 1), or -1 from the end",
                left: "\(type) of \(count)", right: "\(i)")
        }
        return at
    }

    /// `x[key] = value`.
    @inline(never)
    func setItem(of x: Value, _ key: Value, _ value: Value) throws(Raised) {
        if x.isObject, x.isFrozen, !x.isKind(.tuple) { throw frozen(x) }
        if x.isKind(.dict) { return try x.tableSet(key, value) }
        if x.isKind(.list) {
            let list = x.cast(ListObject.self)
            let i = try position(key, list.pointee.count, "list")
            let old = list.pointee.items[i]
            list.pointee.items[i] = value.retain()
            return old.release()
        }
        if let host = x.asHost { return try host.setItem(key, value) }
        let help: String? = x.isKind(.tuple) ? "a tuple never changes: use a list" : nil
        throw Raised(
            .type, "items of \(x.typeWithArticle) cannot be assigned", help: help, left: x.shape)
    }

    /// `del x[key]`.
    func deleteItem(of x: Value, _ key: Value) throws(Raised) {
        if x.isObject, x.isFrozen, !x.isKind(.tuple) { throw frozen(x) }
        if x.isKind(.dict) {
            guard let value = try x.tableRemove(key) else { throw missingKey(x, key) }
            return value.release()
        }
        guard x.isKind(.list) else {
            throw Raised(.type, "items of \(x.typeWithArticle) cannot be deleted", left: x.shape)
        }
        removeListItem(x, try position(key, x.items?.count ?? 0, "list")).release()
    }

    /// Takes an item out of a list; it is owned by the caller.
    func removeListItem(_ x: Value, _ i: Int) -> Value {
        let list = x.cast(ListObject.self)
        let items = list.pointee.items
        let value = items[i]
        memmove(items + i, items + i + 1, (list.pointee.count - i - 1) * MemoryLayout<Value>.stride)
        list.pointee.count -= 1
        return value
    }

    /// `x[a:b:c]`, owned.
    func slice(of x: Value, _ a: Value, _ b: Value, _ c: Value) throws(Raised) -> Value {
        if let host = x.asHost { return try host.slice(a, b, c) }
        let count: Int
        if let items = x.items {
            count = items.count
        } else if x.isKind(.string) {
            count = scalarCount(x)
        } else if x.isKind(.bytes) {
            count = x.utf8.count
        } else if x.isKind(.range) {
            count = x.cast(RangeObject.self).pointee.count
        } else {
            throw Raised(.type, "\(x.typeWithArticle) cannot be sliced", left: x.shape)
        }
        let (start, length, step) = try sliceBounds(a, b, c, count)
        if x.isKind(.range) {
            let r = x.cast(RangeObject.self).pointee
            let from = r.start &+ start &* r.step
            let (pace, overflow) = r.step.multipliedReportingOverflow(by: step)
            // A step that far leaves at most one item.
            if overflow { return .range(from, from &+ length, 1) }
            return .range(from, from &+ length &* pace, pace)
        }
        if x.isKind(.string), step == 1 { return substring(x, from: start, to: start + length) }
        if x.isKind(.string) {
            let scalars = Array(String(decoding: x.utf8, as: UTF8.self).unicodeScalars)
            var out = String.UnicodeScalarView()
            for k in 0..<length { out.append(scalars[start + k * step]) }
            return .string(String(out))
        }
        if x.isKind(.bytes) { return .bytes((0..<length).map { x.utf8[start + $0 * step] }) }
        let items = x.items ?? .empty
        if step == 1, x.isKind(.list) {
            return .list(copying: length > 0 ? items.baseAddress.map { $0 + start } : nil, length)
        }
        let taken = (0..<length).map { items[start + $0 * step].retain() }
        return x.isKind(.list) ? .list(taken) : .tuple(taken)
    }

    // MARK: - Members

    /// `x.name`, owned.
    func attribute(of x: Value, _ symbol: Int) throws(Raised) -> Value {
        if let function = unboundMethod(of: x, symbol) { return function }
        if let index = method(x, symbol) { return .boundMethod(x, index) }
        let name = symbols.names[symbol]
        if let host = x.asHost, let value = try host.attribute(name) { return value }
        if let error = x.asError, let value = member(of: error, name) { return value }
        if let value = functionMember(x, name) { return value }
        throw unknownMember(x, name)
    }

    /// The error for a member that a value has not.
    func unknownMember(_ x: Value, _ name: String) -> Raised {
        let type = x.typeWithArticle
        let known = memberNames(x)
        var help: String?
        let near = nearestName(to: name, in: known)
        if let habit = memberHabit(name, of: x.typeName), near == nil || !x.isKind(.dict) {
            help = habit
        } else if let near {
            help = "did you mean '.\(near)'?"
        } else if x.asHost?.type.name == "frame" {
            help = "a column is taken as df[\"\(name)\"]"
        } else if !known.isEmpty {
            help =
                "members: " + known.prefix(14).joined(separator: ", ")
                + (known.count > 14 ? ", ..." : "")
        }
        return Raised(.attribute, "\(type) has no member '\(name)'", help: help, left: x.shape)
    }

    // MARK: - Loops

    /// Turns the iterable in the first state register into a loop's state.
    @inline(never)
    func prepareLoop(_ state: UnsafeMutablePointer<Value>) throws(Raised) {
        let v = state.pointee
        state[1].release()
        state[2].release()
        state[1] = .int(0)
        state[2] = .int(0)
        guard v.isObject else { throw notIterable(v) }
        switch v.header.pointee.kind {
        case .range:
            let r = v.cast(RangeObject.self).pointee
            state[0] = .int(r.start)
            state[1] = .int(r.count)
            state[2] = .int(r.step)
            v.release()
        case .list: state[2] = .int(v.cast(ListObject.self).pointee.count)
        case .tuple, .string: break
        case .dict, .set: state[2] = .int(v.cast(TableObject.self).pointee.version)
        case .bytes, .host:
            let list = try materialise(v)
            state[0] = list
            state[2] = .int(list.items?.count ?? 0)
            v.release()
        case .function, .builtin, .boundMethod, .cell, .integer, .error, .errorType:
            throw notIterable(v)
        }
    }

    private func notIterable(_ v: Value) -> Raised {
        Raised(
            .type, "\(v.typeWithArticle) has no items to go through",
            help: v.isInt
                ? "count with range: range(\(v.i))"
                : v.isNone ? "a function without 'return' gives None" : nil, left: v.shape)
    }

    /// The next item of a loop over anything but ranges and lists; nil at the end. Owned.
    @inline(never)
    func nextItem(_ state: UnsafeMutablePointer<Value>) throws(Raised) -> Value? {
        let v = state.pointee
        let i = state[1].i
        switch v.header.pointee.kind {
        case .tuple:
            guard i < v.cast(TupleObject.self).pointee.count else { return nil }
            state[1] = .int(i + 1)
            return tupleItems(v)[i].retain()
        case .string:
            let text = v.utf8
            guard i < text.count else { return nil }
            if text[i] < 0x80 {
                state[1] = .int(i + 1)
                return character(text[i])
            }
            let n = scalarLength(text[i])
            state[1] = .int(i + n)
            return .string(text[i..<min(i + n, text.count)])
        case .dict, .set:
            let t = v.cast(TableObject.self)
            if state[2].i != t.pointee.version { throw .changedDuringIteration(v.typeName) }
            var at = i
            while at < t.pointee.used, t.pointee.entries[at].key.isUnset { at += 1 }
            guard at < t.pointee.used else { return nil }
            state[1] = .int(at + 1)
            return t.pointee.entries[at].key.retain()
        default: return nil
        }
    }

    /// The items of any iterable as a list, owned; a list comes back itself.
    package func materialise(_ v: Value) throws(Raised) -> Value {
        guard v.isObject else { throw notIterable(v) }
        switch v.header.pointee.kind {
        case .list: return v.retain()
        case .tuple: return .list(copying: v.items?.baseAddress, v.items?.count ?? 0)
        case .dict, .set:
            let t = v.cast(TableObject.self)
            let list = Value.list(capacity: t.pointee.count)
            for i in 0..<t.pointee.used where !t.pointee.entries[i].key.isUnset {
                list.append(t.pointee.entries[i].key.retain())
            }
            return list
        case .range:
            let r = v.cast(RangeObject.self).pointee
            if r.count > 1 << 27 {
                throw Raised(.memory, "a list of \(r.count) items is too large")
            }
            try reserve(r.count * MemoryLayout<Value>.stride)
            let list = Value.list(capacity: r.count)
            for k in 0..<r.count { list.append(.int(r.start &+ k &* r.step)) }
            return list
        case .string:
            let list = Value.list(capacity: scalarCount(v))
            let text = v.utf8
            var i = 0
            while i < text.count {
                let n = scalarLength(text[i])
                list.append(.string(text[i..<min(i + n, text.count)]))
                i += n
            }
            return list
        case .bytes: return .list(v.utf8.map { Value.int(Int($0)) })
        case .host:
            guard let list = try v.asHost?.iterate() else { throw notIterable(v) }
            return list
        case .function, .builtin, .boundMethod, .cell, .integer, .error, .errorType:
            throw notIterable(v)
        }
    }

    /// The items of any iterable, each owned: what a function that calls back must work on, since the
    /// script may change the list meanwhile.
    func snapshot(_ v: Value) throws(Raised) -> [Value] {
        let list = try materialise(v)
        defer { list.release() }
        return (list.items ?? .empty).map { $0.retain() }
    }

    // MARK: - Building and unpacking

    /// Appends an iterable's items to a list.
    func extend(_ list: Value, _ v: Value) throws(Raised) {
        let items = try materialise(v)
        defer { items.release() }
        list.extend(copying: items.items?.baseAddress, items.items?.count ?? 0)
    }

    /// Puts a dict's items (mode 0, 2: keys must be names) or an iterable's (mode 1) into a table.
    func merge(_ v: Value, into table: Value, mode: Int) throws(Raised) {
        if mode == 1 {
            let items = try materialise(v)
            defer { items.release() }
            for item in items.items ?? .empty { try table.tableSet(item, .none) }
            return
        }
        guard let entries = v.dictItems else {
            throw Raised(.type, "'**' wants a dict, not \(v.typeWithArticle)")
        }
        for (key, value) in entries {
            if mode == 2 {
                guard key.isKind(.string) else {
                    throw Raised(
                        .type, "named arguments want names: a key is \(key.typeWithArticle)")
                }
                if try table.tableFind(key) >= 0 {
                    throw Raised(.type, "the argument \(representation(of: key)) is given twice")
                }
            }
            try table.tableSet(key, value)
        }
    }

    /// Spreads an iterable over `count` registers from `a` on.
    func unpack(
        _ v: Value, into a: UnsafeMutablePointer<Value>, _ count: Int, starred: Int?
    ) throws(Raised) {
        if starred == nil, v.isKind(.tuple), v.cast(TupleObject.self).pointee.count == count {
            // SAFETY: the tuple stays as it is while its items are taken; should a register that is
            // overwritten hold it, one more owner keeps it.
            v.retain()
            let items = tupleItems(v)
            for i in 0..<count {
                let old = a[i]
                a[i] = items[i].retain()
                old.release()
            }
            v.release()
            return
        }
        let list = try materialise(v)
        defer { list.release() }
        let items = list.items ?? .empty
        func put(_ i: Int, _ value: Value) {
            let old = a[i]
            a[i] = value
            old.release()
        }
        guard let starred else {
            guard items.count == count else {
                throw Raised(
                    .value, "\(counted(items.count, "value")) for \(counted(count, "name"))",
                    help: items.count > count && count > 0
                        ? "a star takes what is left over: a, *rest = x" : nil)
            }
            for i in 0..<count { put(i, items[i].retain()) }
            return
        }
        guard items.count >= count - 1 else {
            throw Raised(
                .value,
                "\(counted(items.count, "value")) for at least \(counted(count - 1, "name"))")
        }
        let middle = items.count - (count - 1)
        for i in 0..<starred { put(i, items[i].retain()) }
        put(starred, .list(items[starred..<starred + middle].map { $0.retain() }))
        for i in starred + 1..<max(count, starred + 1) { put(i, items[i + middle - 1].retain()) }
    }
}

/// Python's slice arithmetic: the first position, how many, and the step.
package func sliceBounds(
    _ a: Value, _ b: Value, _ c: Value, _ count: Int
) throws(Raised) -> (start: Int, length: Int, step: Int) {
    func part(_ v: Value) throws(Raised) -> Int? {
        if v.isNone { return nil }
        // Past the end is past the end, however far.
        if v.isKind(.integer) { return BigInteger(v).isNegative ? Int.min : Int.max }
        guard let i = v.asIndex else {
            throw Raised(.type, "a slice's parts are ints, not \(v.typeWithArticle)")
        }
        return i
    }
    let step = try part(c) ?? 1
    if step == 0 { throw Raised(.value, "a slice's step cannot be 0") }
    func clamped(_ v: Int, _ low: Int, _ high: Int) -> Int {
        min(max(v < 0 ? max(v, -count) + count : v, low), high)
    }
    func bound(_ v: Int?, _ missing: Int) -> Int {
        guard let v else { return missing }
        if step > 0 { return clamped(v, 0, count) }
        if v < 0 { return max(v &+ count, -1) }
        return min(v, count - 1)
    }
    let start = bound(try part(a), step > 0 ? 0 : count - 1)
    let stop = bound(try part(b), step > 0 ? count : -1)
    let span = step > 0 ? stop - start : start - stop
    if span <= 0 { return (start, 0, step) }
    let size = Int(clamping: step.magnitude)
    return (start, (span - 1) / size + 1, step)
}

// MARK: - Text by code points

/// The length in bytes of the code point that starts with this byte.
@inline(__always)
func scalarLength(_ c: UInt8) -> Int { c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4 }

/// The number of code points of a string, counted once.
func scalarCount(_ v: Value) -> Int {
    let s = v.cast(StringObject.self)
    if s.pointee.scalars < 0 {
        s.pointee.scalars = utf8CharacterCount(UnsafeRawBufferPointer(v.utf8))
    }
    return s.pointee.scalars
}

/// The byte offset of a code point.
func byteOffset(_ v: Value, _ scalar: Int) -> Int {
    let text = v.utf8
    if scalarCount(v) == text.count { return min(scalar, text.count) }
    var i = 0
    var n = 0
    while i < text.count, n < scalar {
        i += scalarLength(text[i])
        n += 1
    }
    return min(i, text.count)
}

/// The code points `from..<to` of a string, owned.
func substring(_ v: Value, from: Int, to: Int) -> Value {
    let start = byteOffset(v, from)
    let end = to <= from ? start : byteOffset(v, to)
    return .string(v.utf8[start..<max(start, end)])
}
