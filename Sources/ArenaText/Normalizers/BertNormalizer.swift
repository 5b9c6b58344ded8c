// `BertNormalizer`: control characters out, white space to spaces, Chinese characters apart, accents off,
// lower case; each of them can be switched off.

import CArenaText

struct BertNormalizer: Normalizer {
    static let type = "BertNormalizer"
    let cleans: Bool
    let spacesChinese: Bool
    let stripsAccents: Bool
    let lowers: Bool
    /// What becomes of each ASCII character; 0 where it is dropped.
    private let ascii: [UInt8]

    init(_ part: FilePart) throws(TokenizerError) {
        let lowers = try part.flag("lowercase", or: true)
        self.init(
            cleans: try part.flag("clean_text", or: true),
            spacesChinese: try part.flag("handle_chinese_chars", or: true),
            // Accents go with capitals unless the file says otherwise.
            stripsAccents: try part.flag("strip_accents", or: lowers), lowers: lowers)
    }

    init(cleans: Bool, spacesChinese: Bool, stripsAccents: Bool, lowers: Bool) {
        self.cleans = cleans
        self.spacesChinese = spacesChinese
        self.stripsAccents = stripsAccents
        self.lowers = lowers
        ascii = (0..<128).map { byte -> UInt8 in
            let found = traits(UInt32(byte))
            if cleans {
                if byte == 0 || found & Trait.control != 0 { return 0 }
                if found & Trait.white != 0 { return UInt8(ascii: " ") }
            }
            return lowers && byte >= 65 && byte <= 90 ? UInt8(byte + 32) : UInt8(byte)
        }
    }

    /// Spaces around every character, or decomposition and lower case on top.
    var growth: Int { (spacesChinese ? 2 : 1) * (stripsAccents ? 4 : 1) + 1 }

    func movesStart(_ text: Bytes) -> Bool {
        startsWith(text) {
            cleans && traits($0) & Trait.control != 0
                || stripsAccents && traits($0) & Trait.nonspacing != 0
        }
    }

    func normalize(_ text: Bytes, into out: inout Scratch<UInt8>) -> Bool {
        guard text.count > 0 else { return false }
        out.reserve(text.count)
        if isASCII(text), cleans {
            // SAFETY: room for every byte; those dropped are written over.
            ascii.withUnsafeBufferPointer { table in
                var to = out.base + out.count
                for byte in text {
                    let new = table[Int(byte)]
                    to.pointee = new
                    to += new == 0 ? 0 : 1
                }
                out.count = to - out.base
            }
            return true
        }
        guard stripsAccents else {
            clean(text, lowers: lowers, into: &out)
            return true
        }
        var cleaned = Scratch<UInt8>(capacity: text.count + text.count / 2)
        clean(text, lowers: false, into: &cleaned)
        var decomposed = Scratch<UInt8>(capacity: 64)
        let form = NormalForm(composes: false, compatible: false)
        let changed = form.normalize(cleaned.contents, into: &decomposed)
        forEachScalar(of: changed ? decomposed.contents : cleaned.contents) { code, _, _ in
            if traits(code) & Trait.nonspacing != 0 { return }
            if lowers { appendLowercase(code, to: &out) } else { appendScalar(code, to: &out) }
        }
        return true
    }

    private func clean(_ text: Bytes, lowers: Bool, into out: inout Scratch<UInt8>) {
        forEachScalar(of: text) { code, _, _ in
            if cleans {
                let found = traits(code)
                if found & Trait.control != 0 { return }
                if found & Trait.white != 0 { return out.append(UInt8(ascii: " ")) }
            }
            if spacesChinese, isChinese(code) {
                out.append(UInt8(ascii: " "))
                appendScalar(code, to: &out)
                return out.append(UInt8(ascii: " "))
            }
            if lowers { appendLowercase(code, to: &out) } else { appendScalar(code, to: &out) }
        }
    }
}

/// The ideographs as BERT counts them; kana and hangul are not among them.
@inline(__always)
func isChinese(_ code: UInt32) -> Bool {
    guard code >= 0x3400 else { return false }
    switch code {
    case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x2A6DF, 0x2A700...0x2B73F,
        0x2B740...0x2B81F, 0x2B920...0x2CEAF, 0x2F800...0x2FA1F:
        return true
    default: return false
    }
}
