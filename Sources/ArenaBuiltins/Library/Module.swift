// The modules of the library: names with functions and constants behind a dot, as `json.loads`.

import ArenaCore
import ArenaLanguage

/// A module: one host type, whose methods are the module's functions, and constants.
struct Module: Sendable {
    let name: String
    let type: HostType
    /// Makes the constants, owned by the caller.
    let constants: @Sendable () -> [(String, Value)]

    init(
        _ name: String, _ summary: String, _ functions: [Builtin],
        constants: @escaping @Sendable () -> [(String, Value)] = { [] }
    ) {
        self.name = name
        type = HostType("\(name) module", summary: summary, methods: functions)
        self.constants = constants
    }

    var named: NamedValue { NamedValue(name) { .host(Namespace(self)) } }
}

/// A module in a script.
final class Namespace: HostObject {
    let type: HostType
    private let name: String
    private let constants: [(name: String, value: Value)]

    init(_ module: Module) {
        type = module.type
        name = module.name
        constants = module.constants()
    }

    private init(copying other: Namespace) {
        type = other.type
        name = other.name
        constants = other.constants.map { ($0.name, $0.value.separateCopy() ?? .none) }
    }

    func forWorker() -> (any HostObject)? { Namespace(copying: self) }

    func addContent(to hash: inout SHA256) -> Bool {
        hash.add(name)
        return true
    }

    deinit { for c in constants { c.value.release() } }

    var attributeNames: [String] { constants.map(\.name) }

    func attribute(_ name: String) throws(Raised) -> Value? {
        constants.first { $0.name == name }?.value.retain()
    }

    var representation: String { "<module \(name)>" }
}

/// A function of a module; its arguments count from 1, since the module itself comes first.
func moduleFunction(
    _ name: String, _ parameters: [BuiltinParameter], _ summary: String, examples: [Example] = [],
    body: @escaping @Sendable (Arguments) throws(Raised) -> Value
) -> Builtin {
    Builtin(name, [.receiver("module")] + parameters, summary, examples: examples, body: body)
}

extension Arguments {
    func double(_ i: Int, or value: Double) throws(Raised) -> Double {
        has(i) ? try double(i) : value
    }
}
