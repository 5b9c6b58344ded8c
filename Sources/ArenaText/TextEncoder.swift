// One thread's way from a text to ids: repair, added tokens, normalizers, pre-tokenizers, model.
// Cutting to a length and special tokens around the text are Tokenizer+Encode.swift's.

import ArenaCore
import CArenaText
import Synchronization

/// The working memory of one thread for one tokenizer.
final class TextEncoder {
    private let speller: any PieceSpeller
    private var text = Scratch<UInt8>(capacity: 4096)
    private var normalized = Scratch<UInt8>(capacity: 4096)
    private var spare = Scratch<UInt8>(capacity: 4096)
    private var pieces = Pieces()
    /// The ids of the last text.
    private(set) var ids = Scratch<Int32>(capacity: 4096)
    /// Ill-formed parts replaced since the last `takeCounts`.
    private var repairs = 0
    /// Special tokens that stood in texts since then.
    var specials = 0
    private var held = TextCounts()
    /// Whether the stretch at hand goes on where another text ended.
    private var continues = false

    init(_ tokenizer: Tokenizer) { speller = tokenizer.model.makeSpeller() }

    /// Leaves the tokens of a whole text, without any around it, in `ids`. A text that `continues`
    /// another gets nothing of what stands at the start of texts.
    func encode(
        _ bytes: UnsafeRawBufferPointer, with tokenizer: Tokenizer, parseSpecial: Bool,
        continues: Bool = false
    ) {
        ids.count = 0
        self.continues = continues
        // The copy costs little and gives what follows a text with spare bytes behind it.
        text.count = 0
        text.reserve(bytes.count)
        guard let start = bytes.baseAddress else { return }
        // SAFETY: room for all of them was made.
        let source = start.assumingMemoryBound(to: UInt8.self)
        if arena_copy_utf8(text.base, source, UInt64(bytes.count)) {
            text.count = bytes.count
        } else {
            repairs += appendRepaired(bytes, to: &text)
        }
        let whole = text.contents
        guard let finder = tokenizer.added.raw else {
            return encodeStretch(
                whole, startsText: !continues, with: tokenizer, parseSpecial: parseSpecial)
        }
        let found = finder.forEachPart(of: whole, parseSpecial: parseSpecial) { part in
            switch part {
            case .token(let token, _):
                ids.append(Int32(token.id))
                self.continues = false
            case .text(let range):
                encodeStretch(
                    Bytes(rebasing: whole[range]), startsText: range.lowerBound == 0 && !continues,
                    with: tokenizer, parseSpecial: parseSpecial)
                self.continues = false
            }
        }
        specials += found
    }

    /// A stretch between added tokens of the raw text.
    private func encodeStretch(
        _ stretch: Bytes, startsText: Bool, with tokenizer: Tokenizer, parseSpecial: Bool
    ) {
        var current = stretch
        var startsText = startsText
        for normalizer in tokenizer.normalizers {
            var normalizer = normalizer
            if continues {
                // Only a text's own start gets a prefix or loses its spaces.
                if normalizer is Prepend { continue }
                if let strip = normalizer as? Strip {
                    normalizer = Strip(left: false, right: strip.right)
                }
            }
            spare.count = 0
            if startsText, tokenizer.asksForStart, normalizer.movesStart(current) {
                startsText = false
            }
            if normalizer.normalize(current, into: &spare) {
                swap(&normalized, &spare)
                // SAFETY: `normalized` stays as it is until the next step has read it.
                current = normalized.contents
            }
        }
        guard let finder = tokenizer.added.normalized else {
            return encodePieces(current, startsText: startsText, with: tokenizer)
        }
        let found = finder.forEachPart(of: current, parseSpecial: parseSpecial) { part in
            switch part {
            case .token(let token, _): ids.append(Int32(token.id))
            case .text(let range):
                encodePieces(
                    Bytes(rebasing: current[range]),
                    startsText: startsText && range.lowerBound == 0,
                    with: tokenizer)
            }
        }
        specials += found
    }

    private func encodePieces(_ stretch: Bytes, startsText: Bool, with tokenizer: Tokenizer) {
        pieces.begin(stretch, startsText: startsText)
        for step in tokenizer.preTokenizers { step.cut(&pieces) }
        speller.spell(pieces, into: &ids)
    }

    /// A text as it is encoded: well-formed.
    func repaired(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        guard firstInvalidUTF8(bytes) != nil else { return Array(bytes) }
        var text = Scratch<UInt8>(capacity: bytes.count)
        repairs += appendRepaired(bytes, to: &text)
        return Array(text.contents)
    }

    /// Appends the tokens of one piece, which is followed by spare bytes, to `ids`.
    func spell(piece: Bytes) {
        pieces.begin(piece, startsText: false)
        speller.spell(pieces, into: &ids)
    }

    /// Empties `ids` for a text that is put together piece by piece.
    func begin() { ids.count = 0 }

    /// What was met in texts since the last call.
    func takeCounts() -> TextCounts {
        let counts = TextCounts(
            unknown: held.unknown + speller.takeUnknownCount(), repairs: held.repairs + repairs,
            specials: held.specials + specials)
        held = TextCounts()
        repairs = 0
        specials = 0
        return counts
    }

    /// Sets what was counted so far aside, so that what is counted from here on can be dropped.
    func holdCounts() { held = takeCounts() }

    /// Forgets what was counted since `holdCounts`: the text is read once more.
    func dropCounts() {
        _ = speller.takeUnknownCount()
        repairs = 0
        specials = 0
    }

    /// Leaves only a part of the ids.
    func keepOnly(_ range: Range<Int>) {
        if range.lowerBound > 0 {
            // SAFETY: both ranges lie inside what was written; they may overlap.
            ids.base.update(from: ids.base + range.lowerBound, count: range.count)
        }
        ids.count = range.count
    }

    /// Gives memory back that one huge text has left behind.
    func trim() {
        let limit = 1 << 22
        text.trim(above: limit)
        normalized.trim(above: limit)
        spare.trim(above: limit)
        ids.trim(above: limit)
        pieces.trim(above: limit)
        speller.trim(above: limit)
    }
}

/// What was met in texts: characters without a token, ill-formed parts, special tokens.
struct TextCounts {
    var unknown = 0
    var repairs = 0
    var specials = 0
}

/// Encoders that are not in use, with their caches warm.
final class EncoderPool: Sendable {
    /// An encoder on its way between threads: only one of them holds it at a time.
    private struct Idle: @unchecked Sendable {
        let encoder: TextEncoder
    }

    private let idle = Mutex<[Idle]>([])

    /// Lends an encoder for the call.
    func withEncoder<R, E: Error>(
        for tokenizer: Tokenizer, _ body: (TextEncoder) throws(E) -> R
    ) throws(E) -> R {
        let encoder = idle.withLock { $0.popLast() }?.encoder ?? TextEncoder(tokenizer)
        defer {
            encoder.trim()
            let returned = Idle(encoder: encoder)
            idle.withLock { $0.append(returned) }
        }
        return try body(encoder)
    }
}
