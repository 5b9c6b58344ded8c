// The cells of docs/kaggle.md, run as they stand but for the two folders they name.

import ArenaCore
import Testing

@Suite struct KaggleTests {
    let folder: TemporaryFolder
    let cells: [String]

    /// A notebook's folders, with the binary in an attached folder that has lost its right to run.
    init() throws {
        folder = try TemporaryFolder()
        let path = folder.path
        let document =
            #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }
            + "/docs/kaggle.md"
        let text = String(decoding: try readFile(document), as: UTF8.self)
        cells = text.split(separator: "\n```\n", omittingEmptySubsequences: false)
            .filter { $0.hasPrefix("%%bash\n") }
            .map { cell in
                let inTemporary = cell.dropFirst(7)
                    .split(separator: "/tmp", omittingEmptySubsequences: false)
                    .joined(separator: path + "/temporary")
                return inTemporary.split(separator: "/kaggle/", omittingEmptySubsequences: false)
                    .joined(separator: path + "/kaggle/")
            }
        try folder.write(
            "infer.as", "cfg = params(data=\"\", model=\"\", adapter=\"\")\nprint(cfg.data)\n")
        _ = try shell(
            """
            mkdir -p temporary kaggle/working kaggle/input/lmsys kaggle/input/mine/arenascript
            cp '\(binaryPath)' kaggle/input/mine/arenascript/arenascript
            mv infer.as kaggle/input/mine/arenascript/
            chmod -x kaggle/input/mine/arenascript/arenascript
            """, in: folder)
    }

    private func run(_ cell: Int) throws -> Outcome {
        try folder.write("cell", cells[cell])
        return try shell("bash cell", in: folder)
    }

    @Test func thereAreThree() { #expect(cells.count == 3) }

    @Test(arguments: [
        "true",
        // The upload was kept as one file.
        "cd kaggle/input/mine && tar -cf arenascript-1.0-linux-x86_64.tar arenascript && rm -r arenascript",
        // The upload was unpacked without its folder.
        "cd kaggle/input/mine && mv arenascript inner && mv inner/* . && rmdir inner",
    ])
    func theyRunHoweverTheUploadWasUnpacked(upload: String) throws {
        #expect(try shell(upload, in: folder).code == 0)
        let first = try run(0)
        #expect(first.output.hasPrefix("arenascript 0."))
        #expect(first.errors == "")
        #expect(first.code == 0)
        let second = try run(1)
        #expect(second.output == folder.path + "/kaggle/input/lmsys-chatbot-arena\n")
        #expect(second.code == 0)
        try folder.write("kaggle/working/submission.csv", "id,a,b,tie\n1,0.2,0.3,0.5\n2,1,0,0\n")
        let third = try run(2)
        #expect(third.output == "id,a,b,tie\n1,0.2,0.3,0.5\n2,1,0,0\n2 rows\n")
        #expect(third.code == 0)
    }

    @Test func withoutTheDatasetItSaysSo() throws {
        _ = try shell("rm -r kaggle/input/mine", in: folder)
        let first = try run(0)
        #expect(first.errors.hasPrefix("no arenascript under "))
        #expect(first.code == 1)
    }
}
