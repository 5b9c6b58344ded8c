// Names met before: a script writes the same few over and over, and making a string of bytes costs more
// than finding the one that was made of them.

struct NamePool {
    private var slots: [Int32] = Array(repeating: -1, count: 256)
    private var names: [(hash: UInt32, start: Int, end: Int, text: String)] = []

    /// The text of a stretch of well-formed UTF-8; a pool serves one buffer.
    mutating func name(_ bytes: [UInt8], _ start: Int, _ end: Int) -> String {
        // FNV-1a, 32 bits.
        var hash: UInt32 = 2_166_136_261
        for i in start..<end { hash = (hash ^ UInt32(bytes[i])) &* 16_777_619 }
        var slot = Int(hash) & (slots.count - 1)
        while slots[slot] >= 0 {
            let at = Int(slots[slot])
            if names[at].hash == hash, names[at].end - names[at].start == end - start {
                var equal = true
                let first = names[at].start
                for k in 0..<end - start where bytes[first + k] != bytes[start + k] {
                    equal = false
                    break
                }
                if equal { return names[at].text }
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        let text = String(decoding: bytes[start..<end], as: UTF8.self)
        slots[slot] = Int32(names.count)
        names.append((hash, start, end, text))
        if names.count * 2 > slots.count { grow() }
        return text
    }

    private mutating func grow() {
        slots = Array(repeating: -1, count: slots.count * 4)
        for (i, name) in names.enumerated() {
            var slot = Int(name.hash) & (slots.count - 1)
            while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = Int32(i)
        }
    }
}
