// `Replace`: every occurrence of a string, or match of a regular expression, becomes another string (a
// space becomes U+2581 in SentencePiece files).

import Glibc

struct Replace: Normalizer {
    static let type = "Replace"
    let replacement: Replacement

    init(_ part: FilePart) throws(TokenizerError) { replacement = try Replacement(part) }

    init(_ pattern: String, by content: String) {
        replacement = .string(
            StringReplacement(pattern: Array(pattern.utf8), content: Array(content.utf8)))
    }

    var growth: Int { replacement.growth }

    func normalize(_ text: Bytes, into out: inout Scratch<UInt8>) -> Bool {
        replacement.apply(to: text, into: &out)
    }

    /// What replaces several characters stands where the last of them did.
    func movesStart(_ text: Bytes) -> Bool {
        guard let length = replacement.matchAtStart(text), length > 0 else { return false }
        return replacement.content.isEmpty
            || text.prefix(length).filter { $0 & 0xC0 != 0x80 }.count > 1
    }
}

/// A pattern and what stands in for it; shared by the normalizer and the decoder `Replace`.
enum Replacement: Sendable {
    case string(StringReplacement)
    case regex(TextRegex, content: [UInt8])

    init(_ part: FilePart) throws(TokenizerError) {
        let pattern = try part.member("pattern")
        if let regex = pattern.optional("Regex") {
            self = .regex(try TextRegex(regex), content: try part.member("content").bytes())
        } else {
            self = .string(try StringReplacement(part))
        }
    }

    var content: [UInt8] {
        switch self {
        case .string(let replacement): return replacement.content
        case .regex(_, let content): return content
        }
    }

    var growth: Int {
        switch self {
        case .string(let replacement): return replacement.growth
        case .regex(_, let content): return 1 + content.count
        }
    }

    func apply(to text: Bytes, into out: inout Scratch<UInt8>) -> Bool {
        switch self {
        case .string(let replacement): return replacement.apply(to: text, into: &out)
        case .regex(let regex, let content):
            var copied = 0
            var found = false
            regex.forEachMatch(in: text) { start, end in
                out.append(Bytes(rebasing: text[copied..<start]))
                content.withUnsafeBufferPointer { out.append($0) }
                copied = end
                found = true
            }
            if found { out.append(Bytes(rebasing: text[copied...])) }
            return found
        }
    }

    /// The length of a match at the very start.
    func matchAtStart(_ text: Bytes) -> Int? {
        switch self {
        case .string(let replacement):
            return text.starts(with: replacement.pattern) ? replacement.pattern.count : nil
        case .regex(let regex, _):
            var first: Int?
            var seen = false
            regex.forEachMatch(in: text) { start, end in
                if !seen, start == 0 { first = end }
                seen = true
            }
            return first
        }
    }
}

/// A string pattern and what stands in for it; shared by the normalizer and the decoder `Replace`.
struct StringReplacement: Sendable {
    let pattern: [UInt8]
    let content: [UInt8]

    init(_ part: FilePart) throws(TokenizerError) {
        pattern = try readStringPattern(part.member("pattern"))
        content = try part.member("content").bytes()
    }

    init(pattern: [UInt8], content: [UInt8]) {
        self.pattern = pattern
        self.content = content
    }

    var growth: Int { max(1, (content.count + pattern.count - 1) / pattern.count) }

    /// Writes the text with every occurrence replaced, leftmost first; false if there is none.
    func apply(to text: Bytes, into out: inout Scratch<UInt8>) -> Bool {
        guard var found = findFirst(pattern, in: text, from: 0) else { return false }
        if pattern.count == 1, content.count <= 4 {
            applyToByte(pattern[0], text, &out)
            return true
        }
        out.reserve(text.count + 16 * max(0, content.count - pattern.count))
        var copied = 0
        content.withUnsafeBufferPointer { content in
            while true {
                out.append(Bytes(rebasing: text[copied..<found]))
                out.append(content)
                copied = found + pattern.count
                guard let next = findFirst(pattern, in: text, from: copied) else { break }
                found = next
            }
        }
        out.append(Bytes(rebasing: text[copied...]))
        return true
    }
}

extension StringReplacement {
    /// One byte becomes up to four: runs between are copied eight bytes a step.
    private func applyToByte(_ byte: UInt8, _ text: Bytes, _ out: inout Scratch<UInt8>) {
        guard let p = text.baseAddress else { return }
        // SAFETY: room for every byte replaced; the stores of eight and four reach at most eight bytes
        // further, for which `reserve` is asked too.
        out.reserve(text.count * max(1, content.count) + 8)
        var to = UnsafeMutableRawPointer(out.base + out.count)
        let from = UnsafeRawPointer(p)
        let word = content.enumerated().reduce(UInt32(0)) {
            $0 | UInt32($1.element) << UInt32(8 * $1.offset)
        }
        let eight = UInt64(byte) &* 0x0101_0101_0101_0101
        var i = 0
        while i < text.count {
            if i + 8 <= text.count {
                let bytes = from.loadUnaligned(fromByteOffset: i, as: UInt64.self)
                to.storeBytes(of: bytes, as: UInt64.self)
                let different = bytes ^ eight
                // The lowest set bit marks the first byte that is equal; bits above it may be wrong.
                let equal =
                    (different &- 0x0101_0101_0101_0101) & ~different & 0x8080_8080_8080_8080
                let before = equal == 0 ? 8 : equal.trailingZeroBitCount >> 3
                to += before
                i += before
                if before == 8 { continue }
            } else if p[i] != byte {
                to.storeBytes(of: p[i], as: UInt8.self)
                to += 1
                i += 1
                continue
            }
            to.storeBytes(of: word, as: UInt32.self)
            to += content.count
            i += 1
        }
        out.count = to - UnsafeMutableRawPointer(out.base)
    }
}

/// A `{"String": ...}` pattern that is not empty.
func readStringPattern(_ part: FilePart) throws(TokenizerError) -> [UInt8] {
    let text = try part.member("String")
    let bytes = try text.bytes()
    guard !bytes.isEmpty else {
        throw text.unsupported("an empty pattern", supported: "a string to look for")
    }
    return bytes
}

/// Where the pattern, which is not empty, occurs first at or after `start`.
func findFirst(_ pattern: [UInt8], in text: Bytes, from start: Int) -> Int? {
    pattern.withUnsafeBufferPointer { pattern in
        guard let p = text.baseAddress, let first = pattern.baseAddress else { return nil }
        var i = start
        let last = text.count - pattern.count
        while i <= last {
            // SAFETY: memchr and memcmp stay inside the text, as `last` leaves room for the pattern.
            guard let found = memchr(p + i, Int32(first[0]), last - i + 1) else { return nil }
            i = UnsafeRawPointer(found) - UnsafeRawPointer(p)
            if memcmp(p + i, first, pattern.count) == 0 { return i }
            i += 1
        }
        return nil
    }
}
