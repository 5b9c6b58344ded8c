// Training of byte-pair encoding: the commonest pair of neighbours becomes a token, over and over. The rules,
// the order of equal counts among them, are those of tokenizers' BpeTrainer
// (https://github.com/huggingface/tokenizers), so that vocabularies and merges come out the same.

import ArenaCore

/// How vocabularies of merges are trained.
struct BPETrainer {
    var vocabularySize = 30_000
    /// Pairs that are there less often are not merged.
    var minFrequency = 0
    /// The commonest characters that become tokens; nil for all.
    var limitAlphabet: Int?
    /// Characters that become tokens also if no text has them.
    var initialAlphabet: Set<UInt32> = []
    /// Tokens before all others.
    var specialTokens: [[UInt8]] = []
    /// What stands before characters that do not begin a word: WordPiece's "##".
    var continuingPrefix: [UInt8] = []
    /// Tokens have fewer characters; nil for any.
    var maxTokenLength: Int?

    struct Result {
        var tokens: [[UInt8]]
        /// Pairs of ids in the order they were made; of equal pairs the last counts.
        var merges: [(left: Int32, right: Int32)]
    }

    /// - Parameter goesOn: told how many tokens there are; false ends the training with those.
    func train(_ words: CountedWords, goesOn: (Int) -> Bool = { _ in true }) -> Result {
        var names = TokenNames()
        for token in specialTokens { _ = names.id(of: token) }
        let (scalars, starts) = words.scalars()
        for scalar in alphabet(scalars, starts, words.counts) {
            _ = names.id(of: encoded(scalar))
        }
        let symbols = firstSymbols(scalars, starts, &names)
        var state = MergeState(words: symbols, counts: words.counts, maxLength: maxTokenLength)
        var merges: [(left: Int32, right: Int32)] = []
        while names.count < vocabularySize, let top = state.nextPair(), top.count >= minFrequency {
            if merges.count % 64 == 0, !goesOn(names.count) { break }
            let (left, right) = (names.tokens[Int(top.left)], names.tokens[Int(top.right)])
            let rest =
                !continuingPrefix.isEmpty && right.starts(with: continuingPrefix)
                ? Array(right.dropFirst(continuingPrefix.count)) : right
            let made = names.id(of: left + rest)
            merges.append((top.left, top.right))
            state.merge(top, into: made)
        }
        return Result(tokens: names.tokens, merges: merges)
    }

    /// The characters that become tokens, in their order.
    private func alphabet(_ scalars: [UInt32], _ starts: [Int], _ counts: [Int]) -> [UInt32] {
        var seen: [UInt32: Int] = [:]
        for word in counts.indices {
            for scalar in scalars[starts[word]..<starts[word + 1]] {
                seen[scalar, default: 0] += counts[word]
            }
        }
        for scalar in initialAlphabet { seen[scalar] = .max }
        guard let limitAlphabet, seen.count > limitAlphabet else { return seen.keys.sorted() }
        let rarest = seen.sorted { ($0.value, $0.key) < ($1.value, $1.key) }
        return rarest.suffix(limitAlphabet).map(\.key).sorted()
    }

    /// The words as tokens of single characters; characters outside the alphabet are left out.
    private func firstSymbols(
        _ scalars: [UInt32], _ starts: [Int], _ names: inout TokenNames
    ) -> [[Int32]] {
        var first: [UInt32: Int32] = [:]
        for scalar in Set(scalars) {
            if let id = names.known(encoded(scalar)) { first[scalar] = id }
        }
        var later = first
        if !continuingPrefix.isEmpty {
            // In the order of the characters: the reference's is that of a hash table.
            var continuing: Set<UInt32> = []
            for word in 0..<starts.count - 1 {
                continuing.formUnion(scalars[starts[word]..<starts[word + 1]].dropFirst())
            }
            for scalar in continuing.sorted() where first[scalar] != nil {
                later[scalar] = names.id(of: continuingPrefix + encoded(scalar))
            }
        }
        return (0..<starts.count - 1).map { word in
            let range = starts[word]..<starts[word + 1]
            return range.compactMap {
                $0 == range.lowerBound ? first[scalars[$0]] : later[scalars[$0]]
            }
        }
    }
}

/// Tokens by id and ids by token.
private struct TokenNames {
    private(set) var tokens: [[UInt8]] = []
    private var ids: [[UInt8]: Int32] = [:]

    var count: Int { tokens.count }

    func known(_ token: [UInt8]) -> Int32? { ids[token] }

    /// The id of a token, a new one if there is none.
    mutating func id(of token: [UInt8]) -> Int32 {
        if let known = ids[token] { return known }
        let id = Int32(tokens.count)
        tokens.append(token)
        ids[token] = id
        return id
    }
}

/// The words while their symbols merge, how often each pair is there, and a queue of pairs, the commonest
/// first. What a queued pair's count was when it was queued may have changed: then it is queued again.
private struct MergeState {
    /// A pair in the queue.
    struct Queued: BitwiseCopyable {
        var count: Int
        var pair: UInt64
        /// Where the words are that had it when it was queued.
        var place: Int
        var left: Int32 { Int32(truncatingIfNeeded: pair >> 32) }
        var right: Int32 { Int32(truncatingIfNeeded: pair) }

        /// Commoner pairs come first, of equally common ones that of the lower ids.
        static func < (a: Queued, b: Queued) -> Bool {
            a.count != b.count ? a.count > b.count : a.pair < b.pair
        }
    }

    private var words: [[Int32]]
    /// How many characters each symbol is of, where that is limited.
    private var lengths: [Int32: Int] = [:]
    private let counts: [Int]
    private let maxLength: Int?
    private var pairCounts: [UInt64: Int] = [:]
    /// Words that have got a pair since it was last queued.
    private var fresh: [UInt64: [Int32]] = [:]
    private var queue: [Queued] = []
    /// The words of queued pairs, by their places.
    private var queuedWords: [[Int32]] = []

    init(words: [[Int32]], counts: [Int], maxLength: Int?) {
        self.words = words
        self.counts = counts
        self.maxLength = maxLength
        for (number, word) in words.enumerated() where word.count > 1 {
            for i in 1..<word.count {
                let pair = Self.pair(word[i - 1], word[i])
                pairCounts[pair, default: 0] += counts[number]
                note(pair, in: Int32(truncatingIfNeeded: number))
            }
        }
        queueFresh()
    }

    private static func pair(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    /// The commonest pair; nil if there is none.
    mutating func nextPair() -> Queued? {
        while let top = pop() {
            let count = pairCounts[top.pair] ?? 0
            if count == top.count { return count < 1 ? nil : top }
            push(Queued(count: count, pair: top.pair, place: top.place))
        }
        return nil
    }

    /// Merges a pair in its words.
    mutating func merge(_ top: Queued, into made: Int32) {
        let length = (lengths[top.left] ?? 1) + (lengths[top.right] ?? 1)
        if maxLength != nil { lengths[made] = length }
        let owners = queuedWords[top.place]
        queuedWords[top.place] = []
        for number in owners {
            var word = words[Int(number)]
            words[Int(number)] = []
            merge(&word, number, top.left, top.right, made, length)
            words[Int(number)] = word
        }
        queueFresh()
    }

    private mutating func merge(
        _ word: inout [Int32], _ number: Int32, _ left: Int32, _ right: Int32, _ made: Int32,
        _ length: Int
    ) {
        let count = counts[Int(number)]
        var (from, to) = (0, 0)
        while from < word.count {
            guard word[from] == left, from + 1 < word.count, word[from + 1] == right else {
                word[to] = word[from]
                (from, to) = (from + 1, to + 1)
                continue
            }
            from += 2
            word[to] = made
            if to > 0 {
                pairCounts[Self.pair(word[to - 1], left), default: 0] -= count
                if fits(length, word[to - 1]) { add(word[to - 1], made, count, number) }
            }
            if from < word.count {
                pairCounts[Self.pair(right, word[from]), default: 0] -= count
                if fits(length, word[from]) { add(made, word[from], count, number) }
            }
            to += 1
        }
        word.removeLast(word.count - to)
    }

    private func fits(_ length: Int, _ neighbour: Int32) -> Bool {
        guard let maxLength else { return true }
        return length + (lengths[neighbour] ?? 1) < maxLength
    }

    private mutating func add(_ left: Int32, _ right: Int32, _ count: Int, _ number: Int32) {
        let pair = Self.pair(left, right)
        pairCounts[pair, default: 0] += count
        note(pair, in: number)
    }

    private mutating func note(_ pair: UInt64, in word: Int32) {
        let place = fresh.index(forKey: pair)
        guard let place else {
            fresh[pair] = [word]
            return
        }
        // A word's pairs come one after another.
        if fresh.values[place].last != word { fresh.values[place].append(word) }
    }

    private mutating func queueFresh() {
        for (pair, words) in fresh {
            let count = pairCounts[pair] ?? 0
            guard count > 0 else { continue }
            push(Queued(count: count, pair: pair, place: queuedWords.count))
            queuedWords.append(words)
        }
        fresh.removeAll(keepingCapacity: true)
    }

    // MARK: - The queue, a binary heap

    private mutating func push(_ item: Queued) {
        queue.append(item)
        var at = queue.count - 1
        while at > 0, queue[at] < queue[(at - 1) / 2] {
            queue.swapAt(at, (at - 1) / 2)
            at = (at - 1) / 2
        }
    }

    private mutating func pop() -> Queued? {
        guard let last = queue.popLast() else { return nil }
        guard let top = queue.first else { return last }
        queue[0] = last
        var at = 0
        while true {
            var best = at
            for child in [2 * at + 1, 2 * at + 2] where child < queue.count {
                if queue[child] < queue[best] { best = child }
            }
            if best == at { return top }
            queue.swapAt(at, best)
            at = best
        }
    }
}

/// A scalar as UTF-8.
func encoded(_ scalar: UInt32) -> [UInt8] {
    var bytes: [UInt8] = []
    appendUTF8(scalar, to: &bytes)
    return bytes
}
