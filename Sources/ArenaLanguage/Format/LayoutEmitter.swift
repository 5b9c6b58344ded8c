// Writes laid-out lines: the first layout that fits, and comments where they stood.

import ArenaCore

struct LayoutEmitter {
    static let width = 100
    private var lines: [String] = []
    private var current = ""
    private var used = 0
    /// Comments for the end of the line being written.
    private var pending: [String] = []

    func text() -> [UInt8] {
        var out: [UInt8] = []
        for line in lines {
            out += line.utf8
            out.append(10)
        }
        return out
    }

    mutating func blankLines(_ count: Int, atTop: Bool) {
        guard !lines.isEmpty else { return }
        for _ in 0..<min(count, atTop ? 2 : 1) { lines.append("") }
    }

    mutating func line(_ parts: [String], depth: Int) {
        begin(depth * 4)
        for part in parts { put(part) }
        finish()
    }

    /// One statement; `blockColon` is the colon behind which a block stands on the same line.
    mutating func statement(_ tokens: [FormatToken], blockColon: Int?, depth: Int) {
        guard let blockColon else { return simple(tokens, depth: depth) }
        let nodes = layoutNodes(tokens)
        if !isForced(nodes, toEnd: true), depth * 4 + columns(flat(nodes)) <= Self.width,
            !flat(nodes).utf8.contains(10)
        {
            return simple(tokens, depth: depth)
        }
        simple(Array(tokens[...blockColon]), depth: depth)
        for part in splitStatements(Array(tokens[(blockColon + 1)...])) {
            simple(part, depth: depth + 1)
        }
    }

    private mutating func simple(_ tokens: [FormatToken], depth: Int) {
        var tokens = tokens
        guard !tokens.isEmpty else { return }
        if tokens.count > 1, tokens[tokens.count - 1].isOp(.semicolon) {
            let last = tokens.removeLast()
            tokens[tokens.count - 1].trailing += last.trailing
        }
        tokens[0].isSpaced = false
        let indent = depth * 4
        let nodes = layoutNodes(tokens)
        begin(indent)
        let fits = !isForced(nodes) && indent + columns(flat(nodes)) <= Self.width
        let joined = tokens.contains { $0.isJoined }
        if joined, !fits {
            var part: [FormatToken] = []
            for token in tokens {
                if token.isJoined, !part.isEmpty {
                    sequence(layoutNodes(part), indent: indent, tail: 2)
                    put(" \\")
                    finish()
                    begin(indent + 4)
                    part = []
                }
                part.append(token)
                if part.count == 1 { part[0].isSpaced = false }
            }
            sequence(layoutNodes(part), indent: indent + 4, tail: 0)
        } else {
            sequence(nodes, indent: indent, tail: 0)
        }
        if let last = nodes.last { pending += last.last.trailing }
        finish()
    }

    // MARK: - Sequences and brackets

    private func flat(_ nodes: [LayoutNode]) -> String {
        var text = ""
        for node in nodes { text += node.flat }
        return text
    }

    /// Whether a comment or an open bracket keeps these from standing on one line. Comments before
    /// the first and behind the last are others' business.
    private func isForced(_ nodes: [LayoutNode], toEnd: Bool = false) -> Bool {
        for (i, node) in nodes.enumerated() {
            if case .group(let group) = node, group.isForced { return true }
            if i > 0, !node.first.comments.isEmpty { return true }
            if i + 1 < nodes.count, !node.last.trailing.isEmpty { return true }
        }
        return false
    }

    /// Nodes from the current column on; `tail` columns are kept free for what comes behind.
    private mutating func sequence(_ nodes: [LayoutNode], indent: Int, tail: Int) {
        let text = flat(nodes)
        if !isForced(nodes), used + columns(text) + tail <= Self.width { return put(text) }
        let open = opened(nodes, indent: indent, tail: tail)
        for (i, node) in nodes.enumerated() {
            if i > 0 {
                let (before, trailing) = (node.first.comments, nodes[i - 1].last.trailing)
                if !before.isEmpty || !trailing.isEmpty {
                    pending += trailing
                    finish()
                    for comment in before { line([comment], depth: indent / 4) }
                    begin(indent)
                }
            }
            if case .group(let group) = node, open.contains(i) {
                self.group(group, indent: indent)
            } else {
                put(atLineStart ? String(node.flat.drop { $0 == " " }) : node.flat)
            }
        }
    }

    /// Which brackets of a sequence to open: those that must be, and as few more as make it fit.
    private func opened(_ nodes: [LayoutNode], indent: Int, tail: Int) -> Set<Int> {
        var open: Set<Int> = []
        var candidates: Set<Int> = []
        for (i, node) in nodes.enumerated() {
            guard case .group(let group) = node else { continue }
            if group.isForced {
                open.insert(i)
            } else if !group.items.isEmpty {
                candidates.insert(i)
            }
        }
        // Choosing looks at all nodes again for each bracket: of very many, all are opened.
        if candidates.count > 500 { return open.union(candidates) }
        let isDefinition = nodes.first.map { $0.first.isKeyword(.def) } ?? false
        search: while !candidates.isEmpty {
            var column = used
            // The candidates of the line so far, with the column behind their opening bracket.
            var here: [(index: Int, column: Int, width: Int)] = []
            func choice(_ overflow: Bool) -> Int? {
                guard overflow, !here.isEmpty else { return nil }
                if isDefinition { return here[0].index }
                let fitting = here.filter { $0.column <= Self.width }
                return (fitting.last { $0.width >= 12 } ?? fitting.last ?? here[0]).index
            }
            for (i, node) in nodes.enumerated() {
                if case .group(let group) = node {
                    if open.contains(i) {
                        if let pick = choice(column + 1 > Self.width) {
                            open.insert(pick)
                            candidates.remove(pick)
                            continue search
                        }
                        here = []
                        column = indent + 1
                        continue
                    }
                    if candidates.contains(i) {
                        here.append(
                            (i, column + (group.open.isSpaced ? 2 : 1), group.contentWidth))
                    }
                }
                column += columns(node.flat)
            }
            guard let pick = choice(column + tail > Self.width) else { break }
            open.insert(pick)
            candidates.remove(pick)
        }
        return open
    }

    /// A bracket with one item a line.
    private mutating func group(_ group: LayoutGroup, indent: Int) {
        put(group.open.isSpaced && !atLineStart ? " " + group.open.text : group.open.text)
        pending += group.open.trailing
        let inner = indent + 4
        for (i, item) in group.items.enumerated() {
            guard let first = item.first, let last = item.last else { continue }
            finish()
            for comment in first.first.comments { line([comment], depth: inner / 4) }
            begin(inner)
            let hasComma = i < group.commas.count || group.mayTrail
            inside(item, indent: inner, tail: hasComma ? 1 : 0)
            if hasComma { put(",") }
            pending += last.last.trailing
            if i < group.commas.count {
                pending += group.commas[i].comments + group.commas[i].trailing
            }
        }
        finish()
        for comment in group.close.comments { line([comment], depth: inner / 4) }
        begin(indent)
        put(group.close.text)
    }

    /// An item in brackets, where a line may end anywhere: at the weakest operators first.
    private mutating func inside(_ nodes: [LayoutNode], indent: Int, tail: Int) {
        let width = columns(flat(nodes))
        guard used + width + tail > Self.width || isForced(nodes) else {
            return put(String(flat(nodes).drop { $0 == " " }))
        }
        let pieces = used + width + tail > Self.width ? split(nodes) : [nodes]
        guard pieces.count > 1 else {
            return sequence(nodes, indent: indent, tail: tail)
        }
        for (i, piece) in pieces.enumerated() {
            if i > 0 {
                pending += pieces[i - 1].last?.last.trailing ?? []
                finish()
                for comment in piece.first?.first.comments ?? [] {
                    line([comment], depth: indent / 4)
                }
                begin(indent)
            }
            inside(piece, indent: indent, tail: i + 1 == pieces.count ? tail : 0)
        }
    }

    private func split(_ nodes: [LayoutNode]) -> [[LayoutNode]] {
        var priorities: [Int] = []
        var (inComprehension, inTarget, inLambda) = (false, false, false)
        for i in nodes.indices {
            let token = nodes[i].first
            priorities.append(
                inLambda
                    ? 0
                    : delimiterPriority(
                        nodes, i, inComprehension: inComprehension, inTarget: inTarget))
            guard case .token = nodes[i] else { continue }
            if token.isKeyword(.lambda) { inLambda = true }
            if token.isKeyword(.for) { (inComprehension, inTarget) = (true, true) }
            if token.isKeyword(.in) { inTarget = false }
        }
        guard let top = priorities.max(), top > 0 else { return [nodes] }
        var pieces: [[LayoutNode]] = [[]]
        for (i, node) in nodes.enumerated() {
            if priorities[i] == top { pieces.append([]) }
            pieces[pieces.count - 1].append(node)
        }
        return pieces
    }

    // MARK: - The line being written

    private var atLineStart: Bool { current.utf8.allSatisfy { $0 == 32 } }

    private mutating func begin(_ indent: Int) {
        current = String(repeating: " ", count: indent)
        used = indent
    }

    private mutating func put(_ text: String) {
        let text = atLineStart ? String(text.drop { $0 == " " }) : text
        current += text
        if let newline = text.utf8.lastIndex(of: 10) {
            used = columns(String(text[text.index(after: newline)...]))
        } else {
            used += columns(text)
        }
    }

    /// Ends the line; of several comments the later ones get lines of their own.
    private mutating func finish() {
        if let first = pending.first { current += "  " + first }
        lines.append(current)
        let indent = current.prefix { $0 == " " }
        for comment in pending.dropFirst() { lines.append(indent + comment) }
        pending = []
        current = ""
        used = 0
    }
}
