// Where a script's time goes, by line and by builtin. A clock asks a thousand times a second; the
// machine answers at the next instruction that polls, with the time since it last did, so that a
// builtin that ran for ten seconds counts ten seconds.

import ArenaCore

/// The times of one run; see the file's head.
package final class Profile {
    struct Line: Hashable {
        let file: SourceFile
        let number: Int

        static func == (a: Line, b: Line) -> Bool { a.file === b.file && a.number == b.number }
        func hash(into hasher: inout Hasher) {
            hasher.combine(ObjectIdentifier(file))
            hasher.combine(number)
        }
    }

    private var own: [Line: Double] = [:]
    private var total: [Line: Double] = [:]
    private var builtins: [String: (seconds: Double, samples: Int)] = [:]
    private var last: Double
    private let start: Double

    /// Where the clock found the machine last; written by the clock's thread.
    let sampled: UnsafeMutablePointer<UnsafeMutablePointer<Instruction>?>
    /// All code that was made, to find an instruction's line.
    private var codes: [Code] = []

    init() {
        sampled = .allocate(capacity: 1)
        sampled.initialize(to: nil)
        start = monotonicSeconds()
        last = start
    }

    /// Makes code known, with the functions in it.
    func register(_ code: Code) {
        codes.append(code)
        for function in code.functions { register(function) }
    }

    /// The line of the instruction that the clock saw.
    private func sampledLine() -> Line? {
        guard let pc = sampled.pointee else { return nil }
        for code in codes where pc >= code.instructions && pc < code.instructions + code.count {
            let start = Int(code.span(at: pc).range.start)
            return Line(file: code.file, number: code.file.line(of: start))
        }
        return nil
    }

    /// Adds the time since the last record to the lines that were running: the clock has seen which
    /// one, the calls that led there are those of now.
    func record(_ stack: [Line], builtin: String?) {
        let now = monotonicSeconds()
        let seconds = now - last
        last = now
        let lines = (sampledLine().map { [$0] } ?? []) + stack
        if let first = lines.first { own[first, default: 0] += seconds }
        // A line that calls itself counts once.
        for line in Set(lines) { total[line, default: 0] += seconds }
        if let builtin {
            let before = builtins[builtin] ?? (0, 0)
            builtins[builtin] = (before.seconds + seconds, before.samples + 1)
        }
    }

    /// The tables that a person reads: at most twenty lines and ten builtins, by time.
    package func report() -> String {
        let whole = monotonicSeconds() - start
        guard !own.isEmpty else {
            return "profile: the script took \(shown(whole)), too short to say where\n"
        }
        var out = "profile of \(shown(whole)), sampled a thousand times a second\n"
        out += "   own s   total s  line\n"
        let lines = total.sorted {
            let (a, b) = (own[$0.key] ?? 0, own[$1.key] ?? 0)
            return a != b ? a > b : $0.value > $1.value
        }
        for (line, seconds) in lines.prefix(20) {
            let bytes = line.file.bytes[line.file.lineRange(line.number)]
            let text = String(decoding: bytes, as: UTF8.self).drop { $0 == " " }
            let cut = text.count > 60 ? "\(text.prefix(57))..." : String(text)
            out +=
                padded(own[line] ?? 0, 8) + padded(seconds, 10)
                + "  \(line.file.name):\(line.number)  \(cut)\n"
        }
        if !builtins.isEmpty {
            out += "       s  builtin\n"
            for (name, entry) in builtins.sorted(by: { $0.value.seconds > $1.value.seconds })
                .prefix(10)
            {
                out += padded(entry.seconds, 8) + "  \(name)\n"
            }
        }
        return out
    }

    private func shown(_ seconds: Double) -> String { padded(seconds, 0) + " s" }

    private func padded(_ seconds: Double, _ width: Int) -> String {
        let milli = Int((seconds * 1000).rounded())
        let rest = String(milli % 1000)
        let text =
            "\(milli / 1000)." + String(repeating: "0", count: 3 - rest.count) + rest
        return String(repeating: " ", count: max(0, width - text.count)) + text
    }
}
