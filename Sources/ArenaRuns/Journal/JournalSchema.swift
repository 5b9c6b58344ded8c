// The tables of a journal.

enum JournalSchema {
    /// "ARNA" in the file's header: what is not a journal is told by it.
    static let applicationID = 0x4152_4E41
    /// Changes with the tables; a journal of another version is kept aside.
    static let version = 2

    /// Times are seconds since 1970. Results are known by content alone, not by run, step or place:
    /// what one run has computed, every other finds.
    static let tables = [
        """
        CREATE TABLE runs(
            id INTEGER PRIMARY KEY AUTOINCREMENT, command BLOB NOT NULL, script TEXT NOT NULL,
            folder TEXT NOT NULL, digest TEXT NOT NULL, version TEXT NOT NULL,
            machine TEXT NOT NULL, process TEXT NOT NULL, started REAL NOT NULL,
            steady REAL NOT NULL, boot TEXT NOT NULL, spent REAL NOT NULL,
            first_started REAL NOT NULL, continues INTEGER, finished REAL, status TEXT NOT NULL,
            deadline REAL)
        """,
        "CREATE INDEX runs_by_command ON runs(command, id)",
        "CREATE TABLE arguments(run INTEGER, number INTEGER, value TEXT, PRIMARY KEY(run, number))",
        "CREATE TABLE settings(run INTEGER, name TEXT, value TEXT, PRIMARY KEY(run, name))",
        """
        CREATE TABLE inputs(
            run INTEGER, path TEXT, size INTEGER, digest TEXT, PRIMARY KEY(run, path))
        """,
        """
        CREATE TABLE steps(
            run INTEGER, number INTEGER, label TEXT, computation TEXT, rows INTEGER,
            found INTEGER, computed INTEGER, missing INTEGER, tokens INTEGER, seconds REAL,
            peak_bytes INTEGER, PRIMARY KEY(run, number))
        """,
        """
        CREATE TABLE facts(
            run INTEGER, step INTEGER, number INTEGER, kind TEXT, name TEXT, value TEXT,
            PRIMARY KEY(run, step, number))
        """,
        "CREATE TABLE metrics(run INTEGER, number INTEGER, name TEXT, value REAL, PRIMARY KEY(run, number))",
        "CREATE TABLE seeds(run INTEGER, number INTEGER, name TEXT, value TEXT, PRIMARY KEY(run, number))",
        """
        CREATE TABLE outputs(
            run INTEGER, path TEXT, size INTEGER, digest TEXT, summary TEXT,
            PRIMARY KEY(run, path))
        """,
        "CREATE TABLE computations(id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE)",
        """
        CREATE TABLE results(
            computation INTEGER, row BLOB, value BLOB NOT NULL, seal INTEGER NOT NULL,
            PRIMARY KEY(computation, row)) WITHOUT ROWID
        """,
    ]
}
