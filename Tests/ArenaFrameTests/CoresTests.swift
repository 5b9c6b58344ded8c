// Every verb gives the same on one core and on several, and what the slowest way of doing it gives, on
// columns large and odd enough to go every way through the code.

import ArenaCore
import Testing

@testable import ArenaFrame

@Suite(.serialized) struct CoresTests {
    private static let rows = 9_000

    /// Columns that go each of the ways: small spans, wide ones, few and many values, ties, missing rows.
    private func columns() throws -> [(name: String, column: Column)] {
        var random = SeededRandom(5)
        let rows = Self.rows
        func draw(_ n: Int) -> Int { Int(random.next() % UInt64(n)) }
        let missing = Validity((0..<rows).map { _ in draw(7) > 0 })
        let prefix = "a common beginning "
        func text(_ i: Int) -> String {
            switch draw(5) {
            case 0: return ""
            case 1: return prefix + String(repeating: "x", count: draw(3)) + "\u{0}"
            case 2: return prefix + "\(i)"
            case 3: return "é\(i % 11)"
            default: return prefix
            }
        }
        return [
            ("few", Column((0..<rows).map { _ in Int64(draw(9)) - 4 })),
            ("span", Column(.int64((0..<rows).map { _ in Int64(draw(5_000)) }), validity: missing)),
            ("wide", Column((0..<rows).map { _ in Int64(bitPattern: random.next()) })),
            ("sparse", Column((0..<rows).map { _ in Int64(draw(40)) << 50 })),
            (
                "halves",
                Column((0..<rows).map { _ in (Int64(bitPattern: random.next()) >> 20) << 20 | 7 })
            ),
            (
                "fractions",
                Column(
                    .float64(
                        (0..<rows).map { _ in
                            draw(9) == 0
                                ? [.nan, 0.0, -0.0, .infinity][draw(4)]
                                : Double(draw(1 << 30)) / 3
                        }), validity: missing)
            ),
            ("texts", Column(.string(try TextStorage((0..<rows).map(text))), validity: missing)),
            (
                "numbered",
                Column(.string(try TextStorage((0..<rows).map { "user_\($0 * 7919 % rows)" })))
            ),
        ]
    }

    /// Runs a body with 1, 2, 3 and 7 workers and gives what all of them gave.
    private func onCores<T: Equatable>(_ what: String, _ body: () throws -> T) throws -> T {
        defer { Cores.force(nil) }
        Cores.force(1)
        let one = try body()
        for workers in [2, 3, 7] {
            Cores.force(workers)
            #expect(try body() == one, "\(what) on \(workers) workers")
        }
        return one
    }

    @Test func ordersAreTheSame() throws {
        for (name, column) in try columns() {
            for ascending in [true, false] {
                let order = try onCores("sorting \(name)") {
                    try #require(sortedOrder(of: column, from: nil, ascending: ascending))
                }
                #expect(order.sorted() == Array(0..<column.count))
                for (a, b) in zip(order, order.dropFirst()) {
                    let c = compare(column, a, b)
                    let isRight =
                        column.isMissing(a) || column.isMissing(b)
                        ? !column.isMissing(a) || column.isMissing(b) && a < b
                        : c == 0 ? a < b : isLast(column, b) || (ascending ? c < 0 : c > 0)
                    #expect(isRight, "\(name): rows \(a) and \(b)")
                    if !isRight { return }
                }
            }
        }
    }

    private func isLast(_ column: Column, _ row: Int) -> Bool {
        if case .float64(let values) = column.storage { return values[row].isNaN }
        return false
    }

    private func compare(_ column: Column, _ a: Int, _ b: Int) -> Int {
        switch column.storage {
        case .int64(let values): return values[a] < values[b] ? -1 : values[a] == values[b] ? 0 : 1
        case .float64(let values):
            if values[a].isNaN || values[b].isNaN {
                return values[a].isNaN == values[b].isNaN ? 0 : values[a].isNaN ? 1 : -1
            }
            return values[a] < values[b] ? -1 : values[a] == values[b] ? 0 : 1
        case .string(let texts): return compareBytes(texts.bytes(at: a), texts.bytes(at: b))
        default: return 0
        }
    }

    @Test func numbersOfValuesAreTheSame() throws {
        for (name, column) in try columns() {
            let found = try onCores("numbering \(name)") { () throws -> [[Int]] in
                let factor = try factor(column, name: name, verb: "test")
                return [factor.codes.map(Int.init), factor.firstRows, factor.sizes]
            }
            var numbers: [String: Int] = [:]
            var firsts: [Int] = []
            var codes: [Int] = []
            for row in 0..<column.count {
                guard let text = column.text(row) else {
                    codes.append(-1)
                    continue
                }
                let key = text == "-0.0" ? "0.0" : text
                if numbers[key] == nil {
                    numbers[key] = firsts.count
                    firsts.append(row)
                }
                codes.append(numbers[key] ?? -1)
            }
            #expect(found[0] == codes, "\(name)")
            #expect(found[1] == firsts, "\(name)")
        }
    }

    @Test func joinsAreTheSame() throws {
        let all = try columns()
        let left = try Frame(names: all.map(\.name), columns: all.map(\.column))
        let right = left.taking(trusted: (0..<Self.rows / 3).map { $0 * 2 })
        for name in ["few", "span", "wide", "texts", "numbered"] {
            // The join of few values with themselves grows fast.
            let other = name == "few" || name == "texts" ? right.head(40) : right
            for how in JoinKind.allCases {
                let rows = try onCores("joining by \(name), \(how)") { () throws -> [String?] in
                    let joined = try left.merged(
                        with: other.select(name == "wide" ? [name] : [name, "wide"]),
                        leftOn: [name], rightOn: [name], how: how, suffixes: ("_x", "_y"),
                        validate: nil)
                    return joined.names + joined.columns.flatMap { cells($0).prefix(3_000) }
                        + [String(joined.rowCount)]
                }
                let expected = slowCount(
                    try left.column(name), try other.column(name), how)
                #expect(rows.last == String(expected), "\(name), \(how)")
            }
        }
    }

    private func slowCount(_ a: Column, _ b: Column, _ how: JoinKind) -> Int {
        var lefts: [String: Int] = [:]
        var rights: [String: Int] = [:]
        for row in 0..<a.count { if let key = a.text(row) { lefts[key, default: 0] += 1 } }
        for row in 0..<b.count { if let key = b.text(row) { rights[key, default: 0] += 1 } }
        let both = lefts.reduce(0) { $0 + $1.value * (rights[$1.key] ?? 0) }
        let matched = lefts.reduce(0) { $0 + (rights[$1.key] == nil ? 0 : $1.value) }
        let matchedRight = rights.reduce(0) { $0 + (lefts[$1.key] == nil ? 0 : $1.value) }
        switch how {
        case .inner: return both
        case .left: return both + a.count - matched
        case .right: return both + b.count - matchedRight
        case .outer: return both + a.count - matched + b.count - matchedRight
        case .anti: return a.count - matched
        case .semi: return matched
        }
    }

    @Test func groupsAndGathersAreTheSame() throws {
        let all = try columns()
        let frame = try Frame(names: all.map(\.name), columns: all.map(\.column))
        for name in ["few", "span", "wide", "texts"] {
            _ = try onCores("grouping by \(name)") { () throws -> [String?] in
                let groups = try Grouping(frame, by: [name])
                let sums = try groups.aggregated(try frame.series("fractions"), .sum)
                let sizes = groups.sizes.map { String($0) as String? }
                return cells(groups.keys[0]) + sizes + cells(sums)
            }
        }
        let order = (0..<Self.rows).map { $0 * 7919 % Self.rows }
        _ = try onCores("taking rows") {
            frame.taking(trusted: order).columns.flatMap { cells($0) }
        }
    }

    @Test func textsAreTheSame() throws {
        let texts = Series(trusting: "t", try columns()[6].column, nil)
        _ = try onCores("changing texts") { () throws -> [String?] in
            let changed = try texts.replacingText("common", "Ü")
            let counts = try texts.textNumbers("len") { { Int64($0.count) } }
            let lists = try texts.textLists("split") {
                { bytes, add in
                    add(0..<bytes.count / 2)
                    add(nil)
                }
            }
            return cells(changed.column) + cells(counts.column) + cells(lists.column)
        }
    }
}
