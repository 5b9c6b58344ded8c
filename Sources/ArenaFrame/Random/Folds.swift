// Rows into parts to train and to test on: the indices that scikit-learn's splitters of the same name
// give for the same seed.

/// The rows of one fold.
package struct Fold: Sendable, Equatable {
    package var train: [Int]
    package var test: [Int]
}

/// One part to train on and one to test on, both shuffled.
/// - Parameter classes: the class of each row, from 0; nil splits without regard to classes.
/// - Throws: `FrameError.argument`.
package func trainTestSplit(
    count: Int, testCount: Int, trainCount: Int, classes: [Int]?, seed: UInt32
) throws(FrameError) -> Fold {
    guard testCount > 0, trainCount > 0, testCount + trainCount <= count else {
        throw .argument(
            verb: "train_test_split",
            message: "\(count) rows do not give \(trainCount) to train and \(testCount) to test",
            help: "test_size=0.2 is a share, test_size=100 a number of rows")
    }
    var random = RandomState(seed: seed)
    guard let classes else {
        let order = random.permutation(count)
        return Fold(
            train: Array(order[testCount..<testCount + trainCount]),
            test: Array(order[..<testCount]))
    }
    let members = rowsByClass(classes)
    if members.contains(where: { $0.count < 2 }) {
        throw .argument(
            verb: "train_test_split", message: "a class has a single row, so it cannot be split",
            help: "drop such rows, or leave stratify= out")
    }
    guard trainCount >= members.count, testCount >= members.count else {
        throw .argument(
            verb: "train_test_split",
            message: "\(members.count) classes need as many rows on either side",
            help: "make test_size= larger or smaller")
    }
    let sizes = members.map(\.count)
    let trains = approximateMode(sizes, draws: trainCount, &random)
    let left = zip(sizes, trains).map { $0 - $1 }
    let tests = approximateMode(left, draws: testCount, &random)
    var fold = Fold(train: [], test: [])
    for (number, rows) in members.enumerated() {
        let order = random.permutation(rows.count).map { rows[$0] }
        fold.train += order[..<trains[number]]
        fold.test += order[trains[number]..<trains[number] + tests[number]]
    }
    random.shuffle(&fold.train)
    random.shuffle(&fold.test)
    return fold
}

/// `splits` folds of neighbouring rows, or of shuffled ones if there is a seed.
package func kFold(count: Int, splits: Int, seed: UInt32?) throws(FrameError) -> [Fold] {
    try checkSplits("kfold", splits, count)
    var order = Array(0..<count)
    if let seed {
        var random = RandomState(seed: seed)
        random.shuffle(&order)
    }
    var parts = [Int](repeating: 0, count: count)
    var at = 0
    for split in 0..<splits {
        let size = count / splits + (split < count % splits ? 1 : 0)
        for row in order[at..<at + size] { parts[row] = split }
        at += size
    }
    return folds(parts, splits)
}

/// Folds in which each class has its share.
/// - Parameter classes: the class of each row, from 0.
package func stratifiedKFold(
    classes: [Int], splits: Int, seed: UInt32?
) throws(FrameError) -> [Fold] {
    try checkSplits("stratified_kfold", splits, classes.count)
    // Classes are numbered as they appear.
    var numbers: [Int: Int] = [:]
    let encoded = classes.map { label -> Int in
        if let number = numbers[label] { return number }
        numbers[label] = numbers.count
        return numbers.count - 1
    }
    let members = rowsByClass(encoded)
    if members.allSatisfy({ $0.count < splits }) {
        throw .argument(
            verb: "stratified_kfold",
            message: "no class has \(splits) rows, one for each fold",
            help: "make n_splits= smaller")
    }
    var allocation = [[Int]](
        repeating: [Int](repeating: 0, count: members.count), count: splits)
    for (place, label) in encoded.sorted().enumerated() { allocation[place % splits][label] += 1 }
    var random = seed.map { RandomState(seed: $0) }
    var parts = [Int](repeating: 0, count: classes.count)
    for (label, rows) in members.enumerated() {
        var own: [Int] = []
        for split in 0..<splits {
            own += [Int](repeating: split, count: allocation[split][label])
        }
        random?.shuffle(&own)
        for (row, part) in zip(rows, own) { parts[row] = part }
    }
    return folds(parts, splits)
}

/// Folds of whole groups, of about one size: the largest group goes into the lightest fold. Groups of
/// one size go by their number, the last first.
/// - Parameter groups: the group of each row, from 0 in the groups' order.
package func groupKFold(groups: [Int], splits: Int) throws(FrameError) -> [Fold] {
    let members = rowsByClass(groups)
    guard splits > 1, splits <= members.count else {
        throw .argument(
            verb: "group_kfold", message: "\(members.count) groups do not give \(splits) folds",
            help: nil)
    }
    let ascending = members.indices.sorted { a, b in
        (members[a].count, a) < (members[b].count, b)
    }
    var weights = [Int](repeating: 0, count: splits)
    var parts = [Int](repeating: 0, count: groups.count)
    for group in ascending.reversed() {
        let lightest = weights.indices.min { (weights[$0], $0) < (weights[$1], $1) } ?? 0
        weights[lightest] += members[group].count
        for row in members[group] { parts[row] = lightest }
    }
    return folds(parts, splits)
}

/// Folds by the remainder of a number: of the row, or of one given for each row.
package func moduloFolds(numbers: [Int], splits: Int) throws(FrameError) -> [Fold] {
    try checkSplits("modulo_folds", splits, max(splits, numbers.count))
    return folds(numbers.map { (($0 % splits) + splits) % splits }, splits)
}

private func checkSplits(_ verb: String, _ splits: Int, _ count: Int) throws(FrameError) {
    guard splits > 1, splits <= count else {
        throw .argument(
            verb: verb, message: "\(count) rows do not give \(splits) folds",
            help: "n_splits= is 2 or more, and at most the number of rows")
    }
}

private func folds(_ parts: [Int], _ splits: Int) -> [Fold] {
    (0..<splits).map { split in
        Fold(
            train: parts.indices.filter { parts[$0] != split },
            test: parts.indices.filter { parts[$0] == split })
    }
}

private func rowsByClass(_ classes: [Int]) -> [[Int]] {
    var members = [[Int]](repeating: [], count: (classes.max() ?? -1) + 1)
    for (row, label) in classes.enumerated() { members[label].append(row) }
    return members
}

/// Draws from each class in proportion to its size; what rounding leaves over goes to the largest
/// remainders, among equal ones by lot.
private func approximateMode(
    _ sizes: [Int], draws: Int, _ random: inout RandomState
) -> [Int] {
    let total = Double(sizes.reduce(0, +))
    let exact = sizes.map { Double($0) / total * Double(draws) }
    var counts = exact.map { $0.rounded(.down) }
    var missing = Int(Double(draws) - counts.reduce(0, +))
    guard missing > 0 else { return counts.map { Int($0) } }
    let remainders = zip(exact, counts).map { $0 - $1 }
    for value in Set(remainders).sorted(by: >) {
        let places = remainders.indices.filter { remainders[$0] == value }
        let add = min(places.count, missing)
        for place in random.permutation(places.count).prefix(add) { counts[places[place]] += 1 }
        missing -= add
        if missing == 0 { break }
    }
    return counts.map { Int($0) }
}
