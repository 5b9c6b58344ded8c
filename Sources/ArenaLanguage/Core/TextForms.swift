// What the methods of str do, on bytes: for hosts that do it to many texts at once, with the same answers.

/// Python's text methods on the bytes of one text, which are UTF-8.
package enum TextForms {
    package typealias Text = UnsafeBufferPointer<UInt8>

    package static func lower(_ text: Text) -> [UInt8] { lowered(text, from: 0) }
    package static func upper(_ text: Text) -> [UInt8] {
        mapped(text) { $0.properties.uppercaseMapping }
    }
    package static func casefold(_ text: Text) -> [UInt8] { mapped(text, folded) }
    package static func swapcase(_ text: Text) -> [UInt8] { swapped(text) }
    package static func title(_ text: Text) -> [UInt8] { titled(text) }
    package static func capitalize(_ text: Text) -> [UInt8] { capitalized(text) }

    /// Calls `body` with each word between white space; after `most` of them with all that is left.
    package static func words(_ text: Text, most: Int = .max, _ body: (Range<Int>) -> Void) {
        forEachWord(text, isText: true, most, body)
    }

    /// The last `most` words between white space, after all that is before them.
    package static func lastWords(_ text: Text, most: Int) -> [Range<Int>] {
        lastWordRanges(text, isText: true, most)
    }

    /// Calls `body` with each line, with its end or without.
    package static func lines(_ text: Text, keepingEnds: Bool, _ body: (Range<Int>) -> Void) {
        forEachLine(text, keepingEnds: keepingEnds, body)
    }

    /// The characters that `strip` drops.
    package struct Characters: Sendable {
        fileprivate let dropped: Dropped

        package init(_ text: String) {
            var copy = text
            dropped = copy.withUTF8 { Dropped($0, isText: true) }
        }
    }

    /// What is left without white space, or the characters given, at the ends.
    package static func strip(
        _ text: Text, _ characters: Characters?, left: Bool, right: Bool
    ) -> Range<Int> {
        strippedRange(text, isText: true, characters?.dropped, left: left, right: right)
    }

    /// Whether all characters are of a kind that a method such as `isalpha` tests for, and there is one.
    package static func isAll(_ text: Text, _ holds: (Unicode.Scalar) -> Bool) -> Bool {
        var i = 0
        while i < text.count {
            let (s, n) = decodeScalar(text, i)
            if !holds(s) { return false }
            i += n
        }
        return !text.isEmpty
    }

    /// Whether there are cased letters and all are upper case, or all lower case.
    package static func isCased(_ text: Text, upper: Bool) -> Bool {
        var i = 0
        var any = false
        while i < text.count {
            let (s, n) = decodeScalar(text, i)
            let (isUpper, isLower) = (s.properties.isUppercase, s.properties.isLowercase)
            if isTitle(s) || (upper ? isLower : isUpper) { return false }
            any = any || (upper ? isUpper : isLower)
            i += n
        }
        return any
    }

    package static func isLetter(_ s: Unicode.Scalar) -> Bool { ArenaLanguage.isLetter(s) }
    package static func isSpace(_ s: Unicode.Scalar) -> Bool { ArenaLanguage.isSpace(s) }
}
