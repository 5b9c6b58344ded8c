// What reaches a running program from outside: a request to stop, memory running out, the profiler's
// clock. Each sets a byte of one word that loops, calls and returns from builtins look at.

import ArenaCore
import Glibc

/// Requests to a running machine; may be used from any thread while the machine lives.
package struct Requests: @unchecked Sendable {
    // SAFETY: four aligned bytes that are only set and read, never depended on for order; each
    // request is a byte of its own.
    let word: UnsafeMutablePointer<Int32>

    private var bytes: UnsafeMutablePointer<UInt8> {
        UnsafeMutableRawPointer(word).assumingMemoryBound(to: UInt8.self)
    }

    package func stop() { bytes[0] = 1 }
    package func refuseMemory() { bytes[1] = 1 }
    package func sample() { bytes[2] = 1 }

    /// Whether the program is to end what it does; for engines to look at while they work.
    package var isStopRequested: Bool { bytes[0] != 0 || bytes[1] != 0 }

    func clear() { word.pointee = 0 }

    /// Whether the request was made; it is taken back.
    fileprivate func take(_ i: Int) -> Bool {
        if bytes[i] == 0 { return false }
        bytes[i] = 0
        return true
    }
    fileprivate var wantsStop: Bool { bytes[0] != 0 }
}

extension Machine {
    /// Answers requests at an instruction. `builtin` is what has just run there; `turn` the number of
    /// instructions before it that a loop has just gone through.
    @inline(never)
    func poll(
        _ pc: UnsafeMutablePointer<Instruction>, _ info: UnsafeMutablePointer<CodeInfo>,
        builtin: String? = nil, turn: Int = 0
    ) throws(Raised) {
        if requests.take(2), let profile {
            let back = turn > 0 ? profile.choose(below: turn) : 0
            profile.record(stack(at: pc - back, info), builtin: builtin)
        }
        try answerStops()
    }

    /// The same where the instruction is not known: inside builtins that call builtins.
    @inline(never)
    package func answerStops() throws(Raised) {
        if requests.wantsStop { throw .interrupted }
        if requests.take(1) { throw Raised.memory(limit: memoryLimit) }
    }

    /// The same for a builtin's own loop, each turn: what it makes may be larger than the limit.
    @inline(__always)
    package func pollInBuiltin() throws(Raised) {
        if interruptFlag.pointee != 0 { try answerStops() }
    }

    /// Refuses what would take the program past its limit of memory, before it is tried.
    func reserve(_ bytes: Int) throws(Raised) {
        guard bytes > 16 << 20, let memoryLimit else { return }
        if memoryInUse() + bytes > memoryLimit { throw .memory(limit: memoryLimit) }
    }

    /// The running instruction's place and those of the calls under way, the innermost first.
    private func stack(
        at pc: UnsafeMutablePointer<Instruction>, _ info: UnsafeMutablePointer<CodeInfo>
    ) -> [Profile.Line] {
        var lines = [line(pc, info)]
        var i = frameCount
        while i > 0, lines.count < 64 {
            i -= 1
            lines.append(line(frames[i].pc - 1, frames[i].info))
        }
        return lines
    }

    private func line(
        _ pc: UnsafeMutablePointer<Instruction>, _ info: UnsafeMutablePointer<CodeInfo>
    ) -> Profile.Line {
        let code = info.pointee.code.takeUnretainedValue()
        let start = Int(code.span(at: pc).range.start)
        return Profile.Line(file: code.file, number: code.file.line(of: start))
    }
}

extension Raised {
    static func memory(limit: Int?) -> Raised {
        let words = limit.map { " its limit of \($0 >> 20) MB" } ?? " the machine's memory"
        return Raised(
            .memory, "the script needs more than\(words)",
            help: "work on parts: a slice of the rows at a time; --max-memory sets the limit")
    }
}

/// Bytes of memory that belong to this process alone: mapped files do not count.
package func memoryInUse() -> Int {
    let descriptor = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return 0 }
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 128)
    let n = read(descriptor, &buffer, buffer.count)
    guard n > 0 else { return 0 }
    let parts = String(decoding: buffer[0..<n], as: UTF8.self).split(separator: " ")
    guard parts.count > 2, let resident = Int(parts[1]), let shared = Int(parts[2]) else {
        return 0
    }
    return max(0, resident - shared) * Int(sysconf(Int32(_SC_PAGESIZE)))
}
