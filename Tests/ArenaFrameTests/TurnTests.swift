import Testing

@testable import ArenaFrame

@Suite struct TurnTests {
    private func series(_ texts: [String?]) throws -> Series {
        let ids = (0..<texts.count).map { Int64(100 + $0) }
        return try Series(
            name: "prompt", column: Column(texts),
            key: FrameKey(name: "id", column: Column(ids)))
    }

    private func lists(_ series: Series) -> [[String?]?] {
        guard case .turns(let lists) = series.column.storage else { return [] }
        return (0..<series.count).map { series.column.isMissing($0) ? nil : lists.strings(at: $0) }
    }

    @Test func theFourReadingsDiffer() throws {
        let cell = try series([#"["a\/b\u00e9","c\"d",null]"#])
        #expect(lists(try cell.turns(read: .json, null: .keep).series) == [["a/bé", "c\"d", nil]])
        #expect(
            lists(try cell.turns(read: .python, null: .keep).series) == [["a\\/bé", "c\"d", nil]])
        #expect(
            lists(try cell.turns(read: .split, null: .keep).series)
                == [[#"a\/b\u00e9"#, #"c\"d",null"#]])
        #expect(
            lists(try cell.turns(read: .raw, null: .keep).series) == [
                [#"["a\/b\u00e9","c\"d",null]"#]
            ])
    }

    @Test func nullTurnsBecomeWhatIsAsked() throws {
        let cells = try series([#"["a",null,"b",null]"#, "[null]", "[]", #"["null"]"#])
        func turns(_ null: NullTurns) throws -> [[String?]?] {
            let result = try cells.turns(read: .json, null: null)
            #expect(result.nullTurns == 3)
            return lists(result.series)
        }
        #expect(try turns(.empty) == [["a", "", "b", ""], [""], [], ["null"]])
        #expect(try turns(.drop) == [["a", "b"], [], [], ["null"]])
        #expect(try turns(.word) == [["a", "null", "b", "null"], ["null"], [], ["null"]])
        #expect(try turns(.keep) == [["a", nil, "b", nil], [nil], [], ["null"]])
    }

    @Test func surrogatePairsJoinAndLoneOnesAreCounted() throws {
        let cells = try series([
            #"["\ud83d\ude00","\ud83d","\ude00x\ud83d\ud83d\ude00"]"#, #"["\ud83d\n"]"#,
        ])
        for reading in [TurnReading.json, .python] {
            let result = try cells.turns(read: reading, null: .empty)
            #expect(
                lists(result.series) == [["😀", "\u{FFFD}", "\u{FFFD}x\u{FFFD}😀"], ["\u{FFFD}\n"]])
            #expect(result.loneSurrogates == 4)
        }
    }

    @Test func missingCellsStayMissing() throws {
        let result = try series([nil, #"["a"]"#, nil]).turns(read: .json, null: .empty)
        #expect(lists(result.series) == [nil, ["a"], nil])
        #expect(cells(try result.series.joined(separator: " ").column) == [nil, "a", nil])
        #expect(cells(try result.series.itemCounts().column) == [nil, "1", nil])
    }

    @Test func joinsAndCounts() throws {
        let turns = try series([#"["a","b","c"]"#, "[]", #"["é",null]"#, #"[null,""]"#])
            .turns(read: .json, null: .keep).series
        #expect(cells(try turns.joined(separator: " ").column) == ["a b c", "", "é ", " "])
        #expect(cells(try turns.joined(separator: "").column) == ["abc", "", "é", ""])
        #expect(
            cells(try turns.joined(separator: " — ").column) == ["a — b — c", "", "é — ", " — "])
        #expect(cells(try turns.itemCounts().column) == ["3", "0", "2", "2"])
        #expect(try turns.joined(separator: "").key?.name == "id")
    }

    @Test func everyNumberOfWorkersGivesTheSame() throws {
        var random = SeededRandom(3)
        let texts: [String?] = (0..<1_000).map { row in
            if row % 17 == 0 { return nil }
            let turns = (0..<row % 5).map {
                "\"t\($0)\\n\(String(repeating: "é", count: Int.random(in: 0...99, using: &random)))\""
            }
            return "[" + (turns + (row % 3 == 0 ? ["null"] : [])).joined(separator: ",") + "]"
        }
        let cells = try series(texts)
        for null in NullTurns.allCases {
            let one = try cells.turns(read: .python, null: null, workers: 1)
            for workers in [2, 3, 8] {
                let many = try cells.turns(read: .python, null: null, workers: workers)
                #expect(lists(many.series) == lists(one.series))
                #expect(many.nullTurns == one.nullTurns)
                #expect(
                    ArenaFrameTests.cells(
                        try many.series.joined(separator: "|", workers: workers).column)
                        == ArenaFrameTests.cells(
                            try one.series.joined(separator: "|", workers: 1).column))
            }
        }
    }

    @Test func theFirstUnreadableCellIsNamedWhateverTheWorkers() throws {
        var texts = [String?](repeating: #"["fine"]"#, count: 500)
        texts[120] = "[\"é\", \"broken"
        texts[400] = "nothing"
        for workers in [1, 2, 5] {
            #expect(
                report { try series(texts).turns(read: .json, null: .empty, workers: workers) }
                    == """
                    ValueError: column 'prompt', id 220: not readable as json turns: a string is not closed at character 7: '["é", "broken'
                      help: read="python" reads Python lists; read="split" and "raw" take every cell
                    """)
        }
    }

    @Test(arguments: [
        ("['a']", TurnReading.json, "an element is neither text nor null at character 2"),
        ("{}", .json, "a list in brackets was expected at character 1"),
        ("", .json, "a list in brackets was expected at character 1"),
        ("[1]", .json, "an element is neither text nor null at character 2"),
        ("[\"a\"", .json, "the cell ends inside the list at character 5"),
        ("[\"a\" \"b\"]", .json, "a comma or the end of the list was expected at character 6"),
        ("[\"a\"]]", .json, "there is something after the list at character 6"),
        ("[\"a\nb\"]", .json, "a control character (10) stands unescaped at character 4"),
        ("[\"\\x41\"]", .json, "an escape is not complete or not known at character 3"),
        ("[\"a\nb\"]", .python, "a line ends inside a string at character 4"),
        ("[\"\\N{BULLET}\"]", .python, "a named escape \\N{...} at character 3"),
        ("[b'a']", .python, "a bytes literal at character 2"),
        ("[f'a']", .python, "a formatted string at character 2"),
        ("[nan]", .python, "the name nan is not known (only null and None are) at character 2"),
        ("[\"a\",,]", .python, "an element is neither text nor null at character 6"),
    ])
    func problemsAreNamed(cell: String, reading: TurnReading, words: String) throws {
        let text = report { try series([cell]).turns(read: reading, null: .empty) }
        #expect(text.contains(words), "\(text)")
        #expect(text.contains("column 'prompt', id 100") && text.contains("help: "))
    }

    @Test func longCellsAreShownAroundTheFault() throws {
        let cell =
            "[\"" + String(repeating: "汉", count: 5_000) + "\"x"
            + String(repeating: "é", count: 5_000)
        let text = report { try series([cell]).turns(read: .json, null: .empty) }
        #expect(text.contains("at character 5004: '…汉汉汉汉汉汉汉\"xéé"))
        #expect(text.utf8.count < 400)
    }

    @Test func leavingTheReadingOutShowsWhatItWouldChange() throws {
        let cells = try series([
            #"["plain","turns"]"#, #"["a\/b"]"#, #"["line\n"]"#, "['python']", "[\"raw\nline\"]",
            nil, "[null]",
        ])
        #expect(
            report { try cells.turns(read: nil, null: .empty) } == """
                TypeError: turns needs read=: on the 6 cells of 'prompt', json and python differ on 2, json and split on 4, python and split on 3 (first: id 101); json cannot read 2; python cannot read 1
                  help: a checkpoint fits the reading it was trained with: read="json" (escapes decoded), "python" (as eval read it), "split" (strip and split, nothing decoded) or "raw"
                """)
    }

    @Test func otherColumnsAreRefused() throws {
        let numbers = try Series(name: "n", column: Column([1.0]))
        #expect(
            report { try numbers.turns(read: .json, null: .empty) }.contains(
                "turns needs a column of text, 'n' is float64"))
        #expect(
            report { try numbers.joined(separator: "") }.contains(
                "join needs a column of turns, 'n' is float64"))
        #expect(report { try numbers.itemCounts() }.contains("len needs a column of text or lists"))
    }
}
