// Offsets, words and sequences against the reference (scripts/dev/make-offset-fixtures.py), every family.

import ArenaCore
import Glibc
import Testing

@testable import ArenaText

@Suite struct OffsetTests {
    /// The committed file, or a longer one made for the occasion.
    static var path: String {
        getenv("ARENASCRIPT_OFFSETS").map { String(cString: $0) } ?? fixture("offsets.json")
    }

    @Test(arguments: PrefixTests.families) func equalTheReference(_ family: String) throws {
        let document = try JSONDocument(file: Self.path).root
        let texts = (document["texts"]?.elements ?? []).map { $0.stringBytes ?? [] }
        let rows = document["families"]?[family]?.elements ?? []
        #expect(rows.count == texts.count)
        let tokenizer = try Tokenizer(path: fixture("tokenizers/\(family).json"))
        var failures = 0
        for (i, text) in texts.enumerated() {
            let both = Texts([text, texts[(i + 1) % texts.count]])
            let made: TokenRows
            if i % 8 == 7 {
                made = try tokenizer.encodePairsWithPlaces(
                    count: 1, options: .init(), firstAt: { _ in both.buffers[0] },
                    secondAt: { _ in both.buffers[1] })
            } else {
                made = try tokenizer.encodeWithPlaces(count: 1) { _ in both.buffers[0] }
            }
            let flat = zip(made.ids, made.places).flatMap {
                [$0, $1.start, $1.end, $1.word, $1.sequence]
            }
            let wanted = ids(rows[i])
            if flat != wanted {
                failures += 1
                if failures < 4 {
                    Issue.record(
                        "\(family), text \(i) \(String(decoding: text, as: UTF8.self).debugDescription)\n \(flat)\n \(wanted)"
                    )
                }
            }
        }
        #expect(failures == 0, "\(family): \(failures) of \(texts.count) differ")
    }

    @Test func tracedTokensAreTheOthers() throws {
        let corpus = try PrefixTests.corpus()
        for family in PrefixTests.families {
            let tokenizer = try Tokenizer(path: fixture("tokenizers/\(family).json"))
            var random = Random(state: 21)
            for _ in 0..<100 {
                let texts = Texts([PrefixTests.text(&random, corpus, 1 + random.next(300))])
                let options = Tokenizer.Options(
                    maxLength: random.next(2) == 0 ? nil : 5 + random.next(40),
                    truncationSide: random.next(2) == 0 ? .left : .right,
                    parseSpecial: random.next(3) != 0)
                let plain = try tokenizer.encodeBatch(count: 1, options: options) {
                    texts.buffers[$0]
                }
                let traced = try tokenizer.encodeWithPlaces(count: 1, options: options) {
                    texts.buffers[$0]
                }
                #expect(plain.ids == traced.ids, "\(family)")
                #expect(traced.places.count == traced.ids.count)
            }
        }
    }
}
