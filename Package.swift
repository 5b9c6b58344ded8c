// swift-tools-version: 6.0
// The modules of ArenaScript and who may import whom: strictly downward, siblings never.

import PackageDescription

// The release binary carries the Swift library, so that it runs where there is no Swift; the tests
// then run the very binary that ships. Static FoundationEssentials (which the argument parser imports)
// does not bring along what it needs itself.
let shipped = BuildSettingCondition.when(platforms: [.linux], configuration: .release)
let standAlone: [LinkerSetting] = [
    .linkedLibrary("_FoundationCollections", shipped),
    .linkedLibrary("_FoundationCShims", shipped),
    .linkedLibrary("swiftSynchronization", shipped),
    .unsafeFlags(["-static-stdlib", "-use-ld=lld"], shipped),
]

let package = Package(
    name: "ArenaScript",
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0")
    ],
    targets: [
        // Below everything: errors, files, JSON, threads, progress.
        .target(name: "ArenaCore"),

        // The engines; none imports another.
        .target(name: "ArenaLanguage", dependencies: ["ArenaCore"]),
        .target(name: "CArenaFrame"),
        .target(
            name: "ArenaFrame", dependencies: ["ArenaCore", "CArenaFrame", "CZlib", "CSQLite"]),
        .target(name: "ArenaRuns", dependencies: ["ArenaCore", "CSQLite"]),
        .target(name: "ArenaLearn", dependencies: ["ArenaCore"]),
        .target(name: "CArenaText"),
        .target(name: "ArenaText", dependencies: ["ArenaCore", "CArenaText", "CPCRE2"]),
        // Regular expressions, inflating and SQL: the system's static libraries, so that nothing is
        // asked of the machine that runs the binary.
        .target(name: "CPCRE2", linkerSettings: [.linkedLibrary(":libpcre2-8.a")]),
        .target(name: "CZlib", linkerSettings: [.linkedLibrary(":libz.a")]),
        .target(
            name: "CSQLite",
            linkerSettings: [.linkedLibrary(":libsqlite3.a"), .linkedLibrary("m")]),
        .target(name: "CArenaKernels"),
        .target(name: "CCUDA"),
        .target(name: "ArenaTensor", dependencies: ["ArenaCore", "CArenaKernels", "CCUDA"]),
        .target(name: "ArenaModels", dependencies: ["ArenaCore", "ArenaTensor"]),

        // Where they meet: what scripts can call.
        .target(
            name: "ArenaBuiltins",
            dependencies: [
                "ArenaCore", "ArenaLanguage", "ArenaFrame", "ArenaRuns", "ArenaLearn", "ArenaText",
                "ArenaModels", "CArenaText", "CPCRE2",
            ]),

        // The shell and the command line.
        .target(
            name: "ArenaShell",
            dependencies: [
                "ArenaBuiltins", "ArenaCore", "ArenaLanguage", "ArenaRuns", "CArenaKernels",
            ]),
        .executableTarget(
            name: "arenascript",
            dependencies: [
                "ArenaShell", "ArenaCore", "ArenaRuns",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            linkerSettings: standAlone),

        .testTarget(name: "ArenaCoreTests", dependencies: ["ArenaCore"]),
        .testTarget(name: "ArenaLanguageTests", dependencies: ["ArenaLanguage"]),
        .testTarget(
            name: "ArenaFrameTests", dependencies: ["ArenaFrame", "ArenaCore", "CArenaFrame"]),
        .target(
            name: "CFaultySQLite", dependencies: ["CSQLite"], path: "Tests/Support/CFaultySQLite"),
        .testTarget(
            name: "ArenaRunsTests", dependencies: ["ArenaRuns", "ArenaCore", "CFaultySQLite"]),
        .testTarget(name: "ArenaLearnTests", dependencies: ["ArenaLearn", "ArenaCore"]),
        .testTarget(
            name: "ArenaTextTests", dependencies: ["ArenaText", "ArenaCore", "CArenaText"]),
        .target(
            name: "SimulatedCard", dependencies: ["ArenaTensor"],
            path: "Tests/Support/SimulatedCard"),
        .testTarget(
            name: "ArenaTensorTests",
            dependencies: ["ArenaTensor", "CArenaKernels", "SimulatedCard"]),
        .testTarget(
            name: "ArenaModelsTests",
            dependencies: ["ArenaModels", "ArenaTensor", "ArenaCore", "SimulatedCard"]),
        .target(name: "CFaultyFiles", path: "Tests/Support/CFaultyFiles"),
        .testTarget(
            name: "ArenaBuiltinsTests",
            dependencies: ["ArenaBuiltins", "ArenaLanguage", "ArenaCore", "CFaultyFiles"]),
        .target(
            name: "FuzzSupport", dependencies: ["ArenaBuiltins", "ArenaLanguage", "ArenaCore"],
            path: "Tests/Fuzz/Support"),
        .testTarget(
            name: "FuzzTests", dependencies: ["FuzzSupport", "ArenaLanguage", "ArenaCore"],
            path: "Tests/Fuzz/Tests"),
        .target(name: "CPseudoTerminal", path: "Tests/Support/CPseudoTerminal"),
        .testTarget(
            name: "ShellTests",
            dependencies: [
                "ArenaShell", "ArenaCore", "ArenaLanguage", "CPseudoTerminal", "SimulatedCard",
            ]),
    ]
)

// `scripts/dev/check` builds like this: a warning is an error, in our own code.
if Context.environment["ARENASCRIPT_STRICT"] != nil {
    for target in package.targets where target.type != .system {
        target.swiftSettings =
            (target.swiftSettings ?? []) + [.unsafeFlags(["-warnings-as-errors"])]
        target.cSettings = (target.cSettings ?? []) + [.unsafeFlags(["-Wall", "-Werror"])]
    }
}

// Programs that measure: ARENASCRIPT_BENCHMARKS=1 swift run -c release frame-bench
if Context.environment["ARENASCRIPT_BENCHMARKS"] != nil {
    package.targets += [
        .executableTarget(
            name: "syntax-bench", dependencies: ["ArenaLanguage"],
            path: "Tests/Benchmarks/Syntax", exclude: ["syntax_source.py"]),
        .executableTarget(
            name: "frame-bench", dependencies: ["ArenaFrame", "ArenaCore"],
            path: "Tests/Benchmarks/Frame"),
        .executableTarget(
            name: "tokenizer-bench", dependencies: ["ArenaText", "ArenaCore"],
            path: "Tests/Benchmarks/Tokenizer", exclude: ["compare.py"]),
        .executableTarget(
            name: "journal-bench", dependencies: ["ArenaRuns", "ArenaCore"],
            path: "Tests/Benchmarks/Journal"),
        .executableTarget(
            name: "model-bench", dependencies: ["ArenaModels", "ArenaTensor", "ArenaCore"],
            path: "Tests/Benchmarks/Model", linkerSettings: standAlone),
    ]
}

// Programs that damage: ARENASCRIPT_FUZZ=1 swift run -c release fuzz
if Context.environment["ARENASCRIPT_FUZZ"] != nil {
    package.targets.append(
        .executableTarget(
            name: "fuzz", dependencies: ["FuzzSupport", "ArenaLanguage", "ArenaCore"],
            path: "Tests/Fuzz/Main"))
    // The fuzzer counts the objects that a program leaves behind.
    for target in package.targets where target.name == "ArenaLanguage" {
        target.swiftSettings = (target.swiftSettings ?? []) + [.define("ARENA_COUNT_OBJECTS")]
    }
}
