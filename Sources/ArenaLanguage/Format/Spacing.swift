// Where a space stands between two tokens of a line.

/// What an operator does where it stands.
private enum Role {
    case none, binary
    /// No space behind it: a sign, the star of `*rest`.
    case prefix
    /// No space on either side: `name=value` in a call, `x**2`.
    case tight
    case colon, slice, wideSlice
}

private struct Level {
    enum Kind { case statement, call, index(wide: Bool), other }
    var kind: Kind
    /// Lambdas whose colon is still to come.
    var lambdas = 0
    var isAnnotated = false
}

/// Sets `isSpaced` of each token of one line.
func setSpaces(_ tokens: inout [FormatToken]) {
    var levels = [Level(kind: .statement)]
    var roles: [Role] = []
    for i in tokens.indices {
        let token = tokens[i]
        let role = role(tokens, i, &levels)
        if i > 0 { tokens[i].isSpaced = needsSpace(tokens[i - 1], roles[i - 1], token, role) }
        roles.append(role)
        if token.isOpener {
            levels.append(Level(kind: kind(tokens, i)))
        } else if token.isCloser, levels.count > 1 {
            levels.removeLast()
        } else if token.isOp(.comma) {
            levels[levels.count - 1].isAnnotated = false
        } else if token.isKeyword(.lambda) {
            levels[levels.count - 1].lambdas += 1
        }
    }
}

private func kind(_ tokens: [FormatToken], _ i: Int) -> Level.Kind {
    let follows = i > 0 && endsOperand(tokens[i - 1].kind)
    if tokens[i].isOp(.leftParenthesis), follows { return .call }
    if tokens[i].isOp(.leftBracket), follows { return .index(wide: isWide(tokens, i)) }
    return .other
}

/// Whether a subscript computes, so that its colons get room: `x[a + 1 : b]`.
private func isWide(_ tokens: [FormatToken], _ open: Int) -> Bool {
    var depth = 0
    for i in open..<tokens.count {
        let token = tokens[i]
        if token.isOpener {
            depth += 1
            if i > open { return true }
        }
        if token.isCloser {
            depth -= 1
            if depth == 0 { return false }
        }
        guard i > open + 1, endsOperand(tokens[i - 1].kind) else { continue }
        switch token.kind {
        case .keyword: return true
        case .op(let op) where op != .comma && op != .colon && op != .dot && !token.isCloser:
            return true
        default: break
        }
    }
    return false
}

private func role(_ tokens: [FormatToken], _ i: Int, _ levels: inout [Level]) -> Role {
    guard case .op(let op) = tokens[i].kind else { return .none }
    let follows = i > 0 && endsOperand(tokens[i - 1].kind)
    let top = levels.count - 1
    switch op {
    case .leftParenthesis, .rightParenthesis, .leftBracket, .rightBracket, .leftBrace, .rightBrace,
        .comma, .semicolon, .dot:
        return .none
    case .tilde: return .prefix
    case .plus, .minus, .star: return follows ? .binary : .prefix
    case .doubleStar:
        if !follows { return .prefix }
        return isPlainLeft(tokens, i - 1) && isPlainRight(tokens, i + 1) ? .tight : .binary
    case .at: return i == 0 ? .prefix : .binary
    case .colon:
        if levels[top].lambdas > 0 {
            levels[top].lambdas -= 1
            return .colon
        }
        if case .index(let wide) = levels[top].kind { return wide ? .wideSlice : .slice }
        levels[top].isAnnotated = true
        return .colon
    case .assign:
        if levels[top].lambdas > 0 { return .tight }
        if case .call = levels[top].kind { return levels[top].isAnnotated ? .binary : .tight }
        return .binary
    default: return .binary
    }
}

/// A number, or a name with its attributes, ends here.
private func isPlainLeft(_ tokens: [FormatToken], _ i: Int) -> Bool {
    switch tokens[i].kind {
    case .integer, .float: return true
    case .name:
        var at = i
        while at >= 2, tokens[at - 1].isOp(.dot) {
            guard case .name = tokens[at - 2].kind else { return false }
            at -= 2
        }
        return true
    default: return false
    }
}

private func isPlainRight(_ tokens: [FormatToken], _ i: Int) -> Bool {
    var at = i
    if at < tokens.count, tokens[at].isOp(.minus) { at += 1 }
    guard at < tokens.count else { return false }
    switch tokens[at].kind {
    case .integer, .float: return at + 1 >= tokens.count || !tokens[at + 1].isOpener
    case .name:
        while at + 2 < tokens.count, tokens[at + 1].isOp(.dot) { at += 2 }
        return at + 1 >= tokens.count || !tokens[at + 1].isOpener
    default: return false
    }
}

private func needsSpace(
    _ before: FormatToken, _ beforeRole: Role, _ token: FormatToken, _ role: Role
) -> Bool {
    if before.isOpener || token.isCloser || token.isOp(.comma) || token.isOp(.semicolon) {
        return false
    }
    if before.isOp(.comma) || before.isOp(.semicolon) { return true }
    if role == .slice || (beforeRole == .slice && role != .wideSlice) { return false }
    if role == .wideSlice { return beforeRole != .wideSlice }
    if beforeRole == .wideSlice { return true }
    if role == .colon { return false }
    if beforeRole == .colon { return true }
    if token.isOp(.dot) {
        // `1 .real` would be another number without the space.
        if case .integer = before.kind { return true }
        if case .keyword = before.kind { return !endsOperand(before.kind) }
        return beforeRole == .binary
    }
    if before.isOp(.dot) {
        if case .keyword = token.kind { return true }
        return false
    }
    if beforeRole == .prefix || beforeRole == .tight || role == .tight { return false }
    if beforeRole == .binary || role == .binary { return true }
    if token.isOp(.leftParenthesis) || token.isOp(.leftBracket) {
        // `load("file")` reads as a call, whether or not it is a word of the language.
        return !endsOperand(before.kind) && before.text != "load"
    }
    return true
}
