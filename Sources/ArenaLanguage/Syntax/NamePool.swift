// The names of one script: it writes the same few over and over, so each is made a string once, and
// stages that look names up do so by number.

final class NamePool {
    @exclusivity(unchecked) private var slots: [Int32] = Array(repeating: -1, count: 256)
    @exclusivity(unchecked) private var names: [(hash: UInt32, start: Int32, count: Int32)] = []
    @exclusivity(unchecked) private var bytes: [UInt8] = []
    @exclusivity(unchecked) private var texts: [String] = []

    /// FNV-1a, 32 bits, a byte at a time.
    static let hashStart: UInt32 = 2_166_136_261
    @inline(__always) static func hash(_ hash: UInt32, _ byte: UInt8) -> UInt32 {
        (hash ^ UInt32(byte)) &* 16_777_619
    }

    @inline(__always) func text(_ number: Int32) -> String { texts[Int(number)] }

    func number(of text: String) -> Int32 {
        var text = text
        return text.withUTF8 { number(of: $0, hash: $0.reduce(Self.hashStart, Self.hash)) }
    }

    /// The number of a name in well-formed UTF-8: from 0, in the order in which names were met.
    func number(of name: UnsafeBufferPointer<UInt8>, hash: UInt32) -> Int32 {
        let mask = slots.count - 1
        var slot = Int(hash) & mask
        while slots[slot] >= 0 {
            let at = Int(slots[slot])
            if names[at].hash == hash, equals(names[at], name) { return Int32(at) }
            slot = (slot + 1) & mask
        }
        let number = Int32(names.count)
        slots[slot] = number
        names.append((hash, Int32(bytes.count), Int32(name.count)))
        bytes += name
        texts.append(String(decoding: name, as: UTF8.self))
        if names.count * 2 > slots.count { grow() }
        return number
    }

    @inline(__always)
    private func equals(
        _ known: (hash: UInt32, start: Int32, count: Int32), _ name: UnsafeBufferPointer<UInt8>
    ) -> Bool {
        guard Int(known.count) == name.count else { return false }
        let start = Int(known.start)
        return bytes.withUnsafeBufferPointer { own in
            for i in 0..<name.count where own[start + i] != name[i] { return false }
            return true
        }
    }

    private func grow() {
        slots = Array(repeating: -1, count: slots.count * 4)
        for (i, name) in names.enumerated() {
            var slot = Int(name.hash) & (slots.count - 1)
            while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = Int32(i)
        }
    }
}
