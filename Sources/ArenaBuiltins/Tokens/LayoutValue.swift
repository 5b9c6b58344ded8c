// Layouts as scripts see them: a layout called with a frame gives laid-out rows, which a tokenizer, or a
// model with its own, turns into token rows.

import ArenaCore
import ArenaFrame
import ArenaLanguage
import ArenaText

private typealias P = BuiltinParameter

/// A layout, called with a frame.
final class LayoutValue: HostObject {
    let layout: Layout
    /// The columns that its pieces number.
    let columns: [String]

    init(_ layout: Layout, _ columns: [String]) {
        self.layout = layout
        self.columns = columns
    }

    static let hostType = HostType(
        "layout", summary: "What stands in a row of tokens, piece by piece.", methods: [])
    var type: HostType { Self.hostType }
    func forWorker() -> (any HostObject)? { self }
    var representation: String {
        "<layout of \(layout.pieces.count) pieces"
            + (layout.maxTokens.map { ", max_tokens=\($0)" } ?? "") + ">"
    }

    private static let signature = Builtin(
        "layout", [P("frame", "frame")], "The rows laid out, for a tokenizer or a model."
    ) { a throws(Raised) in .none }
    var callSignature: Builtin? { Self.signature }

    func call(_ arguments: Arguments) throws(Raised) -> Value? {
        let frame = try arguments.frame(0)
        var sources: [LayoutColumn] = []
        for name in columns {
            let series = try framing { () throws(FrameError) in try frame.series(name) }
            if series.column.missingCount > 0 {
                arguments.machine.note(
                    "layout: \(series.column.missingCount) missing cells of '\(name)' count as empty text"
                )
            }
            sources.append(try layoutColumn(series))
        }
        return .host(LaidOutValue(layout, sources, frame.rowCount, frame.key))
    }
}

/// A column as a layout draws on it.
private func layoutColumn(_ series: Series) throws(Raised) -> LayoutColumn {
    let column = series.column
    if case .turns(let lists) = column.storage {
        // SAFETY: the turns' bytes lie in chunks that `lists` keeps alive, which the closure holds.
        return LayoutColumn(name: series.name, isTurns: true) { row, body in
            if column.isMissing(row) { return }
            lists.forEachTurn(at: row) { body($0 ?? .init(start: nil, count: 0)) }
        }
    }
    let texts = try columnTexts(series)
    // SAFETY: as above.
    return LayoutColumn(name: series.name, isTurns: false) { row, body in
        if column.isMissing(row) {
            body(.init(start: nil, count: 0))
        } else {
            body(texts.withBytes(at: row) { $0 })
        }
    }
}

/// Rows laid out, not yet tokens: those need a tokenizer.
final class LaidOutValue: HostObject {
    let layout: Layout
    let columns: [LayoutColumn]
    let rowCount: Int
    let key: FrameKey?

    init(_ layout: Layout, _ columns: [LayoutColumn], _ rowCount: Int, _ key: FrameKey?) {
        self.layout = layout
        self.columns = columns
        self.rowCount = rowCount
        self.key = key
    }

    static let hostType = HostType(
        "laid_out_rows",
        summary: "Rows laid out: give them to tokenizer.encode or to a model.", methods: [])
    var type: HostType { Self.hostType }
    var count: Int? { rowCount }
    func forWorker() -> (any HostObject)? { self }
    var representation: String {
        "<\(rowCount) rows laid out, \(layout.pieces.count) pieces>"
    }

    /// The token rows. Without word from the script, special tokens are put around where the layout
    /// places none itself.
    func encode(
        _ tokenizer: Tokenizer, _ options: Tokenizer.Options, saysSpecial: Bool
    ) throws(Raised) -> TokenRows {
        var options = options
        if !saysSpecial { options.addSpecialTokens = !layout.placesSpecial }
        return try raising { () throws(TokenizerError) in
            try tokenizer.encodeLayout(
                layout, columns: columns, count: rowCount, options: options)
        }
    }
}

let layoutFunction = Builtin(
    "layout",
    [
        P(
            "pieces", "list of pieces", .required,
            "part, fixed, special, bos, eos, label and each_turn, in order"),
        P("max_tokens", "int", .named("None"), "the most tokens of a row"),
        P(
            "keep", "str", .named("\"head\""),
            "what stays: \"head\", \"tail\", \"last_turns\", \"last_turn\""),
        P(
            "overflow", "str", .named("\"tail\""),
            "where a row gives way: \"tail\" (the last part first) or \"proportional_tail\""),
        P(
            "budget", "str", .named("\"total\""),
            "what shares are of: \"total\", \"of_the_rest\", or \"handed_on\" (unused tokens go to the next part)"
        ),
        P(
            "counts", "str", .named("\"all\""),
            "what max_tokens counts: \"all\" tokens, or those of \"parts\" only, as notebooks do"),
        P(
            "join", "str", .named("by the pieces"),
            "\"text\" puts a row together as one text first, \"tokens\" tokenizes each piece by itself"
        ),
        P("segments", "list of int", .named("None"), "the token type of each piece"),
    ],
    "Lays out rows of tokens from columns; call it with a frame. Fixed pieces are never cut.",
    examples: [
        Example(
            """
            t = tokenizer("Resources/demo/model")
            pair = layout([bos(), part("", "a", share=0.5), special("<eos>"), part("", "b")],
                          max_tokens=8, budget="of_the_rest", segments=[0, 0, 0, 1])
            x = t.encode(pair(frame({"a": ["one two three four five"], "b": ["six seven eight"]})))
            print(len(x[0]), x.type_ids(0))
            """, prints: "8 [0, 0, 0, 0, 0, 1, 1, 1]\n")
    ]
) { a throws(Raised) in
    var columns: [String] = []
    var pieces: [Layout.Piece] = []
    for item in a[0].items ?? .init(start: nil, count: 0) {
        if let piece = item.asHost as? LayoutPieceValue {
            pieces.append(piece.make(&columns))
            continue
        }
        throw a.marking(
            0,
            Raised(
                .type, "layout() is made of pieces, not \(item.typeWithArticle)",
                help: item.isText
                    ? "fixed(\"text\") for text, part(\"\", \"column\") for a column" : nil))
    }
    guard !pieces.isEmpty else {
        throw a.marking(
            0, Raised(.value, "layout() needs pieces", help: "layout([part(\"\", \"prompt\")])"))
    }
    var layout = Layout(pieces, maxTokens: try a.count(1))
    layout.keep = try a.choice(2, .head)
    layout.overflow = try a.choice(3, .tail)
    layout.budget = try a.choice(4, .total)
    layout.counts = try a.choice(5, .all)
    if a.has(6) { layout.join = try a.choice(6, .tokens) }
    if a.has(7) { layout.segments = try segments(a, pieces.count) }
    if layout.maxTokens == nil, pieces.contains(where: { $0.share != nil }) {
        throw Raised(
            .value, "share= needs max_tokens= in layout()", help: "layout([...], max_tokens=1024)")
    }
    if layout.join == .text, layout.placesSpecial {
        throw Raised(
            .value, "a layout with special tokens of its own cannot be one text",
            help: "leave out join=, or write the tokens in a fixed text")
    }
    if layout.join == .text, layout.keep == .lastTurns || layout.keep == .lastTurn {
        throw Raised(.value, "keep=\"\(layout.keep.rawValue)\" needs join=\"tokens\"")
    }
    return .host(LayoutValue(layout, columns))
}

extension Layout.Piece {
    fileprivate var share: Double? {
        switch self {
        case .part(let part): part.share
        case .rounds(let rounds): rounds.share
        case .fixed, .special, .token, .label: nil
        }
    }
}

private func segments(_ a: Arguments, _ count: Int) throws(Raised) -> [UInt8] {
    let items = a[7].items.map(Array.init) ?? []
    let segments = items.compactMap { $0.asInt }.compactMap { UInt8(exactly: $0) }
    guard segments.count == items.count, segments.count == count else {
        throw a.marking(
            7,
            Raised(
                .value, "segments= wants a number from 0 to 255 for each of the \(count) pieces"))
    }
    return segments
}

extension Arguments {
    /// One of the words of an enumeration.
    func choice<Choice: RawRepresentable & CaseIterable>(
        _ i: Int, _ other: Choice
    ) throws(Raised) -> Choice where Choice.RawValue == String {
        guard has(i) else { return other }
        let word = try string(i)
        if let choice = Choice(rawValue: word) { return choice }
        let known = Choice.allCases.map(\.rawValue)
        throw marking(
            i,
            Raised(
                .value,
                "\(builtin.parameters[i].name)= is one of \(known.joined(separator: ", ")), not '\(word)'",
                help: suggestion(for: word, among: known)))
    }
}
