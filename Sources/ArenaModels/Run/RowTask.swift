// What is computed of rows: once over whole rows, or pass after pass over rows that grow.

import ArenaTensor

/// One task on a model: what of each row it wants, and what it makes of the hidden states.
struct RowTask: Sendable {
    /// Which of the model's adapters computes.
    var adapter = 0
    /// What of a row is run, and which of its hidden states are wanted (all if nil). Follows from
    /// the row alone.
    var request: @Sendable (ArraySlice<Int32>) -> (count: Int, wanted: [Int]?)
    /// Brings what the task needs besides the model's weights; called once before the first pack.
    var prepare: @Sendable (_ layout: WeightLayout) throws(ModelError) -> Void = {
        _ throws(ModelError) in
    }
    /// Bytes that it needs on a card beside the model's weights and what rows keep, about.
    var cardBytes = 0
    /// The numbers of each row of a pack, from the hidden states of its wanted tokens (W, C).
    var finish:
        @Sendable (Pack, _ hidden: Tensor, _ device: any Backend, ActivationArena) -> [[Float]] = {
            _, _, _, _ in []
        }
    /// In place of `finish` where rows grow and are passed over again and again.
    var passes: Passes?

    struct Passes: Sendable {
        /// Tokens that a row may grow by.
        var growth: Int
        /// Tokens, grown ones too, of the rows that a worker holds at once.
        var budget: Int
        /// Bytes that is kept of one of those tokens.
        var keptBytes: Int
        /// Takes rows until the feed has none, and gives their numbers back as they finish.
        var compute: @Sendable (RowFeed, WorkPlace) -> Void
    }

    /// Bytes that a plan's rows keep on a card from one pass to the next, at most.
    func keptBytes(of plan: PackPlan) -> Int {
        guard let passes else { return 0 }
        // The longest row is taken whatever the budget.
        let longest = (plan.rows.first?.count ?? 0) + passes.growth
        return max(longest, min(passes.budget, plan.tokens)) * passes.keptBytes
    }
}

/// Where a worker whose rows grow takes them from, the longest first, and brings their numbers to.
struct RowFeed {
    /// Tokens that the worker may hold at once; one row may be more.
    var budget: Int
    /// The next row if it fits `room` tokens, grown; nil too once the run is to end.
    var take: (_ room: Int) -> (number: Int, row: Pack.Row)?
    /// A row is done; so many of its tokens were told of.
    var finish: (_ number: Int, _ values: [Float], _ told: Int) -> Void
    /// Hears of tokens that are done and says whether to go on.
    var goesOn: (_ tokens: Int) -> Bool
}
