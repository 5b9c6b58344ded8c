// The one place where facts about tokenizers become words.

import ArenaCore

extension TokenizerError {
    package var report: FaultReport {
        switch self {
        case .file(let error): return error.report
        case .json(let report): return report
        case .noTokenizer(let folder, let found):
            let others = found.isEmpty ? "" : "; it holds \(found.joined(separator: ", "))"
            return FaultReport(
                .fileNotFound, "there is no tokenizer in \(folder)\(others)",
                help: "known files: \(tokenizerFiles.joined(separator: ", ")) with merges.txt")
        case .missingKey(let key, let place):
            return FaultReport(
                .value, "the tokenizer file has no \(key)", place: place,
                help: "the file is damaged or not a tokenizer.json: fetch it again")
        case .wrongType(let key, let expected, let found, let place):
            return FaultReport(
                .value, "\(key) should be \(expected), not \(found)", place: place,
                help: "the file is damaged or of a newer form: fetch it again")
        case .unknownPart(let family, let name, let key, let known, let place):
            return FaultReport(
                .value, "\(key): the \(family) '\(name)' is not supported", place: place,
                help: "known: " + known.joined(separator: ", "))
        case .unsupported(let key, let value, let supported, let place):
            return FaultReport(
                .value, "\(key): \(value) is not supported", place: place,
                help: "supported: " + supported)
        case .unknownPattern(let pattern, let key, let known, let place):
            return FaultReport(
                .value, "\(key): the pattern is not one of those supported: \(pattern)",
                place: place,
                help: "supported are the patterns of " + known.joined(separator: ", "))
        case .contradiction(let key, let what, let place):
            return FaultReport(
                .value, "\(key): \(what)", place: place,
                help: "the file contradicts itself: fetch it again, or save the tokenizer anew")
        case .maxLengthTooSmall(let maxLength, let specialTokens):
            return FaultReport(
                .value,
                "max_length=\(maxLength) leaves no room beside \(counted(specialTokens, "special token"))",
                help: "use a max_length above \(specialTokens), or add_special_tokens=False")
        case .pairTooLong(let row, let cut, let maxLength):
            return FaultReport(
                .value, "row \(row): \(cut) cannot cut the pair to max_length=\(maxLength)",
                help: "use truncation=\"longest_first\", or a larger max_length")
        case .noEndToken(let path):
            return FaultReport(
                .value, "add_eos_token=True, but the tokenizer names no eos_token",
                place: FilePlace(path), help: "add eos_token to tokenizer_config.json beside it")
        case .noRoom(let maxTokens, let fixedTokens):
            return FaultReport(
                .value,
                "max_tokens=\(maxTokens) leaves no room beside \(counted(fixedTokens, "fixed token"))",
                help: "use max_tokens above \(fixedTokens), or shorter fixed pieces")
        case .unknownToken(let name, let path):
            let isName = name.hasSuffix("_token")
            return FaultReport(
                .value,
                isName
                    ? "the tokenizer names no \(name)" : "\(quoted(name)) is not a token",
                place: FilePlace(path),
                help: isName
                    ? "add \(name) to tokenizer_config.json beside it, or use special(\"...\")"
                    : "tok.token_to_id(...) says what there is; tok.add_tokens([...]) adds")
        case .noLabel(let row, let column):
            return FaultReport(
                .value, "row \(row) has no label: column '\(column)' is empty there",
                help: "label(column) takes the first token of the cell's text")
        case .noChatTemplate(let path, let name, let known):
            return FaultReport(
                .value,
                name.map { "the tokenizer has no chat template '\($0)'" }
                    ?? "the tokenizer has no chat template", place: FilePlace(path),
                help: known.isEmpty
                    ? "add chat_template to tokenizer_config.json, or a chat_template.jinja beside it"
                    : "it has " + known.joined(separator: ", "))
        case .chatTemplate(let path, let line, let message):
            return FaultReport(
                .value, "chat template" + (line > 0 ? ", line \(line)" : "") + ": \(message)",
                place: FilePlace(path),
                help:
                    "the template is chat_template in tokenizer_config.json or chat_template.jinja")
        case .vocabularyTooSmall(let size, let needed):
            return FaultReport(
                .value,
                "\(size) tokens are too few: the special tokens and the characters of the texts are \(needed)",
                help: "vocab_size=\(needed) or more")
        case .textTooLong(let bytes, let limit):
            return FaultReport(
                .value, "a text of \(bytes) bytes is over the limit of \(limit) bytes",
                help: "cut the cell before tokenizing it")
        }
    }
}

private func counted(_ n: Int, _ noun: String) -> String { "\(n) \(noun)\(n == 1 ? "" : "s")" }
