// Post-processors put special tokens around a text or a pair of texts, and say which segment each token
// belongs to. One file a kind; adding one is that file and one line here.

/// A step that frames the tokens of a text.
protocol PostProcessor: Sendable {
    /// The step's `type` in a tokenizer file.
    static var type: String { get }

    /// Reads the section; `isKnown` tells whether an id is that of a token.
    init(_ part: FilePart, isKnown: (Int) -> Bool) throws(TokenizerError)

    /// What it puts around; nil for steps that only trim offsets.
    var framing: Framing? { get }
}

/// Tokens before and after a text, and the segments (token types) of all three.
struct Frame: Sendable, Equatable {
    var before: [Int32] = []
    var after: [Int32] = []
    var typesBefore: [UInt8] = []
    var typesAfter: [UInt8] = []
    var type: UInt8 = 0

    var isEmpty: Bool { before.isEmpty && after.isEmpty }
    var count: Int { before.count + after.count }

    /// The same without special tokens.
    var bare: Frame { Frame(type: type) }

    mutating func append(_ id: Int32, type: UInt8, afterText: Bool) {
        if afterText {
            after.append(id)
            typesAfter.append(type)
        } else {
            before.append(id)
            typesBefore.append(type)
        }
    }
}

/// What stands around one text, and around each of two: what is between belongs to the first.
struct Framing: Sendable, Equatable {
    var single = Frame()
    var pair = [Frame(), Frame(type: 1)]

    init(single: Frame = Frame(), pair: [Frame] = [Frame(), Frame(type: 1)]) {
        self.single = single
        self.pair = pair
    }

    /// The tokens that the flags of a tokenizer_config.json ask for, around each text.
    init(bos: Int32?, eos: Int32?) {
        func frame(_ type: UInt8) -> Frame {
            var frame = Frame(type: type)
            if let bos { frame.append(bos, type: type, afterText: false) }
            if let eos { frame.append(eos, type: type, afterText: true) }
            return frame
        }
        single = frame(0)
        pair = [frame(0), frame(1)]
    }
}

/// The kinds that are known, apart from `Sequence`, which only lists others.
let postProcessorKinds: [any PostProcessor.Type] = [
    BertProcessing.self,
    ByteLevelOffsets.self,
    RobertaProcessing.self,
    Template.self,
]

/// What a `post_processor` section puts around texts.
func readFraming(_ part: FilePart, isKnown: (Int) -> Bool) throws(TokenizerError) -> Framing {
    try readOptionalFraming(part, isKnown: isKnown) ?? Framing()
}

private func readOptionalFraming(
    _ part: FilePart, isKnown: (Int) -> Bool
) throws(TokenizerError) -> Framing? {
    let name = try part.type()
    if name == "Sequence" {
        var framing: Framing?
        for inner in try part.member("processors").elements() {
            let next = try readOptionalFraming(inner, isKnown: isKnown)
            guard framing == nil || next == nil else {
                throw inner.unsupported("a second template", supported: "one in a sequence")
            }
            framing = framing ?? next
        }
        return framing
    }
    for kind in postProcessorKinds where kind.type == name {
        return try kind.init(part, isKnown: isKnown).framing
    }
    throw part.unknown(
        "post-processor", name, known: (postProcessorKinds.map { $0.type } + ["Sequence"]).sorted())
}

/// `ByteLevel`: trims offsets; ids stay as they are.
struct ByteLevelOffsets: PostProcessor {
    static let type = "ByteLevel"
    let framing: Framing? = nil

    init(_ part: FilePart, isKnown: (Int) -> Bool) throws(TokenizerError) {}
}

/// `BertProcessing`: [CLS] A [SEP], and B [SEP] as the second segment.
struct BertProcessing: PostProcessor {
    static let type = "BertProcessing"
    let framing: Framing?

    init(_ part: FilePart, isKnown: (Int) -> Bool) throws(TokenizerError) {
        let (cls, sep) = try readEnds(part, isKnown)
        framing = Framing(
            single: Frame(before: [cls], after: [sep], typesBefore: [0], typesAfter: [0]),
            pair: [
                Frame(before: [cls], after: [sep], typesBefore: [0], typesAfter: [0]),
                Frame(after: [sep], typesAfter: [1], type: 1),
            ])
    }
}

/// `RobertaProcessing`: <s> A </s>, and </s> B </s> behind it, all one segment.
struct RobertaProcessing: PostProcessor {
    static let type = "RobertaProcessing"
    let framing: Framing?

    init(_ part: FilePart, isKnown: (Int) -> Bool) throws(TokenizerError) {
        let (cls, sep) = try readEnds(part, isKnown)
        let first = Frame(before: [cls], after: [sep], typesBefore: [0], typesAfter: [0])
        framing = Framing(
            single: first,
            pair: [
                first, Frame(before: [sep], after: [sep], typesBefore: [0], typesAfter: [0]),
            ])
    }
}

/// The `cls` and `sep` of a section, each a token with its id.
private func readEnds(
    _ part: FilePart, _ isKnown: (Int) -> Bool
) throws(TokenizerError) -> (cls: Int32, sep: Int32) {
    func end(_ name: String) throws(TokenizerError) -> Int32 {
        let member = try part.member(name)
        let pair = try member.elements()
        guard pair.count == 2 else { throw member.mismatch("[token, id]") }
        _ = try pair[0].string()
        let id = try pair[1].id()
        guard isKnown(id) else { throw pair[1].contradiction("no token has the id \(id)") }
        return Int32(id)
    }
    return (try end("cls"), try end("sep"))
}
