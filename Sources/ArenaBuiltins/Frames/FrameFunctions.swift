// Blending and showing frames.

import ArenaCore
import ArenaFrame
import ArenaLanguage

private typealias P = BuiltinParameter

let displayFunction = Builtin(
    "display",
    [
        P("values", "any", .rest),
        P(
            "max_rows", "int", .named("20"),
            "of more rows of a frame the first and the last are shown"),
        P(
            "max_colwidth", "int or None", .named("60"),
            "the characters of a cell that are shown, as wide as the table gets; None is all of them"
        ),
    ], "Shows values as the shell does: frames as tables.",
    examples: [
        Example("display(\"a\")", prints: "'a'\n"),
        Example(
            "display(frame({\"t\": [\"abcdefghijkl\", \"b\", \"c\"]}), max_rows=2, max_colwidth=8)",
            prints: """
                t
                string
                --------
                abcdefg…
                …
                c
                3 rows x 1 column

                """),
    ]
) { a throws(Raised) in
    let rows = try a.int(1, or: 20)
    let cells = a[2].isNone ? Int.max : try a.int(2, or: 60)
    // Who asks for a width of cells gets it, however wide the terminal.
    let width = a[2].isUnset ? a.machine.displayWidth : Int.max
    guard rows > 0, cells > 0 else {
        throw Raised(.value, "display(): max_rows= and max_colwidth= are 1 or more")
    }
    for (at, v) in (a[0].items ?? .init(start: nil, count: 0)).enumerated() {
        // Tables are told apart by a blank line.
        if at > 0, v.asHost is FrameValue || v.asHost is SeriesValue { a.machine.output("\n") }
        var text =
            if let frame = (v.asHost as? FrameValue)?.frame {
                display(frame, maxRows: rows, maxWidth: width, maxCellWidth: cells)
            } else if let series = (v.asHost as? SeriesValue)?.series {
                display(series, maxRows: rows, maxWidth: width, maxCellWidth: cells)
            } else {
                a.machine.display(v, width: a.machine.displayWidth) ?? "None"
            }
        if !text.hasSuffix("\n") { text += "\n" }
        a.machine.output(text)
    }
    return .none
}

let blendFunction = Builtin(
    "blend",
    [P("frames", "list of frame"), P("weights", "list of float", .optional("all alike"))],
    "The weighted mean of predictions, row by row by key; where a cell is missing in one, the others count.",
    examples: [
        Example(
            """
            p = frame({"id": [1, 2], "x": [0.5, 1.0]}, key="id")
            q = frame({"id": [2, 1], "x": [0.0, 0.7]}, key="id")
            print(list(blend([p, q], weights=[3, 1])["x"]))
            """, prints: "[0.55, 0.75]\n")
    ]
) { a throws(Raised) in
    let list = try a.iterable(0)
    defer { list.release() }
    var frames: [Frame] = []
    for item in list.items ?? .init(start: nil, count: 0) {
        guard let frame = (item.asHost as? FrameValue)?.frame else {
            throw Raised(
                .type, "blend() wants frames, not \(item.typeWithArticle)", help: "blend([p, q])")
        }
        frames.append(frame)
    }
    var weights: [Double]?
    if a.has(1) {
        let given = try a.iterable(1)
        defer { given.release() }
        var numbers: [Double] = []
        for item in given.items ?? .init(start: nil, count: 0) {
            guard let x = item.asDouble else {
                throw Raised(.type, "blend(): a weight is a number, not \(item.typeWithArticle)")
            }
            numbers.append(x)
        }
        weights = numbers
    }
    return try framing { () throws(FrameError) in value(try blend(frames, weights: weights)) }
}
