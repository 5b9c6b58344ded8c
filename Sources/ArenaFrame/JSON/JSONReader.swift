// Reads JSON and JSON lines into a frame: the shapes that pandas writes, on all cores, strictly by
// RFC 8259. The text is gone through once to find every cell (JSONCells); then each column is made in
// the type that all of its cells have together (JSONColumns).

import ArenaCore

/// Reads JSON files into one frame, the rows of one behind those of the other; .gz and .zip are
/// unpacked in memory.
///
/// Column types are found over all rows of all files:
/// - `bool`, `int64`, `float64` (whole numbers beside fractions), `string`;
/// - `list[string]`, `list[int32]`, `list[float64]` for arrays of these;
/// - `string` with their JSON text for objects, nested arrays and values of several types.
///
/// `null` and absent members are missing. Whole numbers beyond 64 bits stay text, so that they keep
/// every digit. Of a member that an object has twice the last counts.
/// - Parameter key: The column that names the rows.
/// - Throws: `FrameError` naming file, line and column.
/// - Complexity: O(bytes)
package func readJSON(
    paths: [String], key: String?, options: JSONOptions = JSONOptions()
) throws(FrameError) -> JSONResult {
    var texts: [JSONText] = []
    for path in paths {
        let file: MappedFile
        do { file = try MappedFile(path) } catch { throw .file(error) }
        if let unpacked = try unpacked(file.bytes, path: path) {
            texts.append(JSONText(bytes: unpacked.bytes, path: path, owner: unpacked))
        } else {
            texts.append(JSONText(bytes: file.bytes, path: path, owner: file))
        }
    }
    return try JSONReader(texts: texts, options: options).read(key: key)
}

/// Reads JSON from memory; `name` stands for the file in errors.
/// - Throws: As `readJSON`.
package func parseJSON(
    _ bytes: [UInt8], name: String, key: String? = nil, options: JSONOptions = JSONOptions()
) throws(FrameError) -> JSONResult {
    let result = bytes.withUnsafeBytes { raw in
        Result { () throws(FrameError) in
            try JSONReader(
                texts: [JSONText(bytes: raw, path: name, owner: nil)], options: options
            ).read(key: key)
        }
    }
    return try result.get()
}

struct JSONReader {
    let texts: [JSONText]
    let options: JSONOptions
    /// The columns whose cells are looked for; nil is all of them.
    private var wanted: Set<String>?

    init(texts: [JSONText], options: JSONOptions) {
        self.texts = texts
        self.options = options
    }

    func read(key: String?) throws(FrameError) -> JSONResult {
        var reader = self
        reader.wanted = options.columns.map { Set($0 + (key.map { [$0] } ?? [])) }
        return try reader.readWanted(key)
    }

    private func readWanted(_ key: String?) throws(FrameError) -> JSONResult {
        var parts: [JSONCells] = []
        var labels: [String]?
        for text in texts {
            do throws(JSONProblem) {
                let (own, ownLabels) = try cells(of: text)
                parts += own
                if let ownLabels { labels = (labels ?? []) + ownLabels }
            } catch { throw text.fault(error) }
        }
        return try JSONColumns(parts, options).frame(key: key, labels: labels)
    }

    /// The cells of a text by stretches, and the rows' labels where it has some.
    private func cells(of text: JSONText) throws(JSONProblem) -> ([JSONCells], [String]?) {
        let start = text.bytes.prefix(3).elementsEqual([0xEF, 0xBB, 0xBF]) ? 3 : 0
        if options.lines ?? JSONOptions.isLines(text.path) {
            return (try lines(text, from: start), nil)
        }
        var at = text.skippingSpace(start, text.count)
        guard at < text.count else {
            throw JSONProblem(offset: at, what: .syntax(Int32(2)))
        }
        switch (text.bytes[at], options.orient) {
        case (UInt8(ascii: "["), nil), (UInt8(ascii: "["), .records), (UInt8(ascii: "["), .values):
            return (try rows(text, ofArrayAt: at), nil)
        case (UInt8(ascii: "["), let orient?):
            throw JSONProblem(
                offset: at, what: .orient(expected: "an object, as orient=\"\(orient.rawValue)\""))
        case (UInt8(ascii: "{"), let orient):
            try checkUTF8(text, 0..<text.count)
            return try JSONObjectTable(text: text, orient: orient, wanted: wanted).read(&at)
        default:
            try checkUTF8(text, 0..<text.count)
            var cells = JSONCells(text, wanted: wanted)
            let room = JSONRoom()
            try cells.addRow(.single, &at, text.count, room)
            try expectEnd(text, at)
            return ([cells], nil)
        }
    }

    // MARK: - Rows of an array

    private func rows(_ text: JSONText, ofArrayAt open: Int) throws(JSONProblem) -> [JSONCells] {
        let first = text.skippingSpace(open + 1, text.count)
        let shape = JSONRowShape(first < text.count ? text.bytes[first] : 0)
        do throws(JSONProblem) { return try rows(text, ofArrayAt: open, shape) } catch {
            // Rows of several shapes are cells of one column.
            guard case .otherRow = error.what else { throw error }
            return try rows(text, ofArrayAt: open, .single)
        }
    }

    private func rows(
        _ text: JSONText, ofArrayAt open: Int, _ shape: JSONRowShape
    ) throws(JSONProblem) -> [JSONCells] {
        let cuts =
            options.rowLimit == .max && text.count > options.stretchSize
            ? text.cuts(from: open + 1, step: options.stretchSize) : []
        if !cuts.isEmpty {
            let bounds = [open] + cuts
            let parts = inTasks(bounds.count, workers: options.workers) { part in
                Result { () throws(JSONProblem) in
                    try elements(
                        text, shape, after: bounds[part],
                        end: part + 1 < bounds.count ? bounds[part + 1] : nil)
                }
            }
            var cells: [JSONCells] = []
            for part in parts {
                if case .success(let own) = part { cells.append(own) }
            }
            if cells.count == bounds.count { return cells }
            // Where the text is wrong the cuts may be too: one pass finds the first place.
        }
        return [try elements(text, shape, after: open, end: nil)]
    }

    /// The rows behind a bracket or comma, up to a comma or the end of the text.
    private func elements(
        _ text: JSONText, _ shape: JSONRowShape, after open: Int, end cut: Int?
    ) throws(JSONProblem) -> JSONCells {
        let end = cut ?? text.count
        try checkUTF8(text, open..<end)
        var cells = JSONCells(text, wanted: wanted)
        let room = JSONRoom()
        let close = UInt8(ascii: "]")
        var at = text.skippingSpace(open + 1, end)
        if cut == nil, text.bytes[open] == UInt8(ascii: "["), at < end, text.bytes[at] == close {
            try expectEnd(text, at + 1)
            return cells
        }
        while cells.rows < options.rowLimit {
            try cells.addRow(shape, &at, end, room)
            at = text.skippingSpace(at, end)
            if at == cut { return cells }
            guard at < end, text.bytes[at] == UInt8(ascii: ",") else {
                guard cut == nil, at < end, text.bytes[at] == close else {
                    throw JSONProblem(offset: at, what: .syntax(6))
                }
                try expectEnd(text, at + 1)
                return cells
            }
            at = text.skippingSpace(at + 1, end)
        }
        return cells
    }

    // MARK: - Lines

    private func lines(_ text: JSONText, from start: Int) throws(JSONProblem) -> [JSONCells] {
        var at = text.skippingSpace(start, text.count)
        guard at < text.count else { return [JSONCells(text, wanted: wanted)] }
        var shape = JSONRowShape(text.bytes[at])
        if options.orient == .records { shape = .object }
        if options.orient == .values { shape = .array }
        var bounds = [at]
        while options.rowLimit == .max, bounds[bounds.count - 1] + options.stretchSize < text.count
        {
            at = bounds[bounds.count - 1] + options.stretchSize
            bounds.append(min(text.endOfLine(at, text.count) + 1, text.count))
        }
        if bounds[bounds.count - 1] < text.count || bounds.count == 1 { bounds.append(text.count) }
        let (cuts, rowShape) = (bounds, shape)
        let parts = inTasks(cuts.count - 1, workers: options.workers) { part in
            Result { () throws(JSONProblem) in
                try stretch(text, cuts[part]..<cuts[part + 1], rowShape)
            }
        }
        var cells: [JSONCells] = []
        for part in parts { cells.append(try part.get()) }
        return cells
    }

    private func stretch(
        _ text: JSONText, _ range: Range<Int>, _ shape: JSONRowShape
    ) throws(JSONProblem) -> JSONCells {
        try checkUTF8(text, range)
        var cells = JSONCells(text, wanted: wanted)
        let room = JSONRoom()
        var at = text.skippingSpace(range.lowerBound, range.upperBound)
        while at < range.upperBound, cells.rows < options.rowLimit {
            let end = text.endOfLine(at, range.upperBound)
            try cells.addRow(shape, &at, end, room)
            at = text.skippingSpace(at, end)
            if at < end { throw JSONProblem(offset: at, what: .moreValues) }
            at = text.skippingSpace(at, range.upperBound)
        }
        return cells
    }
}

func expectEnd(_ text: JSONText, _ from: Int) throws(JSONProblem) {
    let at = text.skippingSpace(from, text.count)
    if at < text.count { throw JSONProblem(offset: at, what: .moreValues) }
}

private func checkUTF8(_ text: JSONText, _ range: Range<Int>) throws(JSONProblem) {
    let part = UnsafeRawBufferPointer(rebasing: text.bytes[range])
    if let bad = firstInvalidUTF8(part) {
        throw JSONProblem(offset: range.lowerBound + bad, what: .notUTF8)
    }
}
