// The words of the language.

/// One token with its place.
struct Token: Sendable {
    let kind: TokenKind
    let range: TextRange
    /// `kind` without what it holds: looking at it counts no references, and the parser looks often.
    let tag: TokenTag
    /// A name's number in the script's pool.
    let name: Int32

    init(kind: TokenKind, range: TextRange, name: Int32 = -1) {
        self.kind = kind
        self.range = range
        self.name = name
        tag = TokenTag(kind)
    }
}

enum TokenTag: Sendable, Equatable {
    case op(Operator)
    case keyword(Keyword)
    case name, number, string, bytes, fstring
    case newline, indent, dedent, end

    /// Whether an expression ends before such a token, whatever it is.
    @inline(__always) var endsExpression: Bool {
        switch self {
        case .newline: true
        case .op(let op):
            switch op {
            case .comma, .rightParenthesis, .rightBracket, .rightBrace, .colon, .assign: true
            default: false
            }
        default: false
        }
    }

    @inline(__always) init(_ kind: TokenKind) {
        switch kind {
        case .op(let op): self = .op(op)
        case .keyword(let word): self = .keyword(word)
        case .name: self = .name
        case .integer, .largeInteger, .float: self = .number
        case .string: self = .string
        case .bytes: self = .bytes
        case .fstring: self = .fstring
        case .newline: self = .newline
        case .indent: self = .indent
        case .dedent: self = .dedent
        case .end: self = .end
        }
    }
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

    /// A word as one number, eight bytes at most, and its keyword; zero for none. By `slot`, the next
    /// free one where two meet.
    private static let table: (words: [UInt64], keywords: [Keyword]) = {
        var words = [UInt64](repeating: 0, count: 128)
        var keywords = [Keyword](repeating: .and, count: 128)
        for keyword in allCases {
            let word = keyword.rawValue.utf8.reduce(0) { $0 << 8 | UInt64($1) }
            var at = slot(word)
            while words[at] != 0 { at = (at + 1) % 128 }
            words[at] = word
            keywords[at] = keyword
        }
        return (words, keywords)
    }()

    @inline(__always)
    private static func slot(_ word: UInt64) -> Int {
        Int(truncatingIfNeeded: (word &* 0x9E37_79B9_7F4A_7C15) >> 57)
    }

    /// The lengths of the keywords that begin with a byte, a bit each: most words need no look.
    private static let lengths: [UInt16] = {
        var lengths = [UInt16](repeating: 0, count: 128)
        for word in allCases {
            let bytes = Array(word.rawValue.utf8)
            lengths[Int(bytes[0])] |= 1 << UInt16(bytes.count)
        }
        return lengths
    }()

    /// The keyword that these bytes spell, if they do; they are ASCII.
    @inline(__always)
    static func of(_ bytes: [UInt8], _ from: Int, _ to: Int) -> Keyword? {
        guard to - from <= 8, bytes[from] >= 65, bytes[from] <= 122 else { return nil }
        return find(bytes, from, to)
    }

    private static func find(_ bytes: [UInt8], _ from: Int, _ to: Int) -> Keyword? {
        guard lengths[Int(bytes[from])] >> UInt16(to - from) & 1 == 1 else { return nil }
        var word: UInt64 = 0
        for i in from..<to { word = word << 8 | UInt64(bytes[i]) }
        var at = slot(word)
        while table.words[at] != 0 {
            if table.words[at] == word { return table.keywords[at] }
            at = (at + 1) % 128
        }
        return nil
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
