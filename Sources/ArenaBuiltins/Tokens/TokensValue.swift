// Token rows as scripts see them: of texts, of the turns of conversations, and made by hand.

import ArenaCore
import ArenaFrame
import ArenaLanguage
import ArenaText

private typealias P = BuiltinParameter

/// Token ids of many rows, with their key.
final class TokensValue: HostObject {
    let rows: TokenRows
    let key: FrameKey?
    /// The tokenizer they come from; none for rows made by hand.
    let tokenizer: Tokenizer?

    init(_ rows: TokenRows, _ key: FrameKey?, _ tokenizer: Tokenizer?) {
        self.rows = rows
        self.key = key
        self.tokenizer = tokenizer
    }

    static let hostType = HostType(
        "tokens", summary: "Token ids of many rows, with their key.",
        methods: tokenRowMethods + tokenPlaceMethods)
    var type: HostType { Self.hostType }
    var count: Int? { rows.count }
    func forWorker() -> (any HostObject)? { TokensValue(rows, key, tokenizer) }
    var representation: String { "<tokens of \(rows.count) rows, \(rows.ids.count) ids>" }

    var attributeNames: [String] { ["key", "total"] }

    func attribute(_ name: String) throws(Raised) -> Value? {
        switch name {
        case "key": return keyValues(key)
        case "total": return .int(rows.ids.count)
        default: return nil
        }
    }

    func item(_ key: Value) throws(Raised) -> Value {
        if let mask = (key.asHost as? SeriesValue)?.series {
            guard case .bool(let chosen) = mask.column.storage, chosen.count == rows.count else {
                throw Raised(
                    .type, "rows are chosen by a column of \(rows.count) truth values",
                    help: "t[t.lengths() < 512]")
            }
            return try taking((0..<rows.count).filter { chosen[$0] && !mask.column.isMissing($0) })
        }
        guard let i = key.asInt else { throw Raised(.type, "tokens are indexed by a row number") }
        return idList(rows, try rowIndex(i, rows.count))
    }

    func slice(_ start: Value, _ stop: Value, _ step: Value) throws(Raised) -> Value {
        let (first, count, stride) = try sliceBounds(start, stop, step, rows.count)
        return try taking((0..<count).map { first + $0 * stride })
    }

    /// The rows in the order given, with their keys.
    func taking(_ wanted: [Int]) throws(Raised) -> Value {
        var chosen: FrameKey?
        if let key {
            chosen = try framing { () throws(FrameError) in
                let taken = try Series(name: key.name, column: key.column, key: nil).take(wanted)
                return try FrameKey(name: key.name, column: taken.column)
            }
        }
        return .host(TokensValue(rows.taking(wanted), chosen, tokenizer))
    }

    func iterate() throws(Raised) -> Value? {
        .list((0..<rows.count).map { idList(rows, $0) })
    }
}

/// Token ids of the turns of many rows: each row is a list of lists.
final class TokenListsValue: HostObject {
    /// The turns of all rows, one after another.
    let rows: TokenRows
    /// Where each row's turns start; one more than there are rows.
    let starts: [Int]
    let key: FrameKey?
    let tokenizer: Tokenizer

    init(_ rows: TokenRows, _ starts: [Int], _ key: FrameKey?, _ tokenizer: Tokenizer) {
        self.rows = rows
        self.starts = starts
        self.key = key
        self.tokenizer = tokenizer
    }

    static let hostType = HostType(
        "token_lists", summary: "Token ids of the turns of many rows, with their key.",
        methods: [
            Builtin(
                "lengths", [.receiver("token_lists")],
                "The number of tokens of each row, all turns together."
            ) { a throws(Raised) in
                let t = try a.host(0, TokenListsValue.self, "token_lists")
                let lengths = (0..<t.starts.count - 1).map {
                    Int64(t.rows.offsets[t.starts[$0 + 1]] - t.rows.offsets[t.starts[$0]])
                }
                return try framing { () throws(FrameError) in
                    value(try Series(name: "tokens", column: Column(lengths), key: t.key))
                }
            }
        ])
    var type: HostType { Self.hostType }
    var count: Int? { starts.count - 1 }
    func forWorker() -> (any HostObject)? { TokenListsValue(rows, starts, key, tokenizer) }
    var representation: String {
        "<token_lists of \(starts.count - 1) rows, \(rows.count) turns, \(rows.ids.count) ids>"
    }

    private func turns(_ row: Int) -> Value {
        .list((starts[row]..<starts[row + 1]).map { idList(rows, $0) })
    }

    func item(_ key: Value) throws(Raised) -> Value {
        guard let i = key.asInt else { throw Raised(.type, "tokens are indexed by a row number") }
        return turns(try rowIndex(i, starts.count - 1))
    }

    func iterate() throws(Raised) -> Value? { .list((0..<starts.count - 1).map(turns)) }
}

/// The ids of every turn of every row; a missing turn is an empty one.
func encodeTurns(
    _ lists: ListStorage, _ tokenizer: Tokenizer, _ options: Tokenizer.Options
) throws(Raised) -> (rows: TokenRows, starts: [Int]) {
    var starts = [0]
    var turns: [Buffer] = []
    for row in 0..<lists.count {
        lists.forEachTurn(at: row) {
            turns.append(Buffer(bytes: $0 ?? .init(start: nil, count: 0)))
        }
        starts.append(turns.count)
    }
    let all = turns
    // SAFETY: the turns' bytes lie in chunks that `lists` keeps alive beyond this call.
    let rows = try raising { () throws(TokenizerError) in
        let rows = try tokenizer.encodeBatch(count: all.count, options: options) { all[$0].bytes }
        withExtendedLifetime(lists) {}
        return rows
    }
    return (rows, starts)
}

/// Bytes on their way to other threads, which only read them.
private struct Buffer: @unchecked Sendable {
    let bytes: UnsafeRawBufferPointer
}

func idList(_ rows: TokenRows, _ row: Int) -> Value {
    .list(rows.row(row).map { .int(Int($0)) })
}

func rowIndex(_ i: Int, _ count: Int) throws(Raised) -> Int {
    let at = i < 0 ? i &+ count : i
    guard at >= 0, at < count else {
        throw Raised(.index, "row \(i) is outside tokens of \(count) rows")
    }
    return at
}

let tokensFunction = Builtin(
    "tokens",
    [
        P("rows", "list of lists of int", .required, "the token ids of each row"),
        P("key", "list or column", .named("None"), "what names the rows, such as test.key"),
    ],
    "Token rows from lists of ids, such as those cut and joined by hand.",
    examples: [
        Example(
            "t = tokens([[2, 10, 11], [2, 12]], key=[\"a\", \"b\"])\nprint(len(t), t[0])",
            prints: "2 [2, 10, 11]\n")
    ]
) { a throws(Raised) in
    let list = try a.iterable(0)
    defer { list.release() }
    var rows = TokenRows()
    for (number, row) in (list.items ?? .init(start: nil, count: 0)).enumerated() {
        guard let ids = row.items else {
            throw Raised(
                .type, "row \(number) is a \(row.typeName), not a list of token ids",
                help: "tokens([[1, 2], [3]])")
        }
        rows.ids.reserveCapacity(rows.ids.count + ids.count)
        for id in ids {
            guard let n = id.asInt, let id = Int32(exactly: n), id >= 0 else {
                throw Raised(
                    .type,
                    "row \(number) holds \(a.machine.representation(of: id)), which is no token id")
            }
            rows.ids.append(id)
        }
        rows.offsets.append(rows.ids.count)
    }
    var key: FrameKey?
    if a.has(1) {
        key = try rowKey(a, 1)
        if let key, key.count != rows.count {
            throw Raised(.value, "a key of \(key.count) values for \(rows.count) rows")
        }
    }
    return .host(TokensValue(rows, key, nil))
}

/// The key given as a list or a column.
private func rowKey(_ a: Arguments, _ i: Int) throws(Raised) -> FrameKey {
    if let series = (a[i].asHost as? SeriesValue)?.series {
        return try framing { () throws(FrameError) in
            try FrameKey(name: series.name, column: series.column)
        }
    }
    let list = try a.iterable(i)
    defer { list.release() }
    let items = Array(list.items ?? .init(start: nil, count: 0))
    let numbers = items.compactMap(\.asInt)
    let texts = items.compactMap(\.asString)
    guard numbers.count == items.count || texts.count == items.count else {
        throw Raised(.type, "a key is a list of whole numbers or of texts")
    }
    return try framing { () throws(FrameError) in
        try FrameKey(
            name: "key",
            column: numbers.count == items.count
                ? Column(numbers.map(Int64.init)) : try Column(texts))
    }
}
