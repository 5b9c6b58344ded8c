// What can go wrong with metrics, as facts. The words are in MetricError+Report.swift.

import ArenaCore

/// An error about the input of a metric.
package enum MetricError: ArenaFault {
    case noRows
    case tooFewClasses(Int)
    case sizes(rows: Int, classes: Int, found: Int)
    case unknownClass(row: String, found: Int, classes: Int)
    case notProbability(row: String, class: String, value: Double)
    case notOneHot(row: String, values: [Double])
    case weights(rows: Int, found: Int)
    case weight(row: String, weight: Double)
    case weightTotal(Double)
}
