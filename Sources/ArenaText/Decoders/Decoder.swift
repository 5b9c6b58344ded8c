// Decoders turn tokens back into text, step by step over a list of strings, as the reference does it.
// One file a kind where it is more than a few lines; adding one is its struct and one line here.

import ArenaCore

/// A step from tokens towards text.
protocol Decoder: Sendable {
    /// The step's `type` in a tokenizer file.
    static var type: String { get }

    init(_ part: FilePart) throws(TokenizerError)

    /// Changes the strings, splits or joins them.
    func decode(_ tokens: [[UInt8]]) -> [[UInt8]]
}

/// The kinds that are known, apart from `Sequence`, which only lists others.
let decoderKinds: [any Decoder.Type] = [
    BPEDecoder.self,
    ByteFallbackDecoder.self,
    ByteLevelDecoder.self,
    CTCDecoder.self,
    FuseDecoder.self,
    MetaspaceDecoder.self,
    ReplaceDecoder.self,
    StripDecoder.self,
    WordPieceDecoder.self,
]

/// The steps of a `decoder` section in order.
func readDecoders(_ part: FilePart) throws(TokenizerError) -> [any Decoder] {
    let name = try part.type()
    if name == "Sequence" {
        var steps: [any Decoder] = []
        for inner in try part.member("decoders").elements() { steps += try readDecoders(inner) }
        return steps
    }
    for kind in decoderKinds where kind.type == name { return [try kind.init(part)] }
    throw part.unknown(
        "decoder", name, known: (decoderKinds.map { $0.type } + ["Sequence"]).sorted())
}

/// Bytes with ill-formed parts replaced by U+FFFD.
func repaired(_ bytes: [UInt8]) -> [UInt8] {
    var out = Scratch<UInt8>(capacity: bytes.count)
    bytes.withUnsafeBytes { _ = appendRepaired($0, to: &out) }
    return Array(out.contents)
}

/// `ByteLevel`: characters of the byte alphabet become bytes, then all is one text.
struct ByteLevelDecoder: Decoder {
    static let type = "ByteLevel"

    init(_ part: FilePart) throws(TokenizerError) {}

    func decode(_ tokens: [[UInt8]]) -> [[UInt8]] {
        var out = Scratch<UInt8>(capacity: 256)
        for token in tokens {
            token.withUnsafeBufferPointer {
                if !ByteAlphabet.shared.appendBytes(of: $0, to: &out) { out.append($0) }
            }
        }
        return [repaired(Array(out.contents))]
    }
}

/// `ByteFallback`: runs of tokens such as `<0xE5>` become the text they spell, or one U+FFFD each.
struct ByteFallbackDecoder: Decoder {
    static let type = "ByteFallback"

    init(_ part: FilePart) throws(TokenizerError) {}

    func decode(_ tokens: [[UInt8]]) -> [[UInt8]] {
        var out: [[UInt8]] = []
        var run: [UInt8] = []
        func finish() {
            guard !run.isEmpty else { return }
            if run.withUnsafeBytes({ firstInvalidUTF8($0) }) == nil {
                out.append(run)
            } else {
                for _ in run { out.append([0xEF, 0xBF, 0xBD]) }
            }
            run.removeAll()
        }
        for token in tokens {
            if let byte = byteOf(token) {
                run.append(byte)
            } else {
                finish()
                out.append(token)
            }
        }
        finish()
        return out
    }

    private func byteOf(_ token: [UInt8]) -> UInt8? {
        guard token.count == 6, token.starts(with: "<0x".utf8), token[5] == UInt8(ascii: ">") else {
            return nil
        }
        // A sign is a digit to the reference's parser: `<0x+A>` is a byte.
        if token[3] == UInt8(ascii: "+") { return hexValue(token[4]).map { UInt8($0) } }
        guard let high = hexValue(token[3]), let low = hexValue(token[4]) else { return nil }
        return UInt8(high << 4 | low)
    }
}

/// `Fuse`: all strings become one.
struct FuseDecoder: Decoder {
    static let type = "Fuse"

    init(_ part: FilePart) throws(TokenizerError) {}

    func decode(_ tokens: [[UInt8]]) -> [[UInt8]] { [Array(tokens.joined())] }
}

/// `Replace`: a string becomes another in every token.
struct ReplaceDecoder: Decoder {
    static let type = "Replace"
    let replacement: Replacement

    init(_ part: FilePart) throws(TokenizerError) { replacement = try Replacement(part) }

    func decode(_ tokens: [[UInt8]]) -> [[UInt8]] {
        tokens.map { token in
            var out = Scratch<UInt8>()
            let changed = token.withUnsafeBufferPointer { replacement.apply(to: $0, into: &out) }
            return changed ? Array(out.contents) : token
        }
    }
}

/// `Strip`: takes up to so many of one character from both ends of every string.
struct StripDecoder: Decoder {
    static let type = "Strip"
    let content: [UInt8]
    let start: Int
    let stop: Int

    init(_ part: FilePart) throws(TokenizerError) {
        content = try part.member("content").character()
        func count(_ name: String) throws(TokenizerError) -> Int {
            let number = try part.member(name)
            guard let value = number.value.int, value >= 0 else {
                throw number.mismatch("a whole number")
            }
            return value
        }
        start = try count("start")
        stop = try count("stop")
    }

    func decode(_ tokens: [[UInt8]]) -> [[UInt8]] {
        tokens.map { token in
            var rest = token[...]
            var taken = 0
            while taken < start, rest.starts(with: content) {
                rest = rest.dropFirst(content.count)
                taken += 1
            }
            taken = 0
            while taken < stop, rest.count >= content.count,
                rest.suffix(content.count).elementsEqual(content)
            {
                rest = rest.dropLast(content.count)
                taken += 1
            }
            return Array(rest)
        }
    }
}

/// `Metaspace`: U+2581 becomes a space, or nothing in the first token where one was put in front.
struct MetaspaceDecoder: Decoder {
    static let type = "Metaspace"
    let replacement: [UInt8]
    let scheme: Metaspace.Scheme

    init(_ part: FilePart) throws(TokenizerError) {
        replacement = try part.member("replacement").character()
        scheme = try Metaspace.readScheme(part)
    }

    func decode(_ tokens: [[UInt8]]) -> [[UInt8]] {
        tokens.enumerated().map { index, token in
            let space: [UInt8] = index == 0 && scheme != .never ? [] : [UInt8(ascii: " ")]
            var out = Scratch<UInt8>()
            let changed = token.withUnsafeBufferPointer {
                StringReplacement(pattern: replacement, content: space).apply(to: $0, into: &out)
            }
            return changed ? Array(out.contents) : token
        }
    }
}
