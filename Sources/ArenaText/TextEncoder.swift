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

    init(_ tokenizer: Tokenizer) { speller = tokenizer.model.makeSpeller() }

    /// Leaves the tokens of a text, without any around it, in `ids`.
    ///
    /// A caller that cuts on the right needs only the first tokens; encoding may then stop early at
    /// the end of a piece. Nothing does so yet, since every cut reports how much was lost.
    func encode(_ bytes: UnsafeRawBufferPointer, with tokenizer: Tokenizer, parseSpecial: Bool) {
        ids.count = 0
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
                whole, startsText: true, with: tokenizer, parseSpecial: parseSpecial)
        }
        finder.forEachPart(of: whole, parseSpecial: parseSpecial) { part in
            switch part {
            case .token(let token): ids.append(Int32(token.id))
            case .text(let range):
                encodeStretch(
                    Bytes(rebasing: whole[range]), startsText: range.lowerBound == 0,
                    with: tokenizer,
                    parseSpecial: parseSpecial)
            }
        }
    }

    /// A stretch between added tokens of the raw text.
    private func encodeStretch(
        _ stretch: Bytes, startsText: Bool, with tokenizer: Tokenizer, parseSpecial: Bool
    ) {
        var current = stretch
        var startsText = startsText
        for normalizer in tokenizer.normalizers {
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
        finder.forEachPart(of: current, parseSpecial: parseSpecial) { part in
            switch part {
            case .token(let token): ids.append(Int32(token.id))
            case .text(let range):
                encodePieces(
                    Bytes(rebasing: current[range]),
                    startsText: startsText && range.lowerBound == 0,
                    with: tokenizer)
            }
        }
    }

    private func encodePieces(_ stretch: Bytes, startsText: Bool, with tokenizer: Tokenizer) {
        pieces.begin(stretch, startsText: startsText)
        for step in tokenizer.preTokenizers { step.cut(&pieces) }
        speller.spell(pieces, into: &ids)
    }

    /// Characters without a token and ill-formed parts since the last call.
    func takeCounts() -> (unknown: Int, repairs: Int) {
        defer { repairs = 0 }
        return (speller.takeUnknownCount(), repairs)
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
