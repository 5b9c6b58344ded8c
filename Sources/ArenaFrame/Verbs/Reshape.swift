// Values into classes (cut, qcut), classes into columns (get_dummies), lists into rows (explode),
// columns into a matrix.

import Glibc

extension Series {
    /// The interval of each number among edges that ascend: open below and closed above, or the other
    /// way round. Numbers outside are missing.
    /// - Parameter labels: a word for each interval; nil gives the intervals themselves.
    /// - Throws: `FrameError.columnType`, `.argument`.
    package func cut(
        edges: [Double], labels: [String]?, right: Bool, includeLowest: Bool,
        whole: Bool = false, verb: String = "cut"
    ) throws(FrameError) -> Series {
        let values = try doubles(for: verb)
        guard edges.count >= 2, zip(edges, edges.dropFirst()).allSatisfy({ $0 < $1 }) else {
            throw .argument(
                verb: verb, message: "the edges must ascend, and be two at least",
                help: "df[\"\(name)\"].cut([0, 10, 20])")
        }
        let words = labels ?? intervalNames(edges, right, includeLowest, whole)
        guard words.count == edges.count - 1 else {
            throw .argument(
                verb: verb,
                message: "\(words.count) labels for \(edges.count - 1) intervals", help: nil)
        }
        var codes = [Int32](repeating: 0, count: count)
        var validity = Validity(repeating: true, count: count)
        for row in 0..<count {
            let x = values[row]
            guard !column.isMissing(row), !x.isNaN else {
                validity[row] = false
                continue
            }
            // The number of edges below x (or at it, for intervals closed below).
            var low = 0
            var high = edges.count
            while low < high {
                let middle = (low + high) / 2
                if right ? edges[middle] < x : edges[middle] <= x {
                    low = middle + 1
                } else {
                    high = middle
                }
            }
            if includeLowest {
                if right, x == edges[0] { low = 1 }
                if !right, x == edges[edges.count - 1] { low = edges.count - 1 }
            }
            if low == 0 || low == edges.count {
                validity[row] = false
            } else {
                codes[row] = Int32(low - 1)
            }
        }
        return with(
            Column(
                .categorical(
                    CategoricalStorage(codes: codes, categories: try TextStorage(words))),
                validity: validity))
    }

    /// Intervals of one width from the smallest number to the greatest, as pandas lays them: the
    /// first reaches a thousandth of the range lower.
    /// - Throws: `FrameError.columnType`, `.argument`, `.noValues`.
    package func cut(
        count bins: Int, labels: [String]?, right: Bool
    ) throws(FrameError) -> Series {
        let values = try presentDoubles(for: "cut").filter { !$0.isNaN }
        guard var low = values.min(), var high = values.max() else {
            throw .noValues(verb: "cut", column: name)
        }
        guard bins > 0 else {
            throw .argument(verb: "cut", message: "needs one interval at least", help: nil)
        }
        if low == high {
            low -= low == 0 ? 0.001 : 0.001 * low.magnitude
            high += high == 0 ? 0.001 : 0.001 * high.magnitude
            return try cut(
                edges: linearSpace(low, high, bins + 1), labels: labels, right: right,
                includeLowest: false)
        }
        var edges = linearSpace(low, high, bins + 1)
        let margin = (high - low) * 0.001
        if right { edges[0] -= margin } else { edges[bins] += margin }
        return try cut(edges: edges, labels: labels, right: right, includeLowest: false)
    }

    /// Intervals that hold the same share of the numbers each.
    /// - Throws: `FrameError.columnType`, `.argument`, `.noValues`.
    package func quantileCut(_ shares: [Double], labels: [String]?) throws(FrameError) -> Series {
        var edges: [Double] = []
        for scalar in try quantiles(shares) {
            guard let x = scalar.double else { throw .noValues(verb: "qcut", column: name) }
            edges.append(x)
        }
        return try cut(
            edges: edges, labels: labels, right: true, includeLowest: true, verb: "qcut")
    }

    /// The intervals as pandas writes them: edges to three digits behind the point (of small ones
    /// three that count), or as many as it takes to tell them apart.
    private func intervalNames(
        _ edges: [Double], _ right: Bool, _ includeLowest: Bool, _ isWhole: Bool
    ) -> [String] {
        var precision = 3
        while precision < 20, Set(edges.map { shown($0, precision) }).count < edges.count {
            precision += 1
        }
        var shownEdges = edges.map { shown($0, precision) }
        if right, includeLowest {
            // The lowest number belongs to the first interval, so its edge is written below it.
            shownEdges[0] -= Glibc.pow(10, -Double(precision))
            shownEdges[0] = shown(shownEdges[0], precision + 1)
        }
        func text(_ x: Double) -> String {
            isWhole && !(right && includeLowest) && x == x.rounded() && x.magnitude < 1e15
                ? String(Int(x)) : x.description
        }
        return zip(shownEdges, shownEdges.dropFirst()).map { low, high in
            right ? "(\(text(low)), \(text(high))]" : "[\(text(low)), \(text(high)))"
        }
    }

    /// A number to some digits behind the point; of one below 1, to digits that count.
    private func shown(_ x: Double, _ precision: Int) -> Double {
        guard x.isFinite, x != 0 else { return x }
        var digits = precision
        if x.magnitude < 1 {
            digits = -Int(Glibc.log10(x.magnitude).rounded(.down)) - 1 + precision
        }
        let unit = Glibc.pow(10, Double(digits))
        return (x * unit).rounded(.toNearestOrEven) / unit
    }

    /// Each row's class by number, -1 for a missing row, and the classes in their order. A
    /// categorical column keeps all its categories.
    /// - Throws: `FrameError.columnType`.
    package func encoded() throws(FrameError) -> (codes: [Int32], classes: Column) {
        if case .categorical(let texts) = column.storage {
            let codes = (0..<count).map { column.isMissing($0) ? -1 : texts.codes[$0] }
            return (codes, Column(.string(texts.categories)))
        }
        let found = try factor(column, name: name, verb: "encode").sorted(by: column)
        return (found.codes, column.taking(found.firstRows))
    }

    /// Each row's place among classes, -1 for a row that is missing or of none.
    /// - Throws: `FrameError.columnType`, `.operands`.
    package func codes(among classes: Column) throws(FrameError) -> [Int32] {
        guard let both = classes.appending(column) else {
            throw .operands(
                op: "encode", left: name, leftType: column.type.rawValue, right: "the classes",
                rightType: classes.type.rawValue)
        }
        let values = try factor(both, name: name, verb: "encode")
        // A class that is named twice is the first of the two.
        return values.codes.suffix(count).map { code in
            guard code >= 0, values.firstRows[Int(code)] < classes.count else { return -1 }
            return Int32(values.firstRows[Int(code)])
        }
    }

    /// The same rows with other values.
    package func replacing(_ column: Column) -> Series { with(column) }

    /// A row for each item of each list, and the row it is from; an empty list gives a missing row.
    /// - Throws: `FrameError.columnType`.
    package func exploded() throws(FrameError) -> (column: Column, rows: [Int]) {
        var rows: [Int] = []
        var items: [Int] = []
        func lay(_ start: Int, _ length: Int, _ row: Int) {
            if length == 0 || column.isMissing(row) {
                rows.append(row)
                items.append(-1)
                return
            }
            for item in start..<start + length {
                rows.append(row)
                items.append(item)
            }
        }
        let flat: Column
        switch column.storage {
        case .turns(let lists):
            for row in 0..<count { lay(lists.rows[row].start, lists.rows[row].count, row) }
            flat = Column(.string(lists.turns), validity: lists.turnValidity)
        case .ints(let lists):
            for row in 0..<count { lay(lists.rows[row].start, lists.rows[row].count, row) }
            flat = Column(lists.numbers.map(Int64.init))
        case .floats(let lists):
            for row in 0..<count { lay(lists.rows[row].start, lists.rows[row].count, row) }
            flat = Column(lists.numbers)
        case .matrix(let matrix):
            for row in 0..<count { lay(row * matrix.width, matrix.width, row) }
            flat = Column(matrix.doubles)
        case .bool, .int64, .float64, .float32, .string, .categorical, .timestamp:
            throw .columnType(
                verb: "explode", column: name, needed: "a column of lists", found: column.type)
        }
        return (flat.taking(optional: items), rows)
    }
}

/// Numbers at one distance from each other, both ends included.
package func linearSpace(_ low: Double, _ high: Double, _ count: Int) -> [Double] {
    guard count > 1 else { return [low] }
    let step = (high - low) / Double(count - 1)
    var result = (0..<count).map { Double($0) * step + low }
    result[count - 1] = high
    return result
}

extension Frame {
    /// Columns laid out below each other: for each of them the rows of the others, its name and its
    /// values.
    /// - Throws: `FrameError.unknownColumn`, `.operands`, `.duplicateColumn`, `.noFrames`.
    package func melted(
        keeping ids: [String], _ values: [String], names: String, value: String
    ) throws(FrameError) -> Frame {
        let open = withKeyAsColumn()
        guard let first = values.first else { throw .noFrames(verb: "melt") }
        var whole = try open.column(first)
        for name in values.dropFirst() {
            let next = try open.column(name)
            guard let longer = whole.appending(next) else {
                throw .operands(
                    op: "melt", left: first, leftType: whole.type.rawValue, right: name,
                    rightType: next.type.rawValue)
            }
            whole = longer
        }
        let rows = (0..<values.count).flatMap { _ in 0..<rowCount }
        var columns: [Column] = []
        for id in ids { columns.append(try open.column(id).taking(rows)) }
        let labels = try TextStorage(values).taking((0..<rows.count).map { $0 / max(1, rowCount) })
        return try Frame(
            names: ids + [names, value], columns: columns + [Column(.string(labels)), whole])
    }

    /// Rows as columns: a column for each row, named by its key or number, and a row for each column,
    /// keyed by its name.
    /// - Throws: `FrameError.argument` if the cells of a row are of several types or lists,
    ///   `.duplicateColumn`.
    package func transposed() throws(FrameError) -> Frame {
        var made: [Column] = []
        for row in 0..<rowCount {
            let cells = columns.compactMap { $0.scalar(row) }
            guard cells.count == columns.count, let column = try Column.of(cells) else {
                throw .argument(
                    verb: "T", message: "the cells of a row are of several types or lists",
                    help: "select columns of one type first: df[[\"a\", \"b\"]].T")
            }
            made.append(column)
        }
        return try Frame(
            names: (0..<rowCount).map { key?.label($0) ?? "\($0)" }, columns: made,
            key: try FrameKey(name: "column", column: try Column(names.map { $0 })))
    }

    /// The numeric columns as one matrix column.
    /// - Throws: `FrameError.columnType`, `.noFrames`.
    package func matrix(name: String = "matrix") throws(FrameError) -> Series {
        try hstack(
            zip(names, columns).map { Series(trusting: $0, $1, key) }, name: name)
    }
}

/// Matrices and columns of numbers side by side, zeros left out.
private func sparse(
    _ parts: [Series], width: Int, rows: Int, _ isNarrow: Bool
) throws(FrameError) -> MatrixStorage {
    var matrices: [MatrixStorage] = []
    for part in parts {
        if case .matrix(let matrix) = part.column.storage {
            matrices.append(matrix)
        } else {
            let values = try part.doubles(for: "hstack")
            matrices.append(MatrixStorage(.float64(values), count: rows, width: 1))
        }
    }
    var builder = SparseBuilder(float32: isNarrow)
    for row in 0..<rows {
        var start = 0
        for matrix in matrices {
            matrix.forEachNonzero(in: row) { builder.append(start + $0, $1) }
            start += matrix.width
        }
        builder.endRow()
    }
    return MatrixStorage(.sparse(builder.finish()), count: rows, width: width)
}

/// Columns of numbers and matrices side by side as one matrix: sparse if one of them is, float32 if
/// all of them are.
/// - Throws: `FrameError.columnType`, `.lengths`, `.otherRows`, `.noFrames`.
package func hstack(_ parts: [Series], name: String) throws(FrameError) -> Series {
    guard let first = parts.first else { throw .noFrames(verb: "hstack") }
    var width = 0
    var isNarrow = true
    var isSparse = false
    for part in parts {
        try first.checkRows(part)
        if part.column.missingCount > 0 {
            throw .argument(
                verb: "hstack",
                message: "column '\(part.name)' misses \(part.column.missingCount) rows",
                help: "a matrix has no missing numbers: df[\"\(part.name)\"].fillna(0)")
        }
        if case .matrix(let matrix) = part.column.storage {
            width += matrix.width
            if !matrix.isFloat32 { isNarrow = false }
            if matrix.isSparse { isSparse = true }
        } else {
            width += 1
            if part.column.type != .float32 { isNarrow = false }
        }
    }
    let rows = first.count
    if isSparse {
        let matrix = try sparse(parts, width: width, rows: rows, isNarrow)
        return Series(trusting: name, Column(.matrix(matrix)), first.key)
    }
    var values = [Double](repeating: 0, count: rows * width)  // (rows, width)
    var start = 0
    for part in parts {
        let source: [Double]
        var size = 1
        if case .matrix(let matrix) = part.column.storage {
            source = matrix.doubles
            size = matrix.width
        } else {
            source = try part.doubles(for: "hstack")
        }
        for row in 0..<rows {
            for at in 0..<size { values[row * width + start + at] = source[row * size + at] }
        }
        start += size
    }
    let numbers: MatrixStorage.Numbers =
        isNarrow ? .float32(values.map(Float.init)) : .float64(values)
    return Series(
        trusting: name,
        Column(.matrix(MatrixStorage(numbers, count: rows, width: width))), first.key)
}
