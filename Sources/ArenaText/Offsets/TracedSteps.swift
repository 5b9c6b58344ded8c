// Normalizers and pre-tokenizers over traced text. What they change is theirs to say; how places follow is
// the reference's.

import CArenaText

extension Prepend {
    func normalize(_ text: inout TracedText) { text.prepend(prefix) }
}

extension Replace {
    func normalize(_ text: inout TracedText) {
        text.replace(text.matches(of: replacement), by: replacement.content)
    }
}

extension Lowercase {
    func normalize(_ text: inout TracedText) { text.lowercase() }
}

extension StripAccents {
    func normalize(_ text: inout TracedText) { text.filter { traits($0) & Trait.mark == 0 } }
}

extension Strip {
    func normalize(_ text: inout TracedText) { text.strip(self) }
}

extension FormC {
    func normalize(_ text: inout TracedText) { text.normalForm(composes: true, compatible: false) }
}

extension FormD {
    func normalize(_ text: inout TracedText) { text.normalForm(composes: false, compatible: false) }
}

extension FormKC {
    func normalize(_ text: inout TracedText) { text.normalForm(composes: true, compatible: true) }
}

extension FormKD {
    func normalize(_ text: inout TracedText) { text.normalForm(composes: false, compatible: true) }
}

extension ByteLevelNormalizer {
    func normalize(_ text: inout TracedText) { text.mapBytes() }
}

extension Nmt {
    func normalize(_ text: inout TracedText) {
        text.filter { !drops($0) }
        text.map { [mapped($0)] }
    }
}

extension BertNormalizer {
    func normalize(_ text: inout TracedText) {
        if cleans {
            text.filter { $0 != 0 && $0 != 0xFFFD && traits($0) & Trait.control == 0 }
            text.map { [traits($0) & Trait.white != 0 ? 0x20 : $0] }
        }
        if spacesChinese { text.map { isChinese($0) ? [0x20, $0, 0x20] : [$0] } }
        if stripsAccents {
            text.normalForm(composes: false, compatible: false)
            text.filter { traits($0) & Trait.nonspacing == 0 }
        }
        if lowers { text.lowercase() }
    }
}

extension TracedText {
    /// Every byte becomes a character of GPT-2's alphabet.
    fileprivate mutating func mapBytes() {
        var changes: [Change] = []
        for (_, at, length) in scalars {
            for k in 0..<length {
                changes.append((ByteAlphabet.shared.scalarOf[Int(bytes[at + k])], k == 0 ? 0 : 1))
            }
        }
        rewrite(changes)
    }

    fileprivate mutating func lowercase() {
        map { code in
            var out = Scratch<UInt8>()
            appendLowercase(code, to: &out)
            var result: [UInt32] = []
            forEachScalar(of: out.contents) { new, _, _ in result.append(new) }
            return result
        }
    }

    fileprivate mutating func strip(_ step: Strip) {
        let isSpace = scalars.map { traits($0.code) & Trait.white != 0 }
        let first = step.left ? isSpace.firstIndex(of: false) ?? isSpace.count : 0
        let last = step.right ? (isSpace.lastIndex(of: false) ?? -1) + 1 : isSpace.count
        var i = -1
        filter { _ in
            i += 1
            return i >= first && i < last
        }
    }

    /// Decomposed scalars move with their change; one that is composed away takes its place along.
    fileprivate mutating func normalForm(composes: Bool, compatible: Bool) {
        var changes: [Change] = []
        var classes: [UInt8] = []
        for (code, _, _) in scalars {
            var isFirst = true
            forEachDecomposed(code, compatible: compatible) { part in
                changes.append((part, isFirst ? 0 : 1))
                classes.append(arena_text_combining_class(part))
                isFirst = false
            }
        }
        var i = 0
        while i < changes.count {
            guard classes[i] != 0 else {
                i += 1
                continue
            }
            var end = i + 1
            while end < changes.count, classes[end] != 0 { end += 1 }
            let order = (i..<end).sorted { (classes[$0], $0) < (classes[$1], $1) }
            let sorted = order.map { (changes[$0], classes[$0]) }
            for (k, entry) in sorted.enumerated() { (changes[i + k], classes[i + k]) = entry }
            i = end
        }
        if composes { compose(&changes, classes) }
        rewrite(changes)
    }

    private func compose(_ changes: inout [Change], _ classes: [UInt8]) {
        var starter = -1
        var lastClass: UInt8 = 0
        var kept = 0
        for i in changes.indices {
            let (code, change) = changes[i]
            let rank = classes[i]
            if starter >= 0, kept == starter + 1 || lastClass < rank,
                let whole = composed(changes[starter].code, code)
            {
                changes[starter] = (whole, changes[starter].change + change - 1)
                continue
            }
            if rank == 0 { starter = kept }
            lastClass = rank
            changes[kept] = (code, change)
            kept += 1
        }
        changes.removeLast(changes.count - kept)
    }

    fileprivate func matches(of replacement: Replacement) -> [Range<Int>] {
        switch replacement {
        case .string(let string): return ranges(of: StringMatches(pattern: string.pattern))
        case .regex(let regex, _): return ranges(of: RegexMatches(regex: regex))
        }
    }

    private func ranges(of matches: some Matches) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        withBytes { text in matches.forEach(in: text) { ranges.append($0..<$1) } }
        return ranges
    }

    // MARK: - Pre-tokenizers

    /// The pieces that a step makes of this one.
    func cut(_ step: any PreTokenizer) -> [TracedText] {
        switch step {
        case let step as Metaspace: return cut(step)
        case let step as ByteLevel: return cut(step)
        case is WhitespaceSplit: return without(CharacterMatches(trait: Trait.white))
        case let step as CharDelimiterSplit: return without(StringMatches(pattern: step.delimiter))
        case is Whitespace, is BertPreTokenizer: return cutAtSpaces(step)
        case let step as Punctuation where step.behavior == .removed:
            return without(CharacterMatches(trait: Trait.punctuation))
        case let step as Split:
            switch step.pattern {
            case .text(let text, .removed, let inverted):
                return without(StringMatches(pattern: text), inverted: inverted)
            case .regex(let regex, .removed, let inverted):
                return without(RegexMatches(regex: regex), inverted: inverted)
            case .text, .regex, .known: return refined(step)
            }
        default: return refined(step)
        }
    }

    /// What lies between matches, or inverted the matches.
    private func without(_ matches: some Matches, inverted: Bool = false) -> [TracedText] {
        let ranges = ranges(of: matches)
        if inverted { return ranges.filter { !$0.isEmpty }.map(part) }
        var pieces: [TracedText] = []
        var from = 0
        for range in ranges {
            if range.lowerBound > from { pieces.append(part(from..<range.lowerBound)) }
            from = range.upperBound
        }
        if from < count { pieces.append(part(from..<count)) }
        return pieces
    }

    /// The parts of a step that only cuts.
    private func refined(_ step: any PreTokenizer) -> [TracedText] {
        var start = 0
        return ends(step).map { end in
            defer { start = end }
            return part(start..<end)
        }
    }

    /// Where the parts of a step end in what it leaves of the text.
    private func ends(_ step: any PreTokenizer) -> [Int] {
        var copy = Scratch<UInt8>(capacity: count)
        withBytes { copy.append($0) }
        var pieces = Pieces()
        pieces.begin(copy.contents, startsText: false)
        step.cut(&pieces)
        return pieces.pieceEnds.map { Int($0) }
    }

    /// The parts of a step that leaves out white space and nothing else.
    private func cutAtSpaces(_ step: any PreTokenizer) -> [TracedText] {
        var isSpace = [Bool](repeating: false, count: count)
        for (code, at, length) in scalars where traits(code) & Trait.white != 0 {
            for k in at..<at + length { isSpace[k] = true }
        }
        var at = 0
        var start = 0
        return ends(step).map { end in
            defer { start = end }
            while at < count, isSpace[at] { at += 1 }
            defer { at += end - start }
            return part(at..<min(count, at + end - start))
        }
    }

    private func cut(_ step: Metaspace) -> [TracedText] {
        var copy = self
        copy.replace(ranges(of: StringMatches(pattern: [0x20])), by: step.replacement)
        let prepends =
            step.scheme == .always || step.scheme == .first && places.first?.start == 0
        if prepends, !copy.bytes.starts(with: step.replacement) { copy.prepend(step.replacement) }
        guard step.splits else { return [copy] }
        var cuts = [0]
        for range in copy.ranges(of: StringMatches(pattern: step.replacement))
        where range.lowerBound > 0 {
            cuts.append(range.lowerBound)
        }
        cuts.append(copy.count)
        return zip(cuts, cuts.dropFirst()).filter { $0 < $1 }.map { copy.part($0..<$1) }
    }

    private func cut(_ step: ByteLevel) -> [TracedText] {
        var copy = self
        if step.addsSpace, bytes.first != 0x20 { copy.prepend([0x20]) }
        var pieces = step.usesPattern ? copy.refined(step.onlyPattern) : [copy]
        if step.mapsText {
            for i in pieces.indices { pieces[i].mapBytes() }
        }
        return pieces
    }
}
