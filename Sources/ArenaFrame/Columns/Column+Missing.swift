// Missing rows: found, filled, dropped; values replaced; types converted; columns put end to end.

extension Series {
    /// Whether each row is missing.
    package func isMissing() -> Series {
        with(Column((0..<count).map { column.isMissing($0) }))
    }

    /// Whether each row has a value.
    package func isPresent() -> Series {
        with(Column((0..<count).map { !column.isMissing($0) }))
    }

    /// The column with a value for the missing rows. A float fills a column of whole numbers only if
    /// it is whole itself; otherwise the column has to be converted first.
    /// - Throws: `FrameError.operands`.
    package func filled(_ value: Scalar) throws(FrameError) -> Series {
        guard let validity = column.validity else { return self }
        let rows = (0..<count).filter { !validity[$0] }
        let storage = try replacing(rows, with: value, verb: "fillna")
        return with(Column(storage))
    }

    /// The column with the missing rows taken from another column of the same rows and type.
    /// - Throws: `FrameError.otherRows`, `.lengths`, `.operands`.
    package func filled(_ other: Series) throws(FrameError) -> Series {
        try checkRows(other)
        guard let validity = column.validity else { return self }
        guard let both = with(column).column.appending(other.column) else {
            throw mismatch("fillna", other)
        }
        return with(both.taking((0..<count).map { validity[$0] ? $0 : count + $0 }))
    }

    /// The column with missing rows filled from the last row before (or the first after) that has a
    /// value.
    package func filled(forward: Bool) -> Series {
        guard let validity = column.validity else { return self }
        var rows = [Int](repeating: -1, count: count)
        var last = -1
        for step in 0..<count {
            let row = forward ? step : count - 1 - step
            if validity[row] { last = row }
            rows[row] = last
        }
        return with(column.taking(optional: rows))
    }

    /// `self` where the condition holds, the other elsewhere; a missing condition counts as false.
    /// - Throws: `FrameError.columnType`, `.otherRows`, `.lengths`, `.operands`.
    package func `where`(_ condition: Series, _ other: Operand?) throws(FrameError) -> Series {
        try checkRows(condition)
        let truths = try condition.truths(for: "where")
        let holds = (0..<count).map { truths[$0] && !condition.column.isMissing($0) }
        guard let other else {
            return with(column.taking(optional: (0..<count).map { holds[$0] ? $0 : -1 }))
        }
        let second: Series
        if case .series(let series) = other {
            try checkRows(series)
            second = series
        } else {
            second = with(try Column.filled(other, count: 1))
        }
        guard let both = column.appending(second.column) else { throw mismatch("where", second) }
        let isOne = second.count == 1 && count != 1
        return with(
            both.taking((0..<count).map { holds[$0] ? $0 : count + (isOne ? 0 : $0) }))
    }

    func mismatch(_ verb: String, _ other: Series) -> FrameError {
        .operands(
            op: verb, left: name, leftType: column.type.rawValue, right: other.name,
            rightType: other.column.type.rawValue)
    }

    /// The storage with some rows set to a value of the column's type.
    func replacing(
        _ rows: [Int], with value: Scalar, verb: String
    ) throws(FrameError) -> ColumnStorage {
        let wrong = FrameError.operands(
            op: verb, left: name, leftType: column.type.rawValue, right: "the value",
            rightType: value.typeName)
        switch (column.storage, value) {
        case (.bool(var values), .bool(let new)):
            for row in rows { values[row] = new }
            return .bool(values)
        case (.int64(var values), .int(let new)):
            for row in rows { values[row] = new }
            return .int64(values)
        case (.int64(var values), .float(let x)):
            guard let new = Int64(exactly: x) else { throw wrong }
            for row in rows { values[row] = new }
            return .int64(values)
        case (.float64(var values), .int), (.float64(var values), .float):
            let new = value.double ?? 0
            for row in rows { values[row] = new }
            return .float64(values)
        case (.float32(var values), .int), (.float32(var values), .float):
            let new = Float(value.double ?? 0)
            for row in rows { values[row] = new }
            return .float32(values)
        case (.string(let texts), .string(let new)):
            var views = texts.views
            let stored = try TextStorage([new])
            var view = stored.views[0]
            if view.length > 0 { view.chunk += UInt32(texts.chunks.count) }
            for row in rows { views[row] = view }
            return .string(TextStorage(views: views, chunks: texts.chunks + stored.chunks))
        case (.categorical, .string):
            return try with(Column(.string(texts(for: verb)))).replacing(
                rows, with: value, verb: verb)
        case (.bool, _), (.int64, _), (.float64, _), (.float32, _), (.string, _), (.turns, _),
            (.ints, _), (.floats, _), (.matrix, _), (.categorical, _), (.timestamp, _):
            throw wrong
        }
    }

    /// The column with values replaced by others, each looked up in the old column.
    /// - Throws: `FrameError.operands` if a new value does not fit the column's type.
    package func replaced(_ changes: [(old: Scalar, new: Scalar)]) throws(FrameError) -> Series {
        var result = self
        var validity = column.validity
        for (old, new) in changes {
            let rows = rows(equalTo: old)
            if rows.isEmpty { continue }
            if new == .missing {
                var changed = validity ?? Validity(repeating: true, count: count)
                for row in rows { changed[row] = false }
                validity = changed
            } else {
                result = result.with(
                    Column(try result.replacing(rows, with: new, verb: "replace")))
                if old == .missing, var changed = validity {
                    for row in rows { changed[row] = true }
                    validity = changed
                }
            }
        }
        return with(Column(result.column.storage, validity: validity))
    }

    /// The rows that have a value; NaN is found by NaN.
    func rows(equalTo value: Scalar) -> [Int] {
        (0..<count).filter { row in
            guard let own = column.scalar(row) else { return false }
            switch (own, value) {
            case (.missing, .missing): return true
            case (.missing, _), (_, .missing): return false
            case (.string(let a), .string(let b)): return a == b
            case (.bool(let a), .bool(let b)): return a == b
            case (.bool, _), (_, .bool): return false
            case (.int, _), (.float, _), (.string, _):
                guard let a = own.double, let b = value.double else { return false }
                return a == b || a.isNaN && b.isNaN
            }
        }
    }

    /// Whether each row's value is among some values; a missing row's is not.
    /// - Throws: `FrameError.columnType`, `.operands`.
    package func isIn(_ values: Column) throws(FrameError) -> Series {
        if values.count == 0 { return with(Column([Bool](repeating: false, count: count))) }
        guard let both = column.appending(values) else {
            throw .operands(
                op: "isin", left: name, leftType: column.type.rawValue, right: "the values",
                rightType: values.type.rawValue)
        }
        let factor = try factor(both, name: name, verb: "isin")
        var wanted = [Bool](repeating: false, count: factor.count)
        for row in count..<both.count where factor.codes[row] >= 0 {
            wanted[Int(factor.codes[row])] = true
        }
        return with(
            Column((0..<count).map { factor.codes[$0] >= 0 && wanted[Int(factor.codes[$0])] }))
    }

    /// Values brought to other rows: `places` has for each row where its value stands, -1 for none.
    package func placed(_ values: Column, _ places: [Int]) -> Column {
        values.taking(optional: places)
    }

    // MARK: - Types

    /// The column as another type.
    /// - Throws: `FrameError.conversion` with the first row that does not fit, `.columnType`.
    package func converted(to type: ColumnType) throws(FrameError) -> Series {
        if type == column.type { return self }
        switch (column.storage, type) {
        case (_, .string):
            if column.type == .categorical {
                return with(Column(.string(try texts(for: "astype")), validity: column.validity))
            }
            var builder = TextBuilder()
            for row in 0..<count { try builder.append(column.text(row) ?? "") }
            return with(Column(.string(builder.finish()), validity: column.validity))
        case (_, .categorical): return with(try categorical())
        case (.string, .int64), (.string, .float64), (.string, .float32), (.string, .bool),
            (.string, .timestamp), (.categorical, .int64), (.categorical, .float64),
            (.categorical, .float32), (.categorical, .bool), (.categorical, .timestamp):
            return try parsed(as: type)
        case (.bool(let values), .int64):
            return with(Column(.int64(values.map { $0 ? 1 : 0 }), validity: column.validity))
        case (.float64, .int64), (.float32, .int64):
            let values = try doubles(for: "astype")
            var whole = [Int64](repeating: 0, count: count)
            for row in 0..<count where !column.isMissing(row) {
                guard let n = Int64(exactly: values[row].rounded(.towardZero)) else {
                    throw conversion(row, type)
                }
                whole[row] = n
            }
            return with(Column(.int64(whole), validity: column.validity))
        case (.int64, .bool), (.float64, .bool), (.float32, .bool):
            return with(
                Column(.bool(try doubles(for: "astype").map { $0 != 0 }), validity: column.validity)
            )
        case (_, .float64):
            return with(Column(.float64(try doubles(for: "astype")), validity: column.validity))
        case (_, .float32):
            return with(
                Column(
                    .float32(try doubles(for: "astype").map(Float.init)), validity: column.validity)
            )
        case (.int64(let values), .timestamp):
            return with(Column(.timestamp(values), validity: column.validity))
        case (.timestamp(let values), .int64):
            return with(Column(.int64(values), validity: column.validity))
        case (_, .bool), (_, .int64), (_, .timestamp), (_, .turns), (_, .ints), (_, .floats),
            (_, .matrix):
            throw .columnType(
                verb: "astype(\"\(type.rawValue)\")", column: name,
                needed: "a column that has such values", found: column.type)
        }
    }

    private func conversion(_ row: Int, _ type: ColumnType) -> FrameError {
        .conversion(
            column: name, row: rowName(row), value: "'\(column.text(row) ?? "")'", type: type)
    }

    private func parsed(as type: ColumnType) throws(FrameError) -> Series {
        let texts = try texts(for: "astype")
        var ints: [Int64] = []
        var doubles: [Double] = []
        var bools: [Bool] = []
        for row in 0..<count {
            var isRead = true
            let text = column.isMissing(row) ? nil : trimmed(texts.string(at: row))
            if type == .int64 {
                let n = text.map { Int64($0) }
                isRead = n != .some(nil)
                ints.append((n ?? 0) ?? 0)
            } else if type == .timestamp {
                let time = text == nil ? 0 : timestamp(from: texts.bytes(at: row))
                isRead = time != nil
                ints.append(time ?? 0)
            } else if type == .bool {
                isRead = text == nil || ["True", "true", "1", "False", "false", "0"].contains(text)
                bools.append(text == "True" || text == "true" || text == "1")
            } else {
                let x = text.map { Double($0) }
                isRead = x != .some(nil)
                doubles.append((x ?? 0) ?? 0)
            }
            if !isRead { throw conversion(row, type) }
        }
        let storage: ColumnStorage =
            switch type {
            case .int64: .int64(ints)
            case .timestamp: .timestamp(ints)
            case .bool: .bool(bools)
            case .float32: .float32(doubles.map(Float.init))
            case .float64, .string, .turns, .ints, .floats, .matrix, .categorical:
                .float64(doubles)
            }
        return with(Column(storage, validity: column.validity))
    }

    private func trimmed(_ text: String) -> String {
        let kept = text.drop { $0 == " " || $0 == "\t" || $0 == "\n" || $0 == "\r" }
        let end = kept.lastIndex { !($0 == " " || $0 == "\t" || $0 == "\n" || $0 == "\r") }
        return end.map { String(kept[...$0]) } ?? ""
    }

    /// The column as categories in the order of their text.
    func categorical() throws(FrameError) -> Column {
        let text = try converted(to: .string)
        let found = try factor(text.column, name: name, verb: "astype").sorted(by: text.column)
        let texts = try text.texts(for: "astype")
        return Column(
            .categorical(
                CategoricalStorage(
                    codes: found.codes.map { max($0, 0) },
                    categories: texts.taking(found.firstRows))), validity: column.validity)
    }
}

extension Column {
    /// One value in every row.
    /// - Throws: `FrameError.outOfMemory`.
    package static func filled(_ value: Operand, count: Int) throws(FrameError) -> Column {
        switch value {
        case .bool(let value): return Column([Bool](repeating: value, count: count))
        case .int(let value): return Column([Int64](repeating: value, count: count))
        case .float(let value): return Column([Double](repeating: value, count: count))
        case .string(let text):
            let stored = try TextStorage([text])
            return Column(.string(stored.taking([Int](repeating: 0, count: count))))
        case .series(let series): return series.column
        }
    }

    /// The rows in the order given, -1 for a row without a value.
    func taking(optional rows: [Int]) -> Column {
        guard rows.contains(-1) else { return taking(rows) }
        if count == 0 { return .missing(type, count: rows.count) }
        let places = lending(rows) { rows in mappedRows(rows.count) { max(rows[$0], 0) } }
        let present = Validity(rows.lazy.map { $0 >= 0 })
        let own = validity?.taking(places)
        return Column(
            storage.taking(places), validity: own.map { $0.intersecting(present) } ?? present)
    }

    /// This column's rows and then another's; nil if the types do not go together. Whole numbers
    /// beside floats become floats.
    package func appending(_ other: Column) -> Column? {
        let storage: ColumnStorage
        switch (self.storage, other.storage) {
        case (.bool(let a), .bool(let b)): storage = .bool(a + b)
        case (.int64(let a), .int64(let b)): storage = .int64(a + b)
        case (.float64(let a), .float64(let b)): storage = .float64(a + b)
        case (.float32(let a), .float32(let b)): storage = .float32(a + b)
        case (.int64(let a), .float64(let b)): storage = .float64(a.map(Double.init) + b)
        case (.float64(let a), .int64(let b)): storage = .float64(a + b.map(Double.init))
        case (.float32(let a), .float64(let b)): storage = .float64(a.map(Double.init) + b)
        case (.float64(let a), .float32(let b)): storage = .float64(a + b.map(Double.init))
        case (.float32(let a), .int64(let b)):
            storage = .float64(a.map(Double.init) + b.map(Double.init))
        case (.int64(let a), .float32(let b)):
            storage = .float64(a.map(Double.init) + b.map(Double.init))
        case (.timestamp(let a), .timestamp(let b)): storage = .timestamp(a + b)
        case (.string(let a), .string(let b)): storage = .string(a.appending(b))
        case (.categorical(let a), .categorical(let b)):
            storage = .string(a.texts(validity).appending(b.texts(other.validity)))
        case (.categorical(let a), .string(let b)):
            storage = .string(a.texts(validity).appending(b))
        case (.string(let a), .categorical(let b)):
            storage = .string(a.appending(b.texts(other.validity)))
        case (.turns(let a), .turns(let b)): storage = .turns(a.appending(b))
        case (.ints(let a), .ints(let b)): storage = .ints(a.appending(b))
        case (.floats(let a), .floats(let b)): storage = .floats(a.appending(b))
        case (.matrix(let a), .matrix(let b)):
            guard a.width == b.width else { return nil }
            storage = .matrix(MatrixStorage(joining: [a, b]))
        case (.bool, _), (.int64, _), (.float64, _), (.float32, _), (.string, _), (.turns, _),
            (.ints, _), (.floats, _), (.matrix, _), (.categorical, _), (.timestamp, _):
            // A column of nothing but missing rows takes any type.
            if other.missingCount == other.count {
                return appending(.missing(type, count: other.count))
            }
            if missingCount == count {
                return Column.missing(other.type, count: count).appending(other)
            }
            return nil
        }
        if validity == nil, other.validity == nil { return Column(storage) }
        var bits = validity ?? Validity(repeating: true, count: count)
        for row in 0..<other.count { bits.append(!other.isMissing(row)) }
        return Column(storage, validity: bits)
    }
}

extension TextStorage {
    /// These texts and then others, sharing the bytes of both.
    func appending(_ other: TextStorage) -> TextStorage {
        let shift = UInt32(chunks.count)
        return TextStorage(
            views: views
                + other.views.map { view in
                    view.length == 0
                        ? view
                        : TextView(
                            chunk: view.chunk + shift, length: view.length, offset: view.offset)
                }, chunks: chunks + other.chunks)
    }
}

extension ListStorage {
    func appending(_ other: ListStorage) -> ListStorage {
        let shift = turns.count
        var validity: Validity?
        if turnValidity != nil || other.turnValidity != nil {
            var bits = turnValidity ?? Validity(repeating: true, count: turns.count)
            for turn in 0..<other.turns.count { bits.append(!other.isMissing(turn: turn)) }
            validity = bits
        }
        return ListStorage(
            rows: rows + other.rows.map { Row(start: $0.start + shift, count: $0.count) },
            turns: turns.appending(other.turns), turnValidity: validity)
    }
}
