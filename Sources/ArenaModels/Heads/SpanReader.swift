// Models that mark a span of their text, such as the answer to a question: a start and an end logit for every
// token.

import ArenaCore
import ArenaTensor

/// A model folder with a span head, ready to be loaded.
package final class SpanReader: Sendable {
    package let core: ModelCore
    /// Of each adapter: (2, C), starts then ends.
    private let heads: [Linear]
    /// Whether a row's first token stands for no answer, as encoders' does; decoders' has seen nothing of the row.
    package var hasNoAnswer: Bool { !core.backbone.isCausal }

    /// - Throws: `ModelError` for anything the configurations and headers can tell.
    package init(
        modelPath: String, _ options: OpeningOptions = OpeningOptions()
    ) throws(ModelError) {
        var opening = try ModelOpening(modelPath, options)
        let account = opening.account
        heads = try opening.describe { backbone, mix throws(ModelError) in
            guard account.contains(Self.key + ".weight") else {
                throw .missingHead(
                    path: account.base.path, tensor: Self.key + ".weight", adapter: mix?.path)
            }
            return try account.root.linear(
                Self.key, inputs: backbone.channels, outputs: 2, bias: true, isHead: true)
        }
        core = try opening.close()
    }

    /// The head's name in all architectures.
    static let key = "qa_outputs"

    /// The logits of a row's tokens as starts and as ends of a span (T each).
    package struct Logits: Sendable {
        package let starts: ArraySlice<Float>
        package let ends: ArraySlice<Float>

        package init(starts: ArraySlice<Float>, ends: ArraySlice<Float>) {
            precondition(starts.count == ends.count, "a start and an end for each token")
            self.starts = starts
            self.ends = ends
        }
    }

    /// The logits of each row's tokens; nil for rows without a result.
    /// - Parameter adapter: the number of the adapter that computes.
    /// - Throws: as `ModelCore.run`.
    package func logits(
        _ batch: TokenBatch, adapter: Int = 0, _ options: RunOptions = RunOptions()
    ) throws(ModelError) -> [Logits?] {
        let head = heads[adapter]
        let task = RowTask(
            adapter: adapter, request: { row in (row.count, nil) },
            finish: { pack, hidden, device, arena in
                let y = head(hidden, on: device, arena).onHost  // (T, 2)
                return pack.wantedRows.map { row in
                    row.map { y[$0, 0] } + row.map { y[$0, 1] }
                }
            })
        return try core.run(task, on: batch, options).map { row in
            row.map {
                Logits(starts: $0[..<($0.count / 2)], ends: $0[($0.count / 2)...])
            }
        }
    }

    /// A span of tokens, both ends in it.
    package struct Span: Sendable, Equatable {
        package var first: Int
        package var last: Int
        /// The sum of the two logits.
        package var score: Float
    }

    /// The span of the largest score inside a range of tokens, of at most so many; the first of equals.
    /// - Returns: nil if there are no tokens.
    package static func best(_ logits: Logits, in tokens: Range<Int>, longest: Int) -> Span? {
        let (starts, ends) = (logits.starts, logits.ends)
        var best: Span?
        for first in tokens {
            for last in first..<min(first + max(1, longest), tokens.upperBound) {
                let score = starts[starts.startIndex + first] + ends[ends.startIndex + last]
                if let known = best, score <= known.score { continue }
                best = Span(first: first, last: last, score: score)
            }
        }
        return best
    }

    /// The probability of a span's start times that of its end, among these tokens and, if it stands for no
    /// answer, the row's first: the masks of transformers' pipeline.
    package func share(of span: Span, _ logits: Logits, in tokens: Range<Int>) -> Double {
        func share(_ values: ArraySlice<Float>, _ place: Int) -> Double {
            let own = values[values.startIndex + place]
            let all = (tokens.contains(0) || !hasNoAnswer ? [] : [0]) + Array(tokens)
            let sum = all.reduce(0.0) {
                $0 + ExactMath.exponential(Double(values[values.startIndex + $1] - own))
            }
            return 1 / sum
        }
        return share(logits.starts, span.first) * share(logits.ends, span.last)
    }
}
