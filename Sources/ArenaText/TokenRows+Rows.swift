// Token rows as rows: choosing, joining, cutting and padding them.

extension TokenRows {
    /// The rows in the order given, with their types and places.
    /// - Precondition: every row is in range.
    package func taking(_ rows: some Sequence<Int>) -> TokenRows {
        var result = TokenRows()
        for row in rows { result.append(self, offsets[row]..<offsets[row + 1]) }
        return result
    }

    /// Every row cut to a length.
    package func truncated(to length: Int, side: Tokenizer.Side) -> TokenRows {
        var result = TokenRows()
        for row in 0..<count {
            let range = offsets[row]..<offsets[row + 1]
            let kept = min(length, range.count)
            result.append(
                self,
                side == .right
                    ? range.lowerBound..<range.lowerBound + kept
                    : range.upperBound - kept..<range.upperBound)
            result.count(TextCut(kept: 0..<kept, lost: range.count - kept))
        }
        return result
    }

    /// Every row filled up to a length with an id; padding has the type 0 and no place.
    /// - Precondition: no row is longer.
    package func padded(to length: Int, with id: Int32, side: Tokenizer.Side) -> TokenRows {
        var result = TokenRows()
        result.ids.reserveCapacity(count * length)
        for row in 0..<count {
            let range = offsets[row]..<offsets[row + 1]
            let missing = length - range.count
            if side == .left { result.fill(missing, id, like: self) }
            result.append(self, range, endsRow: side == .left)
            guard side == .right else { continue }
            result.fill(missing, id, like: self)
            result.offsets.append(result.ids.count)
        }
        return result
    }

    /// The rows of both, one after another. Types and places stay where both have them.
    package func joined(with other: TokenRows) -> TokenRows {
        var result = self
        if types.isEmpty != other.types.isEmpty {
            result.types = []
        }
        if places.isEmpty != other.places.isEmpty {
            result.places = []
        }
        var rest = other
        if result.types.isEmpty { rest.types = [] }
        if result.places.isEmpty { rest.places = [] }
        result.append(rest)
        return result
    }

    private mutating func append(_ other: TokenRows, _ range: Range<Int>, endsRow: Bool = true) {
        ids += other.ids[range]
        if !other.types.isEmpty { types += other.types[range] }
        if !other.places.isEmpty { places += other.places[range] }
        if endsRow { offsets.append(ids.count) }
    }

    private mutating func fill(_ count: Int, _ id: Int32, like other: TokenRows) {
        ids += repeatElement(id, count: count)
        if !other.types.isEmpty { types += repeatElement(0, count: count) }
        if !other.places.isEmpty { places += repeatElement(.none, count: count) }
    }
}
