// Names of members and methods as small integers.

/// Interned names.
package final class SymbolTable {
    private var ids: [String: Int] = [:]
    private(set) var names: [String] = []

    init() {}

    init(copying other: SymbolTable) {
        ids = other.ids
        names = other.names
    }

    func id(_ name: String) -> Int {
        if let id = ids[name] { return id }
        ids[name] = names.count
        names.append(name)
        return names.count - 1
    }
}
