// Normalizers change a text before it is cut. One file a kind; adding one is that file, one line here, and
// how places follow it in Offsets/TracedSteps.swift.

/// A step that rewrites a stretch of text.
protocol Normalizer: Sendable {
    /// The step's `type` in a tokenizer file.
    static var type: String { get }

    init(_ part: FilePart) throws(TokenizerError)

    /// How many times longer a text may become.
    var growth: Int { get }

    /// Writes the rewritten text to `out`, which is empty; returns false, with `out` untouched,
    /// where the text stays as it is.
    func normalize(_ text: Bytes, into out: inout Scratch<UInt8>) -> Bool

    /// The same for text whose places are followed (Offsets/TracedSteps.swift).
    func normalize(_ text: inout TracedText)

    /// Whether it takes away what the text starts with, so that what is left starts further on.
    func movesStart(_ text: Bytes) -> Bool
}

extension Normalizer {
    func movesStart(_ text: Bytes) -> Bool { false }
}

/// The kinds that are known, apart from `Sequence`, which only lists others.
let normalizerKinds: [any Normalizer.Type] = [
    BertNormalizer.self,
    ByteLevelNormalizer.self,
    FormC.self,
    FormD.self,
    FormKC.self,
    FormKD.self,
    Lowercase.self,
    Nmt.self,
    Precompiled.self,
    Prepend.self,
    Replace.self,
    Strip.self,
    StripAccents.self,
]

/// The steps of a `normalizer` section in order.
func readNormalizers(_ part: FilePart) throws(TokenizerError) -> [any Normalizer] {
    let name = try part.type()
    if name == "Sequence" {
        var steps: [any Normalizer] = []
        for inner in try part.member("normalizers").elements() {
            steps += try readNormalizers(inner)
        }
        return steps
    }
    for kind in normalizerKinds where kind.type == name { return [try kind.init(part)] }
    throw part.unknown(
        "normalizer", name, known: (normalizerKinds.map { $0.type } + ["Sequence"]).sorted())
}
