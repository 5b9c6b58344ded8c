// swift-tools-version: 6.0
// The modules of ArenaScript and who may import whom: strictly downward, siblings never.

import PackageDescription

let package = Package(
    name: "ArenaScript",
    targets: [
        .target(name: "ArenaCore"),
        .testTarget(name: "ArenaCoreTests", dependencies: ["ArenaCore"]),
    ]
)
