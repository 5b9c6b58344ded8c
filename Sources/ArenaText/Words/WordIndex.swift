// The word tokenizer of Keras (keras.preprocessing.text.Tokenizer): words by how often they were seen. Its
// documented behaviour, rounded corners included: filtered characters become the separator, equal counts
// keep the order in which words came, index 0 stands for no word.

/// Words numbered by their frequency in the texts they were fitted on.
package struct WordIndex: Sendable {
    package static let defaultFilters = "!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n"

    /// Only words below this number are kept; nil for all.
    package let numWords: Int?
    package let lowers: Bool
    package let isCharLevel: Bool
    package let oovToken: String?
    private let filters: Set<UnicodeScalar>
    private let separator: [UnicodeScalar]
    /// How often each word was seen.
    private var counts: [String: Int] = [:]
    /// The words as they came.
    private var words: [String] = []
    /// The number of each word, from 1.
    package private(set) var index: [String: Int32] = [:]
    /// The words by number.
    package private(set) var order: [String] = []

    package init(
        numWords: Int? = nil, filters: String = defaultFilters, lowers: Bool = true,
        separator: String = " ", isCharLevel: Bool = false, oovToken: String? = nil
    ) {
        self.numWords = numWords
        self.filters = Set(filters.unicodeScalars)
        self.lowers = lowers
        self.separator = Array(separator.unicodeScalars)
        self.isCharLevel = isCharLevel
        self.oovToken = oovToken
    }

    package func count(of word: String) -> Int { counts[word] ?? 0 }

    /// Counts the words of texts, on top of what was counted before, and numbers all.
    package mutating func fit(_ texts: some Sequence<String>) {
        for text in texts {
            for word in words(of: text) {
                if counts[word] == nil { words.append(word) }
                counts[word, default: 0] += 1
            }
        }
        let ranked = words.enumerated().sorted {
            let (a, b) = (counts[$0.element] ?? 0, counts[$1.element] ?? 0)
            return a == b ? $0.offset < $1.offset : a > b
        }
        order = (oovToken.map { [$0] } ?? []) + ranked.map(\.element)
        index = [:]
        for (i, word) in order.enumerated() { index[word] = Int32(i + 1) }
    }

    /// The numbers of a text's words; those without one are left out, or have the oov token's.
    package func sequence(_ text: String) -> [Int32] {
        let unknown = oovToken.flatMap { index[$0] }
        var result: [Int32] = []
        for word in words(of: text) {
            if let number = index[word], numWords.map({ Int(number) < $0 }) ?? true {
                result.append(number)
            } else if let unknown {
                result.append(unknown)
            }
        }
        return result
    }

    /// A text's words.
    func words(of text: String) -> [String] {
        let scalars = lowers ? lowercased(text) : Array(text.unicodeScalars)
        if isCharLevel { return scalars.map { String($0) } }
        var replaced: [UnicodeScalar] = []
        replaced.reserveCapacity(scalars.count)
        for scalar in scalars {
            if filters.contains(scalar) { replaced += separator } else { replaced.append(scalar) }
        }
        var words: [String] = []
        var word = String.UnicodeScalarView()
        var i = 0
        while i < replaced.count {
            if replaced[i] == separator.first, replaced[i...].starts(with: separator) {
                if !word.isEmpty { words.append(String(word)) }
                word = .init()
                i += separator.count
            } else {
                word.append(replaced[i])
                i += 1
            }
        }
        if !word.isEmpty { words.append(String(word)) }
        return words
    }

    /// Python's `str.lower`: by scalar, but a sigma at a word's end has a form of its own.
    private func lowercased(_ text: String) -> [UnicodeScalar] {
        let scalars = Array(text.unicodeScalars)
        var result: [UnicodeScalar] = []
        result.reserveCapacity(scalars.count)
        for (i, scalar) in scalars.enumerated() {
            if scalar.value < 0x80 {
                let isUpper = scalar.value >= 65 && scalar.value <= 90
                result.append(isUpper ? UnicodeScalar(UInt8(scalar.value + 32)) : scalar)
            } else if scalar.value == 0x3A3 {
                result.append(isFinal(scalars, i) ? "\u{3C2}" : "\u{3C3}")
            } else {
                result += scalar.properties.lowercaseMapping.unicodeScalars
            }
        }
        return result
    }

    private func isFinal(_ scalars: [UnicodeScalar], _ place: Int) -> Bool {
        var i = place - 1
        while i >= 0, scalars[i].properties.isCaseIgnorable { i -= 1 }
        guard i >= 0, scalars[i].properties.isCased else { return false }
        i = place + 1
        while i < scalars.count, scalars[i].properties.isCaseIgnorable { i += 1 }
        return i == scalars.count || !scalars[i].properties.isCased
    }
}
