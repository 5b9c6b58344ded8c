// A large JSON text is parsed on several processors. A line break cannot stand inside a string, so a line
// that begins with a value begins a member of some container, whatever stands before it. Threads parse on
// from such lines, and the parser that comes from the start takes what they have when it gets there; where
// it does not get there, or they found something wrong, it has lost nothing.

/// Members of a container that a thread of its own parses.
struct JSONStretch: Sendable {
    /// Where the first of them begins.
    let start: Int
    /// Whether they look like members of an object.
    let isObject: Bool
    let parsed: Future<Result>

    struct Part: Sendable {
        let nodes: JSONNodes
        /// Behind the last whole member: where the next begins, or at the container's closing bracket.
        let end: Int
        let isClosed: Bool
    }

    struct Result: Sendable {
        let part: Part
        /// The first byte up to the next stretch that is no UTF-8.
        let invalid: Int?
    }

    /// How deep the container may be: what is in a stretch has the rest of the levels.
    static let depth = JSONParser.depthLimit - 64

    init(_ source: JSONSource, from start: Int, until stop: Int) {
        let isObject = source.isKey(at: start)
        self.start = start
        self.isObject = isObject
        parsed = Future {
            let invalid = source.firstInvalidUTF8(in: start..<stop)
            var parser = JSONParser(source, at: start, expecting: stop - start, stretches: [])
            return Result(
                part: parser.parseStretch(object: isObject, until: stop), invalid: invalid)
        }
    }
}

extension JSONSource {
    /// Texts from so many bytes on are parsed in stretches.
    static let large = 1 << 20

    /// Parses the text.
    func parse() throws(JSONError) -> JSONNodes {
        let starts = bytes.count < Self.large ? [] : stretchStarts(min(processorCount(), 4))
        let stops = starts.dropFirst() + [bytes.count]
        let stretches = zip(starts, stops).map { JSONStretch(self, from: $0, until: $1) }
        let invalid = firstInvalidUTF8(in: 0..<(starts.first ?? bytes.count))
        var parser = JSONParser(self, expecting: bytes.count, stretches: stretches)
        let result = Result { () throws(JSONError) in try parser.parseDocument() }
        if let bad = invalid ?? stretches.lazy.compactMap({ $0.parsed.value().invalid }).first {
            throw .invalidUTF8(place(bad))
        }
        try result.get()
        return parser.nodes
    }

    func firstInvalidUTF8(in range: Range<Int>) -> Int? {
        ArenaCore.firstInvalidUTF8(UnsafeRawBufferPointer(rebasing: bytes[range])).map {
            range.lowerBound + $0
        }
    }

    /// Where about `count` equal parts of the text can begin, but for the first: at the outermost of the lines
    /// around there.
    private func stretchStarts(_ count: Int) -> [Int] {
        (1..<max(count, 1)).compactMap { part in
            let middle = bytes.count / count * part
            return outermostLine(middle..<min(middle + 4096, bytes.count))
        }
    }

    /// The first byte of the least indented line that begins with a value; nil if there is none.
    private func outermostLine(_ range: Range<Int>) -> Int? {
        var best: (indent: Int, at: Int)?
        for newline in range where bytes[newline] == UInt8(ascii: "\n") {
            var at = newline + 1
            while at < range.upperBound, bytes[at] == 32 || bytes[at] == 9 { at += 1 }
            guard at < range.upperBound, at - newline < best?.indent ?? .max else { continue }
            switch bytes[at] {
            case UInt8(ascii: "]"), UInt8(ascii: "}"), UInt8(ascii: ","), UInt8(ascii: ":"), 0...32:
                continue
            default: best = (at - newline, at)
            }
        }
        return best?.at
    }

    /// Whether a string begins here that a colon follows.
    fileprivate func isKey(at start: Int) -> Bool {
        guard bytes[start] == UInt8(ascii: "\"") else { return false }
        var at = start + 1
        while at < bytes.count, bytes[at] != UInt8(ascii: "\"") {
            at += bytes[at] == UInt8(ascii: "\\") ? 2 : 1
        }
        at += 1
        while at < bytes.count, bytes[at] == 32 || bytes[at] == 9 { at += 1 }
        return at < bytes.count && bytes[at] == UInt8(ascii: ":")
    }
}
