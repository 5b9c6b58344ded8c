// Rows as one text: the pieces are put together first and tokenized as the model's tokenizer does any text.
// A row that is too long loses tokens of its parts, from their ends, by where each token stands; a token
// that has a character of a fixed piece is never cut.

import ArenaCore

extension LayoutWriter {
    /// Appends a row that is one text.
    mutating func writeText(_ row: Int, to rows: inout TokenRows) throws(TokenizerError) {
        encoder.holdCounts()
        if try !writeText(row, to: &rows, shortens: options.stopsEarly) {
            encoder.dropCounts()
            for i in lost.indices { lost[i] = 0 }
            isEstimate = false
            _ = try writeText(row, to: &rows, shortens: false)
        }
    }

    /// False, with nothing written, where too little was taken of a part.
    private mutating func writeText(
        _ row: Int, to rows: inout TokenRows, shortens: Bool
    ) throws(TokenizerError) -> Bool {
        var shortened: [Int] = []
        let owners = try putTogether(row, shortens: shortens, &shortened)
        let whole = text
        let start = rows.ids.count
        guard plan.room != nil || layout.segments != nil || hasLimits else {
            try writeWhole(whole, to: &rows)
            return true
        }
        let result: Result<Tokenizer.Traced?, TokenizerError> = whole.withUnsafeBytes { bytes in
            do throws(TokenizerError) {
                try tokenizer.checkLength(bytes.count)
                // Most rows fit: those need not be traced.
                if layout.segments == nil, !hasLimits, shortened.isEmpty {
                    encoder.holdCounts()
                    encoder.encode(bytes, with: tokenizer, parseSpecial: options.parseSpecial)
                    if encoder.ids.count + plan.frame.count <= layout.maxTokens ?? .max {
                        return .success(nil)
                    }
                    encoder.dropCounts()
                }
                return .success(
                    tokenizer.trace(bytes, encoder, parseSpecial: options.parseSpecial))
            } catch { return .failure(error) }
        }
        guard let traced = try result.get() else {
            rows.append(encoder.ids.contents, in: plan.frame, types: options.wantsTypes)
            rows.finishRow(
                from: start, losses: lost, isEstimate: false, clip: options.maxLength,
                side: options.truncationSide ?? tokenizer.truncationSide)
            return true
        }
        let tokens = traced.tokens.map { (id: $0.id, owner: owner(of: $0.place, owners)) }
        let unread = lost
        let kept = keep(tokens)
        // Where a part was shortened, what stays must end before the place at which it was.
        guard shortened.allSatisfy({ lost[$0] > unread[$0] }) else { return false }
        rows.ids += plan.frame.before
        rows.ids += kept.map { tokens[$0].id }
        rows.ids += plan.frame.after
        if options.wantsTypes || layout.segments != nil {
            let first = plan.textSlots.first?.type ?? 0
            let last = plan.textSlots.last?.type ?? 0
            rows.types += repeatElement(first, count: plan.frame.before.count)
            rows.types += kept.map { type(of: traced.tokens[$0].place, owners) }
            rows.types += repeatElement(last, count: plan.frame.after.count)
        }
        rows.finishRow(
            from: start, losses: lost, isEstimate: isEstimate, clip: mostTokens,
            side: options.truncationSide ?? tokenizer.truncationSide)
        return true
    }

    /// No row is longer, even where its fixed pieces have more tokens beside its text than by themselves.
    private var mostTokens: Int? {
        let own = layout.counts == .all ? layout.maxTokens : nil
        guard let clip = options.maxLength else { return own }
        return min(clip, own ?? clip)
    }

    private var hasLimits: Bool { plan.parts.contains { $0.limit != nil || $0.share != nil } }

    /// Where a stretch of the row's text belongs.
    struct Owner {
        var end: Int
        /// The part, or -1 for a fixed piece.
        var part: Int
        var type: UInt8
    }

    /// Leaves the row's text in `text`. Of a part that cannot stay whole no more is taken than may stay.
    private mutating func putTogether(
        _ row: Int, shortens: Bool, _ shortened: inout [Int]
    ) throws(TokenizerError) -> [Owner] {
        var all: [UInt8] = []
        var owners: [Owner] = []
        for (slot, type) in plan.textSlots {
            switch slot {
            case .fixed(let bytes):
                all += bytes
                owners.append(Owner(end: all.count, part: -1, type: type))
            case .part(let i):
                text.removeAll(keepingCapacity: true)
                appendCell(plan.parts[i], row)
                if let room = plan.room, shortens, layout.overflow == .tail, shorten(i, to: room) {
                    shortened.append(i)
                }
                all += text
                owners.append(Owner(end: all.count, part: i, type: type))
            }
        }
        text = all
        return owners
    }

    /// Leaves out what lies behind (or before) more tokens of a part than a row may have; false where all
    /// of it stays.
    private mutating func shorten(_ i: Int, to most: Int) -> Bool {
        let whole = text
        let cut = whole.withUnsafeBytes { bytes in
            encoder.seam(
                in: bytes, keeping: layout.keep == .tail ? .last(most + 1) : .first(most + 1),
                with: tokenizer, parseSpecial: options.parseSpecial)
        }
        guard let cut else { return false }
        text = Array(whole[cut.range])
        lost[i] += cut.lost
        isEstimate = true
        return true
    }

    private mutating func writeWhole(
        _ whole: [UInt8], to rows: inout TokenRows
    ) throws(TokenizerError) {
        let most = options.maxLength.map { $0 - plan.frame.count }
        let side = options.truncationSide ?? tokenizer.truncationSide
        let wanted: WantedTokens =
            most.map { side == .left ? .last(max(0, $0)) : .first(max(0, $0)) } ?? .all
        try tokenizer.checkLength(whole.count)
        let cut = whole.withUnsafeBytes { bytes in
            encoder.encode(
                bytes, with: tokenizer, parseSpecial: options.parseSpecial, wanted: wanted,
                stopsEarly: options.stopsEarly)
        }
        rows.append(
            UnsafeBufferPointer(rebasing: encoder.ids.contents[cut.kept]), in: plan.frame,
            types: options.wantsTypes)
        rows.count(cut)
        rows.offsets.append(rows.ids.count)
    }

    // MARK: - Whose a token is

    /// The part that has all characters of a place; -1 where a fixed piece or another part has some.
    private func owner(of place: Place, _ owners: [Owner]) -> Int {
        let first = index(at: Int(place.start), owners)
        let last = index(at: max(Int(place.start), Int(place.end) - 1), owners)
        return first == last ? owners[first].part : -1
    }

    private func type(of place: Place, _ owners: [Owner]) -> UInt8 {
        owners.isEmpty ? 0 : owners[index(at: Int(place.start), owners)].type
    }

    private func index(at byte: Int, _ owners: [Owner]) -> Int {
        var low = 0
        var high = owners.count - 1
        while low < high {
            let middle = (low + high) / 2
            if owners[middle].end > byte { high = middle } else { low = middle + 1 }
        }
        return low
    }

    // MARK: - What stays

    /// The numbers of the tokens that stay.
    private mutating func keep(_ tokens: [(id: Int32, owner: Int)]) -> [Int] {
        var sizes = Array(repeating: 0, count: plan.parts.count)
        for token in tokens where token.owner >= 0 { sizes[token.owner] += 1 }
        let fixed = tokens.count - sizes.reduce(0, +) + plan.frame.count
        let keptSizes = allowances(sizes, fixed: fixed)
        var drops = zip(sizes, keptSizes).map { $0 - $1 }
        for i in drops.indices { lost[i] += drops[i] }
        guard drops.contains(where: { $0 > 0 }) else { return Array(tokens.indices) }
        var kept: [Int] = []
        let fromEnd = layout.keep != .tail
        for i in fromEnd ? Array(tokens.indices.reversed()) : Array(tokens.indices) {
            let owner = tokens[i].owner
            if owner >= 0, drops[owner] > 0 { drops[owner] -= 1 } else { kept.append(i) }
        }
        return fromEnd ? kept.reversed() : kept
    }

    /// How many tokens of each part stay.
    private func allowances(_ sizes: [Int], fixed: Int) -> [Int] {
        var kept = sizes
        let room = layout.maxTokens.map { layout.counts == .parts ? $0 : max(0, $0 - fixed) }
        var left = room
        var carry = 0
        for (i, part) in plan.parts.enumerated() {
            var allowed = part.limit ?? .max
            if let share = part.share, let room {
                let shared: Int
                switch layout.budget {
                case .total: shared = floor(share, of: room)
                case .ofTheRest: shared = floor(share, of: max(0, left ?? 0))
                case .handedOn: shared = floor(share, of: room) + carry
                }
                allowed = min(allowed, shared)
                carry = max(0, shared - sizes[i])
            }
            kept[i] = min(kept[i], allowed)
            left = left.map { $0 - kept[i] }
        }
        guard let room else { return kept }
        var over = kept.reduce(0, +) - room
        guard over > 0 else { return kept }
        if layout.overflow == .proportionalTail {
            let (total, all, before) = (kept.reduce(0, +), over, kept)
            for i in kept.indices {
                let cut = Int(Double(before[i]) / Double(total) * Double(all))
                kept[i] -= cut
                over -= cut
            }
            guard layout.counts == .all else { return kept }
            while over > 0, let longest = kept.indices.max(by: { kept[$0] <= kept[$1] }),
                kept[longest] > 0
            {
                kept[longest] -= 1
                over -= 1
            }
            return kept
        }
        for i in layout.keep == .tail ? Array(kept.indices) : kept.indices.reversed() {
            let cut = min(over, kept[i])
            kept[i] -= cut
            over -= cut
        }
        return kept
    }
}
