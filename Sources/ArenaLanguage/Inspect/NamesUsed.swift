// Which names a script mentions, without resolving it.

import ArenaCore

/// The names that stand anywhere in a script, also inside f-strings.
///
/// With names the script takes from another file, `loads` is true: what that one mentions is unknown.
package func namesUsed(in file: SourceFile) -> (names: Set<String>, loads: Bool) {
    var names: Set<String> = []
    var loads = false
    func visit(_ tokens: [Token]) {
        for token in tokens {
            switch token.kind {
            case .name(let name):
                names.insert(name)
                if name == "load" { loads = true }
            case .keyword(let word):
                if ["import", "from", "load"].contains(word.rawValue) { loads = true }
            case .fstring(let pieces): fields(pieces)
            default: break
            }
        }
    }
    func fields(_ pieces: [FStringPiece]) {
        for case .field(let field) in pieces {
            var lexer = Lexer(file, field: field.expression)
            visit(lexer.scanField())
            fields(field.spec)
        }
    }
    var lexer = Lexer(file)
    visit(lexer.scan())
    return (names, loads)
}
