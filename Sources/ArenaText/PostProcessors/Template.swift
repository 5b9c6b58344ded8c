// `TemplateProcessing`: special tokens in a row with the text, such as `<bos> $A`.

struct Template: PostProcessor {
    static let type = "TemplateProcessing"
    let frame: Frame

    init(_ part: FilePart, isKnown: (Int) -> Bool) throws(TokenizerError) {
        let tokens = part.optional("special_tokens")
        let single = try part.member("single")
        var frame = Frame()
        var seenText = false
        for piece in try single.elements() {
            if let sequence = piece.optional("Sequence") {
                let id = try sequence.member("id").string()
                guard id == "A", !seenText else {
                    throw sequence.unsupported(
                        id == "A" ? "the text twice" : "sequence \(id) in a template for one text",
                        supported: "sequence A, once")
                }
                seenText = true
                continue
            }
            let name = try piece.member("SpecialToken").member("id").string()
            guard let token = tokens?.optional(name) else {
                throw piece.contradiction("\(quoted(name)) is not in \(part.key).special_tokens")
            }
            for idPart in try token.member("ids").elements() {
                let id = try idPart.id()
                guard isKnown(id) else { throw idPart.contradiction("no token has the id \(id)") }
                if seenText {
                    frame.after.append(Int32(id))
                } else {
                    frame.before.append(Int32(id))
                }
            }
        }
        guard seenText else {
            throw single.unsupported("a template without the text", supported: "sequence A, once")
        }
        self.frame = frame
    }
}
