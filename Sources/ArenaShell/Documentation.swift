// `arenascript doc` and docs/builtins.md: the reference, written from the tables of builtins.

import ArenaBuiltins
import ArenaCore
import ArenaLanguage
import Glibc

/// The reference of everything scripts can call.
package struct Documentation {
    private let sections: [ReferenceSection]

    package init() {
        sections = makeInterpreter(output: OutputSink(STDOUT_FILENO)).reference(
            types: allHostTypes)
    }

    /// A list of all names with their summaries.
    package func overview() -> String {
        var out = ""
        for section in sections where !section.members.isEmpty || !section.attributes.isEmpty {
            out += (out.isEmpty ? "" : "\n") + heading(section) + "\n"
            let width = section.members.map { $0.name.count }.max() ?? 0
            for member in section.members {
                let pad = String(repeating: " ", count: width - member.name.count)
                out += "  \(member.name)\(pad)  \(member.summary)\n"
            }
            if !section.attributes.isEmpty {
                out += "  " + section.attributes.joined(separator: ", ") + "\n"
            }
        }
        return out + "\nFor one of them: arenascript doc NAME, such as read_csv or frame.head\n"
    }

    /// What there is to say about a function, a method, a type or a module; nil if unknown.
    package func text(_ name: String) -> String? {
        let sections = sections.filter { $0.name == name && $0.kind != .functions }
        let members = found(name)
        if sections.isEmpty, members.isEmpty { return nil }
        var parts = members.map { section, member in
            member.helpText(prefix: section.kind == .functions ? "" : section.name + ".")
        }
        for section in sections {
            var out = heading(section) + "\n"
            for member in section.members { out += "  \(member.signature)  \(member.summary)\n" }
            if !section.attributes.isEmpty {
                out += "  " + section.attributes.joined(separator: ", ") + "\n"
            }
            parts.append(out)
        }
        return parts.joined(separator: "\n")
    }

    /// The whole reference, or one entry, as Markdown; nil if the name is unknown.
    package func markdown(_ name: String? = nil) -> String? {
        if let name {
            let members = found(name)
            if !members.isEmpty {
                return members.map { entry($0, $1) }.joined(separator: "\n")
            }
            let chosen = sections.filter { $0.name == name }
            return chosen.isEmpty ? nil : chosen.map(chapter).joined(separator: "\n")
        }
        return """
            # Builtins

            Everything a script can call, written by `arenascript doc --markdown` from the tables \
            of the runtime.

            """
                + sections.filter { !$0.members.isEmpty || !$0.attributes.isEmpty }
                .map { "\n" + chapter($0) }.joined()
    }

    /// All names that `text` knows, for suggestions.
    package var names: [String] {
        sections.flatMap { section in
            (section.kind == .functions ? [] : [section.name])
                + section.members.flatMap { [section.fullName($0), $0.name] }
        }
    }

    /// Members by `frame.head`, or by `head` alone.
    private func found(_ name: String) -> [(ReferenceSection, Builtin)] {
        sections.flatMap { section in
            section.members.filter { section.fullName($0) == name || $0.name == name }
                .map { (section, $0) }
        }
    }

    private func heading(_ section: ReferenceSection) -> String {
        switch section.kind {
        case .functions: return "Functions"
        case .type: return "\(section.name): \(section.summary)"
        case .module: return "\(section.name) (module): \(section.summary)"
        }
    }

    private func chapter(_ section: ReferenceSection) -> String {
        var out: String
        switch section.kind {
        case .functions: out = "## Functions\n"
        case .type: out = "## Type `\(section.name)`\n\n\(section.summary)\n"
        case .module: out = "## Module `\(section.name)`\n\n\(section.summary)\n"
        }
        if !section.attributes.isEmpty {
            let names = section.attributes.map { "`\(section.name).\($0)`" }
            out += "\nConstants: \(names.joined(separator: ", ")).\n"
        }
        for member in section.members { out += "\n" + entry(section, member) }
        return out
    }

    private func entry(_ section: ReferenceSection, _ member: Builtin) -> String {
        let prefix = section.kind == .functions ? "" : section.name + "."
        var out = "### `\(prefix)\(member.signature)`\n"
        if !member.summary.isEmpty { out += "\n\(member.summary)\n" }
        let parameters = member.parameters.filter { $0.name != "self" }
        if !parameters.isEmpty { out += "\n" }
        for p in parameters { out += "- `\(p.shownName)`: \(p.description)\n" }
        for example in member.examples {
            out += "\n```python\n\(example.code)\n"
            for line in example.output.split(separator: "\n") { out += "# \(line)\n" }
            out += "```\n"
        }
        return out
    }
}

extension Session {
    /// Prints the reference, or what it says of one name.
    package func document(_ name: String?, markdown: Bool) -> ExitStatus {
        let documentation = Documentation()
        guard let name else {
            return printText(
                markdown ? documentation.markdown() ?? "" : documentation.overview())
        }
        if let text = markdown ? documentation.markdown(name) : documentation.text(name) {
            return printText(text)
        }
        let near = nearestName(to: name, in: documentation.names)
        say(
            "error: there is nothing called '\(name)'\n  help: "
                + (near.map { "did you mean '\($0)'?" } ?? "arenascript doc lists all names"))
        return .usage
    }
}
