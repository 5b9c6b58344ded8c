// Text that remembers where each byte comes from, as the reference's `NormalizedString` does: the path that
// token offsets take. It is slower than TextEncoder's and used where offsets are asked for.

/// A stretch of bytes of the original text.
struct Place: Equatable, BitwiseCopyable {
    var start: Int32
    var end: Int32
}

/// A text and, for each of its bytes, the stretch of the original that it stands for.
struct TracedText {
    private(set) var bytes: [UInt8]
    private(set) var places: [Place]

    /// A stretch of the original text, each byte standing for its whole character.
    init(_ text: ArraySlice<UInt8>) {
        bytes = Array(text)
        places = []
        places.reserveCapacity(text.count)
        var i = text.startIndex
        while i < text.endIndex {
            var end = i + 1
            while end < text.endIndex, text[end] & 0xC0 == 0x80 { end += 1 }
            let place = Place(
                start: Int32(truncatingIfNeeded: i), end: Int32(truncatingIfNeeded: end))
            for _ in i..<end { places.append(place) }
            i = end
        }
    }

    private init(_ bytes: [UInt8], _ places: [Place]) {
        self.bytes = bytes
        self.places = places
    }

    var count: Int { bytes.count }

    /// A part of the text, with its places.
    func part(_ range: Range<Int>) -> TracedText {
        TracedText(Array(bytes[range]), Array(places[range]))
    }

    /// What a stretch of this text stands for; nil for an empty one.
    func original(_ range: Range<Int>) -> Place? {
        guard !range.isEmpty, range.lowerBound >= 0, range.upperBound <= places.count else {
            return nil
        }
        return Place(start: places[range.lowerBound].start, end: places[range.upperBound - 1].end)
    }

    func withBytes<R>(_ body: (Bytes) -> R) -> R { bytes.withUnsafeBufferPointer(body) }

    /// The scalars with where they start.
    var scalars: [(code: UInt32, at: Int, length: Int)] {
        var result: [(code: UInt32, at: Int, length: Int)] = []
        result.reserveCapacity(bytes.count)
        withBytes { text in
            forEachScalar(of: text) { code, at, length in result.append((code, at, length)) }
        }
        return result
    }

    // MARK: - Changes, by the reference's rules

    /// A new scalar: 0 replaces the next one, 1 is inserted, -n replaces the next and drops n more.
    typealias Change = (code: UInt32, change: Int)

    /// Rewrites a range; `dropped` scalars at its start are left out first.
    mutating func rewrite(_ range: Range<Int>, _ changes: [Change], dropped: Int = 0) {
        var lengths: [Int] = []
        withBytes { text in
            var i = range.lowerBound
            while i < range.upperBound {
                var end = i + 1
                while end < range.upperBound, text[end] & 0xC0 == 0x80 { end += 1 }
                lengths.append(end - i)
                i = end
            }
        }
        var next = min(dropped, lengths.count)
        var offset = range.lowerBound + lengths[..<next].reduce(0, +)
        var newBytes = Scratch<UInt8>()
        var newPlaces: [Place] = []
        for (code, change) in changes {
            let at = change > 0 ? offset - 1 : offset
            let place =
                at >= 0 && at < places.count
                ? places[at] : Place(start: 0, end: 0)
            if change <= 0 {
                let taken = lengths[
                    min(next, lengths.count)..<min(next + 1 - change, lengths.count)]
                offset += taken.reduce(0, +)
                next = min(next + 1 - change, lengths.count)
            }
            let before = newBytes.count
            appendScalar(code, to: &newBytes)
            for _ in before..<newBytes.count { newPlaces.append(place) }
        }
        bytes.replaceSubrange(range, with: newBytes.contents)
        places.replaceSubrange(range, with: newPlaces)
    }

    mutating func rewrite(_ changes: [Change], dropped: Int = 0) {
        rewrite(0..<count, changes, dropped: dropped)
    }

    /// Puts a string before a text that is not empty; it stands for the first character.
    mutating func prepend(_ prefix: [UInt8]) {
        guard let first = scalars.first else { return }
        var changes: [Change] = []
        prefix.withUnsafeBufferPointer { text in
            forEachScalar(of: text) { code, _, _ in changes.append((code, changes.isEmpty ? 0 : 1))
            }
        }
        guard !changes.isEmpty else { return }
        changes.append((first.code, 1))
        rewrite(0..<first.length, changes)
    }

    /// Keeps the scalars for which `body` holds.
    mutating func filter(_ body: (UInt32) -> Bool) {
        var newBytes: [UInt8] = []
        var newPlaces: [Place] = []
        for (code, at, length) in scalars where body(code) {
            newBytes += bytes[at..<at + length]
            newPlaces += places[at..<at + length]
        }
        (bytes, places) = (newBytes, newPlaces)
    }

    /// Replaces each scalar by what `body` gives for it: the first stands where it stood, the others are
    /// inserted.
    mutating func map(_ body: (UInt32) -> [UInt32]) {
        var changes: [Change] = []
        for (code, _, _) in scalars {
            for (k, new) in body(code).enumerated() { changes.append((new, k == 0 ? 0 : 1)) }
        }
        rewrite(changes)
    }

    /// Replaces the matches of a pattern; what is new stands where a match's last character stood.
    mutating func replace(_ matches: [Range<Int>], by content: [UInt8]) {
        guard !matches.isEmpty else { return }
        var newBytes: [UInt8] = []
        var newPlaces: [Place] = []
        var copied = 0
        for match in matches {
            newBytes += bytes[copied..<match.lowerBound]
            newPlaces += places[copied..<match.lowerBound]
            let place =
                match.upperBound > 0 ? places[match.upperBound - 1] : Place(start: 0, end: 0)
            newBytes += content
            newPlaces += repeatElement(place, count: content.count)
            copied = match.upperBound
        }
        newBytes += bytes[copied...]
        newPlaces += places[copied...]
        (bytes, places) = (newBytes, newPlaces)
    }
}
