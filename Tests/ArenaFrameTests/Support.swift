import ArenaCore
import Glibc
import Testing

@testable import ArenaFrame

/// A frame from CSV text.
func csv(_ text: String, key: String? = nil) throws -> Frame {
    try parseCSV(Array(text.utf8), name: "t.csv", key: key)
}

/// A column's cells as text; nil is missing.
func cells(_ column: Column) -> [String?] { (0..<column.count).map { column.text($0) } }

func cells(_ frame: Frame, _ name: String) throws -> [String?] { cells(try frame.column(name)) }

/// The error in words, with place and help, or what came out instead.
func report<T>(_ body: () throws -> T) -> String {
    do {
        return "no error: \(try body())"
    } catch let error as any ArenaFault {
        return error.description
    } catch {
        return "another error: \(error)"
    }
}

/// A frame of numbers keyed by `id`.
func keyed(_ ids: [Int64], _ columns: [(String, [Double])]) throws -> Frame {
    try Frame(
        names: columns.map(\.0), columns: columns.map { Column($0.1) },
        key: FrameKey(name: "id", column: Column(ids)))
}

/// A column of every type, keyed by `id`.
func everyType() throws -> Frame {
    try Frame(
        names: ["b", "n", "x", "g", "s", "t", "ids", "v", "m", "c", "when"],
        columns: [
            Column(.bool([true, false, true]), validity: Validity([true, false, true])),
            Column([1, -2, Int64.max]), Column([0.1, -1e300, 5e-324]),
            Column([Float(0.1), 3, -0.5]),
            Column(["a'\"\\\n\u{1}é</x>", nil, ""]),
            Column(.turns(try ListStorage([["x", nil], [], ["\t"]]))),
            Column(.ints(NumberLists([[1, -2], [], [3]]))),
            Column(.floats(NumberLists([[0.5], [1e16], []]))),
            Column(.matrix(MatrixStorage(.float64([1, 2, 3, 4, 5, 6.5]), count: 3, width: 2))),
            Column(
                .categorical(
                    CategoricalStorage(codes: [1, 0, 1], categories: try TextStorage(["p", "q"])))),
            Column(.timestamp([0, 1_714_558_830_500_000, -1])),
        ], key: FrameKey(name: "id", column: Column([7, 8, 9] as [Int64])))
}

/// Small, fast, the same on every machine (xorshift64*).
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }
    mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_F491_4F6C_DD1D
    }
}

/// A folder of its own for one test, removed afterwards.
struct TemporaryFolder: ~Copyable {
    let path: String
    init() {
        var template = Array("/tmp/arena-frame-XXXXXX".utf8CString)
        path = mkdtemp(&template).map { String(cString: $0) } ?? "/tmp"
    }
    deinit {
        for name in listDirectory(path) { unlink(joinPath(path, name)) }
        rmdir(path)
    }
}
