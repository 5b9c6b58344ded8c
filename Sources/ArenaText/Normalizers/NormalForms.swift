// `NFC`, `NFD`, `NFKC`, `NFKD`: Unicode's normalization forms (UAX 15) with the reference's own version of
// the data. Text in which no scalar can change, such as all of ASCII, is found so by a look at its bytes.

import CArenaText

struct FormC: Normalizer {
    static let type = "NFC"
    private let form = NormalForm(composes: true, compatible: false)

    init(_ part: FilePart) throws(TokenizerError) {}

    var growth: Int { 3 }
    func normalize(_ text: Bytes, into out: inout Scratch<UInt8>) -> Bool {
        form.normalize(text, into: &out)
    }
}

struct FormD: Normalizer {
    static let type = "NFD"
    private let form = NormalForm(composes: false, compatible: false)

    init(_ part: FilePart) throws(TokenizerError) {}

    var growth: Int { 4 }
    func normalize(_ text: Bytes, into out: inout Scratch<UInt8>) -> Bool {
        form.normalize(text, into: &out)
    }
}

struct FormKC: Normalizer {
    static let type = "NFKC"
    private let form = NormalForm(composes: true, compatible: true)

    init(_ part: FilePart) throws(TokenizerError) {}

    var growth: Int { 11 }
    func normalize(_ text: Bytes, into out: inout Scratch<UInt8>) -> Bool {
        form.normalize(text, into: &out)
    }
}

struct FormKD: Normalizer {
    static let type = "NFKD"
    private let form = NormalForm(composes: false, compatible: true)

    init(_ part: FilePart) throws(TokenizerError) {}

    var growth: Int { 11 }
    func normalize(_ text: Bytes, into out: inout Scratch<UInt8>) -> Bool {
        form.normalize(text, into: &out)
    }
}

/// One of the four forms.
struct NormalForm: Sendable {
    let composes: Bool
    let compatible: Bool

    /// Whether the form may change a scalar, by itself or with its neighbours.
    @inline(__always)
    private func isActive(_ code: UInt32) -> Bool {
        if composes, !compatible {
            return arena_text_class(code) & UInt8(arena_text_active) != 0
        }
        let bit = compatible ? arena_text_compatible : arena_text_decomposes
        return arena_text_traits(code) & UInt16(bit) != 0
            || code >= 0xAC00 && code < 0xAC00 + 11172
    }

    func normalize(_ text: Bytes, into out: inout Scratch<UInt8>) -> Bool {
        guard let p = text.baseAddress, var i = firstActive(p, 0, text.count) else { return false }
        // Only runs around active scalars are recomposed; a run begins at the inert starter before.
        var copied = 0
        out.reserve(text.count)
        var run = Run(compatible: compatible)
        while true {
            let start = i == copied ? i : starterBefore(p, i, copied)
            out.append(Bytes(rebasing: text[copied..<start]))
            i = run.collect(p, from: start, to: text.count, isActive)
            run.finish(composing: composes, into: &out)
            copied = i
            guard let next = firstActive(p, i, text.count) else { break }
            i = next
        }
        out.append(Bytes(rebasing: text[copied...]))
        return true
    }

    /// The first scalar at or after `i` that the form may change. Form C changes none below U+0300.
    @inline(__always)
    private func firstActive(_ p: UnsafePointer<UInt8>, _ start: Int, _ end: Int) -> Int? {
        let inert: UInt8 = composes && !compatible ? 0xCC : 0x80
        var i = start
        while i < end {
            if i + 8 <= end,
                UnsafeRawPointer(p + i).loadUnaligned(as: UInt64.self) & 0x8080_8080_8080_8080 == 0
            {
                i += 8
                continue
            }
            if p[i] < inert {
                i += p[i] < 0x80 ? 1 : 2
                continue
            }
            var length = 0
            if isActive(scalar(p, i, &length)) { return i }
            i += length
        }
        return nil
    }

    /// The start of the scalar before `i`, with which what stands at `i` may compose.
    private func starterBefore(_ p: UnsafePointer<UInt8>, _ i: Int, _ floor: Int) -> Int {
        var start = i - 1
        while start > floor, p[start] & 0xC0 == 0x80 { start -= 1 }
        return start
    }
}

/// A stretch that is decomposed, put in canonical order and composed again.
private struct Run {
    let compatible: Bool
    private var scalars: [UInt32] = []
    private var classes: [UInt8] = []

    init(compatible: Bool) { self.compatible = compatible }

    /// Takes the decomposed scalars from `start` up to the next scalar that cannot change; returns
    /// where that is.
    mutating func collect(
        _ p: UnsafePointer<UInt8>, from start: Int, to end: Int, _ isActive: (UInt32) -> Bool
    ) -> Int {
        scalars.removeAll(keepingCapacity: true)
        classes.removeAll(keepingCapacity: true)
        var i = start
        var length = 0
        while i < end {
            let code = scalar(p, i, &length)
            if i > start, !isActive(code) { break }
            decompose(code)
            i += length
        }
        return i
    }

    private mutating func append(_ code: UInt32) {
        scalars.append(code)
        classes.append(arena_text_combining_class(code))
    }

    private mutating func decompose(_ code: UInt32) {
        forEachDecomposed(code, compatible: compatible) { append($0) }
    }

    mutating func finish(composing: Bool, into out: inout Scratch<UInt8>) {
        order()
        guard composing else {
            for code in scalars { appendScalar(code, to: &out) }
            return
        }
        var starter = -1
        var lastClass: UInt8 = 0
        var kept = 0
        for i in 0..<scalars.count {
            let code = scalars[i]
            let rank = classes[i]
            // A scalar is blocked from the starter by one of its own class or higher in between.
            if starter >= 0, kept == starter + 1 || lastClass < rank,
                let whole = composed(scalars[starter], code)
            {
                scalars[starter] = whole
                continue
            }
            if rank == 0 { starter = kept }
            lastClass = rank
            scalars[kept] = code
            kept += 1
        }
        out.reserve(kept * 4)
        for code in scalars[..<kept] { appendScalar(code, to: &out) }
    }

    /// Canonical order: marks between starters sorted by class, equals as they came.
    private mutating func order() {
        var i = 0
        while i < classes.count {
            guard classes[i] != 0 else {
                i += 1
                continue
            }
            var end = i + 1
            var sorted = true
            while end < classes.count, classes[end] != 0 {
                if classes[end] < classes[end - 1] { sorted = false }
                end += 1
            }
            if !sorted { sort(i..<end) }
            i = end
        }
    }

    /// Stable and linear: 256 classes, so long runs of marks are counted into place.
    private mutating func sort(_ range: Range<Int>) {
        if range.count <= 16 {
            for i in range.dropFirst() {
                let (code, rank) = (scalars[i], classes[i])
                var at = i
                while at > range.lowerBound, classes[at - 1] > rank {
                    scalars[at] = scalars[at - 1]
                    classes[at] = classes[at - 1]
                    at -= 1
                }
                scalars[at] = code
                classes[at] = rank
            }
            return
        }
        var places = [Int](repeating: 0, count: 257)
        for i in range { places[Int(classes[i]) + 1] += 1 }
        for k in 1..<257 { places[k] += places[k - 1] }
        let before = (scalars: Array(scalars[range]), classes: Array(classes[range]))
        for k in 0..<range.count {
            let rank = before.classes[k]
            let at = range.lowerBound + places[Int(rank)]
            places[Int(rank)] += 1
            scalars[at] = before.scalars[k]
            classes[at] = rank
        }
    }
}

/// Calls `body` with the scalars that one scalar decomposes into, itself if it does not.
@inline(__always)
func forEachDecomposed(_ code: UInt32, compatible: Bool, _ body: (UInt32) -> Void) {
    if code >= 0xAC00, code < 0xAC00 + 11172 {
        let index = code - 0xAC00
        body(0x1100 + index / 588)
        body(0x1161 + index % 588 / 28)
        if index % 28 != 0 { body(0x11A7 + index % 28) }
        return
    }
    var count: UInt32 = 0
    let wide = compatible ? arena_text_decompose_compatible(code, &count) : nil
    guard let parts = wide ?? arena_text_decompose(code, &count) else { return body(code) }
    // SAFETY: the table holds `count` scalars at that place and is never freed.
    for k in 0..<Int(count) { body(parts[k]) }
}

/// The scalar that two compose into.
func composed(_ first: UInt32, _ second: UInt32) -> UInt32? {
    if first >= 0x1100, first < 0x1113, second >= 0x1161, second < 0x1176 {
        return 0xAC00 + ((first - 0x1100) * 21 + (second - 0x1161)) * 28
    }
    if first >= 0xAC00, first < 0xAC00 + 11172, (first - 0xAC00) % 28 == 0, second > 0x11A7,
        second < 0x11C3
    {
        return first + second - 0x11A7
    }
    let whole = arena_text_compose(first, second)
    return whole == 0 ? nil : whole
}

/// Appends one scalar as UTF-8.
@inline(__always)
func appendScalar(_ code: UInt32, to out: inout Scratch<UInt8>) {
    if code < 0x80 {
        out.append(UInt8(truncatingIfNeeded: code))
    } else if code < 0x800 {
        out.append(0xC0 | UInt8(truncatingIfNeeded: code >> 6))
        out.append(0x80 | UInt8(truncatingIfNeeded: code & 0x3F))
    } else if code < 0x10000 {
        out.append(0xE0 | UInt8(truncatingIfNeeded: code >> 12))
        out.append(0x80 | UInt8(truncatingIfNeeded: code >> 6 & 0x3F))
        out.append(0x80 | UInt8(truncatingIfNeeded: code & 0x3F))
    } else {
        out.append(0xF0 | UInt8(truncatingIfNeeded: code >> 18))
        out.append(0x80 | UInt8(truncatingIfNeeded: code >> 12 & 0x3F))
        out.append(0x80 | UInt8(truncatingIfNeeded: code >> 6 & 0x3F))
        out.append(0x80 | UInt8(truncatingIfNeeded: code & 0x3F))
    }
}
