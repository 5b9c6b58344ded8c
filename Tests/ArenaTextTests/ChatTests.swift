// Chat templates against transformers, and Keras' word tokenizer against its documentation
// (scripts/dev/make-chat-fixtures.py).

import ArenaCore
import Testing

@testable import ArenaText

extension ChatValue {
    /// A value of a JSON file.
    fileprivate init(_ json: JSONValue) {
        if let text = json.string {
            self = .string(text)
        } else if let flag = json.bool {
            self = .bool(flag)
        } else if let n = json.int {
            self = .int(n)
        } else if let items = json.elements {
            self = .list(items.map { ChatValue($0) })
        } else if let members = json.members {
            self = .dict(members.map { .init(key: $0.key, value: ChatValue($0.value)) })
        } else {
            self = .none
        }
    }
}

@Suite struct ChatTests {
    @Test func rendersAsTransformersDoes() throws {
        let document = try readFixture("chat-templates.json")
        var seen = 0
        for entry in document["cases"]?.elements ?? [] {
            let name = entry["template"]?.string ?? ""
            let source = document["templates"]?[name]?.string ?? ""
            let messages = try #require(entry["messages"])
            let variables: [String: ChatValue] = [
                "bos_token": .string("<s>"), "eos_token": .string("</s>"),
                "add_generation_prompt": .bool(entry["prompt"]?.bool ?? false),
                "messages": ChatValue(messages),
            ]
            let wanted = entry["text"]?.string ?? entry["error"]?.string
            do {
                let made = try ChatTemplate(source).render(variables)
                #expect(made == wanted, "\(name)")
                #expect(entry["text"] != nil, "\(name) should refuse")
            } catch {
                #expect(error.message == wanted, "\(name), line \(error.line)")
                #expect(entry["error"] != nil, "\(name): \(error.message), line \(error.line)")
            }
            seen += 1
        }
        #expect(seen == 96)
    }

    @Test(arguments: [
        ("a\n{% macro f() %}{% endmacro %}", 2, "'{% macro %}' is not supported"),
        ("{{ x | foo }}", 1, "the filter 'foo' is not supported"),
        ("\n\n{{ x is foo }}", 3, "the test 'foo' is not supported"),
        ("{% if x %}", 1, "'endif' is missing"), ("{{ x", 1, "never closed"),
        ("{{ 'x }}", 1, "never closed"), ("{% endfor %}", 1, "stands in no block"),
        ("{{ x.y.z }}", 1, "'y' is undefined"), ("{{ f() }}", 1, "'f' is undefined"),
        ("{{ 1 / 0 }}", 1, "division by zero"), ("{{ 1 // 0 }}", 1, "division by zero"),
        ("{{ range(10000000) }}", 1, "range()"), ("{{ ) }}", 1, "does not begin"),
        ("{{ }}", 1, "an expression is missing"), ("{% for x in 1 %}{% endfor %}", 1, "int cannot"),
        ("{{ strftime_now('%Y') }}", 1, "date"), ("{% set x.y = 1 %}", 1, "no namespace"),
        ("{{ a ? b }}", 1, "means nothing here"), ("{{ 99999999999999999999 }}", 1, "too large"),
        ("{{ 9223372036854775807 + 1 }}", 1, "too large"), ("{% import 'x' %}", 1, "import"),
    ])
    func refusesByLine(_ source: String, _ line: Int, _ message: String) {
        var failure: ChatTemplateError?
        do {
            _ = try ChatTemplate(source).render(["x": .dict([])])
        } catch { failure = error }
        #expect(
            failure?.line == line && failure?.message.contains(message) == true,
            "\(String(describing: failure))")
    }

    @Test func damagedTemplatesNeverEndTheProcess() throws {
        let document = try readFixture("chat-templates.json")
        let sources = (document["templates"]?.members ?? []).compactMap { $0.value.string }
        var random = Random(state: 3)
        for _ in 0..<4000 {
            var text = Array(sources[random.next(sources.count)].unicodeScalars)
            for _ in 0..<1 + random.next(4) {
                let at = random.next(text.count)
                switch random.next(3) {
                case 0: text.remove(at: at)
                case 1: text.insert("{}%|'()[]-.:~ n".unicodeScalars.randomElement(&random), at: at)
                default: text.removeSubrange(at..<min(text.count, at + random.next(20)))
                }
                if text.isEmpty { break }
            }
            let source = String(String.UnicodeScalarView(text))
            let messages = ChatValue.list([
                .dict([
                    .init(key: "role", value: .string("user")), .init(key: "content", value: .none),
                ])
            ])
            _ = try? ChatTemplate(source).render(["messages": messages])
        }
    }

    @Test func nestingAndLoopsEnd() {
        let deep = String(repeating: "{% if 1 %}", count: 5000)
        #expect(throws: ChatTemplateError.self) { try ChatTemplate(deep) }
        let brackets = "{{ " + String(repeating: "(", count: 5000)
        #expect(throws: ChatTemplateError.self) { try ChatTemplate(brackets) }
        let minus = "{{ " + String(repeating: "- ", count: 5000) + "1 }}"
        #expect(throws: ChatTemplateError.self) { try ChatTemplate(minus) }
        let nots = "{{ " + String(repeating: "not ", count: 5000) + "1 }}"
        #expect(throws: ChatTemplateError.self) { try ChatTemplate(nots) }
        let long =
            "{% for a in range(90000) %}{% for b in range(90000) %}{% for c in range(9) %}{% endfor %}{% endfor %}{% endfor %}"
        #expect(throws: ChatTemplateError.self) { try ChatTemplate(long).render([:]) }
    }

    @Test func readsTheTemplateBesideTheTokenizer() throws {
        try withTemporaryFolder { folder in
            try write(byteTokenizer(), to: folder + "/tokenizer.json")
            try write(
                #"{"eos_token":"a","chat_template":[{"name":"default","template":"{{ messages[0] }}{{ eos_token }}"},{"name":"tool_use","template":"tools"}]}"#,
                to: folder + "/tokenizer_config.json")
            let variables: [String: ChatValue] = ["messages": .list([.string("hi")])]
            #expect(try Tokenizer(path: folder).renderChat(variables) == "hia")
            #expect(
                try Tokenizer(path: folder).renderChat(variables, template: "tool_use") == "tools")
            let unknown = report { _ = try Tokenizer(path: folder).renderChat([:], template: "x") }
            #expect(unknown?.help == "it has default, tool_use")
            try write("{{ 1 }}\n", to: folder + "/chat_template.jinja")
            #expect(try Tokenizer(path: folder).renderChat(variables) == "1")
        }
        let none = report { _ = try Tokenizer(byteTokenizer()).renderChat([:]) }
        #expect(none?.message == "the tokenizer has no chat template")
    }
}

@Suite struct WordIndexTests {
    @Test func numbersWordsAsKerasDoes() throws {
        let document = try readFixture("word-index.json")
        let texts = (document["texts"]?.elements ?? []).map { $0.string ?? "" }
        for entry in document["cases"]?.elements ?? [] {
            var index = WordIndex(
                numWords: entry["num_words"]?.int, lowers: entry["lower"]?.bool ?? true,
                isCharLevel: entry["char_level"]?.bool ?? false, oovToken: entry["oov"]?.string)
            // In two goes, as fitting adds to what was counted.
            index.fit(texts[..<10])
            index.fit(texts[10..<25])
            for (word, number) in entry["index"]?.members ?? [] {
                #expect(index.index[word].map { Int($0) } == number.int, "\(word)")
            }
            #expect(index.index.count == entry["index"]?.count)
            var rows = TokenRows()
            for (text, wanted) in zip(texts, entry["rows"]?.elements ?? []) {
                let made = index.sequence(text)
                #expect(made == ids(wanted), "\(text.debugDescription)")
                rows.ids += made
                rows.offsets.append(rows.ids.count)
            }
            let pre = rows.truncated(to: 5, side: .left).padded(to: 5, with: 0, side: .left)
            #expect(pre.ids == (entry["pre"]?.elements ?? []).flatMap(ids))
            let post = rows.truncated(to: 5, side: .right).padded(to: 5, with: 7, side: .right)
            #expect(post.ids == (entry["post"]?.elements ?? []).flatMap(ids))
        }
    }

    @Test func rowsAreChosenJoinedCutAndPadded() {
        let rows = TokenRows(offsets: [0, 2, 2, 5], ids: [1, 2, 3, 4, 5], types: [0, 1, 0, 1, 2])
        let taken = rows.taking([2, 0, 1])
        #expect(taken.ids == [3, 4, 5, 1, 2] && taken.offsets == [0, 3, 5, 5])
        #expect(taken.types == [0, 1, 2, 0, 1])
        let cut = rows.truncated(to: 2, side: .left)
        #expect(cut.ids == [1, 2, 4, 5] && cut.types == [0, 1, 1, 2])
        #expect(cut.rowsCut == 1 && cut.tokensCut == 1)
        let padded = cut.padded(to: 3, with: 9, side: .right)
        #expect(padded.ids == [1, 2, 9, 9, 9, 9, 4, 5, 9] && padded.offsets == [0, 3, 6, 9])
        #expect(padded.types == [0, 1, 0, 0, 0, 0, 1, 2, 0])
        let joined = rows.joined(with: TokenRows(offsets: [0, 1], ids: [7]))
        #expect(joined.ids == [1, 2, 3, 4, 5, 7] && joined.types.isEmpty && joined.count == 4)
        #expect(TokenRows().padded(to: 3, with: 0, side: .left).count == 0)
    }
}

extension String.UnicodeScalarView {
    fileprivate func randomElement(_ random: inout Random) -> UnicodeScalar {
        self[index(startIndex, offsetBy: random.next(count))]
    }
}
