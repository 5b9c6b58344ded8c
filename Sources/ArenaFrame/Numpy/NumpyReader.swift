// Reads .npy and .npz files into columns: one dimension is a column, two are a matrix column. Object
// arrays are pickles, whose reading runs code: they are refused.

import ArenaCore

/// Reads a .npy file: one dimension is a column, two a matrix column; no dimension is one row.
///
/// Whole numbers become `int64`, `float16` and `float32` `float32`, other floats `float64`, fixed-width
/// text `string` (`S` holds UTF-8), `datetime64` `timestamp`. Either byte order, C and Fortran order,
/// versions 1 to 3.
/// - Throws: `FrameError.file`, `.numpy`.
/// - Complexity: O(bytes)
package func readNumpy(path: String) throws(FrameError) -> Column {
    let file: MappedFile
    do { file = try MappedFile(path) } catch { throw .file(error) }
    defer { withExtendedLifetime(file) {} }
    return try parseNumpy(file.bytes, name: path)
}

/// Reads a .npy file from memory; `name` stands for the file in errors.
/// - Throws: As `readNumpy`.
package func parseNumpy(
    _ bytes: UnsafeRawBufferPointer, name: String
) throws(FrameError) -> Column {
    do throws(NumpyProblem) {
        return try NumpyArray(bytes).column()
    } catch {
        throw .numpy(path: name, problem: error.words)
    }
}

/// Reads the arrays of a .npz file, in its order. What SciPy's `save_npz` wrote is one sparse matrix.
/// - Throws: `FrameError.file`, `.badArchive`, `.numpy`.
package func readNumpyArchive(
    path: String
) throws(FrameError) -> [(name: String, column: Column)] {
    let file: MappedFile
    do { file = try MappedFile(path) } catch { throw .file(error) }
    defer { withExtendedLifetime(file) {} }
    guard file.bytes.count >= 22, file.bytes.prefix(2).elementsEqual("PK".utf8) else {
        throw .badArchive(path: path, problem: "it is no zip archive, as .npz files are")
    }
    var columns: [(name: String, column: Column)] = []
    for member in try zipMembers(file.bytes, path: path) where member.name.hasSuffix(".npy") {
        let unpacked = try content(of: member, in: file.bytes, path: path)
        defer { withExtendedLifetime(unpacked) {} }
        let name = String(member.name.dropLast(4))
        columns.append((name, try parseNumpy(unpacked.bytes, name: "\(path) (\(name))")))
    }
    return try scipyMatrix(columns, path: path).map { [("matrix", $0)] } ?? columns
}

/// The sparse matrix that SciPy's arrays are together; nil if they are something else.
private func scipyMatrix(
    _ columns: [(name: String, column: Column)], path: String
) throws(FrameError) -> Column? {
    func part(_ name: String) -> Column? { columns.first { $0.name == name }?.column }
    func ints(_ name: String) -> [Int64]? {
        if case .int64(let values)? = part(name)?.storage { values } else { nil }
    }
    guard let format = part("format")?.text(0), let shape = ints("shape"), shape.count == 2,
        let data = part("data")
    else { return nil }
    guard format == "csr", let indices = ints("indices"), let indptr = ints("indptr") else {
        throw .numpy(
            path: path, problem: "it holds a sparse matrix of format \(format), only csr is read")
    }
    let values: SparseRows.Values
    switch data.storage {
    case .float32(let floats): values = .float32(floats)
    case .float64(let doubles): values = .float64(doubles)
    case .int64(let ints): values = .float64(ints.map(Double.init))
    case .bool(let bools): values = .float64(bools.map { $0 ? 1 : 0 })
    case .string, .turns, .ints, .floats, .matrix, .categorical, .timestamp: return nil
    }
    let columns = indices.map { Int32(exactly: $0) ?? -1 }
    guard let width = Int(exactly: shape[1]), Int(shape[0]) == indptr.count - 1,
        let rows = SparseRows(
            starts: indptr.map(Int.init), columns: columns, values: values, width: width)
    else {
        throw .numpy(
            path: path,
            problem: "its sparse matrix is broken, or its indices are not sorted (sort_indices())")
    }
    return Column(.matrix(MatrixStorage(.sparse(rows), count: rows.count, width: width)))
}

/// One array in a file.
private struct NumpyArray {
    let header: NumpyHeader
    let data: UnsafeRawBufferPointer
    private let type: NumpyType

    init(_ bytes: UnsafeRawBufferPointer) throws(NumpyProblem) {
        header = try NumpyHeader(bytes)
        type = try NumpyType(header.descr)
        data = UnsafeRawBufferPointer(rebasing: bytes[header.dataStart...])
        guard header.shape.count <= 2 else { throw .shape(header.shape) }
        var size = type.size
        for side in header.shape {
            let (product, over) = size.multipliedReportingOverflow(by: side)
            if over { throw .header("its shape is larger than any memory") }
            size = product
        }
        // A file may be longer than its array, not shorter. Arrays without bytes have their rows
        // for nothing, so those are bounded too.
        guard size <= data.count else { throw .tooShort(expected: size, found: data.count) }
        let rows = header.shape.first ?? 1
        guard size > 0 || rows <= 1 << 20 else { throw .shape(header.shape) }
    }

    func column() throws(NumpyProblem) -> Column {
        header.shape.count == 2 ? try matrix() : try vector(header.shape.first ?? 1)
    }

    private func vector(_ count: Int) throws(NumpyProblem) -> Column {
        switch type.kind {
        case .bool: return Column((0..<count).map { data[$0] != 0 })
        case .signed, .unsigned:
            var values: [Int64] = []
            values.reserveCapacity(count)
            for at in 0..<count {
                let bits = type.bits(data, at)
                guard type.kind == .signed || bits <= UInt64(Int64.max) else {
                    throw .value(row: at, what: "\(bits) does not fit int64")
                }
                values.append(type.signed(bits))
            }
            return Column(values)
        case .float where type.size <= 4:
            return Column((0..<count).map { Float(type.float(data, $0)) })
        case .float: return Column((0..<count).map { type.float(data, $0) })
        case .time(let numerator, let divisor):
            return try times(count, numerator, divisor)
        case .unicode, .bytes: return try texts(count)
        }
    }

    private func matrix() throws(NumpyProblem) -> Column {
        let (rows, width) = (header.shape[0], header.shape[1])
        func at(_ row: Int, _ column: Int) -> Int {
            header.isFortran ? column * rows + row : row * width + column
        }
        switch type.kind {
        case .unicode, .bytes, .time:
            throw .type("\(header.descr) in two dimensions (a matrix holds numbers)")
        case .float where type.size <= 4:
            var values: [Float] = []
            values.reserveCapacity(rows * width)
            for row in 0..<rows {
                for column in 0..<width { values.append(Float(type.float(data, at(row, column)))) }
            }
            return Column(.matrix(MatrixStorage(.float32(values), count: rows, width: width)))
        case .bool, .signed, .unsigned, .float:
            var values: [Double] = []
            values.reserveCapacity(rows * width)
            for row in 0..<rows {
                for column in 0..<width {
                    guard let value = type.exactDouble(data, at(row, column)) else {
                        throw .value(row: row, what: "a whole number that float64 does not hold")
                    }
                    values.append(value)
                }
            }
            return Column(.matrix(MatrixStorage(.float64(values), count: rows, width: width)))
        }
    }

    private func times(
        _ count: Int, _ numerator: Int64, _ divisor: Int64
    ) throws(NumpyProblem) -> Column {
        var values: [Int64] = []
        var validity = Validity(repeating: true, count: count)
        for at in 0..<count {
            let raw = type.signed(type.bits(data, at))
            if raw == .min {  // NaT
                validity[at] = false
                values.append(0)
                continue
            }
            let (product, over) = raw.multipliedReportingOverflow(by: numerator)
            if over { throw .value(row: at, what: "a time outside the years that int64 holds") }
            // Towards the past, so that times before 1970 keep their order.
            let quotient = product / divisor
            values.append(product % divisor < 0 ? quotient - 1 : quotient)
        }
        return Column(.timestamp(values), validity: validity)
    }

    private func texts(_ count: Int) throws(NumpyProblem) -> Column {
        var builder = TextBuilder()
        var bytes: [UInt8] = []
        for row in 0..<count {
            bytes.removeAll(keepingCapacity: true)
            let start = row * type.size
            if type.kind == .bytes {
                bytes += data[start..<start + type.size]
                while bytes.last == 0 { bytes.removeLast() }
                let bad = bytes.withUnsafeBytes { firstInvalidUTF8($0) }
                if bad != nil { throw .value(row: row, what: "bytes that are not UTF-8") }
            } else {
                var units = (0..<type.size / 4).map { type.unit(data, start + $0 * 4) }
                while units.last == 0 { units.removeLast() }
                for unit in units {
                    guard Unicode.Scalar(unit) != nil else {
                        throw .value(row: row, what: "a character that is none")
                    }
                    appendUTF8(unit, to: &bytes)
                }
            }
            let failure = bytes.withUnsafeBytes { raw -> FrameError? in
                do throws(FrameError) { try builder.append(raw) } catch { return error }
                return nil
            }
            if failure != nil { throw .header("no memory for its text") }
        }
        return Column(.string(builder.finish()))
    }
}

/// The type of an array's elements.
private struct NumpyType {
    enum Kind: Equatable {
        case bool, signed, unsigned, float, unicode, bytes
        /// Microseconds are the number times the first divided by the second.
        case time(Int64, Int64)
    }

    var kind: Kind
    /// Bytes of an element.
    var size: Int
    private var isBigEndian: Bool

    init(_ descr: String) throws(NumpyProblem) {
        let text = Array(descr.utf8)
        guard text.count >= 2 else { throw .type(descr) }
        let hasOrder = [UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "|"), UInt8(ascii: "=")]
            .contains(text[0])
        isBigEndian = text[0] == UInt8(ascii: ">")
        let rest = text[(hasOrder ? 1 : 0)...]
        guard let letter = rest.first else { throw .type(descr) }
        if letter == UInt8(ascii: "O") { throw .objects }
        let digits = rest.dropFirst().prefix { $0 >= 48 && $0 <= 57 }
        let unit = String(decoding: rest.dropFirst(1 + digits.count), as: UTF8.self)
        guard let count = Int(String(decoding: digits, as: UTF8.self)), count < 1 << 30 else {
            throw .type(descr)
        }
        size = count
        switch (letter, count) {
        case (UInt8(ascii: "b"), 1), (UInt8(ascii: "?"), 1): kind = .bool
        case (UInt8(ascii: "i"), 1), (UInt8(ascii: "i"), 2), (UInt8(ascii: "i"), 4),
            (UInt8(ascii: "i"), 8):
            kind = .signed
        case (UInt8(ascii: "u"), 1), (UInt8(ascii: "u"), 2), (UInt8(ascii: "u"), 4),
            (UInt8(ascii: "u"), 8):
            kind = .unsigned
        case (UInt8(ascii: "f"), 2), (UInt8(ascii: "f"), 4), (UInt8(ascii: "f"), 8): kind = .float
        case (UInt8(ascii: "U"), _):
            kind = .unicode
            size = count * 4
        case (UInt8(ascii: "S"), _), (UInt8(ascii: "a"), _): kind = .bytes
        case (UInt8(ascii: "M"), 8):
            guard let scale = Self.timeUnits[unit] else { throw .type(descr) }
            kind = .time(scale.0, scale.1)
            return
        default: throw .type(descr)
        }
        guard unit.isEmpty else { throw .type(descr) }
    }

    private static let timeUnits: [String: (Int64, Int64)] = [
        "[ns]": (1, 1000), "[us]": (1, 1), "[ms]": (1000, 1), "[s]": (1_000_000, 1),
        "[m]": (60_000_000, 1), "[h]": (3_600_000_000, 1), "[D]": (86_400_000_000, 1),
    ]

    /// An element's bytes as a number.
    @inline(__always)
    func bits(_ data: UnsafeRawBufferPointer, _ at: Int) -> UInt64 {
        var bits: UInt64 = 0
        for k in 0..<size {
            let byte = UInt64(data[at * size + (isBigEndian ? size - 1 - k : k)])
            bits |= byte << UInt64(8 * k)
        }
        return bits
    }

    func unit(_ data: UnsafeRawBufferPointer, _ offset: Int) -> UInt32 {
        (0..<4).reduce(0) {
            $0 | UInt32(data[offset + $1]) << UInt32(8 * (isBigEndian ? 3 - $1 : $1))
        }
    }

    /// A number of `size` bytes with its sign.
    func signed(_ bits: UInt64) -> Int64 {
        guard kind != .unsigned else { return Int64(truncatingIfNeeded: bits) }
        switch size {
        case 1: return Int64(Int8(truncatingIfNeeded: bits))
        case 2: return Int64(Int16(truncatingIfNeeded: bits))
        case 4: return Int64(Int32(truncatingIfNeeded: bits))
        default: return Int64(truncatingIfNeeded: bits)
        }
    }

    func float(_ data: UnsafeRawBufferPointer, _ at: Int) -> Double {
        let bits = bits(data, at)
        switch size {
        case 2: return halfFloat(UInt16(truncatingIfNeeded: bits))
        case 4: return Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
        default: return Double(bitPattern: bits)
        }
    }

    /// A number as a double; nil if it does not hold it.
    func exactDouble(_ data: UnsafeRawBufferPointer, _ at: Int) -> Double? {
        switch kind {
        case .float: return float(data, at)
        case .bool: return bits(data, at) != 0 ? 1 : 0
        case .unsigned: return Double(exactly: bits(data, at))
        case .signed: return Double(exactly: signed(bits(data, at)))
        case .unicode, .bytes, .time: return nil
        }
    }
}

/// The number that 16 bits of IEEE 754 stand for.
func halfFloat(_ bits: UInt16) -> Double {
    let sign: Double = bits >> 15 == 1 ? -1 : 1
    let (exponent, mantissa) = (Int(bits >> 10 & 31), Double(bits & 1023))
    switch exponent {
    case 0: return sign * mantissa * 0x1p-24
    case 31: return mantissa == 0 ? sign * .infinity : .nan
    default:
        return sign * (1 + mantissa / 1024)
            * Double(sign: .plus, exponent: exponent - 15, significand: 1)
    }
}
