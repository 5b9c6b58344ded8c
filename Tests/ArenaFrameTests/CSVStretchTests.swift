// The fast way through CSV files against the careful one: the same frame, or left to it, for every
// size of stretch and piece and every kernel.

import ArenaCore
import CArenaFrame
import Testing

@testable import ArenaFrame

@Suite(.serialized) struct CSVStretchTests {
    /// A frame as names, types and cells, or the error.
    private func outcome(
        _ bytes: [UInt8], _ options: CSVOptions = CSVOptions(),
        _ stretches: ((inout CSVStretches) -> Void)?
    ) -> String {
        bytes.withUnsafeBytes { raw in
            var reader = CSVReader(raw, path: "t.csv", options: options)
            reader.stretches = stretches
            do throws(FrameError) {
                let frame = try reader.read(key: nil).frame
                return "\(frame.names) \(frame.columns.map(\.type)) "
                    + frame.columns.map { "\(cells($0))" }.joined(separator: " ")
            } catch { return error.description }
        }
    }

    private func expectSame(_ bytes: [UInt8], _ options: CSVOptions = CSVOptions()) {
        let careful = outcome(bytes, options, nil)
        for (stretch, piece) in [(0, 64), (40, 64), (100, 128), (1000, 256 << 10)] {
            let fast = outcome(bytes, options) {
                $0.stretchSize = stretch
                $0.pieceSize = piece
                $0.workers = 2
            }
            #expect(
                fast == careful, "\(String(decoding: bytes, as: UTF8.self)) \(stretch) \(piece)")
        }
    }

    /// Files of cells that are likely to go wrong.
    private func file(_ random: inout SeededRandom) -> [UInt8] {
        let columns = Int.random(in: 1...4, using: &random)
        let end = Bool.random(using: &random) ? "\n" : "\r\n"
        let kinds = (0..<columns).map { _ in Int.random(in: 0..<5, using: &random) }
        func cell(_ kind: Int) -> String {
            if Int.random(in: 0..<8, using: &random) == 0 { return "" }
            switch kind {
            case 0: return "\(Int.random(in: -5...1000, using: &random))"
            case 1: return "\(Double.random(in: 0..<1, using: &random))"
            case 2:
                let length = Int.random(in: 0...90, using: &random)
                let bits = [
                    "a", "\"\"", ",", "\n", "é", "汉", "😀", " x", "\r\n",
                    "\",\"".replacing("\"", with: "\"\""),
                ]
                return "\""
                    + (0..<length).map { _ in bits.randomElement(using: &random) ?? "" }.joined()
                    + "\""
            case 3: return ["NA", "\"\"", "12", "x", "True"].randomElement(using: &random) ?? ""
            default:
                return String(repeating: "plain é ", count: Int.random(in: 1...9, using: &random))
            }
        }
        var text = (0..<columns).map { "c\($0)" }.joined(separator: ",") + end
        for _ in 0..<Int.random(in: 0...30, using: &random) {
            if Int.random(in: 0..<20, using: &random) == 0 { text += end }
            text += kinds.map(cell).joined(separator: ",") + end
        }
        var bytes = Array(text.utf8)
        if Bool.random(using: &random), bytes.count > 3 { bytes.removeLast(end.utf8.count) }
        return bytes
    }

    @Test(arguments: ["plain", "auto"]) func fastIsCareful(kernel: String) {
        #expect(arena_frame_force(kernel) == 0)
        defer { _ = arena_frame_force("auto") }
        var random = SeededRandom(5)
        for _ in 0..<600 { expectSame(file(&random)) }
    }

    @Test(arguments: ["plain", "auto"]) func damagedFilesToo(kernel: String) {
        #expect(arena_frame_force(kernel) == 0)
        defer { _ = arena_frame_force("auto") }
        var random = SeededRandom(6)
        for _ in 0..<600 {
            var bytes = file(&random)
            for _ in 0..<Int.random(in: 1...2, using: &random) {
                let at = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: at)
                default:
                    bytes.insert(
                        [34, 44, 10, 13, 0, 0xC3, 0xED, 0x80].randomElement(using: &random) ?? 34,
                        at: at)
                }
                if bytes.isEmpty { break }
            }
            expectSame(bytes)
        }
    }

    /// Every kernel finds UTF-8 valid exactly where the plain reader of text does.
    @Test(arguments: ["plain", "auto"]) func textIsCheckedEverywhere(kernel: String) {
        #expect(arena_frame_force(kernel) == 0)
        defer { _ = arena_frame_force("auto") }
        var random = SeededRandom(7)
        let parts: [[UInt8]] = [
            [0x61], [0xC3, 0xA9], [0xE6, 0xB1, 0x89], [0xF0, 0x9F, 0x98, 0x80], [0xED, 0x9F, 0xBF],
            [0xEE, 0x80, 0x80], [0xF4, 0x8F, 0xBF, 0xBF], [0xE0, 0xA0, 0x80],
            [0xF0, 0x90, 0x80, 0x80],
        ]
        let wrong: [[UInt8]] = [
            [0x80], [0xC0, 0x80], [0xC3], [0xE6, 0xB1], [0xED, 0xA0, 0x80], [0xE0, 0x9F, 0xBF],
            [0xF0, 0x8F, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF],
            [0xF0, 0x9F, 0x98], [0xC1, 0xBF],
        ]
        for round in 0..<3000 {
            var text: [UInt8] = [0x22]
            while text.count < Int.random(in: 1...200, using: &random) {
                text += parts.randomElement(using: &random) ?? []
            }
            if round % 2 == 0 { text += wrong.randomElement(using: &random) ?? [] }
            for _ in 0..<Int.random(in: 0...80, using: &random) { text.append(0x62) }
            text += [0x22, 0x0A]
            var heap = [UInt8](repeating: 0, count: text.count + 128)
            var ends = [UInt32](repeating: 0, count: text.count + 8)
            let padded = text + [UInt8](repeating: 0, count: 128)
            var isFine = false
            heap.withUnsafeMutableBufferPointer { heap in
                ends.withUnsafeMutableBufferPointer { ends in
                    var state = arena_csv_state()
                    state.heap = heap.baseAddress
                    state.ends = ends.baseAddress
                    arena_csv_begin(&state)
                    isFine =
                        arena_csv_scan(&state, padded, text.count, 44, 34) == 0
                        && arena_csv_finish(&state) == 0
                }
            }
            #expect(isFine == (text.withUnsafeBytes { firstInvalidUTF8($0) } == nil), "\(text)")
        }
    }

    // MARK: - Options

    @Test func dialects() throws {
        func read(_ text: String, _ change: (inout CSVOptions) -> Void) throws -> Frame {
            var options = CSVOptions()
            options.delimiter = nil
            change(&options)
            expectSame(Array(text.utf8), options)
            return try parseCSV(Array(text.utf8), name: "t.csv", options: options).frame
        }
        #expect(try read("a;b\n1;x,y\n2;z\n") { _ in }.names == ["a", "b"])
        #expect(try read("a\tb\n1\tx\n") { _ in }.names == ["a", "b"])
        #expect(try read("a\n1\n") { _ in }.names == ["a"])
        #expect(try read("a;b,c\n1;2,3\n") { _ in }.names == ["a;b", "c"])
        #expect(try cells(read("a,b\n'x,y',2\n") { $0.quote = 39 }, "a") == ["x,y"])
        #expect(try cells(read("a,b\n\"x,2\n") { $0.quote = nil }, "a") == ["\"x"])
        let plain = try read("1,x\n2,y\n") { $0.header = false }
        #expect(plain.names == ["0", "1"] && plain.rowCount == 2)
        let named = try read("1,x\n2,y\n") {
            $0.header = false
            $0.names = ["n", "t"]
        }
        #expect(named.names == ["n", "t"] && named.rowCount == 2)
        #expect(try read("a,b\n1,x\n") { $0.names = ["n", "t"] }.rowCount == 1)
        #expect(try read("junk \"\nmore\na,b\n1,x\n") { $0.skippedLines = 2 }.names == ["a", "b"])
        #expect(try read("a,b,c\n1,x,3\n") { $0.columns = ["c", "a"] }.names == ["a", "c"])
        #expect(try read("a\n1\n2\n3\n") { $0.rowLimit = 2 }.rowCount == 2)
        #expect(try read("a\n1\n2\n3\n") { $0.rowLimit = 0 }.rowCount == 0)
        let typed = try read("a,b,c,d\n007,1,2,\n") {
            $0.types = ["a": .string, "b": .float64, "c": .float32, "d": .int64]
        }
        #expect(typed.columns.map(\.type) == [.string, .float64, .float32, .int64])
        #expect(try cells(typed, "a") == ["007"])
    }

    @Test func whatDoesNotFitIsSaid() throws {
        var options = CSVOptions()
        options.types = ["n": .int64]
        #expect(
            report {
                try parseCSV(
                    Array("n,t\n1,\"a\nb\"\n2.5,c\n".utf8), name: "t.csv", options: options)
            } == """
                ValueError: a cell of 'n' is not int64: '2.5'
                  in t.csv:4
                  help: dtype={"n": "string"} keeps it as text
                """)
        let text = "n,t\n" + (0..<30).map { "\($0),x\n" }.joined() + "oops,x\n"
        let result = try parseCSV(Array(text.utf8), name: "t.csv", options: CSVOptions())
        #expect(
            result.misfits.map(\.sentence) == [
                "column 'n' is text: 1 of 31 cells is no number, first 'oops' in t.csv:32"
            ])
    }

    @Test func severalAndCompressedFiles() throws {
        let folder = TemporaryFolder()
        let (a, b) = (joinPath(folder.path, "a.csv"), joinPath(folder.path, "b.csv.gz"))
        try writeFile(a, Array("id,x,t\n1,5,07\n2,,08\n".utf8))
        // gzip -9 of "id,t,x\n3,z,1.5\n", a stored block by hand.
        let text = Array("id,t,x\n3,z,1.5\n".utf8)
        let n = UInt8(text.count)
        var gzip: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255, 1, n, 0, ~n, 255] + text
        let crc = crc32(text)
        for shift in [0, 8, 16, 24] { gzip.append(UInt8(truncatingIfNeeded: crc >> UInt32(shift))) }
        gzip += [n, 0, 0, 0]
        try writeFile(b, gzip)
        let frame = try readCSV(paths: [a, b], key: "id", options: CSVOptions()).frame
        #expect(try cells(frame, "id") == ["1", "2", "3"])
        #expect(try cells(frame, "x") == ["5.0", nil, "1.5"])
        #expect(try cells(frame, "t") == ["07", "08", "z"])
        try writeFile(b, Array(gzip.dropLast(12)))
        #expect(report { try readCSV(path: b) }.contains("broken or cut short"))
    }

    private func crc32(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(UInt32.max) { crc, byte in
            (0..<8).reduce(crc ^ UInt32(byte)) { c, _ in c >> 1 ^ (c & 1 == 1 ? 0xEDB8_8320 : 0) }
        }
    }

    // MARK: - Numbers written

    @Test func numbersAreWrittenAsTheShortest() throws {
        func text(_ x: Double) -> String {
            var room = [UInt8](repeating: 0, count: 64)
            let length = arena_put_double(x, &room)
            return String(decoding: room.prefix(length), as: UTF8.self)
        }
        // What Python's repr gives.
        for (x, wanted) in [
            (0.1, "0.1"), (1e16, "1e+16"), (9_999_999_999_999_998.0, "9999999999999998.0"),
            (1e-5, "1e-05"), (0.0001, "0.0001"), (5e-324, "5e-324"), (-0.0, "-0.0"), (100, "100.0"),
            (1.7976931348623157e308, "1.7976931348623157e+308"),
            (2.2250738585072014e-308, "2.2250738585072014e-308"),
            (123456.789, "123456.789"), (9007199254740993, "9007199254740992.0"),
            (.infinity, "inf"),
        ] as [(Double, String)] { #expect(text(x) == wanted) }
        var random = SeededRandom(3)
        for _ in 0..<50_000 {
            let x = Double(bitPattern: random.next())
            if x.isFinite {
                #expect(Double(text(x)) == x && text(x).count <= x.description.count + 2)
            }
        }
        let frame = try Frame(
            names: ["t", "d"],
            columns: [Column(["=1+1", "-x", "a\"b"]), Column([2.0 / 3, 1, -0.5])])
        var style = CSVStyle()
        style.digits = 2
        style.guardsFormulas = true
        let bytes = try encodeCSV(frame, style: style)
        #expect(
            String(decoding: bytes, as: UTF8.self)
                == "t,d\n\"'=1+1\",0.67\n\"'-x\",1.00\n\"a\"\"b\",-0.50\n")
    }
}
