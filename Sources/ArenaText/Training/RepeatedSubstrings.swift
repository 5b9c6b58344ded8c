// The substrings that words have in common: the inner nodes of their suffix tree, found in the sorted suffixes
// (Abouelhoda, Kurtz and Ohlebusch, "Replacing suffix trees with enhanced suffix arrays", 2004).

/// Substrings that occur more than once and cannot be made longer to the right without occurring less often.
struct RepeatedSubstrings {
    struct Found {
        /// One of its places in the text.
        var start: Int
        var length: Int
        var count: Int
    }
    /// All words, each with a 0 behind it.
    let text: [UInt32]
    private(set) var found: [Found] = []

    /// Substrings of 2 to `longest` characters within words.
    init(_ scalars: [UInt32], _ starts: [Int], longest: Int) {
        var text: [UInt32] = []
        text.reserveCapacity(scalars.count + starts.count)
        for word in 0..<starts.count - 1 {
            text += scalars[starts[word]..<starts[word + 1]]
            text.append(0)
        }
        self.text = text
        found = text.withUnsafeBufferPointer { Self.find($0, longest) }
    }

    /// A suffix with its first characters as a number.
    private struct Suffix: BitwiseCopyable {
        var key: UInt64
        var start: Int
    }

    private static func find(_ text: UnsafeBufferPointer<UInt32>, _ longest: Int) -> [Found] {
        let n = text.count
        // Nothing behind this many characters, or behind the end of a word, tells suffixes apart.
        let most = longest + 1
        func character(_ at: Int) -> UInt32 { at < n ? text[at] : 0 }
        var suffixes = (0..<n).map { start in
            let (a, b) = (character(start), character(start + 1))
            let first = UInt64(a) << 42 | (a == 0 ? 0 : UInt64(b) << 21)
            return Suffix(
                key: first | (a == 0 || b == 0 ? 0 : UInt64(character(start + 2))), start: start)
        }
        suffixes.sort { a, b in
            if a.key != b.key { return a.key < b.key }
            let shared = common(text, a.start, b.start, most)
            if shared == most || character(a.start + max(shared - 1, 0)) == 0 && shared > 0 {
                return a.start < b.start
            }
            return character(a.start + shared) < character(b.start + shared)
        }
        // Runs of suffixes that share so many characters, from the outermost to the innermost.
        var open: [(shared: Int, first: Int)] = []
        var found: [Found] = []
        for i in 1...max(n, 1) {
            let shared = i < n ? common(text, suffixes[i - 1].start, suffixes[i].start, most) : 0
            var first = i - 1
            while let last = open.last, last.shared > shared {
                open.removeLast()
                first = last.first
                let start = suffixes[first].start
                guard last.shared > 1, last.shared <= longest,
                    !text[start..<start + last.shared].contains(0)
                else { continue }
                found.append(Found(start: start, length: last.shared, count: i - first))
            }
            if shared > open.last?.shared ?? 0 { open.append((shared, first)) }
        }
        return found
    }

    /// How many characters two suffixes share, the end of a word among them, and none behind it.
    private static func common(
        _ text: UnsafeBufferPointer<UInt32>, _ a: Int, _ b: Int, _ most: Int
    ) -> Int {
        let room = min(most, text.count - max(a, b))
        var shared = 0
        while shared < room, text[a + shared] == text[b + shared] {
            shared += 1
            if text[a + shared - 1] == 0 { break }
        }
        return shared
    }
}
