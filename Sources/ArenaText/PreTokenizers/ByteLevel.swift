// `ByteLevel`: GPT-2's alphabet of 256 printable characters, one a byte. Before a BPE model the mapping is
// never carried out: the vocabulary is read back to bytes once (`ByteAlphabet`), texts stay as they are.

struct ByteLevel: PreTokenizer {
    static let type = "ByteLevel"
    let addsSpace: Bool
    let usesPattern: Bool
    /// Whether texts are rewritten in the alphabet.
    private(set) var mapsText = false

    init(_ part: FilePart) throws(TokenizerError) {
        addsSpace = try part.flag("add_prefix_space", or: true)
        usesPattern = try part.flag("use_regex", or: true)
    }

    /// The same with texts rewritten in the alphabet.
    var carriedOut: ByteLevel {
        var copy = self
        copy.mapsText = true
        return copy
    }

    /// The same without anything but the pattern.
    var onlyPattern: ByteLevel { ByteLevel(addsSpace: false, usesPattern: true) }

    private init(addsSpace: Bool, usesPattern: Bool) {
        self.addsSpace = addsSpace
        self.usesPattern = usesPattern
    }

    var cuts: Bool { addsSpace || usesPattern || mapsText }

    var growth: Int { (addsSpace ? 2 : 1) * (mapsText ? 2 : 1) }

    func cut(_ pieces: inout Pieces) {
        if addsSpace {
            pieces.rewrite { piece, _, out in
                if piece[0] != UInt8(ascii: " ") { out.append(UInt8(ascii: " ")) }
                out.append(piece)
            }
        }
        if usesPattern { SplitPattern.gpt2.cut(&pieces) }
        guard mapsText else { return }
        pieces.rewrite { piece, _, out in
            for byte in piece { appendScalar(ByteAlphabet.shared.scalarOf[Int(byte)], to: &out) }
        }
    }
}

/// GPT-2's alphabet: which scalar stands for which byte.
struct ByteAlphabet: Sendable {
    /// The byte of each scalar below U+0144, or -1.
    private let byteOf: [Int16]
    /// The scalar of each byte.
    let scalars: Table<UInt32>
    var scalarOf: UnsafePointer<UInt32> { UnsafePointer(scalars.base) }

    static let shared = ByteAlphabet()

    private init() {
        scalars = Table<UInt32>(count: 256, repeating: 0)
        var bytes = [Int16](repeating: -1, count: 0x144)
        var next: UInt32 = 256
        for byte in 0..<256 {
            switch byte {
            case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: scalars.base[byte] = UInt32(byte)
            default:
                scalars.base[byte] = next
                next += 1
            }
            bytes[Int(scalars.base[byte])] = Int16(byte)
        }
        byteOf = bytes
    }

    /// Appends the bytes that a token's characters stand for; false, with `out` as it was, if one of
    /// them is not in the alphabet.
    func appendBytes(of token: Bytes, to out: inout Scratch<UInt8>) -> Bool {
        guard let p = token.baseAddress else { return true }
        let before = out.count
        var i = 0
        var length = 0
        while i < token.count {
            let code = Int(scalar(p, i, &length))
            guard code < byteOf.count, byteOf[code] >= 0 else {
                out.count = before
                return false
            }
            out.append(UInt8(truncatingIfNeeded: byteOf[code]))
            i += length
        }
        return true
    }
}
