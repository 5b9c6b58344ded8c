// Values as bytes: what a cached function gives, to be kept in the journal. Plain values, and frames and
// columns of numbers, truth values and text.

import ArenaCore
import ArenaFrame
import ArenaLanguage

private enum Tag: UInt8 {
    case none, yes, no, int, float, text, list, tuple, dict, frame, series
}

private enum ColumnTag: UInt8 { case bool, int64, float64, float32, string }

/// Writes values.
struct ValueWriter {
    private(set) var bytes: [UInt8] = []

    mutating func int(_ n: Int) {
        withUnsafeBytes(of: Int64(n).littleEndian) { bytes += $0 }
    }

    mutating func text(_ text: String) {
        int(text.utf8.count)
        bytes += text.utf8
    }

    private mutating func tag(_ tag: Tag) { bytes.append(tag.rawValue) }

    /// - Throws: a type error for values that cannot be kept.
    mutating func value(_ v: Value, _ machine: Machine) throws(Raised) {
        if v.isNone { return tag(.none) }
        if let truth = v.asBool { return tag(truth ? .yes : .no) }
        if let n = v.asInt {
            tag(.int)
            return int(n)
        }
        if let s = v.asString, v.isText {
            tag(.text)
            return text(s)
        }
        if v.isNumber, let x = v.asDouble {
            tag(.float)
            return int(Int(bitPattern: UInt(x.bitPattern)))
        }
        if v.isList || v.isTuple, let items = v.items {
            tag(v.isList ? .list : .tuple)
            int(items.count)
            for item in items { try value(item, machine) }
            return
        }
        if v.isDict, let items = v.dictItems {
            tag(.dict)
            int(items.count)
            for (key, item) in items {
                try value(key, machine)
                try value(item, machine)
            }
            return
        }
        if let frame = (v.asHost as? FrameValue)?.frame {
            tag(.frame)
            try key(frame.key)
            int(frame.columns.count)
            for (name, column) in zip(frame.names, frame.columns) {
                text(name)
                try self.column(column)
            }
            return
        }
        if let series = (v.asHost as? SeriesValue)?.series {
            tag(.series)
            text(series.name)
            try key(series.key)
            return try column(series.column)
        }
        throw unkept(v.typeWithArticle)
    }

    private func unkept(_ what: String) -> Raised {
        Raised(
            .type, "a cached function cannot give \(what): the journal does not keep it",
            help: "numbers, text, lists, tuples, dicts, and frames of numbers and text are kept")
    }

    private mutating func key(_ key: FrameKey?) throws(Raised) {
        bytes.append(key == nil ? 0 : 1)
        guard let key else { return }
        text(key.name)
        try column(key.column)
    }

    private mutating func column(_ column: Column) throws(Raised) {
        func tag(_ tag: ColumnTag) { bytes.append(tag.rawValue) }
        let count = column.count
        switch column.storage {
        case .bool(let values):
            tag(.bool)
            int(count)
            bytes += values.map { $0 ? 1 : 0 }
        case .int64(let values):
            tag(.int64)
            int(count)
            for value in values { int(Int(value)) }
        case .float64(let values):
            tag(.float64)
            int(count)
            for value in values { int(Int(bitPattern: UInt(value.bitPattern))) }
        case .float32(let values):
            tag(.float32)
            int(count)
            for value in values {
                withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes += $0 }
            }
        case .string(let texts):
            tag(.string)
            int(count)
            for row in 0..<count {
                int(texts.byteCount(at: row))
                texts.withBytes(at: row) { bytes += $0 }
            }
        case .turns, .ints, .floats, .matrix, .categorical, .timestamp:
            throw unkept("a column of \(column.type.rawValue)")
        }
        bytes.append(column.missingCount > 0 ? 1 : 0)
        if column.missingCount > 0 {
            bytes += (0..<count).map { column.isMissing($0) ? 0 : 1 }
        }
    }
}

/// Reads what `ValueWriter` wrote; nil for anything else.
struct ValueReader {
    private let bytes: [UInt8]
    private var at = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    private mutating func byte() -> UInt8? {
        guard at < bytes.count else { return nil }
        defer { at += 1 }
        return bytes[at]
    }

    private mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
        guard count >= 0, count <= bytes.count - at else { return nil }
        defer { at += count }
        return bytes[at..<at + count]
    }

    mutating func int() -> Int? {
        guard let own = take(8) else { return nil }
        return Int(own.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }.asSigned)
    }

    mutating func text() -> String? {
        guard let count = int(), let own = take(count) else { return nil }
        return String(decoding: own, as: UTF8.self)
    }

    private mutating func count(of size: Int) -> Int? {
        guard let n = int(), n >= 0, n <= (bytes.count - at) / size else { return nil }
        return n
    }

    /// The value, owned.
    mutating func value() -> Value? {
        guard let tag = byte().flatMap(Tag.init(rawValue:)) else { return nil }
        switch tag {
        case .none: return Value.none
        case .yes: return .bool(true)
        case .no: return .bool(false)
        case .int: return int().map { .int($0) }
        case .float: return int().map { .float(Double(bitPattern: UInt64(bitPattern: Int64($0)))) }
        case .text: return text().map { .string($0) }
        case .list, .tuple:
            guard let count = self.count(of: 1) else { return nil }
            var items: [Value] = []
            for _ in 0..<count {
                guard let item = value() else {
                    for item in items { item.release() }
                    return nil
                }
                items.append(item)
            }
            return tag == .list ? .list(items) : .tuple(items)
        case .dict:
            guard let count = self.count(of: 2) else { return nil }
            let dict = Value.dict()
            for _ in 0..<count {
                guard let key = self.value(), let item = self.value(),
                    (try? dict.setEntry(key, item)) != nil
                else {
                    dict.release()
                    return nil
                }
                key.release()
                item.release()
            }
            return dict
        case .frame: return frame()
        case .series:
            var key: FrameKey?
            guard let name = text(), readKey(&key), let column = self.column(),
                let series = try? Series(name: name, column: column, key: key)
            else { return nil }
            return .host(SeriesValue(series))
        }
    }

    private mutating func frame() -> Value? {
        var key: FrameKey?
        guard readKey(&key), let columnCount = count(of: 9) else { return nil }
        var names: [String] = []
        var columns: [Column] = []
        for _ in 0..<columnCount {
            guard let name = text(), let column = self.column() else { return nil }
            names.append(name)
            columns.append(column)
        }
        guard let frame = try? Frame(names: names, columns: columns, key: key) else {
            return nil
        }
        return .host(FrameValue(frame))
    }

    /// Reads a frame's key, if it has one.
    private mutating func readKey(_ key: inout FrameKey?) -> Bool {
        guard let has = byte() else { return false }
        if has == 0 { return true }
        guard let name = text(), let column = self.column() else { return false }
        key = try? FrameKey(name: name, column: column)
        return key != nil
    }

    private mutating func column() -> Column? {
        guard let tag = byte().flatMap(ColumnTag.init(rawValue:)) else { return nil }
        let storage: ColumnStorage
        switch tag {
        case .bool:
            guard let count = self.count(of: 1), let own = take(count) else { return nil }
            storage = .bool(own.map { $0 != 0 })
        case .int64, .float64:
            guard let count = self.count(of: 8) else { return nil }
            let numbers = (0..<count).map { _ in Int64(int() ?? 0) }
            storage =
                tag == .int64
                ? .int64(numbers)
                : .float64(numbers.map { Double(bitPattern: UInt64(bitPattern: $0)) })
        case .float32:
            guard let count = self.count(of: 4), let own = take(4 * count) else { return nil }
            storage = .float32(
                (0..<count).map { i in
                    let start = own.startIndex + 4 * i
                    let bits = own[start..<start + 4].reversed().reduce(UInt32(0)) {
                        $0 << 8 | UInt32($1)
                    }
                    return Float(bitPattern: bits)
                })
        case .string:
            guard let count = self.count(of: 8) else { return nil }
            var texts: [String] = []
            for _ in 0..<count {
                guard let text = self.text() else { return nil }
                texts.append(text)
            }
            guard let made = try? TextStorage(texts) else { return nil }
            storage = .string(made)
        }
        guard let hasMissing = byte() else { return nil }
        if hasMissing == 0 { return Column(storage) }
        guard let present = take(storage.count) else { return nil }
        return Column(storage, validity: Validity(present.map { $0 != 0 }))
    }
}

extension UInt64 {
    fileprivate var asSigned: Int64 { Int64(bitPattern: self) }
}
