// The cards of this machine: found once, opened at first use, and compared with the processor before
// anything is computed on them.

import Synchronization

/// This process' cards.
package enum CUDACards {
    private struct State: Sendable {
        var libraries: Result<CUDALibraries, CUDAProblem>?
        var cards: Result<[CUDACard], CUDAProblem>?
        var devices: [[Int]: CUDADevice] = [:]
    }

    private static let state = Mutex(State())

    /// The libraries, or why there are none.
    package static func libraries() throws(CUDAProblem) -> CUDALibraries {
        try state.withLock { libraries(&$0) }.get()
    }

    private static func libraries(_ state: inout State) -> Result<CUDALibraries, CUDAProblem> {
        if let known = state.libraries { return known }
        let found: Result<CUDALibraries, CUDAProblem>
        do throws(CUDAProblem) { found = .success(try CUDALibraries()) } catch {
            found = .failure(error)
        }
        state.libraries = found
        return found
    }

    /// The cards to use, best first: those of the highest compute capability. Rows must not get other
    /// bits by the card that they come to, so that kinds are not mixed.
    /// - Throws: `CUDAProblem`; `isOrdinary` where there is nothing that could be used.
    package static func found() throws(CUDAProblem) -> [CUDACard] {
        try state.withLock { state in
            if let known = state.cards { return known }
            let cards: Result<[CUDACard], CUDAProblem>
            do throws(CUDAProblem) {
                let libraries = try libraries(&state).get()
                cards = .success(try usable(libraries))
            } catch { cards = .failure(error) }
            state.cards = cards
            return cards
        }.get()
    }

    private static func usable(_ libraries: CUDALibraries) throws(CUDAProblem) -> [CUDACard] {
        var all: [CUDACard] = []
        for ordinal in 0..<libraries.cards {
            all.append(try CUDACard(libraries, ordinal: ordinal))
        }
        let best = all.max { ($0.capability, $0.memory) < ($1.capability, $1.memory) }
        guard let best else { throw .noCard }
        if !best.isOlder {
            _ = try libraries.compiler.program(card: best.name, capability: best.capability)
        }
        // cuBLASLt, which computes on cards of 8.0 and later, gives the same bits for as many processors only.
        return all.filter {
            $0.capability == best.capability
                && ($0.capability < 80 || $0.processors == best.processors)
        }.flatMap(\.shares)
    }

    /// What a card's results depend on besides rows and weights: its kind, what compiled the kernels, and the
    /// library that computes products, if there is one.
    /// - Throws: `CUDAProblem` if the card cannot be opened.
    package static func kind(of card: CUDACard) throws(CUDAProblem) -> String {
        let compiler = try libraries().compiler.version
        let products = try open(card).products.map { "-\($0.version)-\(card.processors)" } ?? ""
        return "cuda-\(CUDAProblem.capability(card.capability))-\(CUDAProblem.version(compiler))"
            + products
    }

    /// The card, ready to compute.
    /// - Throws: `CUDAProblem`, also if its numbers are not the processor's.
    package static func open(_ card: CUDACard) throws(CUDAProblem) -> CUDADevice {
        try state.withLock { state -> Result<CUDADevice, CUDAProblem> in
            let key = [card.ordinal, card.share]
            if let known = state.devices[key] { return .success(known) }
            do throws(CUDAProblem) {
                let device = try CUDADevice(
                    libraries(&state).get(), ordinal: card.ordinal, memory: card.memory)
                try device.selfTest()
                state.devices[key] = device
                return .success(device)
            } catch { return .failure(error) }
        }.get()
    }
}

extension CUDAProblem {
    /// Whether a machine simply has no card, which nothing need be said of.
    package var isOrdinary: Bool {
        switch self {
        case .switchedOff, .noDriver, .noCard: return true
        default: return false
        }
    }
}
