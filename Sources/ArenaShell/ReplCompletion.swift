// What Tab offers at the prompt: the language's candidates, and those of the prompt's own commands.

import ArenaCore
import ArenaLanguage
import Glibc

/// The candidates at the end of `line`; `pending` are the lines of the statement above it.
func completion(
    of line: [UInt8], after pending: [UInt8], in interpreter: Interpreter
) -> Completion {
    if pending.isEmpty, let first = line.first {
        let text = String(decoding: line, as: UTF8.self)
        switch first {
        case UInt8(ascii: "%"):
            guard let space = text.firstIndex(of: " ") else {
                return Completion(
                    typed: line.count,
                    candidates: ReplCommand.all.map(\.name).filter { $0.hasPrefix(text) })
            }
            let command = ReplCommand.all.first { $0.name == text[..<space] }
            if command?.takesPath ?? false { return pathCompletion(line) }
            let rest = Array(text[text.index(after: space)...].utf8)
            return interpreter.complete(rest, paths: pathCandidates)
        case UInt8(ascii: "!"): return pathCompletion(line)
        case UInt8(ascii: "?"):
            return interpreter.complete(Array(line.dropFirst()), paths: pathCandidates)
        default: break
        }
    }
    return interpreter.complete(pending + line, paths: pathCandidates)
}

/// Completes the last word of a line as a file's name.
private func pathCompletion(_ line: [UInt8]) -> Completion {
    let word =
        line.split(separator: 32, omittingEmptySubsequences: false).last.map(Array.init) ?? []
    let typed = String(decoding: word.first == 33 ? Array(word.dropFirst()) : word, as: UTF8.self)
    return Completion(typed: typed.utf8.count, candidates: pathCandidates(typed))
}

/// The files and folders whose path begins like this; folders end in a slash.
func pathCandidates(_ typed: String) -> [String] {
    let (folder, name) =
        typed.lastIndex(of: "/").map {
            (String(typed[...$0]), String(typed[typed.index(after: $0)...]))
        } ?? ("", typed)
    let place = folder.isEmpty ? "." : expandedHome(folder)
    return listDirectory(place)
        .filter { $0.hasPrefix(name) && ($0.hasPrefix(".") == name.hasPrefix(".")) }
        .map { folder + $0 + (isDirectory(joinPath(place, $0)) ? "/" : "") }
}

/// What all candidates begin with.
func commonPrefix(_ candidates: [String]) -> String {
    guard var common = candidates.first.map({ Array($0.unicodeScalars) }) else { return "" }
    for candidate in candidates.dropFirst() {
        let other = Array(candidate.unicodeScalars)
        var n = 0
        while n < min(common.count, other.count), common[n] == other[n] { n += 1 }
        common.removeSubrange(n...)
    }
    var text = String.UnicodeScalarView()
    text.append(contentsOf: common)
    return String(text)
}

/// Candidates in columns, as `ls` shows files.
func columnText(_ candidates: [String], width: Int, limit: Int = 200) -> String {
    let shown = candidates.prefix(limit)
    let wide = (shown.map(\.count).max() ?? 0) + 2
    let across = max(1, width / wide)
    let down = (shown.count + across - 1) / across
    var out = ""
    for row in 0..<down {
        var line = ""
        for column in 0..<across where column * down + row < shown.count {
            let text = shown[column * down + row]
            line += text + String(repeating: " ", count: wide - text.count)
        }
        while line.last == " " { line.removeLast() }
        out += line + "\n"
    }
    return candidates.count > limit ? out + "... \(candidates.count - limit) more\n" : out
}
