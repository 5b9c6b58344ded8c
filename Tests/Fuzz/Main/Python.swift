// Programs for both CPython and ArenaScript, many to a file: `compare.py` runs them and compares what
// they print.

import ArenaCore
import FuzzSupport

func writePython(_ job: Job, programs: Int) {
    var file = 0
    var index = job.first
    while index < job.first + job.count {
        let end = min(index + programs, job.first + job.count)
        var text = prelude
        for i in index..<end {
            var generator = ProgramGenerator(
                random: FuzzRandom(seed: job.seed, index: i),
                manner: ProgramManner(statements: job.statements, isPython: true))
            text += generator.program(name: "program\(i)")
            text +=
                "print(\"program \(i)\")\ntry:\n    program\(i)()\nexcept Exception as e:\n    print(\"!\", kind(e))\n"
        }
        do { try writeFile(joinPath(job.output, "batch\(file).py"), Array(text.utf8)) } catch {
            print(error)
        }
        index = end
        file += 1
    }
}

/// `show` prints sets in an order of their own; each side has its own `kind`.
private let prelude = """
    def show(x):
        if isinstance(x, set):
            return "{" + ", ".join(sorted([show(y) for y in x])) + "}"
        if isinstance(x, dict):
            return "{" + ", ".join([show(k) + ": " + show(v) for k, v in x.items()]) + "}"
        if isinstance(x, list):
            return "[" + ", ".join([show(y) for y in x]) + "]"
        if isinstance(x, tuple):
            return "(" + ", ".join([show(y) for y in x]) + ",)"
        return repr(x)

    """
