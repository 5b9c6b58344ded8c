// SentencePiece `.model` files: a protobuf message of pieces, the trainer's settings and the normalizer's.
// The steps around the model are those that transformers' classes give each family; without a class in
// tokenizer_config.json the file is read by what it says itself, as the sentencepiece library does.

import ArenaCore

func readSentencePiece(
    _ file: String, _ settings: TokenizerSettings
) throws(TokenizerError) -> TokenizerFile {
    let steps = try SentencePieceSteps(
        SentencePieceFile(readBytes(file), file), settings, file)
    return TokenizerFile(
        document: try readJSON(steps.json.bytes, name: file), settings: settings,
        model: steps.model)
}

/// What a `.model` file says.
struct SentencePieceFile {
    struct Piece {
        var text: [UInt8] = []
        var score: Float = 0
        var kind = 1
    }

    var pieces: [Piece] = []
    var modelType = 1
    var byteFallback = false
    var unknownID = 0
    var characterMap: [UInt8] = []
    var addsPrefix = true
    var joinsSpaces = true

    static let control = 3
    static let userDefined = 4

    init(_ bytes: [UInt8], _ file: String) throws(TokenizerError) {
        var reader = ProtobufReader(bytes, file)
        while let field = try reader.next() {
            switch field.number {
            case 1:
                var piece = Piece()
                var inner = try reader.message(field, "pieces[\(pieces.count)]")
                while let part = try inner.next() {
                    switch part.number {
                    case 1: piece.text = Array(try inner.data(part))
                    case 2: piece.score = Float(bitPattern: UInt32(truncatingIfNeeded: part.value))
                    case 3: piece.kind = Int(truncatingIfNeeded: part.value)
                    default: break
                    }
                }
                guard piece.text.withUnsafeBytes({ firstInvalidUTF8($0) }) == nil else {
                    throw inner.fault("the piece is not UTF-8")
                }
                pieces.append(piece)
            case 2:
                var inner = try reader.message(field, "trainer_spec")
                while let part = try inner.next() {
                    switch part.number {
                    case 3: modelType = Int(truncatingIfNeeded: part.value)
                    case 35: byteFallback = part.value != 0
                    case 40: unknownID = Int(truncatingIfNeeded: part.value)
                    default: break
                    }
                }
            case 3:
                var inner = try reader.message(field, "normalizer_spec")
                while let part = try inner.next() {
                    switch part.number {
                    case 2: characterMap = Array(try inner.data(part))
                    case 3: addsPrefix = part.value != 0
                    case 4: joinsSpaces = part.value != 0
                    default: break
                    }
                }
            default: break
            }
        }
        guard !pieces.isEmpty else {
            throw .contradiction(
                key: "pieces", what: "the file holds no pieces: it is not a SentencePiece model",
                place: FilePlace(file))
        }
        guard modelType == 1 || modelType == 2 else {
            throw .unsupported(
                key: "trainer_spec.model_type", value: "type \(modelType)",
                supported: "1 (unigram), 2 (bpe)", place: FilePlace(file))
        }
        guard pieces.indices.contains(unknownID) else {
            throw .contradiction(
                key: "trainer_spec.unk_id", what: "no piece has the id \(unknownID)",
                place: FilePlace(file))
        }
    }
}

/// The fields of one protobuf message, one after another.
private struct ProtobufReader {
    struct Field {
        let number: Int
        let wire: Int
        let value: UInt64
        var range = 0..<0
    }

    private let bytes: [UInt8]
    private let file: String
    private let name: String
    private var at: Int
    private let end: Int

    init(_ bytes: [UInt8], _ file: String) {
        self.init(bytes, file, "the file", 0..<bytes.count)
    }

    private init(_ bytes: [UInt8], _ file: String, _ name: String, _ range: Range<Int>) {
        self.bytes = bytes
        self.file = file
        self.name = name
        at = range.lowerBound
        end = range.upperBound
    }

    func fault(_ what: String) -> TokenizerError {
        .contradiction(key: name, what: what, place: FilePlace(file))
    }

    mutating func next() throws(TokenizerError) -> Field? {
        guard at < end else { return nil }
        let tag = try varint()
        let number = Int(truncatingIfNeeded: tag >> 3)
        let wire = Int(tag & 7)
        switch wire {
        case 0: return Field(number: number, wire: wire, value: try varint())
        case 1: return Field(number: number, wire: wire, value: try fixed(8))
        case 5: return Field(number: number, wire: wire, value: try fixed(4))
        case 2:
            let length = try varint()
            guard length <= UInt64(end - at) else {
                throw fault("cut short at byte \(at), or not a SentencePiece model")
            }
            let start = at
            at += Int(length)
            return Field(number: number, wire: wire, value: 0, range: start..<at)
        default: throw fault("not a SentencePiece model: wire type \(wire) at byte \(at)")
        }
    }

    func message(_ field: Field, _ name: String) throws(TokenizerError) -> ProtobufReader {
        guard field.wire == 2 else { throw fault("field \(field.number) is not a message") }
        return ProtobufReader(bytes, file, name, field.range)
    }

    func data(_ field: Field) throws(TokenizerError) -> ArraySlice<UInt8> {
        guard field.wire == 2 else { throw fault("field \(field.number) is not bytes") }
        return bytes[field.range]
    }

    private mutating func varint() throws(TokenizerError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            guard at < end else { throw fault("cut short at byte \(at)") }
            value |= UInt64(bytes[at] & 0x7F) << shift
            at += 1
            if bytes[at - 1] < 0x80 { return value }
        }
        throw fault("not a SentencePiece model: a number of over 64 bits at byte \(at)")
    }

    private mutating func fixed(_ count: Int) throws(TokenizerError) -> UInt64 {
        guard end - at >= count else { throw fault("cut short at byte \(at)") }
        var value: UInt64 = 0
        for k in 0..<count { value |= UInt64(bytes[at + k]) << UInt64(8 * k) }
        at += count
        return value
    }
}

/// A tokenizer.json from what a file says and its family's steps.
private struct SentencePieceSteps {
    private(set) var json = JSONText()
    /// The model, unless the JSON holds all of it.
    private(set) var model: (any TokenModel)?
    private static let mark = "\u{2581}"

    init(
        _ file: SentencePieceFile, _ settings: TokenizerSettings, _ path: String
    ) throws(TokenizerError) {
        var pieces = file.pieces
        let name = settings.tokenizerClass ?? ""
        let legacy = settings.flags["legacy"] ?? true
        let prefix = settings.flags["add_prefix_space"] ?? file.addsPrefix
        var unknownID = file.unknownID
        var added: [FileToken] = []
        func add(_ token: String) -> Int {
            pieces.append(
                .init(text: Array(token.utf8), score: 0, kind: SentencePieceFile.control))
            return pieces.count - 1
        }
        var post = "null"
        let map = String(decoding: encodeBase64(file.characterMap), as: UTF8.self)
        let charsmap =
            map.isEmpty
            ? [] : ["{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"\(map)\"}"]
        var normalizers =
            charsmap + [
                "{\"type\":\"Strip\",\"strip_left\":false,\"strip_right\":true}",
                Self.replace("{\"Regex\":\" {2,}\"}", Self.mark),
            ]
        let scheme = prefix ? (legacy ? "always" : "first") : "never"
        func metaspace(_ split: Bool) -> String {
            "{\"type\":\"Metaspace\",\"replacement\":\"\(Self.mark)\",\"prepend_scheme\":\"\(scheme)\","
                + "\"split\":\(split)}"
        }
        var cut = metaspace(true)
        var decoder = cut
        if name.isEmpty {
            normalizers = charsmap
            if file.joinsSpaces {
                normalizers += [
                    Self.replace("{\"Regex\":\"\\\\A +\"}", ""),
                    Self.replace("{\"Regex\":\" {2,}\"}", " "),
                ]
            }
            if prefix {
                normalizers.append("{\"type\":\"Prepend\",\"prepend\":\"\(Self.mark)\"}")
            }
            normalizers.append(Self.replace("{\"String\":\" \"}", Self.mark))
            if file.joinsSpaces {
                // Marks at the end go, also those that stood in the text; looking behind keeps it linear.
                let marks = "(?<!\(Self.mark))\(Self.mark)+\\\\z"
                normalizers.append(Self.replace("{\"Regex\":\"\(marks)\"}", ""))
            }
            cut = "null"
            decoder = Self.sequence(
                "decoders",
                [
                    Self.replace("{\"String\":\"\(Self.mark)\"}", " "),
                    "{\"type\":\"ByteFallback\"}", "{\"type\":\"Fuse\"}",
                ]
                    + (prefix
                        ? ["{\"type\":\"Strip\",\"content\":\" \",\"start\":1,\"stop\":0}"] : []))
        } else if name.hasPrefix("XLMRoberta") || name.hasPrefix("XLM-R") {
            // Fairseq's order: its own four tokens, then the pieces behind the file's first three.
            let own = ["<s>", "<pad>", "</s>", "<unk>"].map {
                SentencePieceFile.Piece(
                    text: Array($0.utf8), score: 0, kind: SentencePieceFile.control)
            }
            pieces = own + pieces.dropFirst(3)
            unknownID = 3
            added.append(
                FileToken(id: add("<mask>"), content: Array("<mask>".utf8), stripsLeft: true))
            post = templateJSON(
                ["<s>", "A", "</s>"], ["<s>", "A", "</s>", "</s>", "B", "</s>"],
                ["<s>": 0, "</s>": 2])
        } else if name.hasPrefix("DebertaV2") {
            normalizers =
                (settings.flags["do_lower_case"] == true ? ["{\"type\":\"Lowercase\"}"] : [])
                + ["{\"type\":\"Strip\",\"strip_left\":true,\"strip_right\":true}"] + charsmap
                + [Self.replace("{\"Regex\":\" {2,}\"}", " ")]
            if settings.flags["split_by_punct"] == true {
                cut =
                    "{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Punctuation\","
                    + "\"behavior\":\"Isolated\"},\(cut)]}"
            }
            added.append(FileToken(id: add("[MASK]"), content: Array("[MASK]".utf8)))
            if let cls = Self.id("[CLS]", pieces), let sep = Self.id("[SEP]", pieces) {
                post = templateJSON(
                    ["[CLS]", "A", "[SEP]"], ["[CLS]", "A", "[SEP]", "B:1", "[SEP]"],
                    ["[CLS]": cls, "[SEP]": sep])
            }
        } else if name.hasPrefix("T5") || name.hasPrefix("MT5") {
            for i in stride(from: (settings.extraIDs ?? 100) - 1, through: 0, by: -1) {
                let token = "<extra_id_\(i)>"
                added.append(FileToken(id: add(token), content: Array(token.utf8)))
            }
            if let end = Self.id("</s>", pieces) {
                post = templateJSON(["A", "</s>"], ["A", "</s>", "B", "</s>"], ["</s>": end])
            }
        } else if file.modelType == 2 || file.byteFallback {
            let steps = [
                Self.replace("{\"String\":\"\(Self.mark)\"}", " "), "{\"type\":\"ByteFallback\"}",
                "{\"type\":\"Fuse\"}",
            ]
            let strip = "{\"type\":\"Strip\",\"content\":\" \",\"start\":1,\"stop\":0}"
            if name.hasPrefix("Gemma") {
                normalizers = [Self.replace("{\"String\":\" \"}", Self.mark)]
                cut =
                    "{\"type\":\"Split\",\"pattern\":{\"String\":\" \"},"
                    + "\"behavior\":\"MergedWithPrevious\",\"invert\":false}"
                decoder = Self.sequence("decoders", steps)
            } else {
                decoder = Self.sequence("decoders", steps + (prefix ? [strip] : []))
                normalizers = charsmap
                if legacy {
                    cut = "null"
                    if prefix {
                        normalizers.append("{\"type\":\"Prepend\",\"prepend\":\"\(Self.mark)\"}")
                    }
                    normalizers.append(Self.replace("{\"String\":\" \"}", Self.mark))
                } else {
                    cut = metaspace(false)
                }
            }
        }
        for (id, piece) in pieces.enumerated()
        where piece.kind == SentencePieceFile.control || piece.kind == SentencePieceFile.userDefined
            || id == unknownID
        {
            guard !added.contains(where: { $0.id == id }) else { continue }
            added.append(
                FileToken(
                    id: id, content: piece.text,
                    isSpecial: piece.kind != SentencePieceFile.userDefined))
        }
        added.sort { $0.id < $1.id }
        json.raw("{\"added_tokens\":[\(added.map(\.json).joined(separator: ","))],\"normalizer\":")
        json.raw(normalizers.isEmpty ? "null" : Self.sequence("normalizers", normalizers))
        json.raw(",\"pre_tokenizer\":\(cut),\"post_processor\":\(post),\"decoder\":\(decoder),")
        if file.modelType == 1 {
            writeUnigram(pieces, unknownID, file.byteFallback)
        } else {
            json.raw("\"model\":{\"type\":\"BPE\"}}")
            model = try Self.merges(pieces, unknownID, file.byteFallback, path)
        }
    }

    private static func replace(_ pattern: String, _ content: String) -> String {
        "{\"type\":\"Replace\",\"pattern\":\(pattern),\"content\":\"\(content)\"}"
    }

    private static func sequence(_ key: String, _ steps: [String]) -> String {
        "{\"type\":\"Sequence\",\"\(key)\":[\(steps.joined(separator: ","))]}"
    }

    private static func id(_ token: String, _ pieces: [SentencePieceFile.Piece]) -> Int? {
        let bytes = Array(token.utf8)
        return pieces.firstIndex { $0.text == bytes }
    }

    private mutating func writeUnigram(
        _ pieces: [SentencePieceFile.Piece], _ unknownID: Int, _ fallsBack: Bool
    ) {
        json.raw("\"model\":{\"type\":\"Unigram\",\"unk_id\":\(unknownID),")
        json.raw("\"byte_fallback\":\(fallsBack),\"vocab\":[")
        for (id, piece) in pieces.enumerated() {
            json.raw(id == 0 ? "[" : ",[")
            json.string(piece.text)
            // A float's shortest decimal form in double precision reads back as the same number.
            json.raw(",\(piece.score.isFinite ? Double(piece.score) : 0)]")
        }
        json.raw("]}}")
    }

    /// BPE with every pair of pieces that makes a piece, best pieces first, then by the lengths of the two.
    private static func merges(
        _ pieces: [SentencePieceFile.Piece], _ unknownID: Int, _ fallsBack: Bool, _ path: String
    ) throws(TokenizerError) -> BPE {
        let vocabulary = ByteDictionary(
            ids: pieces.count, entries: pieces.count,
            bytes: pieces.reduce(0) { $0 + $1.text.count })
        for (id, piece) in pieces.enumerated() {
            let insertion = piece.text.withUnsafeBytes { vocabulary.insert($0, id: id) }
            if case .sameBytes(let other) = insertion {
                throw .contradiction(
                    key: "pieces[\(id)]",
                    what: "the piece is there twice, with the ids \(other) and \(id)",
                    place: FilePlace(path))
            }
        }
        struct Merge {
            let score: Float
            let lengths: (Int, Int)
            let left: UInt32
            let right: UInt32
            let id: Int
        }
        func length(_ id: UInt32) -> Int {
            pieces[Int(id)].text.reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) }
        }
        var merges: [Merge] = []
        var splits = TokenSplits(vocabulary)
        let ids = pieces.indices.filter { pieces[$0].text.count > 1 }
        splits.forEach(of: ids, in: vocabulary, cuts: { $0 & 0xC0 != 0x80 }) { id, found in
            for split in found.sorted(by: { ($0.left, $0.right) < ($1.left, $1.right) }) {
                merges.append(
                    Merge(
                        score: pieces[id].score, lengths: (length(split.left), length(split.right)),
                        left: split.left, right: split.right, id: id))
            }
        }
        guard merges.count < MergeList.limit else {
            throw .unsupported(
                key: "pieces", value: "\(merges.count) merges",
                supported: "fewer than \(MergeList.limit)", place: FilePlace(path))
        }
        // Sorting is stable, so pieces of one score stay in the file's order.
        merges.sort {
            $0.score != $1.score ? $0.score > $1.score : $0.lengths > $1.lengths
        }
        var list = MergeList(capacity: merges.count)
        for merge in merges { list.append(Int(merge.left), Int(merge.right), merge.id) }
        return BPE(
            vocabulary: vocabulary, tokenCount: pieces.count, pieces: vocabulary,
            merges: list, spellsBytes: false, ignoreMerges: false, fallsBack: fallsBack,
            fuseUnknown: true, unknown: pieces[unknownID].text)
    }
}

/// Bytes as base64.
func encodeBase64(_ bytes: [UInt8]) -> [UInt8] {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var out: [UInt8] = []
    out.reserveCapacity((bytes.count + 2) / 3 * 4)
    var i = 0
    while i < bytes.count {
        let have = min(3, bytes.count - i)
        var bits: UInt32 = 0
        for k in 0..<3 { bits = bits << 8 | (k < have ? UInt32(bytes[i + k]) : 0) }
        for k in 0..<4 {
            out.append(
                k <= have ? digits[Int(bits >> UInt32(18 - 6 * k)) & 63] : UInt8(ascii: "="))
        }
        i += 3
    }
    return out
}
