// `TemplateProcessing`: special tokens in a row with one text or two, such as `[CLS] $A [SEP] $B:1 [SEP]:1`.

struct Template: PostProcessor {
    static let type = "TemplateProcessing"
    let framing: Framing?

    init(_ part: FilePart, isKnown: (Int) -> Bool) throws(TokenizerError) {
        let tokens = part.optional("special_tokens")
        var framing = Framing()
        framing.single = try Self.read(part, "single", ["A"], tokens, isKnown)[0]
        // A template for pairs may be left out, or be empty; then pairs are just put together.
        if let pair = part.optional("pair"), pair.value.count > 0 {
            framing.pair = try Self.read(part, "pair", ["A", "B"], tokens, isKnown)
        }
        self.framing = framing
    }

    private static func read(
        _ part: FilePart, _ name: String, _ texts: [String], _ tokens: FilePart?,
        _ isKnown: (Int) -> Bool
    ) throws(TokenizerError) -> [Frame] {
        let pieces = try part.member(name)
        var frames = [Frame()]
        var seen = 0
        for piece in try pieces.elements() {
            if let sequence = piece.optional("Sequence") {
                let id = try sequence.member("id").string()
                guard seen < texts.count, id == texts[seen] else {
                    throw sequence.unsupported(
                        "sequence \(id) in this place of '\(name)'",
                        supported: "sequence \(texts.joined(separator: ", then ")), once each")
                }
                if seen > 0 { frames.append(Frame()) }
                frames[seen].type = try type(sequence)
                seen += 1
                continue
            }
            let special = try piece.member("SpecialToken")
            let token = try special.member("id").string()
            guard let entry = tokens?.optional(token) else {
                throw piece.contradiction("\(quoted(token)) is not in \(part.key).special_tokens")
            }
            for idPart in try entry.member("ids").elements() {
                let id = try idPart.id()
                guard isKnown(id) else { throw idPart.contradiction("no token has the id \(id)") }
                frames[max(0, seen - 1)].append(
                    Int32(id), type: try type(special), afterText: seen > 0)
            }
        }
        guard seen == texts.count else {
            throw pieces.unsupported(
                "a template without \(texts[seen])",
                supported: "sequence \(texts.joined(separator: ", then ")), once each")
        }
        return frames
    }

    private static func type(_ part: FilePart) throws(TokenizerError) -> UInt8 {
        guard let type = part.optional("type_id") else { return 0 }
        let id = try type.id()
        guard id < 256 else { throw type.unsupported("the type \(id)", supported: "0 to 255") }
        return UInt8(id)
    }
}
