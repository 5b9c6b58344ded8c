// What a tokenizer does with texts beyond encoding: heads and tails, chat templates, label tokens.

import ArenaCore
import ArenaFrame
import ArenaLanguage
import ArenaText
import Synchronization

private typealias P = BuiltinParameter

let tokenizerTextMethods: [Builtin] = [
    Builtin(
        "apply_chat_template",
        [
            .receiver("tokenizer"),
            P(
                "messages", "list of dict", .required,
                "a conversation, each message with its role and content; or a list of conversations"
            ),
            P(
                "add_generation_prompt", "bool", .named("False"),
                "end with what an answer begins with"),
            P("tokenize", "bool", .named("True"), "token ids, or with False the text"),
            P("template", "str", .named("None"), "which of several templates"),
            P("variables", "anything", .keywords),
        ],
        "A conversation written as the model's chat template wants it; further arguments are variables of the template.",
        examples: []
    ) { a throws(Raised) in
        let t = try a.host(0, TokenizerValue.self, "tokenizer").tokenizer
        guard let items = a[1].items else {
            throw a.marking(1, Raised(.type, "messages are a list, not \(a[1].typeWithArticle)"))
        }
        var variables: [String: ChatValue] = [:]
        for (key, value) in a[5].dictItems ?? [] {
            let key = key.asString ?? ""
            variables[key] = try chatValue(value, "variable '\(key)'")
        }
        variables["add_generation_prompt"] = .bool(try a.bool(2, or: false))
        let name = try a.optionalString(4)
        let tokenizes = try a.bool(3, or: true)
        func render(_ conversation: Value) throws(Raised) -> String {
            variables["messages"] = try chatValue(conversation, "messages")
            return try raising { () throws(TokenizerError) in
                try t.renderChat(variables, template: name)
            }
        }
        let isBatch = !items.isEmpty && items.allSatisfy { $0.items != nil }
        guard isBatch else {
            let text = try render(a[1])
            guard tokenizes else { return .string(text) }
            let ids = try raising { () throws(TokenizerError) in
                try t.encode(text, addSpecialTokens: false)
            }
            return .list(ids.map { .int(Int($0)) })
        }
        var texts: [String] = []
        for conversation in items { texts.append(try render(conversation)) }
        guard tokenizes else { return .list(texts.map { .string($0) }) }
        let series = try framing { () throws(FrameError) in
            try Series(name: "text", column: Column(texts), key: nil)
        }
        let rows = try TokenizerValue(t).encode(series, .init(addSpecialTokens: false))
        return .host(TokensValue(rows, nil, t))
    },
    Builtin(
        "head_tail",
        [
            .receiver("tokenizer"), P("text", "column or str"),
            P("head", "int", .named(""), "how much of the beginning stays"),
            P("tail", "int", .named(""), "how much of the end stays"),
            P("over", "int", .named("head + tail"), "texts up to this long stay as they are"),
            P("unit", "str", .named("\"tokens\""), "what is counted: \"tokens\" or \"chars\""),
            P("sep", "str", .named("\"\""), "the text between both, for chars"),
        ],
        "Beginning and end of texts that are too long, as text.",
        examples: [
            Example(
                "t = tokenizer(\"Resources/demo/model\")\nprint(t.head_tail(\"abcdefgh\", head=2, tail=2, unit=\"chars\", sep=\" ... \"))",
                prints: "ab ... gh\n")
        ]
    ) { a throws(Raised) in
        let t = try a.host(0, TokenizerValue.self, "tokenizer").tokenizer
        let cut = HeadTail(
            head: try a.size(2), tail: try a.size(3), over: a.has(4) ? try a.size(4) : nil,
            characters: try a.choice(5, HeadTail.Unit.tokens) == .chars,
            separator: try a.optionalString(6) ?? "")
        if let text = a[1].asString {
            let series = try framing { () throws(FrameError) in
                try Series(name: "text", column: Column([text]), key: nil)
            }
            return .string(try cut.apply(to: series, t, a).column.text(0) ?? "")
        }
        return value(try cut.apply(to: try a.series(1), t, a))
    },
    Builtin(
        "label_ids", [.receiver("tokenizer"), P("texts", "list of str")],
        "The first token of each text, for answers that are read off at one position.",
        examples: [
            Example(
                "t = tokenizer(\"Resources/demo/model\")\nprint(t.label_ids([\"a\", \"b\"]) == [t(\"a\")[0], t(\"b\")[0]])",
                prints: "True\n")
        ]
    ) { a throws(Raised) in
        let t = try a.host(0, TokenizerValue.self, "tokenizer").tokenizer
        var ids: [Value] = []
        for text in try a.strings(1) {
            let first = try raising { () throws(TokenizerError) in
                try t.encode(text, addSpecialTokens: false).first
            }
            guard let first else { throw Raised(.value, "a label is an empty text") }
            ids.append(.int(Int(first)))
        }
        return .list(ids)
    },
]

/// Beginning and end of texts.
struct HeadTail: Sendable {
    enum Unit: String, CaseIterable { case tokens, chars }

    let head: Int
    let tail: Int
    let over: Int?
    let characters: Bool
    let separator: String

    func apply(to series: Series, _ tokenizer: Tokenizer, _ a: Arguments) throws(Raised) -> Series {
        let texts = try columnTexts(series)
        let limit = over ?? head + tail
        let made = Results(count: series.count)
        runWorkers(max(1, min(processorCount(), series.count / 16))) { _ in
            while let row = made.take() {
                let text: Result<String?, TokenizerError> = texts.withBytes(at: row) { bytes in
                    if characters { return .success(cutCharacters(bytes, limit)) }
                    do throws(TokenizerError) {
                        return .success(
                            try tokenizer.headTail(bytes, head: head, tail: tail, over: limit))
                    } catch { return .failure(error) }
                }
                made.finish(row, text)
            }
        }
        let cuts = try raising { () throws(TokenizerError) in try made.texts() }
        let cut = cuts.count { $0 != nil }
        if cut > 0 { a.machine.note("head_tail: \(cut) of \(series.count) texts cut") }
        return try framing { () throws(FrameError) in
            var builder = TextBuilder()
            for row in 0..<series.count {
                if let text = cuts[row] {
                    try builder.append(text)
                } else {
                    let failure: FrameError? = texts.withBytes(at: row) { bytes in
                        do throws(FrameError) { try builder.append(bytes) } catch { return error }
                        return nil
                    }
                    if let failure { throw failure }
                }
            }
            return try Series(
                name: series.name, column: Column(.string(builder.finish())), key: series.key)
        }
    }

    private func cutCharacters(_ bytes: UnsafeRawBufferPointer, _ limit: Int) -> String? {
        let scalars = String(decoding: bytes, as: UTF8.self).unicodeScalars
        guard scalars.count > limit else { return nil }
        return String(scalars.prefix(head)) + separator + String(scalars.suffix(tail))
    }
}

/// What several threads make of texts; nil for those that stay.
private final class Results: Sendable {
    private let count: Int
    private let next = Atomic<Int>(0)
    private let made: Mutex<(texts: [String?], failure: TokenizerError?)>

    init(count: Int) {
        self.count = count
        made = Mutex((Array(repeating: nil, count: count), nil))
    }

    func take() -> Int? {
        let row = next.wrappingAdd(1, ordering: .relaxed).oldValue
        return row < count ? row : nil
    }

    func finish(_ row: Int, _ text: Result<String?, TokenizerError>) {
        made.withLock {
            switch text {
            case .success(let text): $0.texts[row] = text
            case .failure(let error): $0.failure = $0.failure ?? error
            }
        }
    }

    func texts() throws(TokenizerError) -> [String?] {
        let made = made.withLock { $0 }
        if let failure = made.failure { throw failure }
        return made.texts
    }
}

extension Arguments {
    /// A length that may be 0.
    fileprivate func size(_ i: Int) throws(Raised) -> Int {
        let n = try int(i)
        guard n >= 0, n < 1 << 40 else {
            throw marking(
                i, Raised(.value, "\(builtin.parameters[i].name)= is at least 0, not \(n)"))
        }
        return n
    }
}

/// A script's value in a chat template.
func chatValue(_ value: Value, _ what: String, depth: Int = 0) throws(Raised) -> ChatValue {
    guard depth < 100 else { throw Raised(.value, "\(what) nests too deep") }
    if value.isNone { return .none }
    if let text = value.asString { return .string(text) }
    if let flag = value.asBool { return .bool(flag) }
    if let n = value.asInt { return .int(n) }
    if let x = value.asDouble { return .float(x) }
    if let items = value.items {
        var values: [ChatValue] = []
        for item in items { values.append(try chatValue(item, what, depth: depth + 1)) }
        return .list(values)
    }
    if value.isDict {
        var members: [ChatValue.Member] = []
        for (key, member) in value.dictItems ?? [] {
            members.append(
                .init(
                    key: key.asString ?? "\(key.asInt ?? 0)",
                    value: try chatValue(member, what, depth: depth + 1)))
        }
        return .dict(members)
    }
    throw Raised(
        .type,
        "\(what): a chat template takes texts, numbers, lists and dicts, not \(value.typeWithArticle)"
    )
}
