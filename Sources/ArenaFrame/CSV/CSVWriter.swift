// Writes a frame as CSV: RFC 4180 with LF, quotes only where a cell needs them, the file there whole
// or not at all. What is written reads back the same, but for text that looks like numbers.

import ArenaCore

/// Writes a frame as a CSV file, the key first.
///
/// A missing cell is empty, an empty text is `""`. Numbers are the shortest that read back the same,
/// truth values `True` and `False`, turns a JSON array.
/// - Throws: `FrameError.file`; the file that was there stays as it was then.
/// - Complexity: O(cells)
package func writeCSV(
    _ frame: Frame, path: String, delimiter: UInt8 = UInt8(ascii: ",")
) throws(FrameError) {
    let encoder = CSVEncoder(frame, delimiter: delimiter)
    do throws(FileError) {
        let file = try AtomicFile(path)
        try file.write(encoder.header())
        var from = 0
        while from < frame.rowCount {
            let to = min(from + 1024, frame.rowCount)
            try file.write(encoder.rows(from..<to))
            from = to
        }
        try file.commit()
    } catch { throw .file(error) }
}

/// The bytes of a frame as CSV.
package func encodeCSV(_ frame: Frame, delimiter: UInt8 = UInt8(ascii: ",")) -> [UInt8] {
    let encoder = CSVEncoder(frame, delimiter: delimiter)
    return encoder.header() + encoder.rows(0..<frame.rowCount)
}

private struct CSVEncoder {
    let names: [String]
    let columns: [Column]
    let delimiter: UInt8

    init(_ frame: Frame, delimiter: UInt8) {
        names = frame.knownNames
        columns = (frame.key.map { [$0.column] } ?? []) + frame.columns
        self.delimiter = delimiter
    }

    func header() -> [UInt8] {
        var bytes: [UInt8] = []
        for (at, name) in names.enumerated() {
            if at > 0 { bytes.append(delimiter) }
            appendCSVCell(name, delimiter: delimiter, to: &bytes)
        }
        if !names.isEmpty { bytes.append(lineFeed) }
        return bytes
    }

    func rows(_ rows: Range<Int>) -> [UInt8] {
        var bytes: [UInt8] = []
        if columns.isEmpty { return bytes }
        for row in rows {
            for (at, column) in columns.enumerated() {
                if at > 0 { bytes.append(delimiter) }
                appendCell(column, row, to: &bytes)
            }
            bytes.append(lineFeed)
        }
        return bytes
    }

    private func appendCell(_ column: Column, _ row: Int, to bytes: inout [UInt8]) {
        if column.isMissing(row) {
            // The only cell of a row must not leave a blank line, which is no row.
            if columns.count == 1 { bytes += [quote, quote] }
            return
        }
        switch column.storage {
        case .bool(let values): bytes += values[row] ? Array("True".utf8) : Array("False".utf8)
        case .int64(let values): bytes += values[row].description.utf8
        case .float64(let values): bytes += values[row].description.utf8
        case .float32(let values): bytes += values[row].description.utf8
        case .string(let texts):
            texts.withBytes(at: row) { appendCSVCell($0, delimiter: delimiter, to: &bytes) }
        case .turns(let lists):
            var cell: [UInt8] = []
            appendJSON(lists, row: row, to: &cell)
            cell.withUnsafeBytes { appendCSVCell($0, delimiter: delimiter, to: &bytes) }
        case .ints, .floats, .matrix, .categorical, .timestamp:
            appendCSVCell(column.text(row) ?? "", delimiter: delimiter, to: &bytes)
        }
    }
}

/// Appends a row of turns as a JSON array.
func appendJSON(_ lists: ListStorage, row: Int, to bytes: inout [UInt8]) {
    var result = bytes
    bytes = []
    var isFirst = true
    result.append(UInt8(ascii: "["))
    lists.forEachTurn(at: row) { turn in
        if !isFirst { result.append(UInt8(ascii: ",")) }
        isFirst = false
        guard let turn else {
            result += "null".utf8
            return
        }
        result.append(quote)
        for byte in turn { appendEscaped(byte, to: &result) }
        result.append(quote)
    }
    result.append(UInt8(ascii: "]"))
    bytes = result
}

private func appendEscaped(_ byte: UInt8, to bytes: inout [UInt8]) {
    switch byte {
    case quote, backslash: bytes += [backslash, byte]
    case 10: bytes += "\\n".utf8
    case 13: bytes += "\\r".utf8
    case 9: bytes += "\\t".utf8
    case 0..<32: bytes += "\\u00\(byte < 16 ? "0" : "")\(String(byte, radix: 16))".utf8
    default: bytes.append(byte)
    }
}
