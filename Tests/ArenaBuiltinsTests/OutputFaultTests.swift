// A disk that fails under an output, at every write, fsync and rename and in every way: under its name is
// the old file or the new one, whole, nothing is left beside it, and the script ends with the reason.

import ArenaCore
import CFaultyFiles
import Testing

@Suite struct OutputFaultTests {
    /// Statements that write `to`, from a frame of some hundred kilobytes.
    static let writers = [
        "write_csv(df, to)",
        "write_json(df, to)",
        "write_npy(df['a'], to)",
        "write_npz({'a': df['a']}, to)",
        "write_text(to, '0123456789' * 100000)",
        "copy(folder + '/source.txt', to)",
        "f = open(to, 'w')\nfor i in range(40000):\n    f.write('a line of text\\n')\nf.close()",
        "submit(df, like=folder + '/sample.csv', to=to)",
    ]

    private static let table = """
        cfg = params(folder="")
        folder = cfg.folder
        rows = list(range(12000))
        df = frame({"id": rows, "a": [i / 7.0 for i in rows], "b": [i / 3.0 for i in rows]}, key="id")
        """

    @Test(arguments: writers) func theOldFileOrTheNewOne(_ statement: String) throws {
        let name = statement.contains("json") ? "out.json.gz" : "out.csv"
        let scratch = Scratch()
        let out = joinPath(scratch.path, name)
        let preparation = """
            \(Self.table)
            write_csv(df, folder + "/sample.csv")
            write_text(folder + "/source.txt", "abcdefghij" * 200000)
            """
        let folder = ["folder": scratch.path]
        #expect(runScript(preparation, parameters: folder).message == "")
        let script = "\(Self.table)\nto = folder + \"/\(name)\"\n\(statement)\n"
        #expect(runScript(script, parameters: folder).message == "")
        let new = try readFile(out)
        let old = Array("old\n".utf8)
        let files = listDirectory(scratch.path)
        for kind in [faulty_files_full, faulty_files_io, faulty_files_short] {
            for operations in 0..<200 {
                try writeFile(out, old)
                faulty_files_begin(scratch.path, Int32(operations), Int32(kind))
                let outcome = runScript(script, parameters: folder)
                let made = faulty_files_end()
                let now = try readFile(out)
                let place = Comment(rawValue: "\(kind) \(operations): \(outcome.message)")
                #expect(listDirectory(scratch.path) == files, place)
                if made <= operations {
                    // A write, two syncs and the rename at least.
                    #expect(outcome.message == "" && now == new && made >= 4, place)
                    break
                }
                #expect(now == old || now == new, place)
                #expect(outcome.message.contains(" failed: "), place)
                let reason =
                    kind == faulty_files_io ? "Input/output error" : "No space left on device"
                #expect(outcome.message.contains(reason), place)
                #expect(operations < 199, "200 operations were not enough")
            }
        }
    }
}
