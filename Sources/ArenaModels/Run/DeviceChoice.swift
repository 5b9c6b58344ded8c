// Which devices a model runs on: graphics cards where the machine has them, else the processor's workers.

import ArenaCore
import ArenaTensor

/// Devices for a run; cards are opened when it begins.
package struct DeviceChoice: Sendable {
    /// Workers of the processor, where there are no cards.
    package let workers: Int
    /// How a decoder lies on several cards.
    package let split: SplitChoice
    private let chosen: [CUDACard]

    /// The processor with so many workers.
    package init(workers: Int = processorCount()) {
        self.workers = workers
        split = .auto
        chosen = []
    }

    /// The best that this machine has: so many of its cards, all if nil, and without cards so many workers
    /// of the processor.
    /// - Throws: `ModelError.cards` where there is a card that cannot be used.
    package init(best wanted: Int?, split: SplitChoice = .auto) throws(ModelError) {
        self.split = split
        do throws(CUDAProblem) {
            chosen = Array(try CUDACards.found().prefix(wanted ?? .max))
        } catch {
            guard error.isOrdinary else { throw ModelError(error) }
            chosen = []
        }
        workers = wanted ?? processorCount()
    }

    /// The cards of these numbers.
    /// - Throws: `ModelError.cards` where there is none, or none that can be used together with the others.
    package init(numbers: [Int], split: SplitChoice) throws(ModelError) {
        let found: [CUDACard]
        do throws(CUDAProblem) { found = try CUDACards.found() } catch { throw ModelError(error) }
        var chosen: [CUDACard] = []
        for number in numbers {
            let known = found.filter { $0.ordinal == number }
            guard let card = known.first(where: { !chosen.contains($0) }) else {
                let names = found.map { "\($0.ordinal) (\($0.name))" }.joined(separator: ", ")
                throw .cards(
                    what: known.isEmpty
                        ? "there is no card \(number) to take" : "card \(number) is named twice",
                    help: "cards of the best kind are \(names)")
            }
            chosen.append(card)
        }
        (self.split, self.chosen) = (split, chosen)
        workers = chosen.count
    }

    package var cards: Int { chosen.count }

    /// What results depend on besides rows and weights, such as `cuda-7.5-12.4`; nil for the processor, whose
    /// results are the same everywhere.
    /// - Throws: `ModelError.cards` if the card cannot be used.
    package func kind() throws(ModelError) -> String? {
        guard let card = chosen.first else { return nil }
        do throws(CUDAProblem) { return try CUDACards.kind(of: card) } catch {
            throw ModelError(error)
        }
    }

    /// The cards, ready to compute.
    /// - Throws: `ModelError.cards` if one of them cannot be used.
    package func open() throws(ModelError) -> [any Backend] {
        var backends: [any Backend] = []
        for card in chosen {
            do throws(CUDAProblem) { backends.append(CUDABackend(try CUDACards.open(card))) } catch
            {
                throw ModelError(error)
            }
        }
        return backends
    }
}

extension ModelError {
    fileprivate init(_ problem: CUDAProblem) {
        self = .cards(what: problem.words, help: problem.help)
    }
}
