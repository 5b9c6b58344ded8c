// Added tokens: strings that are found in the text before the model sees it, with the reference's
// rules for what they match and what they swallow around them.

import ArenaCore
import CArenaText

/// One added token of a tokenizer file.
struct AddedToken: Sendable {
    let id: Int
    let content: [UInt8]
    /// What is looked for: the content, normalized if it is to be found in normalized text.
    var pattern: [UInt8]
    let isSpecial: Bool
    let isNormalized: Bool
    let singleWord: Bool
    let stripsLeft: Bool
    let stripsRight: Bool
}

/// The added tokens of a file.
struct AddedTokens: Sendable {
    /// By id.
    private(set) var tokens: [Int: AddedToken] = [:]
    private(set) var idOf: [[UInt8]: Int] = [:]
    /// The strings that are left out when decoding without special tokens.
    private(set) var specialContents: Set<[UInt8]> = []
    /// Looked for in the raw text, and in the normalized text.
    let raw: TokenFinder?
    let normalized: TokenFinder?

    /// Reads the `added_tokens` section. Ids follow from the model's vocabulary and the order, as in
    /// the reference; a file that says otherwise contradicts itself.
    init(_ part: FilePart?, model: any TokenModel, normalizers: [any Normalizer])
        throws(TokenizerError)
    {
        var next = model.tokenCount
        for part in try part?.elements() ?? [] {
            let content = try part.member("content").bytes()
            guard !content.isEmpty else { continue }
            let idPart = try part.member("id")
            let given = try idPart.id()
            var id = next
            if let known = idOf[content] ?? content.withUnsafeBytes({ model.vocabulary.id(of: $0) })
            {
                id = known
            } else {
                next += 1
            }
            guard id == given else {
                throw idPart.contradiction(
                    "\(quoted(String(decoding: content, as: UTF8.self))) has the id \(given), "
                        + "but by the vocabulary and the order it is \(id)")
            }
            let isNormalized = try part.flag("normalized", or: true)
            let token = AddedToken(
                id: id, content: content,
                pattern: isNormalized ? normalize(content, normalizers) : content,
                isSpecial: try part.flag("special", or: false), isNormalized: isNormalized,
                singleWord: try part.flag("single_word", or: false),
                stripsLeft: try part.flag("lstrip", or: false),
                stripsRight: try part.flag("rstrip", or: false))
            if let other = model.vocabulary.bytes(of: id), !other.elementsEqual(content) {
                throw idPart.contradiction(
                    "the id \(id) is also that of \(quoted(String(decoding: other, as: UTF8.self)))"
                )
            }
            tokens[id] = token
            idOf[content] = id
            if token.isSpecial { specialContents.insert(content) }
        }
        raw = TokenFinder(tokens.values.filter { !$0.isNormalized })
        normalized = TokenFinder(tokens.values.filter { $0.isNormalized })
    }
}

extension AddedTokens {
    /// The same with further tokens, and how many of them are new.
    func adding(
        _ contents: [String], special: Bool, model: any TokenModel,
        normalizers: [any Normalizer], path: String
    ) throws(TokenizerError) -> (AddedTokens, Int) {
        var next = max(model.tokenCount, (tokens.keys.max() ?? -1) + 1)
        var all = tokens
        var ids = idOf
        var count = 0
        for text in contents {
            let content = Array(text.utf8)
            guard !content.isEmpty, ids[content] == nil else { continue }
            let known = content.withUnsafeBytes { model.vocabulary.id(of: $0) }
            let id = known ?? next
            guard id < idLimit else {
                throw .contradiction(
                    key: quoted(text), what: "its id \(id) is outside 0 ..< \(idLimit)",
                    place: FilePlace(path))
            }
            if known == nil { next += 1 }
            ids[content] = id
            count += 1
            all[id] = AddedToken(
                id: id, content: content,
                pattern: special ? content : normalize(content, normalizers), isSpecial: special,
                isNormalized: !special, singleWord: false, stripsLeft: false, stripsRight: false)
        }
        return (AddedTokens(all, ids), count)
    }

    private init(_ tokens: [Int: AddedToken], _ idOf: [[UInt8]: Int]) {
        self.tokens = tokens
        self.idOf = idOf
        specialContents = Set(tokens.values.filter(\.isSpecial).map(\.content))
        raw = TokenFinder(tokens.values.filter { !$0.isNormalized })
        normalized = TokenFinder(tokens.values.filter { $0.isNormalized })
    }
}

/// Applies all normalizers to a string.
func normalize(_ text: [UInt8], _ normalizers: [any Normalizer]) -> [UInt8] {
    var text = text
    for normalizer in normalizers {
        var out = Scratch<UInt8>()
        let changed = text.withUnsafeBufferPointer { normalizer.normalize($0, into: &out) }
        if changed { text = Array(out.contents) }
    }
    return text
}

/// A part of a text that was looked through for added tokens.
enum TextPart {
    case text(Range<Int>)
    /// With what it takes up, spaces that it swallows included.
    case token(AddedToken, Range<Int>)
}

/// Finds added tokens: at each place the longest, from left to right, never overlapping.
final class TokenFinder: Sendable {
    private struct Node {
        var byte: UInt8
        var token: Int32 = -1
        var child: Int32 = -1
        var sibling: Int32 = -1
    }

    private let tokens: [AddedToken]
    /// The most bytes that a token has.
    let longest: Int
    private let nodes: [Node]
    /// The node of each first byte, or -1.
    private let roots: Table<Int32>
    /// The first bytes.
    private let starts: arena_byte_set

    /// Nil where there is nothing to find.
    init?(_ tokens: some Sequence<AddedToken>) {
        let tokens = tokens.filter { !$0.pattern.isEmpty }.sorted { $0.id < $1.id }
        guard !tokens.isEmpty else { return nil }
        self.tokens = tokens
        longest = tokens.map(\.pattern.count).max() ?? 0
        roots = Table(count: 256, repeating: -1)
        var nodes: [Node] = []
        for (index, token) in tokens.enumerated() {
            var at: Int32 = -1
            for byte in token.pattern {
                var child = at < 0 ? roots.base[Int(byte)] : nodes[Int(at)].child
                while child >= 0, nodes[Int(child)].byte != byte {
                    child = nodes[Int(child)].sibling
                }
                if child < 0 {
                    child = Int32(nodes.count)
                    var node = Node(byte: byte)
                    if at < 0 {
                        roots.base[Int(byte)] = child
                    } else {
                        node.sibling = nodes[Int(at)].child
                        nodes[Int(at)].child = child
                    }
                    nodes.append(node)
                }
                at = child
            }
            nodes[Int(at)].token = Int32(index)
        }
        self.nodes = nodes
        var starts = arena_byte_set()
        let bytes = Set(tokens.compactMap { $0.pattern.first.map(Int.init) })
        withUnsafeMutableBytes(of: &starts) { set in
            for byte in bytes {
                let group: UInt8 = 1 << UInt8(byte >> 4 & 7)
                set[byte & 15] |= group
                set[16 + (byte >> 4)] |= group
                set[32 + byte] = 1
            }
        }
        self.starts = starts
    }

    /// Calls `body` with the parts of a text, which is followed by spare bytes, in order. With
    /// `parseSpecial` off, special tokens are text.
    /// - Returns: how many special tokens there were, parsed or not.
    func forEachPart(of text: Bytes, parseSpecial: Bool, _ body: (TextPart) -> Void) -> Int {
        guard let p = text.baseAddress else { return 0 }
        var specials = 0
        let end = text.count
        let roots = roots.base
        var done = 0  // what lies before has been handed out
        var i = 0
        while true {
            // SAFETY: texts are followed by spare bytes.
            i = Int(
                withUnsafePointer(to: starts) { arena_find_byte($0, p, UInt64(i), UInt64(end)) })
            guard i < end else { break }
            guard let (index, length) = longestMatch(p, i, end, roots[Int(p[i])]) else {
                i += 1
                continue
            }
            let token = tokens[index]
            var start = i
            var stop = i + length
            i = stop
            if token.singleWord, parseSpecial || !token.isSpecial,
                touchesWord(p, start, stop, end)
            {
                continue
            }
            if token.isSpecial { specials += 1 }
            if !parseSpecial, token.isSpecial { continue }
            if token.stripsLeft { start = max(spacesBefore(p, start, floor: done), done) }
            if token.stripsRight { stop = spacesAfter(p, stop, end) }
            if done < start { body(.text(done..<start)) }
            body(.token(token, start..<stop))
            done = stop
        }
        if done < end { body(.text(done..<end)) }
        return specials
    }

    /// Whether any token has a byte for which `body` holds.
    func contains(where body: (UInt8) -> Bool) -> Bool {
        tokens.contains { $0.pattern.contains(where: body) }
    }

    /// Whether a token looks at or takes more than its own bytes.
    var reachesOut: Bool { tokens.contains { $0.singleWord || $0.stripsLeft || $0.stripsRight } }

    /// Whether the place `at` of a text may lie inside a token or what it takes along. Says yes too
    /// often rather than too rarely.
    func touches(_ text: Bytes, at place: Int) -> Bool {
        guard let p = text.baseAddress else { return false }
        return nodes.withUnsafeBufferPointer { nodes in
            for start in max(0, place - longest)...place {
                guard start < text.count else { break }
                var at = roots.base[Int(p[start])]
                var i = start
                while at >= 0 {
                    i += 1
                    let node = nodes[Int(at)]
                    if node.token >= 0 {
                        if start < place, i > place { return true }
                        let token = tokens[Int(node.token)]
                        // At its ends a token may look at its neighbours or swallow spaces.
                        if token.stripsRight || token.singleWord, i == place { return true }
                        if token.stripsLeft || token.singleWord, start == place { return true }
                    }
                    guard i < text.count else { break }
                    at = node.child
                    while at >= 0, nodes[Int(at)].byte != p[i] { at = nodes[Int(at)].sibling }
                }
            }
            return false
        }
    }

    private func longestMatch(
        _ p: UnsafePointer<UInt8>, _ start: Int, _ end: Int, _ root: Int32
    ) -> (index: Int, length: Int)? {
        nodes.withUnsafeBufferPointer { nodes in
            var at = root
            var i = start
            var best: (index: Int, length: Int)?
            while true {
                i += 1
                let node = nodes[Int(at)]
                if node.token >= 0 { best = (Int(node.token), i - start) }
                guard i < end else { return best }
                at = node.child
                while at >= 0, nodes[Int(at)].byte != p[i] { at = nodes[Int(at)].sibling }
                if at < 0 { return best }
            }
        }
    }

    private func touchesWord(_ p: UnsafePointer<UInt8>, _ start: Int, _ stop: Int, _ end: Int)
        -> Bool
    {
        var length = 0
        let word = UInt8(arena_text_word)
        return start > 0 && arena_text_class(scalarBefore(p, start)) & word != 0
            || stop < end && arena_text_class(scalar(p, stop, &length)) & word != 0
    }

    private func spacesBefore(_ p: UnsafePointer<UInt8>, _ start: Int, floor: Int) -> Int {
        var i = start
        while i > floor {
            var before = i - 1
            while before > 0, p[before] & 0xC0 == 0x80 { before -= 1 }
            var length = 0
            guard kind(scalar(p, before, &length)) >= Kind.space else { break }
            i = before
        }
        return i
    }

    private func spacesAfter(_ p: UnsafePointer<UInt8>, _ stop: Int, _ end: Int) -> Int {
        var i = stop
        var length = 0
        while i < end, kind(scalar(p, i, &length)) >= Kind.space { i += length }
        return i
    }
}
