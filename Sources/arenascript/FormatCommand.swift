// `arenascript fmt`.

import ArenaShell
import ArgumentParser

struct Format: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fmt", abstract: "Lay out scripts in one style, in place.",
        discussion: """
            4 spaces, 100 columns; a bracket that does not fit gets one item a line, and so does \
            one whose last item ends in a comma. What a script says never changes. Files that \
            changed are named.
            """)

    @Argument(
        help: "The scripts; - lays out standard input to standard output.",
        completion: .file(extensions: ["as"]))
    var files: [String]

    @Flag(
        help: "Write nothing; name the files that would change, and exit with 1 if there are any.")
    var check = false

    @Flag(help: "Write nothing; show what would change.")
    var diff = false

    func validate() throws {
        if check, diff {
            throw ValidationError("--check names files and --diff shows them: give one.")
        }
    }

    func run() throws {
        let sources = files.map { ScriptSource(argument: $0) }
        try Session().format(sources, mode: check ? .check : diff ? .diff : .write).leave()
    }
}
