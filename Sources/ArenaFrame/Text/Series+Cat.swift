// Texts of several columns put together row by row.

extension Series {
    /// Each row's text with those of other columns of the same rows behind it. A row in which one is
    /// missing is missing, unless something stands for it.
    /// - Throws: `FrameError.columnType`, `.otherRows`, `.lengths`, `.outOfMemory`.
    package func joined(
        with others: [Series], separator: [UInt8], missing: [UInt8]?
    ) throws(FrameError) -> Series {
        var all: [TextStorage] = []
        var columns: [Column] = []
        for part in [self] + others {
            try checkRows(part)
            all.append(try part.texts(for: "cat"))
            columns.append(part.column)
        }
        var builder = TextBuilder()
        var validity = Validity(repeating: true, count: count)
        var line: [UInt8] = []
        for row in 0..<count {
            if missing == nil, columns.contains(where: { $0.isMissing(row) }) {
                validity[row] = false
                builder.appendEmpty()
                continue
            }
            line.removeAll(keepingCapacity: true)
            for at in all.indices {
                if at > 0 { line += separator }
                if columns[at].isMissing(row) {
                    line += missing ?? []
                } else {
                    all[at].withBytes(at: row) { line += $0 }
                }
            }
            let failure = line.withUnsafeBytes { bytes -> FrameError? in
                do throws(FrameError) { try builder.append(bytes) } catch { return error }
                return nil
            }
            if let failure { throw failure }
        }
        return with(Column(.string(builder.finish()), validity: validity))
    }
}
