// What a step's results follow from, as named facts: their digest is the step's identity, and what
// differs between two lists of them is why results were not found.

import ArenaCore

/// One thing that a step's results follow from, or that its rows were made with.
package struct StepFact: Sendable, Equatable {
    package enum Kind: String, Sendable, CaseIterable {
        /// What is computed.
        case task
        /// A file of the model, by name and content.
        case weights
        case adapter
        /// The engine's rules of arithmetic.
        case numerics
        case parameter
        /// What the rows were made with: it counts through the rows alone.
        case input
    }

    package var kind: Kind
    package var name: String
    package var value: String

    package init(_ kind: Kind, _ name: String, _ value: String) {
        self.kind = kind
        self.name = name
        self.value = value
    }

    /// In words: "weights model.safetensors", "parameter pool".
    var title: String { kind == .task ? "the task" : "\(kind.rawValue) \(name)" }
}

/// The identity of what the facts describe; inputs count through the rows, not here.
package func computationDigest(_ facts: [StepFact]) -> Digest {
    var hash = SHA256()
    for fact in facts where fact.kind != .input {
        hash.add(fact.kind.rawValue)
        hash.add(fact.name)
        hash.add(fact.value)
    }
    return hash.finish()
}

/// What is different between an earlier step and this one, in words; empty if nothing is.
package func differences(from old: [StepFact], to new: [StepFact]) -> [String] {
    func find(_ fact: StepFact, in facts: [StepFact]) -> StepFact? {
        facts.first { $0.kind == fact.kind && $0.name == fact.name }
    }
    var words: [String] = []
    for fact in new {
        guard let before = find(fact, in: old) else {
            words.append("\(fact.title) is new")
            continue
        }
        if before.value == fact.value { continue }
        // Content is known by its digest, which says nothing to a person.
        let isContent = fact.kind == .weights || fact.kind == .adapter
        words.append(
            isContent || fact.value.utf8.count > 40
                ? "\(fact.title) changed" : "\(fact.title) was \(before.value), is \(fact.value)")
    }
    for fact in old where find(fact, in: new) == nil { words.append("\(fact.title) is gone") }
    return words
}
