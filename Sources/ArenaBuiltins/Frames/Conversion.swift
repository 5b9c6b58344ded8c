// Script values to columns and back.

import ArenaCore
import ArenaFrame
import ArenaLanguage

/// A column of values: all numbers, all text, all truth values or all lists of one of them; None is
/// missing.
func column(ofItems items: some Collection<Value>, named name: String) throws(Raised) -> Column {
    var kinds = Set<ItemKind>()
    for item in items where !item.isNone {
        guard let kind = ItemKind(item) else {
            throw Raised(
                .type, "a \(item.typeName) cannot be a cell of column '\(name)'",
                help: "cells are numbers, text, truth values, lists of them, or None")
        }
        kinds.insert(kind)
    }
    var validity: Validity?
    if items.contains(where: \.isNone) { validity = Validity(items.lazy.map { !$0.isNone }) }
    if kinds == [.int, .float] { kinds = [.float] }
    guard kinds.count <= 1 else {
        throw Raised(
            .type, "the values of column '\(name)' are of several types",
            help: "make them all numbers, all text or all truth values; None is missing")
    }
    switch kinds.first {
    case .none:
        // Nothing but None says nothing of the type.
        return Column(.float64(items.map { _ in 0 }), validity: validity)
    case .bool: return Column(.bool(items.map { $0.asBool ?? false }), validity: validity)
    case .int: return Column(.int64(items.map { Int64($0.asInt ?? 0) }), validity: validity)
    case .float: return Column(.float64(items.map { $0.asDouble ?? 0 }), validity: validity)
    case .string:
        var builder = TextBuilder()
        for item in items {
            try raising { () throws(FrameError) in
                try builder.append(UnsafeRawBufferPointer(item.utf8))
            }
        }
        return Column(.string(builder.finish()), validity: validity)
    case .list: return try listColumn(items, validity, name)
    }
}

private enum ItemKind {
    case bool, int, float, string, list

    init?(_ v: Value) {
        if v.isText {
            self = .string
        } else if v.asBool != nil {
            self = .bool
        } else if v.asInt != nil {
            self = .int
        } else if v.asDouble != nil {
            self = .float
        } else if v.items != nil {
            self = .list
        } else {
            return nil
        }
    }
}

/// Lists of text, of whole numbers that fit 32 bits, or of floats.
private func listColumn(
    _ items: some Collection<Value>, _ validity: Validity?, _ name: String
) throws(Raised) -> Column {
    var kinds = Set<ItemKind>()
    var isSmall = true
    for list in items {
        for item in list.items ?? .init(start: nil, count: 0) {
            if item.isNone {
                kinds.insert(.string)
                continue
            }
            guard let kind = ItemKind(item), kind != .list, kind != .bool else {
                throw Raised(
                    .type,
                    "column '\(name)' has a list that holds a \(item.typeName)",
                    help: "lists in cells hold text or numbers")
            }
            kinds.insert(kind)
            if let n = item.asInt, Int32(exactly: n) == nil { isSmall = false }
        }
    }
    if kinds.isSubset(of: [.int]), isSmall, !kinds.isEmpty {
        let lists = items.map {
            ($0.items ?? .init(start: nil, count: 0)).map { Int32($0.asInt ?? 0) }
        }
        return Column(.ints(NumberLists(lists)), validity: validity)
    }
    if kinds.isSubset(of: [.int, .float]), !kinds.isEmpty {
        let lists = items.map { ($0.items ?? .init(start: nil, count: 0)).map { $0.asDouble ?? 0 } }
        return Column(.floats(NumberLists(lists)), validity: validity)
    }
    guard kinds.isSubset(of: [.string]) else {
        throw Raised(
            .type, "the lists of column '\(name)' hold values of several types",
            help: "make them all text or all numbers")
    }
    let lists = items.map { list in
        (list.items ?? .init(start: nil, count: 0)).map { $0.asString }
    }
    let storage = try raising { () throws(FrameError) in try ListStorage(lists) }
    return Column(.turns(storage), validity: validity)
}

/// One cell as a script value, owned.
func cell(_ column: Column, _ row: Int) -> Value {
    if column.isMissing(row) { return .none }
    switch column.storage {
    case .bool(let v): return .bool(v[row])
    case .int64(let v): return .int(Int(v[row]))
    case .float64(let v): return .float(v[row])
    case .float32(let v): return .float(Double(v[row]))
    case .string(let v):
        return v.withBytes(at: row) { bytes in
            .text(bytes.bindMemory(to: UInt8.self), 0, bytes.count)
        }
    case .turns(let v):
        return .list(v.strings(at: row).map { $0.map { .string($0) } ?? Value.none })
    case .ints(let v): return .list(v[row].map { .int(Int($0)) })
    case .floats(let v): return .list(v[row].map { .float($0) })
    case .matrix(let v): return .list(v.row(row).map { .float($0) })
    case .categorical(let v): return .string(v.string(at: row))
    case .timestamp(let v): return .string(timestampText(v[row]))
    }
}

/// A single value as a script value, owned.
func value(_ scalar: Scalar) -> Value {
    switch scalar {
    case .missing: .none
    case .bool(let b): .bool(b)
    case .int(let n): .int(Int(n))
    case .float(let x): .float(x)
    case .string(let text): .string(text)
    }
}

/// A script value as a single value of a column; nil if it is none.
func scalar(_ v: Value) -> Scalar? {
    if v.isNone { return .missing }
    if let b = v.asBool { return .bool(b) }
    if let n = v.asInt { return .int(Int64(n)) }
    if let text = v.asString { return .string(text) }
    return v.asDouble.map { .float($0) }
}

/// A script value beside a column in an operator; nil if it is neither a column nor a single value.
func operand(_ v: Value) -> Operand? {
    if let series = (v.asHost as? SeriesValue)?.series { return .series(series) }
    switch scalar(v) {
    case .bool(let b): return .bool(b)
    case .int(let n): return .int(n)
    case .float(let x): return .float(x)
    case .string(let text): return .string(text)
    case .missing, .none: return nil
    }
}

extension Arguments {
    func frame(_ i: Int) throws(Raised) -> Frame { try host(i, FrameValue.self, "frame").frame }
    func series(_ i: Int) throws(Raised) -> Series {
        if let access = self[i].asHost as? TextAccess { return access.series }
        return try host(i, SeriesValue.self, "column").series
    }

    /// A single value of a column.
    func scalar(_ i: Int) throws(Raised) -> Scalar {
        if self[i].isUnset { return .missing }
        guard let found = ArenaBuiltins.scalar(self[i]) else {
            throw Raised(
                .type,
                "\(builtin.name)(): '\(builtin.parameters[i].name)' is a single value, not a \(self[i].typeName)"
            )
        }
        return found
    }

    /// The items of a list as a column, of a column its own.
    func column(_ i: Int) throws(Raised) -> Column {
        if let series = (self[i].asHost as? SeriesValue)?.series { return series.column }
        let list = try iterable(i)
        defer { list.release() }
        return try ArenaBuiltins.column(
            ofItems: list.items ?? .init(start: nil, count: 0),
            named: builtin.parameters[i].name)
    }

    /// Whole numbers of a list.
    func ints(_ i: Int) throws(Raised) -> [Int] {
        let list = try iterable(i)
        defer { list.release() }
        var numbers: [Int] = []
        for item in list.items ?? .init(start: nil, count: 0) {
            guard let n = item.asInt else {
                let name = builtin.parameters[i].name
                throw Raised(
                    .type,
                    "\(name)= of \(builtin.name)() is whole numbers, not a \(item.typeName)")
            }
            numbers.append(n)
        }
        return numbers
    }

    /// Numbers of a list, or a single one.
    func doubles(_ i: Int) throws(Raised) -> [Double] {
        if let x = self[i].asDouble { return [x] }
        let list = try iterable(i)
        defer { list.release() }
        var numbers: [Double] = []
        for item in list.items ?? .init(start: nil, count: 0) {
            guard let x = item.asDouble else {
                throw Raised(.type, "\(builtin.name)() wants numbers, not a \(item.typeName)")
            }
            numbers.append(x)
        }
        return numbers
    }

    /// `axis=0` (or "index") and `axis=1` (or "columns"): whether it is 1.
    func isAcross(_ i: Int) throws(Raised) -> Bool {
        guard has(i) else { return false }
        if self[i].asString == "columns" { return true }
        if self[i].asString == "index" { return false }
        let axis = try int(i)
        guard axis == 0 || axis == 1 else {
            throw Raised(.value, "\(builtin.name)(): axis is 0 (down) or 1 (across), not \(axis)")
        }
        return axis == 1
    }

    /// One of some words.
    func word(_ i: Int, _ words: [String], or fallback: String) throws(Raised) -> String {
        guard has(i) else { return fallback }
        let text = try string(i)
        guard words.contains(text) else {
            throw Raised(
                .value,
                "\(builtin.name)(): \(builtin.parameters[i].name)= does not know '\(text)'",
                help: suggestion(for: text, among: words))
        }
        return text
    }

    /// The name of a column type.
    func columnType(_ v: Value) throws(Raised) -> ColumnType {
        let name = v.asString ?? machine.representation(of: v)
        if let type = ColumnType(rawValue: name) { return type }
        switch name {
        case "int", "<built-in function int>", "Int64": return .int64
        case "float", "<built-in function float>": return .float64
        case "str", "<built-in function str>", "text", "object": return .string
        case "category": return .categorical
        case "datetime", "datetime64[ns]": return .timestamp
        case "boolean", "<built-in function bool>": return .bool
        default:
            throw Raised(
                .value, "there is no column type '\(name)'",
                help: suggestion(for: name, among: ColumnType.allCases.map(\.rawValue)))
        }
    }
}

/// A frame as an owned script value.
func value(_ frame: Frame) -> Value { .host(FrameValue(frame)) }

/// A column as an owned script value.
func value(_ series: Series) -> Value { .host(SeriesValue(series)) }

/// Runs code that throws the frame module's errors.
func framing<T>(_ body: () throws(FrameError) -> T) throws(Raised) -> T { try raising(body) }

/// Runs code that throws the frame module's errors beside a script's.
func mixing<T>(_ body: () throws -> T) throws(Raised) -> T {
    do {
        return try body()
    } catch let error as Raised {
        throw error
    } catch let error as FrameError {
        throw Raised(error)
    } catch {
        throw Raised(.runtime, "\(error)")
    }
}

/// A method of columns.
func columnMethod(
    _ name: String, _ parameters: [BuiltinParameter], _ summary: String, _ example: String,
    prints output: String,
    _ body: @escaping @Sendable (Series, Arguments) throws -> Value
) -> Builtin {
    Builtin(
        name, [.receiver("column")] + parameters, summary,
        examples: [Example(example, prints: output + "\n")]
    ) { a throws(Raised) in
        let series = try a.series(0)
        return try mixing { try body(series, a) }
    }
}

/// A method of frames.
func frameMethod(
    _ name: String, _ parameters: [BuiltinParameter], _ summary: String, _ example: String,
    prints output: String,
    _ body: @escaping @Sendable (Frame, Arguments) throws -> Value
) -> Builtin {
    Builtin(
        name, [.receiver("frame")] + parameters, summary,
        examples: [Example(example, prints: output + "\n")]
    ) { a throws(Raised) in
        let frame = try a.frame(0)
        return try mixing { try body(frame, a) }
    }
}

/// A table as a value's text: whoever prints it ends the line.
func withoutLastNewline(_ text: String) -> String {
    text.hasSuffix("\n") ? String(text.dropLast()) : text
}
