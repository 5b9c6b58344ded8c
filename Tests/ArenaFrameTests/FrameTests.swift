import Testing

@testable import ArenaFrame

@Suite struct FrameTests {
    private func sample() throws -> Frame {
        try csv("id,a,b,t\n3,1,0.5,x\n1,2,,y\n2,3,2.5,\n", key: "id")
    }

    @Test func verbsGiveNewFramesAndLeaveTheOld() throws {
        let frame = try sample()
        let head = frame.head(2)
        #expect(try cells(head, "t") == ["x", "y"])
        #expect(try cells(head, "id") == ["3", "1"])
        #expect(frame.head(-1).rowCount == 2 && frame.head(9).rowCount == 3)
        #expect(frame.head(0).rowCount == 0 && frame.head(-9).rowCount == 0)
        #expect(frame.head(.min).rowCount == 0 && frame.head(.max).rowCount == 3)

        let sorted = try frame.sortedByKey()
        #expect(try cells(sorted, "id") == ["1", "2", "3"])
        #expect(try cells(sorted, "b") == [nil, "2.5", "0.5"])

        let chosen = try frame.select(["t", "id", "a"])
        #expect(chosen.names == ["t", "a"] && chosen.key?.name == "id")
        #expect(try frame.select([]).rowCount == 3)

        let renamed = try frame.rename(["a": "b", "b": "a", "id": "row"])
        #expect(renamed.names == ["b", "a", "t"] && renamed.key?.name == "row")
        #expect(try cells(renamed, "b") == ["1", "2", "3"])

        let swapped = try frame.swap("a", "b")
        #expect(swapped.names == ["a", "b", "t"])
        #expect(try cells(swapped, "a") == ["0.5", nil, "2.5"])
        #expect(try cells(swapped.swap("a", "b"), "a") == cells(frame, "a"))
        #expect(try cells(frame.swap("a", "a"), "a") == cells(frame, "a"))

        let taken = try frame.take([2, 0])
        #expect(try cells(taken, "id") == ["2", "3"])
        #expect(try cells(frame, "id") == ["3", "1", "2"])
    }

    @Test func assigningReplacesOrAppends() throws {
        let frame = try sample()
        let more = try frame.assign("a", Column([9, 8, 7] as [Int64])).assign(
            "new", Column([true, false, true]))
        #expect(more.names == ["a", "b", "t", "new"])
        #expect(try cells(more, "a") == ["9", "8", "7"])
        #expect(try cells(more, "new") == ["True", "False", "True"])
        let empty = try Frame(names: [], columns: [])
        #expect(try empty.assign("x", Column([1.5])).rowCount == 1)
    }

    @Test func aColumnOfOtherRowsIsRefused() throws {
        let frame = try sample()
        #expect(try cells(frame.assign("u", frame.series("a")), "u") == ["1", "2", "3"])
        let moved = try frame.sortedByKey().series("a")
        #expect(
            report { try frame.assign("u", moved) } == """
                ValueError: 'u' is of other rows: row 0 has the key 1, the frame's is 3
                  help: bring both to one order first, for instance by sorting both by key
                """)
    }

    @Test func errorsNameColumnsAndRows() throws {
        let frame = try sample()
        #expect(
            report { try frame.column("tt") }
                == "KeyError: there is no column 'tt'\n  help: did you mean 't'?")
        #expect(
            report { try frame.select(["zzz"]) }
                == "KeyError: there is no column 'zzz'\n  help: known: id, a, b, t")
        #expect(report { try frame.rename(["x": "y"]) }.contains("'x'"))
        #expect(report { try frame.swap("a", "id") }.contains("'id' is the frame's key"))
        #expect(report { try frame.swap("a", "c") }.contains("no column 'c'"))
        #expect(throws: FrameError.keyAssigned(key: "id")) {
            try frame.assign("id", Column([1.0, 2, 3]))
        }
        #expect(throws: FrameError.duplicateColumn(name: "b")) { try frame.rename(["a": "b"]) }
        #expect(throws: FrameError.duplicateColumn(name: "id")) { try frame.rename(["a": "id"]) }
        #expect(throws: FrameError.duplicateColumn(name: "a")) { try frame.select(["a", "a"]) }
        #expect(throws: FrameError.lengths(column: "x", expected: 3, found: 1)) {
            try frame.assign("x", Column([1.0]))
        }
        for row in [3, -1, Int.max, Int.min] {
            #expect(throws: FrameError.rowOutOfRange(row: row, count: 3)) {
                try frame.take([0, row])
            }
        }
        #expect(throws: FrameError.keyDuplicate(key: "id", value: "1", first: 1, second: 2)) {
            try frame.take([0, 1, 1])
        }
        #expect(throws: FrameError.noKey(verb: "sort by key")) { try csv("a\n1\n").sortedByKey() }
        #expect(try csv("a\n1\n").take([0, 0]).rowCount == 2)
    }

    @Test func keysAreUniqueAndWhole() throws {
        #expect(throws: FrameError.keyDuplicate(key: "k", value: "b", first: 1, second: 3)) {
            try FrameKey(name: "k", column: Column(["a", "b", "c", "b", "a"]))
        }
        #expect(throws: FrameError.keyMissing(key: "k", row: 1, count: 2)) {
            try FrameKey(name: "k", column: Column(["a", nil, nil]))
        }
        #expect(throws: FrameError.keyType(key: "k", found: .bool)) {
            try FrameKey(name: "k", column: Column([true]))
        }
        #expect(try FrameKey(name: "k", column: Column(["", "a", "\u{0}"])).count == 3)
    }

    @Test func textKeysSortByTheirBytes() throws {
        let frame = try csv("x,k\n1,b\n2,a\n3,é\n4,B\n5,aa\n", key: "k")
        #expect(try cells(frame.sortedByKey(), "k") == ["B", "a", "aa", "b", "é"])
    }

    @Test func manyKeysFindTheirRows() throws {
        let count: Int64 = 20_001
        let ids = (0..<count).map { $0 &* 7_919 % count &- 9_000 }
        let key = try FrameKey(name: "id", column: Column(ids))
        let turned = try FrameKey(name: "id", column: Column(Array(ids.reversed())))
        #expect(
            ArenaFrame.rows(of: turned, in: key) == (0..<Int(count)).map { Int(count) - 1 - $0 })
        let strange = try FrameKey(name: "id", column: Column([Int64.max]))
        #expect(ArenaFrame.rows(of: strange, in: key) == [-1])
        let text = try FrameKey(name: "id", column: Column(["0"]))
        #expect(ArenaFrame.rows(of: text, in: key) == [-1])
    }

    @Test func validityHoldsAtEveryLength() {
        for count in [0, 1, 63, 64, 65, 127, 128, 129, 200] {
            for present in [true, false] {
                var bits = Validity(repeating: present, count: count)
                #expect(bits.count == count && bits.missingCount == (present ? 0 : count))
                bits.append(!present)
                #expect(bits[count] == !present)
                bits.append(repeating: present, count: 70)
                #expect(bits.count == count + 71)
                #expect(bits.missingCount == (present ? 1 : count + 70))
                bits[0] = !present
                #expect(bits[0] == !present)
                #expect(bits.taking([count, 0]).count == 2)
            }
        }
    }

    @Test func columnsShareTextWhenRowsAreTaken() throws {
        let text = try TextStorage(["a", "", "ccc"])
        let taken = text.taking([2, 2, 0])
        #expect((0..<3).map { taken.string(at: $0) } == ["ccc", "ccc", "a"])
        #expect(taken.chunks.first === text.chunks.first)
        let joined = TextStorage(joining: [taken, text, TextStorage(views: [], chunks: [])])
        #expect((0..<6).map { joined.string(at: $0) } == ["ccc", "ccc", "a", "a", "", "ccc"])
    }
}
