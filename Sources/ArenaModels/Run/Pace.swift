// How long weights take to come into memory and packs to be computed, before either has begun: what a
// deadline must know of a call, and a plan of a script.

import ArenaCore
import Glibc
import Synchronization

/// What this process has measured of its machine.
enum Pace {
    private struct State {
        /// Bytes a second, of the last load.
        var loading: Double?
        /// Multiplications a second of one worker, of the slowest packs of the last run.
        var products: Double?
    }
    private static let state = Mutex(State())

    /// Loads of less say more about opening files than about reading them.
    private static let smallLoad = 64 << 20
    /// Bytes a second that a disk surely reads.
    static let slowestDisk = 20e6

    static func noteLoad(bytes: Int, seconds: Double) {
        guard bytes >= smallLoad, seconds > 0 else { return }
        state.withLock { $0.loading = Double(bytes) / seconds }
    }

    static func noteProducts(perSecond speed: Double) {
        guard speed.isFinite, speed > 0 else { return }
        state.withLock { $0.products = speed }
    }

    /// Seconds of a load; nil before the first.
    static func loadSeconds(_ bytes: Int) -> Double? {
        state.withLock { $0.loading }.map { Double(bytes) / $0 }
    }

    /// Seconds of products on one worker; 0 while nothing is known.
    static func seconds(products: Double) -> Double {
        state.withLock { $0.products }.map { products / $0 } ?? 0
    }
}

extension ModelCore {
    /// Seconds that loading the weights takes, about: by the speed of the last load of this process, or
    /// else of some megabytes of the file; 0 if they are in memory.
    package var expectedLoadSeconds: Double {
        isLoaded ? 0 : secondsToLoad
    }

    /// The same for weights that are not in memory, or not as they should be.
    var secondsToLoad: Double {
        Pace.loadSeconds(weightBytes)
            ?? Double(weightBytes) / (origin.readingSpeed ?? Pace.slowestDisk)
    }

    /// Whether loading the weights, if that must be, and then the smallest pack would be in time: loading
    /// alone is of no use to anybody.
    func mayBegin(
        _ plan: PackPlan, growth: Int, mustLoad: Bool, _ options: RunOptions
    ) -> Bool {
        guard let mayBegin = options.mayBegin else { return true }
        guard mayBegin(0) else { return false }
        let least =
            plan.packs.map { pack in
                plan.rows[pack].reduce(0) { $0 + $1.count + growth }
            }.min() ?? 0
        let pack = Pace.seconds(products: Double(least) * Double(productsPerToken))
        // Mostly the end is so far off that the speed need not be measured.
        if mustLoad, Pace.loadSeconds(weightBytes) == nil,
            mayBegin(pack + Double(weightBytes) / Pace.slowestDisk)
        {
            return true
        }
        return mayBegin(pack + (mustLoad ? secondsToLoad : 0))
    }
}

extension Checkpoint {
    /// Bytes a second at which the largest file is read, measured on some megabytes of it; nil where it
    /// cannot be.
    var readingSpeed: Double? {
        guard let file = files.max(by: { $0.file.bytes.count < $1.file.bytes.count }) else {
            return nil
        }
        let descriptor = open(file.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var block = [UInt8](repeating: 0, count: 4 << 20)
        let blocks = 4
        var bytes = 0
        let began = monotonicSeconds()
        for i in 0..<blocks {
            let place = off_t(file.file.bytes.count / blocks * i)
            bytes += max(0, pread(descriptor, &block, block.count, place))
        }
        let seconds = monotonicSeconds() - began
        return bytes > 0 && seconds > 0 ? Double(bytes) / seconds : nil
    }
}
