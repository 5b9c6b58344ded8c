// Encoding no more of a text than will stay. A window at the text's beginning (or end) that ends at a
// place where the text can be taken apart (TextSeams.swift) has the whole text's own tokens; if there are
// too few, the window grows.

import ArenaCore

/// Which of a text's tokens are wanted.
enum WantedTokens {
    case all
    case first(Int)
    case last(Int)
}

/// What became of a text.
struct TextCut {
    /// Where in `TextEncoder.ids` the tokens are that stay.
    var kept: Range<Int>
    /// How many do not.
    var lost = 0
    /// Whether `lost` was counted by the length of text that was never read.
    var isEstimate = false
}

extension TextEncoder {
    /// Windows begin with this many bytes a token: ordinary English has 4 to 5.
    private static let bytesPerToken = 5
    /// How far a place to take a text apart is looked for before the window grows.
    private static let reach = 2048

    /// Encodes a text as far as it may stay.
    func encode(
        _ bytes: UnsafeRawBufferPointer, with tokenizer: Tokenizer, parseSpecial: Bool,
        wanted: WantedTokens, stopsEarly: Bool
    ) -> TextCut {
        switch wanted {
        case .all:
            encode(bytes, with: tokenizer, parseSpecial: parseSpecial)
            return TextCut(kept: 0..<ids.count)
        case .first(let most):
            let read =
                stopsEarly
                ? encodeStart(bytes, most, tokenizer, parseSpecial) : nil
            if read == nil { encode(bytes, with: tokenizer, parseSpecial: parseSpecial) }
            return cut(0..<min(most, ids.count), read ?? bytes.count, bytes.count)
        case .last(let most):
            let read =
                stopsEarly ? encodeEnd(bytes, most, tokenizer, parseSpecial) : nil
            if read == nil { encode(bytes, with: tokenizer, parseSpecial: parseSpecial) }
            let count = ids.count
            return cut(max(0, count - most)..<count, read ?? bytes.count, bytes.count)
        }
    }

    /// The part of a text that has at least the tokens wanted, where less than all of it does, and about
    /// how many tokens the rest has.
    func seam(
        in bytes: UnsafeRawBufferPointer, keeping wanted: WantedTokens, with tokenizer: Tokenizer,
        parseSpecial: Bool
    ) -> (range: Range<Int>, lost: Int)? {
        switch wanted {
        case .all: return nil
        case .first(let most):
            guard let read = encodeStart(bytes, most, tokenizer, parseSpecial) else { return nil }
            dropCounts()
            return (0..<read, cut(0..<ids.count, read, bytes.count).lost)
        case .last(let most):
            guard let read = encodeEnd(bytes, most, tokenizer, parseSpecial) else { return nil }
            dropCounts()
            return (bytes.count - read..<bytes.count, cut(0..<ids.count, read, bytes.count).lost)
        }
    }

    private func cut(_ kept: Range<Int>, _ read: Int, _ bytes: Int) -> TextCut {
        let lost = ids.count - kept.count
        guard read < bytes else { return TextCut(kept: kept, lost: lost) }
        // What was not read has at least one token.
        let unread = max(
            1, ids.count == 0 ? (bytes - read) / 4 : (bytes - read) * ids.count / max(1, read))
        return TextCut(kept: kept, lost: lost + unread, isEstimate: true)
    }

    /// How long a window for so many tokens may be before reading all is as good.
    private func isWorthIt(_ window: Int, _ count: Int) -> Bool { window < count - count / 4 }

    /// Encodes at least the first `most` tokens; returns how many bytes they come from, or nil if there
    /// is no such part of the text.
    private func encodeStart(
        _ bytes: UnsafeRawBufferPointer, _ most: Int, _ tokenizer: Tokenizer, _ parseSpecial: Bool
    ) -> Int? {
        var window = Self.firstWindow(most)
        guard isWorthIt(window, bytes.count), let seams = tokenizer.textSeams else { return nil }
        var floor = 0
        holdCounts()
        while isWorthIt(window, bytes.count) {
            let end = wholeScalars(bytes, min(bytes.count, window + seams.margin))
            let view = UnsafeRawBufferPointer(rebasing: bytes[..<end])
            guard firstInvalidUTF8(view) == nil else { return nil }
            let text = view.assumingMemoryBound(to: UInt8.self)
            let low = max(floor + 1, window - Self.reach)
            guard let place = seams.last(in: text, low...max(low, window), before: true) else {
                floor = max(floor, window - seams.margin)
                window *= 2
                continue
            }
            encode(
                UnsafeRawBufferPointer(rebasing: bytes[..<place]), with: tokenizer,
                parseSpecial: parseSpecial)
            if ids.count >= most { return place }
            dropCounts()
            floor = place
            window = Self.nextWindow(place, ids.count, most)
        }
        return nil
    }

    private func encodeEnd(
        _ bytes: UnsafeRawBufferPointer, _ most: Int, _ tokenizer: Tokenizer, _ parseSpecial: Bool
    ) -> Int? {
        var window = Self.firstWindow(most)
        guard isWorthIt(window, bytes.count), let seams = tokenizer.textSeams else { return nil }
        holdCounts()
        while isWorthIt(window, bytes.count) {
            var start = max(0, bytes.count - window - seams.margin)
            while start > 0, start < bytes.count, bytes[start] & 0xC0 == 0x80 { start -= 1 }
            let view = UnsafeRawBufferPointer(rebasing: bytes[start...])
            guard firstInvalidUTF8(view) == nil else { return nil }
            let text = view.assumingMemoryBound(to: UInt8.self)
            let low = bytes.count - window - start
            let high = min(text.count - 1, low + min(Self.reach, window / 4))
            guard low <= high, let place = seams.first(in: text, low...high) else {
                window *= 2
                continue
            }
            encode(
                UnsafeRawBufferPointer(rebasing: view[place...]), with: tokenizer,
                parseSpecial: parseSpecial, continues: true)
            if ids.count >= most { return view.count - place }
            dropCounts()
            window = Self.nextWindow(view.count - place, ids.count, most)
        }
        return nil
    }

    private static func firstWindow(_ most: Int) -> Int {
        let (product, over) = most.multipliedReportingOverflow(by: bytesPerToken)
        return over || product > 1 << 40 ? 1 << 40 : product + 256
    }

    /// A tenth more than what the rate so far asks for.
    private static func nextWindow(_ read: Int, _ count: Int, _ most: Int) -> Int {
        let wanted = Double(read) * Double(most) / Double(max(1, count)) * 1.1
        return max(read + read / 4, Int(min(wanted, 1e12))) + 256
    }

    /// The longest part of `count` bytes that ends between scalars.
    private func wholeScalars(_ bytes: UnsafeRawBufferPointer, _ count: Int) -> Int {
        var end = count
        while end > 0, end < bytes.count, bytes[end] & 0xC0 == 0x80 { end -= 1 }
        return end
    }
}
