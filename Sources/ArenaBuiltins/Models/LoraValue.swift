// Adapters as scripts name them: a PEFT folder by its path, a state dict with the settings it lacks, an
// average of several, or several by name.

import ArenaCore
import ArenaLanguage
import ArenaModels

private typealias P = BuiltinParameter

/// A LoRA adapter, or an average of several.
final class LoraValue: HostObject {
    let mix: AdapterMix

    init(_ mix: AdapterMix) { self.mix = mix }

    static let hostType = HostType(
        "lora", summary: "Low-rank changes to a model.", methods: [])
    var type: HostType { Self.hostType }
    var representation: String { "<lora \(mix.path)>" }
    func forWorker() -> (any HostObject)? { LoraValue(mix) }
}

/// The adapters that an argument names, with their names if there are several.
func adapterArgument(_ a: Arguments, _ i: Int) throws(Raised) -> ([String], [AdapterMix]) {
    guard a.has(i) else { return ([], []) }
    guard let entries = a[i].dictItems else { return ([], [try adapterMix(a, a[i])]) }
    var names: [String] = []
    var mixes: [AdapterMix] = []
    for (key, value) in entries {
        guard let name = key.asString else {
            throw Raised(
                .type, "adapters have texts as names, not \(a.machine.representation(of: key))")
        }
        names.append(name)
        mixes.append(try adapterMix(a, value))
    }
    guard !names.isEmpty else { throw Raised(.value, "adapter={} names no adapter") }
    return (names, mixes)
}

/// The adapter that a value stands for: a folder's path or a `lora`.
private func adapterMix(_ a: Arguments, _ value: Value) throws(Raised) -> AdapterMix {
    if let lora = value.asHost as? LoraValue { return lora.mix }
    guard let path = value.asString else {
        throw Raised(
            .type,
            "an adapter is a folder or lora(...), not \(a.machine.representation(of: value))")
    }
    return AdapterMix(try raising { () throws(ModelError) in try Adapter(folder: path) })
}

let averageAdaptersFunction = Builtin(
    "average_adapters",
    [
        P("adapters", "list of str or lora", .required, "PEFT folders or lora(...)"),
        P("weights", "list of float", .named("equal"), "the share of each"),
    ],
    "One adapter whose changes to the model are the weighted sum of the others' changes, by default their mean.",
    examples: [
        Example(
            """
            a = average_adapters(["Resources/demo/adapter", "Resources/demo/adapter"], weights=[0.7, 0.3])
            print(type(a))
            """, prints: "lora\n")
    ]
) { a throws(Raised) in
    let list = try a.iterable(0)
    defer { list.release() }
    var mixes: [AdapterMix] = []
    for item in list.items ?? .init(start: nil, count: 0) {
        mixes.append(try adapterMix(a, item))
    }
    guard !mixes.isEmpty else {
        throw Raised(.value, "average_adapters() needs at least one adapter")
    }
    var shares = mixes.map { _ in 1 / Double(mixes.count) }
    if a.has(1) {
        let given = try a.iterable(1)
        defer { given.release() }
        shares = (given.items ?? .init(start: nil, count: 0)).compactMap(\.asDouble)
        guard shares.count == mixes.count, shares.allSatisfy(\.isFinite) else {
            throw Raised(.value, "weights= is a number for each of \(mixes.count) adapters")
        }
    }
    return .host(LoraValue(AdapterMix(averaging: mixes, shares: shares)))
}

let loraFunction = Builtin(
    "lora",
    [
        P("file", "str", .required, "a state dict: .safetensors, .bin, .pt or .pth"),
        P("r", "int", .required, "the rank it was trained with"),
        P("alpha", "float", .required, "what rank-normalized products are scaled with"),
        P(
            "targets", "list of str", .named("None"),
            "modules that must have a pair; None goes by the tensors"),
        P("use_rslora", "bool", .named("False"), "scale by alpha / sqrt(r), not alpha / r"),
        P("prefix", "str", .named("\"\""), "what its names begin with, left out"),
    ],
    "A LoRA adapter from a state dict, which has no settings of its own.",
    examples: [
        Example(
            """
            a = lora("Resources/demo/adapter/adapter_model.safetensors", r=8, alpha=16)
            print(type(a))
            """, prints: "lora\n")
    ]
) { a throws(Raised) in
    let (path, rank, alpha) = (try a.string(0), try a.int(1), try a.double(2))
    guard rank >= 1, rank <= 1 << 16, alpha.isFinite else {
        throw Raised(.value, "lora(): r is 1 to 65536 and alpha a number, not \(rank) and \(alpha)")
    }
    let targets = a.has(3) ? try a.strings(3) : nil
    let configuration = AdapterConfiguration(
        path: path, rank: rank, alpha: alpha, targets: targets,
        rankStabilized: try a.bool(4, or: false))
    let prefix = try a.optionalString(5) ?? ""
    return .host(
        LoraValue(
            AdapterMix(
                try raising { () throws(ModelError) in
                    try Adapter(stateDict: path, prefix: prefix, configuration)
                })))
}
