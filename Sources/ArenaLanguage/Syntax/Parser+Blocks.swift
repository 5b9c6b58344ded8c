// Statements about errors, contexts and other files: try, with, load and import.

import ArenaCore

extension Parser {
    mutating func parseTry() throws(Stop) -> Statement {
        let start = advance().range
        let body = try parseBlock("after 'try'")
        var handlers: [TryNode.Handler] = []
        while at(.except) {
            let word = advance().range
            if at(.star) {
                throw stop("'except*' is not part of ArenaScript", word, help: "write 'except'")
            }
            if let last = handlers.last, last.type == nil {
                fault("an 'except' without a kind of error must be the last", last.range)
            }
            var type: Expression?
            var name: NameNode?
            if !at(.colon) {
                type = try parseExpression()
                if at(.comma) { throw kindsOfError(type) }
            }
            if at(name: "as") {
                advance()
                guard case .name(let text) = token.kind else {
                    throw stop("expected a name after 'as', found \(describe(token))", token.range)
                }
                name = NameNode(text, token.name, token.range)
                advance()
            }
            let range = word.to(previousRange)
            handlers.append(
                .init(
                    type: type, name: name, body: try parseBlock("after 'except'"), range: range))
        }
        var otherwise: [Statement] = []
        if at(.else) {
            if handlers.isEmpty { fault("an 'else' of 'try' wants an 'except' before it", start) }
            otherwise = try parseElse()
        }
        var finally: [Statement] = []
        var hasFinally = false
        if take(.finally) {
            hasFinally = true
            finally = try parseBlock("after 'finally'")
        }
        if handlers.isEmpty, !hasFinally {
            throw stop(
                "this 'try' has neither 'except' nor 'finally'", start,
                help: "except ValueError as error: ...")
        }
        return Statement(
            range: start.to(previousRange),
            node: .tryBlock(
                TryNode(body: body, handlers: handlers, otherwise: otherwise, finally: finally)))
    }

    mutating func parseWith() throws(Stop) -> Statement {
        let start = advance().range
        var items: [WithItem] = []
        // Brackets around all items are layout only; a bracketed single context parses as itself.
        let grouped = at(.leftParenthesis) && withGroupEndsBeforeColon()
        if grouped { advance() }
        repeat {
            if grouped, at(.rightParenthesis) { break }
            let context = try parseExpression()
            var target: Expression?
            if at(name: "as") {
                advance()
                let item = try parsePostfix()
                try checkTarget(item, augmented: false)
                target = item
            }
            items.append(WithItem(context: context, target: target))
            if items.count > 20 { throw stop("a 'with' takes at most 20 contexts", context.range) }
        } while take(.comma)
        if grouped { try expect(.rightParenthesis, "after the contexts") }
        let body = try parseBlock("after 'with'")
        return Statement(range: start.to(previousRange), node: .with(items, body: body))
    }

    /// Whether the bracket that opens here holds `as` on its own level and closes right before a colon.
    private func withGroupEndsBeforeColon() -> Bool {
        var depth = 0
        var hasTarget = false
        var i = position
        while i < tokens.count {
            switch tokens[i].kind {
            case .op(.leftParenthesis), .op(.leftBracket), .op(.leftBrace): depth += 1
            case .op(.rightParenthesis), .op(.rightBracket), .op(.rightBrace):
                depth -= 1
                if depth == 0 {
                    return hasTarget && i + 1 < tokens.count && tokens[i + 1].tag == .op(.colon)
                }
            case .name("as"): if depth == 1 { hasTarget = true }
            case .newline, .end: return false
            default: break
            }
            i += 1
        }
        return false
    }

    // MARK: - Other files

    /// `load("file.as", "a", b="c")`; nil if the statement is something else.
    mutating func parseLoad() throws(Stop) -> Statement? {
        guard tag == .name, position + 2 < tokens.count,
            tokens[position + 1].tag == .op(.leftParenthesis), tokens[position + 2].tag == .string,
            case .name("load") = token.kind,
            case .string(let path) = tokens[position + 2].kind
        else { return nil }
        let start = advance().range
        advance()
        let pathRange = advance().range
        var taken: [(export: String?, range: TextRange, target: NameNode)] = []
        while take(.comma), !at(.rightParenthesis) {
            let from = token.range
            var target: NameNode?
            if case .name(let name) = token.kind {
                target = NameNode(name, token.name, token.range)
                advance()
                try expect(.assign, "after the name")
            }
            guard case .string(let bytes) = token.kind else {
                throw stop(
                    "load() wants the names as text, found \(describe(token))", token.range,
                    help: "load(\"helpers.as\", \"clean\", f=\"features\")")
            }
            let range = advance().range
            let name = String(decoding: bytes, as: UTF8.self)
            taken.append((name, range, target ?? named(name, from.to(range))))
        }
        try expect(.rightParenthesis, "after the names")
        if taken.isEmpty {
            throw stop(
                "load() wants the names to take from the file", start,
                help: "load(\"helpers.as\", \"clean\")")
        }
        return Statement(
            range: start.to(previousRange),
            node: .load(
                LoadNode(
                    path: String(decoding: path, as: UTF8.self), range: pathRange, names: taken)))
    }

    /// `from a import b as c`: names of another script, or of a module that is built in.
    mutating func parseFrom() throws(Stop) -> Statement {
        let start = token.range
        if let stop = pythonLibrary() { throw stop }
        advance()
        let (module, moduleRange) = try parseModuleName()
        guard take(.import) else {
            throw stop("expected 'import', found \(describe(token))", token.range)
        }
        if at(.star) {
            throw stop(
                "'import *' is not part of ArenaScript", token.range,
                help: "name what you need: from \(module) import NAME")
        }
        let grouped = take(.leftParenthesis)
        var taken: [(export: String?, range: TextRange, target: NameNode)] = []
        repeat {
            if grouped, at(.rightParenthesis) { break }
            guard case .name(let name) = token.kind else {
                throw stop("expected a name, found \(describe(token))", token.range)
            }
            let range = advance().range
            taken.append((name, range, try parseAlias() ?? named(name, range)))
        } while take(.comma)
        if grouped { try expect(.rightParenthesis, "after the names") }
        return Statement(
            range: start.to(previousRange),
            node: .load(LoadNode(path: module, range: moduleRange, names: taken)))
    }

    /// `import a, b.c as d`: a statement a module. As in Python, a path without an alias binds its
    /// first name.
    mutating func parseImport() throws(Stop) -> [Statement] {
        var start = token.range
        var statements: [Statement] = []
        repeat {
            if let stop = pythonLibrary() { throw stop }
            advance()
            let (module, moduleRange) = try parseModuleName()
            let alias = try parseAlias()
            let first = String(module.prefix { $0 != "." })
            let target = alias ?? named(first, moduleRange)
            let node = LoadNode(
                path: module, range: moduleRange, names: [(nil, moduleRange, target)],
                bindsRoot: alias == nil && first != module)
            statements.append(Statement(range: start.to(previousRange), node: .load(node)))
            start = token.range
        } while at(.comma)
        return statements
    }

    private mutating func parseAlias() throws(Stop) -> NameNode? {
        guard at(name: "as") else { return nil }
        advance()
        guard case .name(let name) = token.kind else {
            throw stop("expected a name after 'as', found \(describe(token))", token.range)
        }
        return named(name, advance().range)
    }

    private func named(_ name: String, _ range: TextRange) -> NameNode {
        NameNode(name, names.number(of: name), range)
    }

    private mutating func parseModuleName() throws(Stop) -> (String, TextRange) {
        let start = token.range
        if at(.dot) {
            while at(.dot) { advance() }
            var name = "helpers"
            if case .name(let module) = token.kind { name = module }
            if at(.import), case .name(let module)? = tokens.dropFirst(position + 1).first?.kind {
                throw stop(
                    "a file is named without dots before it", start,
                    help: "import \(module): it is looked for beside this script")
            }
            throw stop(
                "a file is named without dots before it", start,
                help: "from \(name) import NAME: it is looked for beside this script")
        }
        if case .string(let path) = token.kind {
            throw stop(
                "a file is imported by its name without quotes", token.range,
                help: "load(\"\(String(decoding: path, as: UTF8.self))\", \"NAME\")")
        }
        var parts: [String] = []
        repeat {
            guard case .name(let name) = token.kind else {
                throw stop("expected a module's name, found \(describe(token))", token.range)
            }
            advance()
            parts.append(name)
        } while take(.dot)
        return (parts.joined(separator: "."), start.to(previousRange))
    }

    /// What Python has and ArenaScript has not, with the line to type instead.
    mutating func notPartOfTheLanguage(_ keyword: Keyword) -> Stop {
        let help: String
        switch keyword {
        case .class: help = "use functions and dictionaries, or struct(name=value)"
        case .yield: help = "return a list, or write a comprehension"
        case .await: help = "a call waits for its result by itself: delete 'await'"
        default: help = "par_map(f, items) runs f on every core"
        }
        return stop("'\(keyword.rawValue)' is not part of ArenaScript", token.range, help: help)
    }

    private mutating func kindsOfError(_ type: Expression?) -> Stop {
        let kind = type.map { file.text($0.range) } ?? "ValueError"
        if position + 2 < tokens.count, case .name(let name) = tokens[position + 1].kind,
            tokens[position + 2].tag == .op(.colon), name.first?.isLowercase == true
        {
            return stop(
                "the error's name follows the word 'as'", token.range,
                help: "except \(kind) as \(name):")
        }
        return stop(
            "several kinds of error stand in parentheses", token.range,
            help: "except (\(kind), KeyError) as error:")
    }

    /// `@name` above a function, which ArenaScript has not.
    mutating func decorator(_ start: TextRange) -> Stop {
        var name = ""
        var i = position + 1
        while i < tokens.count, tokens[i].tag != .newline {
            if case .name(let part) = tokens[i].kind {
                name = part
            } else if tokens[i].tag != .op(.dot) {
                break
            }
            i += 1
        }
        let range = start.to(tokens[max(position, i - 1)].range)
        let help: String
        switch name {
        case "property", "staticmethod", "classmethod", "abstractmethod":
            help = "there are no classes: use functions and dictionaries"
        case "dataclass": help = "make a record where it is needed: struct(name=value)"
        case "cache", "lru_cache":
            help = "keep results in a dict: if x not in known: known[x] = f(x)"
        case "njit", "jit", "no_grad", "inference_mode": help = "delete this line"
        default: help = "call the wrapper: f = \(name.isEmpty ? "wrapper" : name)(f)"
        }
        return stop("decorators are not part of ArenaScript", range, help: help)
    }

    /// An import of a Python library that is built in here under other names, or has no place.
    private mutating func pythonLibrary() -> Stop? {
        guard position + 1 < tokens.count, case .name(let name) = tokens[position + 1].kind,
            let help = pythonLibraries[name]
        else { return nil }
        return stop(
            "Python's library '\(name)' is not part of ArenaScript", tokens[position + 1].range,
            help: help)
    }
}

/// The libraries that notebooks import, and what stands in their place.
private let pythonLibraries: [String: String] = {
    let model = "models are built in: m = classifier(\"folder\", adapter=\"folder\", labels=[...])"
    let built = "it is built in: delete this line"
    return [
        "pandas": "frames are built in: df = read_csv(\"test.csv\", key=\"id\")",
        "polars": "frames are built in: df = read_csv(\"test.csv\", key=\"id\")",
        "numpy": "columns have arithmetic of their own: df[\"a\"] - df[\"b\"]",
        "scipy": "columns have arithmetic of their own: df[\"a\"] - df[\"b\"]",
        "torch": model, "transformers": model, "peft": model, "bitsandbytes": model,
        "accelerate": model, "tensorflow": model, "keras": model, "datasets": model,
        "tokenizers": "tokenizers are built in: t = tokenizer(\"folder\")",
        "sentencepiece": "tokenizers are built in: t = tokenizer(\"folder\")",
        "sklearn": "metrics are built in: log_loss(truth, predictions)",
        "lightgbm": "there are no boosted trees: \(model)",
        "xgboost": "there are no boosted trees: \(model)",
        "catboost": "there are no boosted trees: \(model)",
        "seaborn": "write the numbers with write_csv(df, \"numbers.csv\") and draw them elsewhere",
        "plotly": "write the numbers with write_csv(df, \"numbers.csv\") and draw them elsewhere",
        "tqdm": "progress is shown by itself: loop over the items",
        "gc": "memory is given back at once: del model",
        "sys": "script arguments are in argv, errors end the run by themselves: delete this line",
        "warnings": "there is nothing to silence: delete this line",
        "typing": "annotations need no import: delete this line",
        "__future__": "there is nothing to switch on: delete this line",
        "dataclasses": "struct(name=value) makes a record",
        "collections":
            "counter(items) counts; x.get(key, default) and x.setdefault(key, []) do the rest",
        "itertools": "comprehensions do this: [(a, b) for a in xs for b in ys]",
        "functools": "write the loop, or a function inside a function",
        "threading": "par_map(f, items) runs f on every core",
        "multiprocessing": "par_map(f, items) runs f on every core",
        "concurrent": "par_map(f, items) runs f on every core",
        "joblib": "par_map(f, items) runs f on every core",
        "subprocess": "a script starts no programs: do it before 'arenascript run'",
        "pathlib": "paths are text: join_path(folder, name), exists(path), glob(\"*.csv\")",
        "glob": "it is built in: glob(\"folder/*.csv\")",
        "shutil": "copy(source, target), remove(path) and unzip(file, folder) are built in",
        "pickle": "pickles run code: write_csv(df, path) or json.dumps(x)",
        "string": "write the characters as text: \"0123456789\"",
        "copy": "lists and dicts have .copy()",
        "datetime": "time.now() gives seconds; time.strftime(\"%Y-%m-%d\", time.now()) writes them",
        "logging": "log.info(\"text\") and log.warning(\"text\") are built in",
        "matplotlib":
            "write the numbers with write_csv(df, \"numbers.csv\") and draw them elsewhere",
        "IPython": "the last value of a REPL line is shown by itself",
        "csv": "frames are built in: df = read_csv(\"test.csv\", key=\"id\")",
        "ast": "cells of turns are read by df[\"prompt\"].turns(read=\"python\")",
        "requests": "there is no network in a run: attach the file as an input",
        "urllib": "there is no network in a run: attach the file as an input",
        "argparse": "cfg = params(rows=100), then cfg.rows; --set rows=5 changes it",
        "traceback": "errors show their calls by themselves: delete this line",
        "operator": "write a lambda: sorted(items, key=lambda x: x[1])",
        "statistics": "the mean is sum(xs) / len(xs)",
        "unicodedata": "normalize(text, \"NFC\") is built in",
        "zipfile": "unzip(\"archive.zip\", \"folder\") is built in",
        "hashlib": "hash(x) gives the same number today and tomorrow",
        "abc": built, "enum": "use text or ints as constants",
    ]
}()
