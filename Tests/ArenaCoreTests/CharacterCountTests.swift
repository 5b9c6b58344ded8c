import ArenaCore
import Testing

/// Counting characters eight bytes at a time against counting them one by one.
@Suite struct CharacterCountTests {
    @Test func everyLengthCountsAsTheScalarsDo() {
        let letters = ["a", "é", "日", "😀", " "]
        for count in Array(0..<70) + [255, 1015, 1016, 1017, 2031, 2033, 5000] {
            for step in 1..<5 {
                let text = (0..<count).map { letters[$0 * step % letters.count] }.joined()
                let bytes = Array(text.utf8)
                #expect(
                    bytes.withUnsafeBytes { utf8CharacterCount($0) } == text.unicodeScalars.count)
            }
        }
        let marks = Array(String(repeating: "日", count: 30_000).utf8)
        #expect(marks.withUnsafeBytes { utf8CharacterCount($0) } == 30_000)
    }
}
