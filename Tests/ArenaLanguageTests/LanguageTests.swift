// Runs the scripts of Tests/Spec/language and holds them against their own expectations:
// `# expect: line` after a statement that prints, `# expect error: text` for a script that is
// refused, `# expect runtime error: text` for one that fails. Texts are matched as parts of a message.

import ArenaCore
import Testing

@testable import ArenaLanguage

let specFolder = String(#filePath.dropLast("ArenaLanguageTests/LanguageTests.swift".count)) + "Spec/language"

func outcome(_ source: String, name: String = "test.as") -> (output: String, failure: RunFailure?) {
    nonisolated(unsafe) var output = ""
    let interpreter = Interpreter(builtins: [], parameters: [:]) { output += $0 }
    do throws(RunFailure) {
        _ = try interpreter.run(SourceFile(name: name, bytes: Array(source.utf8)), interactive: false)
        return (output, nil)
    } catch {
        return (output, error)
    }
}

func expectations(_ source: String, _ mark: String) -> [String] {
    source.split(separator: "\n").compactMap { line in
        guard let at = line.firstRange(of: mark) else { return nil }
        return String(line[at.upperBound...])
    }
}

extension Substring {
    func firstRange(of text: String) -> Range<Index>? {
        var i = startIndex
        while i < endIndex {
            if self[i...].hasPrefix(text) { return i..<index(i, offsetBy: text.count) }
            i = index(after: i)
        }
        return nil
    }
}

@Suite struct LanguageTests {
    static let files = listDirectory(specFolder).filter { $0.hasSuffix(".as") }

    @Test(arguments: files) func script(_ name: String) throws {
        let source = String(decoding: try readFile(joinPath(specFolder, name)), as: UTF8.self)
        let (output, failure) = outcome(source, name: name)
        let expected = expectations(source, "# expect: ").map { $0 + "\n" }.joined()
        let errors = expectations(source, "# expect error: ")
        let runtime = expectations(source, "# expect runtime error: ")
        #expect(output == expected)
        switch failure {
        case nil: #expect(errors.isEmpty && runtime.isEmpty)
        case .rejected(let diagnostics):
            let text = diagnostics.map { $0.rendered(colour: false) }.joined()
            #expect(!errors.isEmpty, "\(text)")
            for e in errors { #expect(text.contains(e)) }
        case .raised(let diagnostic):
            let text = diagnostic.rendered(colour: false)
            #expect(!runtime.isEmpty, "\(text)")
            for e in runtime { #expect(text.contains(e)) }
        case .interrupted: Issue.record("interrupted")
        }
    }

    @Test func everyCoreFunctionsExampleRuns() {
        for builtin in coreFunctions {
            #expect(!builtin.summary.isEmpty)
            #expect(!builtin.examples.isEmpty, "\(builtin.name) has no example")
            for example in builtin.examples {
                let (output, failure) = outcome(example.code)
                #expect(failure == nil && output == example.output, "\(builtin.name): \(output)")
            }
        }
        let names = coreFunctions.map(\.name)
        #expect(Set(names).count == names.count)
    }
}
