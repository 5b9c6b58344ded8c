// `Prepend`: puts a string before every stretch of text that is not empty (Llama 2's leading space).

struct Prepend: Normalizer {
    static let type = "Prepend"
    let prefix: [UInt8]

    init(_ part: FilePart) throws(TokenizerError) {
        prefix = try part.member("prepend").bytes()
    }

    var growth: Int { prefix.count + 1 }

    func normalize(_ text: Bytes, into out: inout Scratch<UInt8>) -> Bool {
        guard text.count > 0, !prefix.isEmpty else { return false }
        prefix.withUnsafeBufferPointer { out.append($0) }
        out.append(text)
        return true
    }
}
