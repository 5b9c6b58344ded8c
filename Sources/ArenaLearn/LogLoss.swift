// The logarithmic loss of class probabilities, as scikit-learn's log_loss computes it: probabilities
// are clipped to [eps, 1 - eps] of their type and are not normalised. Rows are added up in their
// order, so that the same rows give the same bits.

import ArenaCore
import Glibc

/// The floating-point type that probabilities were computed in; it decides where they are clipped.
package enum ProbabilityType: Sendable {
    case float32
    case float64

    var epsilon: Double {
        switch self {
        case .float32: Double(Float.ulpOfOne)
        case .float64: Double.ulpOfOne
        }
    }
}

/// What rows and classes are called in errors.
package struct MetricNames: Sendable {
    /// A row's name.
    package var row: @Sendable (Int) -> String
    /// A class's name.
    package var `class`: @Sendable (Int) -> String

    /// Names by number.
    package init(
        row: @escaping @Sendable (Int) -> String, class: @escaping @Sendable (Int) -> String
    ) {
        self.row = row
        self.class = `class`
    }

    /// Numbers from 0.
    package static let numbers = MetricNames(row: { "row \($0)" }, class: { "class \($0)" })
}

/// A log loss and what there is to say about it.
package struct LogLoss: Sendable, Equatable {
    /// The mean over the rows, in nats.
    package let value: Double
    /// The number of rows.
    package let rows: Int
    /// Rows that do not add up to 1 (within scikit-learn's tolerance): counted as they stand, but
    /// worth a warning.
    package let unnormalizedRows: Int
    /// The first of them.
    package let firstUnnormalized: Int?
}

/// The mean logarithmic loss of probabilities against the classes that were right.
/// - Parameter truth: The right class of each row, counted from 0.
/// - Parameter probabilities: Row by row, `classes` numbers each.
/// - Parameter weights: One for each row; nil weighs all alike.
/// - Throws: `MetricError` if sizes do not fit or a number is no probability.
/// - Complexity: O(rows x classes)
package func logLoss(
    truth: [Int], probabilities: [Double], classes: Int, weights: [Double]? = nil,
    type: ProbabilityType = .float64, names: MetricNames = .numbers
) throws(MetricError) -> LogLoss {
    guard classes >= 2 else { throw .tooFewClasses(classes) }
    guard !truth.isEmpty else { throw .noRows }
    let (size, overflow) = truth.count.multipliedReportingOverflow(by: classes)
    guard !overflow, probabilities.count == size else {
        throw .sizes(rows: truth.count, classes: classes, found: probabilities.count)
    }
    try checkWeights(weights, rows: truth.count, names)
    // numpy's allclose: a relative and an absolute part.
    let tolerance = type.epsilon.squareRoot() + 1e-8
    var sum = 0.0
    var total = 0.0
    var unnormalized = 0
    var first: Int?
    for (row, right) in truth.enumerated() {
        guard right >= 0, right < classes else {
            throw .unknownClass(row: names.row(row), found: right, classes: classes)
        }
        var rowSum = 0.0
        for column in 0..<classes {
            let value = probabilities[row * classes + column]
            guard value >= 0, value <= 1 else {
                throw .notProbability(
                    row: names.row(row), class: names.class(column), value: value)
            }
            rowSum += value
        }
        if abs(rowSum - 1) > tolerance {
            unnormalized += 1
            first = first ?? row
        }
        let clipped = min(max(probabilities[row * classes + right], type.epsilon), 1 - type.epsilon)
        let weight = weights?[row] ?? 1
        sum -= weight * log(clipped)
        total += weight
    }
    return LogLoss(
        value: sum / total, rows: truth.count, unnormalizedRows: unnormalized,
        firstUnnormalized: first)
}

/// The right class of each row of a one-hot table: exactly one 1, else 0.
/// - Parameter oneHot: Row by row, `classes` numbers each.
/// - Throws: `MetricError.notOneHot` for the first row that is not.
/// - Complexity: O(rows x classes)
package func classIndices(
    oneHot: [Double], classes: Int, names: MetricNames = .numbers
) throws(MetricError) -> [Int] {
    guard classes >= 2 else { throw .tooFewClasses(classes) }
    guard oneHot.count % classes == 0 else {
        throw .sizes(rows: oneHot.count / classes, classes: classes, found: oneHot.count)
    }
    var indices: [Int] = []
    indices.reserveCapacity(oneHot.count / classes)
    for row in 0..<oneHot.count / classes {
        let values = oneHot[row * classes..<(row + 1) * classes]
        let right = values.firstIndex(of: 1)
        guard let right, values.allSatisfy({ $0 == 0 || $0 == 1 }),
            values.reduce(0, +) == 1
        else { throw .notOneHot(row: names.row(row), values: Array(values.prefix(8))) }
        indices.append(right - row * classes)
    }
    return indices
}

private func checkWeights(
    _ weights: [Double]?, rows: Int, _ names: MetricNames
) throws(MetricError) {
    guard let weights else { return }
    guard weights.count == rows else { throw .weights(rows: rows, found: weights.count) }
    for (row, weight) in weights.enumerated() where !(weight >= 0 && weight.isFinite) {
        throw .weight(row: names.row(row), weight: weight)
    }
    let total = weights.reduce(0, +)
    guard total > 0, total.isFinite else { throw .weightTotal(total) }
}
