// The first and the last tokens of a text, as text again.

import ArenaCore

extension Tokenizer {
    /// The text of the first `head` and the last `tail` tokens of one that has more than `over`; nil for
    /// a text that stays as it is. No special tokens are put around; those in the text are parsed.
    /// - Throws: `textTooLong`.
    package func headTail(
        _ text: UnsafeRawBufferPointer, head: Int, tail: Int, over: Int, parseSpecial: Bool = true
    ) throws(TokenizerError) -> String? {
        try checkLength(text.count)
        return encoders.withEncoder(for: self) { encoder in
            defer { _ = encoder.takeCounts() }
            func encode(_ wanted: WantedTokens) -> [Int32] {
                let cut = encoder.encode(
                    text, with: self, parseSpecial: parseSpecial, wanted: wanted, stopsEarly: true)
                return Array(encoder.ids.contents[cut.kept])
            }
            let first = encode(.first(max(over + 1, head)))
            guard first.count > over else { return nil }
            return decode(first.prefix(head) + encode(.last(tail)))
        }
    }
}
