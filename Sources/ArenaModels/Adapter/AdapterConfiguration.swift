// adapter_config.json of a PEFT LoRA adapter: which modules it changes, with which rank and scale. What
// would change numbers and is not applied here is refused by name.

import ArenaCore

/// The settings of a LoRA adapter.
package struct AdapterConfiguration: Sendable {
    /// Which modules get a low-rank pair.
    enum Targets: Sendable, Equatable {
        /// Modules whose name is, or ends in a dot and, one of these.
        case names([String])
        /// Every linear layer but the head.
        case allLinear
        /// A regular expression: the adapter's own tensors say what it matched.
        case pattern(String)
    }

    let path: String
    let targets: Targets
    let modulesToSave: [String]
    private let excluded: [String]
    private let layers: [Int]?
    private let layerPatterns: [String]
    private let rank: Int
    private let alpha: Double
    private let rankPattern: [(key: String, value: Double)]
    private let alphaPattern: [(key: String, value: Double)]
    private let rankStabilized: Bool

    /// All that changes numbers, in words; where the file lies does not.
    var summary: String {
        "r \(rank), alpha \(alpha), rslora \(rankStabilized), targets \(targets), "
            + "saved \(modulesToSave), excluded \(excluded), layers \(layers ?? []) \(layerPatterns), "
            + "patterns \(rankPattern) \(alphaPattern)"
    }

    /// - Throws: `ModelError` naming the file and the option that is wrong or not supported.
    init(folder: String) throws(ModelError) {
        path = joinPath(folder, "adapter_config.json")
        let reader = try ConfigReader(file: path)
        try Self.refuseUnsupported(reader)
        rank = try reader.int("r", default: 8, in: 1...1 << 16)
        alpha = try reader.number("lora_alpha", default: 8, positive: false)
        rankStabilized = try reader.bool("use_rslora", default: false)
        rankPattern = try reader.numbers("rank_pattern")
        alphaPattern = try reader.numbers("alpha_pattern")
        modulesToSave = try reader.optionalStrings("modules_to_save") ?? []
        excluded = try reader.optionalStrings("exclude_modules") ?? []
        layerPatterns = try Self.oneOrMany("layers_pattern", reader)
        if let value = reader.value("layers_to_transform") {
            let numbers = value.elements?.map(\.int) ?? [value.int]
            let known = numbers.compactMap { $0 }
            guard known.count == numbers.count else {
                throw reader.problem(
                    "layers_to_transform",
                    .expected("layer numbers", found: ConfigReader.text(value)))
            }
            layers = known.isEmpty ? nil : known
        } else {
            layers = nil
        }
        if reader.value("target_modules")?.kind == .string {
            let pattern = try reader.string("target_modules")
            targets = pattern == "all-linear" ? .allLinear : .pattern(pattern)
        } else {
            targets = .names(try reader.optionalStrings("target_modules") ?? [])
        }
        for (key, rank) in rankPattern where Int(exactly: rank).map({ $0 <= 1 << 16 }) != true {
            throw reader.problem(
                "rank_pattern." + key, .expected("a whole number", found: String(rank)))
        }
        for key in rankPattern.map(\.key) + alphaPattern.map(\.key) where !Self.isPlain(key) {
            throw .adapterOption(
                path: path, option: "rank_pattern or alpha_pattern", value: "'\(key)'")
        }
    }

    /// The settings of a state dict that has none of its own: what the training program was given.
    /// - Parameter targets: names of modules; nil to go by the tensors.
    package init(
        path: String, rank: Int, alpha: Double, targets: [String]?, rankStabilized: Bool = false
    ) {
        self.path = path
        self.rank = rank
        self.alpha = alpha
        self.rankStabilized = rankStabilized
        self.targets = targets.map { .names($0) } ?? .pattern("")
        (rankPattern, alphaPattern) = ([], [])
        (modulesToSave, excluded, layers, layerPatterns) = ([], [], nil, [])
    }

    private static func oneOrMany(_ key: String, _ reader: ConfigReader) throws(ModelError)
        -> [String]
    {
        guard let value = reader.value(key) else { return [] }
        if let text = value.string { return text.isEmpty ? [] : [text] }
        return try reader.optionalStrings(key) ?? []
    }

    private static func refuseUnsupported(_ reader: ConfigReader) throws(ModelError) {
        func refuse(_ key: String, unless harmless: (JSONValue) -> Bool) throws(ModelError) {
            guard let value = reader.value(key), !harmless(value) else { return }
            throw .adapterOption(path: reader.path, option: key, value: ConfigReader.text(value))
        }
        try refuse("peft_type") { $0.string == "LORA" }
        try refuse("task_type") {
            ["SEQ_CLS", "CAUSAL_LM", "FEATURE_EXTRACTION", "QUESTION_ANS"].contains($0.string)
        }
        try refuse("bias") { $0.string == "none" }
        for key in [
            "use_dora", "fan_in_fan_out", "lora_bias", "use_qalora", "use_bdlora",
            "ensure_weight_tying",
        ] { try refuse(key) { $0.bool == false } }
        for key in [
            "layer_replication", "megatron_config", "trainable_token_indices", "target_parameters",
            "alora_invocation_tokens", "arrow_config", "kasa_config", "velora_config",
            "monteclora_config",
        ] { try refuse(key) { $0.elements?.isEmpty == true || $0.members?.isEmpty == true } }
        // These change the base weights before training, so the pair alone means something else.
        try refuse("init_lora_weights") { value in
            guard let name = value.string else { return true }
            return ["gaussian", "eva", "orthogonal"].contains(name)
        }
        if let value = reader.value("exclude_modules"), value.kind == .string {
            throw .adapterOption(
                path: reader.path, option: "exclude_modules", value: ConfigReader.text(value))
        }
    }

    /// Whether a pattern is a plain name, so that matching it is comparing ends.
    private static func isPlain(_ key: String) -> Bool {
        !key.isEmpty
            && key.utf8.allSatisfy { c in
                switch c {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."):
                    return true
                default: return false
                }
            }
    }

    private static func isNamed(_ module: String, _ name: String) -> Bool {
        module == name || module.hasSuffix("." + name)
    }

    /// Whether the adapter replaces a module's weights altogether.
    func replaces(_ module: String) -> Bool { modulesToSave.contains { Self.isNamed(module, $0) } }

    /// Whether the module must have a low-rank pair; nil if only the tensors can tell.
    func targets(_ module: String, isHead: Bool) -> Bool? {
        if replaces(module) || excluded.contains(where: { Self.isNamed(module, $0) }) {
            return false
        }
        switch targets {
        case .pattern: return nil
        case .allLinear: return !isHead
        case .names(let names):
            return names.contains { Self.isNamed(module, $0) } && isInLayers(module)
        }
    }

    /// Whether the module's layer number, if layers are limited, is among them.
    private func isInLayers(_ module: String) -> Bool {
        guard let layers else { return true }
        let parts = module.split(separator: ".")
        for i in 1..<max(parts.count, 1) {
            guard let number = Int(parts[i]), i + 1 < parts.count else { continue }
            if layerPatterns.isEmpty || layerPatterns.contains(String(parts[i - 1])) {
                return layers.contains(number)
            }
        }
        return false
    }

    /// The rank a module's pair must have.
    func rank(of module: String) -> Int {
        rankPattern.first { Self.isNamed(module, $0.key) }.map { Int($0.value) } ?? rank
    }

    /// What the pair's product is multiplied with.
    func scale(of module: String) -> Float {
        let alpha = alphaPattern.first { Self.isNamed(module, $0.key) }?.value ?? alpha
        let rank = Double(rank(of: module))
        return Float(alpha / (rankStabilized ? rank.squareRoot() : rank))
    }
}
