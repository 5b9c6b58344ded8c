// Sorting, grouping and joining against the slowest way of doing the same, on small and random rows.

import Testing

@testable import ArenaFrame

@Suite struct VerbTests {
    /// Columns of every type that has an order, with missing rows and many ties.
    private func columns(_ count: Int, _ seed: UInt32) throws -> [(String, Column)] {
        var random = RandomState(seed: seed)
        func draw(_ n: Int) -> Int { random.interval(n) }
        let missing = Validity((0..<count).map { _ in draw(5) > 0 })
        let words = [
            "", "a", "ab", "b", "é", "longer than eight bytes", "longer than eight bytez", "\u{0}",
        ]
        let texts = (0..<count).map { _ in words[draw(words.count - 1)] }
        let floats = (0..<count).map { _ in [0.0, -0.0, 1.5, -3, .infinity, .nan, 1e-300][draw(6)] }
        return [
            ("bool", Column(.bool((0..<count).map { _ in draw(1) == 1 }), validity: missing)),
            (
                "small",
                Column(.int64((0..<count).map { _ in Int64(draw(9)) - 4 }), validity: missing)
            ),
            (
                "large",
                Column((0..<count).map { _ in [Int64.min, .max, 0, -1, 1 << 40][draw(4)] })
            ),
            ("float64", Column(.float64(floats), validity: missing)),
            ("float32", Column(.float32(floats.map(Float.init)))),
            ("string", Column(.string(try TextStorage(texts)), validity: missing)),
            ("timestamp", Column(.timestamp((0..<count).map { _ in Int64(draw(3)) }))),
            (
                "categorical",
                Column(
                    .categorical(
                        CategoricalStorage(
                            codes: (0..<count).map { _ in Int32(draw(2)) },
                            categories: try TextStorage(["x", "y", "z"]))), validity: missing)
            ),
        ]
    }

    /// Whether a row comes strictly before another, as the order is defined.
    private func precedes(_ column: Column, _ a: Int, _ b: Int, _ ascending: Bool) -> Bool {
        if column.isMissing(a) || column.isMissing(b) {
            return !column.isMissing(a) && column.isMissing(b)
        }
        func less<T: Comparable>(_ x: T, _ y: T) -> Bool { ascending ? x < y : y < x }
        func number(_ x: Double, _ y: Double) -> Bool {
            x.isNaN || y.isNaN ? !x.isNaN && y.isNaN : less(x, y)
        }
        switch column.storage {
        case .bool(let v): return less(v[a] ? 1 : 0, v[b] ? 1 : 0)
        case .int64(let v), .timestamp(let v): return less(v[a], v[b])
        case .float64(let v): return number(v[a], v[b])
        case .float32(let v): return number(Double(v[a]), Double(v[b]))
        case .string(let v):
            let (x, y) = (Array(v.string(at: a).utf8), Array(v.string(at: b).utf8))
            return ascending ? x.lexicographicallyPrecedes(y) : y.lexicographicallyPrecedes(x)
        case .categorical(let v): return less(v.codes[a], v.codes[b])
        case .turns, .ints, .floats, .matrix: return false
        }
    }

    @Test(arguments: [0, 1, 2, 7, 255, 256, 1000]) func sortingIsStableAndPutsMissingLast(
        _ count: Int
    ) throws {
        for (name, column) in try columns(count, UInt32(count)) {
            for ascending in [true, false] {
                let order = try #require(sortedOrder(of: column, from: nil, ascending: ascending))
                let naive = (0..<count).sorted { a, b in
                    precedes(column, a, b, ascending)
                        || !precedes(column, b, a, ascending) && a < b
                }
                #expect(order == naive, "\(name), ascending: \(ascending)")
            }
        }
    }

    @Test(arguments: [0, 1, 9, 500, 3000]) func factorsNumberEqualValuesAlike(_ count: Int) throws {
        for (name, column) in try columns(count, UInt32(count) + 77) {
            let found = try factor(column, name: name, verb: "test")
            var firsts: [Int] = []
            for row in 0..<count {
                if column.isMissing(row) {
                    #expect(found.codes[row] == -1)
                    continue
                }
                let known = firsts.firstIndex { sameValue(column, $0, column, row) }
                if known == nil { firsts.append(row) }
                #expect(Int(found.codes[row]) == known ?? firsts.count - 1, "\(name), row \(row)")
            }
            #expect(found.firstRows == firsts)
        }
    }

    @Test func veryManyDifferentNumbersAreFactoredAlike() throws {
        let count = 300_000
        let values = (0..<count).map { Int64(($0 * 7919) % 200_003) << 30 }
        var validity = Validity(repeating: true, count: count)
        for row in stride(from: 0, to: count, by: 11) { validity[row] = false }
        let found = factor(values, validity)
        var known: [Int64: Int32] = [:]
        var firsts: [Int] = []
        var isRight = true
        for row in 0..<count {
            if !validity[row] {
                isRight = isRight && found.codes[row] == -1
                continue
            }
            if known[values[row]] == nil {
                known[values[row]] = Int32(firsts.count)
                firsts.append(row)
            }
            isRight = isRight && found.codes[row] == known[values[row]]
        }
        #expect(isRight && found.firstRows == firsts)
    }

    @Test(arguments: JoinKind.allCases) func joinsAreThoseOfNestedLoops(_ how: JoinKind) throws {
        var random = RandomState(seed: 11)
        for size in [0, 1, 5, 60] {
            func keys(_ count: Int) -> Column {
                Column(
                    .int64((0..<count).map { _ in Int64(random.interval(8)) }),
                    validity: Validity((0..<count).map { _ in random.interval(6) > 0 }))
            }
            func numbers(_ count: Int) -> Column { Column((0..<count).map { Int64($0) }) }
            let a = try Frame(names: ["k", "l"], columns: [keys(size), numbers(size)])
            let b = try Frame(names: ["k", "r"], columns: [keys(size + 3), numbers(size + 3)])
            let result = try a.merged(
                with: b, leftOn: ["k"], rightOn: ["k"], how: how, suffixes: ("_x", "_y"),
                validate: nil)
            var pairs: [[Int?]] = []
            func matches(_ i: Int, _ j: Int) -> Bool {
                !a.columns[0].isMissing(i) && !b.columns[0].isMissing(j)
                    && sameValue(a.columns[0], i, b.columns[0], j)
            }
            let (outer, inner) = how == .right ? (b.rowCount, a.rowCount) : (a.rowCount, b.rowCount)
            for i in 0..<outer {
                let found = (0..<inner).filter { how == .right ? matches($0, i) : matches(i, $0) }
                switch how {
                case .anti: if found.isEmpty { pairs.append([i]) }
                case .semi: if !found.isEmpty { pairs.append([i]) }
                case .inner, .left, .outer: pairs += found.map { [i, $0] }
                case .right: pairs += found.map { [$0, i] }
                }
                if found.isEmpty, how == .left || how == .outer { pairs.append([i, nil]) }
                if found.isEmpty, how == .right { pairs.append([nil, i]) }
            }
            if how == .outer {
                for j in 0..<b.rowCount where !(0..<a.rowCount).contains(where: { matches($0, j) })
                {
                    pairs.append([nil, j])
                }
            }
            let texts = pairs.map { $0.map { $0.map(String.init) } }
            let columns = try ["l", "r"].filter { result.position(of: $0) != nil }.map {
                try result.column($0)
            }
            let got = (0..<result.rowCount).map { row in columns.map { $0.text(row) } }
            #expect(got == texts, "\(how), \(size) rows")
        }
    }

    @Test func theGeneratorIsNumPys() {
        // numpy.random.RandomState(42): .permutation(10), and the first numbers of .random_sample().
        var random = RandomState(seed: 42)
        #expect(random.permutation(10) == [8, 1, 5, 0, 7, 2, 9, 4, 3, 6])
        random = RandomState(seed: 42)
        #expect(random.double() == 0.3745401188473625)
        #expect(random.double() == 0.9507143064099162)
    }

    @Test func columnsAreCopiedOnWriteAndKeysTravel() throws {
        let frame = try csv("id,a\n3,1\n1,2\n", key: "id")
        let more = try frame.assign("b", frame.series("a").applying(.multiply, .int(2)))
        #expect(frame.names == ["a"] && more.names == ["a", "b"])
        #expect(try cells(more, "b") == ["2", "4"])
        #expect(try more.series("b").key?.label(0) == "3")
        let sorted = try more.sorted(by: [SortKey("a", ascending: false)])
        #expect(try cells(sorted, "id") == ["1", "3"])
    }

    @Test func everyTypeOfColumnIsTakenAppendedAndShown() throws {
        let lists = Column(.ints(NumberLists([[1, 2], []])))
        let floats = Column(.floats(NumberLists([[0.5], [1, 2]])))
        let matrix = Column(
            .matrix(MatrixStorage(.float32([1, 2, 3, 4]), count: 2, width: 2)))
        for (column, texts) in [
            (lists, ["[1,2]", "[]"]), (floats, ["[0.5]", "[1.0,2.0]"]),
            (matrix, ["[1.0,2.0]", "[3.0,4.0]"]),
        ] {
            let swapped = column.taking([1, 0])
            #expect([swapped.text(1), swapped.text(0)] == texts.map { $0 })
            let twice = try #require(column.appending(swapped))
            #expect(twice.count == 4 && twice.text(3) == texts[0])
            let frame = try Frame(names: ["c"], columns: [column])
            #expect(display(frame).contains(column.type.rawValue))
            #expect(sortedOrder(of: column, from: nil, ascending: true) == nil)
            let optional = column.taking(optional: [1, -1])
            #expect(optional.text(1) == nil && optional.text(0) == texts[1])
        }
        let text = try Column(["x"])
        #expect(Column([1.5]).appending(text)?.count == nil)
        let filled = Column.missing(.float64, count: 1).appending(try Column(["x"]))
        #expect(filled?.text(1) == "x" && filled?.missingCount == 1)
    }
}
