// The numbers are scikit-learn 1.7.2's, printed by scripts/dev/log-loss-constants.py. Sums there run
// in another order, so they agree within 1e-12 of their size.

import ArenaCore
import Testing

@testable import ArenaLearn

@Suite struct LogLossTests {
    private let tolerance = 1e-12

    private func rows(_ n: Int) -> (truth: [Int], p: [Double]) {
        var p: [Double] = []
        for i in 0..<n {
            let parts = [(i * 7 + 3) % 11 + 1, (i * 5 + 1) % 7 + 1, (i * 3 + 2) % 5 + 1].map(
                Double.init)
            p += parts.map { $0 / parts.reduce(0, +) }
        }
        return ((0..<n).map { $0 * $0 % 3 }, p)
    }

    private func isNear(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= tolerance * abs(b) }

    @Test(arguments: [
        (1, 0.8109302162163288, 0.8109302087657482),
        (2, 0.904729523163728, 0.9047295258246497),
        (7, 1.2707259331077385, 1.2707259253530523),
        (101, 1.1782423194474319, 1.178242300523609),
        (1000, 1.1715970439809986, 1.1715970265630449),
    ])
    func equalsTheReference(n: Int, double: Double, float: Double) throws {
        let (truth, p) = rows(n)
        let loss = try logLoss(truth: truth, probabilities: p, classes: 3)
        #expect(isNear(loss.value, double))
        #expect(loss.rows == n && loss.unnormalizedRows == 0 && loss.firstUnnormalized == nil)
        let floats = p.map { Double(Float($0)) }
        #expect(
            isNear(
                try logLoss(truth: truth, probabilities: floats, classes: 3, type: .float32).value,
                float))
    }

    @Test func weightsAndRowsThatDoNotAddUp() throws {
        let (truth, p) = rows(101)
        let weighted = try logLoss(
            truth: truth, probabilities: p, classes: 3, weights: (0..<101).map { Double($0 % 4) })
        #expect(isNear(weighted.value, 1.208830555022729))
        let halved = try logLoss(truth: truth, probabilities: p.map { $0 / 2 }, classes: 3)
        #expect(isNear(halved.value, 1.8713895000073768))
        #expect(halved.unnormalizedRows == 101 && halved.firstUnnormalized == 0)
    }

    @Test func certaintyIsClippedByType() throws {
        let sure: [Double] = [1, 0, 1, 0, 0, 1]
        #expect(
            isNear(
                try logLoss(truth: [0, 1, 1], probabilities: sure, classes: 2).value,
                12.014551129705717))
        #expect(
            isNear(
                try logLoss(truth: [0, 1, 1], probabilities: sure, classes: 2, type: .float32)
                    .value,
                5.314128463765779))
    }

    @Test func oneHotRows() throws {
        #expect(try classIndices(oneHot: [0, 1, 0, 1, 0, 0, 0, 0, 1], classes: 3) == [1, 0, 2])
        #expect(try classIndices(oneHot: [], classes: 3) == [])
        for bad: [Double] in [[0, 0], [1, 1], [0.5, 0.5], [.nan, 1], [2, -1], [1, .infinity]] {
            #expect(throws: MetricError.self) {
                try classIndices(oneHot: [1, 0] + bad, classes: 2)
            }
        }
        #expect(
            message { try classIndices(oneHot: [1, 0, 1, 1], classes: 2) }
                == "row 1: 1.0, 1.0 names no class")
        #expect(
            message { try classIndices(oneHot: [1, 0, 1], classes: 2) }.contains("3 probabilities"))
    }

    @Test func errorsNameRowAndClass() throws {
        let names = MetricNames(row: { "id \($0 + 70)" }, class: { ["a", "b"][$0] })
        func loss(_ truth: [Int], _ p: [Double], _ weights: [Double]? = nil, classes: Int = 2)
            -> String
        {
            message {
                try logLoss(
                    truth: truth, probabilities: p, classes: classes, weights: weights, names: names
                )
            }
        }
        #expect(loss([0, 1], [0.5, 0.5, 0.5, .nan]) == "id 71, b: nan is no probability")
        #expect(loss([0], [1.5, 0]) == "id 70, a: 1.5 is no probability")
        #expect(loss([0], [0, -0.25]) == "id 70, b: -0.25 is no probability")
        #expect(loss([2], [0.5, 0.5]) == "id 70: there is no class 2")
        #expect(loss([-1], [0.5, 0.5]) == "id 70: there is no class -1")
        #expect(loss([], []) == "a loss of no rows")
        #expect(loss([0], [0.5]) == "1 probabilities for 1 rows of 2 classes")
        #expect(loss([0], [1], classes: 1).contains("two classes or more"))
        #expect(loss([0], [0.5, 0.5], [1, 2]) == "2 weights for 1 rows")
        #expect(loss([0], [0.5, 0.5], [-1]) == "id 70: the weight is -1.0")
        #expect(loss([0], [0.5, 0.5], [0]) == "the weights add up to 0.0")
        #expect(loss([0], [0.5, 0.5], classes: .max).contains("probabilities"))
    }

    private func message<T>(_ body: () throws -> T) -> String {
        do {
            return "no error: \(try body())"
        } catch {
            return (error as? MetricError)?.report.message ?? "\(error)"
        }
    }
}
