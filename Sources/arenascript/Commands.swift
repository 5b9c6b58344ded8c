// The commands of the binary, one struct each; `ArenaScript.configuration` lists them.

import ArenaShell
import ArgumentParser

struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run a script.",
        usage: "arenascript run <file> [--set <key=value>] ... [--log <file>]")

    @Argument(help: "The script; - reads it from standard input.")
    var file: String

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "A value for the script's params(); give the option once for each.",
            valueName: "key=value"))
    var settings: [Setting] = []

    @Option(
        help: ArgumentHelp(
            "Also write log lines and the run's errors to the end of this file.", valueName: "file")
    )
    var log: String?

    @Argument(help: .hidden)
    var strays: [String] = []

    func validate() throws {
        if let stray = strays.first {
            throw ValidationError(
                stray.contains("=")
                    ? "Each value takes its own --set: --set \(stray)"
                    : "One script a command: '\(stray)' is one too many.")
        }
        var seen: Set<String> = []
        for setting in settings where !seen.insert(setting.key).inserted {
            throw ValidationError("--set gives '\(setting.key)' twice.")
        }
    }

    func run() throws {
        let parameters = Dictionary(settings.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
        try Session().run(ScriptSource(argument: file), parameters: parameters, log: log).leave()
    }
}

/// `key=value` as `--set` takes it; the value may be empty and may hold more equals signs.
struct Setting: ExpressibleByArgument {
    let key: String
    let value: String

    init?(argument: String) {
        guard let equals = argument.firstIndex(of: "=") else { return nil }
        key = String(argument[..<equals])
        value = String(argument[argument.index(after: equals)...])
        let first = key.utf8.first.map { $0 < 0x30 || $0 > 0x39 } ?? false
        let rest = key.utf8.allSatisfy {
            switch $0 {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...:
                return true
            default: return false
            }
        }
        guard first, rest else { return nil }
    }
}

struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Parse and resolve a script without running it.")

    @Argument(help: "The script; - reads it from standard input.")
    var file: String

    func run() throws {
        try Session().check(ScriptSource(argument: file)).leave()
    }
}

struct Repl: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repl", abstract: "Read statements and show their values.")

    func run() throws {
        try Session().repl().leave()
    }
}

struct Version: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Print the version.")

    func run() throws {
        try Session().printLine("arenascript \(arenaVersion)").leave()
    }
}
