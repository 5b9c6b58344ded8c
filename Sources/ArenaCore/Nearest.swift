// Suggestions for misspelt names: "did you mean ...?".

/// The candidate nearest to `name` by edit distance, if one is near enough to be what was meant.
package func nearestName(to name: String, in candidates: some Sequence<String>) -> String? {
    let wanted = Array(name.utf8.prefix(64))
    var best: String?
    // Names of one letter have nothing in common but their case.
    var bestDistance = min(max(1, wanted.count / 3) + 1, max(1, wanted.count))
    for candidate in candidates {
        let distance = editDistance(wanted, Array(candidate.utf8.prefix(64)))
        if distance < bestDistance {
            best = candidate
            bestDistance = distance
        }
    }
    return best
}

/// The help line for an unknown name: the nearest known one, else the list of what exists.
package func suggestion(for name: String, among candidates: [String]) -> String {
    if let near = nearestName(to: name, in: candidates) { return "did you mean '\(near)'?" }
    if candidates.isEmpty { return "there are none" }
    let shown = candidates.prefix(12).joined(separator: ", ")
    return "known: \(shown)" + (candidates.count > 12 ? ", and \(candidates.count - 12) more" : "")
}

/// Edit distance with adjacent transpositions, case differences at no cost.
private func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    func fold(_ c: UInt8) -> UInt8 { c >= 65 && c <= 90 ? c + 32 : c }
    var before = [Int](repeating: 0, count: b.count + 1)
    var previous = Array(0...b.count)
    for i in 0..<a.count {
        var row = [i + 1]
        row.reserveCapacity(b.count + 1)
        for j in 0..<b.count {
            let same = fold(a[i]) == fold(b[j])
            var cost = min(previous[j + 1] + 1, row[j] + 1, previous[j] + (same ? 0 : 1))
            if i > 0, j > 0, fold(a[i]) == fold(b[j - 1]), fold(a[i - 1]) == fold(b[j]) {
                cost = min(cost, before[j - 1] + 1)
            }
            row.append(cost)
        }
        before = previous
        previous = row
    }
    return previous[b.count]
}
