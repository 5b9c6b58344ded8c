// Ctrl-C, and the system's request to end. SIGINT, of a batch run also SIGTERM, is blocked in every
// thread and taken by one thread of our own with `sigwait`, so nothing here runs inside a signal handler
// and no call is off limits. At the prompt an interrupt wakes the line reader through a pipe; while a
// statement runs it asks the interpreter to stop.

import Glibc
import Synchronization

/// The process's one listener for SIGINT.
package final class Interrupts: Sendable {
    /// Becomes readable when Ctrl-C is pressed while nothing runs.
    package let wakeDescriptor: Int32

    private struct State {
        var stop: (@Sendable () -> Void)?
        var count = 0
        var patience = 0
        var signal: Int32?
        var marks = 0
    }

    private let state = Mutex(State())
    private let writeEnd: Int32
    private let signals: [Int32]

    /// Starts listening. Call it on the main thread before any other thread is made, since threads
    /// inherit the blocked signal.
    /// - Parameter terminating: whether SIGTERM stops what runs as SIGINT does; else it ends the
    ///   process as usual.
    package init(terminating: Bool = false) {
        signals = terminating ? [SIGINT, SIGTERM] : [SIGINT]
        var ends: [Int32] = [-1, -1]
        if pipe(&ends) == 0 {
            for end in ends {
                _ = fcntl(end, F_SETFD, FD_CLOEXEC)
                _ = fcntl(end, F_SETFL, O_NONBLOCK)
            }
        }
        wakeDescriptor = ends[0]
        writeEnd = ends[1]
        var set = signalSet
        pthread_sigmask(SIG_BLOCK, &set, nil)
        startThread()
    }

    /// The last signal that stopped what ran; nil if none did.
    package var signal: Int32? { state.withLock { $0.signal } }

    private var signalSet: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in signals + [Self.mark] { sigaddset(&set, signal) }
        return set
    }

    /// Runs `body`; Ctrl-C meanwhile calls `stop` on another thread.
    ///
    /// `patience` more presses are borne before the process ends at once: what runs may be busy in
    /// a place that cannot be stopped. Outputs are atomic, so that leaves no half-written file.
    package func stopping<R>(
        patience: Int, _ stop: @escaping @Sendable () -> Void, while body: () -> R
    ) -> R {
        state.withLock {
            $0 = State(stop: stop, count: 0, patience: patience, marks: $0.marks)
        }
        defer { state.withLock { $0.stop = nil } }
        return body()
    }

    /// Waits until every press that has reached the process is dealt with: one that ended a command
    /// must not be taken later for one at the prompt.
    package func settle() {
        let before = state.withLock { $0.marks }
        kill(getpid(), Self.mark)
        for _ in 0..<5000 where state.withLock({ $0.marks }) == before { usleep(200) }
    }

    /// Of the signals that wait the listener gets the lowest number first, so this one after any press.
    private static let mark = SIGURG

    /// Takes note of the presses that `wakeDescriptor` announced.
    package func drain() {
        var byte: UInt8 = 0
        while read(wakeDescriptor, &byte, 1) == 1 {}
    }

    private func startThread() {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setstacksize(&attributes, 1 << 18)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        defer { pthread_attr_destroy(&attributes) }
        let box = Unmanaged.passRetained(self)
        var thread = pthread_t()
        let code = pthread_create(
            &thread, &attributes,
            { raw in
                guard let raw else { return nil }
                // SAFETY: the pointer is the retained object passed below, taken over exactly once.
                let listener = Unmanaged<Interrupts>.fromOpaque(raw).takeRetainedValue()
                listener.listen()
                return nil
            }, box.toOpaque())
        if code != 0 {
            // Without a listener the signal keeps its usual meaning: the process ends.
            box.release()
            var set = signalSet
            pthread_sigmask(SIG_UNBLOCK, &set, nil)
        }
    }

    private func listen() {
        var set = signalSet
        var received: Int32 = 0
        while true {
            guard sigwait(&set, &received) == 0 else { continue }
            if received == Self.mark {
                state.withLock { $0.marks += 1 }
                continue
            }
            let (stop, count, patience) = state.withLock { state in
                state.count += 1
                state.signal = received
                return (state.stop, state.count, state.patience)
            }
            guard let stop else {
                var byte: UInt8 = 0
                write(writeEnd, &byte, 1)
                continue
            }
            if count > patience + 1 { _exit(128 + received) }
            if count == patience + 1, count > 1 {
                say("\nstill stopping; Ctrl-C once more ends the process at once")
            }
            stop()
        }
    }
}
