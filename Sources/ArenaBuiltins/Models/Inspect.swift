// What a folder of weights holds, without reading any.

import ArenaCore
import ArenaFrame
import ArenaLanguage
import ArenaModels

private typealias P = BuiltinParameter

let inspectFunction = Builtin(
    "inspect", [P("path", "str", .required, "a model's or adapter's folder, or a file of weights")],
    "The tensors of a checkpoint with their types, shapes and sizes, as a frame; and, said beside it, whether a model can be made of them.",
    examples: [
        Example(
            "t = inspect(\"Resources/demo/model\")\nprint(t.columns, len(t) > 10)",
            prints: "['tensor', 'type', 'shape', 'bytes'] True\n")
    ]
) { a throws(Raised) in
    let path = try a.string(0)
    let inspection = try raising { () throws(ModelError) in try CheckpointInspection(path) }
    for line in inspection.remarks { a.machine.note(line) }
    let tensors = inspection.tensors
    return try framing { () throws(FrameError) in
        value(
            try Frame(
                names: ["tensor", "type", "shape", "bytes"],
                columns: [
                    Column(tensors.map(\.name)), Column(tensors.map(\.type)),
                    Column(tensors.map { "\($0.shape)" }), Column(tensors.map { Int64($0.bytes) }),
                ], key: nil))
    }
}
