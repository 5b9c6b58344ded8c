// Post-processors put special tokens around a text. Each says what it adds before and after; nothing
// else they do (offsets, type ids) changes ids. One file a kind; adding one is that file and one line.

/// A step that frames the tokens of a text.
protocol PostProcessor: Sendable {
    /// The step's `type` in a tokenizer file.
    static var type: String { get }

    /// Reads the section; `isKnown` tells whether an id is that of a token.
    init(_ part: FilePart, isKnown: (Int) -> Bool) throws(TokenizerError)

    /// What it puts around a single text.
    var frame: Frame { get }
}

/// Tokens before and after a text.
struct Frame: Sendable, Equatable {
    var before: [Int32] = []
    var after: [Int32] = []

    var isEmpty: Bool { before.isEmpty && after.isEmpty }
}

/// The kinds that are known, apart from `Sequence`, which only lists others.
let postProcessorKinds: [any PostProcessor.Type] = [
    ByteLevelOffsets.self,
    Template.self,
]

/// The frame that a `post_processor` section puts around a single text.
func readFrame(_ part: FilePart, isKnown: (Int) -> Bool) throws(TokenizerError) -> Frame {
    let name = try part.type()
    if name == "Sequence" {
        var frame = Frame()
        for inner in try part.member("processors").elements() {
            let next = try readFrame(inner, isKnown: isKnown)
            guard frame.isEmpty || next.isEmpty else {
                throw inner.unsupported("a second template", supported: "one in a sequence")
            }
            if frame.isEmpty { frame = next }
        }
        return frame
    }
    for kind in postProcessorKinds where kind.type == name {
        return try kind.init(part, isKnown: isKnown).frame
    }
    throw part.unknown(
        "post-processor", name, known: (postProcessorKinds.map { $0.type } + ["Sequence"]).sorted())
}

/// `ByteLevel`: trims offsets; ids stay as they are.
struct ByteLevelOffsets: PostProcessor {
    static let type = "ByteLevel"
    let frame = Frame()

    init(_ part: FilePart, isKnown: (Int) -> Bool) throws(TokenizerError) {}
}
