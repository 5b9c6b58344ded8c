// Times the tokenizers and writes their ids for comparison with the reference's.
//
//     tokenizer-bench load TOKENIZER
//     tokenizer-bench speed TOKENIZER ROWS THREADS
//     tokenizer-bench ids TOKENIZER ROWS OUT [plain]
//     tokenizer-bench texts TOKENIZER IDS OUT
//     tokenizer-bench hostile TOKENIZER [MEGABYTES [ROWS]]
//
// ROWS holds texts, each as a 32-bit length and its bytes; IDS rows of ids in the same form, the length
// being theirs. compare.py makes and reads all of them.

import ArenaCore
import ArenaText
import Glibc

struct Rows: Sendable {
    let file: MappedFile
    let ranges: [Range<Int>]

    init(_ path: String, bytesEach: Int = 1) throws {
        file = try MappedFile(path)
        var ranges: [Range<Int>] = []
        var i = 0
        while i + 4 <= file.bytes.count {
            let n = Int(file.bytes.loadUnaligned(fromByteOffset: i, as: UInt32.self)) * bytesEach
            ranges.append(i + 4..<i + 4 + n)
            i += 4 + n
        }
        self.ranges = ranges
    }

    func bytes(_ i: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: file.bytes[ranges[i]])
    }
}

/// Time on the processors, of all threads: what a busy machine leaves alone.
func processorSeconds() -> Double {
    var t = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t)
    return Double(t.tv_sec) + Double(t.tv_nsec) * 1e-9
}

func seconds(_ body: () throws -> Void) rethrows -> Double {
    let start = monotonicSeconds()
    try body()
    return monotonicSeconds() - start
}

func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.utf8.count))
}

func rounded(_ x: Double, _ digits: Int = 1) -> String {
    let scale = pow(10.0, Double(digits))
    return "\((x * scale).rounded() / scale)"
}

func load(_ path: String) throws {
    for round in 0..<5 {
        let before = processorSeconds()
        let time = try seconds { _ = try Tokenizer(path: path) }
        print(
            "load", rounded(time * 1000), "ms, on the processor",
            rounded((processorSeconds() - before) * 1000))
        if round == 0 { printMemory() }
    }
}

/// The most memory that the process has had.
func printMemory() {
    // A file that the kernel makes up cannot be mapped.
    guard let file = fopen("/proc/self/status", "r") else { return }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    while fgets(&line, Int32(line.count), file) != nil {
        let text = String(
            decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        if text.hasPrefix("VmHWM") { print(text, terminator: "") }
    }
}

/// Slices of rows not seen before with a fresh tokenizer, then the last slice again.
func speed(_ path: String, _ rows: Rows, threads: Int) throws {
    let tokenizer = try Tokenizer(path: path)
    let slices = 4
    let size = rows.ranges.count / slices
    var busy: [String] = []
    func rate(_ slice: Int) throws -> Double {
        let start = slice * size
        let bytes = (start..<start + size).reduce(0) { $0 + rows.ranges[$1].count }
        let before = processorSeconds()
        let time = try seconds {
            _ = try tokenizer.encodeBatch(count: size, workers: threads) { rows.bytes(start + $0) }
        }
        busy.append(rounded(Double(bytes) / 1e6 / (processorSeconds() - before)))
        return Double(bytes) / 1e6 / time
    }
    let rates = try (0..<slices).map { rounded(try rate($0)) }
    let again = try (0..<3).map { _ in try rate(slices - 1) }.max() ?? 0
    print("threads \(threads): MB a processor second \(busy.joined(separator: " "))")
    print(
        "threads \(threads): MB/s a slice \(rates.joined(separator: " ")), repeated \(rounded(again))"
    )
}

/// `plain`: special tokens that stand in the texts are text.
func writeIDs(_ path: String, _ rows: Rows, _ out: String, plain: Bool) throws {
    let tokenizer = try Tokenizer(path: path)
    let result = try tokenizer.encodeBatch(
        count: rows.ranges.count,
        options: Tokenizer.Options(addSpecialTokens: false, parseSpecial: !plain)
    ) { rows.bytes($0) }
    var bytes: [UInt8] = []
    for i in 0..<result.count {
        withUnsafeBytes(of: UInt32(result.row(i).count).littleEndian) {
            bytes.append(contentsOf: $0)
        }
        for id in result.row(i) {
            withUnsafeBytes(of: id.littleEndian) { bytes.append(contentsOf: $0) }
        }
    }
    try save(bytes, out)
}

func save(_ bytes: [UInt8], _ path: String) throws {
    guard let file = fopen(path, "w") else {
        throw FileError.system(path: path, doing: "opening", code: errno)
    }
    fwrite(bytes, 1, bytes.count, file)
    fclose(file)
}

/// Decodes rows of ids, with special tokens and without.
func writeTexts(_ path: String, _ rows: Rows, _ out: String) throws {
    let tokenizer = try Tokenizer(path: path)
    var bytes: [UInt8] = []
    for i in 0..<rows.ranges.count {
        let row = rows.bytes(i)
        let ids = (0..<row.count / 4).map {
            row.loadUnaligned(fromByteOffset: $0 * 4, as: Int32.self)
        }
        for skips in [false, true] {
            let text = Array(tokenizer.decode(ids, skipSpecialTokens: skips).utf8)
            withUnsafeBytes(of: UInt32(text.count).littleEndian) { bytes.append(contentsOf: $0) }
            bytes += text
        }
    }
    try save(bytes, out)
}

/// Inputs that make a careless tokenizer slow, beside as much of plain words; processor time a megabyte.
func hostile(_ path: String, megabytes: Int, rows: Rows?) throws {
    let tokenizer = try Tokenizer(path: path)
    let size = 1_000_000 * megabytes
    func repeated(_ text: String) -> [UInt8] {
        let unit = Array(text.utf8)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(size + unit.count)
        while bytes.count < size { bytes += unit }
        return bytes
    }
    var state: UInt64 = 1
    func random(_ n: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % n
    }
    var letters: [UInt8] = []
    var han: [UInt8] = []
    var marks: [UInt8] = Array("a".utf8)
    for _ in 0..<size { letters.append(UInt8(97 + random(26))) }
    while han.count < size { appendUTF8(UInt32(0x4E00 + random(0x5000)), to: &han) }
    while marks.count < size { appendUTF8(UInt32(0x300 + random(0x70)), to: &marks) }
    var inputs: [(String, [UInt8])] = []
    if let rows {
        // Text as it comes, none of it seen before, in one piece.
        var text: [UInt8] = []
        for i in 0..<rows.ranges.count where text.count < size { text += rows.bytes(i) }
        inputs.append(("arena rows", text))
    }
    inputs += [
        ("plain words", repeated("the quick brown fox jumps over the lazy dog and runs away; ")),
        ("one letter", repeated("a")), ("one letter, capital", repeated("A")),
        ("spaces", repeated(" ")),
        ("line breaks", repeated("\n")), ("random letters, no space", letters),
        ("one CJK character", repeated("的")),
        ("random CJK", han), ("one combining mark", repeated("\u{301}")),
        ("random combining marks", marks),
        ("emoji", repeated("😀")), ("digits", repeated("7")), ("U+2581", repeated("▁")),
        ("<", repeated("<")),
        ("ill-formed bytes", [UInt8](repeating: 0xFF, count: size)),
    ]
    for (name, bytes) in inputs {
        var tokens = 0
        let times = try (0..<(name == "arena rows" ? 1 : 3)).map { _ in
            let before = processorSeconds()
            tokens = try bytes.withUnsafeBytes { try tokenizer.encode($0).count }
            return processorSeconds() - before
        }
        let each = (times.min() ?? 0) * 1e9 / Double(bytes.count)
        print(padded(name, 26), padded(rounded(each), 8), "ms/MB", tokens, "tokens")
    }
}

let arguments = CommandLine.arguments
do {
    switch arguments.dropFirst().first {
    case "load" where arguments.count == 3: try load(arguments[2])
    case "speed" where arguments.count == 5:
        try speed(arguments[2], Rows(arguments[3]), threads: Int(arguments[4]) ?? 1)
    case "ids" where arguments.count >= 5:
        try writeIDs(
            arguments[2], Rows(arguments[3]), arguments[4], plain: arguments.last == "plain")
    case "texts" where arguments.count == 5:
        try writeTexts(arguments[2], Rows(arguments[3], bytesEach: 4), arguments[4])
    case "hostile" where arguments.count >= 3:
        try hostile(
            arguments[2], megabytes: arguments.count > 3 ? Int(arguments[3]) ?? 1 : 1,
            rows: arguments.count > 4 ? Rows(arguments[4]) : nil)
    default:
        print("usage: tokenizer-bench load|speed|ids|texts|hostile TOKENIZER ...")
        exit(64)
    }
} catch {
    print(error)
    exit(66)
}
