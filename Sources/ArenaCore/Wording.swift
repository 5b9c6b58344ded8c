// Small words in messages: the article of a type, counts with their nouns.

/// A type's name as a sentence has it: "an int", "a str", "None", "bytes", "the json module".
package func withArticle(_ noun: String) -> String {
    switch noun {
    case "NoneType", "None": return "None"
    case "bytes", "nothing": return noun
    case "params": return "params()"
    default: break
    }
    if noun.hasSuffix(" module") { return "the " + noun }
    // Said as "you": no vowel.
    if noun.hasPrefix("Uni") || noun.hasPrefix("uni") { return "a " + noun }
    guard let first = noun.first else { return noun }
    return ("aeiouAEIOU".contains(first) ? "an " : "a ") + noun
}

/// "1 value", "2 values", "no values".
package func counted(_ n: Int, _ noun: String) -> String {
    n == 1 ? "1 \(noun)" : n == 0 ? "no \(noun)s" : "\(n) \(noun)s"
}

/// A number of bytes as people read it: 4.9 GB, 310 MB, 14 kB; a GB is 2^30 bytes.
package func byteSize(_ bytes: Int) -> String {
    if bytes < 1 << 20 { return "\((bytes + 1023) >> 10) kB" }
    if bytes < 1000 << 20 { return "\((bytes + (1 << 19)) >> 20) MB" }
    let tenths = Int((Double(bytes) / Double(1 << 30) * 10).rounded())
    return "\(tenths / 10).\(tenths % 10) GB"
}
