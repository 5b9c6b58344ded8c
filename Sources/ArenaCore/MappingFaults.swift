// A mapped file that another process cuts short answers a read with SIGBUS. That must end the run with
// words that name the file, not with a crash; nothing can be half written, since outputs are atomic.

import Glibc
import Synchronization

/// The mappings that exist, where a signal handler can look them up: a fixed table of plain words.
enum MappingTable {
    struct Entry {
        var start: UInt
        var count: UInt
        /// The path as a C string that lives as long as the entry.
        var path: UnsafeMutablePointer<CChar>?
    }

    static let capacity = 1024
    // SAFETY: allocated once, never freed. Entries change under the lock; the handler only reads
    // words, and the mapping that faults is one that its reader keeps alive.
    nonisolated(unsafe) static let entries: UnsafeMutablePointer<Entry> = {
        let p = UnsafeMutablePointer<Entry>.allocate(capacity: capacity)
        p.initialize(repeating: Entry(start: 0, count: 0, path: nil), count: capacity)
        return p
    }()
    private static let lock = Mutex(())

    static func add(_ start: UnsafeMutableRawPointer, _ count: Int, _ path: String) {
        lock.withLock { _ in
            for i in 0..<capacity where entries[i].path == nil {
                entries[i].start = UInt(bitPattern: start)
                entries[i].count = UInt(count)
                entries[i].path = strdup(path)
                return
            }
        }
    }

    static func remove(_ start: UnsafeMutableRawPointer) {
        lock.withLock { _ in
            for i in 0..<capacity where entries[i].start == UInt(bitPattern: start) {
                let path = entries[i].path
                entries[i] = Entry(start: 0, count: 0, path: nil)
                free(path)
                return
            }
        }
    }
}

/// Turns the signal into an error that names the file, and ends the process with this exit code.
package func explainMappingFaults(exitCode: Int32) {
    faultExitCode = exitCode
    _ = MappingTable.entries
    var action = sigaction()
    action.sa_flags = Int32(SA_SIGINFO)
    action.__sigaction_handler.sa_sigaction = { _, info, _ in
        let address = UInt(bitPattern: info?.pointee._sifields._sigfault.si_addr)
        emit("error: ")
        var name: UnsafeMutablePointer<CChar>?
        for i in 0..<MappingTable.capacity {
            let e = MappingTable.entries[i]
            if address >= e.start, address - e.start < e.count { name = e.path }
        }
        if let name { _ = write(2, name, strlen(name)) } else { emit("an input file") }
        emit(" was cut short or became unreadable while it was being read\n")
        emit("  help: wait until whatever writes it has finished, then run again\n")
        _exit(faultExitCode)
    }
    sigaction(SIGBUS, &action, nil)
}

nonisolated(unsafe) private var faultExitCode: Int32 = 1

/// Writes a literal to standard error; async-signal-safe.
private func emit(_ text: StaticString) {
    _ = write(2, text.utf8Start, text.utf8CodeUnitCount)
}
