// Other scripts: `load` and `import` run a file once, freeze what it defines and hand out its names.
// Frozen values never change: a write to one is an error.

import ArenaCore

/// A file that was loaded: its globals by name.
final class Module {
    let file: SourceFile
    let globals: GlobalNames

    init(_ file: SourceFile, _ globals: GlobalNames) {
        self.file = file
        self.globals = globals
    }
}

extension Machine {
    static let loadLimit = 50

    /// Puts the names of a `load` into the registers from `a` on.
    @inline(never)
    func load(_ code: Code, _ index: Int, _ a: UnsafeMutablePointer<Value>) throws(Raised) {
        let node = code.loads[index]
        for (i, item) in node.names.enumerated() {
            let value = try loaded(item.export, of: node, from: code.file)
            let old = a[i]
            a[i] = value
            old.release()
        }
    }

    private func loaded(
        _ export: String?, of node: LoadNode, from file: SourceFile
    ) throws(Raised) -> Value {
        let path = node.path
        if let index = builtinNames[String(path.split(separator: ".").first ?? "")],
            builtinValues[index].isKind(.host)
        {
            var value = builtinValues[index].retain()
            let rest = path.split(separator: ".").dropFirst().map(String.init)
            for name in rest + (export.map { [$0] } ?? []) {
                let module = value
                defer { module.release() }
                value = try attribute(of: module, symbols.id(name))
            }
            if node.bindsRoot {
                value.release()
                value = builtinValues[index].retain()
            }
            return value
        }
        let module = try self.module(path, from: file)
        guard let export else { return .host(ModuleValue(self, module)) }
        guard let slot = module.globals.slots[export], !globals[slot].isUnset,
            !export.hasPrefix("_")
        else {
            throw noExport(export, of: module.file, among: exports(of: module))
        }
        return globals[slot].retain()
    }

    func noExport(_ name: String, of file: SourceFile, among names: [String]) -> Raised {
        Raised(
            .name, "\(file.name) defines no '\(name)'",
            help: name.hasPrefix("_")
                ? "names that begin with an underscore stay in their file"
                : suggestion(for: name, among: names))
    }

    func exports(of module: Module) -> [String] {
        module.globals.slots.filter { !globals[$0.value].isUnset && !$0.key.hasPrefix("_") }
            .map(\.key).sorted()
    }

    /// The module of a path, run at its first use.
    private func module(_ path: String, from file: SourceFile) throws(Raised) -> Module {
        guard let loader else {
            throw Raised(.system, "no other file can be loaded here")
        }
        let source = try loader(path, file)
        if let module = modules[source.name] { return module }
        if loading.contains(source.name) || source.name == mainFile {
            throw loadsItself(source, by: loading)
        }
        if loading.count >= Machine.loadLimit {
            throw Raised(.recursion, "more than \(Machine.loadLimit) files load each other")
        }
        let names = GlobalNames(in: slotNames)
        let (code, faults) = compile(source, interactive: false, names: names)
        guard let code, faults.isEmpty else {
            let error = Raised(
                .syntax, faults.first?.title ?? "\(source.name) does not parse",
                help: faults.first?.help)
            error.place = Raised.Place(
                file: source, span: Span(range: faults.first?.labels.first?.range ?? .none))
            error.pendingFunction = "<module>"
            throw error
        }
        loading.append(source.name)
        defer { loading.removeLast() }
        try run(code).release()
        for slot in names.slots.values {
            freeze(globals[slot])
            frozenSlots[slot] = true
        }
        let module = Module(source, names)
        modules[source.name] = module
        return module
    }

    /// The module of the library that has a member of a name.
    func module(having name: String) -> String? {
        builtinNames.keys.sorted().first { module in
            guard let index = builtinNames[module], let host = builtinValues[index].asHost else {
                return false
            }
            return memberNames(builtinValues[index]).contains(name)
                && host.type.name.hasSuffix(" module")
        }
    }

    func loadsItself(_ source: SourceFile, by loading: [String]) -> Raised {
        let from = loading.firstIndex(of: source.name) ?? 0
        let chain = [source.name] + loading[from...].drop { $0 == source.name } + [source.name]
        return Raised(
            .runtime, "\(source.name) loads itself",
            help: chain.count == 2 ? "delete this line" : chain.joined(separator: " loads "))
    }

    /// Source to code: syntax, then names, then instructions.
    func compile(
        _ file: SourceFile, interactive: Bool, names: GlobalNames
    ) -> (Code?, [Diagnostic]) {
        var parser = Parser(file)
        let program = parser.parse()
        if !parser.faults.isEmpty { return (nil, inOrder(parser.faults)) }
        return compile(program, file, interactive: interactive, names: names)
    }

    /// A program that parses to code.
    func compile(
        _ program: [Statement], _ file: SourceFile, interactive: Bool, names: GlobalNames
    ) -> (Code?, [Diagnostic]) {
        let refusals = resolve(program, file, names: names)
        guard refusals.isEmpty else { return (nil, refusals) }
        let (code, faults) = Compiler.compile(
            program, file, symbols: symbols, interactive: interactive)
        return (code, inOrder(faults))
    }

    /// A program that parses to code, each of its statements by itself.
    func compileStatements(
        _ program: [Statement], _ file: SourceFile, names: GlobalNames
    ) -> ([Code], [Diagnostic]) {
        let refusals = resolve(program, file, names: names)
        guard refusals.isEmpty else { return ([], refusals) }
        let parts = program.map {
            Compiler.compile([$0], file, symbols: symbols, interactive: false)
        }
        return (parts.map(\.0), inOrder(parts.flatMap(\.1)))
    }

    /// Finds what the names of a program mean and looks at its calls.
    private func resolve(
        _ program: [Statement], _ file: SourceFile, names: GlobalNames
    ) -> [Diagnostic] {
        var resolver = Resolver(
            file, globals: names, builtins: builtinNames, owner: module(having:))
        var known: Set<String> = []
        for (name, slot) in names.slots
        where slot < Machine.globalLimit && !globals[slot].isUnset {
            known.insert(name)
        }
        let count = names.all.names.count
        resolver.resolve(program, known: known)
        var refusals = resolver.faults
        if refusals.isEmpty {
            var checker = CallChecker(self, file)
            checker.check(program, known: known, names: names)
            refusals = checker.faults
        }
        if refusals.isEmpty, names.all.names.count > Machine.globalLimit {
            refusals = [
                Diagnostic(.syntax, "more than \(Machine.globalLimit) global names", in: file)
            ]
        }
        if !refusals.isEmpty { names.forget(from: count) }
        return inOrder(refusals)
    }

    /// By place, and not more than a screenful.
    func inOrder(_ faults: [Diagnostic]) -> [Diagnostic] {
        let sorted = faults.sorted {
            ($0.labels.first?.range.start ?? 0) < ($1.labels.first?.range.start ?? 0)
        }
        return Array(sorted.prefix(20))
    }

    // MARK: - Frozen values

    /// Makes a value and all that it holds unchangeable.
    func freeze(_ value: Value) {
        var work = [value]
        while let v = work.popLast() {
            guard v.isObject, !v.isFrozen else { continue }
            v.header.pointee.isFrozen = true
            switch v.header.pointee.kind {
            case .list, .tuple: work += v.items ?? .empty
            case .dict, .set:
                let t = v.cast(TableObject.self)
                for i in 0..<t.pointee.used where !t.pointee.entries[i].key.isUnset {
                    work.append(t.pointee.entries[i].key)
                    work.append(t.pointee.entries[i].value)
                }
            case .function:
                let f = v.cast(FunctionObject.self).pointee
                for i in 0..<f.captureCount { work.append(f.captures[i]) }
                for i in 0..<f.defaultCount { work.append(f.defaults[i]) }
            case .cell: work.append(v.cast(CellObject.self).pointee.value)
            case .boundMethod: work.append(v.cast(BoundMethodObject.self).pointee.receiver)
            case .string, .bytes, .range, .builtin, .host, .integer, .error, .errorType: break
            }
        }
    }

    func frozenGlobal(_ name: String) -> Raised {
        hasMetFrozen = true
        return Raised(
            .value,
            isWorker
                ? "the global '\(name)' cannot be assigned inside par_map"
                : "'\(name)' belongs to a loaded file and cannot be assigned any more",
            help: "return the value instead")
    }

    func frozen(_ v: Value) -> Raised {
        hasMetFrozen = true
        return Raised(
            .value,
            v.isKind(.cell)
                ? "a variable outside a frozen function cannot be assigned"
                : "the \(v.typeName) is frozen and cannot be changed",
            help: v.isKind(.cell)
                ? "return the value instead"
                : "change a copy: \(v.isKind(.list) ? "list(x)" : v.isKind(.set) ? "set(x)" : "dict(x)")"
        )
    }
}

extension Value {
    /// Whether it belongs to a loaded file, or to a call on another core.
    @inline(__always) var isFrozen: Bool { header.pointee.isFrozen }
}

/// A loaded file as a value: `import helpers`, then `helpers.clean(x)`.
final class ModuleValue: HostObject {
    static let hostType = HostType(
        "module", summary: "A loaded file; its members are the names it defines.", methods: [])
    // SAFETY: the machine owns every value, so it outlives this one.
    private unowned let machine: Machine
    private let module: Module

    init(_ machine: Machine, _ module: Module) {
        self.machine = machine
        self.module = module
    }

    var type: HostType { Self.hostType }
    var attributeNames: [String] { machine.exports(of: module) }
    func attribute(_ name: String) throws(Raised) -> Value? {
        guard !name.hasPrefix("_"), let slot = module.globals.slots[name],
            !machine.globals[slot].isUnset
        else { return nil }
        return machine.globals[slot].retain()
    }
    func isEqual(_ other: any HostObject) -> Bool { (other as? ModuleValue)?.module === module }
    var representation: String { "<module \(module.file.name)>" }
}
