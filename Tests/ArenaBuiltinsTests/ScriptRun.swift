// Runs pieces of script in this process, from the project's root.

import ArenaCore
import Glibc
import Testing

@testable import ArenaBuiltins
@testable import ArenaLanguage

/// The project's root folder, which is also the working directory of every script here.
let root: String = {
    let path = String(#filePath.dropLast("/Tests/ArenaBuiltinsTests/ScriptRun.swift".utf8.count))
    chdir(path)
    mkdir(".build", 0o755)
    return path
}()

/// What a script printed, what it said to the person, and how it failed.
struct ScriptOutcome {
    var output = ""
    var notes: [String] = []
    var failure: RunFailure?

    /// The failure in words; empty if there was none.
    var message: String {
        switch failure {
        case nil: return ""
        case .rejected(let found): return found.map { $0.rendered(colour: false) }.joined()
        case .raised(let diagnostic): return diagnostic.rendered(colour: false)
        case .interrupted: return "interrupted"
        }
    }
}

func runScript(_ source: String, parameters: [String: String] = [:], name: String = "test.as")
    -> ScriptOutcome
{
    _ = root
    nonisolated(unsafe) var outcome = ScriptOutcome()
    let interpreter = Interpreter(
        builtins: allBuiltins, values: allModules, parameters: parameters
    ) {
        outcome.output += $0
    }
    interpreter.machine.note = { outcome.notes.append($0) }
    do throws(RunFailure) {
        _ = try interpreter.run(
            SourceFile(name: name, bytes: Array(source.utf8)), interactive: false)
    } catch {
        outcome.failure = error
    }
    return outcome
}

/// A folder of its own for one test, removed with all its content afterwards.
final class Scratch {
    let path: String

    init() {
        var template = Array("/tmp/arena-script-XXXXXX".utf8CString)
        path = mkdtemp(&template).map { String(cString: $0) } ?? "/tmp"
    }

    deinit { remove(path) }

    func file(_ name: String, _ text: String) throws -> String {
        let path = joinPath(path, name)
        try writeFile(path, Array(text.utf8))
        return path
    }

    /// A copy of a folder's files (not of folders in it).
    func copy(_ folder: String, as name: String) throws -> String {
        let target = joinPath(path, name)
        mkdir(target, 0o755)
        for entry in listDirectory(folder) where !isDirectory(joinPath(folder, entry)) {
            try writeFile(joinPath(target, entry), try readFile(joinPath(folder, entry)))
        }
        return target
    }

    func delete(_ path: String) throws { unlink(path) }

    private func remove(_ path: String) {
        for entry in listDirectory(path) {
            let inner = joinPath(path, entry)
            if isDirectory(inner) { remove(inner) } else { unlink(inner) }
        }
        rmdir(path)
    }
}
