// What can be wrong with a tokenizer's files or with what is asked of it, as facts. The words are in
// TokenizerError+Report.swift.

import ArenaCore

/// A tokenizer that cannot be read or used.
package enum TokenizerError: ArenaFault, Equatable {
    case file(FileError)
    case json(FaultReport)
    /// A folder without a tokenizer.json; `found` are the files of other formats in it.
    case noTokenizer(folder: String, found: [String])
    case missingKey(key: String, place: FilePlace)
    case wrongType(key: String, expected: String, found: String, place: FilePlace)
    /// A part (normalizer, model ...) of a type that is not known.
    case unknownPart(family: String, name: String, key: String, known: [String], place: FilePlace)
    /// A known part with an option or a combination that is not supported.
    case unsupported(key: String, value: String, supported: String, place: FilePlace)
    case unknownPattern(pattern: String, key: String, known: [String], place: FilePlace)
    /// The file contradicts itself.
    case contradiction(key: String, what: String, place: FilePlace)
    case maxLengthTooSmall(maxLength: Int, specialTokens: Int)
    /// A pair whose one text that may be cut is too short for that.
    case pairTooLong(row: Int, cut: String, maxLength: Int)
    case noEndToken(path: String)
    /// A layout whose fixed pieces alone are too long.
    case noRoom(maxTokens: Int, fixedTokens: Int)
    /// A token that a layout names.
    case unknownToken(name: String, path: String)
    /// A row without a label token.
    case noLabel(row: Int, column: String)
    /// A conversation where the tokenizer has no template, or none of that name.
    case noChatTemplate(path: String, name: String?, known: [String])
    /// A chat template that is wrong, not supported, or refuses the messages.
    case chatTemplate(path: String, line: Int, message: String)
    case textTooLong(bytes: Int, limit: Int)
    /// A vocabulary to be trained cannot hold its special tokens and all characters of the texts.
    case vocabularyTooSmall(size: Int, needed: Int)
}
