// The commands of the binary, one struct each; `ArenaScript.configuration` lists them.

import ArenaRuns
import ArenaShell
import ArgumentParser

struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run a script.",
        usage: "arenascript run <file> [<arguments> ...] [--set <key=value>] ... [<options>]")

    @Argument(
        help: "The script; - reads it from standard input.", completion: .file(extensions: ["as"]))
    var file: String

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "A value for the script's params(); give the option once for each.",
            valueName: "key=value"))
    var settings: [Setting] = []

    @Argument(
        help: "What the script finds in argv[1:]; after -- they may begin with a dash.",
        completion: .file())
    var arguments: [String] = []

    @Option(
        help: ArgumentHelp(
            "Also write log lines and the run's errors to the end of this file.", valueName: "file"),
        completion: .file())
    var log: String?

    @Option(
        help: ArgumentHelp(
            "Also write what happens, progress included, to the end of this file as lines of JSON.",
            valueName: "file"),
        completion: .file())
    var logJson: String?

    @Option(
        help: ArgumentHelp(
            "The memory a script may use, such as 8G; without it, most of what the machine has.",
            valueName: "size"))
    var maxMemory: MemorySize?

    @Flag(help: "Say at the end where the time went, by line and by builtin.")
    var profile = false

    @OptionGroup var keeping: KeepingOptions

    @OptionGroup var manner: MannerOptions

    func validate() throws {
        var seen: Set<String> = []
        for setting in settings where !seen.insert(setting.key).inserted {
            throw ValidationError("--set gives '\(setting.key)' twice.")
        }
    }

    func run() throws {
        let parameters = Dictionary(settings.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
        var manner = manner.manner
        manner.isProfiled = profile
        manner.memoryLimit = maxMemory?.bytes
        manner.eventLog = logJson
        try Session(manner).run(
            ScriptSource(argument: file), arguments: arguments, parameters: parameters,
            log: log, keeping: keeping.settings
        ).leave()
    }
}

/// How a run is recorded, resumed and bounded in time.
struct KeepingOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The folder of the journal; without it, .arena in the working directory.",
            valueName: "folder"),
        completion: .directory)
    var state: String?

    @Flag(help: "Take nothing from the journal: compute everything again, with a new clock.")
    var fresh = false

    @Flag(help: "Say of each step whether its rows are in the journal, and if not, why.")
    var explain = false

    @Flag(help: "Begin at once: do not try the script's models, data and submission first.")
    var noRehearsal = false

    @Flag(help: "Read nothing but the files of the script's lock, unchanged.")
    var locked = false

    @Option(
        help: ArgumentHelp(
            "When the run must be over: 8h40m after its first start, also if it was killed since, or a time such as 18:30.",
            valueName: "time"))
    var deadline: DeadlineSetting?

    @Option(
        help: ArgumentHelp(
            "How long before the deadline model calls return; without it, 3m or a tenth of the time.",
            valueName: "duration"))
    var reserve: Duration?

    /// A length of time: 3m, 90s.
    struct Duration: ExpressibleByArgument {
        let seconds: Double

        init?(argument: String) {
            guard let seconds = parseDuration(argument) else { return nil }
            self.seconds = seconds
        }
    }

    func validate() throws {
        if reserve != nil, deadline == nil {
            throw ValidationError("--reserve is a part of --deadline, which is not given.")
        }
    }

    var settings: RunSettings {
        var settings = RunSettings()
        settings.state = state
        settings.isFresh = fresh
        settings.rehearses = !noRehearsal
        settings.explains = explain
        settings.isLocked = locked
        settings.deadline = deadline
        settings.reserve = reserve?.seconds
        return settings
    }
}

extension DeadlineSetting: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
}

/// How a command talks, beside its output.
struct MannerOptions: ParsableArguments {
    @Flag(help: "Say nothing but errors: no notes, no progress.")
    var quiet = false

    @Flag(help: "Write each diagnostic to standard error as one JSON object a line.")
    var json = false

    @Option(help: "Colour diagnostics: auto, always or never.")
    var color: Manner.Colour = .auto

    var manner: Manner {
        var manner = Manner()
        manner.isQuiet = quiet
        manner.isJSON = json
        manner.colour = color
        return manner
    }
}

/// A size on the command line.
struct MemorySize: ExpressibleByArgument {
    let bytes: Int

    init?(argument: String) {
        guard let bytes = parseSize(argument) else { return nil }
        self.bytes = bytes
    }
}

/// The choice of colour alone.
struct ColourOption: ParsableArguments {
    @Option(help: "Colour diagnostics: auto, always or never.")
    var color: Manner.Colour = .auto

    var manner: Manner {
        var manner = Manner()
        manner.colour = color
        return manner
    }
}

extension Manner.Colour: ExpressibleByArgument {}

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
        commandName: "check",
        abstract: "Look for mistakes before they cost: in the script and in what it works on.",
        discussion: """
            Names, arguments and loaded files are looked at first. Then the statements are tried: data is \
            read and prepared for real, models are opened and compute at most a row, predictions are \
            uniform, the submission is checked. Nothing is written outside a temporary folder. All \
            mistakes are told at once.
            """)

    @Argument(
        help: "The scripts; - reads one from standard input.",
        completion: .file(extensions: ["as"]))
    var files: [String]

    @Flag(help: "Only parse and resolve; try nothing.")
    var `static` = false

    @OptionGroup var trial: TrialOptions

    @OptionGroup var manner: MannerOptions

    func run() throws {
        try Session(manner.manner).check(
            files.map { ScriptSource(argument: $0) }, trial: `static` ? nil : trial.settings
        ).leave()
    }
}

struct Plan: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Show the rows, tokens, memory and time that a script's models will take.",
        discussion: "The script is tried as 'arenascript check' tries it.")

    @Argument(
        help: "The script; - reads it from standard input.", completion: .file(extensions: ["as"]))
    var file: String

    @Option(
        help: ArgumentHelp(
            "Plan for so many rows: a visible test file may have three.", valueName: "rows"))
    var asIf: Int?

    @Option(
        help: ArgumentHelp(
            "The table that those rows are taken from, such as train.csv; without it, the file's own.",
            valueName: "file"),
        completion: .file())
    var like: String?

    @OptionGroup var trial: TrialOptions

    @OptionGroup var manner: MannerOptions

    func validate() throws {
        if let asIf, asIf < 1 { throw ValidationError("--as-if is at least 1.") }
        if like != nil, asIf == nil {
            throw ValidationError("--like is a part of --as-if, which is not given.")
        }
    }

    func run() throws {
        var settings = trial.settings
        (settings.asIf, settings.like) = (asIf, like)
        try Session(manner.manner).plan(ScriptSource(argument: file), settings).leave()
    }
}

struct BundleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bundle",
        abstract: "Put a script, what it loads and this binary into a folder that runs anywhere.",
        discussion: """
            The folder holds the binary, the scripts, their hashes (MANIFEST.json) and a command: sh DIR/run. \
            Data and models are not part of it.
            """)

    @Argument(help: "The script.", completion: .file(extensions: ["as"]))
    var script: String

    @Option(
        name: .shortAndLong, help: ArgumentHelp("The folder to make.", valueName: "folder"),
        completion: .directory)
    var output: String

    func run() throws { try Session().bundle(script, into: output).leave() }
}

/// How a script is tried.
struct TrialOptions: ParsableArguments {
    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "A value for the script's params(); give the option once for each.",
            valueName: "key=value"))
    var values: [Setting] = []

    @Option(
        help: ArgumentHelp(
            "Try for so long at most; without it, 20s.", valueName: "duration"))
    var budget: KeepingOptions.Duration?

    var settings: TrialSettings {
        var trial = TrialSettings()
        trial.parameters = Dictionary(
            values.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
        if let budget { trial.budget = budget.seconds }
        return trial
    }
}

struct Repl: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repl", abstract: "Read statements and show their values.")

    @OptionGroup var colour: ColourOption

    func run() throws {
        try Session(colour.manner).repl().leave()
    }
}

struct Doc: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doc", abstract: "Describe what scripts can call.")

    @Argument(help: "A function, method, type or module: read_csv, frame.head, frame.")
    var name: String?

    @Flag(help: "Write Markdown.")
    var markdown = false

    func run() throws {
        try Session().document(name, markdown: markdown).leave()
    }
}

struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Show what this machine offers: processor, libraries, devices.")

    @Flag(help: "Write one JSON object.")
    var json = false

    @Flag(help: "Compare the numbers of each graphics card with the processor's.")
    var cards = false

    func run() throws {
        try Session().doctor(json: json, cards: cards).leave()
    }
}

struct Completions: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completions", abstract: "Print a completion script for a shell.",
        discussion: "For bash: source <(arenascript completions bash)")

    enum Shell: String, ExpressibleByArgument, CaseIterable { case bash, zsh, fish }

    @Argument(help: "bash, zsh or fish.")
    var shell: Shell

    func run() throws {
        let kind: CompletionShell =
            switch shell {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        try Session().printLine(ArenaScript.completionScript(for: kind)).leave()
    }
}

struct Version: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Print the version.")

    func run() throws {
        try Session().printLine("arenascript \(arenaVersion)").leave()
    }
}
