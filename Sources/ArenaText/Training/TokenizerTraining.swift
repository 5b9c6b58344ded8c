// Training a tokenizer on texts: a recipe says what stands around the vocabulary, a trainer makes that, and
// the result is a tokenizer.json like any other.

import ArenaCore

/// How a tokenizer is trained.
package struct TokenizerTraining: Sendable {
    /// What the vocabulary is of.
    package enum Kind: String, CaseIterable, Sendable {
        /// Byte-level byte-pair encoding behind GPT-2's pattern.
        case bpe
        /// BERT's, lower case.
        case wordpiece
        /// Whole texts in NFKC with U+2581 for spaces, as T5's.
        case unigram
    }
    package var kind: Kind
    /// How many tokens there may be; what no pair is left for stays smaller.
    package var vocabularySize: Int
    package var minFrequency = 0
    /// Tokens before all others; nil for the usual ones of the kind.
    package var specialTokens: [String]?
    package var limitAlphabet: Int?
    package var maxTokenLength: Int?
    /// A tokenizer's folder or file, for all but the vocabulary; nil for the kind's own.
    package var like: String?

    package init(_ kind: Kind = .bpe, vocabularySize: Int) {
        self.kind = kind
        self.vocabularySize = vocabularySize
    }

    /// What training gives: the content of files as transformers has them, by name.
    package struct Files: Sendable {
        package var tokenizer: [UInt8]
        package var config: [UInt8]
        package var all: [(name: String, bytes: [UInt8])] {
            [("tokenizer.json", tokenizer), ("tokenizer_config.json", config)]
        }
    }

    /// Trains on texts; `bytesAt` is called once for each, from any thread.
    /// - Parameters:
    ///   - workers: threads that count words; nothing in the result depends on them.
    ///   - progress: told how far it is, of how much; false ends the training with what there is.
    /// - Throws: `TokenizerError`.
    package func train(
        count: Int, workers: Int = processorCount(),
        bytesAt: @escaping @Sendable (Int) -> UnsafeRawBufferPointer,
        progress: (_ done: Int, _ total: Int) -> Bool = { _, _ in true }
    ) throws(TokenizerError) -> (tokenizer: Tokenizer, files: Files) {
        let recipe = try self.recipe()
        let counter = PieceCounter()
        let cutter = try Tokenizer(
            TokenizerFile(
                document: readJSON(
                    recipe.document(model: "{\"type\":\"WordLevel\"}"), name: "recipe"),
                settings: TokenizerSettings(), model: counter))
        let options = Tokenizer.Options(addSpecialTokens: false, parseSpecial: false)
        _ = try cutter.encodeBatch(
            count: count, workers: workers, options: options, bytesAt: bytesAt)
        let words = counter.words()
        var special = (specialTokens ?? recipe.special).map { Array($0.utf8) }
        let unknown = Array(recipe.unknown.utf8)
        if recipe.kind != .bpe, !special.contains(unknown) { special.insert(unknown, at: 0) }
        let model = try trained(words, recipe, special, workers, progress)
        let files = Files(
            tokenizer: recipe.document(model: model.json, ids: model.ids, special: special),
            config: recipe.config(special: special))
        return (
            try Tokenizer(json: files.tokenizer, config: files.config, name: "trained tokenizer"),
            files
        )
    }

    private struct Model {
        var json: String
        var ids: [[UInt8]: Int]
    }

    private func trained(
        _ words: CountedWords, _ recipe: TokenizerRecipe, _ special: [[UInt8]], _ workers: Int,
        _ progress: (Int, Int) -> Bool
    ) throws(TokenizerError) -> Model {
        var json = JSONText()
        let tokens: [[UInt8]]
        switch recipe.kind {
        case .bpe, .wordpiece:
            var trainer = BPETrainer()
            trainer.vocabularySize = vocabularySize
            trainer.minFrequency = minFrequency
            trainer.limitAlphabet = limitAlphabet
            trainer.maxTokenLength = maxTokenLength
            trainer.specialTokens = special
            if recipe.spellsBytes {
                trainer.initialAlphabet = Set((0..<256).map { ByteAlphabet.shared.scalarOf[$0] })
            }
            if recipe.kind == .wordpiece { trainer.continuingPrefix = Array("##".utf8) }
            let result = trainer.train(words) { progress($0, vocabularySize) }
            tokens = result.tokens
            json.raw(
                recipe.kind == .bpe
                    ? "{\"type\":\"BPE\",\"fuse_unk\":false,\"byte_fallback\":false,\"vocab\":{"
                    : "{\"type\":\"WordPiece\",\"unk_token\":\(JSONText.quoted(recipe.unknown)),\"continuing_subword_prefix\":\"##\",\"max_input_chars_per_word\":100,\"vocab\":{"
            )
            for (id, token) in tokens.enumerated() {
                json.raw(id == 0 ? "" : ",")
                json.string(token)
                json.raw(":\(id)")
            }
            json.raw("}")
            if recipe.kind == .bpe {
                json.raw(",\"merges\":[")
                for (rank, merge) in result.merges.enumerated() {
                    json.raw(rank == 0 ? "[" : ",[")
                    json.string(tokens[Int(merge.left)])
                    json.raw(",")
                    json.string(tokens[Int(merge.right)])
                    json.raw("]")
                }
                json.raw("]")
            }
            json.raw("}")
        case .unigram:
            var trainer = UnigramTrainer()
            trainer.vocabularySize = vocabularySize
            trainer.specialTokens = special
            trainer.unknownToken = Array(recipe.unknown.utf8)
            trainer.maxPieceLength = maxTokenLength ?? trainer.maxPieceLength
            trainer.workers = workers
            let result = try trainer.train(words) { progress($0, $0) }
            tokens = result.tokens
            json.raw("{\"type\":\"Unigram\",\"unk_id\":\(result.unknownID),\"vocab\":[")
            for (id, token) in tokens.enumerated() {
                json.raw(id == 0 ? "[" : ",[")
                json.string(token)
                json.raw(",\(result.scores[id])]")
            }
            json.raw("],\"byte_fallback\":false}")
        }
        var ids: [[UInt8]: Int] = [:]
        for (id, token) in tokens.enumerated() { ids[token] = id }
        return Model(json: String(decoding: json.bytes, as: UTF8.self), ids: ids)
    }
}
