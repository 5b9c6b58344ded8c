// Which file of a folder describes the tokenizer. Files of other formats than tokenizer.json are rewritten
// as one in memory, with the steps that the family's own classes give them; everything else reads that.

import ArenaCore

/// The files that hold a tokenizer, in the order in which they are looked for.
let tokenizerFiles = [
    "tokenizer.json", "tekken.json", "tokenizer.model", "spiece.model", "spm.model",
    "sentencepiece.bpe.model", "vocab.txt", "vocab.json",
]

/// Whether a folder holds a tokenizer that can be read; `vocab.json` is one with its merges alone.
package func hasTokenizer(_ folder: String) -> Bool {
    tokenizerFiles.contains {
        fileExists(joinPath(folder, $0))
            && ($0 != "vocab.json" || fileExists(joinPath(folder, "merges.txt")))
    }
}

/// A tokenizer as its file describes it.
struct TokenizerFile {
    /// A tokenizer.json, or the steps of another format in its form.
    let document: JSONDocument
    let settings: TokenizerSettings
    /// The model, where the document names only its kind.
    var model: (any TokenModel)?
}

/// Finds and reads the file that describes a tokenizer, and the settings beside it.
func readTokenizerFile(_ path: String) throws(TokenizerError) -> TokenizerFile {
    var file = path
    if isDirectory(path) {
        let found = tokenizerFiles.first { fileExists(joinPath(path, $0)) }
        guard let found else {
            let others = listDirectory(path).filter {
                $0.hasSuffix(".model") || $0 == "merges.txt" || $0.hasPrefix("vocab")
            }
            throw .noTokenizer(folder: path, found: others)
        }
        file = joinPath(path, found)
    }
    let name = splitPath(file).name
    if name.hasSuffix(".model") {
        let settings = try TokenizerSettings(around: file)
        return try readSentencePiece(file, settings)
    }
    if name.hasSuffix(".txt"), name != "merges.txt" {
        let settings = try TokenizerSettings(around: file)
        return TokenizerFile(document: try readWordList(file, settings), settings: settings)
    }
    if name == "vocab.json" || name == "merges.txt" {
        let settings = try TokenizerSettings(around: file)
        return TokenizerFile(
            document: try readMergeList(splitPath(file).folder, settings), settings: settings)
    }
    let document = try readJSON(file)
    if document.root["model"] == nil, document.root["vocab"]?.kind == .array,
        document.root["config"]?.kind == .object
    {
        return try readTekken(document, TokenizerSettings(around: file))
    }
    return TokenizerFile(document: document, settings: try TokenizerSettings(beside: file))
}

/// The bytes of a file.
func readBytes(_ path: String) throws(TokenizerError) -> [UInt8] {
    do {
        let file = try MappedFile(path)
        return withExtendedLifetime(file) { Array(file.bytes) }
    } catch { throw .file(error) }
}

/// A JSON text that is put together.
struct JSONText {
    private(set) var bytes: [UInt8] = []

    mutating func raw(_ text: String) { bytes += Array(text.utf8) }

    mutating func string(_ text: String) { string(Array(text.utf8)) }

    mutating func string(_ text: some Sequence<UInt8>) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
            case 0..<0x20:
                bytes += Array((byte < 16 ? "\\u000" : "\\u00").utf8)
                bytes += Array(String(byte, radix: 16).utf8)
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// A string as JSON.
    static func quoted(_ text: some Sequence<UInt8>) -> String {
        var json = JSONText()
        json.string(text)
        return String(decoding: json.bytes, as: UTF8.self)
    }

    static func quoted(_ text: String) -> String { quoted(Array(text.utf8)) }
}

/// A token that is looked for in texts.
struct FileToken {
    var id: Int
    var content: [UInt8]
    var isSpecial = true
    var stripsLeft = false

    var json: String {
        "{\"id\":\(id),\"content\":\(JSONText.quoted(content)),\"special\":\(isSpecial),"
            + "\"single_word\":false,\"normalized\":false,\"lstrip\":\(stripsLeft),\"rstrip\":false}"
    }
}

/// `[cls] A [sep]` and a pair, as a post_processor section. `pair` names the tokens in order.
func templateJSON(_ single: [String], _ pair: [String], _ ids: [String: Int]) -> String {
    func slots(_ names: [String]) -> String {
        var type = 0
        return names.map { name -> String in
            if name == "B" { type = pair.contains("B:1") ? 1 : 0 }
            let isText = name == "A" || name.hasPrefix("B")
            if name == "B:1" { type = 1 }
            return isText
                ? "{\"Sequence\":{\"id\":\"\(name.prefix(1))\",\"type_id\":\(type)}}"
                : "{\"SpecialToken\":{\"id\":\(JSONText.quoted(name)),\"type_id\":\(type)}}"
        }.joined(separator: ",")
    }
    let tokens = ids.sorted { $0.key < $1.key }.map {
        let name = JSONText.quoted($0.key)
        return "\(name):{\"id\":\(name),\"ids\":[\($0.value)],\"tokens\":[\(name)]}"
    }
    return
        "{\"type\":\"TemplateProcessing\",\"single\":[\(slots(single))],\"pair\":[\(slots(pair))],"
        + "\"special_tokens\":{\(tokens.joined(separator: ","))}}"
}
