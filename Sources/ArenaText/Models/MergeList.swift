// The merges of a BPE model in their order, as tokenizer files list them.

import ArenaCore
import CArenaText

/// Merges by rank, as they are read.
struct MergeList: Sendable {
    /// The tokens that are made.
    let merged: Table<UInt32>
    /// left << 32 | right
    let operands: Table<UInt64>
    /// Which places of the tables are this list's.
    private let room: Range<Int>
    private(set) var count = 0

    /// Ranks stay below this: 22 bits in a `MergeTable`.
    static let limit = (1 << 22) - 1

    /// Reads merges given as "left right" or as ["left", "right"], on two cores. What they take as JSON is
    /// given back.
    init(_ part: FilePart, vocabulary: ByteDictionary) throws(TokenizerError) {
        guard part.value.kind == .array else { throw part.mismatch("an array") }
        let total = part.value.count
        guard total < Self.limit else {
            throw part.unsupported("\(total) merges", supported: "fewer than \(Self.limit)")
        }
        let middle = total / 2
        let list = MergeList(capacity: total)
        @Sendable func read(_ range: Range<Int>) -> Result<MergeList, TokenizerError> {
            Result { () throws(TokenizerError) in
                var share = list.share(range)
                var reader = MergeReader(part, vocabulary: vocabulary)
                try reader.read(range, into: &share)
                return share
            }
        }
        let (first, second) = atOnce {
            read(0..<middle)
        } and: {
            read(middle..<total)
        }
        self.init(joining: try first.get(), try second.get())
        part.value.discard()
        part.value.document.release()
    }

    /// Room for so many merges.
    init(capacity: Int) {
        merged = Table(count: max(1, capacity), repeating: 0)
        operands = Table(count: max(1, capacity), repeating: .max)
        room = 0..<capacity
    }

    private init(_ merged: Table<UInt32>, _ operands: Table<UInt64>, _ room: Range<Int>) {
        (self.merged, self.operands, self.room) = (merged, operands, room)
    }

    /// An empty list whose merges are written at these places of the list.
    func share(_ places: Range<Int>) -> MergeList {
        precondition(places.upperBound <= room.upperBound, "more places than the list has")
        return MergeList(merged, operands, places)
    }

    /// What two shares of a list hold, the first of which begins where it does, without a gap.
    init(joining first: MergeList, _ second: MergeList) {
        (merged, operands) = (first.merged, first.operands)
        room = first.room.lowerBound..<second.room.upperBound
        count = first.count + second.count
        let (to, from) = (first.count, second.room.lowerBound - first.room.lowerBound)
        guard to != from else { return }
        // SAFETY: places of both lie in the tables; `update` may overlap.
        (merged.base + to).update(from: merged.base + from, count: second.count)
        (operands.base + to).update(from: operands.base + from, count: second.count)
    }

    mutating func append(_ left: Int, _ right: Int, _ whole: Int) {
        precondition(count < room.count, "more merges than there is room for")
        merged.base[room.lowerBound + count] = UInt32(whole)
        operands.base[room.lowerBound + count] = UInt64(left) << 32 | UInt64(right)
        count += 1
    }
}

/// Looks up the operands of merges and what they make, a batch at a time.
private struct MergeReader: ~Copyable {
    private let part: FilePart
    private let vocabulary: ByteDictionary
    private let tables: arena_dictionary
    private var whole = Scratch<UInt8>(capacity: 1024)
    /// Left and right in turn, with the merge's number in the file.
    private var strings = Scratch<arena_string>(capacity: 2 * Self.batch)
    private var numbers = Scratch<Int>(capacity: Self.batch)
    private var ids = Scratch<UInt32>(capacity: 2 * Self.batch)
    /// What the last merge made: files list what they make in the order of the ids.
    private var last: UInt32 = 0

    private static let batch = 256

    init(_ part: FilePart, vocabulary: ByteDictionary) {
        self.part = part
        self.vocabulary = vocabulary
        tables = vocabulary.tables
    }

    /// The merges of these numbers.
    mutating func read(_ range: Range<Int>, into list: inout MergeList) throws(TokenizerError) {
        guard let cursor = part.value.cursor else { return }
        var at = part.value.nodeIndex + 1
        for _ in 0..<range.lowerBound { at = cursor.next(at) }
        for number in range {
            if let pair = Self.plainPair(cursor, at) {
                strings.append(pair.left)
                strings.append(pair.right)
                numbers.append(number)
                if numbers.count == Self.batch { try flush(&list) }
            } else {
                try flush(&list)
                let element = part.value.value(at: at)
                if let (left, right, made) = try read(element, number) {
                    list.append(left, right, made)
                }
            }
            at = cursor.next(at)
        }
        try flush(&list)
    }

    /// The two tokens of a merge without escapes; nil for those that want a closer look.
    @inline(__always)
    private static func plainPair(
        _ cursor: JSONCursor, _ at: Int
    ) -> (left: arena_string, right: arena_string)? {
        let node = cursor.nodes[at]
        if node.kind == .array, cursor.next(at) == at + 3, cursor.nodes[at + 1].kind == .string,
            cursor.nodes[at + 2].kind == .string
        {
            let left = cursor.text(cursor.nodes[at + 1])
            let right = cursor.text(cursor.nodes[at + 2])
            return (
                arena_string(text: left.baseAddress, count: UInt64(left.count)),
                arena_string(text: right.baseAddress, count: UInt64(right.count))
            )
        }
        guard node.kind == .string, node.length > 0 else { return nil }
        let line = cursor.text(node)
        guard line[0] != UInt8(ascii: "#"),
            let space = line.firstIndex(of: UInt8(ascii: " ")),
            !line[(space + 1)...].contains(UInt8(ascii: " ")), let start = line.baseAddress
        else { return nil }
        return (
            arena_string(text: start, count: UInt64(space)),
            arena_string(text: start + space + 1, count: UInt64(line.count - space - 1))
        )
    }

    /// Looks up what has been gathered.
    private mutating func flush(_ list: inout MergeList) throws(TokenizerError) {
        var tables = tables
        ids.reserve(strings.count)
        arena_dictionary_find(&tables, strings.base, UInt64(strings.count), ids.base)
        for k in 0..<numbers.count {
            let (left, right) = (ids.base[2 * k], ids.base[2 * k + 1])
            let texts = (strings.base[2 * k], strings.base[2 * k + 1])
            let made =
                left == SymbolTable.none || right == SymbolTable.none
                ? nil : joined(texts.0, texts.1, &tables)
            guard let made else {
                // Read once more for the words of the complaint.
                let element = part.value.elements?[numbers.base[k]] ?? part.value
                if let (left, right, made) = try read(element, numbers.base[k]) {
                    list.append(left, right, made)
                }
                continue
            }
            list.append(Int(left), Int(right), Int(made))
        }
        strings.count = 0
        numbers.count = 0
    }

    /// The token of two strings together.
    private mutating func joined(
        _ left: arena_string, _ right: arena_string, _ tables: inout arena_dictionary
    ) -> UInt32? {
        if arena_dictionary_joins(&tables, last, left, right) { return last }
        if Int(last) + 1 < vocabulary.idEnd,
            arena_dictionary_joins(&tables, last + 1, left, right)
        {
            last += 1
            return last
        }
        whole.count = 0
        whole.append(Bytes(start: left.text, count: Int(left.count)))
        whole.append(Bytes(start: right.text, count: Int(right.count)))
        guard let id = vocabulary.id(of: UnsafeRawBufferPointer(whole.contents)) else { return nil }
        last = UInt32(id)
        return last
    }

    // MARK: - One by one

    /// The ids of one merge and of what it makes; nil for a comment line.
    private mutating func read(
        _ element: JSONValue, _ index: Int
    ) throws(TokenizerError) -> (left: Int, right: Int, whole: Int)? {
        if element.kind == .string { return try readLine(element, index) }
        guard element.kind == .array, element.count == 2 else {
            throw part.element(index, element).mismatch("\"left right\" or [\"left\", \"right\"]")
        }
        whole.count = 0
        var split = 0
        for (side, token) in (element.elements ?? []).enumerated() {
            guard let bytes = token.stringBytes else {
                throw part.element(index, element).element(side, token).mismatch("a string")
            }
            bytes.withUnsafeBufferPointer { whole.append($0) }
            if side == 0 { split = whole.count }
        }
        return try lookUp(split, element, index)
    }

    private mutating func readLine(
        _ element: JSONValue, _ index: Int
    ) throws(TokenizerError) -> (left: Int, right: Int, whole: Int)? {
        whole.count = 0
        var spaces = 0
        var split = 0
        let line = element.stringBytes ?? []
        line.withUnsafeBufferPointer { line in
            var rest = line[...]
            while let space = rest.firstIndex(of: UInt8(ascii: " ")) {
                whole.append(Bytes(rebasing: rest[..<space]))
                split = whole.count
                spaces += 1
                rest = rest[(space + 1)...]
            }
            whole.append(Bytes(rebasing: rest))
        }
        if spaces != 1 || line.first == UInt8(ascii: "#") {
            let line = String(decoding: line, as: UTF8.self)
            if line.hasPrefix("#version") { return nil }
            guard spaces == 1 else {
                throw part.element(index, element).contradiction(
                    "\(quoted(line)) is not two tokens with one space between")
            }
        }
        return try lookUp(split, element, index)
    }

    private func lookUp(
        _ split: Int, _ element: JSONValue, _ index: Int
    ) throws(TokenizerError) -> (left: Int, right: Int, whole: Int) {
        let all = UnsafeRawBufferPointer(whole.contents)
        let left = UnsafeRawBufferPointer(rebasing: all[..<split])
        let right = UnsafeRawBufferPointer(rebasing: all[split...])
        guard let leftID = vocabulary.id(of: left) else { throw stranger(left, element, index) }
        guard let rightID = vocabulary.id(of: right) else { throw stranger(right, element, index) }
        guard let id = vocabulary.id(of: all) else { throw stranger(all, element, index) }
        return (leftID, rightID, id)
    }

    private func stranger(
        _ token: UnsafeRawBufferPointer, _ element: JSONValue, _ index: Int
    ) -> TokenizerError {
        part.element(index, element).contradiction(
            "\(quoted(String(decoding: token, as: UTF8.self))) is not in model.vocab")
    }
}
