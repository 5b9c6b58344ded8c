// `Replace`: every occurrence of a string becomes another (a space becomes U+2581 in SentencePiece files).

struct Replace: Normalizer {
    static let type = "Replace"
    let replacement: StringReplacement

    init(_ part: FilePart) throws(TokenizerError) {
        replacement = try StringReplacement(part)
    }

    var growth: Int { replacement.growth }

    func normalize(_ text: Bytes, into out: inout Scratch<UInt8>) -> Bool {
        replacement.apply(to: text, into: &out)
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

/// A `{"String": ...}` pattern that is not empty.
func readStringPattern(_ part: FilePart) throws(TokenizerError) -> [UInt8] {
    if let pattern = part.optional("Regex") {
        throw .unknownPattern(
            pattern: try pattern.string(), key: pattern.key,
            known: ["plain strings, {\"String\": ...}"],
            place: pattern.place)
    }
    let text = try part.member("String")
    let bytes = try text.bytes()
    guard !bytes.isEmpty else {
        throw text.unsupported("an empty pattern", supported: "a string to look for")
    }
    return bytes
}

/// Where the pattern, which is not empty, occurs first at or after `start`.
@inline(__always)
func findFirst(_ pattern: [UInt8], in text: Bytes, from start: Int) -> Int? {
    let first = pattern[0]
    var i = start
    let last = text.count - pattern.count
    if pattern.count == 1 {
        while i <= last {
            if text[i] == first { return i }
            i += 1
        }
        return nil
    }
    search: while i <= last {
        if text[i] == first {
            for k in 1..<pattern.count where text[i + k] != pattern[k] {
                i += 1
                continue search
            }
            return i
        }
        i += 1
    }
    return nil
}
