// Runs the scripts of Tests/Spec/library and Tests/Spec/frames from the project's root and holds them
// against their own expectations, as ArenaLanguageTests does for the language.

import ArenaCore
import Testing

@testable import ArenaBuiltins
@testable import ArenaLanguage

private let folders = ["library", "frames"].map { root + "/Tests/Spec/" + $0 }

@Suite struct LibrarySpecTests {
    static let files = folders.flatMap { folder in
        listDirectory(folder).filter { $0.hasSuffix(".as") }.map { joinPath(folder, $0) }
    }

    @Test func thereAreScripts() { #expect(Self.files.count > 15) }

    @Test(arguments: files) func script(_ name: String) throws {
        let source = String(decoding: try readFile(name), as: UTF8.self)
        let outcome = runScript(source, name: name)
        func marked(_ mark: String) -> [String] {
            source.split(separator: "\n").compactMap { line in
                let bytes = Array(line.utf8)
                let wanted = Array(mark.utf8)
                guard bytes.count >= wanted.count else { return nil }
                for i in 0...(bytes.count - wanted.count)
                where bytes[i..<i + wanted.count].elementsEqual(wanted) {
                    return String(decoding: bytes[(i + wanted.count)...], as: UTF8.self)
                }
                return nil
            }
        }
        #expect(outcome.output == marked("# expect: ").map { $0 + "\n" }.joined())
        let refused = marked("# expect error: ") + marked("# expect runtime error: ")
        if refused.isEmpty { #expect(outcome.message == "") }
        for text in refused { #expect(outcome.message.contains(text), "\(outcome.message)") }
    }
}
