// Ids back to text.

import ArenaCore

extension Tokenizer {
    /// The text that ids stand for; ids that nothing has are left out, as the reference does.
    package func decode(_ ids: some Sequence<Int32>, skipSpecialTokens: Bool = false) -> String {
        var tokens: [[UInt8]] = []
        for id in ids {
            guard let token = decodedForm(Int(id)) else { continue }
            if skipSpecialTokens, added.specialContents.contains(token) { continue }
            tokens.append(token)
        }
        guard let decoders else {
            // Without a decoder the reference puts spaces between tokens.
            return String(
                decoding: Array(tokens.joined(separator: [UInt8(ascii: " ")])), as: UTF8.self)
        }
        for decoder in decoders { tokens = decoder.decode(tokens) }
        return String(decoding: Array(tokens.joined()), as: UTF8.self)
    }

    /// A token as decoders get it: an added one in its normalized form.
    private func decodedForm(_ id: Int) -> [UInt8]? {
        if let token = added.tokens[id] { return token.pattern }
        return model.vocabulary.bytes(of: id).map { Array($0) }
    }
}
