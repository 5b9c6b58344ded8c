// A text as a cell of a CSV file (RFC 4180), for all modules that write such files.

/// Appends a text as a cell, in quotes if it needs them.
///
/// Empty and blank text is quoted too: without quotes it would be missing, or a blank line.
package func appendCSVCell(
    _ text: UnsafeRawBufferPointer, delimiter: UInt8 = UInt8(ascii: ","), to bytes: inout [UInt8]
) {
    let quote = UInt8(ascii: "\"")
    var needsQuotes = false
    var isBlank = true
    for byte in text {
        needsQuotes = needsQuotes || byte == delimiter || byte == quote || byte == 10 || byte == 13
        isBlank = isBlank && (byte == 32 || byte == 9)
    }
    guard needsQuotes || isBlank else {
        bytes.append(contentsOf: text)
        return
    }
    bytes.append(quote)
    for byte in text {
        if byte == quote { bytes.append(quote) }
        bytes.append(byte)
    }
    bytes.append(quote)
}

/// Appends a text as a cell, in quotes if it needs them.
package func appendCSVCell(
    _ text: String, delimiter: UInt8 = UInt8(ascii: ","), to bytes: inout [UInt8]
) {
    var copy = text
    copy.withUTF8 { appendCSVCell(UnsafeRawBufferPointer($0), delimiter: delimiter, to: &bytes) }
}
