// The facts of a MetricError in words.

import ArenaCore

extension MetricError {
    /// The error in words.
    package var report: FaultReport {
        switch self {
        case .noRows:
            return FaultReport(.value, "a loss of no rows", help: "is the file only a header?")
        case .tooFewClasses(let classes):
            return FaultReport(
                .value, "a log loss needs two classes or more, not \(classes)",
                help: "give a column of probabilities for each class")
        case .sizes(let rows, let classes, let found):
            return FaultReport(
                .value, "\(found) probabilities for \(rows) rows of \(classes) classes",
                help: "truth and prediction must have the same rows and classes")
        case .unknownClass(let row, let found, let classes):
            return FaultReport(
                .value, "\(row): there is no class \(found)",
                help: "classes count from 0 to \(classes - 1)")
        case .notProbability(let row, let name, let value):
            return FaultReport(
                .value, "\(row), \(name): \(value) is no probability",
                help: value.isFinite
                    ? "give predict_proba's output, not logits" : "did the model overflow?")
        case .notOneHot(let row, let values):
            return FaultReport(
                .value,
                "\(row): \(values.map(\.description).joined(separator: ", ")) names no class",
                help: "each row of labels has one 1 and else 0")
        case .weights(let rows, let found):
            return FaultReport(
                .value, "\(found) weights for \(rows) rows", help: "give one weight for each row")
        case .weight(let row, let weight):
            return FaultReport(
                .value, "\(row): the weight is \(weight)",
                help: "weights are finite and not below 0")
        case .weightTotal(let total):
            return FaultReport(
                .value, "the weights add up to \(total)", help: "some weight must be above 0")
        }
    }
}
