// Results on their way to disk: of each thread one share at most waits, and a disk that does not come back
// holds nobody up for long.

import ArenaCore
import Glibc
import Synchronization
import Testing

@testable import ArenaRuns

@Suite struct ResultQueueTests {
    static let computation = Digest(of: "a computation")
    static func result(_ number: Int) -> [RowResult] {
        [RowResult(row: Digest(of: "row \(number)"), value: [UInt8(number)])]
    }

    /// Leaves three shares from a thread of its own and tells how far it is.
    private func leave(_ queue: ResultQueue) -> Monitor<Int> {
        let left = Monitor(0)
        startThread {
            for number in 1...3 {
                queue.add(Self.result(number), to: Self.computation)
                left.change { $0 = number }
            }
        }
        return left
    }

    /// What is taken, once there is something.
    private func taken(_ queue: ResultQueue) throws -> ResultQueue.Group {
        while true {
            let group = try queue.take()
            if !group.results.isEmpty { return group }
            usleep(1000)
        }
    }

    @Test func aThreadWaitsUntilItsEarlierShareIsCommitted() throws {
        let queue = ResultQueue(leastWait: 3600)
        let left = leave(queue)
        for number in 1...3 {
            let group = try taken(queue)
            // Nothing more comes while that is under way.
            #expect(group.results.map(\.result.value) == [[UInt8(number)]])
            left.wait { $0 >= number ? true : nil }
            usleep(20_000)
            #expect(left.read { $0 } == number)
            queue.settle(.process)
        }
        #expect(queue.isUnsynced)
        queue.settle(.machine)
        #expect(!queue.isUnsynced)
    }

    @Test func aDiskThatDoesNotComeBackHoldsNobodyUpForLong() throws {
        let queue = ResultQueue(leastWait: 0.01)
        let left = leave(queue)
        #expect(left.wait(seconds: 60) { $0 == 3 ? true : nil } == true)
        #expect(try queue.take().results.count == 3)
    }

    @Test func afterAFailureNothingIsTakenAndNobodyWaits() throws {
        let queue = ResultQueue(leastWait: 3600)
        let left = leave(queue)
        _ = try taken(queue)
        queue.fail(.sqlite(path: "j", code: 10, message: "disk I/O error"))
        #expect(left.wait(seconds: 60) { $0 == 3 ? true : nil } == true)
        #expect(throws: JournalError.self) { try queue.take() }
    }
}
