// Joins of two frames by the values of columns, and frames put together by rows or by columns.
// Missing values match nothing. Rows come in the left frame's order, then those that only the right
// has; nothing is aligned that was not asked for.

/// Which rows of a join stay.
package enum JoinKind: String, Sendable, CaseIterable {
    case inner, left, right, outer, anti, semi
}

extension Frame {
    /// The rows of both frames whose columns `on` agree, side by side.
    /// - Parameter suffixes: what is added to names that both have, left and right.
    /// - Parameter validate: "1:1", "1:m", "m:1" or "m:m": refuses values that are there twice.
    /// - Throws: `FrameError.unknownColumn`, `.mergeDuplicate`, `.mergeColumns`, `.argument`.
    /// - Complexity: O(rows of both and of the result)
    package func merged(
        with right: Frame, leftOn: [String], rightOn: [String], how: JoinKind,
        suffixes: (String, String), validate: String?
    ) throws(FrameError) -> Frame {
        guard !leftOn.isEmpty, leftOn.count == rightOn.count else {
            throw .argument(
                verb: "merge", message: "needs the columns to join by, as many left as right",
                help: "df.merge(other, on=\"id\")")
        }
        if how == .right {
            // The right frame's order: the same join seen from there, the columns put back in order.
            let seen = try right.merged(
                with: self, leftOn: rightOn, rightOn: leftOn, how: .left,
                suffixes: (suffixes.1, suffixes.0), validate: validate.map { String($0.reversed()) }
            )
            let own = seen.names.filter { name in
                leftOn.contains(name) || rightOn.contains(name)
                    || names.contains(name) && !right.names.contains(name)
                    || name.hasSuffix(suffixes.0)
                        && names.contains(String(name.dropLast(suffixes.0.count)))
            }
            return try seen.select(own + seen.names.filter { !own.contains($0) })
        }
        let matches = try matches(right, leftOn, rightOn, how, validate)
        if how == .anti || how == .semi { return taking(trusted: matches.left) }
        return try joined(right, leftOn, rightOn, matches, suffixes)
    }

    private func matches(
        _ right: Frame, _ leftOn: [String], _ rightOn: [String], _ how: JoinKind,
        _ validate: String?
    ) throws(FrameError) -> (left: [Int], right: [Int]) {
        var both: [(name: String, column: Column)] = []
        for (a, b) in zip(leftOn, rightOn) {
            let (x, y) = (try column(a), try right.column(b))
            guard let joined = x.appending(y) else {
                throw .mergeColumns(left: a, leftType: x.type, right: b, rightType: y.type)
            }
            both.append((a, joined))
        }
        let found = try factor(both, verb: "merge")
        let n = rowCount
        if let validate {
            guard ["1:1", "1:m", "m:1", "m:m"].contains(validate) else {
                throw .argument(
                    verb: "merge",
                    message:
                        "validate= is \"1:1\", \"1:m\", \"m:1\" or \"m:m\", not \"\(validate)\"",
                    help: nil)
            }
            for (isLeft, mark) in [(true, validate.first), (false, validate.last)] where mark == "1"
            {
                var seen = [Int](repeating: -1, count: found.count)
                for row in isLeft ? 0..<n : n..<n + right.rowCount where found.codes[row] >= 0 {
                    let code = Int(found.codes[row])
                    if seen[code] >= 0 {
                        let shift = isLeft ? 0 : n
                        throw .mergeDuplicate(
                            side: isLeft ? "left" : "right",
                            on: (isLeft ? leftOn : rightOn).joined(separator: ", "),
                            value: both.map { $0.column.text(row) ?? "" }.joined(separator: ", "),
                            first: seen[code] - shift, second: row - shift, validate: validate)
                    }
                    seen[code] = row
                }
            }
        }
        // The right rows of each value, in order, as chains.
        var first = [Int32](repeating: -1, count: found.count)
        var next = [Int32](repeating: -1, count: right.rowCount)
        for row in stride(from: right.rowCount - 1, through: 0, by: -1) {
            let code = found.codes[n + row]
            if code < 0 { continue }
            next[row] = first[Int(code)]
            first[Int(code)] = Int32(row)
        }
        var left: [Int] = []
        var rights: [Int] = []
        var used = [Bool](repeating: false, count: how == .outer ? right.rowCount : 0)
        left.reserveCapacity(n)
        rights.reserveCapacity(n)
        for row in 0..<n {
            let code = found.codes[row]
            var match = code < 0 ? -1 : first[Int(code)]
            switch how {
            case .anti: if match < 0 { left.append(row) }
            case .semi: if match >= 0 { left.append(row) }
            case .inner, .left, .outer, .right:
                if match < 0, how != .inner {
                    left.append(row)
                    rights.append(-1)
                }
                while match >= 0 {
                    left.append(row)
                    rights.append(Int(match))
                    if how == .outer { used[Int(match)] = true }
                    match = next[Int(match)]
                }
            }
        }
        if how == .outer {
            for row in 0..<right.rowCount where !used[row] {
                left.append(-1)
                rights.append(row)
            }
        }
        return (left, rights)
    }

    private func joined(
        _ right: Frame, _ leftOn: [String], _ rightOn: [String],
        _ rows: (left: [Int], right: [Int]), _ suffixes: (String, String)
    ) throws(FrameError) -> Frame {
        let hasOnlyRight = rows.left.contains(-1)
        var merged: [String: Column] = [:]
        for (a, b) in zip(leftOn, rightOn) {
            var values = try column(a).taking(optional: rows.left)
            if hasOnlyRight {
                let others = try right.column(b).taking(optional: rows.right)
                values =
                    values.appending(others)?.taking(
                        rows.left.indices.map {
                            rows.left[$0] >= 0 ? $0 : rows.left.count + $0
                        }) ?? values
            }
            merged[a] = values
        }
        let shared = Set(zip(leftOn, rightOn).filter { $0 == $1 }.map(\.0))
        let others = Set(right.knownNames).subtracting(shared)
        let own = Set(knownNames)
        var names: [String] = []
        var columns: [Column] = []
        for name in knownNames {
            names.append(others.contains(name) && !shared.contains(name) ? name + suffixes.0 : name)
            if let values = merged[name] {
                columns.append(values)
            } else {
                columns.append(try column(name).taking(optional: rows.left))
            }
        }
        for name in right.knownNames where !shared.contains(name) {
            names.append(own.contains(name) ? name + suffixes.1 : name)
            columns.append(try right.column(name).taking(optional: rows.right))
        }
        // The left key stays where its values still name one row each.
        if let key, let at = names.firstIndex(of: key.name), columns[at].missingCount == 0,
            let kept = try? FrameKey(name: key.name, column: columns[at])
        {
            names.remove(at: at)
            columns.remove(at: at)
            return try Frame(names: names, columns: columns, key: kept)
        }
        return try Frame(names: names, columns: columns)
    }

    // MARK: - Putting together

    /// The rows of several frames, one frame after the other. All have the same columns, and all a
    /// key of one name or none.
    /// - Parameter fill: columns that a frame lacks are missing in its rows.
    /// - Throws: `FrameError.noFrames`, `.argument`, `.operands`, `.keyDuplicate`.
    package static func concatenated(
        _ frames: [Frame], fill: Bool, ignoreKey: Bool
    ) throws(FrameError) -> Frame {
        guard let first = frames.first else { throw .noFrames(verb: "concat") }
        var names = first.names
        for (number, frame) in frames.enumerated().dropFirst() {
            let missing = names.filter { frame.position(of: $0) == nil }
            let extra = frame.names.filter { !names.contains($0) }
            guard fill || missing.isEmpty && extra.isEmpty else {
                let what = missing.isEmpty ? "has '\(extra[0])' besides" : "lacks '\(missing[0])'"
                throw .argument(
                    verb: "concat",
                    message: "frame \(number + 1) has other columns than the first: it \(what)",
                    help: "join=\"outer\" leaves such cells missing; or select the same columns")
            }
            names += extra
            guard ignoreKey || frame.key?.name == first.key?.name else {
                throw .argument(
                    verb: "concat",
                    message:
                        "frame \(number + 1) has \(frame.key.map { "the key '\($0.name)'" } ?? "no key"), the first has \(first.key.map { "'\($0.name)'" } ?? "none")",
                    help: "give both the same key, or ignore_key=True")
            }
        }
        var columns: [Column] = []
        for name in names {
            var whole: Column?
            for (number, frame) in frames.enumerated() {
                let next: Column
                if let at = frame.position(of: name) {
                    next = frame.columns[at]
                } else {
                    let known = frames.first { $0.position(of: name) != nil }
                    next = .missing(
                        try known?.column(name).type ?? .float64, count: frame.rowCount)
                }
                guard let before = whole else {
                    whole = next
                    continue
                }
                guard let longer = before.appending(next) else {
                    throw .operands(
                        op: "concat", left: name, leftType: before.type.rawValue,
                        right: "frame \(number + 1)", rightType: next.type.rawValue)
                }
                whole = longer
            }
            if let whole { columns.append(whole) }
        }
        var key: FrameKey?
        if !ignoreKey, let own = first.key {
            var values = own.column
            for (number, frame) in frames.enumerated().dropFirst() {
                guard let next = frame.key?.column, let longer = values.appending(next) else {
                    throw .argument(
                        verb: "concat",
                        message: "the key of frame \(number + 1) is of another type",
                        help: "ignore_key=True leaves the keys out")
                }
                values = longer
            }
            key = try FrameKey(name: own.name, column: values)
        }
        let rows = frames.reduce(0) { $0 + $1.rowCount }
        let made = try Frame(names: names, columns: columns, key: key)
        return Frame(trusting: made.names, made.columns, made.key, rows: rows)
    }

    /// The columns of several frames side by side: rows go together by key, in the first frame's
    /// order; without keys all have as many rows.
    /// - Throws: `FrameError.noFrames`, `.argument`, `.duplicateColumn`, `.lengths`.
    package static func sideBySide(_ frames: [Frame]) throws(FrameError) -> Frame {
        guard let first = frames.first else { throw .noFrames(verb: "concat") }
        var names = first.names
        var columns = first.columns
        for (number, frame) in frames.enumerated().dropFirst() {
            let aligned = try frame.aligned(with: first, number: number)
            names += aligned.names
            columns += aligned.columns
        }
        return try Frame(names: names, columns: columns, key: first.key)
    }

    private func aligned(with first: Frame, number: Int) throws(FrameError) -> Frame {
        guard rowCount == first.rowCount else {
            throw .argument(
                verb: "concat",
                message:
                    "frame \(number + 1) has \(rowCount) rows, the first has \(first.rowCount)",
                help: "merge joins frames of different rows by key")
        }
        switch (first.key, key) {
        case (nil, nil): return self
        case (.some(let own), .some(let other)):
            guard own.firstDifference(from: other) != nil else { return self }
            let index = KeyIndex(other)
            var rows: [Int] = []
            for row in 0..<own.count {
                guard let found = index.row(of: row, in: own) else {
                    throw .argument(
                        verb: "concat",
                        message:
                            "frame \(number + 1) lacks the row of key \(own.label(row)), which the first has",
                        help: "merge joins frames of different rows by key")
                }
                rows.append(found)
            }
            return taking(trusted: rows)
        case (.some, nil), (nil, .some):
            throw .argument(
                verb: "concat",
                message: "one frame has a key and another has none, so their rows cannot be told",
                help: "give all of them a key, or none: df.drop_key()")
        }
    }

    // MARK: - Keys

    /// The frame with a column as its key; the old key becomes a column.
    /// - Throws: `FrameError.unknownColumn`, `.keyType`, `.keyMissing`, `.keyDuplicate`.
    package func keyed(by name: String) throws(FrameError) -> Frame {
        if key?.name == name { return self }
        let new = try FrameKey(name: name, column: try column(name))
        let open = withKeyAsColumn()
        var names = open.names
        var columns = open.columns
        if let at = names.firstIndex(of: name) {
            names.remove(at: at)
            columns.remove(at: at)
        }
        return Frame(trusting: names, columns, new, rows: rowCount)
    }

    /// The frame without its key; its values become the first column.
    package func withKeyAsColumn() -> Frame {
        guard let key else { return self }
        return Frame(trusting: [key.name] + names, [key.column] + columns, nil, rows: rowCount)
    }

    /// The frame without its key.
    package func withoutKey() -> Frame { Frame(trusting: names, columns, nil, rows: rowCount) }

    /// The frame without some columns.
    /// - Throws: `FrameError.unknownColumn`, `.keyAssigned`.
    package func dropping(_ unwanted: [String]) throws(FrameError) -> Frame {
        for name in unwanted {
            if name == key?.name { throw .keyAssigned(key: name) }
            _ = try column(name)
        }
        let kept = names.indices.filter { !unwanted.contains(names[$0]) }
        return Frame(
            trusting: kept.map { names[$0] }, kept.map { columns[$0] }, key, rows: rowCount)
    }
}
