// `Unigram`: of all spellings of a piece the one with the highest sum of scores (XLM-R, DeBERTa v2/v3, T5).
// The search is Viterbi's from left to right with the reference's order of sums and its ties, so that
// scores in double precision compare the same.

import CArenaText

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
        var nodes: [Int] = []
        nodes.reserveCapacity(count)
        guard let cursor = entries.value.cursor else { throw entries.mismatch("an array") }
        var at = entries.value.nodeIndex + 1
        for index in 0..<count {
            let pair = cursor.nodes[at]
            let (token, number) = (cursor.nodes[at + 1], cursor.nodes[at + 2])
            guard pair.kind == .array, cursor.next(at) == at + 3, number.kind == .number,
                token.kind == .string || token.kind == .escapedString,
                let score = approximateDouble(cursor.text(number)), score.isFinite
            else { throw Self.complaint(entries.element(index, entries.value.value(at: at))) }
            scores.base[index] = score
            bytes += token.length
            nodes.append(at + 1)
            at += 3
        }
        let dictionary = ByteDictionary(ids: count, entries: count, bytes: bytes)
        for (id, at) in nodes.enumerated() {
            let token = cursor.nodes[at]
            if token.kind == .string {
                dictionary.insertLast(UnsafeRawBufferPointer(cursor.text(token)), id: id)
            } else {
                _ = entries.value.value(at: at).withStringBytes {
                    dictionary.insertLast($0, id: id)
                }
            }
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

    /// What is wrong with an entry of the vocabulary.
    private static func complaint(_ element: FilePart) -> TokenizerError {
        guard let pair = element.value.elements, pair.count == 2 else {
            return element.mismatch("[token, score]")
        }
        guard pair[0].kind == .string else {
            return element.element(0, pair[0]).mismatch("a string")
        }
        guard pair[1].kind == .number else {
            return element.element(1, pair[1]).mismatch("a number")
        }
        return element.element(1, pair[1]).contradiction(
            "the score \(pair[1].numberText) is out of range")
    }

    typealias Node = arena_unigram_node

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
        withUnsafePointer(to: trie.tables) {
            arena_unigram_search($0, scores.base, unknownScore, unknownID, p, UInt64(n), nodes)
        }
        return write(p, n, nodes, out, &unknown)
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
func approximateDouble(_ text: Bytes) -> Double? {
    var significand: UInt64 = 0
    var exponent = 0
    var overflowed = false
    var seenPoint = false
    let isNegative = text.first == UInt8(ascii: "-")
    var i = isNegative ? 1 : 0
    while i < text.count, text[i] | 0x20 != UInt8(ascii: "e") {
        defer { i += 1 }
        if text[i] == UInt8(ascii: ".") {
            seenPoint = true
            continue
        }
        let digit = UInt64(text[i] &- 48)
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
    if i < text.count {
        let written = text[(i + 1)...]
        let digits = written.first == UInt8(ascii: "+") ? written.dropFirst() : written
        guard let value = Int(String(decoding: digits, as: UTF8.self)), abs(value) < 100_000 else {
            return nil
        }
        exponent += value
    }
    var result = Double(significand)
    if significand != 0 {
        while exponent < -308 {
            result /= 1e308
            exponent += 308
        }
        if exponent > 308 { return nil }
        result = exponent >= 0 ? result * powersOfTen[exponent] : result / powersOfTen[-exponent]
    }
    return isNegative ? -result : result
}

/// The doubles nearest to the powers of ten from 0 to 308.
private let powersOfTen: [Double] = (0...308).map { Double("1e\($0)") ?? .infinity }
