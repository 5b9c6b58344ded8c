// The simulated CUDA card for tests: its libraries, built once a process by scripts/dev/simulated-cuda, and
// devices opened with them. ARENA_TEST_CARD=real takes this machine's own cards in their place.

import ArenaTensor
import Glibc

/// Cards for tests.
package enum SimulatedCard {
    /// The folders of the simulated libraries, for cards of 8.0 and of 7.5; nil, and said why, where they
    /// cannot be built.
    package static let folder = build(80)
    package static let olderFolder = build(75)

    /// The folder of Package.swift.
    package static let root =
        "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/")

    private static func build(_ capability: Int) -> String? {
        let folder = "\(root)/.build/simulated-cuda/\(capability)"
        let command = "'\(root)/scripts/dev/simulated-cuda' '\(folder)' \(capability) >/dev/null"
        guard system(command) == 0 else {
            print("not run: tests on the simulated card, which could not be built")
            return nil
        }
        return folder
    }

    package static let isReal = environmentValue("ARENA_TEST_CARD") == "real"

    private static let libraries = open(folder)

    private static func open(_ folder: String?) -> CUDALibraries? {
        do throws(CUDAProblem) {
            if isReal { return try CUDALibraries() }
            guard let folder else { return nil }
            return try CUDALibraries { name in
                name == "ARENA_CUDA_PATH" ? folder : environmentValue(name)
            }
        } catch {
            print("not run: tests on a card: \(error.words)")
            return nil
        }
    }

    /// Another device on the first card, for one thread at a time; nil where there is none.
    /// - Parameter memory: bytes that it may use at most.
    package static func open(memory: Int = .max) throws -> CUDADevice? {
        try libraries.map { libraries throws(CUDAProblem) in
            try CUDADevice(libraries, ordinal: 0, memory: memory)
        }
    }

    /// A device with a cuBLASLt, one that gives rows other bits by their place if `isUneven`; nil where there is
    /// none.
    package static func open(isUneven: Bool) throws -> CUDADevice? {
        let name = isUneven ? "uneven" : "products"
        return try open(folder.map { "\($0):\($0)/\(name)" }).map {
            libraries throws(CUDAProblem) in try CUDADevice(libraries, ordinal: 0)
        }
    }

    /// A device of capability 7.5; nil where there is none.
    package static func openOlder() throws -> CUDADevice? {
        guard !isReal else { return nil }
        return try open(olderFolder).map { libraries throws(CUDAProblem) in
            try CUDADevice(libraries, ordinal: 0)
        }
    }
}
