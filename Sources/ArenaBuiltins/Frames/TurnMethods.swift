// What scripts do with columns of turns beyond joining them.

import ArenaCore
import ArenaFrame
import ArenaLanguage

private typealias P = BuiltinParameter

let turnMethods: [Builtin] = [
    Builtin(
        "turn", [.receiver("column"), P("i", "int", .required, "from 0; -1 is the last")],
        "One turn of each row as text; missing where there is none or it is null.",
        examples: [
            Example(
                "f = frame({\"a\": ['[\"x\",\"y\"]', '[\"z\"]']})\nt = f[\"a\"].turns(read=\"json\")\nprint(list(t.turn(0)), list(t.turn(-1)), list(t.turn(1)))",
                prints: "['x', 'z'] ['y', 'z'] ['y', None]\n")
        ]
    ) { a throws(Raised) in
        let series = try a.series(0)
        let place = try a.int(1)
        return try framing { () throws(FrameError) in value(try series.turn(at: place)) }
    },
    Builtin(
        "interleave", [.receiver("column"), P("others", "column", .rest)],
        "The turns of this and other columns by turns: the first of each, the second of each.",
        examples: [
            Example(
                "f = frame({\"p\": ['[\"q1\",\"q2\"]'], \"r\": ['[\"a1\",\"a2\"]']})\np, r = [f[c].turns(read=\"json\") for c in [\"p\", \"r\"]]\nprint(p.interleave(r)[0])",
                prints: "['q1', 'a1', 'q2', 'a2']\n")
        ]
    ) { a throws(Raised) in
        let series = try a.series(0)
        var others: [Series] = []
        for item in a[1].items ?? .init(start: nil, count: 0) {
            guard let other = (item.asHost as? SeriesValue)?.series else {
                throw Raised(.type, "interleave() wants columns, not a \(item.typeName)")
            }
            others.append(other)
        }
        return try framing { () throws(FrameError) in value(try series.interleaved(with: others)) }
    },
    Builtin(
        "has_turns", [.receiver("column")],
        "Whether each row has a turn that is neither null nor empty.",
        examples: [
            Example(
                "f = frame({\"a\": ['[null]', '[\"x\",null]']})\nprint(list(f[\"a\"].turns(read=\"json\").has_turns()))",
                prints: "[False, True]\n")
        ]
    ) { a throws(Raised) in
        let series = try a.series(0)
        return try framing { () throws(FrameError) in value(try series.hasTurns()) }
    },
]
