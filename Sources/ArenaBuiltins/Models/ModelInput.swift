// Where a script's text becomes a model's tokens, and what every kind of model shares: its opening, its
// tokenizer, the frame of its results.

import ArenaCore
import ArenaFrame
import ArenaLanguage
import ArenaModels
import ArenaText

private typealias P = BuiltinParameter

/// What a model's methods take besides their own: `modelInputParameters` follow the receiver.
let modelInputParameters: [BuiltinParameter] =
    [P("text", "column of text, rows laid out, or tokens")] + tokenOptionParameters
    + [
        P(
            "token_budget", "int", .named("planned"),
            "tokens computed at once; never changes results"),
        P(
            "adapter", "str", .named("the first"),
            "which of several adapters computes, by its name"),
    ]

/// The first parameter behind the receiver and `modelInputParameters`.
let afterModelInput = 1 + modelInputParameters.count

/// The token budget of a call; nil if the call leaves it to the devices.
func tokenBudget(_ a: Arguments) throws(Raised) -> Int? {
    guard a.has(afterModelInput - 2) else { return nil }
    let budget = try a.int(afterModelInput - 2)
    guard budget > 0 else {
        throw Raised(.value, "token_budget must be at least 1, not \(budget)")
    }
    return budget
}

/// The number of the adapter that a call names among those its model was opened with.
func chosenAdapter(_ a: Arguments, _ names: [String]) throws(Raised) -> Int {
    guard let name = try a.optionalString(afterModelInput - 1) else { return 0 }
    if let number = names.firstIndex(of: name) { return number }
    guard !names.isEmpty else {
        throw Raised(
            .value, "\(a.builtin.name)(): the model has no adapters by name",
            help: "open it with adapter={\"\(name)\": \"folder\", ...}")
    }
    throw Raised(
        .key, "\(a.builtin.name)(): there is no adapter '\(name)'",
        help: "there are: " + names.joined(separator: ", "))
}

/// Rows of tokens for a model, with the key they carry.
struct ModelInput {
    let batch: TokenBatch
    let key: FrameKey?

    /// Tokens of the argument behind the receiver: a column of text is encoded, tokens are taken.
    init(
        _ a: Arguments, verb: String, model: String, tokenizer: TokenizerValue?
    ) throws(Raised) {
        let (rows, key) = try Self.tokens(a, verb, model, tokenizer)
        guard
            let batch = TokenBatch(
                offsets: rows.offsets, ids: rows.ids, types: rows.types.map { Int32($0) })
        else { throw Raised(.value, "the token rows contradict themselves") }
        self.batch = batch
        self.key = key
    }

    private static func tokens(
        _ a: Arguments, _ verb: String, _ model: String, _ tokenizer: TokenizerValue?
    ) throws(Raised) -> (rows: TokenRows, key: FrameKey?) {
        if let tokens = a[1].asHost as? TokensValue {
            for i in 2..<2 + tokenOptionParameters.count where a.has(i) {
                throw Raised(
                    .type,
                    "'\(tokenOptionParameters[i - 2].name)' is for text; these are tokens already",
                    help: "give it to encode()")
            }
            if let own = tokenizer?.tokenizer, let other = tokens.tokenizer, own !== other {
                // A foreign tokenizer serves only if the special tokens mean the same.
                guard
                    other.bosID == own.bosID, other.eosID == own.eosID, other.padID == own.padID
                else {
                    throw Raised(
                        .value,
                        "tokens of \(other.path) do not fit the model \(model): special tokens differ",
                        help: "encode with the model's own tokenizer: m.tokenizer.encode(...)")
                }
            }
            return (tokens.rows, tokens.key)
        }
        let laidOut = a[1].asHost as? LaidOutValue
        let series = laidOut == nil ? try a.series(1) : nil
        guard let tokenizer else {
            throw Raised(
                .value, "\(model) has no tokenizer of its own",
                help: "give tokenizer=\"folder\" to the model, or tokens in place of text")
        }
        let options = try tokenOptions(a, from: 2)
        let rows: TokenRows
        if let laidOut {
            rows = try laidOut.encode(tokenizer.tokenizer, options, saysSpecial: a.has(3))
        } else if let series {
            rows = try tokenizer.encode(series, options)
        } else {
            rows = TokenRows()
        }
        reportTokens(rows, a, verb)
        return (rows, laidOut?.key ?? series?.key)
    }
}

/// A frame of one column a label, keyed like the rows; rows without a result (NaN) are missing.
func labelFrame(
    _ values: [Float], _ labels: [String], _ key: FrameKey?, rows: Int
) throws(Raised) -> Value {
    let validity = presentRows(values, rows: rows)
    let columns = labels.indices.map { c in
        Column(.float32((0..<rows).map { values[$0 * labels.count + c] }), validity: validity)
    }
    return try framing { () throws(FrameError) in
        value(try Frame(names: labels, columns: columns, key: key))
    }
}

/// Which rows of a model's numbers have a result.
func presentRows(_ values: [Float], rows: Int) -> Validity {
    guard rows > 0 else { return Validity(repeating: true, count: 0) }
    let width = values.count / rows
    return Validity((0..<rows).lazy.map { !values[$0 * width].isNaN })
}

/// What opening any model takes behind its folder.
let modelOpeningParameters: [BuiltinParameter] = [
    P(
        "adapter", "str, lora or dict", .named("None"),
        "a PEFT LoRA folder, lora(...) or average_adapters(...); or several by name, of which each call chooses one"
    ),
    P(
        "devices", "int, list of int or str", .named("all there are"),
        "how many graphics cards share the rows, or without cards how many workers of the processor; [1] takes the card of this number, \"cpu\" leaves the cards aside"
    ),
    P("tokenizer", "str", .named("the model's own"), "a folder or tokenizer.json to use instead"),
    P(
        "state_dict", "str", .named("None"),
        "a file of weights to use in place of the folder's: .safetensors, .bin, .pt, .pth, .npz or .npy"
    ),
    P("prefix", "str", .named("\"\""), "what its names begin with, left out"),
    P(
        "weights", "str", .named("\"stored\""),
        "bf16 rounds rows and weights to bf16 as they are multiplied: twice as fast on processors with instructions for it; int8 multiplies rows and weights in 8 bits: faster still, a little less exact; int8_rows has one scale a row in place of one for 32 inputs: a tenth to a third faster than int8, with two to four times its divergence; nf4 makes bitsandbytes' 4-bit codes of what is stored wider, nf4_double puts their scales in 8 bits too"
    ),
    P(
        "split", "str", .named("\"auto\""),
        "how a decoder lies on several graphics cards: \"rows\" all of it on each, \"layers\" some layers on each, \"auto\" layers where no card has room for all and that is faster"
    ),
    P(
        "merge", "bool", .named("False"),
        "add the adapter to the weights at load, in their own format; says what that loses"),
]

/// The arguments that `modelOpeningParameters` describe.
struct ModelOpeningArguments {
    let path: String
    /// The names of several adapters; empty for one alone.
    let adapterNames: [String]
    let devices: DeviceChoice
    let tokenizer: TokenizerValue?
    var options = OpeningOptions()

    private static func devices(
        _ a: Arguments, _ i: Int, _ split: SplitChoice
    ) throws(Raised) -> DeviceChoice {
        if a.has(i), let name = a[i].asString {
            guard name == "cpu" else {
                throw Raised(
                    .value,
                    "devices= is a number, a list of cards' numbers or \"cpu\", not '\(name)'",
                    help: "devices=2 takes the two best devices of this machine")
            }
            return DeviceChoice()
        }
        if a.has(i), a[i].isList {
            let numbers = try a.ints(i)
            guard !numbers.isEmpty else {
                throw Raised(.value, "devices= names no card", help: "devices=[0] takes the first")
            }
            return try raising { () throws(ModelError) in
                try DeviceChoice(numbers: numbers, split: split)
            }
        }
        let wanted = a.has(i) ? try a.int(i) : nil
        if let wanted, wanted < 1 || wanted > 64 {
            throw Raised(
                .value, "devices= is 1 to 64, not \(wanted)",
                help: "this machine has \(processorCount()) processors")
        }
        return try raising { () throws(ModelError) in try DeviceChoice(best: wanted, split: split) }
    }

    /// - Parameters:
    ///   - adapter: the index of the adapter.
    ///   - first: the index of the one behind it.
    init(_ a: Arguments, adapter at: Int = 1, from first: Int = 2) throws(Raised) {
        path = try a.string(0)
        (adapterNames, options.adapters) = try adapterArgument(a, at)
        let split = try a.optionalString(first + 5) ?? "auto"
        guard let choice = SplitChoice(rawValue: split) else {
            throw Raised(
                .value, "split is \"auto\", \"rows\" or \"layers\", not '\(split)'")
        }
        devices = try Self.devices(a, first, choice)
        let own = hasTokenizer(path) ? path : nil
        if let from = try a.optionalString(first + 1) ?? own {
            tokenizer = TokenizerValue(
                try raising { () throws(TokenizerError) in try Tokenizer(path: from) })
        } else {
            tokenizer = nil
        }
        let weights = try a.optionalString(first + 4) ?? "stored"
        guard let known = WeightPrecision(rawValue: weights) else {
            let names = WeightPrecision.allCases.map { "\"\($0.rawValue)\"" }
            throw Raised(
                .value, "weights is \(names.joined(separator: " or ")), not '\(weights)'")
        }
        options.precision = known
        let prefix = try a.optionalString(first + 3) ?? ""
        if let file = try a.optionalString(first + 2) {
            options.source = try raising { () throws(ModelError) in
                try Checkpoint(file: file, prefix: prefix)
            }
        } else if !prefix.isEmpty {
            throw Raised(.value, "prefix= is for state_dict=")
        }
        options.merges = try a.bool(first + 6, or: false)
        if options.merges, options.adapters.isEmpty {
            throw Raised(.value, "merge= is for adapter=")
        }
    }
}
