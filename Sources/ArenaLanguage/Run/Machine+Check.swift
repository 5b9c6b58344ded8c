// Checking a script with all the files it loads, without running any of them.

import ArenaCore

extension Machine {
    func check(_ file: SourceFile) -> [Diagnostic] {
        var seen: Set<String> = [file.name]
        return check(file, open: [file.name], &seen)
    }

    /// - Parameters:
    ///   - open: the files that load each other down to this one.
    ///   - seen: the files whose own faults are told already.
    private func check(
        _ file: SourceFile, open: [String], _ seen: inout Set<String>
    ) -> [Diagnostic] {
        var parser = Parser(file)
        let program = parser.parse()
        guard parser.faults.isEmpty else { return inOrder(parser.faults) }
        var faults = compile(
            program, file, interactive: false, names: GlobalNames(in: SlotNames())
        ).1
        for (load, isCertain) in loads(program) {
            faults += check(load, in: file, isCertain: isCertain, open: open, &seen)
        }
        return faults
    }

    private func check(
        _ load: LoadNode, in file: SourceFile, isCertain: Bool, open: [String],
        _ seen: inout Set<String>
    ) -> [Diagnostic] {
        guard let loader, builtinModule(load.path) == nil else { return [] }
        func fault(_ error: Raised, _ range: TextRange) -> [Diagnostic] {
            [Diagnostic(error.kind, error.message, in: file, at: range, help: error.help)]
        }
        let source: SourceFile
        do throws(Raised) { source = try loader(load.path, file) } catch {
            return fault(error, load.range)
        }
        if open.contains(source.name) {
            guard isCertain else { return [] }
            return fault(loadsItself(source, by: open), load.range)
        }
        var faults: [Diagnostic] = []
        if seen.insert(source.name).inserted, open.count < Machine.loadLimit {
            faults = check(source, open: open + [source.name], &seen)
        }
        var parser = Parser(source)
        let names = namesDefined(by: parser.parse())
        guard parser.faults.isEmpty else { return faults }
        for item in load.names {
            guard let export = item.export, export.hasPrefix("_") || !names.contains(export) else {
                continue
            }
            let known = names.filter { !$0.hasPrefix("_") }.sorted()
            faults += fault(noExport(export, of: source, among: known), item.range)
        }
        return faults
    }

    /// The files that a script loads, also through others, each once.
    func filesLoaded(by file: SourceFile) -> [SourceFile] {
        guard let loader else { return [] }
        var found: [SourceFile] = []
        var seen: Set<String> = [file.name]
        var work = [file]
        while let next = work.popLast() {
            var parser = Parser(next)
            for (load, _) in loads(parser.parse()) where builtinModule(load.path) == nil {
                guard let source = try? loader(load.path, next),
                    seen.insert(source.name).inserted
                else { continue }
                found.append(source)
                work.append(source)
            }
        }
        return found
    }

    /// The module of the library that a path begins with, borrowed.
    func builtinModule(_ path: String) -> Value? {
        guard let index = builtinNames[String(path.split(separator: ".").first ?? "")],
            builtinValues[index].isKind(.host)
        else { return nil }
        return builtinValues[index]
    }

    /// The loads of a program that no `except` guards; certain are those that run whenever it does.
    private func loads(_ body: [Statement], isCertain: Bool = true) -> [(LoadNode, Bool)] {
        body.flatMap { statement -> [(LoadNode, Bool)] in
            switch statement.node {
            case .load(let node): return [(node, isCertain)]
            case .function(let node): return loads(node.body, isCertain: false)
            case .tryBlock(let node) where !node.handlers.isEmpty:
                return statement.blocks.dropFirst().flatMap { loads($0, isCertain: false) }
            case .with(_, let body): return loads(body, isCertain: isCertain)
            default: return statement.blocks.flatMap { loads($0, isCertain: false) }
            }
        }
    }
}

/// The global names that a program may define.
func namesDefined(by program: [Statement]) -> Set<String> {
    var names: Set<String> = []
    func target(_ e: Expression) {
        switch e.node {
        case .name(let node): names.insert(node.name)
        case .tuple(let items), .list(let items): for item in items { target(item) }
        case .starred(let inner): target(inner)
        default: break
        }
    }
    func visit(_ body: [Statement], isGlobal: Bool) {
        for statement in body {
            switch statement.node {
            case .global(let list): names.formUnion(list.map(\.name))
            case .function(let node):
                if isGlobal { names.insert(node.name) }
                visit(node.body, isGlobal: false)
            case .assign(let targets, _) where isGlobal: for t in targets { target(t) }
            case .augmented(let t, _, _) where isGlobal, .loop(let t, _, _, _) where isGlobal:
                target(t)
            case .with(let items, _) where isGlobal:
                for item in items { if let t = item.target { target(t) } }
            case .load(let node) where isGlobal: names.formUnion(node.names.map(\.target.name))
            default: break
            }
            for block in statement.blocks { visit(block, isGlobal: isGlobal) }
        }
    }
    visit(program, isGlobal: true)
    return names
}
