// What is made of each row's text: another text, a number, a truth value, a list of parts. Rows are
// spread over the cores; parts of a text share its bytes. What is made of one text is given by whoever
// calls, so that this file knows nothing of letters or patterns: a function that is called once for each
// range of rows, on the thread that works on it, and gives the function that is called for each text.

import ArenaCore

/// What becomes of a row's text.
package enum TextChange: Sendable {
    /// It stays as it is.
    case same
    /// A part of its bytes, which begins and ends between characters.
    case part(Range<Int>)
    /// What was put into the buffer.
    case made
    /// The row has no text any more.
    case missing
}

extension Series {
    /// The column with another text in each row; missing rows stay missing.
    /// - Parameter make: gives what gets each text's bytes and an empty buffer.
    /// - Throws: `FrameError.columnType`, `.outOfMemory`, or what the function throws for the first row.
    package func changingText(
        _ verb: String,
        _ make:
            @escaping @Sendable () throws -> (
                (UnsafeRawBufferPointer, inout [UInt8]) throws -> TextChange
            )
    ) throws -> Series {
        let texts = try texts(for: verb)
        let validity = column.validity
        let parts = try eachPart(texts) { reader, rows in
            try ChangedTexts(texts, reader, validity, rows, try make())
        }
        let all = TextStorage(joining: parts.map(\.texts))
        let lost = parts.flatMap(\.missing)
        guard !lost.isEmpty else { return with(Column(.string(all), validity: validity)) }
        var left = validity ?? Validity(repeating: true, count: count)
        for row in lost { left[row] = false }
        return with(Column(.string(all), validity: left))
    }

    /// A whole number for each row's text; missing rows stay missing.
    /// - Throws: `FrameError.columnType`, or what the function throws for the first row.
    package func textNumbers(
        _ verb: String,
        _ make: @escaping @Sendable () throws -> ((UnsafeRawBufferPointer) throws -> Int64)
    ) throws -> Series {
        with(Column(.int64(try textValues(verb, or: 0, make)), validity: column.validity))
    }

    /// A truth value for each row's text; missing rows stay missing.
    /// - Throws: `FrameError.columnType`, or what the function throws for the first row.
    package func textTruths(
        _ verb: String,
        _ make: @escaping @Sendable () throws -> ((UnsafeRawBufferPointer) throws -> Bool)
    ) throws -> Series {
        with(Column(.bool(try textValues(verb, or: false, make)), validity: column.validity))
    }

    /// A list of parts of each row's text; missing rows stay missing.
    /// - Parameter make: gives what calls its second argument with the bytes of each part; nil is a
    ///   missing part.
    /// - Throws: `FrameError.columnType`, or what the function throws for the first row.
    package func textLists(
        _ verb: String,
        _ make:
            @escaping @Sendable () throws -> (
                (UnsafeRawBufferPointer, (Range<Int>?) -> Void) throws -> Void
            )
    ) throws -> Series {
        let texts = try texts(for: verb)
        let validity = column.validity
        let parts = try eachPart(texts) { reader, rows in
            let body = try make()
            var part = TextParts()
            for row in rows {
                let before = part.views.count
                if validity?[row] ?? true {
                    let view = reader.view(row)
                    try body(reader.bytes(row)) { range in
                        part.views.append(range.map { view.part($0) } ?? .empty)
                        if range == nil { part.missing.append(part.views.count - 1) }
                    }
                }
                part.counts.append(part.views.count - before)
            }
            return part
        }
        var rows: [ListStorage.Row] = []
        rows.reserveCapacity(count)
        var views: [TextView] = []
        var missing: [Int] = []
        for part in parts {
            missing += part.missing.map { $0 + views.count }
            var start = views.count
            for count in part.counts {
                rows.append(ListStorage.Row(start: start, count: count))
                start += count
            }
            views += part.views
        }
        var present: Validity?
        if !missing.isEmpty {
            var bits = Validity(repeating: true, count: views.count)
            for at in missing { bits[at] = false }
            present = bits
        }
        let lists = ListStorage(
            rows: rows, turns: TextStorage(views: views, chunks: texts.chunks),
            turnValidity: present)
        return with(Column(.turns(lists), validity: validity))
    }

    /// The text with the first `most` occurrences of one piece replaced by another. As in Python, an
    /// empty piece is before every character and at the end.
    /// - Throws: `FrameError.columnType`, `.outOfMemory`.
    package func replacingText(
        _ old: String, _ new: String, most: Int = .max
    ) throws -> Series {
        let other = Array(new.utf8)
        guard let search = ByteSearch(old.utf8) else {
            return try changingText("replace") {
                { bytes, out in
                    var n = 0
                    for byte in bytes {
                        if byte & 0xC0 != 0x80, n < most {
                            out += other
                            n += 1
                        }
                        out.append(byte)
                    }
                    if n < most { out += other }
                    return .made
                }
            }
        }
        return try changingText("replace") {
            { search.replace(in: $0, by: other, most: most, into: &$1) ? .made : .same }
        }
    }

    private func textValues<T: BitwiseCopyable & Sendable>(
        _ verb: String, or filler: T,
        _ make: @escaping @Sendable () throws -> ((UnsafeRawBufferPointer) throws -> T)
    ) throws -> [T] {
        let texts = try texts(for: verb)
        let validity = column.validity
        let parts = try eachPart(texts) { reader, rows in
            let body = try make()
            return try rows.map { row in
                validity?[row] ?? true ? try body(reader.bytes(row)) : filler
            }
        }
        return parts.count == 1 ? parts[0] : Array(parts.joined())
    }

    /// What `body` makes of ranges of rows, in order; the first error if there is one.
    private func eachPart<T: Sendable>(
        _ texts: TextStorage, _ body: @escaping @Sendable (TextReader, Range<Int>) throws -> T
    ) throws -> [T] {
        let parts = texts.reading { reader in
            inParts(texts.count, workers: Cores.workersForTexts) { rows in
                Result { try body(reader, rows) }
            }
        }
        return try parts.map { try $0.get() }
    }
}

private struct TextParts: Sendable {
    var views: [TextView] = []
    var counts: [Int] = []
    /// Of `views`, by place.
    var missing: [Int] = []
}

/// The new texts of some rows.
private struct ChangedTexts: Sendable {
    let texts: TextStorage
    private(set) var missing: [Int] = []

    init(
        _ source: TextStorage, _ reader: TextReader, _ validity: Validity?, _ rows: Range<Int>,
        _ body: (UnsafeRawBufferPointer, inout [UInt8]) throws -> TextChange
    ) throws {
        var views: [TextView] = []
        views.reserveCapacity(rows.count)
        var builder = TextBuilder()
        var buffer: [UInt8] = []
        var shares = false
        var made: [Int] = []
        for row in rows {
            guard validity?[row] ?? true else {
                views.append(.empty)
                continue
            }
            let bytes = reader.bytes(row)
            buffer.removeAll(keepingCapacity: true)
            switch try body(bytes, &buffer) {
            case .same:
                views.append(reader.view(row))
                shares = true
            case .part(let range):
                views.append(reader.view(row).part(range))
                shares = true
            case .made:
                let failure = buffer.withUnsafeBytes { made -> FrameError? in
                    do throws(FrameError) { try builder.append(made) } catch { return error }
                    return nil
                }
                if let failure { throw failure }
                made.append(views.count)
                views.append(builder.removeLast(afterChunks: 0))
            case .missing:
                missing.append(row)
                views.append(.empty)
            }
        }
        let own = builder.finish().chunks
        guard shares else {
            texts = TextStorage(views: views, chunks: own)
            return
        }
        // The new bytes lie behind those of the source.
        for at in made where views[at].length > 0 {
            views[at].chunk += UInt32(source.chunks.count)
        }
        texts = TextStorage(views: views, chunks: source.chunks + own)
    }
}
