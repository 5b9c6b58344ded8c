// Rows chosen by what a bool column says of them, and rows found by their key.

extension Frame {
    /// The rows where the condition holds; where it is missing it does not.
    /// - Throws: `FrameError.columnType`, `.lengths`, `.otherRows`.
    package func filtered(by condition: Series) throws(FrameError) -> Frame {
        taking(trusted: try rows(where: condition))
    }

    /// The rows where the condition holds, by number.
    package func rows(where condition: Series) throws(FrameError) -> [Int] {
        try Series(trusting: "the frame", Column([Bool](repeating: true, count: rowCount)), key)
            .rows(where: condition)
    }
}

extension Series {
    /// The rows where the condition holds; where it is missing it does not.
    /// - Throws: `FrameError.columnType`, `.lengths`, `.otherRows`.
    package func filtered(by condition: Series) throws(FrameError) -> Series {
        taking(trusted: try rows(where: condition))
    }

    func rows(where condition: Series) throws(FrameError) -> [Int] {
        let truths = try condition.truths(for: "choosing rows")
        try checkRows(condition)
        if let validity = condition.column.validity {
            return truths.indices.filter { truths[$0] && validity[$0] }
        }
        return truths.indices.filter { truths[$0] }
    }

    /// The row of a key; nil if there is none.
    /// - Throws: `FrameError.outOfMemory`.
    package func row(named name: Scalar) throws(FrameError) -> Int? {
        guard let key, let wanted = try Column.of([name]), wanted.missingCount == 0 else {
            return nil
        }
        return (0..<key.count).first { sameValue(key.column, $0, wanted, 0) }
    }

    /// Whether a row has the value.
    package func contains(_ value: Scalar) -> Bool { !rows(equalTo: value).isEmpty }
}
