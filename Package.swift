// swift-tools-version: 6.0
// The modules of ArenaScript and who may import whom: strictly downward, siblings never.

import PackageDescription

let package = Package(
    name: "ArenaScript",
    targets: [
        .target(name: "ArenaCore"),
        .target(name: "CArenaKernels"),
        .target(name: "ArenaTensor", dependencies: ["ArenaCore", "CArenaKernels"]),
        .target(name: "ArenaModels", dependencies: ["ArenaCore", "ArenaTensor"]),
        .testTarget(name: "ArenaCoreTests", dependencies: ["ArenaCore"]),
        .testTarget(name: "ArenaTensorTests", dependencies: ["ArenaTensor", "CArenaKernels"]),
        .testTarget(name: "ArenaModelsTests", dependencies: ["ArenaModels", "ArenaTensor", "ArenaCore"]),
    ]
)
