// A folder with all that a script needs to run elsewhere: the binary, the script and what it loads, their
// hashes, and one command.

import ArenaCore
import ArenaLanguage
import Glibc

extension Session {
    /// Makes the folder of a script; it appears whole or not at all.
    package func bundle(_ script: String, into folder: String) -> ExitStatus {
        var folder = folder
        while folder.count > 1, folder.hasSuffix("/") { folder.removeLast() }
        do throws(BundleError) {
            let bundle = try Bundle(script, interpreter: makeInterpreter(output: OutputSink(1)))
            let faults = bundle.faults
            guard faults.isEmpty else { return report(.rejected(faults)) }
            try bundle.write(to: folder)
            return printText(
                "\(folder): \(counted(bundle.files.count, "file")); to run it: sh \(folder)/run\n")
        } catch {
            tell(error)
            return .input
        }
    }
}

/// Why a script cannot be put into a folder.
enum BundleError: ArenaFault, Equatable {
    case file(FileError)
    case script(ScriptError)
    /// The folder is there already.
    case exists(String)
    /// A file is loaded by a name that means another place elsewhere.
    case absolute(String)

    var report: FaultReport {
        switch self {
        case .file(let error): return error.report
        case .script(let error): return error.report
        case .exists(let folder):
            return FaultReport(
                .value, "\(folder) is there already",
                help: "name a folder that is not there, or take it away first")
        case .absolute(let path):
            return FaultReport(
                .value, "\(path) is loaded by its whole path, which is another place elsewhere",
                help: "load it by its place beside the script")
        }
    }
}

private struct Bundle {
    struct Item {
        /// Its place in the folder.
        var place: String
        var bytes: [UInt8]
    }

    /// The script first.
    let files: [Item]
    let faults: [Diagnostic]

    /// - Throws: `BundleError` for files that cannot be read or placed.
    init(_ path: String, interpreter: Interpreter) throws(BundleError) {
        let main: SourceFile
        do { main = try ScriptSource.file(path).load() } catch { throw .script(error) }
        faults = interpreter.check(main)
        let sources = [main] + interpreter.filesLoaded(by: main)
        let places = sources.map { plainPath($0.name) }
        for (source, place) in zip(sources, places).dropFirst() where source.name.hasPrefix("/") {
            // A script that was itself named so loads what lies beside it.
            guard path.hasPrefix("/"), place.hasPrefix(splitPath(places[0]).folder) else {
                throw .absolute(source.name)
            }
        }
        let common = commonFolder(places)
        var files: [Item] = []
        for (source, place) in zip(sources, places) {
            do throws(FileError) {
                files.append(
                    Item(
                        place: String(place.dropFirst(common.count)),
                        bytes: try readFile(source.name)))
            } catch { throw .file(error) }
        }
        self.files = files
    }

    func write(to folder: String) throws(BundleError) {
        var info = stat()
        if lstat(folder, &info) == 0 { throw .exists(folder) }
        let partial = folder + ".\(getpid()).partial"
        do throws(FileError) {
            try fill(partial)
            guard rename(partial, folder) == 0 else {
                throw .system(path: folder, doing: "renaming to", code: errno)
            }
        } catch {
            removeFolder(partial)
            throw .file(error)
        }
    }

    private func fill(_ folder: String) throws(FileError) {
        try makeFolders(folder)
        let binary = try MappedFile("/proc/self/exe", purpose: .fingerprint)
        let script = files[0].place
        // Quoted for the shell, whatever the name is.
        let quoted =
            "'"
            + script.split(separator: "'", omittingEmptySubsequences: false)
            .joined(separator: "'\\''") + "'"
        let command = """
            #!/bin/sh
            # Runs the script with the binary beside it; arguments are passed on: sh run --set data=FOLDER
            here=${0%/*}
            [ "$here" = "$0" ] && here=.
            arenascript=$here/arenascript
            if ! [ -x "$arenascript" ]; then
                # An attached folder may have lost the right to run it.
                copy=$(mktemp -d) && cp "$arenascript" "$copy" && chmod +x "$copy/arenascript" || exit 1
                arenascript=$copy/arenascript
            fi
            exec "$arenascript" run "$here/"\(quoted) "$@"

            """
        var listed: [JSONLine] = []
        func add(_ place: String, _ bytes: some Collection<UInt8>, mode: mode_t) throws(FileError) {
            let path = joinPath(folder, place)
            try makeFolders(splitPath(path).folder)
            let file = try AtomicFile(path)
            try file.write(bytes)
            try file.commit()
            guard chmod(path, mode) == 0 else {
                throw .system(path: path, doing: "setting the mode of", code: errno)
            }
            var line = JSONLine()
            line.add("path", place)
            line.add("size", bytes.count)
            line.add("sha256", "\(Digest(of: bytes))")
            listed.append(line)
        }
        try add("arenascript", binary.bytes, mode: 0o755)
        for file in files { try add(file.place, file.bytes, mode: 0o644) }
        try add("run", Array(command.utf8), mode: 0o755)
        var manifest = JSONLine()
        manifest.add("version", arenaVersion)
        manifest.add("script", script)
        manifest.add("files", lines: listed)
        try writeFile(joinPath(folder, "MANIFEST.json"), Array((manifest.text + "\n").utf8))
    }
}

/// A path from the root, without `.` and `..`.
private func plainPath(_ path: String) -> String {
    let whole = path.hasPrefix("/") ? path : joinPath(workingFolder(), path)
    var parts: [Substring] = []
    for part in whole.split(separator: "/") where part != "." {
        if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    return "/" + parts.joined(separator: "/")
}

/// The deepest folder that all files are in, with a slash at its end.
private func commonFolder(_ paths: [String]) -> String {
    var common = splitPath(paths[0]).folder.split(separator: "/")
    for path in paths.dropFirst() {
        let other = splitPath(path).folder.split(separator: "/")
        common = zip(common, other).prefix { $0 == $1 }.map(\.0)
    }
    return common.isEmpty ? "/" : "/" + common.joined(separator: "/") + "/"
}
