// Which places of a cache nobody has.

/// Ranges of free places, rising and apart from each other.
struct FreePlaces {
    let count: Int
    private var ranges: [Range<Int>]

    init(_ count: Int) {
        self.count = count
        ranges = [0..<count]
    }

    /// The longest run of free places.
    var largest: Int { ranges.reduce(0) { max($0, $1.count) } }

    /// The first so many free places that stand together; there must be some.
    mutating func take(_ count: Int) -> Range<Int> {
        guard let i = ranges.firstIndex(where: { $0.count >= count }) else {
            preconditionFailure("no more than the largest range is taken")
        }
        let start = ranges[i].lowerBound
        if ranges[i].count == count {
            ranges.remove(at: i)
        } else {
            ranges[i] = start + count..<ranges[i].upperBound
        }
        return start..<start + count
    }

    /// Takes places back.
    mutating func give(_ range: Range<Int>) {
        let i = ranges.firstIndex { $0.lowerBound >= range.upperBound } ?? ranges.count
        ranges.insert(range, at: i)
        if i + 1 < ranges.count, ranges[i].upperBound == ranges[i + 1].lowerBound {
            ranges[i] = ranges[i].lowerBound..<ranges.remove(at: i + 1).upperBound
        }
        if i > 0, ranges[i - 1].upperBound == ranges[i].lowerBound {
            ranges[i - 1] = ranges[i - 1].lowerBound..<ranges.remove(at: i).upperBound
        }
    }
}
