// The vocabulary section of a tokenizer file, `{"token": id}`, and the dictionaries that are made of it.

import ArenaCore
import CArenaText

/// The entries of a vocabulary section, looked through once.
struct VocabularyEntries: Sendable {
    private let part: FilePart
    nonisolated(unsafe) private let cursor: JSONCursor
    /// The ids in the file's order.
    private let ids: [UInt32]
    /// One more than the largest id.
    let idEnd: Int
    /// How many bytes the tokens have as they are written.
    private let byteCount: Int

    var count: Int { ids.count }

    /// How many tokens are looked at together: what memory holds of them is asked for at once.
    private static let block = 64

    init(_ part: FilePart) throws(TokenizerError) {
        guard part.value.kind == .object, let cursor = part.value.cursor else {
            throw part.mismatch("an object")
        }
        self.part = part
        self.cursor = cursor
        var ids: [UInt32] = []
        var end = 0
        var bytes = 0
        var at = part.value.nodeIndex + 1
        let last = cursor.next(part.value.nodeIndex)
        ids.reserveCapacity((last - at) / 2)
        while at < last {
            let value = cursor.nodes[at + 1]
            guard let id = plainID(cursor.text(value), value.kind) else {
                let entry = Self.entry(part, at)
                _ = try entry.id()
                throw entry.mismatch("a token id")
            }
            ids.append(UInt32(id))
            end = max(end, id + 1)
            bytes += cursor.nodes[at].length
            at += 2
        }
        self.ids = ids
        idEnd = end
        byteCount = bytes
    }

    /// The tokens as they are written.
    /// - Throws: `contradiction` where a token or an id is there twice.
    func dictionary() throws(TokenizerError) -> ByteDictionary {
        let dictionary = ByteDictionary(ids: idEnd, entries: count, bytes: byteCount)
        var keys = [UInt64](repeating: 0, count: Self.block)
        for start in stride(from: 0, to: count, by: Self.block) {
            let numbers = start..<min(start + Self.block, count)
            for number in numbers {
                let token = cursor.nodes[node(number)]
                guard token.kind == .string else { continue }
                keys[number - start] = dictionary.lookAhead(
                    UnsafeRawBufferPointer(cursor.text(token)))
            }
            for number in numbers {
                let token = cursor.nodes[node(number)]
                let id = Int(ids[number])
                let insertion: ByteDictionary.Insertion? =
                    token.kind == .string
                    ? dictionary.insert(
                        UnsafeRawBufferPointer(cursor.text(token)), id: id,
                        key: keys[number - start])
                    : part.value.value(at: node(number)).withStringBytes {
                        dictionary.insert($0, id: id)
                    }
                if let fault = insertion.flatMap({ complaint($0, number, dictionary) }) {
                    throw fault
                }
            }
        }
        return dictionary
    }

    /// The tokens of the byte alphabet read back to bytes; others cannot occur in text. They are only found
    /// by their bytes where `isIndexed`.
    func byteForm(isIndexed: Bool) -> ByteDictionary {
        // No token is longer in bytes than in the characters that stand for them.
        let result = ByteDictionary(
            ids: idEnd, entries: isIndexed ? count : 0, bytes: byteCount)
        var bytes = Scratch<UInt8>(capacity: 1024)
        var tokens: [(range: Range<Int>, id: Int, key: UInt64)] = []
        for start in stride(from: 0, to: count, by: Self.block) {
            bytes.count = 0
            tokens.removeAll(keepingCapacity: true)
            for number in start..<min(start + Self.block, count) {
                let from = bytes.count
                guard appendBytes(of: number, to: &bytes) else { continue }
                tokens.append((from..<bytes.count, Int(ids[number]), 0))
            }
            func text(_ range: Range<Int>) -> Bytes { Bytes(rebasing: bytes.contents[range]) }
            guard isIndexed else {
                for token in tokens { result.setBytes(text(token.range), id: token.id) }
                continue
            }
            for k in tokens.indices {
                tokens[k].key = result.lookAhead(UnsafeRawBufferPointer(text(tokens[k].range)))
            }
            for token in tokens {
                _ = result.insert(
                    UnsafeRawBufferPointer(text(token.range)), id: token.id, key: token.key)
            }
        }
        return result
    }

    /// Gives back the memory that the section takes as JSON; it reads as nulls from then on.
    func discard() { part.value.discard() }

    private func node(_ number: Int) -> Int { part.value.nodeIndex + 1 + 2 * number }

    /// Appends the bytes that a token of the byte alphabet stands for; false for others.
    private func appendBytes(of number: Int, to bytes: inout Scratch<UInt8>) -> Bool {
        let token = cursor.nodes[node(number)]
        if token.kind == .string {
            return ByteAlphabet.shared.appendBytes(of: cursor.text(token), to: &bytes)
        }
        let text = part.value.value(at: node(number)).stringBytes ?? []
        return text.withUnsafeBufferPointer {
            ByteAlphabet.shared.appendBytes(of: $0, to: &bytes)
        }
    }

    private func complaint(
        _ insertion: ByteDictionary.Insertion, _ number: Int, _ dictionary: ByteDictionary
    ) -> TokenizerError? {
        if case .done = insertion { return nil }
        let id = Int(ids[number])
        let entry = Self.entry(part, node(number))
        switch insertion {
        case .done: return nil
        case .sameBytes(let other):
            return entry.contradiction("the token is there twice, with the ids \(other) and \(id)")
        case .sameID:
            let other = dictionary.bytes(of: id).map { String(decoding: $0, as: UTF8.self) } ?? ""
            return entry.contradiction("the id \(id) is also that of \(quoted(other))")
        }
    }

    private static func entry(_ part: FilePart, _ at: Int) -> FilePart {
        let token = part.value.value(at: at).string ?? ""
        return FilePart(part.value.value(at: at + 1), key: "\(part.key)[\(quoted(token))]")
    }
}

/// A token id as most files write it; nil for what wants a closer look.
@inline(__always)
private func plainID(_ text: Bytes, _ kind: JSONNode.Kind) -> Int? {
    guard kind == .number, text.count < 8 else { return nil }
    var id = 0
    for digit in text {
        guard digit &- 48 < 10 else { return nil }
        id = id &* 10 &+ Int(digit &- 48)
    }
    return id < idLimit ? id : nil
}
