// What scripts do with token rows: lengths and their statistics, choosing, cutting, padding; and what each
// token stands for.

import ArenaCore
import ArenaFrame
import ArenaLanguage
import ArenaText

private typealias P = BuiltinParameter

extension Arguments {
    fileprivate var tokens: TokensValue {
        get throws(Raised) { try host(0, TokensValue.self, "tokens") }
    }

    /// `padding=` and `truncating=`: "pre" and "left" are the same, as are "post" and "right".
    func side(_ i: Int, or other: Tokenizer.Side) throws(Raised) -> Tokenizer.Side {
        guard has(i) else { return other }
        switch try string(i) {
        case "pre", "left": return .left
        case "post", "right": return .right
        default:
            throw marking(
                i,
                Raised(
                    .value,
                    "\(builtin.parameters[i].name)= is \"left\" or \"right\", not '\(try string(i))'"
                ))
        }
    }
}

extension TokensValue {
    /// How many tokens each row has.
    func lengths() throws(Raised) -> Series {
        try framing { () throws(FrameError) in
            try Series(name: "tokens", column: Column(rows.lengths.map(Int64.init)), key: key)
        }
    }
}

let tokenRowMethods: [Builtin] = [
    Builtin(
        "concat", [.receiver("tokens"), P("others", "tokens", .rest)],
        "These rows and those of others, one after another; keys stay where all have one.",
        examples: [
            Example(
                "print(list(tokens([[1]]).concat(tokens([[2, 3]]))))", prints: "[[1], [2, 3]]\n")
        ]
    ) { a throws(Raised) in
        let first = try a.tokens
        var rows = first.rows
        var key = first.key
        for item in a[1].items ?? .init(start: nil, count: 0) {
            guard let other = item.asHost as? TokensValue else {
                throw Raised(.type, "concat() wants tokens, not \(item.typeWithArticle)")
            }
            rows = rows.joined(with: other.rows)
            guard let own = key, let more = other.key,
                let column = own.column.appending(more.column)
            else {
                key = nil
                continue
            }
            let name = own.name
            key = try framing { () throws(FrameError) in try FrameKey(name: name, column: column) }
        }
        return .host(TokensValue(rows, key, first.tokenizer))
    },
    Builtin(
        "describe", [.receiver("tokens")],
        "Count, mean, spread and quartiles of the rows' lengths.",
        examples: [
            Example("print(tokens([[1, 2], [3]]).describe()[\"mean\"])", prints: "1.5\n")
        ]
    ) { a throws(Raised) in
        let lengths = try a.tokens.lengths()
        return try framing { () throws(FrameError) in value(try described(lengths)) }
    },
    Builtin(
        "lengths", [.receiver("tokens")], "The number of tokens of each row.",
        examples: [
            Example("print(list(tokens([[1, 2], [3]]).lengths()))", prints: "[2, 1]\n")
        ]
    ) { a throws(Raised) in value(try a.tokens.lengths()) },
    Builtin(
        "pad",
        [
            .receiver("tokens"), P("length", "int", .optional("the longest row's")),
            P("value", "int", .named("the tokenizer's pad token, or 0")),
            P("side", "str", .named("the tokenizer's, or \"right\"")),
            P("truncation_side", "str", .named("\"right\""), "where longer rows are cut"),
        ],
        "Every row filled up, or cut, to one length.",
        examples: [
            Example("print(list(tokens([[1, 2], [3]]).pad()))", prints: "[[1, 2], [3, 0]]\n")
        ]
    ) { a throws(Raised) in
        let t = try a.tokens
        let length = try a.count(1) ?? t.rows.lengths.max() ?? 0
        let pad = a.has(2) ? try a.int(2) : Int(t.tokenizer?.padID ?? 0)
        guard let id = Int32(exactly: pad) else {
            throw a.marking(2, Raised(.value, "value= is no token id: \(pad)"))
        }
        let side = try a.side(3, or: t.tokenizer?.paddingSide ?? .right)
        let cut = t.rows.truncated(to: length, side: try a.side(4, or: .right))
        return .host(TokensValue(cut.padded(to: length, with: id, side: side), t.key, t.tokenizer))
    },
    Builtin(
        "percentile", [.receiver("tokens"), P("q", "number or list", .required, "from 0 to 100")],
        "The length below which q percent of the rows are, as numpy.percentile has it.",
        examples: [
            Example("print(tokens([[1, 2], [3], [4]]).percentile(90))", prints: "1.8\n")
        ]
    ) { a throws(Raised) in
        let lengths = try a.tokens.lengths()
        func share(_ v: Value) throws(Raised) -> Double {
            guard let q = v.asDouble, q >= 0, q <= 100 else {
                throw a.marking(1, Raised(.value, "a percentile is from 0 to 100"))
            }
            return q / 100
        }
        if let items = a[1].items {
            var shares: [Double] = []
            for item in items { shares.append(try share(item)) }
            return try framing { () throws(FrameError) in
                .list(try lengths.quantiles(shares).map { value($0) })
            }
        }
        let q = try share(a[1])
        return try framing { () throws(FrameError) in
            try lengths.quantiles([q]).first.map { value($0) } ?? Value.none
        }
    },
    Builtin(
        "take", [.receiver("tokens"), P("rows", "list of int")],
        "The rows of these numbers, in that order.",
        examples: [
            Example("print(list(tokens([[1], [2], [3]]).take([2, 0])))", prints: "[[3], [1]]\n")
        ]
    ) { a throws(Raised) in
        let t = try a.tokens
        let list = try a.iterable(1)
        defer { list.release() }
        var wanted: [Int] = []
        for item in list.items ?? .init(start: nil, count: 0) {
            guard let i = item.asInt else {
                throw Raised(.type, "take() wants row numbers, not \(item.typeWithArticle)")
            }
            wanted.append(try rowIndex(i, t.rows.count))
        }
        return try t.taking(wanted)
    },
    Builtin(
        "to_column", [.receiver("tokens"), P("name", "str", .optional("\"ids\""))],
        "The ids as a column of lists, with the key.",
        examples: [
            Example("print(tokens([[1, 2], [3]]).to_column().dtype)", prints: "list[int32]\n")
        ]
    ) { a throws(Raised) in
        let t = try a.tokens
        let name = try a.optionalString(1) ?? "ids"
        let lists = NumberLists((0..<t.rows.count).map { Array(t.rows.row($0)) })
        return try framing { () throws(FrameError) in
            value(try Series(name: name, column: Column(.ints(lists)), key: t.key))
        }
    },
    Builtin(
        "truncate",
        [
            .receiver("tokens"), P("max_length", "int"),
            P("side", "str", .named("\"right\""), "where rows are cut"),
        ],
        "Every row cut to a length.",
        examples: [
            Example("print(list(tokens([[1, 2, 3], [4]]).truncate(2)))", prints: "[[1, 2], [4]]\n")
        ]
    ) { a throws(Raised) in
        let t = try a.tokens
        let rows = t.rows.truncated(
            to: try a.count(1) ?? 1, side: try a.side(2, or: .right))
        reportTokens(rows, a, "truncate")
        return .host(TokensValue(rows, t.key, t.tokenizer))
    },
]

/// The places of a row's tokens, for tokens that were encoded with them.
private func places(_ a: Arguments) throws(Raised) -> ArraySlice<TokenPlace> {
    let t = try a.tokens
    let row = try rowIndex(try a.int(1), t.rows.count)
    guard !t.rows.places.isEmpty || t.rows.ids.isEmpty else {
        throw Raised(
            .value, "these tokens were encoded without offsets",
            help: "tok.encode(text, offsets=True)")
    }
    return t.rows.places[t.rows.offsets[row]..<t.rows.offsets[row + 1]]
}

private let placesExample = """
    t = tokenizer("Resources/demo/model").encode(["Hello you"], offsets=True)

    """

let tokenPlaceMethods: [Builtin] = [
    Builtin(
        "offsets", [.receiver("tokens"), P("row", "int")],
        "The characters of the text that each token of a row stands for; (0, 0) for tokens put around it.",
        examples: [
            Example(placesExample + "print(t.offsets(0)[-1][1])", prints: "9\n")
        ]
    ) { a throws(Raised) in
        .list(try places(a).map { .tuple([.int(Int($0.start)), .int(Int($0.end))]) })
    },
    Builtin(
        "sequence_ids", [.receiver("tokens"), P("row", "int")],
        "Which text of a pair each token of a row is of; None for tokens put around them.",
        examples: [
            Example(placesExample + "print(t.sequence_ids(0)[-1])", prints: "0\n")
        ]
    ) { a throws(Raised) in
        .list(try places(a).map { $0.sequence < 0 ? Value.none : .int(Int($0.sequence)) })
    },
    Builtin(
        "type_ids", [.receiver("tokens"), P("row", "int")],
        "The segment of each token of a row: 0 for the first text of a pair, mostly 1 for the second.",
        examples: [
            Example("print(tokens([[1, 2], [3]]).type_ids(0))", prints: "[0, 0]\n")
        ]
    ) { a throws(Raised) in
        let t = try a.tokens
        let row = try rowIndex(try a.int(1), t.rows.count)
        let range = t.rows.offsets[row]..<t.rows.offsets[row + 1]
        return .list(range.map { .int(t.rows.types.isEmpty ? 0 : Int(t.rows.types[$0])) })
    },
    Builtin(
        "word_ids", [.receiver("tokens"), P("row", "int")],
        "The word that each token of a row is of; None for tokens put around the text.",
        examples: [
            Example(placesExample + "print(t.word_ids(0)[0])", prints: "None\n")
        ]
    ) { a throws(Raised) in
        .list(try places(a).map { $0.word < 0 ? Value.none : .int(Int($0.word)) })
    },
]
