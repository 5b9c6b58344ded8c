// Contexts longer than a model takes: windows over them that overlap, each behind the whole question, and the
// best answer of them all, as the question-answering pipeline of transformers 4 finds it
// (pipelines/question_answering.py, its answers not aligned to words).

import ArenaLanguage
import ArenaModels
import ArenaText

/// Questions with their contexts, cut into rows that a model takes.
struct SpanWindows {
    /// One window.
    struct Window {
        /// Its part of the context, among the ids of all uncut rows.
        let tokens: Range<Int>
        /// Where in the window that part begins.
        let place: Int
    }

    /// All windows, those of a row one after another.
    let batch: TokenBatch
    let windows: [Window]
    /// The windows of each row.
    let rows: [Range<Int>]

    /// - Parameters:
    ///   - tokens: pairs, uncut, with what their ids stand for.
    ///   - longest: the most tokens of a window.
    ///   - overlap: tokens that a window shares with the one before; nil for 128 or half a window.
    /// - Throws: `Raised` naming the row whose question leaves no room.
    init(_ tokens: TokenRows, longest: Int, overlap: Int?) throws(Raised) {
        var (offsets, ids, types): ([Int], [Int32], [Int32]) = ([0], [], [])
        var (windows, rows): ([Window], [Range<Int>]) = ([], [])
        for row in 0..<tokens.count {
            let own = tokens.offsets[row]..<tokens.offsets[row + 1]
            // The context's tokens stand together, behind the question's.
            let inside = own.filter { tokens.places[$0].sequence == 1 }
            let context = (inside.first ?? own.upperBound)..<(inside.last ?? own.upperBound - 1) + 1
            let first = windows.count
            for part in try Self.parts(
                context, room: longest - (own.count - context.count), overlap, row, longest)
            {
                let pieces = [
                    own.lowerBound..<context.lowerBound, part, context.upperBound..<own.upperBound,
                ]
                for piece in pieces {
                    ids += tokens.ids[piece]
                    types += tokens.types[piece].map { Int32($0) }
                }
                offsets.append(ids.count)
                windows.append(Window(tokens: part, place: context.lowerBound - own.lowerBound))
            }
            rows.append(first..<windows.count)
        }
        guard let batch = TokenBatch(offsets: offsets, ids: ids, types: types) else {
            throw Raised(.value, "the token rows contradict themselves")
        }
        (self.batch, self.windows, self.rows) = (batch, windows, rows)
    }

    /// A context in parts of at most `room` tokens.
    private static func parts(
        _ context: Range<Int>, room: Int, _ overlap: Int?, _ row: Int, _ longest: Int
    ) throws(Raised) -> [Range<Int>] {
        if context.count <= room { return [context] }
        let shared = overlap ?? max(0, min(longest / 2, 128, room / 2))
        guard room > shared else {
            throw Raised(
                .value,
                "row \(row): the question leaves \(max(0, room)) of max_length=\(longest) tokens to the context, windows share \(shared)",
                help: "set max_length higher, or stride lower")
        }
        var parts: [Range<Int>] = []
        var start = context.lowerBound
        while true {
            let end = min(start + room, context.upperBound)
            parts.append(start..<end)
            if end == context.upperBound { return parts }
            start += room - shared
        }
    }
}

/// The best span of a row's context.
struct SpanAnswer {
    let text: String
    /// Characters of the context.
    let start: Int
    let end: Int
    let score: Float
    /// That of the first token where it stands for no answer, the least of the windows.
    var nullScore: Float?
    /// The share of the span among all of its window; of a text that several windows answer, the sum.
    var share: Double

    /// The best of one window; nil where nothing of the context is in it.
    private init?(
        _ window: SpanWindows.Window, _ tokens: TokenRows, _ context: [Unicode.Scalar],
        _ logits: SpanReader.Logits, by model: SpanReader, longest: Int
    ) {
        let inside = window.place..<window.place + window.tokens.count
        guard let span = SpanReader.best(logits, in: inside, longest: longest) else { return nil }
        let offset = window.tokens.lowerBound - window.place
        let first = Int(tokens.places[offset + span.first].start)
        start = min(first, context.count)
        end = min(max(first, Int(tokens.places[offset + span.last].end)), context.count)
        text = String(String.UnicodeScalarView(context[start..<end]))
        score = span.score
        nullScore =
            model.hasNoAnswer ? (logits.starts.first ?? 0) + (logits.ends.first ?? 0) : nil
        share = model.share(of: span, logits, in: inside)
    }

    /// The best of all windows of a row: each has one answer, and equal texts stand together.
    /// - Returns: nil where nothing of the context is left, or a window has no result.
    static func best(
        of row: Int, _ windows: SpanWindows, _ tokens: TokenRows, _ context: String,
        _ logits: [SpanReader.Logits?], by model: SpanReader, longest: Int
    ) -> SpanAnswer? {
        let scalars = Array(context.unicodeScalars)
        var found: [SpanAnswer] = []
        var nullScore: Float?
        for w in windows.rows[row] {
            guard let own = logits[w] else { return nil }
            guard
                let answer = SpanAnswer(
                    windows.windows[w], tokens, scalars, own, by: model, longest: longest)
            else { continue }
            nullScore = [nullScore, answer.nullScore].compactMap { $0 }.min()
            let lowered = answer.text.lowercased()
            if let known = found.firstIndex(where: { $0.text.lowercased() == lowered }) {
                found[known].share += answer.share
            } else {
                found.append(answer)
            }
        }
        guard var best = found.first else { return nil }
        for other in found where other.share > best.share { best = other }
        best.nullScore = nullScore
        return best
    }
}
