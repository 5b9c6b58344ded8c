// Joins of two frames by the values of columns, and frames put together by rows or by columns.
// Missing values match nothing. Rows come in the left frame's order, then those that only the right
// has; nothing is aligned that was not asked for.

import ArenaCore

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
        // Texts of one column are looked up among the right ones; only where the left ones have to be
        // told apart too are all put together.
        if leftOn.count == 1, validate == nil || validate == "m:m" || validate == "m:1",
            case .string(let lefts) = try column(leftOn[0]).storage,
            case .string(let rights) = try right.column(rightOn[0]).storage
        {
            let other = try right.column(rightOn[0])
            let values = factor(rights, other.validity)
            if validate == "m:1", let second = values.firstRepeat {
                throw .mergeDuplicate(
                    side: "right", on: rightOn[0], value: other.text(second) ?? "",
                    first: values.firstRows[Int(values.codes[second])], second: second,
                    validate: "m:1")
            }
            let numbers = values.numbers(
                of: lefts, try column(leftOn[0]).validity, among: rights)
            return Factor(codes: numbers + values.codes, firstRows: values.firstRows)
                .matches(left: rowCount, how)
        }
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
        return found.matches(left: n, how)
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
}

extension Factor {
    /// The rows that go together, given the numbers of the left rows and then those of the right ones:
    /// the left rows in their order, each with its right rows in theirs; -1 stands for a row that is
    /// not there.
    fileprivate func matches(left count: Int, _ how: JoinKind) -> (left: [Int], right: [Int]) {
        let rightCount = codes.count - count
        let codes = codes
        // The right rows of each value lie together.
        var starts = [Int32](repeating: 0, count: self.count + 1)
        for row in count..<codes.count where codes[row] >= 0 { starts[Int(codes[row]) + 1] += 1 }
        for code in 0..<self.count { starts[code + 1] += starts[code] }
        var next = starts
        let order = Scratch<Int32>(rightCount)
        next.withUnsafeMutableBufferPointer { next in
            for row in 0..<rightCount where codes[count + row] >= 0 {
                let code = Int(codes[count + row])
                order[Int(next[code])] = Int32(row)
                next[code] += 1
            }
        }
        return lending(codes) { codes in
            lending(starts) { starts in
                matches(codes, count, rightCount, starts, order, how)
            }
        }
    }

    private func matches(
        _ codes: Source<Int32>, _ count: Int, _ rightCount: Int, _ starts: Source<Int32>,
        _ order: Scratch<Int32>, _ how: JoinKind
    ) -> (left: [Int], right: [Int]) {
        /// Where the right rows of a left row lie.
        @inline(__always) @Sendable
        func partners(_ row: Int) -> Range<Int> {
            let code = Int(codes[row])
            return code < 0 ? 0..<0 : Int(starts[code])..<Int(starts[code + 1])
        }
        /// How many rows of the result a left row makes.
        @inline(__always) @Sendable
        func size(_ row: Int) -> Int {
            let found = partners(row).count
            return switch how {
            case .anti: found == 0 ? 1 : 0
            case .semi: found == 0 ? 0 : 1
            case .inner: found
            case .left, .outer, .right: max(found, 1)
            }
        }
        let workers = max(1, min(Cores.workers(for: count), count))
        let totals = Scratch<Int>(repeating: 0, count: workers + 1)
        parallelRanges(count, workers: workers) { worker, range in
            totals.base[worker + 1] = range.reduce(0) { $0 + size($1) }
        }
        for worker in 0..<workers { totals[worker + 1] += totals[worker] }
        let total = totals[workers]
        let wantsRight = how != .anti && how != .semi
        let rights = Scratch<Int>(wantsRight ? total : 0)
        var left = [Int](unsafeUninitializedCapacity: total) { buffer, used in
            used = total
            guard let base = buffer.baseAddress else { return }
            let lefts = Target(base)
            parallelRanges(count, workers: workers) { worker, range in
                var at = totals.base[worker]
                for row in range {
                    if !wantsRight {
                        if size(row) > 0 {
                            lefts[at] = row
                            at += 1
                        }
                        continue
                    }
                    let found = partners(row)
                    if found.isEmpty, how != .inner {
                        lefts[at] = row
                        rights.base[at] = -1
                        at += 1
                    }
                    for place in found {
                        lefts[at] = row
                        rights.base[at] = Int(order.base[place])
                        at += 1
                    }
                }
            }
        }
        if !wantsRight { return (left, []) }
        var right = mappedRows(total) { rights.base[$0] }
        if how == .outer {
            var used = [Bool](repeating: false, count: rightCount)
            for row in right where row >= 0 { used[row] = true }
            for row in 0..<rightCount where !used[row] {
                left.append(-1)
                right.append(row)
            }
        }
        return (left, right)
    }
}
