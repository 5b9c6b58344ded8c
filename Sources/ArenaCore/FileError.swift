// What can go wrong between the program and the file system, as facts and then as words.

import Glibc

/// A file that could not be opened, read or written.
package enum FileError: ArenaFault, Equatable {
    case missing(path: String, nearest: String?)
    case isDirectory(path: String)
    case notRegular(path: String)
    case system(path: String, doing: String, code: Int32)
    case missingFolder(path: String)
    case unusableName(path: String)
    /// A lock does not know the file (`expected` is nil) or knows another content.
    case locked(path: String, lock: String, isKnown: Bool)

    package var report: FaultReport {
        switch self {
        case .missing(let path, let nearest):
            return FaultReport(
                .fileNotFound, "there is no file \(path)",
                help: nearest.map { "did you mean '\($0)'?" }
                    ?? "check the folder's name and what is in it")
        case .isDirectory(let path):
            return FaultReport(
                .system, "\(path) is a folder, not a file", help: "name a file inside it")
        case .notRegular(let path):
            return FaultReport(
                .system, "\(path) is not a regular file", help: "copy its content to a file first")
        case .system(let path, let doing, let code):
            return FaultReport(
                .system, "\(doing) \(path) failed: \(errorText(code))",
                help: systemHelp(code))
        case .missingFolder(let path):
            return FaultReport(
                .fileNotFound, "the folder of \(path) does not exist", help: "make it first")
        case .unusableName(let path):
            return FaultReport(
                .value, path.isEmpty ? "the file's name is empty" : "a file's name cannot hold NUL",
                help: "name a file, such as submission.csv")
        case .locked(let path, let lock, let isKnown):
            return FaultReport(
                .permission,
                isKnown
                    ? "\(path) is not the file that \(lock) was made with"
                    : "\(path) is not among the files of \(lock)",
                help: "run without --locked, or make the lock anew: arenascript lock SCRIPT")
        }
    }
}

/// The system's own words for an errno value.
package func errorText(_ code: Int32) -> String {
    guard let text = strerror(code) else { return "error \(code)" }
    return String(cString: text)
}

private func systemHelp(_ code: Int32) -> String? {
    switch code {
    case ENOSPC, EDQUOT: return "free some room on that disk or write elsewhere"
    case EACCES, EPERM: return "check the file's permissions, or write to a folder that is yours"
    case EROFS: return "that folder is read-only: write elsewhere, such as the working directory"
    case EMFILE, ENFILE: return "too many open files: raise the limit with ulimit -n"
    default: return nil
    }
}

/// A missing file's error, with the nearest name in the same folder.
package func missingFile(_ path: String) -> FileError {
    let (folder, name) = splitPath(path)
    let near = nearestName(to: name, in: listDirectory(folder.isEmpty ? "." : folder))
    return .missing(path: path, nearest: near.map { folder.isEmpty ? $0 : joinPath(folder, $0) })
}

/// `a/b/c` as (`a/b`, `c`).
package func splitPath(_ path: String) -> (folder: String, name: String) {
    guard let slash = path.lastIndex(of: "/") else { return ("", path) }
    let folder = slash == path.startIndex ? "/" : String(path[..<slash])
    return (folder, String(path[path.index(after: slash)...]))
}

/// `folder/name` with exactly one slash between them.
package func joinPath(_ folder: String, _ name: String) -> String {
    folder.isEmpty ? name : folder.hasSuffix("/") ? folder + name : folder + "/" + name
}

/// The names in a folder in byte order; empty when it cannot be read.
package func listDirectory(_ path: String) -> [String] {
    let planned = FileAccount.plannedNames(in: path)
    guard let handle = opendir(path) else { return planned.sorted() }
    defer { closedir(handle) }
    var names = Set(planned)
    while let entry = readdir(handle) {
        // SAFETY: d_name is NUL-terminated inside the entry, which readdir owns until the next call.
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != ".", name != ".." { names.insert(name) }
    }
    return names.sorted()
}

/// Whether something exists under this path.
package func fileExists(_ path: String) -> Bool {
    access(FileAccount.place(of: path), F_OK) == 0 || FileAccount.hasPlannedFolder(path)
}

/// Makes a folder and those above it, unless they are there.
/// - Throws: `FileError.system` naming the folder that cannot be made.
package func makeFolders(_ path: String, permissions: mode_t = 0o777) throws(FileError) {
    if path.isEmpty || isDirectory(path) { return }
    let above = splitPath(path).folder
    if above != path { try makeFolders(above, permissions: permissions) }
    guard mkdir(path, permissions) == 0 || errno == EEXIST else {
        throw .system(path: path, doing: "making the folder", code: errno)
    }
}

/// Whether this path is a folder.
package func isDirectory(_ path: String) -> Bool {
    var info = stat()
    return stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
        || FileAccount.hasPlannedFolder(path)
}
