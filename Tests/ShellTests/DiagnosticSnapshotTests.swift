// Every message as a person sees it, held with its source in Tests/Snapshots/diagnostics. A section is
//
//     ==== title        (check): by `arenascript check`; (json): with --json
//     source of test.as
//     ---- helpers.as   and so on, other files beside it
//     ----
//     what stands on standard error
//
// RECORD_SNAPSHOTS=1 writes what the binary says now; read the difference before committing it.

import ArenaCore
import Glibc
import Testing

private let snapshotFolder =
    String(#filePath.dropLast("ShellTests/DiagnosticSnapshotTests.swift".utf8.count))
    + "Snapshots/diagnostics"

/// A piece of script, the files beside it, and the message it gets.
private struct Section {
    var title: String
    var files: [(name: String, text: String)] = [("test.as", "")]
    var message = ""

    init(_ lines: [Substring]) {
        title = String(lines.first ?? "")
        var isMessage = false
        for line in lines.dropFirst() {
            if !isMessage, line == "----" {
                isMessage = true
            } else if !isMessage, line.hasPrefix("---- ") {
                files.append((String(line.dropFirst(5)), ""))
            } else if isMessage {
                message += line + "\n"
            } else {
                files[files.count - 1].text += line + "\n"
            }
        }
        message = trimmed(message)
    }

    var text: String {
        var out = "==== \(title)\n" + files[0].text
        for file in files.dropFirst() { out += "---- \(file.name)\n" + file.text }
        return out + "----\n" + message + "\n"
    }

    func outcome() throws -> Outcome {
        let folder = try TemporaryFolder()
        for file in files { try folder.write(file.name, file.text) }
        let command = title.hasSuffix("(check)") ? "check" : "run"
        let form = title.hasSuffix("(json)") ? "--json " : ""
        return try shell("arenascript \(command) \(form)test.as", in: folder)
    }
}

/// Without newlines at the end.
private func trimmed(_ text: String) -> String {
    var scalars = Substring(text).unicodeScalars
    while scalars.last == "\n" { scalars.removeLast() }
    return String(scalars)
}

/// The sections of a file. By scalars: to `Character` a carriage return and its newline are one.
private func sections(_ text: String) -> [Section] {
    var found: [[Substring]] = []
    for line in text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false) {
        let line = Substring(line)
        if line.hasPrefix("==== ") {
            found.append([line.dropFirst(5)])
        } else if !found.isEmpty {
            found[found.count - 1].append(line)
        }
    }
    return found.map { Section($0) }
}

@Suite struct DiagnosticSnapshotTests {
    static let files = listDirectory(snapshotFolder).filter { $0.hasSuffix(".txt") }.sorted()

    @Test(arguments: files) func messages(_ name: String) throws {
        let path = joinPath(snapshotFolder, name)
        var all = sections(String(decoding: try readFile(path), as: UTF8.self))
        let isRecording = getenv("RECORD_SNAPSHOTS") != nil
        for i in all.indices {
            let outcome = try all[i].outcome()
            let message = trimmed(outcome.errors)
            #expect(!message.isEmpty && outcome.code != 0, "\(name): \(all[i].title) is no error")
            if isRecording {
                all[i].message = message
            } else {
                #expect(message == all[i].message, "\(name): \(all[i].title)")
            }
        }
        if isRecording {
            try writeFile(path, Array(all.map(\.text).joined(separator: "\n").utf8))
        }
    }

    @Test func thereAreManyAndEachHasItsOwnTitle() throws {
        var titles: [String] = []
        for name in Self.files {
            let text = try readFile(joinPath(snapshotFolder, name))
            titles += sections(String(decoding: text, as: UTF8.self)).map { "\(name): \($0.title)" }
        }
        #expect(titles.count >= 250)
        #expect(Set(titles).count == titles.count)
    }
}
