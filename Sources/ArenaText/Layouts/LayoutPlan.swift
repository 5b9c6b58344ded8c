// A layout made ready for one tokenizer and one set of columns: fixed pieces as ids, room counted, so that
// whatever can be wrong is said before the first row.

/// What is the same for every row.
struct LayoutPlan: Sendable {
    /// Where a part's texts come from.
    enum Source: Sendable {
        /// One text, or the turns with a text between them.
        case text(LayoutColumn, separator: [UInt8])
        /// Every turn by itself.
        case turns(LayoutColumn)
        /// Rounds of turns as one text.
        case rounds([(prefix: [UInt8], column: LayoutColumn)], separator: [UInt8])
    }

    struct Part: Sendable {
        /// What reports call it.
        let name: String
        let source: Source
        /// Tokenized together with the text.
        let prefix: [UInt8]
        let limit: Int?
        let share: Double?
        let frame: Frame
    }

    /// What stands in a row, in order.
    enum Slot: Sendable {
        case fixed([Int32])
        case part(Int)
        case label(LayoutColumn)
    }

    /// What a row as one text is made of.
    enum TextSlot: Sendable {
        case fixed([UInt8])
        case part(Int)
    }

    let layout: Layout
    private(set) var parts: [Part] = []
    private(set) var slots: [(slot: Slot, type: UInt8)] = []
    private(set) var textSlots: [(slot: TextSlot, type: UInt8)] = []
    /// What stands around a row as one text.
    private(set) var frame = Frame()
    /// Tokens of fixed pieces.
    private(set) var fixedCount = 0
    /// The most tokens that parts may have together, those around each included.
    private(set) var room: Int?

    /// - Throws: `unknownToken`, `noRoom`, `textTooLong`.
    init(
        _ layout: Layout, _ columns: [LayoutColumn], _ tokenizer: Tokenizer,
        _ options: Tokenizer.Options
    ) throws(TokenizerError) {
        self.layout = layout
        let bare = Tokenizer.Options(addSpecialTokens: false, parseSpecial: true)
        let asText = layout.effectiveJoin == .text
        if options.addSpecialTokens { frame = try tokenizer.frame(options) }
        if !asText { addFixed(frame.before, segment(0)) }
        for (index, piece) in layout.pieces.enumerated() {
            let type = segment(index)
            switch piece {
            case .fixed(let text):
                if asText {
                    textSlots.append((.fixed(Array(text.utf8)), type))
                } else {
                    addFixed(try tokenizer.encode(text, bare), type)
                }
            case .special(let name): addFixed([try tokenizer.specialID(name)], type)
            case .token(let id):
                guard id < tokenizer.vocabularySize else {
                    throw .unknownToken(name: "\(id)", path: tokenizer.path)
                }
                addFixed([id], type)
            case .label(let column): slots.append((.label(columns[column]), type))
            case .part(let part):
                let column = columns[part.column]
                let byTurn = column.isTurns && part.separator == nil && !asText
                if byTurn, !part.prefix.isEmpty {
                    addFixed(try tokenizer.encode(part.prefix, bare), type)
                }
                var own = Frame()
                if part.addsSpecial {
                    var whole = options
                    whole.addSpecialTokens = true
                    own = try tokenizer.frame(whole)
                }
                add(
                    Part(
                        name: column.name,
                        source: byTurn
                            ? .turns(column)
                            : .text(column, separator: Array((part.separator ?? " ").utf8)),
                        prefix: byTurn ? [] : Array(part.prefix.utf8), limit: part.maxTokens,
                        share: part.share, frame: own), type)
            case .rounds(let rounds):
                let sources = rounds.parts.map {
                    (prefix: Array($0.prefix.utf8), column: columns[$0.column])
                }
                add(
                    Part(
                        name: sources.map(\.column.name).joined(separator: ", "),
                        source: .rounds(sources, separator: Array(rounds.separator.utf8)),
                        prefix: [], limit: rounds.maxTokens, share: rounds.share, frame: Frame()),
                    type)
            }
        }
        if !asText { addFixed(frame.after, segment(layout.pieces.count - 1)) }
        try countRoom(asText ? try fixedTextCount(tokenizer, bare) : fixedCount, asText)
    }

    private func segment(_ piece: Int) -> UInt8 {
        guard let segments = layout.segments, segments.indices.contains(piece) else { return 0 }
        return segments[piece]
    }

    private mutating func addFixed(_ ids: [Int32], _ type: UInt8) {
        guard !ids.isEmpty else { return }
        slots.append((.fixed(ids), type))
        fixedCount += ids.count
    }

    private mutating func add(_ part: Part, _ type: UInt8) {
        slots.append((.part(parts.count), type))
        if !part.prefix.isEmpty { textSlots.append((.fixed(part.prefix), type)) }
        textSlots.append((.part(parts.count), type))
        parts.append(part)
    }

    /// About how many tokens the fixed texts of a row as one text have.
    private func fixedTextCount(
        _ tokenizer: Tokenizer, _ options: Tokenizer.Options
    ) throws(TokenizerError) -> Int {
        var text: [UInt8] = []
        for case (.fixed(let piece), _) in textSlots { text += piece }
        return try tokenizer.encode(String(decoding: text, as: UTF8.self), options).count
            + frame.count
    }

    private mutating func countRoom(_ fixed: Int, _ asText: Bool) throws(TokenizerError) {
        let labels = slots.filter { if case .label = $0.slot { true } else { false } }.count
        guard let most = layout.maxTokens else { return }
        if layout.counts == .parts {
            room = most
            return
        }
        let frames = parts.reduce(0) { $0 + $1.frame.count }
        guard most >= fixed + labels + frames else {
            throw .noRoom(maxTokens: most, fixedTokens: fixed + labels + frames)
        }
        room = most - fixed - labels
    }
}

extension Tokenizer {
    /// The id of a special token by its text or its name in the tokenizer's files.
    func specialID(_ name: String) throws(TokenizerError) -> Int32 {
        switch name {
        case "bos_token" where bosID != nil: return bosID ?? 0
        case "eos_token" where eosID != nil: return eosID ?? 0
        case "pad_token" where padID != nil: return padID ?? 0
        default: break
        }
        if let id = namedID(name) ?? tokenToID(name) { return id }
        throw .unknownToken(name: name, path: path)
    }

    /// The ids of one text.
    func encode(_ text: String, _ options: Options) throws(TokenizerError) -> [Int32] {
        try withBytes(Array(text.utf8)) { (buffer) throws(TokenizerError) in
            try encode(buffer, options)
        }
    }
}
