// The columns of several stretches of a file become one: the type that all of them together have.

extension CSVColumnBuilder {
    /// The column of all parts in order; nil if it is text but some part took it for something else,
    /// so that it has to be read again as text.
    static func column(joining parts: inout [CSVColumnBuilder]) throws(FrameError) -> Column? {
        let rows = parts.reduce(0) { $0 + $1.rows }
        var states = Set(parts.map(\.state))
        states.remove(.undecided)
        let hidden = parts.contains { $0.hasHiddenText }
        guard let kind = states.first else {
            if hidden { return nil }
            if rows == 0 { return Column(.string(TextStorage(views: [], chunks: []))) }
            return Column(
                .float64([Double](repeating: 0, count: rows)),
                validity: Validity(repeating: false, count: rows))
        }
        if states == [.text] { return text(joining: &parts, rows, hidden) }
        if states == [.bool] {
            return Column(
                .bool(joined(parts, rows, \.bools, filler: false)), validity: validity(parts, rows))
        }
        guard states.isSubset(of: [.int64, .float64]) else { return nil }
        if kind == .int64, states.count == 1 {
            return Column(
                .int64(joined(parts, rows, \.ints, filler: 0)), validity: validity(parts, rows))
        }
        // Whole numbers some of which are too large stay text, unless there are fractions.
        if parts.contains(where: \.hasHugeInt), !parts.contains(where: \.hasFraction) { return nil }
        if parts.count == 1 {
            return Column(.float64(parts[0].doubles), validity: parts[0].validity)
        }
        var values: [Double] = []
        values.reserveCapacity(rows)
        for part in parts {
            switch part.state {
            case .float64: values += part.doubles
            case .int64: values += part.ints.lazy.map(Double.init)
            case .undecided, .bool, .text, .spoilt:
                values += repeatElement(0, count: part.rows)
            }
        }
        return Column(.float64(values), validity: validity(parts, rows))
    }

    private static func text(
        joining parts: inout [CSVColumnBuilder], _ rows: Int, _ hidden: Bool
    ) -> Column? {
        var storages: [TextStorage] = []
        for at in parts.indices {
            if parts[at].state == .text {
                storages.append(parts[at].finishTexts())
            } else if parts[at].hasHiddenText {
                return nil
            } else {
                storages.append(
                    TextStorage(
                        views: Array(repeating: .empty, count: parts[at].rows), chunks: []))
            }
        }
        return Column(.string(TextStorage(joining: storages)), validity: validity(parts, rows))
    }

    private static func joined<T>(
        _ parts: [CSVColumnBuilder], _ rows: Int, _ values: KeyPath<CSVColumnBuilder, [T]>,
        filler: T
    ) -> [T] {
        if parts.count == 1 { return parts[0][keyPath: values] }
        var result: [T] = []
        result.reserveCapacity(rows)
        for part in parts {
            if part.state == .undecided {
                result += repeatElement(filler, count: part.rows)
            } else {
                result += part[keyPath: values]
            }
        }
        return result
    }

    private static func validity(_ parts: [CSVColumnBuilder], _ rows: Int) -> Validity? {
        if parts.allSatisfy({ $0.validity == nil }) { return nil }
        if parts.count == 1 { return parts[0].validity }
        var result = Validity(repeating: true, count: 0)
        for part in parts {
            if let validity = part.validity {
                for row in 0..<part.rows { result.append(validity[row]) }
            } else {
                result.append(repeating: true, count: part.rows)
            }
        }
        return result
    }
}
