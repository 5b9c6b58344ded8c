// What people bring along from notebooks, older Pythons and other languages. Only a statement that has
// already failed to parse is looked at here, so nothing that is right can be refused; where a habit
// explains the failure, its message with the line to type takes the place of the general one.

import ArenaCore

extension Parser {
    private typealias Habit = (title: String, range: TextRange, help: String)

    /// Puts a habit's message in the place of the last fault, if one explains what stopped the
    /// statement that began at `start`.
    mutating func explain(from start: Int) {
        guard let (title, range, help) = habit(from: start, to: position), !faults.isEmpty else {
            return
        }
        faults[faults.count - 1] = Diagnostic(.syntax, title, in: file, at: range, help: help)
    }

    private func habit(from start: Int, to stop: Int) -> Habit? {
        operatorHabit(from: start, to: stop) ?? headerHabit(from: start, to: stop)
            ?? firstWordHabit(start, stop) ?? symbolHabit(start)
    }

    // MARK: - Pieces of the line

    private func word(_ i: Int) -> String {
        guard tokens.indices.contains(i), !isLineEnd(i) else { return "" }
        return file.text(tokens[i].range)
    }

    private func isLineEnd(_ i: Int) -> Bool {
        switch tokens[i].kind {
        case .newline, .end, .dedent, .indent: return true
        default: return false
        }
    }

    /// The tokens of a logical line from a place on.
    private func lineEnd(_ start: Int) -> Int {
        var i = start
        while i < tokens.count, !isLineEnd(i) { i += 1 }
        return i
    }

    /// The source from a token to the end of its line, cut where it is long.
    private func rest(_ start: Int, dropping last: Int = 0) -> String {
        let end = lineEnd(start) - last
        guard start < end else { return "..." }
        let text = file.text(tokens[start].range.to(tokens[end - 1].range))
        return text.count > 50 || text.contains("\n") ? "..." : text
    }

    /// The rest of the line as an assignment.
    private func assignment(_ start: Int) -> String {
        let hasValue = tokens[start..<lineEnd(start)].contains { $0.tag == .op(.assign) }
        return hasValue ? rest(start) : "\(word(start)) = None"
    }

    private func touch(_ i: Int, _ j: Int) -> Bool { tokens[i].range.end == tokens[j].range.start }

    // MARK: - Operators of other languages

    private func operatorHabit(from start: Int, to stop: Int) -> Habit? {
        guard stop > start else { return nil }
        let pair = touch(stop - 1, stop) ? word(stop - 1) + word(stop) : ""
        let both = tokens[stop - 1].range.to(tokens[stop].range)
        switch pair {
        case "&&": return ("'&&' is not an operator here", both, "write: and")
        case "||": return ("'||' is not an operator here", both, "write: or")
        case "===": return ("'===' is not an operator here", both, "write: ==")
        case "!==": return ("'!==' is not an operator here", both, "write: !=")
        case "<>": return ("'<>' is not an operator here", both, "write: !=")
        case "=>": return ("'=>' is not an operator here", both, "write: >=, or lambda x: ...")
        default: break
        }
        let sign = word(stop - 1)
        if stop >= start + 3, isLineEnd(stop), sign == "+" || sign == "-", word(stop - 2) == sign,
            touch(stop - 2, stop - 1)
        {
            let target = file.text(tokens[start].range.to(tokens[stop - 3].range))
            return (
                "'\(sign)\(sign)' is not an operator here",
                tokens[stop - 2].range.to(tokens[stop - 1].range), "write: \(target) \(sign)= 1"
            )
        }
        if word(stop) == ":=" {
            let name = word(stop - 1)
            return (
                "':=' is not part of ArenaScript", tokens[stop].range,
                "assign on a line of its own before: \(name.isEmpty ? "x" : name) = ..."
            )
        }
        if case .string = tokens[stop].kind, case .name(let prefix) = tokens[stop - 1].kind,
            touch(stop - 1, stop), prefix.utf8.count <= 3
        {
            let text = word(stop)
            return (
                "'\(prefix)' cannot stand before a string", tokens[stop - 1].range,
                "prefixes are r, b, f, u, rb and rf: \(prefix.contains("r") ? "r" : "f")\(text.count > 40 ? "\"...\"" : text)"
            )
        }
        return nil
    }

    // MARK: - Headers of blocks

    private func headerHabit(from start: Int, to stop: Int) -> Habit? {
        guard case .keyword(let keyword) = tokens[start].tag else { return nil }
        let found = word(stop)
        let values: [Keyword] = [.yes, .no, .none, .not]
        if word(start + 1) == "=", !values.contains(keyword) {
            return (
                "'\(keyword.rawValue)' is a word of the language and no name", tokens[start].range,
                "\(keyword.rawValue)_ = \(rest(start + 2))"
            )
        }
        switch keyword {
        case .else where word(start + 1) == "if":
            return (
                "'else if' is written in one word", tokens[start].range.to(tokens[start + 1].range),
                "elif \(rest(start + 2))"
            )
        case .if, .elif, .while:
            if stop > start, word(stop) == "if", word(stop - 1) == "else" {
                return (
                    "'else if' is written in one word",
                    tokens[stop - 1].range.to(tokens[stop].range), "elif \(rest(stop + 1))"
                )
            }
            if found == "=" {
                return (
                    "'=' assigns; a comparison is written '=='", tokens[stop].range,
                    file.text(tokens[start].range.to(tokens[stop - 1].range)) + " == "
                        + rest(stop + 1)
                )
            }
        case .for
        where word(start + 1) == "("
            && tokens[start..<lineEnd(start)].contains { $0.tag == .op(.semicolon) }:
            return (
                "a loop runs over the items of something", tokens[start].range,
                "for i in range(n):"
            )
        case .raise where found == ",":
            let kind = file.text(tokens[start + 1].range.to(tokens[stop - 1].range))
            return (
                "the text of an error stands in parentheses", tokens[stop].range,
                "raise \(kind)(\(rest(stop + 1)))"
            )
        case .global where found == "=", .nonlocal where found == "=":
            return (
                "'\(keyword.rawValue)' only declares names", tokens[stop].range,
                "on two lines: \(file.text(tokens[start].range.to(tokens[stop - 1].range))), then \(word(stop - 1)) = \(rest(stop + 1))"
            )
        default: break
        }
        let opensBlock: Set<Keyword> = [.if, .elif, .else, .for, .while, .def, .try, .with]
        guard opensBlock.contains(keyword), stop > start else { return nil }
        let header = file.text(tokens[start].range.to(tokens[stop - 1].range))
        let shown = header.count > 50 || header.contains("\n") ? "..." : header
        if found == "{", tokens[stop - 1].tag != .op(.colon) {
            return (
                "a block is not written in braces", tokens[stop].range,
                "\(shown):  with its lines below it, indented by four spaces"
            )
        }
        if found == "then" || found == "do" {
            return ("a block begins with ':'", tokens[stop].range, "\(shown):")
        }
        if isLineEnd(stop), faults.last?.title.hasPrefix("expected ':'") == true {
            return ("the ':' that begins a block is missing", tokens[stop].range, "\(shown):")
        }
        return nil
    }

    // MARK: - First words

    private func firstWordHabit(_ start: Int, _ stop: Int) -> Habit? {
        guard case .name(let first) = tokens[start].kind, !isLineEnd(start + 1) else { return nil }
        let range = tokens[start].range
        func no(_ what: String, _ help: String) -> Habit { (what, range, help) }
        // What follows must not be able to go on an expression.
        switch tokens[start + 1].kind {
        case .name, .string, .fstring, .integer, .float, .keyword(.not), .keyword(.none),
            .keyword(.yes), .keyword(.no):
            break
        case .op(.colon), .op(.leftBrace): if first != "do" { return nil }
        default: return nil
        }
        let after = start + 1
        let header = rest(after, dropping: word(lineEnd(after) - 1) == ":" ? 1 : 0)
        switch first {
        case "print", "echo", "puts":
            return no(
                "print is a function: its arguments stand in parentheses", "print(\(rest(after)))")
        case "exec", "eval":
            return no(
                "text is never run as code", "write the lines in the script, or a function to call")
        case "elseif", "elsif", "elif":
            return no("'\(first)' is written 'elif'", "elif \(rest(after))")
        case "function", "func", "fn", "fun", "sub":
            return no("a function is defined with 'def'", "def \(header):")
        case "var", "let", "const", "local", "auto", "my":
            return no("a name is assigned without a word before it", assignment(after))
        case "int", "float", "str", "string", "bool", "double", "char", "dict", "list":
            guard case .name = tokens[after].kind else { return nil }
            return no("a name is assigned without its type before it", assignment(after))
        case "match", "switch", "case":
            return no(
                "'\(first)' is not part of ArenaScript",
                first == "case"
                    ? "elif x == \(header):" : "if \(header) == 1:  and  elif \(header) == 2:")
        case "do" where tokens[after].tag == .op(.colon) || word(after) == "{":
            return no(
                "'do' is not part of ArenaScript", "while True:  with  if done: break  at its end")
        case "foreach": return no("a loop begins with 'for'", "for \(header):")
        case "unless": return no("'unless' is not part of ArenaScript", "if not \(header):")
        case "until": return no("'until' is not part of ArenaScript", "while not \(header):")
        case "throw": return no("an error is raised with 'raise'", "raise \(rest(after))")
        case "catch": return no("'catch' is written 'except'", "except Exception as error:")
        case "new": return no("a value is made by a call alone", rest(after))
        case "delete": return no("a name is deleted with 'del'", "del \(rest(after))")
        case "include", "require", "using", "use":
            return no("another script is taken in with 'import'", "import helpers")
        case "type":
            return no(
                "a type needs no name of its own", "delete this line; annotations are not read")
        case "cd", "ls", "cat", "pip", "conda", "apt", "git", "wget", "curl", "unzip", "mkdir":
            return shellCommand(first, range)
        default: return nil
        }
    }

    private func shellCommand(_ name: String, _ range: TextRange) -> Habit {
        ("shell commands are not part of a script", range, shellHelp(name))
    }

    // MARK: - First signs

    private func symbolHabit(_ start: Int) -> Habit? {
        let range = tokens[start].range
        switch tokens[start].kind {
        case .op(.percent):
            var i = start
            while tokens[i].tag == .op(.percent) { i += 1 }
            let name = word(i)
            let help: String
            switch name {
            case "time", "timeit", "prun", "lprun":
                help = "arenascript run --profile SCRIPT says where the time goes"
            case "cd": help = "paths are taken from where the run starts: join_path(folder, name)"
            case "run", "load": help = "import helpers"
            default: help = "delete this line"
            }
            return (
                "notebook commands are not part of a script",
                i < tokens.count && !isLineEnd(i) ? range.to(tokens[i].range) : range, help
            )
        case .op(.doubleSlash), .op(.slash):
            return ("a comment begins with '#'", range, "# \(rest(start + 1))")
        case .op(.minus) where word(start + 1) == "-":
            return ("a comment begins with '#'", range, "# \(rest(start + 2))")
        default: return nil
        }
    }
}

/// What to do in place of a shell command.
func shellHelp(_ name: String) -> String {
    switch name {
    case "pip", "conda", "apt", "npm": return "all that is there is built in: delete this line"
    case "ls", "dir": return "print(listdir(\"folder\"))"
    case "cat", "head", "tail", "less": return "print(read_text(\"file.txt\"))"
    case "unzip": return "unzip(\"archive.zip\", \"folder\")"
    case "cp": return "copy(\"from.csv\", \"to.csv\")"
    case "mv": return "rename(\"from.csv\", \"to.csv\")"
    case "rm": return "remove(\"file.csv\")"
    case "mkdir": return "mkdir(\"folder\")"
    case "wget", "curl", "git": return "there is no network in a run: attach the file as an input"
    case "cd": return "paths are taken from where the run starts: join_path(folder, name)"
    case "echo": return "print(\"text\")"
    case "python", "python3": return "import helpers"
    default: return "do it before 'arenascript run'"
    }
}
