// Decoders of models that spell words: `WordPiece`, `BPEDecoder`, `CTC`.

/// Joins continuations to what stands before them and puts spaces between words.
struct WordPieceDecoder: Decoder {
    static let type = "WordPiece"
    let prefix: [UInt8]
    let cleansUp: Bool

    init(_ part: FilePart) throws(TokenizerError) {
        prefix = try part.member("prefix").bytes()
        cleansUp = try part.flag("cleanup", or: true)
    }

    init(prefix: String) {
        self.prefix = Array(prefix.utf8)
        cleansUp = true
    }

    func decode(_ tokens: [[UInt8]]) -> [[UInt8]] {
        tokens.enumerated().map { index, token in
            var token = token
            if index > 0 {
                token =
                    token.starts(with: prefix)
                    ? Array(token.dropFirst(prefix.count)) : [UInt8(ascii: " ")] + token
            }
            return cleansUp ? cleanedUp(token) : token
        }
    }
}

/// The suffix that ends a word becomes a space, or nothing at the end.
struct BPEDecoder: Decoder {
    static let type = "BPEDecoder"
    let suffix: [UInt8]

    init(_ part: FilePart) throws(TokenizerError) {
        suffix = try part.optional("suffix")?.bytes() ?? Array("</w>".utf8)
    }

    func decode(_ tokens: [[UInt8]]) -> [[UInt8]] {
        tokens.enumerated().map { index, token in
            replacing(
                suffix, by: index == tokens.count - 1 ? [] : [UInt8(ascii: " ")], in: token)
        }
    }
}

/// One of equal neighbours stays, padding goes, the delimiter of words becomes a space.
struct CTCDecoder: Decoder {
    static let type = "CTC"
    let pad: [UInt8]
    let delimiter: [UInt8]
    let cleansUp: Bool

    init(_ part: FilePart) throws(TokenizerError) {
        pad = try part.member("pad_token").bytes()
        delimiter = try part.member("word_delimiter_token").bytes()
        cleansUp = try part.flag("cleanup", or: true)
    }

    func decode(_ tokens: [[UInt8]]) -> [[UInt8]] {
        var out: [[UInt8]] = []
        for (index, token) in tokens.enumerated() where index == 0 || tokens[index - 1] != token {
            var text = replacing(pad, by: [], in: token)
            if cleansUp {
                text = replacing(delimiter, by: [UInt8(ascii: " ")], in: cleanedUp(text))
            }
            if !text.isEmpty { out.append(text) }
        }
        return out
    }
}

/// Spaces before punctuation and inside English contractions taken out, as the reference does it.
func cleanedUp(_ text: [UInt8]) -> [UInt8] {
    let pairs = [
        (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"),
        (" 'm", "'m"), (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
    ]
    guard text.contains(UInt8(ascii: " ")) else { return text }
    return pairs.reduce(text) { replacing(Array($1.0.utf8), by: Array($1.1.utf8), in: $0) }
}

private func replacing(_ pattern: [UInt8], by content: [UInt8], in text: [UInt8]) -> [UInt8] {
    guard !pattern.isEmpty else { return text }
    var out = Scratch<UInt8>()
    let changed = text.withUnsafeBufferPointer {
        StringReplacement(pattern: pattern, content: content).apply(to: $0, into: &out)
    }
    return changed ? Array(out.contents) : text
}
