// Texts that a causal model goes on with. Rows grow together, a token each a pass, with their keys and values
// kept; one that is done leaves its places to one that waits. A row's tokens are those it gets alone.

import ArenaCore
import ArenaTensor

/// How texts are continued.
package struct GenerationSettings: Sendable {
    package var maxNewTokens: Int
    package var sampling: Sampling
    /// A text ends with one of these.
    package var endTokens: Set<Int32>
    /// Whether a text ends after these new tokens; follows from them alone.
    package var isComplete: (@Sendable ([Int32]) -> Bool)?

    package init(
        maxNewTokens: Int, sampling: Sampling = Sampling(), endTokens: Set<Int32> = [],
        isComplete: (@Sendable ([Int32]) -> Bool)? = nil
    ) {
        self.maxNewTokens = maxNewTokens
        self.sampling = sampling
        self.endTokens = endTokens
        self.isComplete = isComplete
    }
}

/// What a model made of one row.
package struct GeneratedText: Sendable, Equatable {
    /// Why a text ended.
    package enum End: Int, Sendable {
        /// At the most tokens it may have.
        case length
        /// With an end token.
        case token
        /// Because its text was complete.
        case text
    }

    /// The new tokens, the end token with them.
    package let ids: [Int32]
    package let end: End

    /// As the numbers of a row; ids are below 2^24, so fp32 holds them.
    fileprivate var numbers: [Float] { [Float(end.rawValue)] + ids.map(Float.init) }

    fileprivate init?(_ numbers: [Float]?) {
        guard let numbers, let first = numbers.first, let end = End(rawValue: Int(first)) else {
            return nil
        }
        self.init(ids: numbers.dropFirst().map { Int32($0) }, end: end)
    }

    package init(ids: [Int32], end: End) {
        self.ids = ids
        self.end = end
    }
}

extension VocabularyModel {
    /// What the model goes on with after each row; nil for rows without a result.
    /// - Throws: as `ModelCore.run`.
    package func generate(
        _ batch: TokenBatch, _ settings: GenerationSettings, adapter: Int = 0,
        _ options: RunOptions
    ) throws(ModelError) -> [GeneratedText?] {
        guard let backbone = core.backbones[adapter] as? any DecoderBackbone else {
            throw .wrongKind(
                path: core.path, architecture: core.architecture,
                wanted: "a causal language model")
        }
        let growth = min(settings.maxNewTokens, core.longestRow)
        let (memory, each) = (ResidentModels.availableMemory(), KeyValueCache.bytes(backbone.stack))
        for r in 0..<batch.count where (batch[r].count + growth) * each > memory {
            throw .keysTooLarge(
                row: r, tokens: batch[r].count + growth, bytes: (batch[r].count + growth) * each,
                available: memory)
        }
        // Keys and values may take a fourth of the memory there is, of each card's where there are cards.
        let cards = options.backends.compactMap(\.weightLayout.card)
        let room = cards.map { $0.totalMemory }.min() ?? memory / max(1, options.workers)
        let budget = min(Self.mostKept, room / 4 / each)
        let logits = heads[adapter].full
        let growing = GrowingTexts(
            logits: logits, backbone: backbone, longest: core.longestRow, settings: settings,
            budget: max(1, options.tokenBudget))
        let task = RowTask(
            adapter: adapter,
            request: { row in (row.count, [row.count - 1]) },
            prepare: { layout throws(ModelError) in try logits.load(layout) },
            cardBytes: logits.cardBytes,
            passes: RowTask.Passes(growth: growth, budget: budget, keptBytes: each) {
                growing.run($0, $1)
            })
        return try core.run(task, on: batch, options).map { GeneratedText($0) }
    }

    /// Tokens whose keys and values a worker keeps at once.
    private static var mostKept: Int { 16_384 }
}

/// Rows that grow together.
private struct GrowingTexts: Sendable {
    let logits: VocabularyProduct
    let backbone: any DecoderBackbone
    /// The longest row in tokens.
    let longest: Int
    let settings: GenerationSettings
    /// Tokens of one pass.
    let budget: Int

    private struct Text {
        let number: Int
        var ids: [Int32]
        let prompt: Int
        /// The most tokens it may have.
        let limit: Int
        let places: Range<Int>
        /// Tokens whose keys and values are kept.
        var kept = 0
        /// Tokens that were run, those that were run again too.
        var told = 0
        var draws: Draws
        var end: GeneratedText.End?
        var isFinite = true

        var pending: ArraySlice<Int32> { ids[kept...] }
        var isDone: Bool { end != nil || !isFinite }

        /// Numbers that are not finite tell the run that this row needs another look.
        var numbers: [Float] {
            guard isFinite, let end else { return [.nan] }
            return GeneratedText(ids: Array(ids[prompt...]), end: end).numbers
        }
    }

    /// Runs rows of the feed until it has none.
    func run(_ feed: RowFeed, _ place: WorkPlace) {
        // The first row is the longest: what comes later fits where it stood.
        guard let first = feed.take(.max) else { return }
        let limit = limit(first.row)
        var places = FreePlaces(max(limit, feed.budget))
        let cache = place.keyValues(backbone.stack, places: places.count)
        var texts = [text(first, limit, places.take(limit))]
        while true {
            while let row = feed.take(places.largest) {
                let limit = self.limit(row.row)
                texts.append(text(row, limit, places.take(limit)))
            }
            guard !texts.isEmpty else { return }
            for group in groups(texts) {
                let tokens = group.reduce(0) { $0 + texts[$1].pending.count }
                extend(&texts, group, cache, place)
                guard feed.goesOn(tokens) else { return }
            }
            for text in texts where text.isDone {
                feed.finish(text.number, text.numbers, text.told)
                places.give(text.places)
            }
            texts.removeAll { $0.isDone }
        }
    }

    /// The most tokens of a row. A token may come after the last that the model takes; it is not run.
    private func limit(_ row: Pack.Row) -> Int {
        row.tokens.count + min(settings.maxNewTokens, longest - row.tokens.count + 1)
    }

    private func text(
        _ row: (number: Int, row: Pack.Row), _ limit: Int, _ places: Range<Int>
    ) -> Text {
        Text(
            number: row.number, ids: Array(row.row.tokens), prompt: row.row.tokens.count,
            limit: limit, places: places,
            draws: Draws(seed: settings.sampling.seed, text: row.row.tokens))
    }

    /// Runs what of each text was not run, and appends a token.
    private func extend(
        _ texts: inout [Text], _ group: Range<Int>, _ cache: KeyValueCache, _ place: WorkPlace
    ) {
        let rows = group.map { i in
            let text = texts[i]
            return Pack.Row(
                tokens: text.pending, wanted: [text.pending.count - 1], past: text.kept,
                firstPlace: text.places.lowerBound)
        }
        let found = place.run(backbone, Pack(rows, cache: cache)) { hidden, device, arena in
            logits(hidden, on: device, arena)  // (R, V)
        }
        // The feed tells why.
        guard let found else { return }
        for (m, i) in group.enumerated() {
            texts[i].told += texts[i].pending.count
            texts[i].kept = texts[i].ids.count
            let row = UnsafeBufferPointer(
                start: found.base + m * found.stride, count: found.columns)
            append(settings.sampling.choose(row, &texts[i].draws), to: &texts[i])
        }
    }

    private func append(_ token: Int32?, to text: inout Text) {
        guard let token else {
            text.isFinite = false
            return
        }
        text.ids.append(token)
        if settings.endTokens.contains(token) {
            text.end = .token
        } else if settings.isComplete?(Array(text.ids[text.prompt...])) ?? false {
            text.end = .text
        } else if text.ids.count >= text.limit {
            text.end = .length
        }
        // The first token past the original context changes the angles of all before it.
        let change = backbone.stack.blocks.first?.attention.rotary?.settings.switchesAfter
        if let change, text.kept <= change, text.ids.count > change { text.kept = 0 }
    }

    /// The texts in groups of at most `budget` tokens that are to be run.
    private func groups(_ texts: [Text]) -> [Range<Int>] {
        var groups: [Range<Int>] = []
        var (start, held) = (0, 0)
        for (i, text) in texts.enumerated() {
            let count = text.pending.count
            if i > start, held + count > budget {
                groups.append(start..<i)
                (start, held) = (i, 0)
            }
            held += count
        }
        groups.append(start..<texts.count)
        return groups
    }
}
