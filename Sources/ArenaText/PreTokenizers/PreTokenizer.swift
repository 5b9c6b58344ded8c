// Pre-tokenizers cut a text into the pieces that the model then spells, and may rewrite it while they
// do. One file a kind; adding one is that file and one line here.

/// A step that cuts pieces into smaller ones.
protocol PreTokenizer: Sendable {
    /// The step's `type` in a tokenizer file.
    static var type: String { get }

    init(_ part: FilePart) throws(TokenizerError)

    /// Whether the model behind this step spells bytes (through the byte alphabet) instead of scalars.
    var spellsBytes: Bool { get }

    /// Whether this step has anything to do: those that only choose the alphabet have not.
    var cuts: Bool { get }

    /// How many times longer a text may become.
    var growth: Int { get }

    /// Cuts every piece further.
    func cut(_ pieces: inout Pieces)
}

extension PreTokenizer {
    var spellsBytes: Bool { false }
    var cuts: Bool { true }
    var growth: Int { 1 }
}

/// The kinds that are known, apart from `Sequence`, which only lists others.
let preTokenizerKinds: [any PreTokenizer.Type] = [
    ByteLevel.self,
    Metaspace.self,
    Split.self,
]

/// The steps of a `pre_tokenizer` section in order.
func readPreTokenizers(_ part: FilePart) throws(TokenizerError) -> [any PreTokenizer] {
    let steps = try readSteps(part)
    // The byte alphabet stays virtual: texts are kept as they are and the vocabulary is read through
    // it, so nothing may look at the text after it was mapped.
    if let at = steps.firstIndex(where: { $0.step.spellsBytes }), at != steps.count - 1 {
        throw steps[at].part.unsupported(
            "ByteLevel before another pre-tokenizer", supported: "ByteLevel as the last one")
    }
    return steps.map { $0.step }
}

private func readSteps(
    _ part: FilePart
) throws(TokenizerError) -> [(step: any PreTokenizer, part: FilePart)] {
    let name = try part.type()
    if name == "Sequence" {
        var steps: [(step: any PreTokenizer, part: FilePart)] = []
        for inner in try part.member("pretokenizers").elements() { steps += try readSteps(inner) }
        return steps
    }
    for kind in preTokenizerKinds where kind.type == name { return [(try kind.init(part), part)] }
    throw part.unknown(
        "pre-tokenizer", name, known: (preTokenizerKinds.map { $0.type } + ["Sequence"]).sorted())
}

/// A stretch of text and where it is cut: pieces lie one after another and none is empty.
struct Pieces: ~Copyable {
    /// The text that is cut now: the caller's, or the last rewritten one.
    private(set) var text = Bytes(start: nil, count: 0)
    /// Whether the first piece stands at the start of the whole text.
    private(set) var startsText = false
    private var ends = Scratch<UInt32>()
    private var newEnds = Scratch<UInt32>()
    private var written = Scratch<UInt8>()
    private var newText = Scratch<UInt8>()

    /// The offset after each piece.
    var pieceEnds: UnsafeBufferPointer<UInt32> { ends.contents }

    /// Begins with one stretch, uncut.
    mutating func begin(_ text: Bytes, startsText: Bool) {
        self.text = text
        self.startsText = startsText
        ends.count = 0
        if text.count > 0 { ends.append(UInt32(text.count)) }
    }

    /// Cuts each piece: `body` gets the text, a piece's bounds and where to write ends, one for each
    /// part, the last being the piece's own end; it returns where it stopped writing.
    @inline(__always)
    mutating func refine(
        _ body: (UnsafePointer<UInt8>, Int, Int, UnsafeMutablePointer<UInt32>) ->
            UnsafeMutablePointer<UInt32>
    ) {
        guard let p = text.baseAddress else { return }
        newEnds.count = 0
        newEnds.reserve(text.count)
        // SAFETY: parts are not empty, so there are no more ends than bytes.
        var out = newEnds.base
        var start = 0
        for i in 0..<ends.count {
            let end = Int(ends.base[i])
            out = body(p, start, end, out)
            start = end
        }
        newEnds.count = out - newEnds.base
        swap(&ends, &newEnds)
    }

    /// Rewrites each piece: `body` gets a piece and its number and appends what stands for it, or
    /// nothing to drop it.
    mutating func rewrite(_ body: (Bytes, Int, inout Scratch<UInt8>) -> Void) {
        newEnds.count = 0
        newEnds.reserve(ends.count)
        newText.count = 0
        newText.reserve(text.count + 16)
        var start = 0
        for i in 0..<ends.count {
            let end = Int(ends.base[i])
            let before = newText.count
            body(Bytes(rebasing: text[start..<end]), i, &newText)
            if newText.count > before { newEnds.append(UInt32(truncatingIfNeeded: newText.count)) }
            start = end
        }
        swap(&ends, &newEnds)
        swap(&written, &newText)
        // SAFETY: `written` is not touched before the next rewrite, which reads this text first.
        text = written.contents
    }

    /// Gives memory back that one huge text has left behind.
    mutating func trim(above limit: Int) {
        text = Bytes(start: nil, count: 0)
        ends.count = 0
        ends.trim(above: limit)
        newEnds.trim(above: limit)
        written.trim(above: limit)
        newText.trim(above: limit)
    }
}
