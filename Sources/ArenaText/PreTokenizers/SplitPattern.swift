// The regular expressions that tokenizer files of known families cut with, each as a hand-written scanner
// (scanners.c). A pattern is recognised by its exact text; other expressions are TextRegex.swift's.

import CArenaText

/// A known regular expression that matches all of any text, match after match.
enum SplitPattern: Hashable, Sendable {
    /// GPT-2's, RoBERTa's; also what `ByteLevel` cuts with by itself.
    case gpt2
    /// Llama 3's (digits in threes) and Qwen2's (single digits).
    case cl100k(digits: Int)
    /// Where words end as the case changes: tekken's (single digits), o200k's (digits in threes, words
    /// with their contractions).
    case cased(digits: Int, contractions: Bool)

    static let known: [SplitPattern] = [
        .gpt2, .cl100k(digits: 1), .cl100k(digits: 3), .cased(digits: 1, contractions: false),
        .cased(digits: 3, contractions: false), .cased(digits: 3, contractions: true),
    ]

    /// The expression as it stands in tokenizer files.
    var text: String {
        func number(_ digits: Int) -> String {
            digits == 1 ? #"\p{N}"# : #"\p{N}{1,"# + "\(digits)}"
        }
        let shortened = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
        let spaces = #"|\s*[\r\n]+|\s+(?!\S)|\s+"#
        switch self {
        case .gpt2:
            return #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
        case .cl100k(let digits):
            return shortened + #"|[^\r\n\p{L}\p{N}]?\p{L}+|"# + number(digits)
                + #"| ?[^\s\p{L}\p{N}]+[\r\n]*"# + spaces
        case .cased(let digits, let contractions):
            let before = #"[^\r\n\p{L}\p{N}]?"#
            let upper = #"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"#
            let lower = #"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"#
            let after = contractions ? shortened + "?" : ""
            return before + upper + "*" + lower + "+" + after + "|" + before + upper + "+" + lower
                + "*" + after + "|" + number(digits) + #"| ?[^\s\p{L}\p{N}]+[\r\n/]*"# + spaces
        }
    }

    private static let byText = Dictionary(uniqueKeysWithValues: known.map { ($0.text, $0) })

    /// The scanner for a regular expression of a tokenizer file, if it is one of those known.
    init?(_ text: String) {
        guard let known = Self.byText[text] else { return nil }
        self = known
    }

    /// Cuts every piece into the pattern's matches.
    func cut(_ pieces: inout Pieces) {
        // SAFETY: texts are followed by spare bytes, and there are no more ends than bytes.
        pieces.refine { p, start, end, ends in
            let (start, end) = (UInt64(start), UInt64(end))
            switch self {
            case .gpt2: return arena_scan_gpt2(p, start, end, ends)
            case .cl100k(let digits):
                return arena_scan_cl100k(p, start, end, UInt32(digits), ends)
            case .cased(let digits, let contractions):
                return arena_scan_cased(p, start, end, UInt32(digits), contractions, ends)
            }
        }
    }
}
