// Training of a Unigram vocabulary: from all common substrings to a vocabulary of the wanted size, by
// expectation and maximization and by leaving out what is missed least (Kudo, "Subword regularization", 2018).
// The rules and constants are those of tokenizers' UnigramTrainer
// (https://github.com/huggingface/tokenizers); sums are added up in one order, whatever the number of threads.

import ArenaCore
import CArenaText
import Glibc
import Synchronization

/// How vocabularies with scores are trained.
struct UnigramTrainer {
    var vocabularySize = 8000
    /// Tokens before all others.
    var specialTokens: [[UInt8]] = []
    /// One of the special tokens, or one that is put before them.
    var unknownToken: [UInt8] = Array("<unk>".utf8)
    var shrinkingFactor = 0.75
    var subIterations = 2
    var maxPieceLength = 16
    var seedSize = 1_000_000
    var workers = processorCount()

    /// The special tokens with the one for what is unknown.
    private var special: [[UInt8]] {
        specialTokens.contains(unknownToken) ? specialTokens : [unknownToken] + specialTokens
    }

    struct Result {
        var tokens: [[UInt8]]
        /// Logarithms of probabilities; 0 for special tokens.
        var scores: [Double]
        var unknownID: Int
    }

    /// - Parameter goesOn: told how many pieces there are; false ends the training with the best of those.
    /// - Throws: `vocabularyTooSmall` if there are more characters than it may have tokens.
    func train(
        _ words: CountedWords, goesOn: (Int) -> Bool = { _ in true }
    ) throws(TokenizerError) -> Result {
        let (scalars, starts) = words.scalars()
        let needed = Set(scalars).subtracting([0]).count + special.count
        guard needed <= vocabularySize else {
            throw .vocabularyTooSmall(size: vocabularySize, needed: needed)
        }
        var pieces = seeds(scalars, starts, words.counts)
        let wanted = vocabularySize * 11 / 10
        var model = PieceLattice(pieces)
        while true {
            for _ in 0..<subIterations {
                pieces = maximized(pieces, expectations(model, words))
                model = PieceLattice(pieces)
            }
            let before = pieces.count
            guard goesOn(before), before + 1 > wanted else { break }
            pieces = pruned(
                pieces, model, words, to: max(wanted, Int(Double(before + 1) * shrinkingFactor)))
            model = PieceLattice(pieces)
            // Where nothing can be left out any more it would go on for ever.
            if pieces.count >= before { break }
        }
        return finished(pieces, model.leastScore, Set(scalars).sorted())
    }

    /// Characters, the commonest first, then substrings by how much text they take.
    private func seeds(_ scalars: [UInt32], _ starts: [Int], _ counts: [Int]) -> [UnigramPiece] {
        var seen: [UInt32: Int] = [:]
        for word in counts.indices {
            for scalar in scalars[starts[word]..<starts[word + 1]] where scalar != 0 {
                seen[scalar, default: 0] += counts[word]
            }
        }
        let characters = seen.sorted { ($0.value, $0.key) > ($1.value, $1.key) }
        var pieces = characters.map {
            UnigramPiece(bytes: encoded($0.key), score: Double($0.value))
        }
        let substrings = RepeatedSubstrings(scalars, starts, longest: maxPieceLength)
        let text = substrings.text
        let common = substrings.found.sorted { a, b in
            let (x, y) = (a.count * a.length, b.count * b.length)
            if x != y { return x > y }
            return text[b.start..<b.start + b.length].lexicographicallyPrecedes(
                text[a.start..<a.start + a.length])
        }
        for substring in common.prefix(max(0, seedSize - pieces.count)) {
            var bytes: [UInt8] = []
            for scalar in text[substring.start..<substring.start + substring.length] {
                appendUTF8(scalar, to: &bytes)
            }
            pieces.append(
                UnigramPiece(bytes: bytes, score: Double(substring.count * substring.length)))
        }
        let sum = log(pieces.reduce(0) { $0 + $1.score })
        for i in pieces.indices { pieces[i].score = log(pieces[i].score) - sum }
        return pieces
    }

    /// How often each piece is expected in all words.
    private func expectations(_ model: PieceLattice, _ words: CountedWords) -> [Double] {
        sums(of: words, model.pieceCount) { range, sums in
            var nodes = LatticeNodes()
            words.bytes.withUnsafeBufferPointer { bytes in
                for word in range {
                    nodes.fill(model, Bytes(rebasing: bytes[words.range(word)]))
                    nodes.addMarginals(Double(words.counts[word]), to: &sums)
                }
            }
        }
    }

    /// The pieces with scores by how often they are expected; those that hardly are fall away.
    private func maximized(_ pieces: [UnigramPiece], _ expected: [Double]) -> [UnigramPiece] {
        var kept: [UnigramPiece] = []
        var sum = 0.0
        for (piece, count) in zip(pieces, expected) where !(count < 0.5) {
            kept.append(UnigramPiece(bytes: piece.bytes, score: count))
            sum += count
        }
        // Counts pass through the digamma function, which takes more from small ones.
        let whole = digamma(sum)
        for i in kept.indices { kept[i].score = digamma(kept[i].score) - whole }
        return kept
    }

    /// Leaves out the pieces whose loss makes all words least unlikely.
    private func pruned(
        _ pieces: [UnigramPiece], _ model: PieceLattice, _ words: CountedWords, to size: Int
    ) -> [UnigramPiece] {
        let alternatives = alternatives(pieces, model)
        let counts = sums(of: words, model.pieceCount) { range, sums in
            var nodes = LatticeNodes()
            words.bytes.withUnsafeBufferPointer { bytes in
                for word in range {
                    nodes.fill(model, Bytes(rebasing: bytes[words.range(word)]))
                    for id in nodes.best() {
                        sums[id < 0 ? model.pieceCount : id] += Double(words.counts[word])
                    }
                }
            }
        }
        let sum = counts.reduce(0, +)
        let all = Double(words.counts.reduce(0, +))
        var kept: [UnigramPiece] = []
        var candidates: [(id: Int, loss: Double)] = []
        for id in pieces.indices {
            let count = counts[id]
            guard let other = alternatives[id] else {
                if count > 0 { kept.append(pieces[id]) }
                continue
            }
            guard !other.isEmpty else {
                kept.append(pieces[id])
                continue
            }
            guard count > 0 else { continue }
            let without = log(sum + count * Double(other.count - 1))
            var spelled = 0.0
            for part in other {
                spelled += log(counts[part < 0 ? model.pieceCount : part] + count) - without
            }
            candidates.append((id, count / all * (log(count) - log(sum) - spelled)))
        }
        candidates.sort { ($0.loss, $1.id) > ($1.loss, $0.id) }
        // The unknown token counts as one.
        for candidate in candidates.prefix(max(0, size - kept.count - 1)) {
            kept.append(pieces[candidate.id])
        }
        return kept
    }

    /// What is put in the place of each piece; nil for those that are not their own best spelling.
    private func alternatives(_ pieces: [UnigramPiece], _ model: PieceLattice) -> [[Int]?] {
        let parts = Mutex([Int: [[Int]?]]())
        parallelRanges(pieces.count, workers: workers) { part, range in
            var nodes = LatticeNodes()
            let own = range.map { id in
                pieces[id].bytes.withUnsafeBufferPointer {
                    nodes.fill(model, $0)
                    return nodes.alternative(to: id)
                }
            }
            parts.withLock { $0[part] = own }
        }
        return parts.withLock { parts in (0..<parts.count).flatMap { parts[$0] ?? [] } }
    }

    /// Special tokens, all characters of the words, and the best other pieces.
    private func finished(
        _ pieces: [UnigramPiece], _ leastScore: Double, _ characters: [UInt32]
    ) -> Result {
        var scores: [[UInt8]: Double] = [:]
        for piece in pieces { scores[piece.bytes] = piece.score }
        var kept: [UnigramPiece] = []
        var penalty = 0.0
        for character in characters where character != 0 {
            let bytes = encoded(character)
            if let score = scores.removeValue(forKey: bytes) {
                kept.append(UnigramPiece(bytes: bytes, score: score))
            } else {
                kept.append(UnigramPiece(bytes: bytes, score: leastScore + penalty))
                penalty += 0.0001
            }
        }
        let special = special
        for piece in pieces where kept.count < vocabularySize - special.count {
            if scores[piece.bytes] != nil { kept.append(piece) }
        }
        let ordered = kept.enumerated().sorted {
            ($0.element.score, $1.offset) > ($1.element.score, $0.offset)
        }
        let rest = ordered.map(\.element).filter { !special.contains($0.bytes) }
        return Result(
            tokens: special + rest.map(\.bytes),
            scores: [Double](repeating: 0, count: special.count) + rest.map(\.score),
            unknownID: special.firstIndex(of: unknownToken) ?? 0)
    }

    /// Adds up what blocks of words bring; one more than `count` sums, the last for what is unknown.
    private func sums(
        of words: CountedWords, _ count: Int,
        _ body: @escaping @Sendable (Range<Int>, inout [Double]) -> Void
    ) -> [Double] {
        let blocks = max(1, min(64, words.count / 256))
        let parts = Mutex([[Double]](repeating: [], count: blocks))
        let next = Atomic<Int>(0)
        runWorkers(max(1, min(workers, blocks))) { _ in
            while true {
                let block = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard block < blocks else { return }
                var sums = [Double](repeating: 0, count: count + 1)
                body(words.count * block / blocks..<words.count * (block + 1) / blocks, &sums)
                let own = sums
                parts.withLock { $0[block] = own }
            }
        }
        var sums = [Double](repeating: 0, count: count + 1)
        for part in parts.withLock({ $0 }) {
            for i in sums.indices { sums[i] += part[i] }
        }
        return sums
    }
}

/// A piece and the logarithm of its probability.
struct UnigramPiece: Sendable {
    var bytes: [UInt8]
    var score: Double
}

/// The derivative of the logarithm of the gamma function, by its asymptotic series.
private func digamma(_ x: Double) -> Double {
    var (x, result) = (x, 0.0)
    while x < 7 {
        result -= 1 / x
        x += 1
    }
    x -= 0.5
    let square = 1 / (x * x)
    let fourth = square * square
    return result + log(x) + square / 24 - fourth * 7 / 960 + fourth * square * 31 / 8064
        - fourth * fourth * 127 / 30720
}

/// Pieces that spellings are looked for with.
private final class PieceLattice: Sendable {
    let trie: Trie
    let scores: [Double]
    let leastScore: Double
    private let bytes: Table<UInt8>

    var pieceCount: Int { scores.count }
    /// What a character costs that is no piece.
    var unknownScore: Double { leastScore - 10 }

    init(_ pieces: [UnigramPiece]) {
        let bytes = Table<UInt8>(
            count: max(1, pieces.reduce(0) { $0 + $1.bytes.count }), repeating: 0)
        var ranges: [Range<Int>] = []
        ranges.reserveCapacity(pieces.count)
        var used = 0
        for piece in pieces {
            for (i, byte) in piece.bytes.enumerated() { bytes.base[used + i] = byte }
            ranges.append(used..<used + piece.bytes.count)
            used += piece.bytes.count
        }
        let places = ranges
        trie = Trie(count: pieces.count) { id in
            Bytes(start: bytes.base + places[id].lowerBound, count: places[id].count)
        }
        self.bytes = bytes
        scores = pieces.map(\.score)
        leastScore = scores.min() ?? 0
    }
}

/// All spellings of one word: its pieces as edges between places, in the order of where they begin and of their
/// length.
private struct LatticeNodes {
    private struct Node: BitwiseCopyable {
        var start: Int32
        var end: Int32
        /// -1 for a character that is no piece.
        var id: Int32
        var score: Double
    }
    private var nodes: [Node] = []
    private var length = 0

    mutating func fill(_ model: PieceLattice, _ word: Bytes) {
        nodes.removeAll(keepingCapacity: true)
        length = word.count
        withUnsafePointer(to: model.trie.tables) { trie in
            var start = 0
            while start < length {
                let lead = word[start]
                let width = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
                var hasCharacter = false
                var node = Trie.root
                var at = start
                while at < length {
                    node = arena_trie_step(trie, node, word[at])
                    if node == Trie.none { break }
                    at += 1
                    let id = trie.pointee.nodes[Int(node)].id
                    guard id >= 0 else { continue }
                    if at - start == width { hasCharacter = true }
                    add(start, at, id, model.scores[Int(id)])
                }
                if !hasCharacter { add(start, start + width, -1, model.unknownScore) }
                start += width
            }
        }
    }

    private mutating func add(_ start: Int, _ end: Int, _ id: Int32, _ score: Double) {
        nodes.append(
            Node(
                start: Int32(truncatingIfNeeded: start), end: Int32(truncatingIfNeeded: end),
                id: id,
                score: score))
    }

    /// Adds how often each piece is expected in so many of the word.
    func addMarginals(_ count: Double, to sums: inout [Double]) {
        // Logarithms of the sums over all ways to a place, and from it to the end.
        var before = [Double](repeating: -.infinity, count: length + 1)
        var after = before
        before[0] = 0
        after[length] = 0
        for node in nodes {
            let (start, end) = (Int(node.start), Int(node.end))
            before[end] = logSum(before[end], node.score + before[start])
        }
        var last = nodes.count
        while last > 0 {
            // Those of one beginning in their own order.
            var first = last - 1
            while first > 0, nodes[first - 1].start == nodes[last - 1].start { first -= 1 }
            for node in nodes[first..<last] {
                let (start, end) = (Int(node.start), Int(node.end))
                after[start] = logSum(after[start], node.score + after[end])
            }
            last = first
        }
        let all = before[length]
        for node in nodes {
            let (start, end) = (Int(node.start), Int(node.end))
            let id = node.id < 0 ? sums.count - 1 : Int(node.id)
            sums[id] += count * exp(before[start] + node.score + after[end] - all)
        }
    }

    /// The pieces of the best spelling; -1 for characters that are none.
    func best() -> [Int] { best(without: -2).ids }

    /// The best spelling of a word that is a piece itself, in the place of that piece; nil if the piece is not
    /// its own best spelling, empty if there is no other.
    func alternative(to piece: Int) -> [Int]? {
        guard let whole = nodes.first(where: { Int($0.id) == piece && $0.end == length }) else {
            return []
        }
        let (ids, score) = best(without: Int32(truncatingIfNeeded: piece))
        if ids.isEmpty { return [] }
        return whole.score >= score ? ids : nil
    }

    private func best(without left: Int32) -> (ids: [Int], score: Double) {
        var scores = [Double](repeating: -.infinity, count: length + 1)
        var from = [Int](repeating: -1, count: length + 1)
        scores[0] = 0
        for (number, node) in nodes.enumerated() {
            // Only the piece that is the whole word is left out.
            if node.id == left, node.start == 0, node.end == length { continue }
            let score = scores[Int(node.start)] + node.score
            if from[Int(node.end)] < 0 || score > scores[Int(node.end)] {
                scores[Int(node.end)] = score
                from[Int(node.end)] = number
            }
        }
        var ids: [Int] = []
        var at = length
        while at > 0 {
            guard from[at] >= 0 else { return ([], -.infinity) }
            ids.append(Int(nodes[from[at]].id))
            at = Int(nodes[from[at]].start)
        }
        return (ids.reversed(), scores[length])
    }

    private func logSum(_ x: Double, _ y: Double) -> Double {
        if x == -.infinity { return y }
        let (low, high) = x > y ? (y, x) : (x, y)
        return high > low + 50 ? high : high + log(exp(low - high) + 1)
    }
}
