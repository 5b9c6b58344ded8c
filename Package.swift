// swift-tools-version: 6.0
// The modules of ArenaScript and who may import whom: strictly downward, siblings never.

import PackageDescription

let package = Package(
    name: "ArenaScript",
    targets: [
        // Below everything: errors, files, JSON, threads, progress.
        .target(name: "ArenaCore"),

        // The engines; none imports another.
        .target(name: "ArenaLanguage", dependencies: ["ArenaCore"]),
        .target(name: "ArenaFrame", dependencies: ["ArenaCore"]),
        .target(name: "ArenaRuns", dependencies: ["ArenaCore"]),
        .target(name: "ArenaLearn", dependencies: ["ArenaCore"]),
        .target(name: "CArenaText"),
        .target(name: "ArenaText", dependencies: ["ArenaCore", "CArenaText"]),
        .target(name: "CArenaKernels"),
        .target(name: "ArenaTensor", dependencies: ["ArenaCore", "CArenaKernels"]),
        .target(name: "ArenaModels", dependencies: ["ArenaCore", "ArenaTensor"]),

        // Where they meet: what scripts can call.
        .target(
            name: "ArenaBuiltins",
            dependencies: [
                "ArenaCore", "ArenaLanguage", "ArenaFrame", "ArenaText", "ArenaModels",
            ]),

        .testTarget(name: "ArenaCoreTests", dependencies: ["ArenaCore"]),
        .testTarget(name: "ArenaLanguageTests", dependencies: ["ArenaLanguage"]),
        .testTarget(name: "ArenaFrameTests", dependencies: ["ArenaFrame", "ArenaCore"]),
        .testTarget(name: "ArenaTensorTests", dependencies: ["ArenaTensor", "CArenaKernels"]),
        .testTarget(name: "ArenaModelsTests", dependencies: ["ArenaModels", "ArenaTensor", "ArenaCore"]),
        .testTarget(name: "ArenaRunsTests", dependencies: ["ArenaRuns"]),
        .testTarget(name: "ArenaLearnTests", dependencies: ["ArenaLearn"]),

        // Programs that measure, beside the figures they gave.
        .executableTarget(
            name: "FrameBenchmark", dependencies: ["ArenaFrame"], path: "Tests/Benchmarks/Frame"),
    ]
)
