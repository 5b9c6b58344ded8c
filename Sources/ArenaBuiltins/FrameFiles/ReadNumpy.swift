// Reading and writing .npy and .npz files from scripts.

import ArenaCore
import ArenaFrame
import ArenaLanguage

private typealias P = BuiltinParameter

let readNpyFunction = Builtin(
    "read_npy", [P("path", "str")],
    "Reads a .npy file: one dimension is a column, two a matrix; pickled objects are refused.",
    examples: [
        Example(
            """
            write_npy(frame({"p": [0.5, 0.25]})["p"], ".build/example.npy")
            p = read_npy(".build/example.npy")
            print(p.name, p.dtype, list(p))
            """, prints: "example float64 [0.5, 0.25]\n")
    ]
) { a throws(Raised) in
    let path = try a.string(0)
    let column = try framing { () throws(FrameError) in try readNumpy(path: path) }
    let file = splitPath(path).name
    return try framing { () throws(FrameError) in
        value(
            try Series(
                name: file.hasSuffix(".npy") ? String(file.dropLast(4)) : file, column: column))
    }
}

let writeNpyFunction = Builtin(
    "write_npy", [P("column", "column"), P("path", "str")],
    "Writes a column or a matrix as a .npy file, whole or not at all; missing floats are NaN.",
    examples: [
        Example(
            """
            write_npy(matrix([frame({"a": [1, 2]})["a"]]), ".build/matrix.npy")
            print(read_npy(".build/matrix.npy").shape)
            """, prints: "(2, 1)\n")
    ]
) { a throws(Raised) in
    let (series, path) = (try a.series(0), try a.string(1))
    try framing { () throws(FrameError) in try writeNumpy(series, path: path) }
    return .none
}

let readNpzFunction = Builtin(
    "read_npz", [P("path", "str")],
    "Reads a .npz file: a dict of names to columns and matrices; what SciPy's save_npz wrote is the sparse \"matrix\".",
    examples: [
        Example(
            """
            write_npz({"p": [0.5, 0.25], "name": ["a", "b"]}, ".build/example.npz")
            print(frame(read_npz(".build/example.npz")).columns)
            """, prints: "['p', 'name']\n")
    ]
) { a throws(Raised) in
    let path = try a.string(0)
    let parts = try framing { () throws(FrameError) in try readNumpyArchive(path: path) }
    let dict = Value.dict()
    for (name, column) in parts {
        let series = try framing { () throws(FrameError) in
            value(try Series(name: name, column: column))
        }
        let key = Value.string(name)
        defer {
            key.release()
            series.release()
        }
        try dict.setEntry(key, series)
    }
    return dict
}

let writeNpzFunction = Builtin(
    "write_npz", [P("arrays", "frame, or dict of names to columns or lists"), P("path", "str")],
    "Writes columns as the arrays of a .npz file, whole or not at all; one sparse matrix as SciPy does.",
    examples: [
        Example(
            """
            m = matrix(frame({"a": [0.0, 1.5], "b": [0.0, 0.0]})).to_sparse()
            write_npz({"matrix": m}, ".build/sparse.npz")
            print(read_npz(".build/sparse.npz")["matrix"].nnz)
            """, prints: "1\n")
    ]
) { a throws(Raised) in
    let path = try a.string(1)
    var columns: [Series] = []
    if let frame = (a[0].asHost as? FrameValue)?.frame {
        for name in frame.knownNames {
            columns.append(try framing { () throws(FrameError) in try frame.series(name) })
        }
    } else if let items = a[0].dictItems {
        for (name, given) in items {
            guard let name = name.asString else {
                throw Raised(.type, "write_npz(): an array's name is a str, not a \(name.typeName)")
            }
            let column: Column
            if let series = (given.asHost as? SeriesValue)?.series {
                column = series.column
            } else {
                let list = try a.machine.materialise(given)
                defer { list.release() }
                column = try ArenaBuiltins.column(
                    ofItems: list.items ?? .init(start: nil, count: 0), named: name)
            }
            columns.append(
                try framing { () throws(FrameError) in try Series(name: name, column: column) })
        }
    } else {
        throw Raised(
            .type, "write_npz() wants a frame or a dict of columns, not \(a[0].typeWithArticle)",
            help: "write_npz({\"p\": df[\"p\"]}, path)")
    }
    try framing { () throws(FrameError) in try writeNumpyArchive(columns, path: path) }
    return .none
}
