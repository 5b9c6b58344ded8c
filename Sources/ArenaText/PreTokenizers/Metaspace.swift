// `Metaspace`: a space becomes U+2581, which is also put in front, and text is cut before each.

struct Metaspace: PreTokenizer {
    static let type = "Metaspace"

    enum Scheme: String, CaseIterable { case first, never, always }

    let replacement: [UInt8]
    let scheme: Scheme
    let splits: Bool

    init(_ part: FilePart) throws(TokenizerError) {
        replacement = try part.member("replacement").character()
        scheme = try Self.readScheme(part)
        splits = try part.flag("split", or: true)
    }

    /// The scheme, with the older flag `add_prefix_space` as the reference reads it.
    static func readScheme(_ part: FilePart) throws(TokenizerError) -> Scheme {
        var scheme = Scheme.always
        if let given = part.optional("prepend_scheme") {
            let name = try given.string()
            guard let known = Scheme(rawValue: name) else {
                throw given.unsupported(
                    name, supported: Scheme.allCases.map(\.rawValue).joined(separator: ", "))
            }
            scheme = known
        }
        if let flag = part.optional("add_prefix_space"), try !flag.bool() {
            if part.optional("prepend_scheme") != nil, scheme != .never {
                throw flag.contradiction(
                    "add_prefix_space is false but prepend_scheme is \(scheme.rawValue)")
            }
            scheme = .never
        }
        return scheme
    }

    var growth: Int { 2 * replacement.count }

    func cut(_ pieces: inout Pieces) {
        let space = StringReplacement(pattern: [UInt8(ascii: " ")], content: replacement)
        let startsText = pieces.startsText
        pieces.rewrite { piece, number, out in
            let prepends = scheme == .always || scheme == .first && startsText && number == 0
            if prepends, piece[0] != UInt8(ascii: " "), !piece.starts(with: replacement) {
                replacement.withUnsafeBufferPointer { out.append($0) }
            }
            if !space.apply(to: piece, into: &out) { out.append(piece) }
        }
        if splits {
            SplitBehavior.mergedWithNext.cut(
                &pieces, inverted: false, at: StringMatches(pattern: replacement))
        }
    }
}
