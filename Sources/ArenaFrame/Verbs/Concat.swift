// Frames put together by rows or by columns, and their keys.

extension Frame {
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
            let rows = ArenaFrame.rows(of: own, in: other)
            if let row = rows.firstIndex(of: -1) {
                throw .argument(
                    verb: "concat",
                    message:
                        "frame \(number + 1) lacks the row of key \(own.label(row)), which the first has",
                    help: "merge joins frames of different rows by key")
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
