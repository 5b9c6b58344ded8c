// swift-tools-version: 6.0
// The modules of ArenaScript and who may import whom: strictly downward, siblings never.

import PackageDescription

let package = Package(
    name: "ArenaScript",
    targets: [
        .target(name: "ArenaCore"),
        .testTarget(name: "ArenaCoreTests", dependencies: ["ArenaCore"]),
        .target(name: "CArenaText"),
        .target(name: "ArenaText", dependencies: ["ArenaCore", "CArenaText"]),
        .testTarget(name: "ArenaTextTests", dependencies: ["ArenaText", "CArenaText"]),
        .executableTarget(
            name: "tokenizer-bench", dependencies: ["ArenaText"], path: "Tests/Benchmarks/Tokenizer",
            exclude: ["compare.py"]),
    ]
)
