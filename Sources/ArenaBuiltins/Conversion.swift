// Script values to columns and back.

import ArenaCore
import ArenaFrame
import ArenaLanguage

/// A column of values: all numbers, all text or all truth values; None is missing.
func column(ofItems items: [Value], named name: String) throws(Raised) -> Column {
    var strings: [String] = []
    var doubles: [Double] = []
    var ints: [Int64] = []
    var bools: [Bool] = []
    var present: [Bool] = []
    for item in items {
        present.append(!item.isNone)
        if item.isNone {
            strings.append("")
            doubles.append(0)
            ints.append(0)
            bools.append(false)
        } else if let s = item.asString {
            strings.append(s)
        } else if let b = item.asBool {
            bools.append(b)
        } else if let x = item.asDouble {
            doubles.append(x)
            if let n = item.asInt { ints.append(Int64(n)) }
        }
    }
    let validity = present.allSatisfy { $0 } ? nil : Validity(present)
    let count = present.count
    if ints.count == count { return Column(.int64(ints), validity: validity) }
    if doubles.count == count { return Column(.float64(doubles), validity: validity) }
    if bools.count == count { return Column(.bool(bools), validity: validity) }
    if strings.count == count {
        let texts = try raising { () throws(FrameError) in try TextStorage(strings) }
        return Column(.string(texts), validity: validity)
    }
    throw Raised(
        .type, "the values of column '\(name)' are of several types",
        help: "make them all numbers, all text or all truth values; None is missing")
}

/// One cell as a script value, owned.
func cell(_ column: Column, _ row: Int) -> Value {
    if column.isMissing(row) { return .none }
    switch column.storage {
    case .bool(let v): return .bool(v[row])
    case .int64(let v): return .int(Int(v[row]))
    case .float64(let v): return .float(v[row])
    case .float32(let v): return .float(Double(v[row]))
    case .string(let v): return .string(v.string(at: row))
    case .turns(let v):
        return .list(v.strings(at: row).map { $0.map { .string($0) } ?? Value.none })
    }
}

extension Arguments {
    func frame(_ i: Int) throws(Raised) -> Frame { try host(i, FrameValue.self, "frame").frame }
    func series(_ i: Int) throws(Raised) -> Series {
        try host(i, SeriesValue.self, "column").series
    }
}

/// A frame as an owned script value.
func value(_ frame: Frame) -> Value { .host(FrameValue(frame)) }

/// A column as an owned script value.
func value(_ series: Series) -> Value { .host(SeriesValue(series)) }

/// Runs code that throws the frame module's errors.
func framing<T>(_ body: () throws(FrameError) -> T) throws(Raised) -> T { try raising(body) }

/// A table as a value's text: whoever prints it ends the line.
func withoutLastNewline(_ text: String) -> String {
    text.hasSuffix("\n") ? String(text.dropLast()) : text
}
