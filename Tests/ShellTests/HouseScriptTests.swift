// The commands of a fresh machine, `scripts/demo` and `scripts/test`, with every tool they call
// replaced by one that writes down how it was called: what they install, what they say when they
// cannot, and what they run.

import ArenaCore
import Testing

private let repository = String(
    #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 })

@Suite struct HouseScriptTests {
    let folder: TemporaryFolder

    /// A machine with all that is needed: Swift 6, the packages, apt-get, and a person who is root.
    init() throws {
        folder = try TemporaryFolder()
        _ = try shell(
            """
            mkdir bin; for tool in sh dirname sed head cat env mkdir; do
                ln -s "$(command -v $tool)" bin/$tool
            done
            """, in: folder)
        try tool("id", "echo 0")
        try tool("git", "exit 0")
        try tool("dpkg-query", "echo 'install ok installed'")
        try tool("apt-get", "echo \"apt-get $*\" >> \"$LOG\"")
        try swift("6.1.2")
    }

    private func tool(_ name: String, _ body: String) throws {
        try folder.write("bin/" + name, "#!/bin/sh\n\(body)\n")
        _ = try shell("chmod +x bin/\(name)", in: folder)
    }

    private func swift(_ version: String) throws {
        try tool(
            "swift",
            """
            case "$*" in
                --version) echo "Swift version \(version) (swift-\(version)-RELEASE)" ;;
                *--show-bin-path) echo "\(folder.path)/built" ;;
                *) echo "swift $*" >> "$LOG"; pwd -P >> "$LOG" ;;
            esac
            """)
    }

    /// Runs a script of the repository; `calls` is what the tools wrote down.
    private func run(_ script: String) throws -> (outcome: Outcome, calls: String) {
        let outcome = try shell(
            "env -i PATH=\"$PWD/bin\" HOME=/nonexistent LOG=\"$PWD/log\" \(repository)/\(script)",
            in: folder)
        return (outcome, folder.read("log") ?? "")
    }

    // MARK: - Swift

    @Test(arguments: ["scripts/test", "scripts/demo"])
    func withoutSwiftItSaysWhereToGetIt(script: String) throws {
        _ = try shell("rm bin/swift", in: folder)
        let (outcome, calls) = try run(script)
        #expect(outcome.errors.hasPrefix("There is no Swift on this machine"))
        #expect(outcome.errors.contains("https://www.swift.org/install"))
        #expect(outcome.code == 1)
        #expect(calls == "")
    }

    @Test(arguments: ["scripts/test", "scripts/demo"])
    func oldSwiftIsNamed(script: String) throws {
        try swift("5.10.1")
        let (outcome, calls) = try run(script)
        #expect(outcome.errors.hasPrefix("Swift 5.10.1 is too old. Get Swift 6 from https://"))
        #expect(outcome.code == 1)
        #expect(calls == "")
    }

    @Test func swiftOfUnknownVersion() throws {
        try tool("swift", "echo broken >&2; exit 1")
        let (outcome, _) = try run("scripts/test")
        #expect(outcome.errors.hasPrefix("'swift --version' does not say which Swift this is."))
        #expect(outcome.code == 1)
    }

    // MARK: - Packages

    @Test func nothingIsInstalledWhereNothingIsMissing() throws {
        let (outcome, calls) = try run("scripts/test --filter Some")
        #expect(
            calls
                == "swift test -c release --scratch-path .build/tests --filter Some\n\(repository)\n"
        )
        #expect(outcome.output == "")
        #expect(outcome.errors == "")
        #expect(outcome.code == 0)
    }

    private func withoutReadline() throws {
        try tool(
            "dpkg-query",
            "case $* in *libreadline-dev) exit 1 ;; *) echo 'install ok installed' ;; esac")
    }

    private let update = "apt-get update -qq\n"
    private let install = "apt-get install -y -qq --no-install-recommends libreadline-dev\n"
    private let line =
        "    apt-get update && apt-get install -y --no-install-recommends libreadline-dev\n"

    @Test func rootInstallsWhatIsMissingAndOnlyThat() throws {
        try withoutReadline()
        let (outcome, calls) = try run("scripts/test")
        #expect(calls.hasPrefix(update + install + "swift test"))
        #expect(outcome.errors == "Installing: libreadline-dev\n")
        #expect(outcome.code == 0)
    }

    @Test func removedPackageWhoseSettingsRemainIsMissing() throws {
        try tool("dpkg-query", "echo 'deinstall ok config-files'")
        let (_, calls) = try run("scripts/test")
        #expect(
            calls.contains(
                "libopenblas-dev libreadline-dev libsqlite3-dev libpcre2-dev zlib1g-dev\n"))
    }

    @Test func othersGoThroughSudo() throws {
        try withoutReadline()
        try tool("id", "echo 1000")
        try tool("sudo", "echo \"sudo $1\" >> \"$LOG\"; exec \"$@\"")
        let (outcome, calls) = try run("scripts/test")
        #expect(calls.hasPrefix("sudo apt-get\n" + update + "sudo env\n" + install + "swift test"))
        #expect(outcome.code == 0)
    }

    @Test func withoutRootAndSudoItPrintsTheLineAndStops() throws {
        try withoutReadline()
        try tool("id", "echo 1000")
        let (outcome, calls) = try run("scripts/test")
        #expect(outcome.errors.contains("there is no sudo here. As root, run:\n" + line))
        #expect(outcome.code == 1)
        #expect(calls == "")
    }

    @Test func failedInstallPrintsTheLineAndStops() throws {
        try withoutReadline()
        try tool("apt-get", "exit 100")
        let (outcome, calls) = try run("scripts/test")
        #expect(outcome.errors.hasSuffix("Installing failed. As root, run:\n" + line))
        #expect(outcome.code == 1)
        #expect(calls == "")
    }

    @Test func systemWithoutAptIsTold() throws {
        try withoutReadline()
        _ = try shell("rm bin/apt-get", in: folder)
        let (outcome, _) = try run("scripts/test")
        #expect(outcome.errors.contains("there is no apt-get to install them: libreadline-dev"))
        #expect(outcome.code == 1)
        // Where packages are not dpkg's, it is the build that says what is missing.
        _ = try shell("rm bin/dpkg-query", in: folder)
        #expect(try run("scripts/test").outcome.code == 0)
    }

    // MARK: - What they run

    @Test func integrationRunsTheTestsAndNothingElse() throws {
        let (outcome, calls) = try run(".ci/run")
        #expect(calls == "swift test -c release --scratch-path .build/tests\n\(repository)\n")
        #expect(outcome.code == 0)
    }

    @Test func demoRunsTheMainJobAndScoresIt() throws {
        _ = try shell("mkdir built", in: folder)
        try folder.write(
            "built/arenascript", "#!/bin/sh\necho \"arenascript $*\" >> \"$LOG\"\necho shown\n")
        _ = try shell("chmod +x built/arenascript", in: folder)
        let (outcome, calls) = try run("scripts/demo")
        let demo = repository + "/Resources/demo"
        #expect(
            calls == """
                swift build -c release --product arenascript
                \(repository)
                arenascript run \(repository)/scripts/infer.as --set data=\(demo) \
                --set model=\(demo)/model --set adapter=\(demo)/adapter --set max_length=512
                arenascript run \(repository)/scripts/score.as --set submission=submission.csv \
                --set truth=\(demo)/labels.csv

                """)
        #expect(outcome.output == "shown\nshown\n")
        #expect(
            outcome.errors.hasSuffix("The submission is \(repository)/.build/demo/submission.csv\n")
        )
        #expect(outcome.code == 0)
    }

    @Test func demoThatFailsSaysNothingOfASubmission() throws {
        _ = try shell(
            "mkdir built; printf '#!/bin/sh\\nexit 70\\n' > built/arenascript; chmod +x built/*",
            in: folder)
        let (outcome, _) = try run("scripts/demo")
        #expect(outcome.code == 70)
        #expect(!outcome.errors.contains("The submission is"))
    }
}
