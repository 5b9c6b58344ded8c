// Threads that wait for each other's changes.

import ArenaCore
import Testing

@Suite struct MonitorTests {
    @Test func threadsTakeTurns() {
        let turns = Monitor([Int]())
        runWorkers(4) { worker in
            for round in 0..<50 {
                let place = round * 4 + worker
                turns.wait { turns -> Void? in
                    guard turns.count == place else { return nil }
                    turns.append(worker)
                    return ()
                }
            }
        }
        #expect(turns.read { $0 } == (0..<200).map { $0 % 4 })
    }

    @Test func waitingEnds() {
        let never = Monitor(0)
        #expect(never.wait(seconds: 0.01) { $0 == 1 ? true : nil } == nil)
        #expect(never.wait(seconds: 0) { $0 == 0 ? true : nil } == true)
        #expect(never.wait(seconds: -1) { $0 == 1 ? true : nil } == nil)
    }
}
