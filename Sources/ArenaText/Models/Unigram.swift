// `Unigram`: of all spellings of a piece the one with the highest sum of scores (XLM-R, DeBERTa v2/v3, T5).
// The search is Viterbi's from left to right with the reference's order of sums and its ties, so that
// scores in double precision compare the same.

import Glibc

final class Unigram: TokenModel, PieceModel {
    static let type = "Unigram"
    /// What an unknown character costs beside the lowest score.
    private static let unknownPenalty = 10.0

    let vocabulary: ByteDictionary
    let tokenCount: Int
    let idEnd: Int
    private let trie: Trie
    private let scores: Table<Double>
    private let unknownScore: Double
    let unknownID: Int32
    /// The `<0x..>` tokens where bytes are fallen back on, or -1 each.
    let byteIDs: [Int32]?

    init(_ part: FilePart, spellsBytes: Bool) throws(TokenizerError) {
        let entries = try part.member("vocab")
        guard entries.value.kind == .array else { throw entries.mismatch("an array") }
        let count = entries.value.count
        guard count <= idLimit else {
            throw entries.contradiction("\(count) tokens are over the limit of \(idLimit)")
        }
        let scores = Table(count: count, repeating: 0.0)
        var bytes = 0
        try entries.value.forEachElement { (index, entry) throws(TokenizerError) in
            let element = entries.element(index, entry)
            guard let pair = entry.elements, pair.count == 2 else {
                throw element.mismatch("[token, score]")
            }
            guard let length = pair[0].withStringBytes({ $0.count }) else {
                throw element.element(0, pair[0]).mismatch("a string")
            }
            bytes += length
            guard pair[1].kind == .number else {
                throw element.element(1, pair[1]).mismatch("a number")
            }
            guard let score = approximateDouble(pair[1].numberText), score.isFinite else {
                throw element.element(1, pair[1]).contradiction(
                    "the score \(pair[1].numberText) is out of range")
            }
            scores.base[index] = score
        }
        try checkTrieSize(bytes, entries)
        let dictionary = ByteDictionary(ids: count, entries: count, bytes: bytes)
        entries.value.forEachElement { index, entry in
            let token = entry.elements?.first
            _ = token?.withStringBytes { dictionary.insertLast($0, id: index) }
        }
        vocabulary = dictionary
        tokenCount = count
        idEnd = count
        self.scores = scores
        trie = Trie(count: count) { dictionary.bytes(of: $0) }
        let unknown = try part.member("unk_id")
        let id = try unknown.id()
        guard id < count else {
            throw unknown.contradiction("the id \(id) is outside 0 ..< \(count)")
        }
        unknownID = Int32(truncatingIfNeeded: id)
        unknownScore =
            (UnsafeBufferPointer(start: scores.base, count: count).min() ?? 0)
            - Self.unknownPenalty
        byteIDs =
            try part.flag("byte_fallback", or: false)
            ? (0..<256).map { byte in
                let digits = Array("0123456789ABCDEF".utf8)
                let name =
                    Array("<0x".utf8) + [digits[byte >> 4], digits[byte & 15], UInt8(ascii: ">")]
                return name.withUnsafeBytes { dictionary.id(of: $0) }
                    .map { Int32(truncatingIfNeeded: $0) } ?? -1
            } : nil
    }

    /// The best way to a place in the piece: its score, where its last token starts and which it is.
    struct Node: BitwiseCopyable {
        var score: Double
        var start: Int32
        var id: Int32
    }

    func makeSpeller() -> any PieceSpeller { CachedSpeller(self) }
    func makeMemory() -> Nodes { Nodes() }
    func trim(_ memory: inout Nodes, above limit: Int) { memory.nodes.trim(above: limit) }

    /// The nodes of one piece.
    final class Nodes { var nodes = Scratch<Node>(capacity: 256) }

    func spell(
        _ p: UnsafePointer<UInt8>, _ n: Int, _ memory: inout Nodes,
        into out: UnsafeMutablePointer<Int32>, unknown: inout Int
    ) -> Int {
        memory.nodes.reserve(n + 1)
        // SAFETY: room for a node at every byte and at the end.
        let nodes = memory.nodes.base
        for i in 0...n { nodes[i] = Node(score: 0, start: -1, id: 0) }
        search(p, n, nodes)
        return write(p, n, nodes, out, &unknown)
    }

    @inline(__always)
    private func search(
        _ p: UnsafePointer<UInt8>, _ n: Int, _ nodes: UnsafeMutablePointer<Node>
    ) {
        let trie = trie
        let scores = scores.base
        var start = 0
        var length = 0
        while start < n {
            let soFar = nodes[start].score
            _ = scalar(p, start, &length)
            var hasSingle = false
            var node = Trie.root
            var i = start
            while i < n {
                node = trie.step(node, p[i])
                if node == Trie.none { break }
                i += 1
                let id = trie.id(at: node)
                if id < 0 { continue }
                let score = scores[Int(id)] + soFar
                if nodes[i].start < 0 || score > nodes[i].score {
                    nodes[i] = Node(
                        score: score, start: Int32(truncatingIfNeeded: start), id: id)
                }
                if i - start == length { hasSingle = true }
            }
            if !hasSingle {
                let score = unknownScore + soFar
                let end = start + length
                if nodes[end].start < 0 || score > nodes[end].score {
                    nodes[end] = Node(
                        score: score, start: Int32(truncatingIfNeeded: start), id: unknownID)
                }
            }
            start += length
        }
    }

    /// Walks back from the end. Unknown characters side by side are one unknown token.
    private func write(
        _ p: UnsafePointer<UInt8>, _ n: Int, _ nodes: UnsafeMutablePointer<Node>,
        _ out: UnsafeMutablePointer<Int32>, _ unknown: inout Int
    ) -> Int {
        var count = 0
        var end = n
        while end > 0 {
            let node = nodes[end]
            var start = Int(node.start)
            guard node.id == unknownID else {
                out[count] = node.id
                count += 1
                end = start
                continue
            }
            while start > 0, nodes[start].id == unknownID { start = Int(nodes[start].start) }
            count += writeUnknown(p, start, end, out + count, &unknown)
            end = start
        }
        var low = 0
        var high = count - 1
        while low < high {
            swap(&out[low], &out[high])
            low += 1
            high -= 1
        }
        return count
    }

    /// The tokens of an unknown stretch, last first: itself if it happens to be one, its bytes, or the
    /// unknown token.
    private func writeUnknown(
        _ p: UnsafePointer<UInt8>, _ start: Int, _ end: Int, _ out: UnsafeMutablePointer<Int32>,
        _ unknown: inout Int
    ) -> Int {
        if let id = vocabulary.id(of: UnsafeRawBufferPointer(start: p + start, count: end - start))
        {
            out[0] = Int32(truncatingIfNeeded: id)
            return 1
        }
        if let byteIDs, !(start..<end).contains(where: { byteIDs[Int(p[$0])] < 0 }) {
            for i in start..<end { out[end - 1 - i] = byteIDs[Int(p[i])] }
            return end - start
        }
        for i in start..<end where p[i] & 0xC0 != 0x80 { unknown += 1 }
        out[0] = unknownID
        return 1
    }
}

/// A number as the reference's JSON reader has it: a significand of up to 19 digits, rounded, times or
/// over a power of ten, rounded again. That is up to one unit in the last place off the nearest double,
/// and scores have to compare as they do there.
func approximateDouble(_ text: String) -> Double? {
    var significand: UInt64 = 0
    var exponent = 0
    var isNegative = false
    var overflowed = false
    var seenPoint = false
    var written = Substring(text)
    if written.first == "-" {
        isNegative = true
        written.removeFirst()
    }
    var exponentText: Substring?
    if let e = written.firstIndex(where: { $0 == "e" || $0 == "E" }) {
        exponentText = written[written.index(after: e)...]
        written = written[..<e]
    }
    for character in written.utf8 {
        if character == UInt8(ascii: ".") {
            seenPoint = true
            continue
        }
        let digit = UInt64(character &- 48)
        guard digit < 10 else { return nil }
        let (product, over) = significand.multipliedReportingOverflow(by: 10)
        let (sum, overAgain) = product.addingReportingOverflow(digit)
        overflowed = overflowed || over || overAgain
        if overflowed {
            if !seenPoint { exponent += 1 }
            continue
        }
        significand = sum
        if seenPoint { exponent -= 1 }
    }
    if let exponentText {
        let digits = exponentText.first == "+" ? exponentText.dropFirst() : exponentText
        guard let value = Int(digits), abs(value) < 100_000 else { return nil }
        exponent += value
    }
    var result = Double(significand)
    if significand != 0 {
        while exponent < -308 {
            result /= 1e308
            exponent += 308
        }
        if exponent > 308 { return nil }
        result = exponent >= 0 ? result * powerOfTen(exponent) : result / powerOfTen(-exponent)
    }
    return isNegative ? -result : result
}

/// The double nearest to a power of ten from 0 to 308.
private func powerOfTen(_ n: Int) -> Double { Double("1e\(n)") ?? .infinity }
