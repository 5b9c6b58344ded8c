// `arenascript runs` and `arenascript lock`: what the journal of a folder knows.

import ArenaShell
import ArgumentParser

/// Which journal.
struct JournalOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The folder of the journal; without it, .arena in the working directory.",
            valueName: "folder"),
        completion: .directory)
    var state: String?
}

struct LockCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lock",
        abstract: "Write the contents of a script's inputs to SCRIPT.lock, for run --locked.",
        discussion: "The inputs are those of its last run that came to its end.")

    @Argument(help: "The script.", completion: .file(extensions: ["as"]))
    var script: String

    @OptionGroup var journal: JournalOption

    func run() throws { try Session().lock(script, state: journal.state).leave() }
}

struct Runs: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs", abstract: "Show what the journal knows of the runs of this folder.",
        subcommands: [
            List.self, Show.self, Diff.self, Export.self, Verify.self, Prune.self,
        ],
        defaultSubcommand: List.self)

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the runs, the oldest first.")
        @OptionGroup var journal: JournalOption

        func run() throws { try Session().listRuns(state: journal.state).leave() }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Show a run: its steps, metrics, inputs and outputs.")
        @Argument(help: "The run's number; without it, the last.")
        var number: Int?
        @OptionGroup var journal: JournalOption

        func run() throws { try Session().showRun(number, state: journal.state).leave() }
    }

    struct Diff: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "diff", abstract: "Show what is different between two runs.")
        @Argument(help: "The number of a run.")
        var first: Int
        @Argument(help: "The number of another.")
        var second: Int
        @OptionGroup var journal: JournalOption

        func run() throws {
            try Session().compareRuns(first, second, state: journal.state).leave()
        }
    }

    struct Export: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Write a run as one JSON object.")
        @Argument(help: "The run's number; without it, the last.")
        var number: Int?
        @OptionGroup var journal: JournalOption

        func run() throws { try Session().exportRun(number, state: journal.state).leave() }
    }

    struct Prune: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "prune", abstract: "Drop results that no recent run needs.",
            discussion: """
                The list of runs stays. What a run under way has computed or found is kept too; it may be \
                called beside one.
                """)
        @Option(
            help: ArgumentHelp("How many of the last runs keep their results.", valueName: "runs"))
        var keep = 10
        @OptionGroup var journal: JournalOption

        func validate() throws {
            if keep < 0 { throw ValidationError("--keep is at least 0.") }
        }

        func run() throws { try Session().pruneRuns(keep: keep, state: journal.state).leave() }
    }

    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "verify",
            abstract: "Run a recorded run again and compare what it writes, byte by byte.",
            discussion: """
                Nothing is taken from the journal and nothing is written but in a temporary folder. \
                Exits with 0 if every output has the same bytes.
                """)
        @Argument(help: "The run's number; without it, the last.")
        var number: Int?
        @OptionGroup var journal: JournalOption

        func run() throws { try Session().verifyRun(number, state: journal.state).leave() }
    }
}
