import Testing

@testable import ArenaFrame

@Suite struct DisplayTests {
    @Test func typesAlignmentAndFooter() throws {
        let frame = try csv(
            "id,prompt,p,n,ok\n7,\"a\nb\",0.25,1,True\n12,,0.3333333333,-20,False\n300,汉字,2,,\n",
            key: "id")
        #expect(
            display(frame) == """
                   id  prompt         p      n  ok
                int64  string   float64  int64  bool
                -----  ------  --------  -----  -----
                    7  a\\nb    0.250000      1  True
                   12  <NA>    0.333333    -20  False
                  300  汉字    2.000000   <NA>  <NA>
                3 rows x 4 columns, key id

                """)
    }

    @Test func rowsInTheMiddleAreLeftOut() throws {
        let ids = (0..<1_234).map { Int64($0) }
        let frame = try keyed(ids, [("a", ids.map { Double($0) / 2 })])
        #expect(
            display(frame, maxRows: 5) == """
                   id        a
                int64  float64
                -----  -------
                    0      0.0
                    1      0.5
                    2      1.0
                    …        …
                 1232    616.0
                 1233    616.5
                1,234 rows x 1 column, key id

                """)
    }

    @Test func longCellsAndManyColumnsAreCut() throws {
        let long = String(repeating: "word ", count: 1_000)
        let frame = try Frame(
            names: ["a", "b", "c"],
            columns: [
                Column([long]), Column([1 as Int64]), Column([String(repeating: "汉", count: 99)]),
            ])
        #expect(
            display(frame, maxWidth: 40) == """
                a                    b  c
                string           int64  string
                ---------------  -----  ----------------
                word word word…      1  汉汉汉汉汉汉汉…
                1 row x 3 columns

                """)
        let wide = try Frame(
            names: (0..<30).map { "column\($0)" }, columns: (0..<30).map { Column([Int64($0)]) })
        #expect(
            display(wide, maxWidth: 40) == """
                column0  column1  …  column29
                  int64    int64  …     int64
                -------  -------  -  --------
                      0        1  …        29
                1 row x 30 columns

                """)
        for width in 20..<120 {
            for line in display(wide, maxWidth: width).split(separator: "\n") {
                #expect(displayWidth(String(line)) <= width)
            }
        }
    }

    @Test func everythingIsShownToWhoAsksForIt() throws {
        let long = String(repeating: "ab", count: 2000)
        let frame = try Frame(names: ["t"], columns: [Column(.string(TextStorage([long])))])
        for most in [4000, Int.max] {
            let table = display(frame, maxRows: .max, maxWidth: .max, maxCellWidth: most)
            #expect(table.contains(long))
        }
        #expect(display(frame, maxCellWidth: 8).contains("\nabababa…\n"))
    }

    @Test func widthsAreThoseOfATerminal() {
        #expect(displayWidth("abc") == 3)
        #expect(displayWidth("汉字") == 4)
        #expect(displayWidth("e\u{301}") == 1)
        #expect(displayWidth("😀") == 2)
        #expect(displayWidth("👩‍💻") == 2)
        #expect(displayWidth("🇯🇵") == 2)
        #expect(displayWidth("❤️") == 2)
        #expect(displayWidth("ｱ") == 1)
        #expect(displayWidth("한") == 2)
        #expect(cut("abcdef", to: 4) == "abc…")
        #expect(cut("abcd", to: 4) == "abcd")
        #expect(cut("汉汉汉", to: 4) == "汉…")
        #expect(cut("汉汉汉", to: 5) == "汉汉…")
        #expect(cut("汉汉汉", to: 6) == "汉汉汉")
        #expect(cut("abc", to: 1) == "…")
        #expect(cut("abc", to: 0) == "")
    }

    @Test func controlsAndTurnsAreVisible() throws {
        let column = Column(.turns(try ListStorage([["a\tb", nil], ["\u{202E}x\u{1B}[0m"]])))
        let series = try Series(name: "t", column: column)
        #expect(
            display(series) == """
                t
                list[string]
                --------------------
                ["a\\tb", null]
                ["\\u{202e}x\\x1b[0m"]
                2 rows x 1 column

                """)
    }

    @Test func numbersAreShownToSixDecimals() throws {
        func shown(_ values: [Double]) throws -> [String] {
            let frame = try Frame(names: ["x"], columns: [Column(values)])
            return display(frame).split(separator: "\n").dropFirst(3).dropLast().map {
                String($0).trimmingPrefix { $0 == " " }.description
            }
        }
        #expect(try shown([1, -2.5]) == ["1.0", "-2.5"])
        #expect(try shown([0.1234567, 1e-7, -0.0]) == ["0.123457", "1e-07", "0.000000"])
        #expect(
            try shown([1e12, 0.5, .nan, -.infinity]) == ["1000000000000.0", "0.5", "nan", "-inf"])
        #expect(try shown([123456789.125]) == ["123456789.125"])
        #expect(try shown([0.9999999]) == ["1.0"])
        #expect(
            display(try csv("a,b\n"))
                == "a       b\nstring  string\n------  ------\n0 rows x 2 columns\n")
        #expect(display(try Frame(names: [], columns: [])) == "0 rows x 0 columns\n")
    }
}
