// `Precompiled`: the character map of a SentencePiece model, a double array of byte strings with what
// stands in for each. As in the reference, a grapheme cluster of up to five bytes is looked up as a
// whole and answered by its shortest prefix that the map has; longer ones go character by character.

import ArenaCore
import CArenaText

struct Precompiled: Normalizer {
    static let type = "Precompiled"
    private let map: CharacterMap?

    init(_ part: FilePart) throws(TokenizerError) {
        guard let text = part.optional("precompiled_charsmap") else {
            map = nil
            return
        }
        guard let bytes = decodeBase64(try text.bytes()) else {
            throw text.contradiction("the character map is not base64")
        }
        map = try CharacterMap(bytes) { text.contradiction($0) }
    }

    /// The map of a SentencePiece file; nothing where it is empty.
    init(map bytes: [UInt8], _ fault: (String) -> TokenizerError) throws(TokenizerError) {
        map = bytes.isEmpty ? nil : try CharacterMap(bytes, fault)
    }

    var growth: Int { map?.growth ?? 1 }

    func normalize(_ text: Bytes, into out: inout Scratch<UInt8>) -> Bool {
        guard let map, let p = text.baseAddress else { return false }
        out.reserve(text.count)
        var i = 0
        while i < text.count {
            // ASCII before ASCII is a cluster of its own, but for the two halves of CR LF.
            i = map.appendPlain(p, i, text.count, to: &out)
            if i == text.count { break }
            if p[i] < 0x80, i + 1 == text.count || p[i + 1] < 0x80 && p[i] != 13 {
                map.appendASCII(p[i], to: &out)
                i += 1
                continue
            }
            let end = endOfCluster(p, i, text.count)
            if end - i < 6, map.append(p, i, end, to: &out) {
                i = end
                continue
            }
            var length = 0
            while i < end {
                _ = scalar(p, i, &length)
                if !map.append(p, i, i + length, to: &out) {
                    out.append(Bytes(rebasing: text[i..<i + length]))
                }
                i += length
            }
        }
        return true
    }
}

extension Precompiled {
    /// The same for traced text: how each cluster or character changes, by the reference's rules.
    func normalize(_ text: inout TracedText) {
        guard let map else { return }
        var changes: [TracedText.Change] = []
        var modified = false
        func replace(_ old: Range<Int>, _ new: Scalars, in text: [UInt8]) {
            modified = true
            let before = text[old].count { $0 & 0xC0 != 0x80 }
            changes += new.map { ($0, 0) }
            let difference = new.count - before
            if difference > 0 {
                for i in changes.indices.suffix(difference) { changes[i].change = 1 }
            } else if difference < 0, !changes.isEmpty {
                changes[changes.count - 1].change += difference
            }
        }
        let bytes = text.bytes
        bytes.withUnsafeBufferPointer { buffer in
            guard let p = buffer.baseAddress else { return }
            var i = 0
            while i < bytes.count {
                let end = endOfCluster(p, i, bytes.count)
                if end - i < 6, let new = map.scalars(p, i, end) {
                    replace(i..<end, new, in: bytes)
                    i = end
                    continue
                }
                var length = 0
                while i < end {
                    let code = scalar(p, i, &length)
                    if let new = map.scalars(p, i, i + length) {
                        replace(i..<i + length, new, in: bytes)
                    } else {
                        changes.append((code, 0))
                    }
                    i += length
                }
            }
        }
        if modified { text.rewrite(changes) }
    }

    fileprivate typealias Scalars = [UInt32]
}

/// A double array (darts-clone) over byte strings, and the texts its values point to.
private final class CharacterMap: Sendable {
    private let units: [UInt32]
    private let texts: [UInt8]
    /// For each ASCII character: where its text starts, or -1 where it stays.
    private let ascii: [Int]
    /// For each byte: the ASCII character that it becomes or stays; 0 for those that take more.
    private let plain: [UInt8]
    let growth: Int

    init(_ bytes: [UInt8], _ fault: (String) -> TokenizerError) throws(TokenizerError) {
        guard bytes.count >= 4 else { throw fault("the character map is cut short") }
        func word(_ at: Int) -> UInt32 {
            (0..<4).reduce(0) { $0 | UInt32(bytes[at + $1]) << UInt32(8 * $1) }
        }
        let size = Int(word(0))
        guard size % 4 == 0, size > 0, size <= bytes.count - 4 else {
            throw fault("the character map says \(size) bytes of \(bytes.count - 4)")
        }
        units = (0..<size / 4).map { word(4 + 4 * $0) }
        // A zero byte ends each text; one more behind the last is harmless and saves a check.
        texts = bytes[(4 + size)...] + [0]
        var longest = 0
        var run = 0
        for byte in texts {
            run = byte == 0 ? 0 : run + 1
            longest = max(longest, run)
        }
        growth = max(1, longest)
        let (units, texts) = (units, texts)
        ascii = (0..<128).map { byte -> Int in
            [UInt8(byte)].withUnsafeBufferPointer { text in
                guard let p = text.baseAddress else { return -1 }
                return Self.find(units, texts.count, p, 0, 1)
            }
        }
        let starts = ascii
        plain = (0..<256).map { byte -> UInt8 in
            guard byte < 128, byte != 13 else { return 0 }
            let at = starts[byte]
            if at < 0 { return UInt8(byte) }
            return texts[at] != 0 && texts[at] < 0x80 && texts[at + 1] == 0 ? texts[at] : 0
        }
        guard firstInvalidUTF8(texts) == nil else {
            throw fault("the character map holds text that is not UTF-8")
        }
    }

    /// Where the text of the shortest prefix that the map has starts, or -1.
    @inline(__always)
    private static func find(
        _ units: [UInt32], _ limit: Int, _ p: UnsafePointer<UInt8>, _ start: Int, _ end: Int
    ) -> Int {
        @inline(__always) func offset(_ unit: UInt32) -> Int {
            Int(unit >> 10) << Int((unit & 0x200) >> 6)
        }
        var node = offset(units[0])
        for i in start..<end {
            if p[i] == 0 { return -1 }
            node ^= Int(p[i])
            guard node < units.count else { return -1 }
            let unit = units[node]
            guard unit & 0x8000_00FF == UInt32(p[i]) else { return -1 }
            node ^= offset(unit)
            guard node < units.count else { return -1 }
            if unit & 0x100 != 0 {
                let at = Int(units[node] & 0x7FFF_FFFF)
                return at < limit ? at : -1
            }
        }
        return -1
    }

    /// Appends what stands in for a cluster or a character; false if the map has nothing for it.
    @inline(__always)
    func append(
        _ p: UnsafePointer<UInt8>, _ start: Int, _ end: Int, to out: inout Scratch<UInt8>
    ) -> Bool {
        let at = Self.find(units, texts.count, p, start, end)
        guard at >= 0 else { return false }
        appendText(at, &out)
        return true
    }

    /// The scalars that stand in for a cluster or a character; nil if the map has nothing for it.
    func scalars(_ p: UnsafePointer<UInt8>, _ start: Int, _ end: Int) -> [UInt32]? {
        var out = Scratch<UInt8>()
        guard append(p, start, end, to: &out) else { return nil }
        var result: [UInt32] = []
        forEachScalar(of: out.contents) { code, _, _ in result.append(code) }
        return result
    }

    /// Appends what stands in for ASCII characters before ASCII characters; returns where they end.
    @inline(__always)
    func appendPlain(
        _ p: UnsafePointer<UInt8>, _ start: Int, _ end: Int, to out: inout Scratch<UInt8>
    ) -> Int {
        // SAFETY: one byte for one byte, for which there is room; tables of 256 entries.
        out.reserve(end - start)
        return plain.withUnsafeBufferPointer { plain in
            var i = start
            let to = out.base + out.count - start
            while i + 1 < end, p[i + 1] < 0x80 {
                let new = plain[Int(p[i])]
                if new == 0 { break }
                to[i] = new
                i += 1
            }
            out.count += i - start
            return i
        }
    }

    @inline(__always)
    func appendASCII(_ byte: UInt8, to out: inout Scratch<UInt8>) {
        let at = ascii[Int(byte)]
        if at < 0 { out.append(byte) } else { appendText(at, &out) }
    }

    private func appendText(_ at: Int, _ out: inout Scratch<UInt8>) {
        var i = at
        while texts[i] != 0 {
            out.append(texts[i])
            i += 1
        }
    }
}

extension [UInt8] {
    fileprivate static func + (a: ArraySlice<UInt8>, b: [UInt8]) -> [UInt8] { Array(a) + b }
}

private func firstInvalidUTF8(_ bytes: [UInt8]) -> Int? {
    bytes.withUnsafeBytes { ArenaCore.firstInvalidUTF8($0) }
}

// MARK: - Grapheme clusters

/// The end of the extended grapheme cluster that starts at `start` (UAX 29), with the reference's data.
private func endOfCluster(_ p: UnsafePointer<UInt8>, _ start: Int, _ end: Int) -> Int {
    var length = 0
    var code = scalar(p, start, &length)
    var i = start + length
    var before = Cluster(code)
    // What GB11, GB12 and GB9c need to know of what came before.
    var picture = before.kind == arena_text_cluster_picture
    var pictureJoiner = false
    var regional = before.isRegional ? 1 : 0
    var consonant = before.kind == arena_text_cluster_consonant
    var linked = false
    while i < end {
        code = scalar(p, i, &length)
        let next = Cluster(code)
        let joins = before.joins(
            next, afterPicture: pictureJoiner, regional: regional, linked: consonant && linked)
        guard joins else { return i }
        switch next.kind {
        case arena_text_cluster_joiner:
            pictureJoiner = picture
        case arena_text_cluster_extend:
            pictureJoiner = false
        case arena_text_cluster_linker:
            pictureJoiner = false
            linked = consonant
        case arena_text_cluster_consonant:
            consonant = true
            linked = false
            picture = false
            pictureJoiner = false
        default:
            consonant = false
            linked = false
            picture = next.kind == arena_text_cluster_picture
            pictureJoiner = false
        }
        regional = next.isRegional ? regional + 1 : 0
        before = next
        i += length
    }
    return end
}

/// What a scalar is to the rules.
private struct Cluster {
    let kind: Int
    let code: UInt32
    /// Hangul: 1 leading, 2 vowel, 3 trailing, 4 a syllable without and 5 with a trailing one.
    let hangul: Int

    init(_ code: UInt32) {
        self.code = code
        kind = Int(arena_text_cluster(code))
        switch code {
        case 0x1100...0x115F, 0xA960...0xA97C: hangul = 1
        case 0x1160...0x11A7, 0xD7B0...0xD7C6: hangul = 2
        case 0x11A8...0x11FF, 0xD7CB...0xD7FB: hangul = 3
        case 0xAC00...0xD7A3: hangul = (code - 0xAC00) % 28 == 0 ? 4 : 5
        default: hangul = 0
        }
    }

    var isRegional: Bool { code >= 0x1F1E6 && code <= 0x1F1FF }

    /// Whether there is no boundary between this one and the next.
    func joins(_ next: Cluster, afterPicture: Bool, regional: Int, linked: Bool) -> Bool {
        if kind == arena_text_cluster_control { return code == 13 && next.code == 10 }
        switch next.kind {
        case arena_text_cluster_control: return false
        case arena_text_cluster_extend, arena_text_cluster_linker, arena_text_cluster_joiner,
            arena_text_cluster_spacing:
            return true
        default: break
        }
        if kind == arena_text_cluster_prepend { return true }
        if next.kind == arena_text_cluster_consonant, linked { return true }
        if next.kind == arena_text_cluster_picture, afterPicture { return true }
        if next.isRegional, isRegional { return regional % 2 == 1 }
        switch (hangul, next.hangul) {
        case (1, 1), (1, 2), (1, 4), (1, 5), (2, 2), (2, 3), (4, 2), (4, 3), (3, 3), (5, 3):
            return true
        default: return false
        }
    }
}

// MARK: - Base64

/// The bytes that base64 stands for; nil for other text.
func decodeBase64(_ text: [UInt8]) -> [UInt8]? {
    var out = Scratch<UInt8>(capacity: text.count / 4 * 3 + 4)
    return text.withUnsafeBufferPointer { appendBase64($0, to: &out) } ? Array(out.contents) : nil
}

/// Appends the bytes that base64 stands for; false, with any of them appended, for other text.
func appendBase64(_ text: Bytes, to out: inout Scratch<UInt8>) -> Bool {
    var bits: UInt32 = 0
    var count = 0
    var padding = 0
    for byte in text {
        let value: UInt32
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = UInt32(byte) - 65
        case UInt8(ascii: "a")...UInt8(ascii: "z"): value = UInt32(byte) - 71
        case UInt8(ascii: "0")...UInt8(ascii: "9"): value = UInt32(byte) + 4
        case UInt8(ascii: "+"): value = 62
        case UInt8(ascii: "/"): value = 63
        case UInt8(ascii: "="):
            padding += 1
            continue
        default: return false
        }
        guard padding == 0 else { return false }
        bits = bits << 6 | value
        count += 1
        if count == 4 {
            out.append(UInt8(truncatingIfNeeded: bits >> 16))
            out.append(UInt8(truncatingIfNeeded: bits >> 8))
            out.append(UInt8(truncatingIfNeeded: bits))
            bits = 0
            count = 0
        }
    }
    guard padding <= 2, count == 0 ? padding == 0 : count + padding == 4, count != 1 else {
        return false
    }
    if count >= 2 { out.append(UInt8(truncatingIfNeeded: bits >> (count == 2 ? 4 : 10))) }
    if count == 3 { out.append(UInt8(truncatingIfNeeded: bits >> 2)) }
    return true
}
