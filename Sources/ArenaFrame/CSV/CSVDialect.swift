// What the first rows of a CSV file say about how it is written: the delimiter and the quote.

import ArenaCore
import Glibc

private let comma = UInt8(ascii: ",")
private let usual = ArenaFrame.quote
private let apostrophe = UInt8(ascii: "'")

extension CSVOptions {
    private static let sampleBytes = 64 << 10
    private static let sampleRows = 16

    /// The delimiter that a file's first lines speak for: a comma, unless another one stands equally
    /// often in each of them and a comma does not.
    static func likelyDelimiter(
        _ bytes: UnsafeRawBufferPointer, path: String, quote: UInt8
    ) -> UInt8 {
        if path.hasSuffix(".tsv") || path.hasSuffix(".tsv.gz") { return tab }
        let candidates = [comma, tab, UInt8(ascii: ";"), UInt8(ascii: "|")]
        var lines: [[Int]] = []
        var counts = [0, 0, 0, 0]
        var isInside = false
        var isEmpty = true
        for byte in bytes.prefix(sampleBytes) {
            if byte == quote { isInside.toggle() }
            if byte == lineFeed, !isInside {
                if !isEmpty { lines.append(counts) }
                counts = [0, 0, 0, 0]
                isEmpty = true
                if lines.count == sampleRows { break }
                continue
            }
            isEmpty = false
            if !isInside, let at = candidates.firstIndex(of: byte) { counts[at] += 1 }
        }
        if lines.isEmpty { lines.append(counts) }
        let steady = candidates.indices.filter { at in
            lines[0][at] > 0 && lines.allSatisfy { $0[at] == lines[0][at] }
        }
        if steady.isEmpty || steady.contains(0) { return comma }
        return candidates[steady.max { lines[0][$0] < lines[0][$1] } ?? 0]
    }

    /// The quote that a file's first rows speak for: `"`, unless no cell begins with it, every cell that
    /// begins with an apostrophe ends with one, and either a whole column is enclosed so or the rows
    /// have one length only if it encloses.
    static func likelyQuote(
        _ bytes: UnsafeRawBufferPointer, path: String, delimiter: UInt8?
    ) -> UInt8 {
        let sample = UnsafeRawBufferPointer(rebasing: bytes.prefix(sampleBytes))
        guard let base = sample.baseAddress, memchr(base, Int32(apostrophe), sample.count) != nil
        else { return usual }
        func rows(_ quote: UInt8) -> [[CSVCell]]? {
            let own = delimiter ?? likelyDelimiter(sample, path: path, quote: quote)
            var scanner = CSVScanner(sample, delimiter: own, quote: quote, from: 0)
            var rows: [[CSVCell]] = []
            while rows.count < sampleRows, scanner.position < sample.count {
                do throws(CSVProblem) {
                    let row = try scanner.nextRow(limit: 1000)
                    if !row.isEmpty { rows.append(row) }
                } catch .unterminated {
                    // The row that the sample cuts may be open, no other.
                    return sample.count < bytes.count ? rows : nil
                } catch {
                    return nil
                }
            }
            // What is left of the last row says nothing.
            if sample.count < bytes.count, scanner.position >= sample.count { _ = rows.popLast() }
            return rows
        }
        guard let enclosed = rows(apostrophe), let plain = rows(0xFF), enclosed.count > 1 else {
            return usual
        }
        let cells = enclosed.joined()
        let beginsOtherwise = plain.joined().contains {
            $0.length > 0 && sample[$0.offset] == usual
        }
        func isSteady(_ rows: [[CSVCell]]) -> Bool { rows.allSatisfy { $0.count == rows[0].count } }
        guard !beginsOtherwise, isSteady(enclosed), cells.count(where: \.isQuoted) > 1 else {
            return usual
        }
        let hasColumn = enclosed[0].indices.contains { column in
            enclosed.dropFirst().allSatisfy { $0[column].isQuoted || $0[column].length == 0 }
                && enclosed.dropFirst().count(where: { $0[column].isQuoted }) > 1
        }
        return hasColumn || !isSteady(plain) ? apostrophe : usual
    }
}
