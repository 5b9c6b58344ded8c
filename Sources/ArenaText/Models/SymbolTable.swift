// What a BPE piece starts from: the token of every byte, or of every scalar with bytes to fall back on.

/// The first symbols of a text, before any merge.
final class SymbolTable: Sendable {
    static let none = UInt32.max

    let spellsBytes: Bool
    /// Spelling bytes: the token of each byte. Spelling scalars: the `<0x..>` tokens, if all are there.
    let byteIDs: Table<UInt32>
    /// Whether every text can be spelled without an unknown token.
    let isComplete: Bool
    /// Whether a byte that has no token may be spelled by tokens such as `<0xC4>`.
    let fallsBack: Bool
    private let fallbackIDs: Table<UInt32>
    /// Spelling scalars: pages of 256 tokens; page 0 is empty.
    private let pageOf: Table<UInt16>
    private let pages: Table<UInt32>

    init(vocabulary: ByteDictionary, idEnd: Int, spellsBytes: Bool, fallsBack: Bool) {
        self.spellsBytes = spellsBytes
        self.fallsBack = fallsBack
        fallbackIDs = Table(count: 256, repeating: Self.none)
        if fallsBack {
            for byte in 0..<256 {
                let digits = Array("0123456789ABCDEF".utf8)
                let name =
                    Array("<0x".utf8) + [digits[byte >> 4], digits[byte & 15], UInt8(ascii: ">")]
                if let id = name.withUnsafeBytes({ vocabulary.id(of: $0) }) {
                    fallbackIDs.base[byte] = UInt32(id)
                }
            }
        }
        byteIDs = Table(count: 256, repeating: Self.none)
        pageOf = Table(count: 0x1100, repeating: 0)
        var length = 0
        if spellsBytes {
            var name = Scratch<UInt8>()
            for byte in 0..<256 {
                name.count = 0
                appendScalar(ByteAlphabet.shared.scalarOf[byte], to: &name)
                if let id = vocabulary.id(of: UnsafeRawBufferPointer(name.contents)) {
                    byteIDs.base[byte] = UInt32(id)
                }
            }
            pages = Table(count: 256, repeating: Self.none)
            isComplete = !UnsafeBufferPointer(start: byteIDs.base, count: 256).contains(Self.none)
            return
        }
        var entries: [(code: UInt32, id: UInt32)] = []
        var pageCount: UInt16 = 1
        for id in 0..<idEnd {
            guard let token = vocabulary.bytes(of: id), let p = token.baseAddress, token.count > 0
            else { continue }
            let code = scalar(p, 0, &length)
            guard length == token.count else { continue }
            entries.append((code, UInt32(id)))
            if pageOf.base[Int(code >> 8)] == 0 {
                pageOf.base[Int(code >> 8)] = pageCount
                pageCount += 1
            }
        }
        pages = Table(count: Int(pageCount) * 256, repeating: Self.none)
        for (code, id) in entries {
            pages.base[Int(pageOf.base[Int(code >> 8)]) << 8 | Int(code & 255)] = id
        }
        isComplete = !UnsafeBufferPointer(start: fallbackIDs.base, count: 256).contains(Self.none)
    }

    /// The token of a scalar, or `none`.
    @inline(__always)
    func id(of code: UInt32) -> UInt32 {
        pages.base[Int(pageOf.base[Int(code >> 8)]) << 8 | Int(code & 255)]
    }

    /// The token `<0x..>` of a byte, or `none`.
    @inline(__always)
    func fallbackID(of byte: UInt8) -> UInt32 { fallbackIDs.base[Int(byte)] }

    /// The tokens that stand for bytes.
    var fallbackTokens: Set<UInt32> {
        Set(UnsafeBufferPointer(start: fallbackIDs.base, count: 256)).subtracting([Self.none])
    }
}
