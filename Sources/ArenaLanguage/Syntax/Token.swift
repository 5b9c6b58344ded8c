// The words of the language.

/// One token with its place.
struct Token: Sendable {
    var kind: TokenKind
    var range: TextRange
}

enum TokenKind: Sendable, Equatable {
    case name(String)
    case keyword(Keyword)
    case integer(Int)
    /// One that 64 bits do not hold.
    case largeInteger(BigInteger)
    case float(Double)
    /// A string's value, escapes decoded.
    case string([UInt8])
    case bytes([UInt8])
    case fstring([FStringPiece])
    case op(Operator)
    case newline, indent, dedent, end
}

/// A piece of an f-string: text, or the source range of a replacement field.
enum FStringPiece: Sendable, Equatable {
    case text([UInt8])
    case field(FStringField)
}

/// `{expression!conversion:spec}`; a spec may itself hold fields.
struct FStringField: Sendable, Equatable {
    var expression: TextRange
    var conversion: UInt8?
    var spec: [FStringPiece]
    /// The expression's own text for `{x=}`, with the equals sign.
    var selfDocumenting: [UInt8]?
}

enum Keyword: String, Sendable, CaseIterable {
    case and, or, not, `in`, `is`, `if`, `elif`, `else`, `for`, `while`, `break`, `continue`
    case def, lambda, `return`, pass, del, global, nonlocal, assert
    case `try`, except, finally, raise, with, `import`, from
    case yes = "True", no = "False", none = "None"
    // Python's words that have no meaning here; each gets a message of its own.
    case `class`, async, await, yield

    static let table: [String: Keyword] = Dictionary(
        uniqueKeysWithValues: allCases.map { ($0.rawValue, $0) })

    /// Whether a word of this length that starts with this byte may be a keyword; most are not.
    @inline(__always)
    static func maybe(_ first: UInt8, _ count: Int) -> Bool {
        count >= 2 && count <= 8 && (first >= 97 || first == 70 || first == 78 || first == 84)
    }
}

enum Operator: String, Sendable {
    case plus = "+", minus = "-", star = "*", doubleStar = "**", slash = "/", doubleSlash = "//"
    case percent = "%", ampersand = "&", pipe = "|", caret = "^", tilde = "~"
    case shiftLeft = "<<", shiftRight = ">>", at = "@"
    case less = "<", lessEqual = "<=", greater = ">", greaterEqual = ">="
    case equal = "==", notEqual = "!="
    case assign = "=", plusAssign = "+=", minusAssign = "-=", starAssign = "*=", slashAssign = "/="
    case doubleSlashAssign = "//=", percentAssign = "%=", ampersandAssign = "&=", pipeAssign = "|="
    case caretAssign = "^=", shiftLeftAssign = "<<=", shiftRightAssign = ">>=", doubleStarAssign =
        "**="
    case leftParenthesis = "(", rightParenthesis = ")", leftBracket = "[", rightBracket = "]"
    case leftBrace = "{", rightBrace = "}"
    case comma = ",", colon = ":", semicolon = ";", dot = ".", arrow = "->", walrus = ":="

    /// The operator of a byte that begins no longer one.
    @inline(__always)
    static func alone(_ byte: UInt8) -> Operator? {
        switch byte {
        case UInt8(ascii: "("): return .leftParenthesis
        case UInt8(ascii: ")"): return .rightParenthesis
        case UInt8(ascii: "["): return .leftBracket
        case UInt8(ascii: "]"): return .rightBracket
        case UInt8(ascii: "{"): return .leftBrace
        case UInt8(ascii: "}"): return .rightBrace
        case UInt8(ascii: ","): return .comma
        case UInt8(ascii: "."): return .dot
        case UInt8(ascii: ";"): return .semicolon
        case UInt8(ascii: "~"): return .tilde
        default: return nil
        }
    }

    /// The longest first, for the scanner.
    static let byLength: [[(bytes: [UInt8], op: Operator)]] = {
        let all: [Operator] = [
            .doubleSlashAssign, .shiftLeftAssign, .shiftRightAssign, .doubleStarAssign,
            .doubleStar, .doubleSlash, .shiftLeft, .shiftRight, .lessEqual, .greaterEqual, .equal,
            .notEqual, .plusAssign, .minusAssign, .starAssign, .slashAssign, .percentAssign,
            .ampersandAssign, .pipeAssign, .caretAssign, .arrow, .walrus,
            .plus, .minus, .star, .slash, .percent, .ampersand, .pipe, .caret, .tilde, .at, .less,
            .greater, .assign, .leftParenthesis, .rightParenthesis, .leftBracket, .rightBracket,
            .leftBrace, .rightBrace, .comma, .colon, .semicolon, .dot,
        ]
        var table = [[(bytes: [UInt8], op: Operator)]](repeating: [], count: 128)
        for op in all {
            let bytes = Array(op.rawValue.utf8)
            table[Int(bytes[0])].append((bytes, op))
        }
        return table
    }()
}
