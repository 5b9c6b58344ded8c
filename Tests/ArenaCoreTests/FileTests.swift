import Glibc
import Testing

@testable import ArenaCore

/// A folder of its own for one test, removed afterwards.
struct TemporaryFolder: ~Copyable {
    let path: String
    init() {
        var template = Array("/tmp/arena-test-XXXXXX".utf8CString)
        path = mkdtemp(&template).map { String(cString: $0) } ?? "/tmp"
    }
    deinit {
        for name in listDirectory(path) { unlink(joinPath(path, name)) }
        rmdir(path)
    }
}

@Suite struct FileTests {
    @Test func writesWholeFilesAndLeavesNoTemporary() throws {
        let folder = TemporaryFolder()
        let path = joinPath(folder.path, "out.csv")
        try writeFile(path, Array("one".utf8))
        try writeFile(path, Array(repeating: 65, count: 1_000_000))
        #expect(try readFile(path).count == 1_000_000)
        #expect(listDirectory(folder.path) == ["out.csv"])
    }

    @Test func anAbandonedFileLeavesTheOldOne() throws {
        let folder = TemporaryFolder()
        let path = joinPath(folder.path, "out.csv")
        try writeFile(path, Array("old".utf8))
        do {
            let file = try AtomicFile(path)
            try file.write(Array("new".utf8))
        }
        #expect(try readFile(path) == Array("old".utf8))
        #expect(listDirectory(folder.path) == ["out.csv"])
    }

    @Test func errorsNameTheFile() throws {
        let folder = TemporaryFolder()
        try writeFile(joinPath(folder.path, "test.csv"), [])
        #expect(
            throws: FileError.missing(
                path: joinPath(folder.path, "tset.csv"), nearest: joinPath(folder.path, "test.csv"))
        ) { try MappedFile(joinPath(folder.path, "tset.csv")) }
        #expect(throws: FileError.isDirectory(path: folder.path)) { try MappedFile(folder.path) }
        #expect(throws: FileError.self) { try writeFile("/nowhere/at/all.csv", [1]) }
        #expect(throws: FileError.isDirectory(path: folder.path)) {
            try writeFile(folder.path, [1])
        }
        #expect(try MappedFile(joinPath(folder.path, "test.csv")).bytes.isEmpty)
    }

    @Test func workersCoverEveryRangeOnce() {
        for count in [0, 1, 2, 7, 100] {
            for workers in 1...4 {
                let seen = UnsafeMutablePointer<Int32>.allocate(capacity: max(count, 1))
                seen.initialize(repeating: 0, count: max(count, 1))
                defer { seen.deallocate() }
                nonisolated(unsafe) let marks = seen
                parallelRanges(count, workers: workers) { _, range in
                    for i in range { marks[i] += 1 }
                }
                #expect((0..<count).allSatisfy { seen[$0] == 1 })
            }
        }
    }

    @Test func validUTF8IsTold() {
        func first(_ bytes: [UInt8]) -> Int? { bytes.withUnsafeBytes { firstInvalidUTF8($0) } }
        #expect(first(Array("plain ascii, é, 汉字, 😀, \u{10FFFF}".utf8)) == nil)
        #expect(first([]) == nil)
        let bad: [[UInt8]] = [
            [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x9F, 0xBF], [0xED, 0xA0, 0x80],
            [0xF0, 0x8F, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80],
            [0xE2, 0x82],
        ]
        for bytes in bad {
            for pad in 0..<9 { #expect(first(Array(repeating: 65, count: pad) + bytes) == pad) }
        }
    }

    @Test func nearestNames() {
        #expect(
            nearestName(to: "respnse_a", in: ["prompt", "response_a", "response_b"]) == "response_a"
        )
        #expect(nearestName(to: "Prompt", in: ["id", "prompt"]) == "prompt")
        #expect(nearestName(to: "zzz", in: ["id", "prompt"]) == nil)
    }
}
