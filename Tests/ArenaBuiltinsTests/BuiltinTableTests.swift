// The table of builtins holds itself to its rules, and every example runs.

import Testing

@testable import ArenaBuiltins
@testable import ArenaLanguage

/// Host types and modules.
private let allTypes = allHostTypes + allModuleTypes

@Suite struct BuiltinTableTests {
    @Test func functionsAreSortedAndNamedOnce() {
        let names = allBuiltins.map(\.name)
        #expect(names == names.sorted())
        #expect(Set(names + coreFunctions.map(\.name)).count == names.count + coreFunctions.count)
        let types = allHostTypes.map(\.name)
        #expect(types == types.sorted() && Set(types).count == types.count)
    }

    @Test func everythingIsDescribed() {
        for builtin in allBuiltins + allTypes.flatMap(\.methods) {
            #expect(builtin.summary.hasSuffix("."), "\(builtin.name)")
        }
        for builtin in allBuiltins { #expect(!builtin.examples.isEmpty, "\(builtin.name)") }
    }

    @Test(
        arguments: (allBuiltins + allTypes.flatMap(\.methods)).flatMap { b in
            b.examples.map { (b.name, $0) }
        })
    func exampleRuns(_ name: String, _ example: Example) {
        let outcome = runScript(example.code)
        #expect(outcome.message == "")
        #expect(outcome.output == example.output, "\(name)")
    }
}
