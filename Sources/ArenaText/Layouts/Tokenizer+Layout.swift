// Laying rows out: parts are encoded as far as they may stay, cut by the layout's rules, and put in order
// with the fixed pieces.

import ArenaCore

extension Tokenizer {
    /// The token rows of a layout over columns; the result does not depend on the number of workers.
    ///
    /// `options.maxLength` cuts rows once more, as a last clip; `options.addSpecialTokens` puts the
    /// tokenizer's own tokens around the row, which a layout that places special tokens itself does not
    /// want.
    /// - Throws: as `LayoutPlan.init`, before any row is encoded; `textTooLong`.
    package func encodeLayout(
        _ layout: Layout, columns: [LayoutColumn], count: Int, workers: Int = processorCount(),
        options: Options = Options()
    ) throws(TokenizerError) -> TokenRows {
        let plan = try LayoutPlan(layout, columns, self, options)
        return try inBlocks(count, workers) { [self] rows, encoder in
            var writer = LayoutWriter(plan, self, encoder, options)
            var block = TokenRows()
            block.offsets.reserveCapacity(rows.count + 1)
            block.partLosses = plan.parts.map { PartLoss(name: $0.name) }
            for row in rows {
                do throws(TokenizerError) { try writer.write(row, to: &block) } catch {
                    return .failure(error)
                }
            }
            block.take(encoder.takeCounts(), parsed: options.parseSpecial)
            return .success(block)
        }
    }
}

/// Lays out one row after another with the working memory of one thread.
struct LayoutWriter {
    let plan: LayoutPlan
    let tokenizer: Tokenizer
    let encoder: TextEncoder
    let options: Tokenizer.Options
    /// The tokens of each part of the row at hand, without those around it.
    private var ids: [[Int32]]
    /// How many tokens each part has lost.
    var lost: [Int]
    var isEstimate = false
    var text: [UInt8] = []

    var layout: Layout { plan.layout }

    init(
        _ plan: LayoutPlan, _ tokenizer: Tokenizer, _ encoder: TextEncoder,
        _ options: Tokenizer.Options
    ) {
        self.plan = plan
        self.tokenizer = tokenizer
        self.encoder = encoder
        self.options = options
        ids = Array(repeating: [], count: plan.parts.count)
        lost = Array(repeating: 0, count: plan.parts.count)
    }

    /// Appends a row.
    mutating func write(_ row: Int, to rows: inout TokenRows) throws(TokenizerError) {
        for i in ids.indices {
            ids[i].removeAll(keepingCapacity: true)
            lost[i] = 0
        }
        isEstimate = false
        if layout.effectiveJoin == .text { return try writeText(row, to: &rows) }
        switch layout.keep {
        case .head, .tail: try fill(row)
        case .lastTurns where plan.room != nil: try fillLastTurns(row)
        case .lastTurns: try fill(row)
        case .lastTurn: try fillOrLastTurn(row)
        }
        try join(row, to: &rows)
    }

    // MARK: - Filling parts

    /// Parts in the order in which they get their tokens: a row that keeps its end gives to the last first.
    private var order: [Int] {
        let all = Array(plan.parts.indices)
        return layout.keep == .tail && !plan.parts.contains { $0.share != nil }
            ? all.reversed() : all
    }

    private mutating func fill(_ row: Int) throws(TokenizerError) {
        var left = plan.room
        var frames = plan.parts.reduce(0) { $0 + $1.frame.count }
        var carry = 0
        for i in order {
            let part = plan.parts[i]
            frames -= part.frame.count
            var allowed = part.limit
            var shared: Int?
            if let share = part.share, let room = plan.room {
                switch layout.budget {
                case .total: shared = floor(share, of: room)
                case .ofTheRest: shared = floor(share, of: max(0, left ?? 0))
                case .handedOn: shared = floor(share, of: room) + carry
                }
            }
            if let shared { allowed = min(allowed ?? shared, shared) }
            if layout.overflow == .tail, let left {
                allowed = min(allowed ?? left, max(0, left - frames))
            }
            try encode(i, row, most: allowed.map { max(0, $0 - part.frame.count) })
            let taken = ids[i].count + part.frame.count
            left = left.map { $0 - taken }
            if let shared { carry = max(0, shared - taken) }
        }
        trim()
    }

    /// A share in whole tokens, rounded down but for what a third loses in binary.
    func floor(_ share: Double, of total: Int) -> Int {
        Int((share * Double(total) + 1e-9).rounded(.down))
    }

    /// Encodes a part's texts as far as they may stay.
    private mutating func encode(_ i: Int, _ row: Int, most: Int?) throws(TokenizerError) {
        let part = plan.parts[i]
        switch part.source {
        case .turns(let column):
            var turns = column.texts(at: row)
            if layout.keep == .tail { turns.reverse() }
            var pieces: [[Int32]] = []
            var left = most
            for turn in turns {
                let start = ids[i].count
                try append(turn, to: i, most: left)
                left = left.map { $0 - (ids[i].count - start) }
                if layout.keep == .tail {
                    pieces.append(Array(ids[i][start...]))
                }
            }
            if layout.keep == .tail { ids[i] = Array(pieces.reversed().joined()) }
        case .text, .rounds:
            putTogether(part, row)
            try appendText(to: i, most: most)
        }
    }

    /// Leaves a part's one text in `text`.
    private mutating func putTogether(_ part: LayoutPlan.Part, _ row: Int, lastTurn: Bool = false) {
        text.removeAll(keepingCapacity: true)
        text += part.prefix
        appendCell(part, row, lastTurn: lastTurn)
    }

    /// Appends what a part has of its own to `text`.
    mutating func appendCell(_ part: LayoutPlan.Part, _ row: Int, lastTurn: Bool = false) {
        switch part.source {
        case .text(let column, let separator):
            var turns = column.texts(at: row)
            if lastTurn { turns = turns.suffix(1) }
            for (k, turn) in turns.enumerated() {
                if k > 0 { text += separator }
                text += turn
            }
        case .rounds(let sources, let separator):
            let columns = sources.map { $0.column.texts(at: row) }
            let count = columns.map(\.count).max() ?? 0
            for k in (lastTurn ? max(0, count - 1) : 0)..<count {
                if k > 0, !lastTurn { text += separator }
                for (source, turns) in zip(sources, columns) {
                    text += source.prefix
                    if k < turns.count { text += turns[k] }
                }
            }
        case .turns(let column):
            var turns = column.texts(at: row)
            if lastTurn { turns = turns.suffix(1) }
            for turn in turns { text += turn }
        }
    }

    private mutating func appendText(to i: Int, most: Int?) throws(TokenizerError) {
        let whole = text
        let result: Result<Void, TokenizerError> = whole.withUnsafeBytes { bytes in
            do throws(TokenizerError) {
                return .success(try append(bytes, to: i, most: most))
            } catch {
                return .failure(error)
            }
        }
        try result.get()
    }

    /// Appends the tokens of one text to a part, as many as may stay.
    private mutating func append(
        _ bytes: UnsafeRawBufferPointer, to i: Int, most: Int?
    ) throws(TokenizerError) {
        try tokenizer.checkLength(bytes.count)
        let wanted: WantedTokens =
            most.map { layout.keep == .tail ? .last($0) : .first($0) } ?? .all
        let cut = encoder.encode(
            bytes, with: tokenizer, parseSpecial: options.parseSpecial, wanted: wanted,
            stopsEarly: options.stopsEarly)
        ids[i] += encoder.ids.contents[cut.kept]
        lost[i] += cut.lost
        isEstimate = isEstimate || cut.isEstimate
    }

    // MARK: - Turns

    /// Whole rounds from the last on, the one that no longer fits included.
    private mutating func fillLastTurns(_ row: Int) throws(TokenizerError) {
        var total = 0
        var turns: [Int: [UnsafeRawBufferPointer]] = [:]
        for (i, part) in plan.parts.enumerated() {
            guard case .turns(let column) = part.source else {
                try encode(i, row, most: part.limit.map { max(0, $0 - part.frame.count) })
                total += ids[i].count + part.frame.count
                continue
            }
            turns[i] = column.texts(at: row)
            total += part.frame.count
        }
        let room = plan.room ?? .max
        let rounds = turns.values.map(\.count).max() ?? 0
        var kept = 0
        var read = 0
        var pieces: [[[Int32]]] = Array(repeating: [], count: plan.parts.count)
        while kept < rounds, total <= room {
            kept += 1
            for i in plan.parts.indices {
                guard let own = turns[i], own.count >= kept else { continue }
                let turn = own[own.count - kept]
                ids[i].removeAll(keepingCapacity: true)
                try append(turn, to: i, most: nil)
                pieces[i].append(ids[i])
                total += ids[i].count
                read += turn.count
            }
        }
        var size = 0
        for i in turns.keys {
            ids[i] = Array(pieces[i].reversed().joined())
            size += ids[i].count
        }
        for (i, own) in turns where own.count > kept {
            // Rounds that are left out are not tokenized: their tokens are counted by their length.
            let unread = own.dropLast(kept).reduce(0) { $0 + $1.count }
            lost[i] += estimate(unread, tokens: size, bytes: read)
            isEstimate = true
        }
        for (i, part) in plan.parts.enumerated() {
            guard turns[i] != nil, let limit = part.limit else { continue }
            drop(max(0, ids[i].count - max(0, limit - part.frame.count)), from: i)
        }
        trim()
    }

    /// All turns if they fit, else the last turn of each part within its limit.
    private mutating func fillOrLastTurn(_ row: Int) throws(TokenizerError) {
        var left = plan.room
        var fits = true
        for (i, part) in plan.parts.enumerated() where fits {
            try encode(i, row, most: left.map { max(0, $0 - part.frame.count) + 1 })
            left = left.map { $0 - ids[i].count - part.frame.count }
            if let left { fits = left >= 0 }
        }
        if fits { return }
        for (i, part) in plan.parts.enumerated() {
            ids[i].removeAll(keepingCapacity: true)
            lost[i] = 0
            putTogether(part, row)
            let whole = text.count
            putTogether(part, row, lastTurn: true)
            let unread = whole - text.count
            let read = text.count
            try appendText(to: i, most: part.limit.map { max(0, $0 - part.frame.count) })
            if unread > 0 {
                lost[i] += estimate(unread, tokens: ids[i].count + lost[i], bytes: read)
                isEstimate = true
            }
        }
        if layout.counts == .all { trim() }
    }

    private func estimate(_ unread: Int, tokens: Int, bytes: Int) -> Int {
        unread == 0 ? 0 : max(1, bytes == 0 ? unread / 4 : unread * tokens / bytes)
    }

    // MARK: - Cutting

    /// Cuts what is over the room.
    private mutating func trim() {
        guard let room = plan.room else { return }
        let sizes = ids.map(\.count)
        let total = sizes.reduce(0, +)
        var over = total + plan.parts.reduce(0) { $0 + $1.frame.count } - room
        guard over > 0 else { return }
        switch layout.overflow {
        case .tail:
            for i in layout.keep == .tail ? Array(ids.indices) : ids.indices.reversed() {
                let cut = min(over, ids[i].count)
                drop(cut, from: i)
                over -= cut
            }
        case .proportionalTail:
            let all = over
            for i in ids.indices {
                // In this order of operations, as the notebooks have it.
                let cut = Int(Double(sizes[i]) / Double(total) * Double(all))
                drop(cut, from: i)
                over -= cut
            }
            guard layout.counts == .all else { return }
            while over > 0, let longest = ids.indices.max(by: { ids[$0].count <= ids[$1].count }),
                !ids[longest].isEmpty
            {
                drop(1, from: longest)
                over -= 1
            }
        }
    }

    private mutating func drop(_ count: Int, from i: Int) {
        guard count > 0 else { return }
        if layout.keep == .tail { ids[i].removeFirst(count) } else { ids[i].removeLast(count) }
        lost[i] += count
    }

    // MARK: - Putting in order

    private mutating func join(_ row: Int, to rows: inout TokenRows) throws(TokenizerError) {
        let start = rows.ids.count
        let wantsTypes = options.wantsTypes || layout.segments != nil
        for (slot, type) in plan.slots {
            let before = rows.ids.count
            switch slot {
            case .fixed(let fixed): rows.ids += fixed
            case .part(let i):
                rows.ids += plan.parts[i].frame.before
                rows.ids += ids[i]
                rows.ids += plan.parts[i].frame.after
            case .label(let column):
                let bare = Tokenizer.Options(addSpecialTokens: false)
                guard let text = column.texts(at: row).first,
                    let id = try tokenizer.encode(text, bare).first
                else { throw .noLabel(row: row, column: column.name) }
                rows.ids.append(id)
            }
            if wantsTypes {
                rows.types += repeatElement(type, count: rows.ids.count - before)
            }
        }
        rows.finishRow(
            from: start, losses: lost, isEstimate: isEstimate, clip: options.maxLength,
            side: options.truncationSide ?? tokenizer.truncationSide)
    }
}

/// What a part of a layout has lost over all rows.
package struct PartLoss: Sendable, Equatable {
    package let name: String
    package var rows = 0
    package var tokens = 0
}

extension TokenRows {
    /// Ends a row of a layout: clips it, counts what it has lost.
    mutating func finishRow(
        from start: Int, losses: [Int], isEstimate: Bool, clip: Int?, side: Tokenizer.Side
    ) {
        var lost = 0
        for (i, loss) in losses.enumerated() where loss > 0 {
            lost += loss
            partLosses[i].rows += 1
            partLosses[i].tokens += loss
        }
        if let clip, ids.count - start > clip {
            let over = ids.count - start - clip
            lost += over
            switch side {
            case .right:
                ids.removeLast(over)
                if !types.isEmpty { types.removeLast(over) }
            case .left:
                ids.removeSubrange(start..<start + over)
                if !types.isEmpty { types.removeSubrange(start..<start + over) }
            }
        }
        if lost > 0 {
            rowsCut += 1
            tokensCut += lost
            cutIsEstimate = cutIsEstimate || isEstimate
        }
        offsets.append(ids.count)
    }
}
