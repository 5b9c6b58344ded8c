// What the readers and writers of tables have in common: their arguments.

import ArenaCore
import ArenaFrame
import ArenaLanguage

extension Arguments {
    /// A path, or several in a list.
    func paths(_ i: Int) throws(Raised) -> [String] {
        if self[i].asString != nil { return [try string(i)] }
        let paths = try strings(i, builtin.name, builtin.parameters[i].name)
        guard !paths.isEmpty else {
            throw Raised(
                .value, "\(builtin.name)() was given no files",
                help: "\(builtin.name)(glob(\"data/*\"))")
        }
        return paths
    }

    /// The key, by either of its names.
    func key(_ key: Int, or other: Int) throws(Raised) -> String? {
        if has(key), has(other) {
            throw Raised(
                .type, "\(builtin.name)(): index_col= is another name for key=; give one of them")
        }
        return has(key) ? try optionalString(key) : try optionalString(other)
    }

    /// `dtype=`: names of types by columns.
    func columnTypes(_ i: Int) throws(Raised) -> [String: ColumnType] {
        guard has(i) else { return [:] }
        guard let items = self[i].dictItems else {
            throw Raised(
                .type, "\(builtin.name)(): dtype= is a dict, not a \(self[i].typeName)",
                help: "dtype={\"zip\": \"string\"}")
        }
        var types: [String: ColumnType] = [:]
        for (name, type) in items {
            guard let name = name.asString else {
                throw Raised(
                    .type, "\(builtin.name)(): dtype= has column names, not \(name.typeWithArticle)"
                )
            }
            types[name] = try columnType(type)
        }
        return types
    }

    /// A count, as of rows.
    func limit(_ i: Int) throws(Raised) -> Int { has(i) ? max(0, try int(i)) : .max }

    /// `digits=`: digits behind the point.
    func digits(_ i: Int) throws(Raised) -> Int? {
        guard has(i) else { return nil }
        let digits = try int(i)
        guard (0...20).contains(digits) else {
            throw Raised(.value, "\(builtin.name)(): digits= is 0 to 20, not \(digits)")
        }
        return digits
    }

    /// A list of texts.
    func strings(
        _ i: Int, _ function: String, _ name: String
    ) throws(Raised) -> [String] {
        let list = try iterable(i)
        defer { list.release() }
        var texts: [String] = []
        for item in list.items ?? .init(start: nil, count: 0) {
            guard let text = item.asString else {
                throw Raised(
                    .type, "\(function)(): \(name) is a list of str; a \(item.typeName) is in it")
            }
            texts.append(text)
        }
        return texts
    }
}
