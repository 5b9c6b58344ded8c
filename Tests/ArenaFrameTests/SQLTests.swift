// SQL over frames and SQLite files.

import ArenaCore
import Glibc
import Testing

@testable import ArenaFrame

@Suite struct SQLTests {
    private func rows(_ query: String, _ frames: [(String, Frame)]) throws -> [[String?]] {
        let frame = try sql(query, frames: frames.map { (name: $0, frame: $1) }).frame
        return (0..<frame.rowCount).map { row in frame.columns.map { $0.text(row) } }
    }

    @Test func columnsComeBackAsTheyWere() throws {
        let sample = try everyType()
        let frame = try sql(
            "select * from f", frames: [("f", sample)], key: "id"
        ).frame
        #expect(frame.names == sample.names)
        for name in sample.names {
            #expect(try cells(frame, name) == cells(sample, name), "\(name)")
            #expect(try frame.column(name).type == sample.column(name).type, "\(name)")
        }
    }

    @Test func joinsAndGroups() throws {
        let left = try Frame(
            names: ["id", "g"],
            columns: [
                Column(
                    .int64([3, 1, 2, 1, 0]), validity: Validity([true, true, true, true, false])),
                try Column(["x", "y", nil, "x", "z"]),
            ])
        let right = try Frame(
            names: ["id", "g", "p"],
            columns: [
                Column([1, 2, 3, 4] as [Int64]), try Column(["x", "y", "y", nil]),
                Column([0.5, 0.25, 0.125, 1]),
            ])
        let frames = [("l", left), ("r", right)]
        #expect(
            try rows("select l.id, p from l join r using (id) order by l.rowid", frames) == [
                ["3", "0.125"], ["1", "0.5"], ["2", "0.25"], ["1", "0.5"],
            ])
        #expect(
            try rows("select count(*) from l join r on l.g = r.g", frames) == [["4"]])
        #expect(
            try rows("select l.id, p from l left join r using (id) where p is null", frames)
                == [[nil, nil]])
        // Values that must be converted before they compare.
        #expect(try rows("select count(*) from l where id = '1'", frames) == [["2"]])
        #expect(try rows("select count(*) from l where id = 1.0", frames) == [["2"]])
        #expect(try rows("select count(*) from l where g = 'X' collate nocase", frames) == [["2"]])
        #expect(try rows("select count(*) from l where id in (1, 3, 9)", frames) == [["3"]])
        #expect(try rows("select count(*) from l where id = null", frames) == [["0"]])
        #expect(
            try rows("select g, sum(p) as s from r group by g order by g", frames)
                == [[nil, "1.0"], ["x", "0.5"], ["y", "0.375"]])
    }

    /// A join by key takes rows, not their product: 60,000 x 60,000 would never end.
    @Test func joinsTakeLinearTime() throws {
        let ids = (0..<60_000).map { Int64($0 * 7919 % 60_000) }
        let texts = try Column(ids.map { "key \($0)" })
        let frame = try Frame(names: ["id", "t"], columns: [Column(ids), texts])
        let frames = [("a", frame), ("b", frame)]
        #expect(try rows("select count(*) from a join b using (id)", frames) == [["60000"]])
        #expect(try rows("select count(*) from a join b using (t)", frames) == [["60000"]])
        let plan = try rows("select count(*) from a join b on a.id = b.id and a.t = b.t", frames)
        #expect(plan == [["60000"]])
    }

    @Test func typesOfResults() throws {
        let frame = try everyType()
        let result = try sql(
            "select 1 as i, 1.5 as x, 'a' as s, null as empty, n * 1.0 as f, b, "
                + "case when n = 1 then 'one' else n end as mixed from f", frames: [("f", frame)])
        #expect(
            result.frame.columns.map(\.type) == [
                .int64, .float64, .string, .float64, .float64, .bool, .string,
            ])
        #expect(result.notes == ["column 'mixed' is text: 2 of its 3 values are numbers"])
        let empty = try sql("select id, s from f where 0", frames: [("f", frame)]).frame
        #expect(empty.columns.map(\.type) == [.int64, .string])
        #expect(
            try rows(
                "select f.id, j.value from f, json_each(t) j where j.value is not null",
                [("f", frame)])
                == [["7", "x"], ["9", "\t"]])
    }

    @Test func parameters() throws {
        let frame = try keyed([1, 2, 3], [("p", [0.1, 0.2, 0.3])])
        let frames = [(name: "f", frame: frame)]
        func count(_ query: String, _ parameters: [SQLParameter]) throws -> Int {
            try sql(query, frames: frames, parameters: parameters).frame.rowCount
        }
        #expect(
            try count(
                "select * from f where p > ? and id < ?", [.init(.float(0.15)), .init(.int(3))])
                == 1)
        #expect(
            try count("select * from f where p > :low", [.init(name: "low", .float(0.15))]) == 2)
        #expect(report { try count("select :a", []) }.contains("params= has no value for :a"))
        #expect(
            report { try count("select 1", [.init(.int(1))]) }.contains("no parameter number 1"))
    }

    @Test func errorsNameThePlace() throws {
        let frame = try everyType()
        func said(_ query: String) -> String {
            report { try sql(query, frames: [("train", frame)]).frame }
        }
        #expect(
            said("select id,\n  wen from train") == """
                ValueError: SQL: there is no column 'wen', line 2, column 3 of the query: 'wen from train'
                  help: did you mean 'when'?
                """)
        #expect(said("select * from trian").contains("did you mean 'train'?"))
        #expect(
            said("select * form train").contains(
                "SQL: near \"form\": syntax error, column 10 of the query: 'form train'"))
        #expect(
            said("select 1; select 2").contains(
                "more than one statement, column 11 of the query: 'select 2'"))
        #expect(said(" ").contains("the query is empty"))
        #expect(said("select 1 as a, 2 as a").contains("there would be two columns 'a'"))
        for query in [
            "delete from train", "create table x(y)", "attach 'x.db' as y", "pragma user_version",
            "vacuum into '/tmp/arena-never.db'", "select load_extension('x')", "begin",
            "update sqlite_master set name = 'x'",
        ] { #expect(!said(query).contains("no error"), "\(query)") }
        #expect(!fileExists("/tmp/arena-never.db"))
        #expect(said("select 1; -- and nothing more").contains("no error"))
    }

    @Test func aQueryCanBeStopped() throws {
        var asked = 0
        let endless =
            "with recursive c(x) as (select 1 union all select x + 1 from c) select max(x) from c"
        #expect(
            report {
                try sql(
                    endless, frames: [],
                    poll: {
                        asked += 1; return asked > 3
                    }
                ).frame.rowCount
            }.contains("interrupted"))
    }

    // MARK: - Files

    @Test func filesRoundTrip() throws {
        let folder = TemporaryFolder()
        let root = folder.path
        let path = root + "/a.db"
        let sample = try everyType()
        try writeSQLite(sample, path: path, table: "my \"table\"")
        let frame = try readSQLite(path: path, table: nil, query: nil, key: "id").frame
        for name in sample.names {
            #expect(try cells(frame, name) == cells(sample, name), "\(name)")
            #expect(try frame.column(name).type == sample.column(name).type, "\(name)")
        }
        #expect(
            report { try writeSQLite(sample, path: path, table: "my \"table\"") }.contains(
                "if_exists="))
        try writeSQLite(sample, path: path, table: "my \"table\"", existing: .replace)
        #expect(
            report { try writeSQLite(sample, path: path, table: "my \"table\"", existing: .append) }
                .contains("UNIQUE constraint failed"))
        try writeSQLite(
            try Frame(names: ["a"], columns: [Column([1] as [Int64])]), path: path, table: "b")
        try writeSQLite(
            try Frame(names: ["a"], columns: [Column([2] as [Int64])]), path: path, table: "b",
            existing: .append)
        #expect(try cells(readSQLite(path: path, table: "B", query: nil).frame, "a") == ["1", "2"])
        #expect(
            try readSQLite(path: path, table: "b", query: nil, rowLimit: 1).frame.rowCount == 1)
        #expect(
            report { try readSQLite(path: path, table: nil, query: nil).frame }.contains(
                "2 tables: 'b', 'my \"table\"'"))
        #expect(
            report { try readSQLite(path: path, table: "c", query: nil).frame }.contains(
                "there is no table 'c'"))
        #expect(
            report { try readSQLite(path: path, table: nil, query: "drop table b").frame }.contains(
                "SELECT and nothing else"))
        #expect(listDirectory(root) == ["a.db"])
    }

    @Test func filesThatAreNone() throws {
        let folder = TemporaryFolder()
        let root = folder.path
        try Array("id,a\n1,2\n".utf8).write(to: root + "/a.db")
        #expect(
            report { try readSQLite(path: root + "/a.db", table: "a", query: nil).frame }
                .contains("is not a database"))
        #expect(
            report { try readSQLite(path: root + "/b.db", table: "a", query: nil).frame }
                .contains("there is no file"))
        #expect(
            report { try writeSQLite(try everyType(), path: root + "/a.db", table: "x") }
                .contains("is not a database"))
        #expect(try readFile(root + "/a.db") == Array("id,a\n1,2\n".utf8))
        #expect(
            report { try writeSQLite(try everyType(), path: root + "/no/x.db", table: "x") }
                .contains("does not exist"))
    }
}
