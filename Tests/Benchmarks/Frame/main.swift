// Times reading a CSV file, its cells of turns, and writing it back: the best of several runs, by
// part. Usage: frame-bench FILE.csv KEY-OR-DASH [TURN_COLUMN ...] [--runs N] [--out FILE] [--json]
// With --json: reading, the json turns of all columns to text, and writing 1,000,000 x 4, for
// frame_peers.py. With --verbs: grouping, counting, sorting and joining the tables of a folder, for
// frame_verbs_peers.py.

import ArenaCore
import ArenaFrame
import Glibc

/// What the command line asks for.
struct Options {
    var path = ""
    var key = ""
    var columns: [String] = []
    var runs = 5
    var out: String?
    var json = false
    var verbs = false

    init?(_ arguments: [String]) {
        var plain: [String] = []
        var at = 0
        while at < arguments.count {
            let next = at + 1 < arguments.count ? arguments[at + 1] : nil
            switch arguments[at] {
            case "--runs":
                guard let next, let n = Int(next), n > 0 else { return nil }
                runs = n
                at += 1
            case "--out":
                guard let next else { return nil }
                out = next
                at += 1
            case "--json": json = true
            case "--verbs": verbs = true
            default: plain.append(arguments[at])
            }
            at += 1
        }
        guard plain.count >= 2 else { return nil }
        path = plain[0]
        key = plain[1]
        columns = Array(plain.dropFirst(2))
    }
}

/// Seconds by the clock and on the processors.
struct Times {
    var wall = Double.infinity
    var processor = Double.infinity
}

/// Seconds that this process has spent on processors: what counts when the machine is shared.
func processorSeconds() -> Double {
    var t = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t)
    return Double(t.tv_sec) + Double(t.tv_nsec) * 1e-9
}

/// The best of several runs.
func best<T>(of runs: Int, _ body: () throws -> T) throws -> (Times, T) {
    var times = Times()
    var result: T?
    for _ in 0..<runs {
        result = nil  // the last run's memory is given back first
        let start = monotonicSeconds()
        let processor = processorSeconds()
        result = try body()
        times.wall = min(times.wall, monotonicSeconds() - start)
        times.processor = min(times.processor, processorSeconds() - processor)
    }
    guard let result else { throw FrameError.blendNothing }
    return (times, result)
}

func line(_ name: String, _ times: Times, _ bytes: Int) {
    func milliseconds(_ seconds: Double) -> Double { (seconds * 1e4).rounded() / 10 }
    func rate(_ seconds: Double) -> Int { Int((Double(bytes) / seconds / 1e6).rounded()) }
    print(
        "\(name): \(milliseconds(times.wall)) ms, \(rate(times.wall)) MB/s of the file; "
            + "processors \(milliseconds(times.processor)) ms, \(rate(times.processor)) MB/s")
}

/// The largest resident size so far in MB.
func peakMegabytes() -> Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss / 1024
}

guard let options = Options(Array(CommandLine.arguments.dropFirst())) else {
    print("usage: frame-bench FILE.csv KEY-OR-DASH [TURN_COLUMN ...] [--runs N] [--out FILE]")
    exit(64)
}
/// A frame of a whole number and three random numbers a row.
func numbers(_ rows: Int) throws -> Frame {
    var random = SystemRandomNumberGenerator()
    var columns = [Column((0..<rows).map { Int64($0) })]
    for _ in 0..<3 {
        columns.append(Column((0..<rows).map { _ in Double.random(in: 0..<1, using: &random) }))
    }
    return try Frame(
        names: ["id", "winner_model_a", "winner_model_b", "winner_tie"], columns: columns)
}

func turns(_ frame: Frame, _ columns: [String], _ reading: TurnReading, workers: Int) throws {
    for name in columns {
        let turns = try frame.series(name).turns(read: reading, null: .empty, workers: workers)
        _ = try turns.series.joined(separator: " ", workers: workers)
    }
}

func compare(_ options: Options) throws {
    let (read, frame) = try best(of: options.runs) { try readCSV(path: options.path) }
    let (text, _) = try best(of: options.runs) {
        try turns(frame, options.columns, .json, workers: processorCount())
    }
    let many = try numbers(1_000_000)
    let (write, _) = try best(of: options.runs) {
        try writeCSV(many, path: options.path + ".written")
    }
    unlink(options.path + ".written")
    print("{\"read\": \(read.wall), \"turns\": \(text.wall), \"write\": \(write.wall)}")
}

do {
    if options.verbs {
        try timeVerbs(folder: options.path, runs: options.runs)
        exit(0)
    }
    if options.json {
        try compare(options)
        exit(0)
    }
    let size = try MappedFile(options.path).bytes.count
    print("file: \(size / 1_000_000) MB")
    let (read, frame) = try best(of: options.runs) {
        try readCSV(path: options.path, key: options.key == "-" ? nil : options.key)
    }
    line("read", read, size)
    print(
        "rows: \(frame.rowCount), columns: \(frame.columns.map(\.type.rawValue)), peak \(peakMegabytes()) MB"
    )
    for workers in options.columns.isEmpty ? [] : [1, 2] {
        for reading in [TurnReading.json, .python, .split] {
            let (time, _) = try best(of: options.runs) {
                try turns(frame, options.columns, reading, workers: workers)
            }
            line(
                "turns \(reading.rawValue) and join, \(workers) thread\(workers == 1 ? "" : "s")",
                time, size)
        }
    }
    if let out = options.out {
        let (time, _) = try best(of: options.runs) { try writeCSV(frame, path: out) }
        line("write", time, size)
    }
} catch {
    print(error)
    exit(70)
}
