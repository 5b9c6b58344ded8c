// Runs generated programs, each in an interpreter of its own, and looks at what is left behind.

import ArenaBuiltins
import ArenaLanguage
import Glibc
import Synchronization

/// What is told of one program.
package enum ProgramOutcome: Equatable {
    case ended
    case raised(String)
    /// It was asked to stop, and did.
    case stopped
    /// The program was refused before it ran.
    case rejected(String)
    /// A fault of the runtime.
    case fault(String)
}

/// Makes and runs programs.
package final class ProgramFuzzer {
    private let seed: UInt64
    private let watch: ProgramWatch

    /// - Parameter milliseconds: how long a program may run before it is asked to stop.
    package init(seed: UInt64, milliseconds: Int = 200) {
        self.seed = seed
        watch = ProgramWatch(milliseconds: milliseconds)
    }

    /// Every fourth program is wild.
    package func program(_ index: Int, statements: Int = 12) -> String {
        var generator = ProgramGenerator(
            random: FuzzRandom(seed: seed, index: index),
            manner: ProgramManner(statements: statements, isWild: index % 4 == 0))
        return generator.program()
    }

    package func run(_ index: Int) -> ProgramOutcome {
        run(program(index), mayLeak: index % 4 == 0)
    }

    /// Runs a program to its end.
    /// - Parameter mayLeak: whether it may make cycles, which no count of references frees.
    package func run(_ text: String, mayLeak: Bool) -> ProgramOutcome {
        let before = countLiveObjects()
        let outcome = runOnce(text)
        if let before, let after = countLiveObjects(), !mayLeak, after != before {
            return .fault("\(after - before) objects are left")
        }
        return outcome
    }

    private func runOnce(_ text: String) -> ProgramOutcome {
        var printed = 0
        let interpreter = Interpreter(
            builtins: allBuiltins, values: allModules, parameters: [:],
            output: { printed += $0.utf8.count })
        interpreter.machine.memoryLimit = 1 << 30
        let file = SourceFile(name: "program.as", bytes: Array(text.utf8))
        watch.begin(interpreter.machine.requests)
        defer { watch.end() }
        do throws(RunFailure) {
            _ = try interpreter.run(file, interactive: false)
            return .ended
        } catch {
            switch error {
            case .interrupted: return .stopped
            case .rejected(let found): return .rejected(found.first?.rendered(colour: false) ?? "")
            case .raised(let diagnostic):
                _ = diagnostic.rendered(colour: true)
                _ = diagnostic.json
                return .raised(diagnostic.kind.rawValue)
            }
        }
    }
}

/// Asks programs to stop that run too long or hold too much. One thread for all of them.
final class ProgramWatch: Sendable {
    private struct State {
        var requests: Requests?
        var deadline = 0
    }

    private let state = Mutex(State())
    private let milliseconds: Int

    init(milliseconds: Int) {
        self.milliseconds = milliseconds
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { raw in
                // SAFETY: the watch is retained below for as long as the process lives.
                if let raw { Unmanaged<ProgramWatch>.fromOpaque(raw).takeUnretainedValue().look() }
                return nil
            }, Unmanaged.passRetained(self).toOpaque())
        pthread_detach(thread)
    }

    func begin(_ requests: Requests) {
        let deadline = now() + milliseconds
        state.withLock { $0 = State(requests: requests, deadline: deadline) }
    }

    /// Forgets the program; its requests are not touched after this.
    func end() { state.withLock { $0.requests = nil } }

    private func now() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
    }

    private func look() -> Never {
        while true {
            usleep(10_000)
            let isHeavy = memoryInUse() > 1 << 30
            let time = now()
            state.withLock {
                if time > $0.deadline { $0.requests?.stop() }
                if isHeavy { $0.requests?.refuseMemory() }
            }
        }
    }
}
