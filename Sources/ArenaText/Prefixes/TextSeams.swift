// Places where a text can be taken apart: what stands before gets the tokens that it has in the whole text,
// and what stands after gets those that it has there. Each step of a tokenizer says under which conditions
// that holds; a step that is not known here, or an added token that may lie across, means there is no such
// place. Three kinds of places are looked for:
//
// - a single space between two characters that are not white space: every pattern begins a match there,
//   no normal form composes across, no pattern of several spaces reaches it;
// - a change from letters to digits, from digits to letters, or from either to ASCII punctuation, where
//   one of the known patterns cuts;
// - two ideographs side by side that no merge and no token of the vocabulary joins.
//
// At a place that no pre-tokenizer cuts, the model must spell both sides apart: no merge may cross it
// (SeamTable.swift), or no token may lie across (`PairSet`), since then every best spelling passes it.

import ArenaCore
import CArenaText

final class TextSeams: Sendable {
    /// How many bytes around a place have to be seen.
    let margin: Int

    /// Only ASCII letters and digits may stand around a place.
    private let isNarrow: Bool
    /// What a space has become when the model sees it.
    private let space: UInt32
    private let cutsAtSpaces: Bool
    private let cutsAtClasses: Bool
    private let cutsAroundHan: Bool
    /// Whether something is put before a text that does not begin with a space.
    private let addsStart: Bool
    /// Whether ASCII reaches the model as it stands in the text, and whether all scalars do.
    private let keepsASCII: Bool
    private let keepsAll: Bool
    private let keepsHan: Bool
    private let finders: [TokenFinder]
    /// Added tokens that are looked for in normalized text allow for places at spaces alone.
    private let onlySpaces: Bool
    private let model: ModelSeams

    /// Nil where the tokenizer has a step that may look at a text as a whole.
    init?(_ tokenizer: Tokenizer) {
        var view = StepView()
        for step in tokenizer.normalizers { guard view.add(step) else { return nil } }
        for step in tokenizer.preTokenizers { guard view.add(step) else { return nil } }
        model = ModelSeams(tokenizer.model)
        var finders: [TokenFinder] = []
        if let raw = tokenizer.added.raw { finders.append(raw) }
        var onlySpaces = false
        if let normalized = tokenizer.added.normalized {
            if tokenizer.normalizers.isEmpty {
                finders.append(normalized)
            } else {
                let lead = Array(String(UnicodeScalar(view.space) ?? " ").utf8)[0]
                guard !normalized.reachesOut,
                    !normalized.contains(where: { $0 == 0x20 || $0 == lead })
                else { return nil }
                onlySpaces = true
            }
        }
        self.finders = finders
        self.onlySpaces = onlySpaces
        margin = (finders.map(\.longest).max() ?? 0) + 8
        isNarrow = view.isNarrow
        space = view.space
        cutsAtSpaces = view.cutsAtSpaces
        cutsAtClasses = view.cutsAtClasses
        cutsAroundHan = view.cutsAroundHan
        addsStart = view.addsStart
        keepsASCII = view.keepsASCII
        keepsAll = view.keepsAll
        keepsHan = view.keepsHan && tokenizer.normalizers.allSatisfy(Self.keepsHan)
    }

    /// Whether a normalizer that has a map of its own leaves ideographs alone.
    private static func keepsHan(_ step: any Normalizer) -> Bool {
        guard step is Precompiled else { return true }
        let text = Array(
            String(String.UnicodeScalarView((0x4E00...0x9FFF).compactMap(UnicodeScalar.init))).utf8)
        return normalize(text, [step]) == text
    }

    // MARK: - Looking for places

    /// The last place in a range of a text. `before` says that only what stands before it is wanted.
    func last(in text: Bytes, _ range: ClosedRange<Int>, before: Bool) -> Int? {
        var place = min(range.upperBound, text.count - 1)
        while place >= max(1, range.lowerBound) {
            if isSeam(text, place, before: before) { return place }
            place -= 1
        }
        return nil
    }

    /// The first place in a range of a text for what stands after it.
    func first(in text: Bytes, _ range: ClosedRange<Int>) -> Int? {
        var place = max(1, range.lowerBound)
        while place <= range.upperBound, place < text.count {
            if isSeam(text, place, before: false) { return place }
            place += 1
        }
        return nil
    }

    private func isSeam(_ text: Bytes, _ place: Int, before: Bool) -> Bool {
        guard let p = text.baseAddress, p[place] & 0xC0 != 0x80 else { return false }
        var length = 0
        let next = scalar(p, place, &length)
        let last = scalarBefore(p, place)
        guard holds(last, next, p, place, text.count, before) else { return false }
        return !finders.contains { $0.touches(text, at: place) }
    }

    @inline(__always)
    private func holds(
        _ last: UInt32, _ next: UInt32, _ p: UnsafePointer<UInt8>, _ place: Int, _ count: Int,
        _ before: Bool
    ) -> Bool {
        if next == 0x20 {
            guard place + 1 < count, isPlain(last) else { return false }
            var length = 0
            guard isPlain(scalar(p, place + 1, &length)) else { return false }
            return cutsAtSpaces
                || (keepsAll || keepsASCII && last < 0x80) && model.areApart(last, space)
        }
        guard !onlySpaces, before || !addsStart else { return false }
        if isHan(last), isHan(next) {
            return keepsHan && (cutsAroundHan || model.areApart(last, next))
        }
        guard cutsAtClasses else { return false }
        if isNarrow, last >= 0x80 { return false }
        switch (kind(last), kind(next)) {
        case (Kind.letter, Kind.number), (Kind.number, Kind.letter): return next < 0x80
        case (Kind.letter, Kind.other), (Kind.number, Kind.other):
            return next > 0x20 && next < 0x7F && next != 0x27
        default: return false
        }
    }

    /// A letter or a digit, or other visible ASCII.
    @inline(__always)
    private func isPlain(_ code: UInt32) -> Bool {
        if isNarrow {
            return code < 0x80 && (kind(code) == Kind.letter || kind(code) == Kind.number)
        }
        if code < 0x80 { return code > 0x20 && code < 0x7F }
        return kind(code) == Kind.letter || kind(code) == Kind.number
    }

    @inline(__always)
    private func isHan(_ code: UInt32) -> Bool { code >= 0x4E00 && code <= 0x9FFF }
}

// MARK: - Steps

/// What is known of a text after some steps.
private struct StepView {
    var isNarrow = false
    var space: UInt32 = 0x20
    var cutsAtSpaces = false
    var cutsAtClasses = false
    var cutsAroundHan = false
    var addsStart = false
    var keepsASCII = true
    var keepsAll = true
    var keepsHan = true

    /// Takes a normalizer; false for one that may change more than what stands where it changes.
    mutating func add(_ step: any Normalizer) -> Bool {
        switch step {
        case is Prepend: addsStart = true
        case is FormC: keepsAll = false
        case is FormD:
            keepsAll = false
            isNarrow = true
        case is FormKC, is FormKD, is Nmt:
            keepsAll = false
            isNarrow = true
        case is Lowercase, is StripAccents:
            keepsAll = false
            keepsASCII = false
            isNarrow = true
        case let bert as BertNormalizer:
            keepsAll = false
            keepsASCII = false
            isNarrow = true
            cutsAroundHan = bert.spacesChinese
            keepsHan = true
        case is ByteLevelNormalizer:
            keepsAll = false
            keepsHan = false
            isNarrow = true
            if space == 0x20 { space = ByteAlphabet.shared.scalarOf[0x20] }
        case is Strip: isNarrow = true
        case let map as Precompiled:
            keepsAll = false
            isNarrow = true
            let letters = Array(
                "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ 0123456789 a".utf8)
            return normalize(letters, [map]) == letters
                && letters.allSatisfy { normalize([$0], [map]) == [$0] }
        case let replace as Replace: return add(replace.replacement)
        default: return false
        }
        return true
    }

    private mutating func add(_ replacement: Replacement) -> Bool {
        switch replacement {
        // A single space is never one of several.
        case .regex(let regex, _): return regex.isSpaces
        case .string(let string):
            let spaces = string.pattern.filter { $0 == 0x20 }.count
            if string.pattern == [0x20] {
                guard space == 0x20 else { return true }
                let content = String(decoding: string.content, as: UTF8.self).unicodeScalars
                guard content.count == 1, let scalar = content.first else { return false }
                space = scalar.value
                return true
            }
            if spaces == string.pattern.count { return true }
            // Others must not occur around a place: they have neither spaces nor ASCII letters or digits.
            isNarrow = true
            keepsAll = false
            keepsHan = false
            return spaces == 0
                && !string.pattern.contains {
                    $0 < 0x80
                        && (kind(UInt32($0)) == Kind.letter || kind(UInt32($0)) == Kind.number)
                }
        }
    }

    /// Takes a pre-tokenizer; false for one that may look across a place.
    mutating func add(_ step: any PreTokenizer) -> Bool {
        switch step {
        case is Whitespace, is WhitespaceSplit: cutsAtSpaces = cutsAtSpaces || space == 0x20
        case is BertPreTokenizer: cutsAtSpaces = cutsAtSpaces || space == 0x20
        case is Punctuation, is Digits: break
        case let step as CharDelimiterSplit:
            if step.delimiter == [0x20], space == 0x20 { cutsAtSpaces = true }
            guard step.delimiter.count == 1, !isWord(step.delimiter[0]) else { return false }
        case let bytes as ByteLevel:
            addsStart = addsStart || bytes.addsSpace
            if bytes.usesPattern { addPattern() }
            if bytes.mapsText {
                keepsAll = false
                keepsHan = false
                isNarrow = true
                if space == 0x20 { space = ByteAlphabet.shared.scalarOf[0x20] }
            }
        case let split as Split: return add(split.pattern)
        case let metaspace as Metaspace:
            let mark = String(decoding: metaspace.replacement, as: UTF8.self).unicodeScalars.first?
                .value
            guard let mark else { return false }
            if space == 0x20 { space = mark }
            addsStart = addsStart || metaspace.scheme != .never
            if metaspace.splits, space == mark { cutsAtSpaces = true }
        default: return false
        }
        return true
    }

    private mutating func addPattern() {
        if space == 0x20 { cutsAtSpaces = true }
        cutsAtClasses = true
    }

    private mutating func add(_ pattern: Split.Pattern) -> Bool {
        switch pattern {
        case .known: addPattern()
        case .regex: return false
        case .text(let text, let behavior, let inverted):
            guard !inverted, text.count == 1, !isWord(text[0]) else { return false }
            guard text == [0x20] else { return true }
            guard space == 0x20 else { return true }
            switch behavior {
            case .removed, .isolated, .mergedWithNext, .contiguous: cutsAtSpaces = true
            case .mergedWithPrevious: break
            }
        }
        return true
    }

    private func isWord(_ byte: UInt8) -> Bool {
        byte >= 0x80 || kind(UInt32(byte)) == Kind.letter || kind(UInt32(byte)) == Kind.number
    }
}

// MARK: - Models

/// Between which scalars a model spells a piece as two pieces.
private enum ModelSeams: Sendable {
    case none
    case merges(BPE, SeamTable)
    case pairs(PairSet)

    init(_ model: any TokenModel) {
        switch model {
        case let bpe as BPE:
            // Whole pieces are looked up before merging: a part of one must not be taken for one.
            guard !bpe.ignoreMerges, let seams = bpe.seams else {
                self = .none
                return
            }
            self = .merges(bpe, seams)
        case let unigram as Unigram: self = .pairs(PairSet(unigram))
        default: self = .none
        }
    }

    func areApart(_ last: UInt32, _ next: UInt32) -> Bool {
        switch self {
        case .none: return false
        case .merges(let bpe, let table):
            guard table.seams.isSeam(last, next) else { return false }
            return !table.holdsUnknown
                || bpe.symbols.id(of: last) != SymbolTable.none
                    && bpe.symbols.id(of: next) != SymbolTable.none
        case .pairs(let pairs): return pairs.areApart(last, next)
        }
    }
}

/// The scalars that stand side by side in some token of a vocabulary, and those that are tokens.
private final class PairSet: Sendable {
    private let bits = Table<UInt64>(count: (1 << 23) / 64, repeating: 0)
    private let single = Table<UInt64>(count: (1 << 21) / 64, repeating: 0)

    init(_ model: Unigram) {
        for id in 0..<model.idEnd {
            guard let token = model.vocabulary.bytes(of: id) else { continue }
            var last: UInt32?
            var count = 0
            forEachScalar(of: token) { code, _, _ in
                if let last { Self.set(bits, Self.bit(last, code)) }
                last = code
                count += 1
            }
            if count == 1, let last { Self.set(single, Int(last)) }
        }
    }

    /// Whether no token lies across; both are tokens, so that no unknown stretch does either.
    func areApart(_ last: UInt32, _ next: UInt32) -> Bool {
        !Self.isSet(bits, Self.bit(last, next)) && Self.isSet(single, Int(last))
            && Self.isSet(single, Int(next))
    }

    private static func bit(_ last: UInt32, _ next: UInt32) -> Int {
        let key = UInt64(last) << 32 | UInt64(next)
        return Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 41)
    }

    private static func isSet(_ table: Table<UInt64>, _ bit: Int) -> Bool {
        table.base[bit >> 6] >> UInt64(bit & 63) & 1 != 0
    }

    private static func set(_ table: Table<UInt64>, _ bit: Int) {
        table.base[bit >> 6] |= 1 << UInt64(bit & 63)
    }
}
