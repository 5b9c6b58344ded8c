// Breaking a statement into lines: brackets opened where a line is too long, and where a comment or
// a trailing comma asks for it.

/// A token, or a bracket with what is in it.
enum LayoutNode {
    case token(FormatToken)
    case group(LayoutGroup)

    var first: FormatToken {
        switch self {
        case .token(let t): return t
        case .group(let g): return g.open
        }
    }
    var last: FormatToken {
        switch self {
        case .token(let t): return t
        case .group(let g): return g.close
        }
    }
    var flat: String {
        switch self {
        case .token(let t): return (t.isSpaced ? " " : "") + t.text
        case .group(let g): return g.flat
        }
    }
}

/// A bracket: items and the commas behind them.
final class LayoutGroup {
    let open: FormatToken
    let close: FormatToken
    let items: [[LayoutNode]]
    let commas: [FormatToken]
    /// Whether a comma behind the last item changes nothing.
    let mayTrail: Bool
    /// Whether it must stand open: a comment is inside, or a trailing comma asks for it.
    let isForced: Bool
    /// The group on one line, with the space in front of it.
    let flat: String

    init(
        open: FormatToken, close: FormatToken, items: [[LayoutNode]], commas: [FormatToken],
        isCallOrDisplay: Bool, isSubscript: Bool
    ) {
        self.open = open
        self.close = close
        self.items = items
        self.commas = commas
        let isComprehension = items.contains { item in
            item.contains { if case .token(let t) = $0 { t.isKeyword(.for) } else { false } }
        }
        mayTrail = !isSubscript && !isComprehension && (isCallOrDisplay || commas.count > 0)
        let trails = !items.isEmpty && commas.count == items.count
        let isMagic = trails && mayTrail && (isCallOrDisplay || items.count > 1)
        var forced = isMagic || !open.trailing.isEmpty || !close.comments.isEmpty
        for comma in commas where !comma.trailing.isEmpty || !comma.comments.isEmpty {
            forced = true
        }
        var text = (open.isSpaced ? " " : "") + open.text
        for (i, item) in items.enumerated() {
            for node in item {
                if !node.first.comments.isEmpty || !node.last.trailing.isEmpty { forced = true }
                if case .group(let inner) = node, inner.isForced { forced = true }
                text += node.flat
            }
            if i < commas.count { text += "," }
        }
        isForced = forced
        flat = text + close.text
    }

    /// How wide the content is on one line.
    var contentWidth: Int { columns(flat) - (open.isSpaced ? 3 : 2) }
}

/// A line's tokens as nodes.
func layoutNodes(_ tokens: [FormatToken]) -> [LayoutNode] {
    var at = 0
    return layoutItems(tokens, &at, opener: nil).items.first ?? []
}

private func layoutItems(
    _ tokens: [FormatToken], _ at: inout Int, opener: Int?
) -> (items: [[LayoutNode]], commas: [FormatToken]) {
    var items: [[LayoutNode]] = []
    var commas: [FormatToken] = []
    var item: [LayoutNode] = []
    var lambdas = 0
    var inTarget = false
    while at < tokens.count, !tokens[at].isCloser {
        let token = tokens[at]
        if token.isOpener {
            let open = at
            at += 1
            let inner = layoutItems(tokens, &at, opener: open)
            guard at < tokens.count else { break }
            let follows = open > 0 && endsOperand(tokens[open - 1].kind)
            let isParenthesis = token.isOp(.leftParenthesis)
            item.append(
                .group(
                    LayoutGroup(
                        open: token, close: tokens[at], items: inner.items, commas: inner.commas,
                        isCallOrDisplay: isParenthesis ? follows : !follows,
                        isSubscript: token.isOp(.leftBracket) && follows)))
            at += 1
            continue
        }
        // The commas of `lambda a, b:` and of `for a, b in` part no items.
        if token.isKeyword(.lambda) { lambdas += 1 }
        if token.isOp(.colon), lambdas > 0 { lambdas -= 1 }
        if token.isKeyword(.for) { inTarget = true }
        if token.isKeyword(.in) { inTarget = false }
        if opener != nil, token.isOp(.comma), lambdas == 0, !inTarget {
            items.append(item)
            commas.append(token)
            item = []
        } else {
            item.append(.token(token))
        }
        at += 1
    }
    if !item.isEmpty { items.append(item) }
    return (items, commas)
}

/// Terminal columns of text. A string over several lines cannot be helped in its middle, so then
/// it is the wider of the first line and the last.
func columns(_ text: String) -> Int {
    if let first = text.utf8.firstIndex(of: 10), let last = text.utf8.lastIndex(of: 10) {
        return max(
            columns(String(text[..<first])), columns(String(text[text.index(after: last)...])))
    }
    if text.utf8.allSatisfy({ $0 >= 32 && $0 < 127 }) { return text.utf8.count }
    return displayWidth(Array(text.utf8)[...])
}

/// Where a piece of an item in brackets may begin a new line; the highest is taken first.
func delimiterPriority(_ nodes: [LayoutNode], _ i: Int, inComprehension: Bool, inTarget: Bool)
    -> Int
{
    guard i > 0, case .token(let token) = nodes[i] else { return 0 }
    switch token.kind {
    case .keyword(.for): return 20
    case .keyword(.if): return inComprehension ? 20 : 16
    case .keyword(.else): return 16
    case .keyword(.and), .keyword(.or): return 14
    case .keyword(.in):
        if inTarget { return 0 }
        if case .token(let before) = nodes[i - 1], before.isKeyword(.not) { return 0 }
        return 10
    case .keyword(.is): return 10
    case .keyword(.not):
        guard i + 1 < nodes.count, case .token(let next) = nodes[i + 1] else { return 0 }
        return next.isKeyword(.in) ? 10 : 0
    case .string, .fstring, .bytes:
        switch nodes[i - 1].last.kind {
        case .string, .fstring, .bytes: return 12
        default: return 0
        }
    case .op(let op):
        guard endsOperand(nodes[i - 1].last.kind) else { return 0 }
        switch op {
        case .less, .lessEqual, .greater, .greaterEqual, .equal, .notEqual: return 10
        case .pipe: return 8
        case .caret: return 7
        case .ampersand: return 6
        case .shiftLeft, .shiftRight: return 5
        case .plus, .minus: return 4
        case .star, .slash, .doubleSlash, .percent, .at: return 3
        default: return 0
        }
    default: return 0
    }
}
