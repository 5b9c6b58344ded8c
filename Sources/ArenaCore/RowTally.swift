// Where the rows of a computation came from, and what became of them.

/// Counts of rows, and the time they took.
package struct RowTally: Sendable, Equatable {
    package var rows = 0
    /// Rows whose results were known from before.
    package var found = 0
    package var computed = 0
    /// Rows that the deadline left without a result.
    package var cut = 0
    /// Rows whose numbers were not finite, in single precision neither.
    package var nonFinite = 0
    /// Rows whose numbers were finite only in single precision.
    package var recomputed = 0
    /// Tokens that were computed.
    package var tokens = 0
    package var seconds = 0.0

    package init() {}

    /// Rows without a result.
    package var missing: Int { cut + nonFinite }
}
