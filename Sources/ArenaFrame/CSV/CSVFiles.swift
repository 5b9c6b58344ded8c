// Several CSV files as one frame: the rows of one behind those of the other.

import ArenaCore

/// Reads files with the same columns, in any order, into one frame; columns come in the first's order.
///
/// A column has one type over all files. Where one file has text and another has not, the column is
/// read again as text, so that every byte stays.
/// - Throws: As `readCSV` for one file; `FrameError.csvOtherColumns`.
package func readCSV(
    paths: [String], key: String?, options: CSVOptions
) throws(FrameError) -> CSVResult {
    guard paths.count != 1 else { return try readCSV(path: paths[0], key: key, options: options) }
    var options = options
    // The key travels as a column until the rows are together.
    if let key, options.columns != nil || options.columnPlaces != nil {
        let columns = options.columns ?? []
        if !columns.contains(key) { options.columns = columns + [key] }
    }
    var results = try readAll(paths, options)
    guard let first = results.first?.frame else {
        throw .csvEmpty(path: "no files")
    }
    for (path, result) in zip(paths, results) {
        let missing = first.names.filter { !result.frame.names.contains($0) }
        let extra = result.frame.names.filter { !first.names.contains($0) }
        if !missing.isEmpty || !extra.isEmpty {
            throw .csvOtherColumns(path: path, first: paths[0], missing: missing, extra: extra)
        }
    }
    var asText = false
    for name in first.names {
        let types = Set(try valued(results, name).map(\.type))
        if types.count > 1, types != [.int64, .float64] {
            options.types[name] = .string
            asText = true
        }
    }
    if asText { results = try readAll(paths, options) }
    var left = options.rowLimit
    var columns: [[Column]] = first.names.map { _ in [] }
    for result in results {
        let rows = min(left, result.frame.rowCount)
        left -= rows
        for (at, name) in first.names.enumerated() {
            let column = try result.frame.column(name)
            columns[at].append(rows < column.count ? column.taking(0..<rows) : column)
        }
    }
    var names = first.names
    var joined: [Column] = []
    for (at, name) in names.enumerated() {
        let column = Column(joining: columns[at])
        // Categories are those of all files.
        let wanted = options.type(of: name) == .categorical ? ColumnType.categorical : column.type
        joined.append(try Series(trusting: name, column, nil).converted(to: wanted).column)
    }
    var frameKey: FrameKey?
    if let key {
        guard let at = names.firstIndex(of: key) else {
            throw .unknownColumn(name: key, known: names, place: FilePlace(paths[0]))
        }
        frameKey = try FrameKey(name: key, column: joined.remove(at: at))
        names.remove(at: at)
    }
    return CSVResult(
        frame: try Frame(names: names, columns: joined, key: frameKey),
        misfits: results.flatMap(\.misfits), notes: results.flatMap(\.notes))
}

private func readAll(
    _ paths: [String], _ options: CSVOptions
) throws(FrameError) -> [CSVResult] {
    var results: [CSVResult] = []
    for path in paths { results.append(try readCSV(path: path, key: nil, options: options)) }
    return results
}

/// The columns of that name in which something is there: nothing has no type.
private func valued(_ results: [CSVResult], _ name: String) throws(FrameError) -> [Column] {
    var columns: [Column] = []
    for result in results {
        let column = try result.frame.column(name)
        if column.missingCount < column.count { columns.append(column) }
    }
    return columns
}

extension Column {
    /// The rows of columns that a file can have, one behind the other: all of one type, but whole
    /// numbers beside fractions, and columns of nothing.
    fileprivate init(joining parts: [Column]) {
        let valued = parts.filter { $0.missingCount < $0.count }
        let types = Set(valued.map(\.type))
        let type = types.count == 2 ? .float64 : types.first ?? parts.first?.type ?? .string
        self.init(
            joiningParts: parts.map { part -> Column in
                if part.type == type { return part }
                if part.missingCount == part.count { return .missing(type, count: part.count) }
                return Column(.float64(part.doubles ?? []), validity: part.validity)
            })
    }
}
