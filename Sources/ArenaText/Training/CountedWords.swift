// What a vocabulary is trained on: the pieces that normalizers and pre-tokenizers make of texts, and how
// often each is there.

import ArenaCore
import CArenaText
import Synchronization

/// Different words in the order of their bytes, with their counts.
struct CountedWords: Sendable {
    private(set) var bytes: [UInt8] = []
    /// Where each word begins, and where the last ends.
    private(set) var offsets = [0]
    private(set) var counts: [Int] = []

    var count: Int { counts.count }

    /// What several threads have counted.
    fileprivate init(_ tallies: [Tally]) {
        let all = tallies.count == 1 ? tallies[0] : Tally()
        if tallies.count != 1 {
            for tally in tallies { tally.forEach { all.add($0, $1) } }
        }
        for entry in all.sortedEntries() {
            all.withBytes(of: entry) { bytes += $0 }
            offsets.append(bytes.count)
            counts.append(entry.count)
        }
    }

    func range(_ word: Int) -> Range<Int> { offsets[word]..<offsets[word + 1] }

    /// The scalars of all words, one after another, and where each word begins.
    func scalars() -> (values: [UInt32], offsets: [Int]) {
        var values: [UInt32] = []
        values.reserveCapacity(bytes.count)
        var starts = [0]
        var length = 0
        bytes.withUnsafeBufferPointer { buffer in
            guard let p = buffer.baseAddress else { return }
            for word in 0..<count {
                var at = offsets[word]
                while at < offsets[word + 1] {
                    values.append(scalar(p, at, &length))
                    at += length
                }
                starts.append(values.count)
            }
        }
        return (values, starts)
    }
}

/// Counts of byte strings.
private final class Tally {
    struct Entry {
        var start: Int
        var length: Int
        var hash: UInt64
        var count: Int
    }
    private var blob: [UInt8] = []
    private var entries: [Entry] = []
    /// The number of an entry and one more, or 0.
    private var slots = [UInt32](repeating: 0, count: 1 << 12)

    func add(_ word: Bytes, _ count: Int = 1) {
        let key = hash(UnsafeRawBufferPointer(word))
        var mask = slots.count - 1
        var at = Int(truncatingIfNeeded: key) & mask
        while slots[at] != 0 {
            let number = Int(slots[at]) - 1
            if entries[number].hash == key,
                withBytes(of: entries[number], { $0.elementsEqual(word) })
            {
                entries[number].count += count
                return
            }
            at = (at + 1) & mask
        }
        entries.append(Entry(start: blob.count, length: word.count, hash: key, count: count))
        blob += word
        slots[at] = UInt32(truncatingIfNeeded: entries.count)
        guard entries.count * 2 > slots.count else { return }
        slots = [UInt32](repeating: 0, count: slots.count * 2)
        mask = slots.count - 1
        for (number, entry) in entries.enumerated() {
            var at = Int(truncatingIfNeeded: entry.hash) & mask
            while slots[at] != 0 { at = (at + 1) & mask }
            slots[at] = UInt32(truncatingIfNeeded: number + 1)
        }
    }

    func withBytes<R>(of entry: Entry, _ body: (Bytes) -> R) -> R {
        blob.withUnsafeBufferPointer {
            body(Bytes(rebasing: $0[entry.start..<entry.start + entry.length]))
        }
    }

    func forEach(_ body: (Bytes, Int) -> Void) {
        for entry in entries { withBytes(of: entry) { body($0, entry.count) } }
    }

    func sortedEntries() -> [Entry] {
        blob.withUnsafeBufferPointer { blob in
            entries.sorted { a, b in
                blob[a.start..<a.start + a.length].lexicographicallyPrecedes(
                    blob[b.start..<b.start + b.length])
            }
        }
    }
}

/// A model that counts pieces in place of spelling them.
final class PieceCounter: TokenModel {
    static let type = "counter"
    let vocabulary = ByteDictionary(ids: 0, entries: 0, bytes: 0)
    let tokenCount = 0
    let idEnd = 0
    private let spellers = Mutex<[Speller]>([])

    init() {}
    convenience init(_ part: FilePart, spellsBytes: Bool) throws(TokenizerError) { self.init() }

    func makeSpeller() -> any PieceSpeller {
        let speller = Speller()
        spellers.withLock { $0.append(speller) }
        return speller
    }

    /// All pieces so far, while no text is under way.
    func words() -> CountedWords { CountedWords(spellers.withLock { $0 }.map(\.tally)) }

    // SAFETY: one thread at a time holds the encoder that it belongs to; `words` comes after all of them.
    private final class Speller: PieceSpeller, @unchecked Sendable {
        let tally = Tally()

        func spell(_ pieces: borrowing Pieces, into ids: inout Scratch<Int32>) {
            var start = 0
            for end in pieces.pieceEnds {
                tally.add(Bytes(rebasing: pieces.text[start..<Int(end)]))
                start = Int(end)
            }
        }

        func takeUnknownCount() -> Int { 0 }
        func trim(above limit: Int) {}
    }
}
