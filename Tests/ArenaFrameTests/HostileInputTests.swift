// Random and damaged input: an error or a frame, never a crash, in time and memory that the input
// bounds.

import Testing

@testable import ArenaFrame

@Suite struct HostileInputTests {
    private func survives(_ bytes: [UInt8]) {
        do {
            let frame = try parseCSV(bytes, name: "fuzz.csv")
            let cells = frame.rowCount * frame.columns.count
            #expect(cells <= bytes.count + frame.columns.count)
            for column in frame.columns {
                #expect(column.count == frame.rowCount)
                if case .string(let texts) = column.storage {
                    #expect(
                        (0..<texts.count).reduce(0) { $0 + texts.byteCount(at: $1) } <= bytes.count)
                }
            }
            _ = display(frame, maxRows: 4, maxWidth: 60)
            // A frame that was read can be written and read again.
            let again = try parseCSV(encodeCSV(frame), name: "again.csv")
            #expect(again.rowCount == frame.rowCount)
        } catch {
            #expect(!error.report.message.isEmpty && error.report.help?.isEmpty == false)
        }
    }

    @Test func everyShortTextOfTheBytesThatMatter() {
        let alphabet = Array("a1,\"\n\r ".utf8)
        for length in 0...5 {
            var at = [Int](repeating: 0, count: length)
            while true {
                survives(at.map { alphabet[$0] })
                guard let next = at.indices.last(where: { at[$0] < alphabet.count - 1 }) else {
                    break
                }
                at[next] += 1
                for i in (next + 1)..<max(length, next + 1) { at[i] = 0 }
            }
        }
    }

    @Test func randomBytes() {
        var random = SeededRandom(1)
        let likely = Array("a1,\"\n\r .-e9\u{FEFF}é汉NA".utf8)
        for round in 0..<4_000 {
            let length = Int.random(in: 0...200, using: &random)
            survives(
                (0..<length).map { _ in
                    round % 2 == 0
                        ? UInt8.random(in: 0...255, using: &random)
                        : likely.randomElement(using: &random) ?? 0
                })
        }
    }

    @Test func damagedFiles() {
        var random = SeededRandom(2)
        var text = "id,prompt,p,n\n"
        for i in 0..<40 {
            text +=
                "\(i),\"[\"\"turn \(i)\"\",\"\"é\\u00e9\\ud83d\"\",null]\",\(Double(i) / 7),\(i % 3 == 0 ? "" : "\(i)")\r\n"
        }
        let whole = Array(text.utf8)
        for _ in 0..<4_000 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let at = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: at)
                case 2:
                    bytes.insert([34, 44, 10, 13, 0].randomElement(using: &random) ?? 34, at: at)
                default: bytes.removeLast(min(at, bytes.count - 1))
                }
            }
            survives(bytes)
        }
    }

    @Test func damagedTurns() throws {
        var random = SeededRandom(4)
        let seeds = [
            #"["a\n\"b\"","\ud83d\ude00 é",null,""]"#,
            #"['it''s', r'\d', u"x" "y", (null), '''a b''',]"#,
            #"["\x41\101\U0001F600\u00e9\/","\\"]"#,
        ].map { Array($0.utf8) }
        let bits = Array("[](),\"'\\nulxU0rbf# \n\r".utf8)
        for round in 0..<20_000 {
            var bytes = seeds[round % seeds.count]
            for _ in 0..<Int.random(in: 1...5, using: &random) {
                let at = Int.random(in: 0..<bytes.count, using: &random)
                let byte = bits.randomElement(using: &random) ?? 0
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[at] = byte
                case 1 where bytes.count > 1: bytes.remove(at: at)
                case 2: bytes.insert(byte, at: at)
                default: bytes.removeLast(min(3, bytes.count - 1))
                }
            }
            let text = String(decoding: bytes, as: UTF8.self)
            let series = try Series(name: "c", column: Column([text]))
            for reading in TurnReading.allCases {
                do {
                    let turns = try series.turns(read: reading, null: .keep).series
                    let joined = try turns.joined(separator: "")
                    #expect((joined.column.text(0) ?? "").utf8.count <= text.utf8.count)
                } catch {
                    #expect(reading == .json || reading == .python)
                }
            }
            #expect(try series.turnReadings().cells == 1)
        }
    }

    @Test func deepAndLongInputTakesLinearTime() throws {
        let n = 300_000
        let cells = [
            String(repeating: "(", count: n), String(repeating: "[", count: n),
            "[" + String(repeating: "\"a\" ", count: n) + "]",
            "['" + String(repeating: "\\", count: n) + "']", String(repeating: "\",\"", count: n),
            "[" + String(repeating: "#\n", count: n),
        ]
        for cell in cells {
            let series = try Series(name: "c", column: Column([cell]))
            for reading in TurnReading.allCases {
                _ = try? series.turns(read: reading, null: .empty)
            }
        }
        survives(Array(String(repeating: ",", count: 99_999).utf8))
        survives(Array(String(repeating: ",", count: 2_000_000).utf8))
        survives(Array(String(repeating: "\"", count: 2_000_000).utf8))
        survives(Array(("a\n" + String(repeating: "\"\"\n", count: 100_000)).utf8))
        survives(Array(("a,b\n" + String(repeating: "1", count: 1_000_000) + ",2\n").utf8))
        #expect(
            report {
                try parseCSV(Array(String(repeating: ",", count: 2_000_000).utf8), name: "t.csv")
            }
            .contains("more than 100000 columns"))
    }
}
