// Files and folders by path: what is there, whole texts and bytes, making and taking away. Whatever is
// written appears whole or not at all.

import ArenaCore
import ArenaLanguage
import Glibc

private typealias P = BuiltinParameter

let existsFunction = Builtin(
    "exists", [P("path", "str")], "Whether a file or folder is there.",
    examples: [Example("print(exists(\"Resources/demo\"))", prints: "True\n")]
) { a throws(Raised) in .bool(fileExists(try a.string(0))) }

let isFileFunction = Builtin(
    "is_file", [P("path", "str")], "Whether a file is there.",
    examples: [Example("print(is_file(\"Resources/demo/test.csv\"))", prints: "True\n")]
) { a throws(Raised) in .bool(status(try a.string(0))?.isFile ?? false) }

let isDirFunction = Builtin(
    "is_dir", [P("path", "str")], "Whether a folder is there.",
    examples: [Example("print(is_dir(\"Resources/demo\"))", prints: "True\n")]
) { a throws(Raised) in .bool(isDirectory(try a.string(0))) }

let listdirFunction = Builtin(
    "listdir", [P("path", "str", .optional("\".\""))], "The names in a folder, sorted.",
    examples: [Example("print(\"demo\" in listdir(\"Resources\"))", prints: "True\n")]
) { a throws(Raised) in .list(try names(in: a.has(0) ? try a.string(0) : ".").map { .string($0) }) }

let globFunction = Builtin(
    "glob", [P("pattern", "str")],
    "The paths that match a pattern, sorted; * and ? stay inside a name, ** stands for any folders.",
    examples: [
        Example(
            "print(glob(\"Resources/**/sample*.csv\"))",
            prints: "['Resources/demo/sample_submission.csv']\n")
    ]
) { a throws(Raised) in .list(try matchingPaths(try a.string(0), a.machine).map { .string($0) }) }

let readTextFunction = Builtin(
    "read_text", [P("path", "str")], "A text file's content; line ends become \\n.",
    examples: [
        Example(
            "write_text(\".build/read_text.txt\", \"héllo\")\nprint(read_text(\".build/read_text.txt\"))",
            prints: "héllo\n")
    ]
) { a throws(Raised) in .string(try textBytes(try a.string(0))) }

let writeTextFunction = Builtin(
    "write_text", [P("path", "str"), P("text", "str")],
    "Writes a text file, whole or not at all; gives its length in characters.",
    examples: [
        Example(
            "print(write_text(\".build/write_text.txt\", \"one\\n\"))", prints: "4\n")
    ]
) { a throws(Raised) in
    let path = try a.string(0)
    guard a[1].isText else {
        throw Raised(
            .type, "write_text() writes a str, not \(a[1].typeWithArticle)",
            help: a[1].isList ? "write_lines(path, lines)" : "write_text(path, str(x))")
    }
    try raising { () throws(FileError) in try writeFile(path, Array(a[1].utf8)) }
    return .int(a[1].scalarCount)
}

let readLinesFunction = Builtin(
    "read_lines", [P("path", "str")], "A text file's lines, without their ends.",
    examples: [
        Example(
            "write_lines(\".build/read_lines.txt\", [\"a\", \"\", \"b\"])\nprint(read_lines(\".build/read_lines.txt\"))",
            prints: "['a', '', 'b']\n")
    ]
) { a throws(Raised) in
    let text = try textBytes(try a.string(0))
    var lines = text.split(separator: 10, omittingEmptySubsequences: false)
    if lines.last?.isEmpty ?? false { lines.removeLast() }
    return .list(lines.map { .string($0) })
}

let writeLinesFunction = Builtin(
    "write_lines", [P("path", "str"), P("lines", "list of str")],
    "Writes lines, each with a line end, whole or not at all.",
    examples: [
        Example(
            "write_lines(\".build/write_lines.txt\", [\"a\", \"b\"])\nprint(repr(read_text(\".build/write_lines.txt\")))",
            prints: "'a\\nb\\n'\n")
    ]
) { a throws(Raised) in
    let path = try a.string(0)
    if a[1].isText {
        throw Raised(
            .type, "write_lines() writes a list of str, not a str", help: "write_text(path, text)")
    }
    let list = try a.iterable(1)
    defer { list.release() }
    var out: [UInt8] = []
    for item in list.items ?? UnsafeBufferPointer(start: nil, count: 0) {
        guard item.isText else {
            throw Raised(
                .type, "a line is a str, not \(item.typeWithArticle)",
                help: "[str(x) for x in lines]")
        }
        out += item.utf8
        out.append(10)
    }
    try raising { () throws(FileError) in try writeFile(path, out) }
    return .none
}

let readBytesFunction = Builtin(
    "read_bytes", [P("path", "str")], "A file's content as bytes.",
    examples: [
        Example(
            "write_bytes(\".build/read_bytes.bin\", b\"\\x00\\xff\")\nprint(len(read_bytes(\".build/read_bytes.bin\")))",
            prints: "2\n")
    ]
) { a throws(Raised) in
    let path = try a.string(0)
    return .byteString(try raising { () throws(FileError) in try readFile(path) })
}

let writeBytesFunction = Builtin(
    "write_bytes", [P("path", "str"), P("data", "bytes")],
    "Writes bytes, whole or not at all; gives their count.",
    examples: [
        Example("print(write_bytes(\".build/write_bytes.bin\", b\"abc\"))", prints: "3\n")
    ]
) { a throws(Raised) in
    let path = try a.string(0)
    guard a[1].isBytes else {
        throw Raised(
            .type, "write_bytes() writes bytes, not \(a[1].typeWithArticle)",
            help: "write_text(path, text) writes text")
    }
    try raising { () throws(FileError) in try writeFile(path, Array(a[1].utf8)) }
    return .int(a[1].utf8.count)
}

let copyFunction = Builtin(
    "copy", [P("source", "str"), P("target", "str")],
    "Copies a file, whole or not at all; a target that is a folder keeps the name. Gives the new path.",
    examples: [
        Example(
            "write_text(\".build/copy.txt\", \"a\")\nprint(copy(\".build/copy.txt\", \".build/copy-2.txt\"))",
            prints: ".build/copy-2.txt\n")
    ]
) { a throws(Raised) in
    let source = try a.string(0)
    var target = try a.string(1)
    if isDirectory(target) { target = joinPath(target, splitPath(source).name) }
    let path = target
    try raising { () throws(FileError) in
        let file = try MappedFile(source)
        let copy = try AtomicFile(path)
        try withExtendedLifetime(file) { () throws(FileError) in
            for start in stride(from: 0, to: file.bytes.count, by: 1 << 20) {
                try copy.write(file.bytes[start..<min(start + 1 << 20, file.bytes.count)])
            }
        }
        try copy.commit()
    }
    return .string(path)
}

let mkdirFunction = Builtin(
    "mkdir",
    [
        P("path", "str"), P("parents", "bool", .named("True")),
        P("exist_ok", "bool", .named("True")),
    ],
    "Makes a folder, with those above it.",
    examples: [
        Example(
            "mkdir(\".build/mkdir/inner\")\nprint(is_dir(\".build/mkdir/inner\"))",
            prints: "True\n")
    ]
) { a throws(Raised) in
    try makeFolder(
        try a.string(0), parents: try a.bool(1, or: true), existOK: try a.bool(2, or: true))
    return .none
}

let removeFunction = Builtin(
    "remove", [P("path", "str")], "Takes away a file or an empty folder.",
    examples: [
        Example(
            "write_text(\".build/remove-3.txt\", \"\")\nremove(\".build/remove-3.txt\")\nprint(exists(\".build/remove-3.txt\"))",
            prints: "False\n")
    ]
) { a throws(Raised) in
    let path = try a.string(0)
    if FileAccount.takeAway(path) { return .none }
    try a.leaveOutInRehearsal()
    var info = stat()
    guard lstat(path, &info) == 0 else { throw Raised(missingFile(path)) }
    let isFolder = info.st_mode & S_IFMT == S_IFDIR
    guard (isFolder ? rmdir(path) : unlink(path)) == 0 else {
        let code = errno
        throw Raised(
            .system, "removing \(path) failed: \(errorText(code))",
            help: code == ENOTEMPTY ? "take away what is in it first" : nil)
    }
    return .none
}

let renameFunction = Builtin(
    "rename", [P("source", "str"), P("target", "str")],
    "Gives a file or folder another name; a file of that name is replaced.",
    examples: [
        Example(
            "write_text(\".build/rename.txt\", \"\")\nrename(\".build/rename.txt\", \".build/rename-4.txt\")\nprint(exists(\".build/rename-4.txt\"))",
            prints: "True\n")
    ]
) { a throws(Raised) in
    let (source, target) = (try a.string(0), try a.string(1))
    guard fileExists(source) else { throw Raised(missingFile(source)) }
    if FileAccount.isRedirected, let file = try? MappedFile(source),
        file.bytes.count <= FileAccount.mostCopied
    {
        try raising { () throws(FileError) in try writeFile(target, Array(file.bytes)) }
        _ = FileAccount.takeAway(source)
        return .none
    }
    try a.leaveOutInRehearsal()
    guard Glibc.rename(source, target) == 0 else {
        let code = errno
        throw Raised(
            .system, "renaming \(source) to \(target) failed: \(errorText(code))",
            help: code == EXDEV
                ? "they are on two disks: copy(source, target), then remove(source)" : nil)
    }
    return .none
}

let fileSizeFunction = Builtin(
    "file_size", [P("path", "str")], "A file's size in bytes.",
    examples: [
        Example(
            "write_text(\".build/file_size.txt\", \"é\")\nprint(file_size(\".build/file_size.txt\"))",
            prints: "2\n")
    ]
) { a throws(Raised) in
    let path = try a.string(0)
    guard let info = status(path) else { throw Raised(missingFile(path)) }
    return .int(info.size)
}

let joinPathFunction = Builtin(
    "join_path", [P("parts", "str", .rest)],
    "Parts of a path joined by slashes; one that begins with / starts anew.",
    examples: [Example("print(join_path(\"a\", \"b/\", \"c.csv\"))", prints: "a/b/c.csv\n")]
) { a throws(Raised) in .string(try joined(a, 0)) }

let basenameFunction = Builtin(
    "basename", [P("path", "str")], "What stands after the last slash.",
    examples: [Example("print(basename(\"a/b.csv\"))", prints: "b.csv\n")]
) { a throws(Raised) in .string(splitPath(try a.string(0)).name) }

let dirnameFunction = Builtin(
    "dirname", [P("path", "str")], "What stands before the last slash.",
    examples: [Example("print(dirname(\"a/b.csv\"))", prints: "a\n")]
) { a throws(Raised) in .string(folder(of: try a.string(0))) }

// MARK: - Paths

struct FileStatus {
    var isFile: Bool
    var size: Int
}

func status(_ path: String) -> FileStatus? {
    var info = stat()
    guard stat(FileAccount.place(of: path), &info) == 0 else { return nil }
    return FileStatus(isFile: info.st_mode & S_IFMT == S_IFREG, size: Int(info.st_size))
}

/// Python's `os.path.join`.
func joined(_ a: Arguments, _ first: Int) throws(Raised) -> String {
    var path = ""
    let parts = a[first].items ?? UnsafeBufferPointer(start: nil, count: 0)
    if parts.isEmpty { throw Raised(.type, "\(a.builtin.name)() wants at least one part") }
    for (i, part) in parts.enumerated() {
        guard let text = part.asString else {
            throw Raised(.type, "a part of a path is a str, not \(part.typeWithArticle)")
        }
        if i == 0 || text.hasPrefix("/") {
            path = text
        } else if path.isEmpty || path.hasSuffix("/") {
            path += text
        } else {
            path += "/" + text
        }
    }
    return path
}

/// Python's `os.path.dirname`: without the slashes at its end, unless it is all slashes.
func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "" }
    let head = path[...slash]
    let end = head.lastIndex { $0 != "/" }
    return String(end.map { head[...$0] } ?? head)
}

/// A folder's names, or an error if it cannot be read.
func names(in path: String) throws(Raised) -> [String] {
    guard isDirectory(path) else {
        if fileExists(path) {
            throw Raised(
                .system, "\(path) is a file, not a folder", help: "read_text(path) reads a file")
        }
        throw Raised(missingFile(path))
    }
    // A folder that a trial would have made is not there.
    guard access(path, R_OK) == 0 || errno == ENOENT else {
        throw Raised(.system, "reading the folder \(path) failed: \(errorText(errno))")
    }
    return listDirectory(path)
}

func makeFolder(_ path: String, parents: Bool, existOK: Bool) throws(Raised) {
    if path.isEmpty || path.utf8.contains(0) { throw Raised(FileError.unusableName(path: path)) }
    if isDirectory(path) {
        if existOK { return }
        throw Raised(.system, "there is already a folder \(path)", help: "exist_ok=True")
    }
    if FileAccount.isRedirected { return FileAccount.planFolder(path) }
    if Glibc.mkdir(path, 0o777) == 0 { return }
    let code = errno
    if code == EEXIST, isDirectory(path), existOK { return }
    if code == ENOENT, parents {
        let above = folder(of: path.hasSuffix("/") ? String(path.dropLast()) : path)
        if !above.isEmpty, above != path, !fileExists(above) {
            try makeFolder(above, parents: true, existOK: true)
            return try makeFolder(path, parents: false, existOK: existOK)
        }
    }
    throw Raised(
        .system, "making the folder \(path) failed: \(errorText(code))",
        help: code == ENOENT
            ? "the folder above it is missing: parents=True"
            : code == EEXIST ? "a file has that name" : nil)
}

/// A text file's bytes, checked, with line ends as \n.
func textBytes(_ path: String) throws(Raised) -> [UInt8] {
    let bytes = try raising { () throws(FileError) in try readFile(path) }
    return try checkedText(bytes, path)
}

func checkedText(_ bytes: [UInt8], _ path: String) throws(Raised) -> [UInt8] {
    if let bad = bytes.withUnsafeBytes({ firstInvalidUTF8($0) }) {
        let (line, column) = bytes.withUnsafeBytes { lineAndColumn(of: bad, in: $0) }
        throw Raised(
            .unicode,
            "\(path) is not UTF-8 text: byte \(bad) is 0x\(String(bytes[bad], radix: 16))",
            help: "read_bytes(path) takes it as it is",
            input: FilePlace(path, line: line, column: column))
    }
    guard bytes.contains(13) else { return bytes }
    var out: [UInt8] = []
    out.reserveCapacity(bytes.count)
    for (i, c) in bytes.enumerated() {
        if c == 13 {
            if i + 1 == bytes.count || bytes[i + 1] != 10 { out.append(10) }
        } else {
            out.append(c)
        }
    }
    return out
}

// MARK: - Patterns of paths

/// The paths that match, in byte order; names that begin with a dot only where the pattern says so.
func matchingPaths(_ pattern: String, _ machine: Machine) throws(Raised) -> [String] {
    if pattern.utf8.contains(0) { throw Raised(.value, "a path cannot hold NUL") }
    let absolute = pattern.hasPrefix("/")
    let parts = pattern.split(separator: "/").map(String.init)
    if parts.isEmpty { return absolute ? ["/"] : [] }
    var found = [absolute ? "/" : ""]
    for (i, part) in parts.enumerated() {
        let isLast = i == parts.count - 1
        var next: [String] = []
        for base in found {
            try machine.answerStops()
            if part == "**" {
                // Any number of folders, none included; the last one gives files as well.
                next += foldersBelow(base, withFiles: isLast, depth: 0, machine)
                if !isLast || !base.isEmpty { next.append(base) }
            } else if !part.contains(where: { "*?[".contains($0) }) {
                let path = joinPath(base, part)
                var info = stat()
                if lstat(path, &info) == 0 || fileExists(path), isLast || isDirectory(path) {
                    next.append(path)
                }
            } else {
                for name in listDirectory(base.isEmpty ? "." : base)
                where fnmatch(part, name, FNM_PERIOD) == 0 {
                    let path = joinPath(base, name)
                    if isLast || isDirectory(path) { next.append(path) }
                }
            }
        }
        found = Array(Set(next)).sorted()
    }
    if pattern.hasSuffix("/") { found = found.filter { isDirectory($0) }.map { $0 + "/" } }
    return found
}

/// The folders below one (not through links, which may go round), and its files if wanted.
private func foldersBelow(
    _ base: String, withFiles: Bool, depth: Int, _ machine: Machine
) -> [String] {
    if depth > 64 || machine.requests.isStopRequested { return [] }
    var result: [String] = []
    for name in listDirectory(base.isEmpty ? "." : base) where !name.hasPrefix(".") {
        let path = joinPath(base, name)
        var info = stat()
        let isFolder =
            lstat(path, &info) == 0 ? info.st_mode & S_IFMT == S_IFDIR : isDirectory(path)
        if isFolder || withFiles { result.append(path) }
        if isFolder {
            result += foldersBelow(path, withFiles: withFiles, depth: depth + 1, machine)
        }
    }
    return result
}
