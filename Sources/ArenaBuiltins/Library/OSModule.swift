// `os`, `os.path` and `os.environ`: the names that notebook users type, over the functions for files.
// What starts other programs is refused with a word on what to do.

import ArenaCore
import ArenaLanguage
import Glibc

private typealias P = BuiltinParameter

let osModule = Module(
    "os", "Files and folders under the names that Python's os has.",
    [
        moduleFunction("getcwd", [], "The working directory.") { a throws(Raised) in
            var buffer = [CChar](repeating: 0, count: 4097)
            guard let path = getcwd(&buffer, 4096) else {
                throw Raised(.system, "the working directory is gone: \(errorText(errno))")
            }
            return .string(String(cString: path))
        },
        moduleFunction(
            "listdir", [P("path", "str", .optional("\".\""))], "The names in a folder, sorted."
        ) { a throws(Raised) in
            .list(try names(in: a.has(1) ? try a.string(1) : ".").map { .string($0) })
        },
        moduleFunction(
            "makedirs", [P("path", "str"), P("exist_ok", "bool", .optional("False"))],
            "Makes a folder, with those above it."
        ) { a throws(Raised) in
            try makeFolder(try a.string(1), parents: true, existOK: try a.bool(2, or: false))
            return .none
        },
        refused("popen"), refused("system"),
    ],
    constants: {
        [
            ("environ", .host(EnvironValue())), ("path", .host(Namespace(pathModule))),
            ("sep", .string("/")),
        ]
    })

private func refused(_ name: String) -> Builtin {
    moduleFunction(
        name, [P("arguments", "any", .rest), P("named", "any", .keywords)],
        "Not there: scripts start no other programs."
    ) { a throws(Raised) in
        throw Raised(
            .runtime, "os.\(name)() would start another program, and scripts start none",
            help:
                "unzip(path, folder), copy(a, b), mkdir(path), glob(pattern) do what it is mostly for"
        )
    }
}

/// `os.path`.
let pathModule = Module(
    "path", "Paths under the names that Python's os.path has.",
    [
        pathFunction("basename", "What stands after the last slash.") {
            .string(splitPath($0).name)
        },
        pathFunction("dirname", "What stands before the last slash.") { .string(folder(of: $0)) },
        pathFunction("exists", "Whether a file or folder is there.") { .bool(fileExists($0)) },
        moduleFunction("getsize", [P("path", "str")], "A file's size in bytes.") {
            a throws(Raised) in
            let path = try a.string(1)
            guard let info = status(path) else { throw Raised(missingFile(path)) }
            return .int(info.size)
        },
        pathFunction("isdir", "Whether a folder is there.") { .bool(isDirectory($0)) },
        pathFunction("isfile", "Whether a file is there.") {
            .bool(status($0)?.isFile ?? false)
        },
        moduleFunction("join", [P("parts", "str", .rest)], "Parts of a path joined by slashes.") {
            a throws(Raised) in .string(try joined(a, 1))
        },
        pathFunction("splitext", "A path without its ending, and the ending with its dot.") {
            let (stem, ending) = splitEnding($0)
            return .tuple([.string(stem), .string(ending)])
        },
    ])

private func pathFunction(
    _ name: String, _ summary: String, _ f: @escaping @Sendable (String) -> Value
) -> Builtin {
    moduleFunction(name, [P("path", "str")], summary) { a throws(Raised) in f(try a.string(1)) }
}

/// Python's `os.path.splitext`: dots at the start of a name begin no ending.
func splitEnding(_ path: String) -> (String, String) {
    let name = splitPath(path).name
    let dots = name.prefix { $0 == "." }.count
    guard let dot = name.dropFirst(dots).lastIndex(of: ".") else { return (path, "") }
    let ending = String(name[dot...])
    return (String(path.dropLast(ending.count)), ending)
}

/// `os.environ`: read only.
final class EnvironValue: HostObject {
    static let hostType = HostType(
        "environment", summary: "The environment's variables.",
        methods: [
            Builtin(
                "get",
                [
                    .receiver("environment"), P("name", "str"),
                    P("default", "any", .optional("None")),
                ],
                "A variable's value, or the default."
            ) { a throws(Raised) in
                variable(try a.string(1)).map { .string($0) }
                    ?? (a[2].isUnset ? .none : a[2].retain())
            }
        ])
    var type: HostType { Self.hostType }

    func item(_ key: Value) throws(Raised) -> Value {
        guard let name = key.asString else {
            throw Raised(.type, "a variable's name is a str, not \(key.typeWithArticle)")
        }
        if let value = variable(name) { return .string(value) }
        throw Raised(
            .key, "the environment has no variable '\(name)'",
            help: "env(\"\(name)\", default) gives a default")
    }

    func setItem(_ key: Value, _ value: Value) throws(Raised) {
        throw Raised(
            .type, "the environment is only read",
            help: "set it where arenascript is started: NAME=value arenascript run ...")
    }

    func contains(_ value: Value) throws(Raised) -> Bool {
        value.asString.map { variable($0) != nil } ?? false
    }
}

func variable(_ name: String) -> String? {
    if name.utf8.contains(0) { return nil }
    return getenv(name).map { String(cString: $0) }
}

let envFunction = Builtin(
    "env", [P("name", "str"), P("default", "any", .optional("None"))],
    "An environment variable as text, or the default.",
    examples: [Example("print(env(\"ARENA_NO_SUCH_NAME\", \"none\"))", prints: "none\n")]
) { a throws(Raised) in
    let name = try a.string(0)
    if let value = variable(name) { return .string(value) }
    return a[1].isUnset ? .none : a[1].retain()
}

// MARK: - Inputs

let inputDirFunction = Builtin(
    "input_dir", [P("name", "str", .required, "a part of the folder's name")],
    "The folder of an attached input, found by part of its name.",
    examples: [
        Example(
            "print(is_dir(input_dir(\"demo\")) if env(\"ARENA_INPUT\") else True)", prints: "True\n"
        )
    ]
) { a throws(Raised) in .string(try inputFolder(try a.string(0))) }

/// A folder under $ARENA_INPUT, /kaggle/input or ./input, or up to two levels further down.
func inputFolder(_ name: String) throws(Raised) -> String {
    let places = ([variable("ARENA_INPUT") ?? "", "/kaggle/input", "input"]).filter { !$0.isEmpty }
    let wanted = name.lowercased()
    var all: [String] = []
    for place in places where isDirectory(place) {
        // By level: an input's own folder goes before folders inside it.
        var level = [place]
        var levels: [[String]] = []
        for _ in 0..<3 {
            level = level.flatMap { folder in
                listDirectory(folder).filter { !$0.hasPrefix(".") }.map { joinPath(folder, $0) }
                    .filter { isDirectory($0) }
            }
            if level.count > 20_000 { level = Array(level.prefix(20_000)) }
            levels.append(level)
        }
        all += levels[0]
        let exact = levels.joined().filter { splitPath($0).name.lowercased() == wanted }
        if exact.count == 1 { return exact[0] }
        if wanted.isEmpty { continue }
        for folders in levels {
            let found = folders.filter { splitPath($0).name.lowercased().contains(wanted) }
            if found.count == 1 { return found[0] }
            if found.count > 1 {
                throw Raised(
                    .value,
                    "input_dir(): '\(name)' is part of \(found.count) names: \(listed(found))",
                    help: "write more of the name")
            }
        }
    }
    let existing = places.filter { isDirectory($0) }
    throw Raised(
        .fileNotFound,
        existing.isEmpty
            ? "input_dir(): there is no folder of inputs: \(places.joined(separator: ", "))"
            : "input_dir(): no input's name holds '\(name)'; there is \(all.isEmpty ? "nothing in \(listed(existing))" : listed(all))",
        help: existing.isEmpty
            ? "ARENA_INPUT=FOLDER arenascript run ... names another" : nearestInput(wanted, all))
}

private func nearestInput(_ name: String, _ all: [String]) -> String? {
    nearestName(to: name, in: all.map { splitPath($0).name }).map { "did you mean '\($0)'?" }
}

private func listed(_ paths: [String]) -> String {
    paths.prefix(10).joined(separator: ", ")
        + (paths.count > 10 ? " and \(paths.count - 10) more" : "")
}
