// Where a script's time goes, by line and by builtin. A clock asks a thousand times a second; the
// machine answers at the next instruction that polls, with the time since it last did, so that a
// builtin that ran for ten seconds counts ten seconds. Within a turn of a loop that calls nothing, the
// time is spread over its instructions.

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

    package init() {
        start = monotonicSeconds()
        last = start
    }

    private var seed: UInt64 = 1

    /// A number from 0 on: which instruction of a loop's turn a sample is counted for. The turn is
    /// known, the moment in it is not, so each of its instructions is as likely.
    func choose(below count: Int) -> Int {
        seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(seed >> 33) % count
    }

    /// Adds the time since the last record to the lines that were running, the innermost first.
    func record(_ lines: [Line], builtin: String?) {
        let now = monotonicSeconds()
        let seconds = now - last
        last = now
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
