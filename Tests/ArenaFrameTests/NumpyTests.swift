// .npy and .npz files: what NumPy 2.3 wrote, what is written and read back, what is refused.

import ArenaCore
import Testing

@testable import ArenaFrame

private let fixtures = "Tests/Fixtures/numpy"

@Suite struct NumpyTests {
    private static let expected: [(String, JSONValue)] = {
        guard let document = try? JSONDocument(file: fixtures + "/expected.json") else { return [] }
        return (document.root.members ?? []).map { ($0.key, $0.value) }
    }()

    @Test func everyTypeOrderAndVersion() throws {
        #expect(Self.expected.count > 40)
        for (name, value) in Self.expected where name != "sparse" {
            let column = try readNumpy(path: "\(fixtures)/\(name).npy")
            let cells = value.elements ?? []
            #expect(column.count == cells.count, "\(name)")
            for (row, cell) in cells.enumerated() where row < column.count {
                switch column.storage {
                case .matrix(let matrix):
                    #expect(matrix.row(row) == (cell.elements ?? []).map { $0.double ?? .nan })
                case .float64, .float32:
                    #expect(column.doubles?[row] == cell.double, "\(name) \(row)")
                default: #expect(column.text(row) == cell.string, "\(name) \(row)")
                }
            }
        }
        #expect(try readNumpy(path: fixtures + "/le_f2.npy").type == .float32)
        #expect(try readNumpy(path: fixtures + "/time_ns.npy").type == .timestamp)
        let times = try readNumpy(path: fixtures + "/time_ms.npy")
        #expect(times.text(0) == "1969-12-31 00:00:00" && times.isMissing(2))
    }

    @Test func archives() throws {
        for name in ["stored", "deflated"] {
            let parts = try readNumpyArchive(path: "\(fixtures)/\(name).npz")
            #expect(parts.map(\.name) == ["a", "b"])
            #expect(cells(parts[0].column) == ["0", "1", "2"])
        }
        let sparse = try readNumpyArchive(path: fixtures + "/sparse.npz")
        guard case .matrix(let matrix)? = sparse.first?.column.storage else {
            Issue.record("no matrix")
            return
        }
        #expect(matrix.isSparse && matrix.width == 9)
        let wanted = Self.expected.first { $0.0 == "sparse" }?.1.elements ?? []
        for (row, cells) in wanted.enumerated() {
            #expect(matrix.row(row) == (cells.elements ?? []).map { $0.double ?? .nan })
        }
    }

    @Test func roundTrip() throws {
        let folder = TemporaryFolder()
        let root = folder.path
        let path = root + "/a.npy"
        let columns: [Column] = [
            Column([true, false]), Column([1, -9_000_000_000] as [Int64]),
            Column([0.1, Double.infinity]),
            Column([Float(0.1), -0.0]), try Column(["", "é😀"]),
            Column(.timestamp([-1, 1_714_558_830_500_000])),
            Column(.matrix(MatrixStorage(.float32([1, 2, 3, 4]), count: 2, width: 2))),
            Column([] as [Double]),
        ]
        for column in columns {
            try writeNumpy(try Series(name: "a", column: column), path: path)
            let read = try readNumpy(path: path)
            #expect(read.type == column.type)
            #expect(cells(read) == cells(column))
        }
        let sparse = MatrixStorage(
            .float64([0, 1, 0, 0, 0, 2.5]), count: 2, width: 3
        ).sparse()
        try writeNumpyArchive(
            [try Series(name: "m", column: Column(.matrix(sparse)))], path: root + "/s.npz")
        let read = try readNumpyArchive(path: root + "/s.npz")
        #expect(cells(read[0].column) == ["[0.0,1.0,0.0]", "[0.0,0.0,2.5]"])
        let missing = Column(.float64([1, 2]), validity: Validity([true, false]))
        try writeNumpy(try Series(name: "a", column: missing), path: path)
        #expect(try readNumpy(path: path).doubles?[1].isNaN == true)
        let ints = Column(.int64([1, 2]), validity: Validity([true, false]))
        #expect(
            report { try writeNumpy(try Series(name: "a", column: ints), path: path) }.contains(
                "misses 1 rows, and int64 has no value"))
    }

    @Test func refusals() {
        func said(_ name: String) -> String {
            report { try readNumpy(path: "\(fixtures)/\(name).npy") }
        }
        #expect(said("objects").contains("a pickle, and reading it would run code"))
        #expect(said("records").contains("records (a structured type)"))
        #expect(said("complex").contains("of type <c16"))
        #expect(said("cube").contains("its shape is (2, 2, 2)"))
        #expect(said("huge_u8").contains("18446744073709551615 does not fit int64"))
    }

    private static func file(_ header: String, version: UInt8 = 1, data: [UInt8] = []) -> [UInt8] {
        var bytes = NumpyHeader.magic + [version, 0]
        let length = header.utf8.count
        bytes += [UInt8(length & 0xFF), UInt8(length >> 8 & 0xFF)]
        if version > 1 { bytes += [0, 0] }
        return bytes + Array(header.utf8) + data
    }

    private static func start(_ rest: [UInt8]) -> [UInt8] { NumpyHeader.magic + rest }

    static let hostile: [[UInt8]] = [
        [], start([]), start([1, 0, 255, 255]), start([2, 0, 255, 255, 255, 255]),
        start([9, 0, 0, 0]),
        file("{'descr': '<f8', 'fortran_order': False, 'shape': (9223372036854775807, 2), }"),
        file("{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296), }"),
        file("{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999,), }"),
        file("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }"),
        file("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000,), }"),
        file("{'descr': '<U0', 'fortran_order': False, 'shape': (4611686018427387904,), }"),
        file("{'descr': '<f8', 'fortran_order': False, 'shape': (4611686018427387904, 0), }"),
        file("{'descr': '<U999999999', 'fortran_order': False, 'shape': (3,), }"),
        file("{'descr': '|O', 'fortran_order': False, 'shape': (), }", data: [128, 4, 46]),
        file("{'descr': __import__('os').system('true'), 'fortran_order': False, 'shape': ()}"),
        file("{'descr': '<f8', 'fortran_order': 0, 'shape': ()}"),
        file("{'descr': '<f8'}"), file("{"), file("{'descr"), file("{'descr': '<f8', 'a': 1}"),
        file(
            "{'descr': '<f8', 'fortran_order': False, 'shape': (1,)} x",
            data: [0, 0, 0, 0, 0, 0, 0, 0]),
        file("{'descr': '', 'fortran_order': False, 'shape': ()}"),
        file("{'descr': '<M8[Y]', 'fortran_order': False, 'shape': ()}"),
        file("{'descr': '<U1', 'fortran_order': False, 'shape': (1,)}", data: [0, 0xD8, 0, 0]),
        file("{'descr': '|S1', 'fortran_order': False, 'shape': (1,)}", data: [0xFF]),
    ]

    @Test(arguments: hostile) func isRefused(bytes: [UInt8]) {
        _ = bytes.withUnsafeBytes { raw in
            #expect(throws: FrameError.self) { try parseNumpy(raw, name: "t.npy") }
        }
    }
}

@Suite struct MatrixTests {
    @Test func sparseAndDense() throws {
        let dense = MatrixStorage(.float32([0, 1, 0, 0, 2, 3]), count: 3, width: 2)
        let sparse = dense.sparse()
        #expect(sparse.isSparse && sparse.isFloat32 && sparse.nonzeroCount == 3)
        #expect(sparse.doubles == dense.doubles)
        #expect(sparse.dense().doubles == dense.doubles)
        #expect((0..<3).map { sparse.row($0) } == (0..<3).map { dense.row($0) })
        #expect(sparse.taking([2, 0, 2]).doubles == [2, 3, 0, 1, 2, 3])
        let joined = MatrixStorage(joining: [sparse, dense])
        #expect(joined.isSparse && joined.doubles == dense.doubles + dense.doubles)
        let column = Column(.matrix(sparse))
        #expect(column.appending(Column(.matrix(dense)))?.count == 6)
        let stacked = try hstack(
            [
                try Series(name: "m", column: column),
                try Series(name: "n", column: Column([7.0, 0, 9])),
            ],
            name: "all")
        guard case .matrix(let all) = stacked.column.storage else { return }
        #expect(all.isSparse && all.doubles == [0, 1, 7, 0, 0, 0, 2, 3, 9])
    }

    @Test func arraysOfOthers() {
        func rows(_ starts: [Int], _ columns: [Int32], _ count: Int) -> Bool {
            SparseRows(
                starts: starts, columns: columns,
                values: .float64([Double](repeating: 1, count: count)), width: 3) != nil
        }
        #expect(rows([0, 2, 2, 3], [0, 2, 1], 3))
        #expect(rows([0], [], 0))
        for broken in [
            rows([], [], 0), rows([0, 1], [3], 1), rows([0, 1], [-1], 1), rows([0, 2], [1, 1], 2),
            rows([0, 2], [2, 1], 2), rows([0, 3], [0, 1], 2), rows([1, 2], [0, 1], 2),
            rows([0, 2, 1, 2], [0, 1], 2), rows([0, 1], [0], 2),
        ] { #expect(!broken) }
    }

    @Test func listsOfOneWidth() throws {
        let lists = try Series(name: "v", column: Column(.floats(NumberLists([[1, 2], [3, 4]]))))
        guard case .matrix(let matrix) = try lists.matrix().column.storage else { return }
        #expect(matrix.doubles == [1, 2, 3, 4])
        let ragged = try Series(name: "v", column: Column(.ints(NumberLists([[1, 2], [3]]))))
        #expect(
            report { try ragged.matrix() }.contains("'v' has 1 numbers in row 1, 2 in the first"))
    }
}
