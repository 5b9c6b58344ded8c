// What encoding a batch gives: token ids of many texts in one array, ready for the engine.

/// Token ids of rows: row `i` is `ids[offsets[i] ..< offsets[i + 1]]`.
package struct TokenRows: Sendable, Equatable {
    /// One more than there are rows; starts with 0.
    package var offsets: [Int]
    package var ids: [Int32]
    /// The segment (token type) of each id, where asked for.
    package var types: [UInt8]
    /// What each id stands for, where asked for.
    package var places: [TokenPlace] = []
    /// How many rows lost tokens to `maxLength`.
    package var rowsCut: Int
    /// How many tokens they lost.
    package var tokensCut: Int
    /// Whether some of those were never made, but counted by the length of their text.
    package var cutIsEstimate = false
    /// What each part of a layout lost.
    package var partLosses: [PartLoss] = []
    /// How many special tokens stood in the texts, parsed or not.
    package var specialCount = 0
    /// Whether those became tokens.
    package var specialsParsed = true
    /// How many characters had no token and became the unknown one or nothing.
    package var unknownCount: Int
    /// How many ill-formed parts of texts were read as U+FFFD.
    package var repairCount: Int

    package init(
        offsets: [Int] = [0], ids: [Int32] = [], types: [UInt8] = [], rowsCut: Int = 0,
        tokensCut: Int = 0,
        unknownCount: Int = 0, repairCount: Int = 0
    ) {
        self.offsets = offsets
        self.ids = ids
        self.types = types
        self.rowsCut = rowsCut
        self.tokensCut = tokensCut
        self.unknownCount = unknownCount
        self.repairCount = repairCount
    }

    /// How many rows there are.
    package var count: Int { offsets.count - 1 }

    /// How many tokens each row has.
    package var lengths: [Int] { (0..<count).map { offsets[$0 + 1] - offsets[$0] } }

    /// The ids of one row.
    package func row(_ i: Int) -> ArraySlice<Int32> { ids[offsets[i]..<offsets[i + 1]] }

    /// Appends a text's ids between the tokens of a frame.
    mutating func append(_ text: UnsafeBufferPointer<Int32>, in frame: Frame, types wanted: Bool) {
        ids.append(contentsOf: frame.before)
        ids.append(contentsOf: text)
        ids.append(contentsOf: frame.after)
        guard wanted else { return }
        types.append(contentsOf: frame.typesBefore)
        types.append(contentsOf: repeatElement(frame.type, count: text.count))
        types.append(contentsOf: frame.typesAfter)
    }

    /// Counts what a row has lost.
    mutating func count(_ cut: TextCut) {
        guard cut.lost > 0 else { return }
        rowsCut += 1
        tokensCut += cut.lost
        cutIsEstimate = cutIsEstimate || cut.isEstimate
    }

    /// Adds what was met in the texts.
    mutating func take(_ counts: TextCounts, parsed: Bool) {
        specialsParsed = parsed
        unknownCount += counts.unknown
        repairCount += counts.repairs
        specialCount += counts.specials
    }

    /// Appends the rows of another batch.
    mutating func append(_ other: TokenRows) {
        let start = ids.count
        ids.append(contentsOf: other.ids)
        types.append(contentsOf: other.types)
        places.append(contentsOf: other.places)
        for offset in other.offsets.dropFirst() { offsets.append(start + offset) }
        rowsCut += other.rowsCut
        tokensCut += other.tokensCut
        cutIsEstimate = cutIsEstimate || other.cutIsEstimate
        unknownCount += other.unknownCount
        repairCount += other.repairCount
        specialCount += other.specialCount
        specialsParsed = specialsParsed && other.specialsParsed
        if partLosses.isEmpty { partLosses = other.partLosses.map { PartLoss(name: $0.name) } }
        for i in other.partLosses.indices {
            partLosses[i].rows += other.partLosses[i].rows
            partLosses[i].tokens += other.partLosses[i].tokens
        }
    }

    /// Whether anything was cut.
    package var wasCut: Bool { rowsCut > 0 }
}
