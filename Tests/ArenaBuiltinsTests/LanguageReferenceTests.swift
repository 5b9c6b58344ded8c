// The examples of docs/language.md run and print what they say: `#> text` is a line of output,
// `# error: text` a part of the message they end with.

import ArenaCore
import Testing

@testable import ArenaBuiltins
@testable import ArenaLanguage

@Suite struct LanguageReferenceTests {
    static let examples: [String] = {
        let bytes = (try? readFile(root + "/docs/language.md")) ?? []
        var blocks: [String] = []
        var block: String?
        for line in String(decoding: bytes, as: UTF8.self).split(
            separator: "\n", omittingEmptySubsequences: false)
        {
            if line == "```python" {
                block = ""
            } else if line == "```" {
                if let block { blocks.append(block) }
                block = nil
            } else if let text = block {
                block = text + line + "\n"
            }
        }
        return blocks
    }()

    @Test func thereAreExamples() { #expect(Self.examples.count >= 6) }

    @Test(arguments: examples) func example(_ source: String) {
        func marked(_ mark: String) -> [String] {
            source.split(separator: "\n").filter { $0.hasPrefix(mark) }.map {
                String($0.dropFirst(mark.count))
            }
        }
        let outcome = runScript(source)
        #expect(outcome.output == marked("#> ").map { $0 + "\n" }.joined())
        let errors = marked("# error: ")
        for text in errors { #expect(outcome.message.contains(text), "\(outcome.message)") }
        if errors.isEmpty { #expect(outcome.message == "") }
    }
}
