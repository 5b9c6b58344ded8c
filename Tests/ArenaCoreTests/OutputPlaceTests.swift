// Outputs whose names are no plain files: links, folders, pipes, devices, streams of this process.

import Glibc
import Testing

@testable import ArenaCore

@Suite final class OutputPlaceTests {
    let folder = TemporaryFolder()

    private func place(_ name: String) -> String { joinPath(folder.path, name) }

    private func isLink(_ name: String) -> Bool {
        var info = stat()
        return lstat(place(name), &info) == 0 && info.st_mode & S_IFMT == S_IFLNK
    }

    /// A link stays a link, also to a file that is not there yet; a mode stays as it was.
    @Test func theFileOfALinkIsWritten() throws {
        for (link, target) in [("link", "real"), ("second", "link"), ("whole", place("other"))] {
            #expect(symlink(target, place(link)) == 0)
        }
        try writeFile(place("second"), [1, 2])
        #expect(try readFile(place("real")) == [1, 2])
        chmod(place("real"), 0o600)
        try writeFile(place("link"), [3])
        #expect(try readFile(place("real")) == [3])
        var info = stat()
        #expect(stat(place("real"), &info) == 0 && info.st_mode & 0o777 == 0o600)
        try writeFile(place("whole"), [4])
        #expect(try readFile(place("other")) == [4])
        #expect(isLink("link") && isLink("second") && isLink("whole"))
        #expect(listDirectory(folder.path) == ["link", "other", "real", "second", "whole"])
    }

    @Test func linksThatLeadNowhereAreErrors() throws {
        #expect(symlink("round", place("round")) == 0)
        #expect(
            throws: FileError.system(path: place("round"), doing: "writing", code: ELOOP)
        ) { try writeFile(place("round"), [1]) }
        #expect(symlink("no/such/file", place("away")) == 0)
        #expect(throws: FileError.missingFolder(path: place("no/such/file"))) {
            try writeFile(place("away"), [1])
        }
        #expect(isLink("round") && isLink("away"))
    }

    @Test func foldersAreErrorsThatNameThem() throws {
        #expect(symlink(folder.path, place("link")) == 0)
        for path in [folder.path, folder.path + "/", place("link")] {
            #expect(throws: FileError.isDirectory(path: path)) { try writeFile(path, [1]) }
        }
        #expect(throws: FileError.unusableName(path: "")) { try writeFile("", [1]) }
        #expect(throws: FileError.missingFolder(path: place("no/x"))) {
            try writeFile(place("no/x"), [1])
        }
    }

    @Test func whatAKilledProcessHasLeftGoesWithTheNextWrite() throws {
        try writeFile(place(".real.999999999.0.partial"), [0])
        try writeFile(place("real"), [4])
        #expect(listDirectory(folder.path) == ["real"])
    }

    /// A pipe and a device take the bytes, all at the end, and stay what they are.
    @Test func pipesAndDevicesTakeTheBytes() throws {
        let pipe = place("pipe")
        #expect(mkfifo(pipe, 0o600) == 0)
        let reader = open(pipe, O_RDONLY | O_NONBLOCK)
        defer { close(reader) }
        var bytes = [UInt8](repeating: 0, count: 16)
        do {
            let file = try AtomicFile(pipe)
            try file.write([1, 2, 3])
            #expect(read(reader, &bytes, 16) == 0)
            try file.commit()
        }
        #expect(read(reader, &bytes, 16) == 3 && bytes.prefix(3) == [1, 2, 3])
        #expect(throws: FileError.notRegular(path: pipe)) { try MappedFile(pipe) }
        try writeFile("/dev/null", [1])
        #expect(
            throws: FileError.system(path: "/dev/full", doing: "writing", code: ENOSPC)
        ) { try writeFile("/dev/full", [1]) }
        var info = stat()
        #expect(stat("/dev/null", &info) == 0 && info.st_mode & S_IFMT == S_IFCHR)
        #expect(listDirectory(folder.path) == ["pipe"])
    }

    /// What a descriptor leads to is gone on with where it stands, and not begun anew.
    @Test func descriptorsGoOnWhereTheyStand() throws {
        let file = open(place("file"), O_WRONLY | O_CREAT, 0o644)
        #expect(write(file, [7, 8] as [UInt8], 2) == 2)
        let names = ["/dev/fd/\(file)", "/proc/self/fd/\(file)", "/proc/\(getpid())/fd/\(file)"]
        for name in names { try writeFile(name, [1, 2]) }
        #expect(write(file, [9] as [UInt8], 1) == 1)
        close(file)
        #expect(try readFile(place("file")) == [7, 8, 1, 2, 1, 2, 1, 2, 9])
    }
}
