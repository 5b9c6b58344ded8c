// Which models have their weights in memory, and who leaves when another needs the room: the one whose
// last run is longest ago and which runs nothing now.

import ArenaCore
import Glibc
import Synchronization

/// The models of this process with weights in memory.
package enum ResidentModels {
    private struct Entry: Sendable {
        weak var model: ModelCore?
        var used: UInt64
    }

    private struct State: Sendable {
        var entries: [ObjectIdentifier: Entry] = [:]
        var clock: UInt64 = 0
    }

    private static let state = Mutex(State())

    /// Notes that a model's weights are in memory and were just used.
    static func touch(_ model: ModelCore) {
        state.withLock { state in
            state.clock += 1
            state.entries[ObjectIdentifier(model)] = Entry(model: model, used: state.clock)
            state.entries = state.entries.filter { $0.value.model != nil }
        }
    }

    static func remove(_ model: ModelCore) {
        _ = state.withLock { $0.entries.removeValue(forKey: ObjectIdentifier(model)) }
    }

    /// Lets other models' weights go, longest unused first, until `bytes` fit or none is left that
    /// may go.
    static func makeRoom(
        _ bytes: Int, for model: ModelCore, available: () -> Int = availableMemory
    ) {
        while available() < bytes {
            let others = state.withLock { state in
                state.entries.values.filter { $0.model !== model }.sorted { $0.used < $1.used }
                    .compactMap(\.model)
            }
            // One that runs holds its lock and is passed over.
            guard others.contains(where: { $0.unloadIfIdle() }) else { return }
        }
    }

    /// Bytes that this process may still take: what the machine has, or its control group allows.
    package static func availableMemory() -> Int {
        func text(_ path: String) -> String? {
            guard let file = fopen(path, "r") else { return nil }
            defer { fclose(file) }
            var bytes = [UInt8](repeating: 0, count: 4096)
            let count = fread(&bytes, 1, bytes.count, file)
            return String(decoding: bytes.prefix(count), as: UTF8.self)
        }
        var least = Int.max
        for line in text("/proc/meminfo")?.split(separator: "\n") ?? []
        where line.hasPrefix("MemAvailable:") {
            if let kilobytes = line.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) {
                least = kilobytes << 10
            }
        }
        let group = "/sys/fs/cgroup/memory."
        func number(_ name: String) -> Int? {
            text(group + name).flatMap { Int($0.split(separator: "\n").first ?? "") }
        }
        if let limit = number("max"), let current = number("current") {
            least = min(least, max(0, limit - current))
        }
        return least
    }
}
