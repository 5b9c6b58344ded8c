// What is still to come of a run, as a trial of its script has met it: the finish is foretold from it and
// from the speed at which rows are computed.

import ArenaCore

/// What a call of a model takes.
package struct CallForecast: Sendable, Equatable {
    /// Multiplications of its matrix products.
    package var products: Double
    /// Seconds until the weights are in memory; 0 where an earlier call has loaded them.
    package var loadSeconds: Double

    package init(products: Double, loadSeconds: Double) {
        self.products = products
        self.loadSeconds = loadSeconds
    }

    /// Seconds at so many products a second.
    package func seconds(speed: Double) -> Double { loadSeconds + products / max(speed, 1e-9) }
}

extension Run {
    /// What the calls behind a step take, all together; nothing where no trial has told.
    package func work(after step: Int) -> CallForecast {
        state.withLock { state in
            state.calls.dropFirst(step).reduce(CallForecast(products: 0, loadSeconds: 0)) {
                CallForecast(
                    products: $0.products + $1.products,
                    loadSeconds: $0.loadSeconds + $1.loadSeconds)
            }
        }
    }
}

extension Journal {
    private static let forecasts = Digest(of: "the calls of models that a command makes")

    /// Keeps what a trial of a command has met, for runs that go on with it and are not tried again.
    func keep(_ calls: [CallForecast], of command: Digest) {
        let numbers = calls.flatMap { [$0.products, $0.loadSeconds] }
        let bytes = numbers.map(\.bitPattern.littleEndian).withUnsafeBytes { Array($0) }
        keep([RowResult(row: command, value: bytes)], of: Self.forecasts)
    }

    /// The calls that a command makes, as its trial met them; none if it was not tried.
    /// - Throws: `JournalError`.
    func calls(of command: Digest) throws(JournalError) -> [CallForecast] {
        guard let bytes = try results(of: Self.forecasts, rows: [command])[0] else { return [] }
        let numbers = bytes.withUnsafeBytes { buffer in
            (0..<bytes.count / 8).map { i in
                Double(
                    bitPattern: UInt64(
                        littleEndian: buffer.loadUnaligned(fromByteOffset: i * 8, as: UInt64.self)))
            }
        }
        return stride(from: 0, to: numbers.count - 1, by: 2).map {
            CallForecast(products: numbers[$0], loadSeconds: numbers[$0 + 1])
        }
    }
}
