// What a step is known by, and how a difference is told.

import ArenaCore
import Testing

@testable import ArenaRuns

@Suite struct StepFactTests {
    private let facts = [
        StepFact(.task, "", "logits"), StepFact(.parameter, "pool", "last"),
        StepFact(.weights, "model.safetensors", "\(Digest(of: "a"))"),
        StepFact(.input, "max_length", "512"),
    ]

    private func changed(_ i: Int, _ value: String) -> [StepFact] {
        var facts = facts
        facts[i].value = value
        return facts
    }

    @Test func everyFactButInputsCounts() {
        let own = computationDigest(facts)
        for i in 0..<3 { #expect(computationDigest(changed(i, "x")) != own) }
        #expect(computationDigest(changed(3, "1024")) == own)
        // Two texts in a row are not two others.
        #expect(
            computationDigest([StepFact(.task, "ab", "c")])
                != computationDigest([StepFact(.task, "a", "bc")]))
    }

    @Test func differencesAreNamed() {
        #expect(differences(from: facts, to: facts) == [])
        #expect(
            differences(from: facts, to: changed(0, "embed")) == ["the task was logits, is embed"])
        #expect(
            differences(from: facts, to: changed(2, "\(Digest(of: "b"))"))
                == ["weights model.safetensors changed"])
        #expect(
            differences(from: facts, to: changed(3, "64")) == ["input max_length was 512, is 64"])
        #expect(
            differences(from: facts, to: facts + [StepFact(.adapter, "settings", "r 8")])
                == ["adapter settings is new"])
        #expect(
            differences(from: facts, to: Array(facts.dropLast())) == ["input max_length is gone"])
    }

    @Test func theDigestIsSHA256() {
        #expect(
            "\(Digest(of: "abc"))"
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            "\(Digest(of: ""))"
                == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        // A million letters, in pieces of every length.
        var hash = SHA256()
        var left = 1_000_000
        var size = 0
        while left > 0 {
            size = size % 200 + 1
            hash.add([UInt8](repeating: UInt8(ascii: "a"), count: min(size, left)))
            left -= min(size, left)
        }
        let digest = hash.finish()
        #expect(
            "\(digest)" == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
        #expect(Digest(hex: "\(digest)") == digest)
        #expect(Digest(hex: "00") == nil)
    }
}
