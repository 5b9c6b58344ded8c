// Validity of UTF-8 as Unicode defines it (no surrogates, no overlong forms), eight ASCII bytes a step.

/// The offset of the first byte that is not part of well-formed UTF-8, or nil if all of it is.
/// - Complexity: O(n)
package func firstInvalidUTF8(_ bytes: UnsafeRawBufferPointer) -> Int? {
    let n = bytes.count
    var i = 0
    func continuation(_ at: Int, _ low: UInt8 = 0x80, _ high: UInt8 = 0xBF) -> Bool {
        at < n && bytes[at] >= low && bytes[at] <= high
    }
    while i < n {
        if i + 8 <= n {
            let word = bytes.loadUnaligned(fromByteOffset: i, as: UInt64.self)
            if word & 0x8080_8080_8080_8080 == 0 {
                i += 8
                continue
            }
        }
        let c = bytes[i]
        switch c {
        case 0..<0x80: i += 1
        case 0xC2...0xDF:
            guard continuation(i + 1) else { return i }
            i += 2
        case 0xE0...0xEF:
            let low: UInt8 = c == 0xE0 ? 0xA0 : 0x80
            let high: UInt8 = c == 0xED ? 0x9F : 0xBF
            guard continuation(i + 1, low, high), continuation(i + 2) else { return i }
            i += 3
        case 0xF0...0xF4:
            let low: UInt8 = c == 0xF0 ? 0x90 : 0x80
            let high: UInt8 = c == 0xF4 ? 0x8F : 0xBF
            guard continuation(i + 1, low, high), continuation(i + 2), continuation(i + 3) else {
                return i
            }
            i += 4
        default: return i
        }
    }
    return nil
}

/// Appends one Unicode scalar as UTF-8; surrogates become U+FFFD.
@inline(__always)
package func appendUTF8(_ scalar: UInt32, to bytes: inout [UInt8]) {
    switch scalar {
    case 0..<0x80: bytes.append(UInt8(scalar))
    case 0x80..<0x800:
        bytes.append(0xC0 | UInt8(scalar >> 6))
        bytes.append(0x80 | UInt8(scalar & 0x3F))
    case 0xD800..<0xE000, 0x110000...: appendUTF8(0xFFFD, to: &bytes)
    case 0x800..<0x10000:
        bytes.append(0xE0 | UInt8(scalar >> 12))
        bytes.append(0x80 | UInt8(scalar >> 6 & 0x3F))
        bytes.append(0x80 | UInt8(scalar & 0x3F))
    default:
        bytes.append(0xF0 | UInt8(scalar >> 18))
        bytes.append(0x80 | UInt8(scalar >> 12 & 0x3F))
        bytes.append(0x80 | UInt8(scalar >> 6 & 0x3F))
        bytes.append(0x80 | UInt8(scalar & 0x3F))
    }
}

/// The 1-based line and column (in bytes) of an offset.
package func lineAndColumn(of offset: Int, in bytes: UnsafeRawBufferPointer) -> (Int, Int) {
    var line = 1
    var start = 0
    for i in 0..<min(offset, bytes.count) where bytes[i] == 10 {
        line += 1
        start = i + 1
    }
    return (line, offset - start + 1)
}

/// The number of characters in well-formed UTF-8: of bytes that do not go on with one.
/// - Complexity: O(n), 32 bytes a step
package func utf8CharacterCount(_ bytes: UnsafeRawBufferPointer) -> Int {
    typealias Block = SIMD4<UInt64>
    let width = MemoryLayout<Block>.size
    let ones = Block(repeating: 0x0101_0101_0101_0101)
    let even = Block(repeating: 0x00FF_00FF_00FF_00FF)
    var going = 0
    var at = 0
    while let base = bytes.baseAddress, bytes.count - at >= width {
        // A byte of `counts` counts to 255 before it has to be emptied.
        let steps = min((bytes.count - at) / width, 254)
        var counts = Block.zero
        for step in 0..<steps {
            // SAFETY: so many blocks lie in the bytes.
            let block = base.loadUnaligned(fromByteOffset: at &+ step &* width, as: Block.self)
            // The bytes that go on with a character begin with the bits 10.
            counts &+= (block &>> 7) & ~(block &>> 6) & ones
        }
        at += steps * width
        let pairs = (counts & even) &+ ((counts &>> 8) & even)
        going += Int(((pairs &* 0x0001_0001_0001_0001) &>> 48).wrappedSum())
    }
    var rest = 0
    while at < bytes.count {
        rest += bytes[at] & 0xC0 == 0x80 ? 1 : 0
        at += 1
    }
    return bytes.count - going - rest
}
