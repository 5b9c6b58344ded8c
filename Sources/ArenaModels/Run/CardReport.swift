// What `doctor` tells of a machine's graphics cards.

import ArenaTensor

/// NVIDIA's libraries and cards as they are found.
package struct CardReport: Sendable {
    /// The name, and what was found of it, such as "12.4 (libcuda.so.1)"; nil for nothing.
    package var libraries: [(name: String, found: String?)] = []
    package var cards: [Card] = []
    /// Why none of the cards can be used, and what can be done about it.
    package var problem: String?
    package var help: String?

    package struct Card: Sendable {
        package let ordinal: Int
        package let name: String
        /// Such as "7.5".
        package let capability: String
        package let bytes: Int
        /// Whether its numbers were compared with the processor's, and are right; nil if nobody asked.
        package var passed: Bool?
    }

    /// - Parameter tries: open every card and compare its numbers with the processor's, which takes seconds.
    package init(tries: Bool = false) {
        libraries = CUDALibrary.allCases.map { library in
            let found = library.find()
            return (
                library.rawValue,
                found.map { "\($0.version ?? "of unknown version") (\($0.path))" }
            )
        }
        do throws(CUDAProblem) {
            let found = try CUDACards.found()
            for card in found {
                cards.append(
                    Card(
                        ordinal: card.ordinal, name: card.name,
                        capability: CUDAProblem.capability(card.capability), bytes: card.memory))
            }
            guard tries else { return }
            for (i, card) in found.enumerated() {
                cards[i].passed = false
                _ = try CUDACards.open(card)
                cards[i].passed = true
            }
        } catch { (problem, help) = (error.words, error.help) }
    }
}
