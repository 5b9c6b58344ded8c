// How long source takes to become tokens, a tree and resolved names, in one process, best of many rounds.
//
//     ARENASCRIPT_BENCHMARKS=1 swift build -c release --product syntax-bench -Xswiftc -enable-testing
//     .build/release/syntax-bench FILE.as [ROUNDS]
//
// `syntax_source.py` beside this file writes a file of 10,000 lines and times CPython's `compile` of it.

import Glibc

@testable import ArenaLanguage

func seconds() -> Double {
    var t = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t)
    return Double(t.tv_sec) + Double(t.tv_nsec) * 1e-9
}

let arguments = CommandLine.arguments
guard arguments.count > 1, let file = fopen(arguments[1], "r") else {
    print("usage: syntax-bench FILE.as [ROUNDS]")
    exit(64)
}
var bytes: [UInt8] = []
var byte = getc(file)
while byte != EOF {
    bytes.append(UInt8(byte))
    byte = getc(file)
}
let rounds = arguments.count > 2 ? Int(arguments[2]) ?? 10 : 10
let machine = Machine(builtins: [], parameters: [:], output: { _ in })
var best = (lexed: 9.0, parsed: 9.0, resolved: 9.0)
for _ in 0..<rounds {
    let source = SourceFile(name: "source.as", bytes: bytes)
    let start = seconds()
    var parser = Parser(source)
    let lexed = seconds()
    let program = parser.parse()
    let parsed = seconds()
    var resolver = Resolver(
        source, globals: GlobalNames(in: SlotNames()), builtins: machine.builtinNames)
    resolver.resolve(program, known: ["json", "re"])
    let resolved = seconds()
    // Code is made from the tree next, so its end is no part of this.
    withExtendedLifetime(program) {}
    if let fault = (parser.faults + resolver.faults).first {
        print(fault.title)
        exit(65)
    }
    best = (
        min(best.lexed, lexed - start), min(best.parsed, parsed - lexed),
        min(best.resolved, resolved - parsed)
    )
}
let total = best.lexed + best.parsed + best.resolved
print(
    "tokens \(best.lexed * 1e3) ms, tree \(best.parsed * 1e3) ms, names \(best.resolved * 1e3) ms")
print("together \(total * 1e3) ms")
