import Testing

@testable import ArenaFrame

@Suite struct BlendTests {
    @Test func joinsByKeyInTheFirstFramesOrder() throws {
        let p = try keyed([3, 1, 2], [("a", [0.1, 0.2, 0.3]), ("b", [0.9, 0.8, 0.7])])
        let q = try keyed([1, 2, 3], [("b", [0.6, 0.5, 0.4]), ("a", [0.4, 0.5, 0.6])])
        let mean = try blend([p, q])
        #expect(mean.names == ["a", "b"])
        #expect(try cells(mean, "id") == ["3", "1", "2"])
        #expect(
            try mean.column("a").doubles == [(0.1 + 0.6) / 2, (0.2 + 0.4) / 2, (0.3 + 0.5) / 2])
        #expect(
            try mean.column("b").doubles == [(0.9 + 0.4) / 2, (0.8 + 0.6) / 2, (0.7 + 0.5) / 2])
        let weighted = try blend([p, q], weights: [3, 1])
        #expect(try weighted.column("a").doubles?[0] == (3 * 0.1 + 0.6) / 4)
    }

    @Test func oneFrameAndEqualFramesKeepTheirBits() throws {
        let values = (0..<101).map { 1 / Double($0 + 3) }
        let p = try keyed(Array(0..<101), [("a", values)])
        #expect(try blend([p]).column("a").doubles == values)
        #expect(try blend([p, p]).column("a").doubles == values)
        #expect(try blend([p, p], weights: [0.5, 0.5]).column("a").doubles == values)
    }

    @Test func rowOrderDoesNotChangeTheBits() throws {
        var random = SeededRandom(5)
        let ids = Array(Int64(0)..<501)
        let frames = try (0..<3).map { _ in
            try keyed(ids, [("a", ids.map { _ in Double.random(in: 0...1, using: &random) })])
        }
        let expected = try blend(frames, weights: [0.2, 0.3, 0.7]).column("a").doubles
        let shuffled = try frames.map { try $0.take(ids.indices.shuffled(using: &random)) }
        #expect(
            try blend(shuffled, weights: [0.2, 0.3, 0.7]).sortedByKey().column("a").doubles
                == expected)
    }

    @Test func otherNumericTypesGiveDoubles() throws {
        let key = try FrameKey(name: "id", column: Column([1, 2] as [Int64]))
        let ints = try Frame(names: ["a"], columns: [Column([1, 2] as [Int64])], key: key)
        let floats = try Frame(names: ["a"], columns: [Column([0.5, 0.25] as [Float])], key: key)
        let mean = try blend([ints, floats]).column("a")
        #expect(mean.type == .float64 && mean.doubles == [0.75, 1.125])
    }

    @Test func missingCellsAreAveragedOverWhatARowHas() throws {
        let p = try csv("id,a\n1,0.2\n2,\n3,\n4,0.5\n", key: "id")
        let q = try csv("id,a\n1,0.4\n2,0.6\n3,\n4,nan\n", key: "id")
        #expect(
            try cells(blend([p, q]), "a") == [((0.2 + 0.4) / 2).description, "0.6", nil, "0.5"])
        #expect(try cells(blend([p, q], weights: [1, 0]), "a") == ["0.2", nil, nil, "0.5"])
        // Weights that are not positive together leave nothing to divide by.
        #expect(try cells(blend([p, q], weights: [2, -1]), "a")[1] == nil)
    }

    @Test func aFrameOfWeightZeroIsCheckedAndLeftOut() throws {
        let p = try keyed([1], [("a", [0.25])])
        let bad = try keyed([1], [("a", [.nan])])
        #expect(try blend([p, bad], weights: [1, 0]).column("a").doubles == [0.25])
        #expect(
            report { try blend([p, keyed([2], [("a", [0.5])])], weights: [1, 0]) }.contains(
                "frame 2"))
    }

    @Test func misalignedFramesAreRefused() throws {
        let p = try keyed([1, 2, 3, 4, 5], [("a", [1, 2, 3, 4, 5])])
        #expect(
            report { try blend([p, keyed([1, 9, 3], [("a", [1, 2, 3])])]) } == """
                ValueError: frame 2 of the blend lacks 3 rows of the first (id 2, 4, 5) and has 1 row that the first lacks (id 9)
                  help: a blend averages predictions of the same rows: predict all frames on the same data
                """)
        #expect(
            report { try blend([p.head(1), p]) } == """
                ValueError: frame 2 of the blend has 4 rows that the first lacks (id 2, 3, 4, ...)
                  help: a blend averages predictions of the same rows: predict all frames on the same data
                """)
        #expect(
            report { try blend([p, p.rename(["a": "winner_a"])]) } == """
                ValueError: frame 2 of the blend has other columns than the first: it lacks 'a' and has 'winner_a' besides
                  help: select or rename until both have the same columns
                """)
        #expect(
            report {
                try blend([
                    keyed([1], [("winner_model_a", [1])]), keyed([1], [("winner_modela", [1])]),
                ])
            }.contains("rename({\"winner_modela\": \"winner_model_a\"})"))
        #expect(
            report { try blend([p, csv("id,a\n1x,1\n", key: "id")]) }.contains(
                "the key id: string, the first has id: int64"))
        #expect(report { try blend([p, p.rename(["id": "row"])]) }.contains("row: int64"))
        #expect(throws: FrameError.blendNoKey(frame: 1)) { try blend([p, csv("a\n1\n")]) }
        #expect(throws: FrameError.noKey(verb: "blend")) { try blend([csv("a\n1\n"), p]) }
        #expect(
            throws: FrameError.columnType(
                verb: "blend", column: "t", needed: "a numeric column", found: .string)
        ) {
            try blend([csv("id,t\n1,x\n", key: "id")])
        }
    }

    @Test func weightsMustFit() throws {
        let p = try keyed([1], [("a", [0.25])])
        #expect(throws: FrameError.blendNothing) { try blend([]) }
        #expect(throws: FrameError.blendWeights(expected: 2, found: 1)) {
            try blend([p, p], weights: [1])
        }
        #expect(throws: FrameError.blendTotal(0)) { try blend([p, p], weights: [1, -1]) }
        #expect(throws: FrameError.blendTotal(0)) { try blend([p], weights: [0]) }
        #expect(throws: FrameError.blendWeight(number: 1, weight: .infinity)) {
            try blend([p, p], weights: [1, .infinity])
        }
        #expect(
            report { try blend([p, p], weights: [.nan, 1]) }.contains(
                "weight 1 of the blend is nan"))
        #expect(report { try blend([p, p], weights: [1e308, 1e308]) }.contains("add up to inf"))
    }
}
