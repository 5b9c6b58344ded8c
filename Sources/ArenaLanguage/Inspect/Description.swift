// `?name` at the prompt: what a name is, in a screenful.

import ArenaCore

extension Interpreter {
    /// What is to be said about a name or a dotted path; nil if there is nothing of that name.
    package func describe(_ path: String, width: Int) -> String? {
        guard let (name, steps) = Self.path(path), let value = value(name, steps) else {
            return nil
        }
        defer { value.release() }
        if value.isKind(.function) { return describeFunction(value) }
        if let builtin = builtin(of: value), value.asHost == nil {
            let receiver = path.split(separator: ".").dropLast().joined(separator: ".")
            return builtin.helpText(prefix: receiver.isEmpty ? "" : receiver + ".")
        }
        return describeValue(path, value, width)
    }

    /// The nearest known name for one that is unknown, in words.
    package func suggestName(_ path: String) -> String {
        let parts = path.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        if parts.count > 1, let last = parts.last,
            let (name, steps) = Self.path(parts.dropLast().joined(separator: ".")),
            let value = value(name, steps)
        {
            defer { value.release() }
            return suggestion(for: last, among: members(of: value))
        }
        let known = definedNames + builtinNames
        return nearestName(to: path, in: known).map { "did you mean '\($0)'?" }
            ?? "%who lists your names, %help the commands"
    }

    /// `a.b["c"].d` in pieces; nil if it is anything else.
    static func path(_ text: String) -> (String, [Step])? {
        var lexer = Lexer(SourceFile(name: "", bytes: Array(text.utf8)))
        let tokens = lexer.scan().filter { $0.kind != .newline && $0.kind != .end }
        guard lexer.faults.isEmpty else { return nil }
        return path(tokens[...])
    }

    static func path(_ tokens: ArraySlice<Token>) -> (String, [Step])? {
        guard let first = tokens.first, case .name(let name) = first.kind else { return nil }
        var steps: [Step] = []
        var rest = tokens.dropFirst()
        while let token = rest.popFirst() {
            if token.kind == .op(.dot), case .name(let member)? = rest.popFirst()?.kind {
                steps.append(.member(member))
            } else if token.kind == .op(.leftBracket),
                case .string(let key)? = rest.popFirst()?.kind,
                rest.popFirst()?.kind == .op(.rightBracket)
            {
                steps.append(.item(String(decoding: key, as: UTF8.self)))
            } else {
                return nil
            }
        }
        return (name, steps)
    }

    private func describeFunction(_ function: Value) -> String {
        let code = code(of: function)
        var parts: [String] = []
        var starred = false
        for p in code.parameters {
            let standard = p.defaultValue.map { "=" + code.file.text($0.range) } ?? ""
            switch p.kind {
            case .ordinary: parts.append(p.name + standard)
            case .star:
                starred = true
                parts.append("*" + p.name)
            case .keywordOnly:
                if !starred { parts.append("*") }
                starred = true
                parts.append(p.name + standard)
            case .doubleStar: parts.append("**" + p.name)
            }
        }
        var out = "\(code.name)(\(parts.joined(separator: ", ")))\n"
        if let documentation = code.documentation {
            for line in Self.dedented(String(decoding: documentation, as: UTF8.self)) {
                out += line.isEmpty ? "\n" : "  \(line)\n"
            }
        }
        return out + "  defined in \(code.file.name)\n"
    }

    /// A docstring's lines without the indentation they share, and without empty ends.
    private static func dedented(_ text: String) -> [String] {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let common =
            lines.dropFirst().filter { !$0.allSatisfy { $0 == " " } }
            .map { $0.prefix { $0 == " " }.count }.min() ?? 0
        lines = lines.enumerated().map { i, line in
            i == 0 ? String(line.drop { $0 == " " }) : String(line.dropFirst(common))
        }
        while let last = lines.last, last.allSatisfy({ $0 == " " }) { lines.removeLast() }
        return lines
    }

    private func describeValue(_ path: String, _ value: Value, _ width: Int) -> String {
        var out = "\(path): \(value.typeName)"
        if let count = value.asHost?.count ?? value.items?.count ?? value.dictItems?.count {
            out += " of \(count)"
        } else if value.isKind(.string) {
            out += " of \(ArenaLanguage.scalarCount(value))"
        }
        out += "\n"
        if let summary = value.asHost?.type.summary { out += "  \(summary)\n" }
        // The text of a very long list would take long to make, only to be cut.
        if value.items?.count ?? value.dictItems?.count ?? 0 <= 10_000 {
            let text = machine.display(value, width: max(20, width - 2)) ?? "None"
            for line in elided(text, rows: 12, columns: max(20, width - 2)).split(separator: "\n") {
                out += "  \(line)\n"
            }
        }
        let members = members(of: value)
        if !members.isEmpty { out += "  members: \(members.joined(separator: ", "))\n" }
        return out
    }
}

/// Text cut to so many rows of a terminal, with what was left out said in its place.
package func elided(_ text: String, rows: Int, columns: Int) -> String {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    func height(_ line: Substring) -> Int { max(1, (line.utf8.count + columns - 1) / columns) }
    var total = 0
    for line in lines { total += height(line) }
    guard total > rows else { return text }
    guard lines.count > 2 else {
        // One endless line: its beginning and its end.
        let room = max(40, rows * columns)
        let (head, tail) = (text.prefix(room * 2 / 3), text.suffix(room / 4))
        let left = text.count - head.count - tail.count
        return left <= 0 ? text : "\(head) ... \(left) characters more ... \(tail)"
    }
    var head: [Substring] = []
    var tail: [Substring] = []
    var room = rows - 1
    for line in lines where room - height(line) >= rows / 3 {
        head.append(line)
        room -= height(line)
    }
    for line in lines.dropFirst(head.count).reversed() {
        guard room - height(line) >= 0 else { break }
        tail.append(line)
        room -= height(line)
    }
    let left = lines.count - head.count - tail.count
    return
        (head.map(String.init) + ["... \(left) lines more ..."] + tail.reversed().map(String.init))
        .joined(separator: "\n")
}
