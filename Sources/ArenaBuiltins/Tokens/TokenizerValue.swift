// Tokenizers and token rows as scripts see them.

import ArenaCore
import ArenaFrame
import ArenaLanguage
import ArenaText

private typealias P = BuiltinParameter

/// A tokenizer in a script; calling it on a text gives a list of ids.
final class TokenizerValue: HostObject {
    private(set) var tokenizer: Tokenizer
    /// What a tokenizer that was trained is saved as.
    private(set) var files: TokenizerTraining.Files?

    init(_ tokenizer: Tokenizer, files: TokenizerTraining.Files? = nil) {
        self.tokenizer = tokenizer
        self.files = files
    }

    /// Adds tokens; what was encoded before keeps its ids.
    func add(_ tokens: [String], special: Bool) throws(TokenizerError) -> Int {
        let (changed, count) = try tokenizer.adding(tokens, special: special)
        tokenizer = changed
        // The files would be another tokenizer's.
        if count > 0 { files = nil }
        return count
    }

    static let hostType = HostType(
        "tokenizer", summary: "Turns text into token ids as the model's own files say.",
        methods: tokenizerMethods + tokenizerTextMethods + [tokenizerSaveMethod])
    var type: HostType { Self.hostType }
    var attributeNames: [String] {
        ["bos", "cls", "eos", "mask", "pad", "sep", "unk"].flatMap { ["\($0)_id", "\($0)_token"] }
            + ["vocab_size"]
    }
    var representation: String { "<tokenizer \(tokenizer.path)>" }
    func forWorker() -> (any HostObject)? { TokenizerValue(tokenizer, files: files) }

    func attribute(_ name: String) throws(Raised) -> Value? {
        func id(_ id: Int32?) -> Value { id.map { .int(Int($0)) } ?? Value.none }
        switch name {
        case "bos_id": return id(tokenizer.bosID)
        case "eos_id": return id(tokenizer.eosID)
        case "pad_id": return id(tokenizer.padID)
        case "cls_id", "mask_id", "sep_id", "unk_id":
            return id(tokenizer.namedID(name.dropLast(3) + "_token"))
        case "bos_token", "cls_token", "eos_token", "mask_token", "pad_token", "sep_token",
            "unk_token":
            return tokenizer.namedToken(name).map { .string($0) } ?? Value.none
        case "vocab_size": return .int(tokenizer.vocabularySize)
        default: return nil
        }
    }

    private static let signature = Builtin(
        "tokenizer", [P("text", "str"), P("add_special_tokens", "bool", .named("False"))],
        "The ids of one text, without special tokens unless asked for."
    ) { a throws(Raised) in .none }
    var callSignature: Builtin? { Self.signature }

    func call(_ arguments: Arguments) throws(Raised) -> Value? {
        let text = try arguments.string(0)
        let special = try arguments.bool(1, or: false)
        let tokenizer = tokenizer
        let ids = try raising { () throws(TokenizerError) in
            try tokenizer.encode(text, addSpecialTokens: special)
        }
        return .list(ids.map { .int(Int($0)) })
    }

    /// The ids of a column of text.
    func encode(
        _ series: Series, _ options: Tokenizer.Options, places: Bool = false
    ) throws(Raised) -> TokenRows {
        let texts = try texts(series)
        // SAFETY: a row's bytes lie in a chunk that the closure keeps alive.
        let bytesAt: @Sendable (Int) -> UnsafeRawBufferPointer = { row in
            texts.withBytes(at: row) { $0 }
        }
        return try raising { () throws(TokenizerError) in
            if places {
                return try tokenizer.encodeWithPlaces(
                    count: series.count, options: options, bytesAt: bytesAt)
            }
            return try tokenizer.encodeBatch(
                count: series.count, options: options, bytesAt: bytesAt)
        }
    }

    /// The ids of two columns of text, row by row as pairs.
    func encode(
        _ first: Series, _ second: Series, _ options: Tokenizer.Options, places: Bool = false
    ) throws(Raised) -> TokenRows {
        guard first.count == second.count else {
            throw Raised(
                .value,
                "a column of \(first.count) rows cannot be paired with \(second.count) rows",
                help: "take both columns from one frame")
        }
        let texts = (try texts(first), try texts(second))
        // SAFETY: as above.
        let firstAt: @Sendable (Int) -> UnsafeRawBufferPointer = {
            texts.0.withBytes(at: $0) { $0 }
        }
        let secondAt: @Sendable (Int) -> UnsafeRawBufferPointer = {
            texts.1.withBytes(at: $0) { $0 }
        }
        return try raising { () throws(TokenizerError) in
            if places {
                return try tokenizer.encodePairsWithPlaces(
                    count: first.count, options: options, firstAt: firstAt, secondAt: secondAt)
            }
            return try tokenizer.encodePairs(
                count: first.count, options: options, firstAt: firstAt, secondAt: secondAt)
        }
    }

    private func texts(_ series: Series) throws(Raised) -> TextStorage {
        guard case .string(let texts) = series.column.storage else {
            throw Raised(
                .type,
                "only text can be tokenized: column '\(series.name)' is \(series.column.type.rawValue)",
                help: series.column.type == .turns
                    ? "join the turns first: column.join(\" \")" : nil)
        }
        return texts
    }
}

/// The options that `encode` and `predict_proba` share, from argument `first` on.
func tokenOptions(_ a: Arguments, from first: Int) throws(Raised) -> Tokenizer.Options {
    var options = Tokenizer.Options()
    if a.has(first) {
        let n = try a.int(first)
        guard n > 0 else { throw Raised(.value, "max_length must be at least 1, not \(n)") }
        options.maxLength = n
    }
    options.addSpecialTokens = try a.bool(first + 1, or: true)
    options.addEOS = try a.bool(first + 2, or: false)
    if a.has(first + 3) {
        let side = try a.string(first + 3)
        guard let known = Tokenizer.Side(rawValue: side) else {
            throw Raised(.value, "truncation_side is \"left\" or \"right\", not '\(side)'")
        }
        options.truncationSide = known
    }
    options.parseSpecial = try a.bool(first + 4, or: true)
    return options
}

let tokenOptionParameters: [BuiltinParameter] = [
    P("max_length", "int", .named("None"), "the most tokens a row may have, special ones included"),
    P("add_special_tokens", "bool", .named("True")),
    P(
        "add_eos_token", "bool", .named("False"),
        "end each row with the eos token, within max_length"),
    P("truncation_side", "str", .named("the tokenizer's")),
    P(
        "parse_special", "bool", .named("True"),
        "parse special tokens that stand in the text, as the reference does"),
]

/// What a cut or a repair lost, in lines for the person.
func reportTokens(_ rows: TokenRows, _ a: Arguments, _ verb: String) {
    if rows.rowsCut > 0 {
        let parts = rows.partLosses.filter { $0.tokens > 0 }
            .map { "\($0.name) \($0.tokens) in \($0.rows)" }
        a.machine.note(
            "\(verb): \(rows.rowsCut) of \(rows.count) rows cut, "
                + "\(rows.cutIsEstimate ? "about " : "")\(rows.tokensCut) tokens lost"
                + (parts.isEmpty ? "" : " (\(parts.joined(separator: ", ")))"))
    }
    if rows.unknownCount > 0 {
        a.machine.note("\(verb): \(rows.unknownCount) characters have no token")
    }
    if rows.specialCount > 0 {
        a.machine.note(
            "\(verb): \(rows.specialCount) special tokens stood in the texts and were "
                + (rows.specialsParsed ? "parsed as such" : "read as text"))
    }
}

private let tokenizerMethods: [Builtin] = [
    Builtin(
        "encode",
        [.receiver("tokenizer"), P("text", "column, list of str or str")] + tokenOptionParameters
            + [
                P("pair", "column or str", .named("None"), "the second text of each row"),
                P(
                    "truncation", "str", .named("\"longest_first\""),
                    "which text of a pair is cut: longest_first, only_first, only_second"),
                P(
                    "offsets", "bool", .named("False"),
                    "note the characters, the word and the text that each token stands for"),
            ],
        "Token ids: of a column as keyed token rows, of a column of turns as lists of rows, of one text as a list.",
        examples: [
            Example(
                "t = tokenizer(\"Resources/demo/model\")\nprint(t.encode(\"hello\", max_length=2)[0] == t.bos_id)",
                prints: "True\n")
        ]
    ) { a throws(Raised) in
        let t = try a.host(0, TokenizerValue.self, "tokenizer")
        var options = try tokenOptions(a, from: 2)
        let last = 2 + tokenOptionParameters.count
        if a.has(last + 1) {
            let name = try a.string(last + 1)
            guard let cut = Tokenizer.PairCut(rawValue: name) else {
                throw Raised(
                    .value,
                    "truncation is \"longest_first\", \"only_first\" or \"only_second\", not '\(name)'"
                )
            }
            options.cut = cut
        }
        if let laidOut = a[1].asHost as? LaidOutValue {
            if a.has(last) { throw Raised(.type, "rows that are laid out have no pair") }
            let rows = try laidOut.encode(t.tokenizer, options, saysSpecial: a.has(3))
            reportTokens(rows, a, "encode")
            return .host(TokensValue(rows, laidOut.key, t.tokenizer))
        }
        let places = try a.bool(last + 2, or: false)
        if a.has(last) {
            options.wantsTypes = true
            if let text = a[1].asString {
                let rows = try t.encode(
                    Series(text), Series(try a.string(last)), options, places: places)
                if places { return .host(TokensValue(rows, nil, t.tokenizer)) }
                return .list(rows.ids.map { .int(Int($0)) })
            }
            let series = try a.series(1)
            let rows = try t.encode(series, try a.series(last), options, places: places)
            reportTokens(rows, a, "encode")
            return .host(TokensValue(rows, series.key, t.tokenizer))
        }
        if places, let text = a[1].asString {
            return .host(
                TokensValue(try t.encode(Series(text), options, places: true), nil, t.tokenizer))
        }
        if let text = a[1].asString {
            let ids = try raising { () throws(TokenizerError) in
                var result: Result<[Int32], TokenizerError> = .success([])
                Array(text.utf8).withUnsafeBytes { bytes in
                    result = Result { () throws(TokenizerError) in
                        try t.tokenizer.encode(bytes, options)
                    }
                }
                return try result.get()
            }
            return .list(ids.map { .int(Int($0)) })
        }
        if let items = a[1].items {
            let texts = try items.map { item throws(Raised) in
                guard let text = item.asString else {
                    throw Raised(
                        .type,
                        "encode() wants texts, not \(a.machine.representation(of: item))")
                }
                return text
            }
            let rows = try t.encode(try Series(texts), options, places: places)
            reportTokens(rows, a, "encode")
            return .host(TokensValue(rows, nil, t.tokenizer))
        }
        let series = try a.series(1)
        if case .turns(let lists) = series.column.storage {
            let turns = try encodeTurns(lists, t.tokenizer, options)
            reportTokens(turns.rows, a, "encode")
            return .host(TokenListsValue(turns.rows, turns.starts, series.key, t.tokenizer))
        }
        let rows = try t.encode(series, options, places: places)
        reportTokens(rows, a, "encode")
        return .host(TokensValue(rows, series.key, t.tokenizer))
    },
    Builtin(
        "decode",
        [
            .receiver("tokenizer"), P("ids", "list of int"),
            P("skip_special_tokens", "bool", .named("False")),
        ],
        "The text of token ids.",
        examples: [
            Example(
                "t = tokenizer(\"Resources/demo/model\")\nprint(t.decode(t(\"hello there\")))",
                prints: "hello there\n")
        ]
    ) { a throws(Raised) in
        let t = try a.host(0, TokenizerValue.self, "tokenizer")
        let list = try a.iterable(1)
        defer { list.release() }
        var ids: [Int32] = []
        for item in list.items ?? .init(start: nil, count: 0) {
            guard let n = item.asInt, let id = Int32(exactly: n) else {
                throw Raised(
                    .type, "decode() wants token ids, not \(a.machine.representation(of: item))")
            }
            ids.append(id)
        }
        return .string(t.tokenizer.decode(ids, skipSpecialTokens: try a.bool(2, or: false)))
    },
    Builtin(
        "token_to_id", [.receiver("tokenizer"), P("token", "str")], "The id of a token, or None.",
        examples: [
            Example(
                "print(tokenizer(\"Resources/demo/model\").token_to_id(\"<bos>\"))", prints: "2\n")
        ]
    ) { a throws(Raised) in
        let t = try a.host(0, TokenizerValue.self, "tokenizer")
        return t.tokenizer.tokenToID(try a.string(1)).map { .int(Int($0)) } ?? Value.none
    },
    Builtin(
        "id_to_token", [.receiver("tokenizer"), P("id", "int")],
        "The token of an id as it stands in the file, or None.",
        examples: [
            Example(
                "print(tokenizer(\"Resources/demo/model\").id_to_token(2))", prints: "<bos>\n")
        ]
    ) { a throws(Raised) in
        let t = try a.host(0, TokenizerValue.self, "tokenizer")
        guard let id = Int32(exactly: try a.int(1)) else { return .none }
        return t.tokenizer.idToToken(id).map { .string($0) } ?? Value.none
    },
    Builtin(
        "add_tokens",
        [
            .receiver("tokenizer"), P("tokens", "list of str"),
            P("special", "bool", .named("False"), "special tokens can be left out of decoded text"),
        ],
        "Adds tokens that are looked for in texts before the model sees them; says how many are new.",
        examples: [
            Example(
                "t = tokenizer(\"Resources/demo/model\")\nprint(t.add_tokens([\"[R_START]\"]), t.decode(t(\"[R_START]\")))",
                prints: "1 [R_START]\n")
        ]
    ) { a throws(Raised) in
        let t = try a.host(0, TokenizerValue.self, "tokenizer")
        let list = try a.iterable(1)
        defer { list.release() }
        let tokens = try (list.items ?? .init(start: nil, count: 0)).map { item throws(Raised) in
            guard let text = item.asString else {
                throw Raised(
                    .type, "add_tokens() wants texts, not \(a.machine.representation(of: item))")
            }
            return text
        }
        let special = try a.bool(2, or: false)
        return .int(
            try raising { () throws(TokenizerError) in try t.add(tokens, special: special) })
    },
]

extension Series {
    /// A column of texts without a key.
    fileprivate init(_ texts: [String]) throws(Raised) {
        self = try framing { () throws(FrameError) in
            try Series(name: "text", column: Column(texts), key: nil)
        }
    }

    fileprivate init(_ text: String) throws(Raised) { try self.init([text]) }
}

let tokenizerFunction = Builtin(
    "tokenizer", [P("path", "str", .required, "a model's folder or a tokenizer.json")],
    "Opens a tokenizer.",
    examples: [
        Example(
            "t = tokenizer(\"Resources/demo/model\")\nprint(t.bos_id, t.eos_id)", prints: "2 1\n")
    ]
) { a throws(Raised) in
    let path = try a.string(0)
    return .host(
        TokenizerValue(try raising { () throws(TokenizerError) in try Tokenizer(path: path) }))
}
