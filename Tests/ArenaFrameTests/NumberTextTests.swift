import Glibc
import Testing

@testable import ArenaFrame

@Suite struct NumberTextTests {
    private func read(_ text: String) -> NumberText {
        Array(text.utf8).withUnsafeBytes { NumberText.read($0) }
    }

    /// Bits of the double a text is read as; of NaN if it is no number.
    private func bits(_ text: String) -> UInt64 {
        switch read(text) {
        case .int(let value): Double(value).bitPattern
        case .double(let value), .hugeInt(let value): value.bitPattern
        case .none: Double.nan.bitPattern
        }
    }

    private func expectNearest(_ text: String) {
        #expect(bits(text) == strtod(text, nil).bitPattern, "\(text)")
    }

    @Test func hardDecimals() {
        for text in [
            "0", "-0.0", "1e0", "0.1", "1e22", "1e23", "9007199254740993", "9007199254740993.0",
            "9007199254740992.5", "9007199254740995.0", "1.7976931348623157e308",
            "1.7976931348623158e308",
            "1.7976931348623159e308", "1e309", "4.9e-324", "2.4703282292062327e-324",
            "2.4703282292062328e-324", "2.2250738585072011e-308", "2.2250738585072014e-308",
            "1e-400",
            "0.000000000000000000000000000000000000001e40", "123456789012345678901234567890",
            "0.1234567890123456789012345678901234567890", "8.5", "1e-7", "5e-5",
            "7205759403792793199999e-5", "7205759403792794e0", "3.0517578125e-05",
            "9007199254740993.00000000000000000000000000001", "179769313486231580793e289",
            "0.500000000000000166533453693773481063544750213623046875", "1.", ".5", "00001.25e+002",
            "12345678901234567890123.", "1234567890123456789012.e1",
        ] { expectNearest(text) }
    }

    @Test func everyPowerOfTenAndOfTwo() {
        for exponent in -345...310 {
            for digits in [
                "1", "9", "17", "8.98846567431158", "4503599627370497.5", "9999999999999999999",
            ] {
                expectNearest("\(digits)e\(exponent)")
            }
        }
        for exponent in -1074...1023 {
            let value = Double(sign: .plus, exponent: exponent, significand: 1)
            for near in [value, value.nextUp, value.nextDown] {
                #expect(bits(near.description) == near.bitPattern)
            }
        }
    }

    @Test func randomDoublesComeBackFromTheirShortestText() {
        var random = SeededRandom(11)
        for _ in 0..<100_000 {
            let value = Double(bitPattern: random.next() & ~(1 << 63))
            guard value.isFinite else { continue }
            if bits(value.description) != value.bitPattern {
                Issue.record("\(value)")
                return
            }
        }
    }

    @Test func randomDecimals() {
        var random = SeededRandom(12)
        for _ in 0..<50_000 {
            var text = ""
            for _ in 0..<Int.random(in: 1...24, using: &random) {
                text += String(Int.random(in: 0...9, using: &random))
            }
            if Bool.random(using: &random) {
                let at = text.index(
                    text.startIndex, offsetBy: Int.random(in: 0...text.count, using: &random))
                text.insert(".", at: at)
            }
            if Bool.random(using: &random) {
                text += "e\(Int.random(in: -340...320, using: &random))"
            }
            if text == "." { continue }
            if bits(text) != strtod(text, nil).bitPattern {
                Issue.record("\(text)")
                return
            }
        }
    }

    @Test func wholeNumbers() {
        func int(_ text: String) -> Int64? {
            if case .int(let value) = read(text) { return value }
            return nil
        }
        #expect(int("9223372036854775807") == .max)
        #expect(int("-9223372036854775808") == .min)
        #expect(int("9223372036854775808") == nil)
        #expect(int("-9223372036854775809") == nil)
        #expect(int("00000000000000000000000000012") == 12)
        #expect(int("-0") == 0)
        #expect(int("\t +5 ") == 5)
        for text in ["", " ", "+", "-", "1-", "1e5", "e5", "0x1", "١", "1,0", "- 1", "inf"] {
            #expect(int(text) == nil, "\(text)")
        }
    }
}
