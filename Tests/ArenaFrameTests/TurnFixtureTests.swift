// Each reading against CPython's own result on some thousand cells (Tests/Fixtures/turns, made by
// scripts/dev/make-turns-fixtures.py).

import ArenaCore
import Testing

@testable import ArenaFrame

/// The fixture beside this package's tests, wherever the package lies.
private let fixture: String = {
    let folder = splitPath(splitPath(#filePath).folder).folder
    return joinPath(folder, "Fixtures/turns/cells.json")
}()

@Suite(.enabled(if: fileExists(fixture), "Tests/Fixtures/turns/cells.json is not there"))
struct TurnFixtureTests {
    /// What CPython makes of a cell: turns, or nil where it raises or gives something else.
    private typealias Expected = [String?]?

    private struct Cell {
        var kind: String
        var text: String
        var json: Expected
        var python: Expected
        var split: Expected
    }

    private func load() throws -> [Cell] {
        var result: [Cell] = []
        for group in try JSONDocument(file: fixture).root.elements ?? [] {
            let kind = group["kind"]?.string ?? ""
            let lists = try ["cells", "json", "python", "split"].map { name in
                try #require(group[name]?.elements)
            }
            for at in lists[0].indices {
                let json = expected(lists[1][at])
                result.append(
                    Cell(
                        kind: kind, text: lists[0][at].string ?? "", json: json,
                        python: lists[2][at].string == "same" ? json : expected(lists[2][at]),
                        split: expected(lists[3][at])))
            }
        }
        return result
    }

    private func expected(_ value: JSONValue) -> Expected {
        value.elements.map { $0.map(\.string) }
    }

    private func turns(_ text: String, _ reading: TurnReading) throws -> Expected {
        let series = try Series(name: "c", column: Column([text]))
        do {
            let result = try series.turns(read: reading, null: .keep).series.column
            guard case .turns(let lists) = result.storage else { return nil }
            return lists.strings(at: 0)
        } catch FrameError.unreadableTurns {
            return nil
        }
    }

    @Test(arguments: [TurnReading.json, .python, .split])
    func equalsCPython(_ reading: TurnReading) throws {
        let all = try load()
        #expect(all.count >= 5000)
        var wrong = 0
        for cell in all {
            // Expressions are code, which is never run, and character names need a table; both are
            // refused with an error.
            let isRefused =
                reading == .python
                && (cell.kind == "python_expressions" || cell.kind == "python_named_characters")
            let wanted: Expected
            switch reading {
            case .json: wanted = cell.json
            case .python: wanted = isRefused ? nil : cell.python
            case .split: wanted = cell.split
            case .raw: wanted = [cell.text]
            }
            let got = try turns(cell.text, reading)
            if got != wanted {
                wrong += 1
                let shown = cell.text.debugDescription
                if wrong <= 40 {
                    Issue.record(
                        "\(cell.kind): \(shown)\n  got \(got as Any)\n  not \(wanted as Any)")
                }
            }
        }
        #expect(wrong == 0)
    }
}
