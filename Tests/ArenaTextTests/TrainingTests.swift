// Vocabularies that are trained: those of tokenizers' trainers, and the same whatever the number of threads.

import ArenaCore
import Testing

@testable import ArenaText

@Suite struct TrainingTests {
    /// A vocabulary of the reference's (scripts/dev/make-training-fixtures.py).
    struct Case: Sendable, CustomTestStringConvertible {
        let training: TokenizerTraining
        let vocabulary: [String]
        /// What the reference has in some runs, where it is not the same in all.
        let any: [String]
        let merges: [[String]]
        let scores: [Double]
        var testDescription: String { "\(training.kind) \(training.vocabularySize)" }

        init(_ value: JSONValue) throws {
            func strings(_ name: String) -> [String] {
                (value[name]?.elements ?? []).compactMap(\.string)
            }
            let settings = try #require(value["settings"])
            var training = TokenizerTraining(
                try #require(TokenizerTraining.Kind(rawValue: value["model"]?.string ?? "")),
                vocabularySize: try #require(settings["vocab_size"]?.int))
            training.minFrequency = settings["min_frequency"]?.int ?? 0
            training.maxTokenLength = settings["max_token_length"]?.int
            training.limitAlphabet = settings["limit_alphabet"]?.int
            self.training = training
            vocabulary = strings("vocab")
            any = strings("any")
            merges = (value["merges"]?.elements ?? []).map {
                ($0.elements ?? []).compactMap(\.string)
            }
            scores = (value["scores"]?.elements ?? []).compactMap(\.double)
        }

        /// The texts that it was trained on.
        func texts() throws -> [String] {
            let corpus = try JSONDocument(file: fixture("tokenizers/corpus.json"))
            let texts = (corpus.root.elements ?? []).compactMap(\.string)
            if training.kind == .bpe { return texts }
            return texts.filter { text in
                text.unicodeScalars.allSatisfy {
                    $0.value < 0x250 && $0 != "<" && ($0 == " " || isPrintable($0))
                }
            }
        }

        /// As Python's `isprintable` has it, below U+0250.
        private func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
            switch scalar.properties.generalCategory {
            case .control, .format, .spaceSeparator, .unassigned: false
            default: true
            }
        }
    }

    static func cases(_ kinds: TokenizerTraining.Kind...) throws -> [Case] {
        let document = try JSONDocument(file: fixture("tokenizers/training.json"))
        return try (document.root.elements ?? []).map { try Case($0) }.filter {
            kinds.contains($0.training.kind)
        }
    }

    private static func train(
        _ training: TokenizerTraining, _ texts: [String], workers: Int = 2
    ) throws -> (tokenizer: Tokenizer, files: TokenizerTraining.Files) {
        let held = Texts(texts.map { Array($0.utf8) })
        return try training.train(count: texts.count, workers: workers) { held.buffers[$0] }
    }

    /// The model's section of what was written.
    private static func model(_ files: TokenizerTraining.Files) throws -> JSONValue {
        try #require(try JSONDocument(files.tokenizer, name: "t").root["model"])
    }

    @Test func bytePairsAreTheReferences() throws {
        for known in try Self.cases(.bpe) {
            let files = try Self.train(known.training, known.texts()).files
            let model = try Self.model(files)
            let vocabulary = (model["vocab"]?.members ?? []).map(\.key)
            #expect(vocabulary == known.vocabulary, "\(known.training)")
            let merges = (model["merges"]?.elements ?? []).map {
                ($0.elements ?? []).compactMap(\.string)
            }
            #expect(merges == known.merges, "\(known.training)")
        }
    }

    /// The reference numbers pieces in the order of a hash table, which decides between pairs of one count.
    @Test func wordPiecesAreTheReferencesButForTies() throws {
        for known in try Self.cases(.wordpiece) {
            let files = try Self.train(known.training, known.texts()).files
            let vocabulary = (try Self.model(files)["vocab"]?.members ?? []).map(\.key)
            #expect(Array(vocabulary.prefix(5)) == ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
            let missing = Set(known.vocabulary).subtracting(vocabulary)
            #expect(missing.count * 50 <= known.vocabulary.count, "\(missing.sorted())")
            let others = Set(vocabulary).subtracting(known.any)
            #expect(others.count * 20 <= vocabulary.count, "\(others.sorted())")
        }
    }

    /// Seeds, expectations and scores are the reference's. Which pieces are missed least it judges a little
    /// otherwise than the rule that both follow.
    @Test func unigramsAreTheReferencesButForWhatIsLeftOut() throws {
        for known in try Self.cases(.unigram) {
            let files = try Self.train(known.training, known.texts()).files
            var scores: [String: Double] = [:]
            for entry in try Self.model(files)["vocab"]?.elements ?? [] {
                let pair = entry.elements ?? []
                scores[try #require(pair[0].string)] = pair[1].double
            }
            let leavesOut = known.vocabulary.count == known.training.vocabularySize
            #expect(scores.count == known.vocabulary.count)
            let missing = known.vocabulary.filter { scores[$0] == nil }
            #expect(missing.count * 10 <= (leavesOut ? known.vocabulary.count : 0), "\(missing)")
            guard !leavesOut else { continue }
            // Characters that are no pieces get scores in the order of a hash table there.
            let far = zip(known.vocabulary, known.scores).filter { token, score in
                scores[token].map { abs($0 - score) > (token.count > 1 ? 1e-9 : 0.01) } ?? true
            }
            #expect(far.isEmpty, "\(far.prefix(5))")
        }
    }

    @Test func theNumberOfThreadsChangesNothing() throws {
        for known in try Self.cases(.bpe, .wordpiece, .unigram) {
            let texts = try known.texts()
            let one = try Self.train(known.training, texts, workers: 1).files
            let three = try Self.train(known.training, texts, workers: 3).files
            #expect(one.tokenizer == three.tokenizer, "\(known.training)")
        }
    }

    @Test func whatWasTrainedEncodesAndDecodes() throws {
        for known in try Self.cases(.bpe, .unigram) {
            let texts = try known.texts()
            let tokenizer = try Self.train(known.training, texts).tokenizer
            for text in texts.prefix(40) where text.utf8.count < 500 {
                let ids = try tokenizer.encode(text, addSpecialTokens: false)
                #expect(!ids.isEmpty || text.isEmpty)
                if known.training.kind == .bpe { #expect(tokenizer.decode(ids) == text) }
            }
        }
    }

    @Test(arguments: TokenizerTraining.Kind.allCases)
    func nothingMuchToTrainOn(_ kind: TokenizerTraining.Kind) throws {
        for texts in [[], [""], [" ", "\u{0}"], ["a"], ["<UNK>", "<unk>"], ["\u{FFFD}é"]] {
            let trained = try Self.train(TokenizerTraining(kind, vocabularySize: 400), texts)
            #expect(trained.tokenizer.vocabularySize > 0)
            _ = try trained.tokenizer.encode("ab \u{1F600}")
        }
    }

    @Test func aVocabularyMustHoldAllCharacters() throws {
        var training = TokenizerTraining(.unigram, vocabularySize: 8)
        let error = #expect(throws: TokenizerError.self) {
            try Self.train(training, ["abcdefgh"])
        }
        #expect(error?.report.message.contains("12") == true, "\(String(describing: error))")
        training.vocabularySize = 12
        #expect(try Self.train(training, ["abcdefgh"]).tokenizer.vocabularySize == 12)
    }

    @Test func anotherTokenizersStepsAreKept() throws {
        let texts = try #require(try Self.cases(.wordpiece).first).texts()
        for (name, kind, frame) in [
            ("bert-uncased-small.json", TokenizerTraining.Kind.wordpiece, ["[CLS]", "[SEP]"]),
            ("roberta-small.json", .bpe, ["<s>", "</s>"]),
            ("xlmr-small.json", .unigram, ["<s>", "</s>"]),
        ] {
            var training = TokenizerTraining(.bpe, vocabularySize: 600)
            training.like = fixture("tokenizers/" + name)
            let trained = try Self.train(training, texts)
            let type = try Self.model(trained.files)["type"]?.string?.lowercased()
            #expect(type == kind.rawValue, "\(name)")
            let ids = try trained.tokenizer.encode("a letter")
            #expect(ids.first.flatMap { trained.tokenizer.idToToken($0) } == frame[0], "\(name)")
            #expect(ids.last.flatMap { trained.tokenizer.idToToken($0) } == frame[1], "\(name)")
        }
        var training = TokenizerTraining(.bpe, vocabularySize: 600)
        training.like = fixture("tokenizers/llama2-small.json")
        let error = #expect(throws: TokenizerError.self) { try Self.train(training, texts) }
        #expect(error?.report.message.contains("bytes") == true)
    }
}
