// Pre-tokenizers cut a text into the pieces that the model then spells, and may rewrite it while they
// do. One file a kind; adding one is that file and one line here.

/// A step that cuts pieces into smaller ones.
protocol PreTokenizer: Sendable {
    /// The step's `type` in a tokenizer file.
    static var type: String { get }

    init(_ part: FilePart) throws(TokenizerError)

    /// Whether this step has anything to do: those that only choose the alphabet have not.
    var cuts: Bool { get }

    /// How many times longer a text may become.
    var growth: Int { get }

    /// Cuts every piece further.
    func cut(_ pieces: inout Pieces)
}

extension PreTokenizer {
    var cuts: Bool { true }
    var growth: Int { 1 }
}

/// The kinds that are known, apart from `Sequence`, which only lists others.
let preTokenizerKinds: [any PreTokenizer.Type] = [
    BertPreTokenizer.self,
    ByteLevel.self,
    CharDelimiterSplit.self,
    Digits.self,
    Metaspace.self,
    Punctuation.self,
    Split.self,
    UnicodeScripts.self,
    Whitespace.self,
    WhitespaceSplit.self,
]

/// The steps of a `pre_tokenizer` section in order, and whether the model spells bytes.
///
/// Where `ByteLevel` comes last before a BPE model the alphabet stays virtual: texts are kept as they are
/// and the vocabulary is read through it. Elsewhere the text is rewritten in the alphabet.
func readPreTokenizers(
    _ part: FilePart, isBPE: Bool
) throws(TokenizerError) -> (steps: [any PreTokenizer], spellsBytes: Bool) {
    let steps = try readSteps(part).map { $0.step }
    let last = steps.count - 1
    let spellsBytes = isBPE && steps.last is ByteLevel
    let result = steps.enumerated().map { index, step -> any PreTokenizer in
        guard let bytes = step as? ByteLevel, !(spellsBytes && index == last) else { return step }
        return bytes.carriedOut
    }
    return (result, spellsBytes)
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
        takeRewritten()
    }

    /// Keeps parts of each piece, each a piece of its own: `body` gets the text, a piece's bounds and
    /// what to hand the parts to, in order.
    @inline(__always)
    mutating func keep(
        _ body: (UnsafePointer<UInt8>, Int, Int, inout PieceKeeper) -> Void
    ) {
        guard let p = text.baseAddress else { return }
        newEnds.count = 0
        newEnds.reserve(text.count + 1)
        newText.count = 0
        newText.reserve(text.count + 16)
        var keeper = PieceKeeper(text: newText.base, ends: newEnds.base)
        var start = 0
        for i in 0..<ends.count {
            let end = Int(ends.base[i])
            body(p, start, end, &keeper)
            start = end
        }
        newText.count = keeper.length
        newEnds.count = keeper.ends - newEnds.base
        if keeper.first != 0 { startsText = false }
        takeRewritten()
    }

    private mutating func takeRewritten() {
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

/// Takes the parts that `Pieces.keep` leaves of a text.
struct PieceKeeper {
    private let text: UnsafeMutablePointer<UInt8>
    fileprivate var ends: UnsafeMutablePointer<UInt32>
    fileprivate var length = 0
    /// Where the first part stood.
    fileprivate var first = -1

    fileprivate init(text: UnsafeMutablePointer<UInt8>, ends: UnsafeMutablePointer<UInt32>) {
        self.text = text
        self.ends = ends
    }

    /// Keeps a stretch as a piece, if it is not empty.
    @inline(__always)
    mutating func keep(_ p: UnsafePointer<UInt8>, _ from: Int, _ to: Int) {
        guard to > from else { return }
        if first < 0 { first = from }
        // SAFETY: stretches do not overlap, so all of them together have room.
        (text + length).update(from: p + from, count: to - from)
        length += to - from
        ends.pointee = UInt32(truncatingIfNeeded: length)
        ends += 1
    }
}
