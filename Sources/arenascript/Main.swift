// The command line. Each command is a struct that turns its arguments into a call of `Session`;
// what the words mean is decided there.

import ArenaCore
import ArenaShell
import ArgumentParser
import Glibc

@main
struct ArenaScript: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "arenascript",
        abstract: "Runs ArenaScript: offline batch work on text, from data to submission.",
        discussion: """
            Without arguments it starts the REPL on a terminal and runs the script on standard \
            input elsewhere.
            """,
        version: "arenascript \(arenaVersion)",
        subcommands: [
            Run.self, Check.self, Plan.self, Runs.self, LockCommand.self, BundleCommand.self,
            Format.self, Repl.self, Doc.self, DoctorCommand.self, Completions.self, Version.self,
        ])

    @Option(
        name: .customShort("e"), parsing: .unconditional,
        help: ArgumentHelp("Run this code and show its last value.", valueName: "code"))
    var code: String?

    func run() throws {
        if let code {
            try Session().run(.code(code), showingValue: true).leave()
        } else {
            try Session().runWithoutArguments().leave()
        }
    }

    static func main() {
        prepareStandardStreams()
        explainMappingFaults(exitCode: ExitStatus.input.rawValue)
        // Swift reads them from there.
        if CommandLine.arguments.isEmpty {
            end(with: ValidationError("The arguments cannot be read: /proc is not mounted."))
        }
        if let word = CommandLine.arguments.dropFirst().first, let advice = advice(for: word) {
            end(with: ValidationError(advice))
        }
        do {
            var command = try parse(Array(CommandLine.arguments.dropFirst()))
            try command.run()
        } catch {
            end(with: error)
        }
    }

    /// The command that these words ask for. Building and parsing the tree of commands is a third of the
    /// time to a script's first statement, so a command that the first word names parses the rest alone;
    /// what that cannot take (help, an error) goes through the tree, which answers with the whole name.
    private static func parse(_ words: [String]) throws -> any ParsableCommand {
        if let word = words.first,
            let named = configuration.subcommands.first(where: { $0._commandName == word }),
            named.configuration.subcommands.isEmpty,
            let command = try? named.parseAsRoot(Array(words.dropFirst())),
            type(of: command) == named
        {
            return command
        }
        return try parseAsRoot(words)
    }

    /// Ends the process as the error asks. The parser's own `exit` would not notice that help was
    /// lost on a full disk.
    private static func end(with error: any Error) -> Never {
        let code = exitCode(for: error)
        let text = fullMessage(for: error)
        if !text.isEmpty {
            if code == .success {
                Glibc.exit(Session().printLine(text).rawValue)
            }
            say(text)
        }
        Glibc.exit(code.rawValue)
    }

    /// What to say to a first word that is no command; nil if it is one, or an option.
    private static func advice(for word: String) -> String? {
        let commands = configuration.subcommands.compactMap { $0.configuration.commandName }
        if word.hasPrefix("-") || word == "help" || commands.contains(word) { return nil }
        if word.hasSuffix(".as") || fileExists(word) {
            return "To run a script: arenascript run \(word)"
        }
        return "There is no command '\(word)': \(suggestion(for: word, among: commands))"
    }
}

extension ExitStatus {
    /// Ends the command with this code.
    func leave() throws {
        if self != .ok { throw ExitCode(rawValue) }
    }
}
