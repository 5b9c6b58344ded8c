// Layouts against the rows that plain Python functions make (scripts/dev/make-layout-fixtures.py): every
// policy by which notebooks lay out and cut, over real tokenizer families.

import ArenaCore
import Testing

@testable import ArenaText

/// The rows of the fixture as columns.
private struct Rows {
    let texts: [Texts]
    let turns: [[[UnsafeRawBufferPointer]]]
    let count: Int

    init(_ document: JSONValue) {
        var all: [[UInt8]] = []
        var shape: [[Int]] = []
        for row in document["rows"]?.elements ?? [] {
            var counts: [Int] = []
            for column in row.elements ?? [] {
                let turns = column.elements ?? []
                counts.append(turns.count)
                all += turns.map { $0.stringBytes ?? [] }
            }
            shape.append(counts)
        }
        let texts = Texts(all)
        self.texts = [texts]
        var at = 0
        turns = shape.map { counts in
            counts.map { n in
                defer { at += n }
                return Array(texts.buffers[at..<at + n])
            }
        }
        count = shape.count
    }

    func column(_ i: Int) -> LayoutColumn {
        let name = ["prompt", "response_a", "response_b"][i]
        nonisolated(unsafe) let turns = turns
        let keep = texts
        return LayoutColumn(name: name, isTurns: true) { row, body in
            for turn in turns[row][i] { body(turn) }
            withExtendedLifetime(keep) {}
        }
    }

    /// One label for every row.
    func constant(_ text: String) -> LayoutColumn {
        let texts = Texts([Array(text.utf8)])
        return LayoutColumn(name: "label", isTurns: false) { _, body in body(texts.buffers[0]) }
    }

    /// A column of other texts.
    func column(_ i: Int, _ contents: [[String]]) -> LayoutColumn {
        let texts = Texts(contents.map { Array($0[i].utf8) })
        return LayoutColumn(name: "text \(i)", isTurns: false) { row, body in
            body(texts.buffers[row])
        }
    }
}

@Suite struct LayoutTests {
    static let question =
        "\n\n---------\nWhich is the better response for the prompt ? a or b or tie ?\n\nAnswer: "
    static let heads = ["<prompt>: ", "\n\n<response_a>: ", "\n\n<response_b>: "]

    /// The three parts with their markers.
    static func parts(
        _ change: (Int, inout Layout.Part) -> Void = { _, _ in }, heads: [String] = heads
    ) -> [Layout.Piece] {
        (0..<3).map { i in
            var part = Layout.Part(prefix: heads[i], column: i, separator: " ")
            change(i, &part)
            return .part(part)
        }
    }

    static let bare = ["", "", ""]

    /// The layout and the options of each policy.
    static func policy(_ name: String) -> (Layout, Tokenizer.Options)? {
        var options = Tokenizer.Options(addSpecialTokens: false)
        var layout = Layout(parts())
        switch name {
        case "whole_right", "whole_left":
            options = .init(
                maxLength: 40, truncationSide: name == "whole_right" ? .right : .left)
        case "spread":
            layout = Layout(
                parts { _, part in
                    part.share = 1.0 / 3
                    part.addsSpecial = true
                }, maxTokens: 64)
        case "thirds_inside":
            layout = Layout(
                [.special("<|begin_of_text|>")] + parts { _, part in part.maxTokens = 16 }
                    + [.special("<|end_of_text|>")])
        case "last_turns", "last_turns_within":
            layout = Layout(
                [.special("<|begin_of_text|>")] + parts { _, part in part.separator = nil }
                    + [.fixed(question)], maxTokens: name == "last_turns" ? 60 : 110)
            layout.keep = .lastTurns
            layout.overflow = .proportionalTail
            layout.counts = name == "last_turns" ? .parts : .all
        case "last_turn_fallback":
            layout = Layout(
                [.special("<|begin_of_text|>")]
                    + parts { i, part in part.maxTokens = [12, 25, 25][i] } + [.fixed(question)],
                maxTokens: 60)
            layout.keep = .lastTurn
            layout.counts = .parts
        case "quarter_half_rest", "quarter_half_half":
            var pieces = parts(
                { i, part in
                    part.share = i == 0 ? 0.25 : i == 1 || name == "quarter_half_half" ? 0.5 : nil
                }, heads: bare)
            pieces.insert(.special("[SEP]"), at: 2)
            pieces.insert(.special("[SEP]"), at: 1)
            layout = Layout([.special("[CLS]")] + pieces, maxTokens: 50)
            layout.budget = .ofTheRest
            layout.counts = .parts
            layout.segments = [0, 0, 0, 1, 1, 2]
            options.maxLength = 52
        case "each_with_special":
            layout = Layout(
                parts(
                    { _, part in
                        part.maxTokens = 16
                        part.addsSpecial = true
                    }, heads: ["##prompt: ", "##response_a: ", "##response_b: "]))
        case "nested":
            var pieces = parts(
                { _, part in
                    part.maxTokens = 60 / 3 - 3
                    part.addsSpecial = true
                }, heads: bare)
            pieces.insert(.special("[SEP]"), at: 2)
            pieces.insert(.special("[SEP]"), at: 1)
            layout = Layout([.special("[CLS]")] + pieces)
        case "interleaved":
            layout = Layout([
                .rounds(
                    .init(
                        parts: heads.enumerated().map { (prefix: $1, column: $0) },
                        separator: "\n\n"))
            ])
            options = .init(maxLength: 60)
        case "handed_on":
            layout = Layout(
                [.special("<|begin_of_text|>")]
                    + parts({ i, part in part.share = [0.2, 0.4, 0.4][i] }, heads: bare),
                maxTokens: 50)
            layout.budget = .handedOn
        case "ends":
            layout = Layout(parts() + [.fixed(question)], maxTokens: 90)
            layout.keep = .tail
            layout.join = .tokens
        case "with_label":
            layout = Layout(
                [.special("<|begin_of_text|>")] + parts()
                    + [.fixed(question), .label(column: 3), .special("<|end_of_text|>")])
        case "cloze":
            let pad = String(repeating: " ", count: 24)
            layout = Layout(
                [
                    .part(.init(prefix: "", column: 4)), .fixed(":\n" + pad + "Response A: "),
                    .part(.init(prefix: "", column: 5)), .fixed("\n" + pad + "Response B: "),
                    .part(.init(prefix: "", column: 6)),
                    .fixed("\n" + pad + "Which is better?\n[MASK]"),
                ], maxTokens: 200)
            options = .init()
        case "one_text", "one_text_unigram":
            layout = Layout(parts() + [.fixed(question)], maxTokens: name == "one_text" ? 100 : 110)
            options = .init()
        default: return nil
        }
        return (layout, options)
    }

    @Test func everyPolicyEqualsItsNotebook() throws {
        let document = try readFixture("layouts.json")
        let rows = Rows(document)
        let headTail = (document["head_tail"]?.elements ?? []).map {
            ($0.elements ?? []).map { $0.string ?? "" }
        }
        let columns =
            (0..<3).map(rows.column) + [rows.constant("tie")]
            + (0..<3).map { rows.column($0, headTail) }
        var seen = 0
        for (name, entry) in document["cases"]?.members ?? [] {
            let (layout, options) = try #require(Self.policy(name), "\(name)")
            let tokenizer = try Tokenizer(
                path: fixture("tokenizers/" + (entry["tokenizer"]?.string ?? "") + ".json"))
            for workers in [1, 3] {
                for stopsEarly in [true, false] {
                    var options = options
                    options.stopsEarly = stopsEarly
                    let made = try tokenizer.encodeLayout(
                        layout, columns: columns, count: rows.count, workers: workers,
                        options: options)
                    let wanted = (entry["ids"]?.elements ?? []).map(ids)
                    for row in 0..<rows.count {
                        #expect(
                            Array(made.row(row)) == wanted[row],
                            "\(name), row \(row), early \(stopsEarly)")
                    }
                    if let types = entry["types"]?.elements {
                        #expect(made.types.map { Int32($0) } == types.flatMap(ids), "\(name)")
                    }
                }
            }
            seen += 1
        }
        #expect(seen == 18)
    }

    @Test func headAndTailOfATextAsThePythonOne() throws {
        let document = try readFixture("layouts.json")
        let rows = Rows(document)
        let tokenizer = try Tokenizer(path: fixture("tokenizers/deberta-v3-small.json"))
        let wanted = (document["head_tail"]?.elements ?? []).map {
            ($0.elements ?? []).map { $0.string ?? "" }
        }
        for row in 0..<rows.count {
            for column in 0..<3 {
                var text: [UInt8] = []
                for (k, turn) in rows.turns[row][column].enumerated() {
                    if k > 0 { text.append(0x20) }
                    text += turn
                }
                let texts = Texts([text])
                let made = try tokenizer.headTail(texts.buffers[0], head: 8, tail: 8, over: 16)
                let whole = String(decoding: text, as: UTF8.self)
                #expect((made ?? whole) == wanted[row][column], "row \(row), column \(column)")
            }
        }
    }

    @Test func whatDoesNotFitIsSaidBeforeTheFirstRow() throws {
        let rows = Rows(try readFixture("layouts.json"))
        let tokenizer = try Tokenizer(path: fixture("tokenizers/llama3-small.json"))
        func attempt(_ layout: Layout) -> FaultReport? {
            report {
                _ = try tokenizer.encodeLayout(
                    layout, columns: (0..<3).map(rows.column), count: rows.count,
                    options: .init(addSpecialTokens: false))
            }
        }
        let long = Layout(
            [.special("<|begin_of_text|>")] + Self.parts() + [.fixed(Self.question)], maxTokens: 10)
        #expect(attempt(long)?.message.contains("max_tokens=10 leaves no room") == true)
        #expect(
            attempt(Layout([.special("[XYZ]")]))?.message.contains("'[XYZ]' is not a token") == true
        )
        #expect(
            attempt(Layout([.special("sep_token")]))?.message.contains("names no sep_token") == true
        )
        #expect(attempt(Layout([.token(1 << 20)])) != nil)
        #expect(attempt(Layout([.label(column: 0)]))?.message.contains("no label") == true)
        #expect(attempt(Layout([.fixed("")])) == nil)
    }

    @Test func cutsAreCounted() throws {
        let rows = Rows(try readFixture("layouts.json"))
        let tokenizer = try Tokenizer(path: fixture("tokenizers/llama3-small.json"))
        var layout = Layout([.special("<|begin_of_text|>")] + Self.parts(), maxTokens: 30)
        layout.overflow = .proportionalTail
        let columns = (0..<3).map(rows.column)
        let options = Tokenizer.Options(addSpecialTokens: false)
        let cut = try tokenizer.encodeLayout(
            layout, columns: columns, count: rows.count, options: options)
        layout.maxTokens = nil
        let whole = try tokenizer.encodeLayout(
            layout, columns: columns, count: rows.count, options: options)
        #expect(whole.rowsCut == 0 && whole.tokensCut == 0)
        #expect(cut.tokensCut == whole.ids.count - cut.ids.count && !cut.cutIsEstimate)
        #expect(cut.rowsCut == zip(cut.lengths, whole.lengths).count { $0 != $1 })
        #expect(cut.partLosses.reduce(0) { $0 + $1.tokens } == cut.tokensCut)
        #expect(cut.lengths.allSatisfy { $0 <= 30 })
        #expect(cut.specialCount > 0 && cut.specialsParsed)
        let asText = try tokenizer.encodeLayout(
            layout, columns: columns, count: rows.count,
            options: .init(addSpecialTokens: false, parseSpecial: false))
        #expect(asText.specialCount == cut.specialCount && !asText.specialsParsed)
        #expect(asText.ids.count > whole.ids.count)
    }

    @Test func noRowIsLongerThanAskedFor() throws {
        let rows = Rows(try readFixture("layouts.json"))
        let tokenizer = try Tokenizer(path: fixture("tokenizers/gemma-small.json"))
        var random = Random(state: 5)
        var encoded = 0
        for _ in 0..<300 {
            var pieces = Self.parts { _, part in
                part.separator = random.next(2) == 0 ? nil : " "
                part.maxTokens = random.next(3) == 0 ? 1 + random.next(30) : nil
                part.share = random.next(3) == 0 ? Double(1 + random.next(10)) / 10 : nil
                part.addsSpecial = random.next(4) == 0
            }
            if random.next(2) == 0 { pieces.insert(.fixed("what?"), at: random.next(4)) }
            if random.next(2) == 0 { pieces.insert(.special("<bos>"), at: 0) }
            var layout = Layout(pieces, maxTokens: 12 + random.next(80))
            layout.keep = Layout.Keep.allCases[random.next(4)]
            layout.overflow = Layout.Overflow.allCases[random.next(2)]
            layout.budget = Layout.Budget.allCases[random.next(3)]
            layout.join =
                layout.placesSpecial || layout.keep == .lastTurns
                ? .tokens : [nil, .text, .tokens][random.next(3)]
            let options = Tokenizer.Options(addSpecialTokens: random.next(2) == 0)
            // Some have no room beside their fixed pieces.
            guard
                let made = try? tokenizer.encodeLayout(
                    layout, columns: (0..<3).map(rows.column), count: rows.count, options: options)
            else { continue }
            encoded += 1
            #expect(made.lengths.allSatisfy { $0 <= layout.maxTokens ?? .max }, "\(layout)")
        }
        #expect(encoded > 200)
    }
}
