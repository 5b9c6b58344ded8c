// Adapters as scripts name them: a PEFT folder by its path, or a state dict with the settings it lacks.

import ArenaCore
import ArenaLanguage
import ArenaModels

private typealias P = BuiltinParameter

/// A LoRA state dict with its settings.
final class LoraValue: HostObject {
    let adapter: Adapter

    init(_ adapter: Adapter) { self.adapter = adapter }

    static let hostType = HostType(
        "lora", summary: "Low-rank changes to a model, from a state dict.", methods: [])
    var type: HostType { Self.hostType }
    var representation: String { "<lora \(adapter.path)>" }
    func forWorker() -> (any HostObject)? { LoraValue(adapter) }
}

/// The adapter that an argument names, nil for None.
func adapterArgument(_ a: Arguments, _ i: Int) throws(Raised) -> Adapter? {
    guard a.has(i) else { return nil }
    if let lora = a[i].asHost as? LoraValue { return lora.adapter }
    let path = try a.string(i)
    return try raising { () throws(ModelError) in try Adapter(folder: path) }
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
            try raising { () throws(ModelError) in
                try Adapter(stateDict: path, prefix: prefix, configuration)
            }))
}
