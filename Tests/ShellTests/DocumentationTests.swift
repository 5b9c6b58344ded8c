// docs/builtins.md is what the tables say, and each name in it is found.

import ArenaCore
import Testing

@testable import ArenaShell

private let root = String(
    #filePath.dropLast("/Tests/ShellTests/DocumentationTests.swift".utf8.count))

@Suite struct DocumentationTests {
    @Test func theFileIsUpToDate() throws {
        let file = String(decoding: try readFile(root + "/docs/builtins.md"), as: UTF8.self)
        #expect(
            file == Documentation().markdown(),
            "run: arenascript doc --markdown > docs/builtins.md")
    }

    @Test func everyNameIsFound() {
        let documentation = Documentation()
        #expect(documentation.names.count > 80)
        for name in documentation.names {
            #expect(documentation.text(name) != nil, "\(name)")
            #expect(documentation.markdown(name) != nil, "\(name)")
        }
        #expect(documentation.text("nowhere") == nil)
        let overview = documentation.overview()
        for word in ["read_csv", "frame: ", "str: ", "Functions"] {
            #expect(overview.contains(word))
        }
    }

    @Test func differencesAsDiffShowsThem() {
        let old = (1...20).map { "line \($0)" }
        var new = old
        new[9] = "changed"
        new.append("more")
        #expect(
            unifiedDiff(old, new, from: "a", to: "b") == """
                --- a
                +++ b
                @@ -7,7 +7,7 @@
                 line 7
                 line 8
                 line 9
                -line 10
                +changed
                 line 11
                 line 12
                 line 13
                @@ -18,3 +18,4 @@
                 line 18
                 line 19
                 line 20
                +more

                """)
    }
}
