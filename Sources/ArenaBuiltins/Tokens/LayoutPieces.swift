// The pieces that layouts are made of: part, fixed, special, bos, eos, label, each_turn.

import ArenaCore
import ArenaLanguage
import ArenaText

private typealias P = BuiltinParameter

/// A piece of a layout; columns are still names.
final class LayoutPieceValue: HostObject {
    /// Makes the piece, with the columns that it names numbered in a list that all pieces share.
    let make: @Sendable (inout [String]) -> Layout.Piece
    let representation: String

    init(_ representation: String, _ make: @escaping @Sendable (inout [String]) -> Layout.Piece) {
        self.representation = "<piece \(representation)>"
        self.make = make
    }

    static let hostType = HostType("piece", summary: "A piece of a layout.", methods: [])
    var type: HostType { Self.hostType }
    func forWorker() -> (any HostObject)? { self }
}

/// The number of a column in a list that grows.
func number(of column: String, in names: inout [String]) -> Int {
    if let known = names.firstIndex(of: column) { return known }
    names.append(column)
    return names.count - 1
}

let partFunction = Builtin(
    "part",
    [
        P("prefix", "str", .required, "text before the cell"),
        P("column", "str", .required, "a column of text or of turns"),
        P("share", "number", .named("None"), "its share of the tokens, from 0 to 1"),
        P("max_tokens", "int", .named("None"), "the most tokens of this part"),
        P(
            "sep", "str", .named("None"),
            "joins turns to one text; without it each turn is tokenized by itself"),
        P(
            "special_tokens", "bool", .named("False"),
            "put the tokenizer's own special tokens around this part"),
    ],
    "A piece of a layout that comes from a column; too long rows are cut here.",
    examples: [
        Example(
            "print(layout([part(\"Q: \", \"q\"), fixed(\" A:\")], max_tokens=5))",
            prints: "<layout of 2 pieces, max_tokens=5>\n")
    ]
) { a throws(Raised) in
    let (prefix, column) = (try a.string(0), try a.string(1))
    let share = try partShare(a, 2)
    let maxTokens = try a.count(3)
    let separator = try a.optionalString(4)
    let addsSpecial = try a.bool(5, or: false)
    return .host(
        LayoutPieceValue("part \(prefix.debugDescription) + \(column)") { names in
            .part(
                .init(
                    prefix: prefix, column: number(of: column, in: &names), maxTokens: maxTokens,
                    share: share, separator: separator, addsSpecial: addsSpecial))
        })
}

let fixedFunction = Builtin(
    "fixed", [P("text", "str")],
    "A piece of a layout with the same text in every row; it is never cut.",
    examples: [
        Example(
            "t = tokenizer(\"Resources/demo/model\")\nrows = layout([part(\"\", \"q\"), fixed(\"!\")], max_tokens=3)(frame({\"q\": [\"a b c d e\"]}))\nprint(len(t.encode(rows)[0]))",
            prints: "3\n")
    ]
) { a throws(Raised) in
    let text = try a.string(0)
    return .host(LayoutPieceValue("fixed \(text.debugDescription)") { _ in .fixed(text) })
}

let specialFunction = Builtin(
    "special",
    [P("token", "str or int", .required, "its text, its name such as \"sep_token\", or its id")],
    "A piece of a layout that is one special token.",
    examples: [
        Example(
            "t = tokenizer(\"Resources/demo/model\")\nprint(t.encode(layout([special(\"<bos>\")])(frame({\"q\": [\"\"]})))[0])",
            prints: "[2]\n")
    ]
) { a throws(Raised) in
    if let text = a[0].asString {
        return .host(LayoutPieceValue("special \(text.debugDescription)") { _ in .special(text) })
    }
    guard let id = Int32(exactly: try a.int(0)), id >= 0 else {
        throw Raised(.value, "special(): \(try a.int(0)) is no token id")
    }
    return .host(LayoutPieceValue("special \(id)") { _ in .token(id) })
}

let bosFunction = Builtin(
    "bos", [], "The tokenizer's bos token as a piece of a layout.",
    examples: [Example("print(bos())", prints: "<piece special \"bos_token\">\n")]
) { a throws(Raised) in
    .host(LayoutPieceValue("special \"bos_token\"") { _ in .special("bos_token") })
}

let eosFunction = Builtin(
    "eos", [], "The tokenizer's eos token as a piece of a layout.",
    examples: [Example("print(eos())", prints: "<piece special \"eos_token\">\n")]
) { a throws(Raised) in
    .host(LayoutPieceValue("special \"eos_token\"") { _ in .special("eos_token") })
}

let labelFunction = Builtin(
    "label", [P("column", "str", .required, "a column of label texts")],
    "A piece of a layout that is one token a row: the first of the text in a column.",
    examples: [
        Example("print(label(\"winner\"))", prints: "<piece label winner>\n")
    ]
) { a throws(Raised) in
    let column = try a.string(0)
    return .host(
        LayoutPieceValue("label \(column)") { names in
            .label(column: number(of: column, in: &names))
        })
}

let eachTurnFunction = Builtin(
    "each_turn",
    [
        P("parts", "list of part", .required, "what every round has, one part a column of turns"),
        P("sep", "str", .named("\"\""), "the text between rounds"),
        P("share", "number", .named("None"), "its share of the tokens, from 0 to 1"),
        P("max_tokens", "int", .named("None"), "the most tokens of all rounds"),
    ],
    "A piece of a layout in which columns take turns: the first turn of each, the second of each, as one text.",
    examples: [
        Example(
            """
            f = frame({"p": ['["hi","bye"]'], "r": ['["a","b"]']})
            f = f.assign(p=f["p"].turns(read="json"), r=f["r"].turns(read="json"))
            rows = layout([each_turn([part("p: ", "p"), part(" r: ", "r")], sep=" | ")])(f)
            t = tokenizer("Resources/demo/model")
            print(t.decode(t.encode(rows, add_special_tokens=False)[0]))
            """, prints: "p: hi r: a | p: bye r: b\n")
    ]
) { a throws(Raised) in
    var makers: [@Sendable (inout [String]) -> Layout.Piece] = []
    for item in a[0].items ?? .init(start: nil, count: 0) {
        guard let piece = item.asHost as? LayoutPieceValue else {
            throw Raised(.type, "each_turn() wants parts, not \(item.typeWithArticle)")
        }
        var names: [String] = []
        guard case .part(let part) = piece.make(&names), part.maxTokens == nil, part.share == nil
        else {
            throw Raised(
                .value, "each_turn() takes parts without limits, not \(piece.representation)",
                help: "give share= or max_tokens= to each_turn()")
        }
        makers.append(piece.make)
    }
    guard !makers.isEmpty else {
        throw Raised(
            .value, "each_turn() needs a part", help: "each_turn([part(\"\", \"prompt\")])")
    }
    let separator = try a.optionalString(1) ?? ""
    let share = try partShare(a, 2)
    let maxTokens = try a.count(3)
    let all = makers
    return .host(
        LayoutPieceValue("each_turn of \(makers.count) parts") { names in
            var parts: [(prefix: String, column: Int)] = []
            for make in all {
                guard case .part(let part) = make(&names) else { continue }
                parts.append((part.prefix, part.column))
            }
            return .rounds(
                .init(parts: parts, separator: separator, maxTokens: maxTokens, share: share))
        })
}

/// A share from 0 to 1.
private func partShare(_ a: Arguments, _ i: Int) throws(Raised) -> Double? {
    guard a.has(i) else { return nil }
    let share = try a.double(i)
    guard share > 0, share <= 1 else {
        throw a.marking(
            i, Raised(.value, "share= is above 0 and at most 1, not \(share)"))
    }
    return share
}

extension Arguments {
    /// A number of tokens, at least 1; nil where it is left out.
    func count(_ i: Int) throws(Raised) -> Int? {
        guard has(i) else { return nil }
        let n = try int(i)
        guard n > 0 else {
            throw marking(
                i, Raised(.value, "\(builtin.parameters[i].name)= must be at least 1, not \(n)"))
        }
        return n
    }
}
