// Damaged files of every kind that is read: an error or a frame, never a crash. A short run by default;
// ARENA_FUZZ_ROUNDS=1000000 makes each run as long.

import ArenaCore
import Glibc
import Testing

@testable import ArenaFrame

/// How many rounds a fuzzer makes.
private func rounds(_ short: Int) -> Int {
    getenv("ARENA_FUZZ_ROUNDS").flatMap { Int(String(cString: $0)) } ?? short
}

/// A file with a few bytes changed, left out, put in, doubled or cut off.
private func mutated(
    _ whole: [UInt8], _ bits: [UInt8], _ random: inout SeededRandom
) -> [UInt8] {
    var bytes = whole
    for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
        let at = Int.random(in: 0..<bytes.count, using: &random)
        let bit = bits.randomElement(using: &random) ?? 0
        switch Int.random(in: 0..<7, using: &random) {
        case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes[at] = bit
        case 2: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 3: bytes.remove(at: at)
        case 4: bytes.insert(bit, at: at)
        case 5:
            let end = min(bytes.count, at + Int.random(in: 1...24, using: &random))
            bytes.insert(contentsOf: bytes[at..<end], at: Int.random(in: 0...at, using: &random))
        default: bytes.removeLast(min(bytes.count, Int.random(in: 1...9, using: &random)))
        }
    }
    return bytes
}

/// A frame that was read can be shown, taken from and written.
private func use(_ frame: Frame) {
    _ = display(frame, maxRows: 3, maxWidth: 60)
    _ = encodeJSON(frame.head(2))
    for column in frame.columns where column.count > 0 {
        _ = column.taking([column.count - 1, 0])
    }
}

@Suite struct FileFuzzTests {
    /// Two readers of JSON that share no code agree on what JSON is.
    @Test func json() {
        let seeds = [
            #"[{"id": 1, "t": ["a\n", null, "\ud83d\ude00é"], "x": 1.5e-3, "o": {"k": [true, {}]}}, {"id": 2}]"#,
            #"{"a": {"0": 1, "1": null}, "b": {"1": "x", "0": "y"}}"#,
            #"{"columns": ["a", "b"], "index": [0, 5], "data": [[1, [0.5]], [2, []]]}"#,
            #"[[1, "a"], [2.0, "\u00e9"], [-0, false]]"#, #"  [1, "b", null, [[[]]]] "#,
            #"{"a": [1, 2], "b": ["x", null]}"#,
        ].map { Array($0.utf8) }
        let bits = Array("[]{}\",:\\/bfnrtu0123456789-+.eE \n\ttruefalsnl'".utf8)
        var random = SeededRandom(21)
        for round in 0..<rounds(20_000) {
            let bytes = mutated(seeds[round % seeds.count], bits, &random)
            var isJSON = true
            do { _ = try JSONDocument(bytes, name: "f.json") } catch { isJSON = false }
            do throws(FrameError) {
                let frame = try parseJSON(bytes, name: "f.json").frame
                #expect(isJSON, "\(String(decoding: bytes, as: UTF8.self))")
                use(frame)
            } catch {
                switch error {
                case .json, .jsonLines:
                    #expect(!isJSON, "\(String(decoding: bytes, as: UTF8.self))")
                default: break  // a table of another shape
                }
                #expect(!error.report.message.isEmpty)
            }
            var lines = JSONOptions()
            lines.lines = true
            if let frame = try? parseJSON(bytes, name: "f.jsonl", options: lines).frame {
                use(frame)
            }
        }
    }

    /// The fast way through a CSV file gives what the careful one gives, whatever it was told beforehand.
    @Test func csv() throws {
        let seeds = [
            "id,n,t\n1,2.5,\"a \"\"b\"\", c\"\n2,?,x\n3,NA,\"d\ne\"\n", "a;b\n1;'x; y'\n2;'z'\n",
            "'a','b'\r\n'it''s',1\r\n'x,y',2\r\n", "\u{FEFF}a\tb\n#c\n1\t é\n\ttrue\n",
            "a|b|c\n9223372036854775808|-1|\n1|1e5|\n", "a,b\n,\n\"\",\"\"\n1,True\n",
        ].map { Array($0.utf8) }
        let bits = Array("abc0123456789,;|\t\"'\n\r \\#?-.eNAtrue\u{FEFF}é".utf8) + [0, 0xC3, 0xFF]
        var random = SeededRandom(20)
        for round in 0..<rounds(1_000) {
            let bytes = mutated(seeds[round % seeds.count], bits, &random)
            var options = CSVOptions()
            func chance() -> Bool { Int.random(in: 0..<4, using: &random) == 0 }
            options.delimiter = chance() ? UInt8(ascii: ",") : nil
            options.findsQuote = !chance()
            if chance() { options.missingWords = ["?", "-"] }
            if chance() { options.columnPlaces = [Int.random(in: 0...2, using: &random)] }
            if chance() { options.typeOfOthers = ColumnType.allCases.randomElement(using: &random) }
            if chance() { options.rowLimit = Int.random(in: 0...3, using: &random) }
            options.header = !chance()
            let outcomes = [true, false].map { isFast in
                bytes.withUnsafeBytes { raw -> String in
                    var reader = CSVReader(raw, path: "f.csv", options: options)
                    if isFast {
                        reader.stretches = { ($0.stretchSize, $0.pieceSize) = (16, 8) }
                    } else {
                        reader.stretches = nil
                    }
                    do throws(FrameError) {
                        let frame = try reader.read(key: nil).frame
                        use(frame)
                        let texts = frame.columns.map { column in
                            (0..<column.count).map { column.text($0) ?? "<NA>" }
                        }
                        return "\(frame.names) \(frame.columns.map(\.type)) \(texts)"
                    } catch { return error.report.message }
                }
            }
            #expect(outcomes[0] == outcomes[1], "\(String(decoding: bytes, as: UTF8.self))")
            options.badLines = CSVBadLines.allCases.randomElement(using: &random) ?? .repair
            options.escape = chance() ? UInt8(ascii: "\\") : nil
            options.comment = chance() ? UInt8(ascii: "#") : nil
            options.separator = chance() ? ";'" : nil
            options.encoding = TextEncoding.allCases.randomElement(using: &random) ?? .utf8
            if let frame = try? parseCSV(bytes, name: "f.csv", options: options).frame {
                use(frame)
            }
        }
    }

    /// A cell of turns is read, or refused with its place.
    @Test func turns() throws {
        let seeds = [
            #"["a\n","\ud83d\ude00 \ud83d","x\/y"]"#, #"[null,"b","",null]"#,
            #"['it\'s', "q", None]"#,
            #"["a", 'b' "c", r"\n", """d"""]"#, #"["\u00e9\x41\N{DASH}\101"]"#, "[]", "null",
            #"["a" , "b" ,]"#,
        ].map { Array($0.utf8) }
        let bits = Array(#"[]"'\/bfnrtuxNU{}0123456789abcdefDnull, é"#.utf8) + [10, 0xF0, 0x9F]
        var random = SeededRandom(19)
        for round in 0..<rounds(500) {
            let bytes = mutated(seeds[round % seeds.count], bits, &random)
            let text = String(decoding: bytes, as: UTF8.self)
            let column = try Column([text, nil, "[]"])
            let series = try Series(name: "t", column: column)
            for read in TurnReading.allCases {
                for null in NullTurns.allCases {
                    do throws(FrameError) {
                        let turns = try series.turns(read: read, null: null).series
                        let joined = try turns.joined(separator: "|")
                        use(try Frame(names: ["t", "j"], columns: [turns.column, joined.column]))
                    } catch { #expect(!error.report.message.isEmpty) }
                }
            }
        }
    }

    @Test func numpy() throws {
        var seeds: [[UInt8]] = []
        for name in ["le_u", "be_f4", "matrix_fortran", "time_ns", "bytes", "version3", "scalar"] {
            seeds.append(try readFile("Tests/Fixtures/numpy/\(name).npy"))
        }
        let bits = Array("'{}()[],: <>|=fiuSUMbO0123456789LTrueFals\n".utf8) + [0, 1, 255]
        var random = SeededRandom(22)
        for round in 0..<rounds(20_000) {
            let bytes = mutated(seeds[round % seeds.count], bits, &random)
            bytes.withUnsafeBytes { raw in
                do throws(FrameError) {
                    let column = try parseNumpy(raw, name: "f.npy")
                    #expect(column.count <= 1 << 20)
                    use(try Frame(names: ["a"], columns: [column]))
                } catch { #expect(!error.report.message.isEmpty) }
            }
        }
    }

    @Test func archives() throws {
        let folder = TemporaryFolder()
        let root = folder.path
        let path = root + "/f.npz"
        var seeds: [[UInt8]] = []
        for name in ["stored", "deflated", "sparse"] {
            seeds.append(try readFile("Tests/Fixtures/numpy/\(name).npz"))
        }
        var random = SeededRandom(23)
        for round in 0..<rounds(1_000) {
            let bytes = mutated(seeds[round % seeds.count], [0, 1, 8, 80, 75, 255], &random)
            try write(bytes, path)
            if let parts = try? readNumpyArchive(path: path) {
                for (name, column) in parts {
                    use(try Frame(names: [name], columns: [column]))
                }
            }
            _ = try? readCSV(path: path)
        }
    }

    @Test func sqlite() throws {
        let folder = TemporaryFolder()
        let root = folder.path
        let path = root + "/f.db"
        let rows = 40
        let frame = try Frame(
            names: ["n", "t", "x"],
            columns: [
                Column((0..<rows).map { Int64($0) }),
                try Column((0..<rows).map { String(repeating: "text \($0) ", count: $0) }),
                Column((0..<rows).map { Double($0) / 7 }),
            ])
        try writeSQLite(frame, path: path, table: "a")
        let whole = try readFile(path)
        var random = SeededRandom(24)
        for _ in 0..<rounds(1_000) {
            // Bytes are changed in place: a page that moves is no page.
            var bytes = whole
            for _ in 0..<Int.random(in: 1...12, using: &random) {
                let isHeader = Bool.random(using: &random)
                let at = Int.random(in: 0..<(isHeader ? 200 : bytes.count), using: &random)
                bytes[at] = UInt8.random(in: 0...255, using: &random)
            }
            if Int.random(in: 0..<8, using: &random) == 0 {
                bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random))
            }
            try write(bytes, path)
            do throws(FrameError) {
                use(try readSQLite(path: path, table: nil, query: nil).frame)
            } catch { #expect(!error.report.message.isEmpty) }
            _ = try? readSQLite(path: path, table: nil, query: "select count(*), max(t) from a")
        }
    }

    /// Not durable, as it need not be: these files live for a moment.
    private func write(_ bytes: [UInt8], _ path: String) throws {
        let handle = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        defer { close(handle) }
        let written = bytes.withUnsafeBytes { Glibc.write(handle, $0.baseAddress, $0.count) }
        #expect(written == bytes.count)
    }
}
