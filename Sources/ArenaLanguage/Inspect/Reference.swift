// Everything that can be called, in sections, from the tables themselves: what `arenascript doc`,
// `?name` and docs/builtins.md show.

import ArenaCore

/// A part of the reference: the functions, one type's methods, or one module's functions.
package struct ReferenceSection: Sendable {
    package enum Kind: Sendable { case functions, type, module }
    package let kind: Kind
    package let name: String
    package let summary: String
    /// Names that are no functions: a frame's `shape`, a module's constants.
    package let attributes: [String]
    package let members: [Builtin]

    /// The name a member goes by: `frame.head`, `read_csv`.
    package func fullName(_ member: Builtin) -> String {
        kind == .functions ? member.name : "\(name).\(member.name)"
    }
}

extension Interpreter {
    /// The reference of all tables; `types` are those of the host, since their values need not exist.
    package func reference(types: [HostType]) -> [ReferenceSection] {
        var functions: [Builtin] = []
        var modules: [ReferenceSection] = []
        for (name, index) in machine.builtinNames {
            let value = machine.builtinValues[index]
            if value.isKind(.builtin) {
                functions.append(machine.builtins[value.cast(BuiltinObject.self).pointee.index])
            } else if let host = value.asHost {
                modules.append(
                    ReferenceSection(
                        kind: .module, name: name, summary: host.type.summary,
                        attributes: host.attributeNames.sorted(), members: host.type.methods))
            }
        }
        func section(_ name: String, _ summary: String, _ members: [Builtin]) -> ReferenceSection {
            ReferenceSection(
                kind: .type, name: name, summary: summary, attributes: [], members: members)
        }
        let own = coreMethods.compactMap { _, methods -> ReferenceSection? in
            guard let type = methods.first?.parameters.first?.type else { return nil }
            return section(type, Self.typeSummaries[type] ?? "", methods)
        }
        return [
            ReferenceSection(
                kind: .functions, name: "functions", summary: "Functions that need no prefix.",
                attributes: [], members: functions.sorted { $0.name < $1.name })
        ] + modules.sorted { $0.name < $1.name }
            + own.sorted { $0.name < $1.name }
            + types.sorted { $0.name < $1.name }.map { section($0.name, $0.summary, $0.methods) }
    }

    private static let typeSummaries = [
        "str": "Text: a sequence of Unicode code points.", "list": "Items in order, changeable.",
        "tuple": "Items in order, fixed.", "dict": "Values by key, in order of insertion.",
        "set": "Distinct values.", "bytes": "A sequence of bytes.", "int": "A whole number.",
        "float": "A number of double precision.",
    ]
}

extension Builtin {
    /// Signature, summary, parameters and examples, for a terminal.
    package func helpText(prefix: String = "") -> String {
        var out = prefix + signature + "\n"
        if !summary.isEmpty { out += "  \(summary)\n" }
        let shown = parameters.filter { $0.name != "self" }
        if !shown.isEmpty {
            out += "\n"
            let names = shown.map(\.shownName)
            let width = names.map(\.count).max() ?? 0
            for (name, p) in zip(names, shown) {
                let pad = String(repeating: " ", count: width - name.count)
                out += "  \(name)\(pad)  \(p.description)\n"
            }
        }
        for example in examples {
            out += "\n"
            for line in example.code.split(separator: "\n", omittingEmptySubsequences: false) {
                out += "  >>> \(line)\n"
            }
            for line in example.output.split(separator: "\n") { out += "  \(line)\n" }
        }
        return out
    }
}

extension BuiltinParameter {
    /// `name`, `*name` or `**name`.
    package var shownName: String {
        switch form {
        case .rest: return "*" + name
        case .keywords: return "**" + name
        default: return name
        }
    }

    /// Type, default and purpose on one line.
    package var description: String {
        var text = type
        switch form {
        case .optional(let value): text += ", default \(value)"
        case .named(let value): text += value.isEmpty ? ", by name" : ", by name, default \(value)"
        default: break
        }
        return note.isEmpty ? text : "\(text): \(note)"
    }
}
