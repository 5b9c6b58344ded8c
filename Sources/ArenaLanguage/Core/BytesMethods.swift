// Methods of bytes: those they share with text, and decode, hex and the byte numbers.

import ArenaCore

private typealias P = BuiltinParameter

private let receiver = BuiltinParameter.receiver("bytes")

let bytesMethods: [Builtin] =
    searchMethods("bytes") + splitMethods("bytes") + [
        joinMethod("bytes"), replaceMethod("bytes"),
        Builtin(
            "decode",
            [
                receiver, P("encoding", "str", .optional("\"utf-8\"")),
                P("errors", "str", .optional("\"strict\"")),
            ],
            "The text that the bytes hold in UTF-8, ASCII or Latin-1.",
            examples: [Example("print(b\"\\xc3\\xa9\".decode())", prints: "é\n")]
        ) { a throws(Raised) in
            try decoded(
                a[0].utf8, a.has(1) ? try a.string(1) : "utf-8",
                a.has(2) ? try a.string(2) : "strict")
        },
        Builtin(
            "hex", [receiver], "The bytes as hexadecimal digits.",
            examples: [Example("print(b\"\\x01\\xff\".hex())", prints: "01ff\n")]
        ) { a throws(Raised) in
            let digits = Array("0123456789abcdef".utf8)
            return .string(a[0].utf8.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
        },
        Builtin(
            "elems", [receiver], "The bytes as a list of numbers.",
            examples: [Example("print(b\"ab\".elems())", prints: "[97, 98]\n")]
        ) { a throws(Raised) in .list(a[0].utf8.map { Value.int(Int($0)) }) },
        Builtin(
            "lower", [receiver], "With the ASCII letters in lower case.",
            examples: [Example("print(b\"AB\".lower())", prints: "b'ab'\n")]
        ) { a throws(Raised) in .bytes(a[0].utf8.map { $0 >= 65 && $0 <= 90 ? $0 + 32 : $0 }) },
        Builtin(
            "upper", [receiver], "With the ASCII letters in upper case.",
            examples: [Example("print(b\"ab\".upper())", prints: "b'AB'\n")]
        ) { a throws(Raised) in .bytes(a[0].utf8.map { $0 >= 97 && $0 <= 122 ? $0 - 32 : $0 }) },
    ]

/// Text from bytes in an encoding, owned.
func decoded(_ bytes: Bytes, _ encoding: String, _ errors: String) throws(Raised) -> Value {
    guard ["strict", "ignore", "replace"].contains(errors) else {
        throw Raised(
            .value, "'\(errors)' is not a way to treat errors",
            help: "it is \"strict\", \"ignore\" or \"replace\"")
    }
    var out: [UInt8] = []
    func bad(_ i: Int) throws(Raised) {
        switch errors {
        case "ignore": break
        case "replace": out += "\u{FFFD}".utf8
        default:
            throw Raised(
                .unicode, "byte \(i) (0x\(String(bytes[i], radix: 16))) is not \(encoding) text",
                help: "decode(errors=\"replace\") puts U+FFFD in its place")
        }
    }
    if let limit = try characterLimit(encoding) {
        for (i, c) in bytes.enumerated() {
            if UInt32(c) < limit { appendUTF8(UInt32(c), to: &out) } else { try bad(i) }
        }
        return .string(out)
    }
    var i = 0
    while i < bytes.count {
        let (n, valid) = sequenceLength(bytes, i)
        if valid { out += bytes[i..<i + n] } else { try bad(i) }
        i += n
    }
    return .string(out)
}

/// The length of the UTF-8 sequence at a place; if it is not well-formed, of the part that could
/// begin one (Unicode's and Python's unit of replacement).
private func sequenceLength(_ s: Bytes, _ i: Int) -> (Int, Bool) {
    let c = s[i]
    if c < 0x80 { return (1, true) }
    let n = c >= 0xC2 && c < 0xE0 ? 2 : c >= 0xE0 && c < 0xF0 ? 3 : c >= 0xF0 && c < 0xF5 ? 4 : 1
    if n == 1 { return (1, false) }
    for k in 1..<n {
        guard i + k < s.count else { return (k, false) }
        var (low, high): (UInt8, UInt8) = (0x80, 0xBF)
        if k == 1 {
            if c == 0xE0 { low = 0xA0 }
            if c == 0xED { high = 0x9F }
            if c == 0xF0 { low = 0x90 }
            if c == 0xF4 { high = 0x8F }
        }
        guard s[i + k] >= low, s[i + k] <= high else { return (k, false) }
    }
    return (n, true)
}
