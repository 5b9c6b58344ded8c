// Frames as Markdown and HTML: whole cells, escaped, aligned.

import Testing

@testable import ArenaFrame

@Suite struct MarkupTests {
    private func sample() throws -> Frame {
        try Frame(
            names: ["n", "t|<"],
            columns: [
                Column(.float64([0.1, 2]), validity: Validity([true, false])),
                Column(["a|b\\\n<i>&", "中文"]),
            ], key: FrameKey(name: "id", column: Column([Int64(7), 8])))
    }

    @Test func markdownIsEscapedAndAligned() throws {
        #expect(
            markdown(try sample())
                == """
                |  id |   n | t\\|&lt;                   |
                | --: | --: | :----------------------- |
                |   7 | 0.1 | a\\|b\\\\<br>&lt;i>&amp; |
                |   8 |     | 中文                     |

                """.replacingPadding())
    }

    @Test func htmlIsEscaped() throws {
        let text = html(try sample())
        #expect(text.contains("<th>t|&lt;</th>"))
        #expect(text.contains("<td>a|b\\<br>&lt;i&gt;&amp;</td>"))
        #expect(text.contains("<th style=\"text-align: right\">7</th>"))
        #expect(!text.contains("<i>"))
    }

    @Test func rowsLeftOutAreMarked() throws {
        let frame = try Frame(names: ["a"], columns: [Column((0..<9).map { Int64($0) })])
        #expect(markdown(frame, maxRows: 3).split(separator: "\n").count == 6)
        #expect(html(frame, maxRows: 2).contains("…"))
        #expect(markdown(try Frame(names: [], columns: [])).isEmpty)
    }
}

extension String {
    /// Each line's last cell padded as wide as the widest, so that the expectation needs no counting.
    fileprivate func replacingPadding() -> String {
        let lines = split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let bodies = lines.map { line -> String in
            guard line.hasSuffix("|") else { return line }
            var body = String(line.dropLast())
            while body.hasSuffix(" ") || body.hasSuffix("-") { body.removeLast() }
            return body
        }
        let widest = bodies.map { displayWidth($0) }.max() ?? 0
        return zip(lines, bodies).map { line, body in
            guard line.hasSuffix("|") else { return line }
            let fill: Character = body.hasSuffix(":") ? "-" : " "
            return body + String(repeating: fill, count: widest - displayWidth(body)) + " |"
        }.joined(separator: "\n")
    }
}
