// The merging loop against the definition: merge the pair of least rank, the leftmost of equals, until
// none is left. And the seams at which SentencePiece-style texts are taken apart.

import ArenaCore
import CArenaText
import Testing

@testable import ArenaText

@Suite struct MergeTests {
    /// A model over a few letters with random merges, many of them making the same token.
    func model(_ random: inout Random, letters: Int, merges: Int) -> (
        vocabulary: [String], merges: [(String, String)]
    ) {
        var vocabulary = (0..<letters).map { String(UnicodeScalar(UInt8(97 + $0))) }
        var pairs: [(String, String)] = []
        for _ in 0..<merges {
            let left = vocabulary[random.next(vocabulary.count)]
            let right = vocabulary[random.next(vocabulary.count)]
            if left.utf8.count + right.utf8.count > 12 { continue }
            if pairs.contains(where: { $0 == (left, right) }) { continue }
            pairs.append((left, right))
            if !vocabulary.contains(left + right) { vocabulary.append(left + right) }
        }
        return (vocabulary, pairs)
    }

    func json(_ vocabulary: [String], _ merges: [(String, String)]) -> String {
        let entries = vocabulary.enumerated().map { "\"\($1)\":\($0)" }.joined(separator: ",")
        let lines = merges.map { "[\"\($0.0)\",\"\($0.1)\"]" }.joined(separator: ",")
        return #"{"model":{"type":"BPE","vocab":{\#(entries)},"merges":[\#(lines)]}}"#
    }

    /// The definition, word for word.
    func plain(_ text: [Int], _ vocabulary: [String], _ ranks: [[Int]: (rank: Int, id: Int)])
        -> [Int]
    {
        var symbols = text
        while true {
            var best: (rank: Int, at: Int, id: Int)?
            for i in 0..<max(0, symbols.count - 1) {
                if let merge = ranks[[symbols[i], symbols[i + 1]]],
                    merge.rank < best?.rank ?? Int.max
                {
                    best = (merge.rank, i, merge.id)
                }
            }
            guard let best else { return symbols }
            symbols.replaceSubrange(best.at...best.at + 1, with: [best.id])
        }
    }

    @Test(arguments: 0..<60)
    func mergesAsDefined(_ seed: Int) throws {
        var random = Random(state: UInt64(seed))
        let letters = 1 + random.next(4)
        let (vocabulary, merges) = model(&random, letters: letters, merges: 4 + random.next(60))
        let tokenizer = try Tokenizer(json(vocabulary, merges))
        let bpe = try #require(tokenizer.model as? BPE)
        var idOf: [String: Int] = [:]
        for (id, token) in vocabulary.enumerated() { idOf[token] = id }
        var ranks: [[Int]: (rank: Int, id: Int)] = [:]
        for (rank, (left, right)) in merges.enumerated() {
            ranks[[idOf[left] ?? 0, idOf[right] ?? 0]] = (rank, idOf[left + right] ?? 0)
        }
        for length in [0, 1, 2, 3, 7, 15, 16, 17, 31, 33, 100, 255, 256, 257, 300, 700] {
            let text = (0..<length).map { _ in random.next(letters) }
            let expected = plain(text, vocabulary, ranks).map { Int32($0) }
            let bytes = text.map { UInt8(97 + $0) }
            #expect(try tokenizer.ids(String(decoding: bytes, as: UTF8.self)) == expected)
            #expect(mergedPlainly(bpe, text) == expected)
        }
    }

    /// Byte-level models, whose tokens end and begin inside scalars: seams must see those too.
    @Test(arguments: 0..<80)
    func mergesOfBytesAsDefined(_ seed: Int) throws {
        var random = Random(state: UInt64(1000 + seed))
        let scalars = ["a", "é", "è", "你", "佡", "好", "😀", "😁", "\u{301}"].map { Array($0.utf8) }
        var tokens = (0..<256).map { [UInt8($0)] }
        var merges: [(Int, Int)] = []
        let seeds = Array(Set(scalars.joined())).sorted().map { Int($0) }
        var usable = seeds
        for _ in 0..<(5 + random.next(60)) {
            let pair = (usable[random.next(usable.count)], usable[random.next(usable.count)])
            let whole = tokens[pair.0] + tokens[pair.1]
            if whole.count > 9 || merges.contains(where: { $0 == pair }) { continue }
            merges.append(pair)
            if !tokens.contains(whole) {
                tokens.append(whole)
                usable.append(tokens.count - 1)
            }
        }
        func name(_ token: [UInt8]) -> String {
            var name = ""
            for byte in token {
                guard let scalar = UnicodeScalar(ByteAlphabet.shared.scalarOf[Int(byte)]) else {
                    continue
                }
                if byte == 0x22 || byte == 0x5C { name += "\\" }
                name.unicodeScalars.append(scalar)
            }
            return "\"\(name)\""
        }
        let vocabulary = tokens.enumerated().map { "\(name($1)):\($0)" }.joined(separator: ",")
        let lines = merges.map { "[\(name(tokens[$0.0])),\(name(tokens[$0.1]))]" }.joined(
            separator: ",")
        let tokenizer = try Tokenizer(
            #"{"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false,"use_regex":false},"#
                + #""model":{"type":"BPE","vocab":{\#(vocabulary)},"merges":[\#(lines)]}}"#)
        #expect((tokenizer.model as? BPE)?.seams != nil)
        var ranks: [[Int]: (rank: Int, id: Int)] = [:]
        for (rank, pair) in merges.enumerated() {
            let whole = try #require(tokens.firstIndex(of: tokens[pair.0] + tokens[pair.1]))
            ranks[[pair.0, pair.1]] = (rank, whole)
        }
        for length in [4, 6, 9, 20, 60, 200] {
            let text = (0..<length).flatMap { _ in scalars[random.next(scalars.count)] }
            let expected = plain(text.map { Int($0) }, [], ranks).map { Int32($0) }
            #expect(try tokenizer.encode(String(decoding: text, as: UTF8.self)) == expected)
        }
    }

    /// The C loop without vector instructions of the machine.
    func mergedPlainly(_ bpe: BPE, _ text: [Int]) -> [Int32] {
        let room = (text.count + 16) / 16 * 16
        let symbols = Table<UInt32>(count: room, repeating: 0),
            ranks = Table<UInt32>(count: room, repeating: 0)
        let next = Table<Int32>(count: room, repeating: 0),
            previous = Table<Int32>(count: room, repeating: 0)
        let tree = Table<UInt32>(count: room / 8 + 128, repeating: 0)
        for (i, symbol) in text.enumerated() { symbols.base[i] = UInt32(symbol) }
        var scratch = arena_bpe_scratch(
            symbols: symbols.base, ranks: ranks.base, next: next.base, previous: previous.base,
            tree: tree.base, capacity: UInt64(room))
        var pairs = bpe.merges.pairs
        let left = arena_bpe_merge_plain(&pairs, &scratch, UInt32(text.count))
        return (0..<Int(left)).map { Int32(symbols.base[$0]) }
    }

    /// Windows joined where they agree against one tree over all.
    @Test(arguments: 0..<30)
    func windowsMergeAsTheWhole(_ seed: Int) throws {
        var random = Random(state: UInt64(5000 + seed))
        let letters = 1 + random.next(6)
        let (vocabulary, merges) = model(&random, letters: letters, merges: 4 + random.next(80))
        let bpe = try #require(try Tokenizer(json(vocabulary, merges)).model as? BPE)
        var joined = 0
        for length in [256, 257, 400, 512, 1000, 5000] {
            let period = random.next(3) == 0 ? 1 + random.next(5) : length
            var text = (0..<period).map { _ in random.next(letters) }
            while text.count < length { text += text }
            text = Array(text.prefix(length))
            let symbols = text.map { UInt32($0) }
            var out = [Int32](repeating: 0, count: length)
            var pairs = bpe.merges.pairs
            let count = arena_bpe_merge_windows(&pairs, symbols, UInt32(length), &out)
            guard count != UInt32.max else { continue }
            joined += 1
            #expect(Array(out.prefix(Int(count))) == mergedPlainly(bpe, text))
        }
        #expect(joined > 0)
    }

    /// Long pieces, four levels of the tree of minima deep.
    @Test func longRunsMergeFromTheLeft() throws {
        let t = try Tokenizer(
            #"{"model":{"type":"BPE","vocab":{"a":0,"aa":1,"aaaa":2,"b":3},"merges":["a a","aa aa"]}}"#
        )
        for n in [4095, 4096, 4097, 65_535, 70_001] {
            let expected =
                [Int32](repeating: 2, count: n / 4) + (n % 4 >= 2 ? [1] : [])
                + (n % 2 == 1 ? [0] : [])
            #expect(try t.encode(String(repeating: "a", count: n)) == expected)
        }
    }

    @Test func seamsAreWhereNoMergeCrosses() throws {
        let t = try Tokenizer(
            #"{"model":{"type":"BPE","vocab":{"a":0,"b":1,"é":2,"ab":3,"bé":4,"abé":5},"merges":["a b","b é","ab é"]}}"#
        )
        let seams = try #require((t.model as? BPE)?.seams)
        func seam(_ a: UnicodeScalar, _ b: UnicodeScalar) -> Bool {
            seams.seams.isSeam(a.value, b.value)
        }
        #expect(
            !seam("a", "b") && !seam("b", "é") && seam("b", "a") && seam("a", "a") && seam("é", "a")
        )
        // Without byte fallback, scalars that have no token keep their neighbours.
        #expect(seams.holdsUnknown)
        #expect(try t.encode("abéab") == [5, 3])
    }
}
