// The watch over a run: its memory against the limit, and the clock of the profiler. One thread for
// the life of the process; it asks, the program answers at its next poll.

import ArenaCore
import ArenaLanguage
import Glibc

enum Watch {
    /// Watches a machine until the process ends.
    static func start(_ machine: Machine) {
        let requests = machine.requests
        let limit = machine.memoryLimit
        let profiles = machine.profile != nil
        // The machine must outlive the thread, which ends with the process.
        _ = Unmanaged.passRetained(machine)
        startThread {
            var ticks = 0
            while true {
                usleep(profiles ? 1000 : 10_000)
                ticks += 1
                if profiles {
                    requests.sample()
                    if ticks % 10 != 0 { continue }
                }
                if let limit, memoryInUse() > limit { requests.refuseMemory() }
            }
        }
    }

    /// What a run may use without a limit of its own: most of what the machine, or the control group
    /// it runs in, has. Past that the kernel would end the process without a word.
    static func usableMemory() -> Int? {
        let pages = sysconf(Int32(_SC_PHYS_PAGES))
        let size = sysconf(Int32(_SC_PAGESIZE))
        guard pages > 0, size > 0 else { return nil }
        var bytes = Int(pages) * Int(size)
        for path in ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"] {
            if let limit = number(in: path), limit > 0 { bytes = min(bytes, limit) }
        }
        var address = rlimit()
        // Of addresses, what grows needs room for its old and its new place beside everything else.
        if getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &address) == 0,
            address.rlim_cur / 3 < rlim_t(bytes)
        {
            bytes = Int(address.rlim_cur / 3)
        }
        return bytes / 100 * 92
    }

    private static func number(in path: String) -> Int? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 64)
        let n = read(descriptor, &buffer, buffer.count)
        guard n > 0 else { return nil }
        return Int(String(decoding: buffer[0..<n].filter { $0 >= 48 && $0 <= 57 }, as: UTF8.self))
    }
}

/// A size as `--max-memory` takes it: bytes, or with K, M or G behind it.
package func parseSize(_ text: String) -> Int? {
    var digits = text.uppercased()
    var factor = 1
    if digits.hasSuffix("B") { digits.removeLast() }
    if digits.hasSuffix("I") { digits.removeLast() }
    for (letter, size) in [("K", 1 << 10), ("M", 1 << 20), ("G", 1 << 30)]
    where digits.hasSuffix(letter) {
        digits.removeLast()
        factor = size
    }
    guard let n = Double(digits), n > 0, n * Double(factor) < 9e18 else { return nil }
    return Int(n * Double(factor))
}
