// The shipped binary starts at once on any machine since Ubuntu 22.04, with nothing installed.
// The binary beside the tests is linked as the shipped one; a packaged one is looked at too.

import ArenaCore
import Glibc
import Testing

/// The C library that the tests, and so the binary, were linked with.
private let libraryVersion: [Int] = {
    var text = [CChar](repeating: 0, count: 64)
    guard confstr(Int32(_CS_GNU_LIBC_VERSION), &text, text.count) > 0 else { return [] }
    let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    return String(decoding: bytes, as: UTF8.self).split(separator: " ").last?
        .split(separator: ".").map { Int($0) ?? 0 } ?? []
}()

/// A newer C library gives its own versions to what is linked with it: releases are made elsewhere.
private let linksForOldSystems =
    !libraryVersion.isEmpty
    && !([2, 36].lexicographicallyPrecedes(libraryVersion))

@Suite struct StandaloneTests {
    /// The binary beside the tests, and the one that `scripts/dev/package` made, if it is there.
    static let binaries: [String] = {
        var all = [binaryPath]
        if let packaged = getenv("ARENASCRIPT_PACKAGED") { all.append(String(cString: packaged)) }
        let made = ".build/package/arenascript/arenascript"
        if fileExists(made) { all.append(made) }
        return all
    }()

    @Test(
        .enabled(
            if: linksForOldSystems,
            "this system's C library is newer than 2.36: releases are linked elsewhere"),
        arguments: binaries)
    func asksForNoNewSystem(binary: String) throws {
        let needs = try DynamicNeeds(binary)
        let c = needs.highest("GLIBC")
        let cxx = needs.highest("GLIBCXX")
        print(
            "\(binary) asks for glibc \(c), libstdc++ \(cxx), \(needs.libraries)"
        )
        #expect(!c.isEmpty)
        #expect(![2, 35].lexicographicallyPrecedes(c), "glibc \(c); 2.35 is what Ubuntu 22.04 has")
        #expect(![3, 4, 30].lexicographicallyPrecedes(cxx), "libstdc++ \(cxx)")
    }

    @Test(arguments: binaries) func linksOnlyWhatEverySystemHas(binary: String) throws {
        let allowed: Set = [
            "libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "libstdc++.so.6",
            "libgcc_s.so.1", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1",
        ]
        let libraries = try DynamicNeeds(binary).libraries
        #expect(libraries.contains("libc.so.6"))
        #expect(libraries.filter { !allowed.contains($0) } == [])
    }

    @Test func aFileThatIsNoExecutable() throws {
        let folder = try TemporaryFolder()
        try folder.write("text", "hello")
        #expect(throws: ELFError.notELF64) { try DynamicNeeds(folder.path + "/text") }
        try folder.write("cut", [UInt8](try readFile(binaryPath).prefix(70)))
        #expect(throws: ELFError.damaged) { try DynamicNeeds(folder.path + "/cut") }
    }
}
