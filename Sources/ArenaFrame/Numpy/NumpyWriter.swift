// Writes columns as .npy and .npz files that NumPy (and, for sparse matrices, SciPy) reads without
// pickles.

import ArenaCore
import CZlib

/// Writes a column as a .npy file, whole or not at all.
/// - Throws: `FrameError.file`; `.columnType` for lists, `.argument` where missing rows have no value to
///   stand for them.
package func writeNumpy(_ series: Series, path: String) throws(FrameError) {
    let bytes = try numpyBytes(series)
    do throws(FileError) {
        let file = try AtomicFile(path)
        try file.write(bytes)
        try file.commit()
    } catch { throw .file(error) }
}

/// Writes columns as the arrays of a .npz file, stored as they are; a single sparse matrix as SciPy's
/// `save_npz` does.
/// - Throws: As `writeNumpy`; `FrameError.argument` from 4 GiB on.
package func writeNumpyArchive(_ columns: [Series], path: String) throws(FrameError) {
    var archive = ZipWriter()
    if columns.count == 1, case .matrix(let matrix) = columns[0].column.storage,
        case .sparse(let rows) = matrix.numbers
    {
        for part in scipyParts(matrix, rows) { try archive.add(part.0 + ".npy", part.1) }
    } else {
        for series in columns { try archive.add(series.name + ".npy", try numpyBytes(series)) }
    }
    let bytes = archive.finish()
    do throws(FileError) {
        let file = try AtomicFile(path)
        try file.write(bytes)
        try file.commit()
    } catch { throw .file(error) }
}

/// A column as a .npy file. Missing floats are NaN, missing times NaT, missing text is empty.
func numpyBytes(_ series: Series) throws(FrameError) -> [UInt8] {
    let column = series.column
    let rows = column.count
    func header(_ descr: String, _ shape: [Int]) -> [UInt8] {
        NumpyHeader(descr: descr, shape: shape).bytes
    }
    func whole() throws(FrameError) {
        if column.missingCount > 0 {
            throw .argument(
                verb: "write_npy",
                message: "'\(series.name)' misses \(column.missingCount) rows, and "
                    + "\(column.type.rawValue) has no value for them",
                help: "fillna() first, or astype(\"float64\"), where they are NaN")
        }
    }
    switch column.storage {
    case .bool(let values):
        try whole()
        return header("|b1", [rows]) + values.map { $0 ? 1 : 0 }
    case .int64(let values):
        try whole()
        return header("<i8", [rows]) + littleEndian(values)
    case .float64: return header("<f8", [rows]) + littleEndian(column.doubles ?? [])
    case .float32:
        let floats = (column.doubles ?? []).map(Float.init)
        return header("<f4", [rows]) + littleEndian(floats)
    case .timestamp(let times):
        let values = times.indices.map { column.isMissing($0) ? Int64.min : times[$0] }
        return header("<M8[us]", [rows]) + littleEndian(values)
    case .string, .categorical:
        let texts = try series.texts(for: "write_npy")
        var units: [[UInt32]] = []
        for row in 0..<rows {
            units.append(
                column.isMissing(row) ? [] : texts.string(at: row).unicodeScalars.map(\.value))
        }
        let width = max(1, units.reduce(0) { max($0, $1.count) })
        // One long text makes every row as long.
        let size = rows.multipliedReportingOverflow(by: width * 4)
        guard !size.overflow, size.partialValue < 1 << 34 else {
            throw .argument(
                verb: "write_npy",
                message: "'\(series.name)' would take \(width * 4) bytes a row: NumPy's text has "
                    + "one width", help: "write it as CSV or JSON instead")
        }
        var bytes = header("<U\(width)", [rows])
        bytes.reserveCapacity(bytes.count + size.partialValue)
        for row in units {
            bytes += littleEndian(row + [UInt32](repeating: 0, count: width - row.count))
        }
        return bytes
    case .matrix(let matrix):
        try whole()
        let shape = [rows, matrix.width]
        switch matrix.numbers {
        case .float32(let floats): return header("<f4", shape) + littleEndian(floats)
        case .float64(let doubles): return header("<f8", shape) + littleEndian(doubles)
        case .sparse:
            throw .argument(
                verb: "write_npy", message: "'\(series.name)' is a sparse matrix",
                help: "write_npz({\"matrix\": m}, path) writes it as SciPy does, or m.to_dense()")
        }
    case .turns, .ints, .floats:
        throw .columnType(
            verb: "write_npy", column: series.name,
            needed: "rows of one width (matrix() makes them of lists)", found: column.type)
    }
}

/// The arrays that SciPy's `save_npz` keeps a CSR matrix in.
private func scipyParts(_ matrix: MatrixStorage, _ rows: SparseRows) -> [(String, [UInt8])] {
    var starts: [Int64] = [0]
    var places: [Int32] = []
    var doubles: [Double] = []
    for row in 0..<rows.count {
        rows.forEach(in: row) { column, value in
            places.append(Int32(column))
            doubles.append(value)
        }
        starts.append(Int64(places.count))
    }
    let shape = littleEndian([Int64(matrix.count), Int64(matrix.width)])
    let data =
        rows.isFloat32
        ? NumpyHeader(descr: "<f4", shape: [doubles.count]).bytes
            + littleEndian(doubles.map(Float.init))
        : NumpyHeader(descr: "<f8", shape: [doubles.count]).bytes + littleEndian(doubles)
    // SciPy wants both kinds of indices of one type.
    let wide = places.count > Int(Int32.max)
    let indices = wide ? littleEndian(places.map(Int64.init)) : littleEndian(places)
    let indptr = wide ? littleEndian(starts) : littleEndian(starts.map { Int32($0) })
    let type = wide ? "<i8" : "<i4"
    return [
        ("indices", NumpyHeader(descr: type, shape: [places.count]).bytes + indices),
        ("indptr", NumpyHeader(descr: type, shape: [starts.count]).bytes + indptr),
        ("format", NumpyHeader(descr: "|S3", shape: []).bytes + Array("csr".utf8)),
        ("shape", NumpyHeader(descr: "<i8", shape: [2]).bytes + shape),
        ("data", data),
    ]
}

/// The bytes of numbers as this machine has them: it is a little-endian one.
private func littleEndian<T: BitwiseCopyable>(_ values: [T]) -> [UInt8] {
    values.withUnsafeBytes { Array($0) }
}

/// A zip archive of stored members (APPNOTE 6.3), in memory.
struct ZipWriter {
    private var bytes: [UInt8] = []
    private var directory: [UInt8] = []
    private var count = 0

    /// - Throws: `FrameError.argument` where 32 bits no longer hold the sizes.
    mutating func add(_ name: String, _ content: [UInt8]) throws(FrameError) {
        let offset = bytes.count
        guard offset + content.count + (1 << 20) < Int(UInt32.max), count < 0xFFFE else {
            throw .argument(
                verb: "write_npz", message: "the archive would be over 4 GiB",
                help: "write several, or a .npy file for each array")
        }
        let crc = content.withUnsafeBufferPointer { arena_crc32($0.baseAddress, $0.count) }
        let name = Array(name.utf8)
        // Version 2.0, UTF-8 names, stored, 1980-01-01.
        let common =
            number(20, 2) + number(0x0800, 2) + number(0, 2) + number(0, 2) + number(0x21, 2)
            + number(Int(crc), 4) + number(content.count, 4) + number(content.count, 4)
            + number(name.count, 2) + number(0, 2)
        bytes += number(0x0403_4B50, 4) + common + name
        bytes += content
        directory += number(0x0201_4B50, 4) + number(20, 2) + common + number(0, 2) + number(0, 2)
        directory += number(0, 2) + number(0, 4) + number(offset, 4) + name
        count += 1
    }

    consuming func finish() -> [UInt8] {
        let start = bytes.count
        bytes += directory
        bytes += number(0x0605_4B50, 4) + number(0, 4) + number(count, 2) + number(count, 2)
        bytes += number(directory.count, 4) + number(start, 4) + number(0, 2)
        return bytes
    }

    private func number(_ value: Int, _ width: Int) -> [UInt8] {
        (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
}
