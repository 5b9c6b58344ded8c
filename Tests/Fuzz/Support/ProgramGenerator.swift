// Programs that parse and mostly mean something: values of known types, loops that end, functions,
// closures, errors and their handlers. Every program is also Python, word for word, if `isPython`.

/// What a generated value is.
enum FuzzType: Int, CaseIterable {
    case int, float, text, bool, bytes, ints, texts, lists, numbers, index, intSet, textSet, pair

    /// Whether a loop runs over it in an order that Python has too.
    var isOrdered: Bool { self == .ints || self == .texts || self == .lists || self == .pair }
}

/// What kind of programs are made.
package struct ProgramManner: Sendable {
    /// About how many statements a program has at its top.
    package var statements = 12
    /// Only what CPython and ArenaScript both have, and in a function of its own.
    package var isPython = false
    /// Values of any type anywhere, containers that hold themselves, loops over what they change.
    package var isWild = false

    package init(statements: Int = 12, isPython: Bool = false, isWild: Bool = false) {
        self.statements = statements
        self.isPython = isPython
        self.isWild = isWild
    }
}

/// Writes one program.
package struct ProgramGenerator {
    struct Variable {
        var name: String
        var type: FuzzType
        /// A loop's own counter or a parameter that bounds a recursion: only read.
        var isFixed = false
    }

    struct Function {
        var name: String
        var parameters: [FuzzType]
        var defaults: Int
        var hasStar: Bool
        var keyword: String?
        var result: FuzzType
    }

    var random: FuzzRandom
    let manner: ProgramManner
    var lines: [String] = []
    var indent = 0
    /// Variables that are surely assigned here, in the running function.
    var variables: [Variable] = []
    /// Those of the functions around it and of the script.
    var outer: [Variable] = []
    var functions: [Function] = []
    var names = 0
    var loops = 0
    var depth = 0
    /// Whether the innermost loop of this function is around the statement.
    var inLoop = false
    var inFunction: FuzzType?

    package init(random: FuzzRandom, manner: ProgramManner) {
        self.random = random
        self.manner = manner
    }

    // MARK: - The whole

    package mutating func program(name: String = "program") -> String {
        if manner.isPython {
            line("def \(name)():")
            indent += 1
            inFunction = .int
        }
        for type in [FuzzType.int, .text, .ints, .index] { assignNew(type) }
        for _ in 0..<manner.statements { guarded() }
        for variable in variables.suffix(12) { line("print(\(shown(variable)))") }
        return lines.joined(separator: "\n") + "\n"
    }

    /// A statement whose errors mostly end there, so that the next ones are reached.
    private mutating func guarded() {
        guard random.chance(97) else { return statement() }
        line("try:")
        let at = lines.count
        indent += 1
        statement()
        indent -= 1
        // Functions are known behind their `def` only where they stand at the top.
        if lines[at].contains("def ") {
            lines.remove(at: at - 1)
            for i in at - 1..<lines.count { lines[i].removeFirst(4) }
            return
        }
        line("except Exception as e:")
        indent += 1
        line(manner.isPython ? "print(kind(e))" : "print(type(e), e)")
        indent -= 1
    }

    func shown(_ variable: Variable) -> String {
        manner.isPython ? "show(\(variable.name))" : variable.name
    }

    mutating func line(_ text: String) {
        lines.append(String(repeating: "    ", count: indent) + text)
    }

    mutating func newName(_ prefix: String = "v") -> String {
        names += 1
        return "\(prefix)\(names)"
    }

    /// Statements one step in; names that are first assigned there are forgotten behind it.
    mutating func block(
        _ count: Int, _ head: String, inLoop loop: Bool? = nil, _ first: [Variable] = []
    ) {
        line(head)
        indent += 1
        let known = variables
        let wasInLoop = inLoop
        variables += first
        if let loop { inLoop = loop }
        for _ in 0..<max(1, count) { statement() }
        inLoop = wasInLoop
        variables = known
        indent -= 1
    }

    // MARK: - Statements

    mutating func statement() {
        depth += 1
        defer { depth -= 1 }
        if depth > 5 || lines.count > 160 { return simple() }
        switch random.below(22) {
        case 0..<9: simple()
        case 9, 10: branch()
        case 11, 12: loop()
        case 13: whileLoop()
        case 14, 15: handled()
        case 16, 17: function()
        case 18: closure()
        case 19: leave()
        case 20: recursion()
        default: special()
        }
    }

    mutating func assignNew(_ type: FuzzType? = nil) {
        let type = type ?? random.pick(FuzzType.allCases)
        let text = bounded(type)
        let name = newName()
        line("\(name) = \(text)")
        variables.append(Variable(name: name, type: type))
    }

    /// An expression whose value stays small, however often a loop assigns it.
    mutating func bounded(_ type: FuzzType) -> String {
        let text = expression(type, 3)
        switch type {
        case .int:
            return random.chance(60)
                ? "(\(text)) % \(random.pick(["1000", "7", "10**30", "-13"]))" : text
        case .text: return "(\(text))[:40]"
        case .bytes, .ints, .texts, .lists: return "(\(text))[:10]"
        case .float, .bool, .numbers, .index, .intSet, .textSet, .pair: return text
        }
    }

    private mutating func writable(_ type: FuzzType) -> String? {
        let names = variables.filter { $0.type == type && !$0.isFixed }
        return names.isEmpty ? nil : random.pick(names).name
    }

    mutating func simple() {
        switch random.below(20) {
        case 0...4: assignNew()
        case 5, 6:
            guard let variable = variables.isEmpty ? nil : random.pick(variables), !variable.isFixed
            else { return assignNew() }
            line("\(variable.name) = \(bounded(variable.type))")
        case 7, 8:
            guard let name = writable(.int) else { return assignNew(.int) }
            let op = random.pick(["+=", "-=", "*=", "//=", "%=", "|=", "&=", "^="])
            line("\(name) \(op) \(expression(.int, 1))")
            if op == "*=" { line("\(name) %= 10**40") }
        case 9...14: mutate()
        case 15:
            let type = random.pick(FuzzType.allCases)
            let (a, b) = (newName(), newName())
            line("\(a), \(b) = \(expression(type, 2)), \(expression(.int, 2))")
            variables += [Variable(name: a, type: type), Variable(name: b, type: .int)]
        case 16:
            let (a, b) = (newName(), newName())
            line("\(a), *\(b) = \(expression(.ints, 2))")
            variables += [Variable(name: a, type: .int), Variable(name: b, type: .ints)]
        case 17:
            let type = random.pick(FuzzType.allCases)
            line("print(\(manner.isPython ? "show(\(expression(type, 3)))" : expression(type, 3)))")
        case 18: line("assert \(expression(.bool, 2)), \(expression(.text, 1))")
        default:
            guard random.chance(30), variables.count > 5,
                let name = writable(.bool) ?? writable(.pair)
            else { return line("print(\(expression(.int, 3)), \(expression(.text, 2)))") }
            line("del \(name)")
            variables.removeAll { $0.name == name }
        }
    }

    /// A method or an item assignment that changes a container.
    mutating func mutate() {
        let type = random.pick([
            FuzzType.ints, .ints, .texts, .lists, .numbers, .index, .intSet, .textSet,
        ])
        guard let x = writable(type) else { return assignNew(type) }
        let (at, other) = (expression(.int, 1), expression(type, 2))
        switch type {
        case .ints, .texts, .lists:
            let item: FuzzType = type == .ints ? .int : type == .texts ? .text : .ints
            let value = manner.isWild && random.chance(25) ? anything() : expression(item, 2)
            line(
                random.pick([
                    "\(x).append(\(value))", "\(x).insert(\(at), \(value))",
                    "\(x)[\(at)] = \(value)", "\(x).pop()",
                    "\(x).pop(\(at))", "\(x).extend(\(other))",
                    "\(x) += \(other)", "\(x) *= \(random.below(3))", "\(x).reverse()",
                    "\(x).sort()", "\(x).sort(key=\(lambda(item, .int)), reverse=\(atom(.bool)))",
                    "\(x).remove(\(value))", "del \(x)[\(at)]", "\(x).clear()",
                    "\(x) = \(x).copy()",
                ]))
            if random.chance(40) { line("\(x) = \(x)[:9]") }
        case .numbers, .index:
            let value =
                manner.isWild && random.chance(25)
                ? anything() : expression(type == .numbers ? .int : .ints, 2)
            let key = manner.isWild && random.chance(10) ? anything() : expression(.text, 1)
            line(
                random.pick([
                    "\(x)[\(key)] = \(value)", "\(x).pop(\(key), None)",
                    "\(x).setdefault(\(key), \(value))",
                    "\(x).update(\(other))", "\(x) |= \(other)", "\(x).popitem()",
                    "del \(x)[\(key)]", "\(x).clear()", "\(x) = \(x).copy()",
                    "\(x).update(a=\(value), b=\(value))",
                ]))
        case .intSet, .textSet:
            let item: FuzzType = type == .intSet ? .int : .text
            let value = manner.isWild && random.chance(20) ? anything() : expression(item, 2)
            line(
                random.pick([
                    "\(x).add(\(value))", "\(x).discard(\(value))", "\(x).remove(\(value))",
                    "\(x).clear()",
                    "\(x) |= \(other)", "\(x) -= \(other)", "\(x) ^= \(other)",
                    "\(x) &= \(other)", "\(x).update(\(other))", "\(x) = \(x).copy()",
                ]))
        case .int, .float, .text, .bool, .bytes, .pair: break
        }
    }

    mutating func branch() {
        block(1 + random.below(2), "if \(expression(.bool, 3)):")
        if random.chance(30) { block(1, "elif \(expression(random.pick(FuzzType.allCases), 2)):") }
        if random.chance(50) { block(1 + random.below(2), "else:") }
    }

    mutating func loop() {
        guard loops < 3 else { return simple() }
        loops += 1
        let name = newName("i")
        let head: String
        var first = [Variable(name: name, type: .int, isFixed: true)]
        switch random.below(8) {
        case 0, 1: head = "for \(name) in range(\(random.below(7))):"
        case 2: head = "for \(name) in list(\(expression(.ints, 2)))[:6]:"
        case 3:
            head = "for \(name) in (\(expression(.texts, 2)))[:5]:"
            first[0].type = .text
        case 4:
            let other = newName("i")
            head = "for \(name), \(other) in enumerate((\(expression(.texts, 2)))[:5]):"
            first.append(Variable(name: other, type: .text, isFixed: true))
        case 5:
            let other = newName("i")
            head = "for \(name), \(other) in list(\(expression(.numbers, 2)).items())[:5]:"
            first = [
                Variable(name: name, type: .text, isFixed: true),
                Variable(name: other, type: .int, isFixed: true),
            ]
        case 6:
            head = "for \(name) in sorted(\(expression(.intSet, 2)))[:6]:"
        default:
            if manner.isWild, let x = writable(random.pick([.ints, .index, .intSet, .texts])) {
                head = "for \(name) in \(x):"
            } else {
                head = "for \(name) in (\(expression(.text, 2)))[:6]:"
                first[0].type = .text
            }
        }
        block(1 + random.below(3), head, inLoop: true, first)
        loops -= 1
        if random.chance(25) { block(1, "else:") }
    }

    mutating func whileLoop() {
        guard loops < 3 else { return simple() }
        loops += 1
        let name = newName("n")
        line("\(name) = \(1 + random.below(6))")
        line("while \(name) > 0 and \(random.chance(70) ? "True" : expression(.bool, 2)):")
        indent += 1
        line("\(name) -= 1")
        indent -= 1
        let at = lines.count
        block(
            1 + random.below(3), "", inLoop: true, [Variable(name: name, type: .int, isFixed: true)]
        )
        lines.remove(at: at)
        loops -= 1
        if random.chance(25) { block(1, "else:") }
        variables.append(Variable(name: name, type: .int))
    }

    static let kinds = [
        "ValueError", "TypeError", "KeyError", "IndexError", "ZeroDivisionError", "LookupError",
        "ArithmeticError",
        "Exception", "(KeyError, ValueError)", "RuntimeError", "AssertionError", "OverflowError",
        "AttributeError",
    ]

    mutating func handled() {
        block(1 + random.below(3), "try:")
        let hasHandlers = random.chance(85)
        if hasHandlers {
            for _ in 0..<1 + random.below(2) {
                if random.chance(60) {
                    let name = newName("e")
                    line("except \(random.pick(Self.kinds)) as \(name):")
                    indent += 1
                    line(manner.isPython ? "print(kind(\(name)))" : "print(type(\(name)), \(name))")
                    if random.chance(40) { leave(raising: "raise") }
                    indent -= 1
                } else {
                    block(1, "except \(random.pick(Self.kinds)):")
                }
            }
            if random.chance(20) { block(1, "except:") }
            if random.chance(30) { block(1, "else:") }
        }
        if !hasHandlers || random.chance(40) { block(1 + random.below(2), "finally:") }
    }

    /// `break`, `continue`, `return`, `raise`: under a condition, so that more follows.
    mutating func leave(raising again: String? = nil) {
        var choices = [
            "raise ValueError(\(expression(.text, 1)))", "raise KeyError(\(expression(.int, 1)))",
            "raise RuntimeError",
        ]
        if let again { choices += [again, "raise TypeError(\"again\") from None"] }
        if inLoop { choices += ["break", "continue", "break", "continue"] }
        if let type = inFunction {
            choices += ["return \(expression(type, 2))", "return \(expression(type, 1))"]
        }
        let choice = random.pick(choices)
        if random.chance(15) {
            line(choice)
        } else {
            line("if \(expression(.bool, 2)):")
            indent += 1
            line(choice)
            indent -= 1
        }
    }

    // MARK: - Functions

    /// A function's statements with a scope of its own.
    private mutating func body(
        _ head: String, _ parameters: [Variable], result: FuzzType, count: Int, first: [String] = []
    ) {
        let saved = (variables, outer, inLoop, inFunction, loops)
        // Nested functions would read names of the script before they are sure to be assigned.
        outer += variables.map { Variable(name: $0.name, type: $0.type, isFixed: true) }
        variables = parameters
        inLoop = false
        inFunction = result
        loops = max(loops, 1)
        line(head)
        indent += 1
        for text in first { line(text) }
        for _ in 0..<count { statement() }
        line("return \(expression(result, 2))")
        indent -= 1
        (variables, outer, inLoop, inFunction, loops) = saved
    }

    mutating func function() {
        guard depth < 4 else { return simple() }
        let name = newName("f")
        let types = (0..<random.below(4)).map { _ in random.pick(FuzzType.allCases) }
        let defaults = random.below(types.count + 1)
        let hasStar = random.chance(25)
        let keyword = random.chance(30) ? newName("k") : nil
        var parts: [String] = []
        var parameters: [Variable] = []
        for (i, type) in types.enumerated() {
            let p = newName("p")
            parameters.append(Variable(name: p, type: type))
            parts.append(i >= types.count - defaults ? "\(p)=\(expression(type, 1))" : p)
        }
        if hasStar {
            parts.append("*rest\(names)")
        } else if keyword != nil {
            parts.append("*")
        }
        if let keyword {
            parts.append("\(keyword)=\(expression(.int, 1))")
            parameters.append(Variable(name: keyword, type: .int))
        }
        if random.chance(15) { parts.append("**more\(names)") }
        let result = random.pick(FuzzType.allCases)
        body(
            "def \(name)(\(parts.joined(separator: ", "))):", parameters, result: result,
            count: 1 + random.below(4))
        let known = Function(
            name: name, parameters: types, defaults: defaults, hasStar: hasStar, keyword: keyword,
            result: result)
        // A function that is made in a block may not be there behind it.
        if indent <= (manner.isPython ? 2 : 1), outer.isEmpty {
            functions.append(known)
        } else {
            line("print(\(call(known, 2)))")
        }
        if manner.isPython, indent > 1 {
            lines.removeLast()
            line("print(show(\(call(known, 2))))")
        }
    }

    mutating func closure() {
        guard depth < 4, indent <= (manner.isPython ? 2 : 1), outer.isEmpty else { return simple() }
        let name = newName("f")
        let inner = newName("g")
        let state = newName("c")
        let type = random.pick([FuzzType.int, .ints, .text, .numbers])
        line("def \(name)(\(state)):")
        indent += 1
        let p = newName("p")
        body(
            "def \(inner)(\(p)=\(random.below(5))):",
            [Variable(name: p, type: .int), Variable(name: state, type: type)], result: type,
            count: 1 + random.below(3), first: ["nonlocal \(state)"])
        line("\(inner)()")
        line(
            random.pick([
                "return \(inner)", "return [\(inner)(), \(inner)(2)] and \(inner)",
                "return lambda: \(inner)(3)",
            ]))
        indent -= 1
        let made = newName("h")
        line("\(made) = \(name)(\(expression(type, 2)))")
        let result = newName()
        line("\(result) = \(made)()")
        variables.append(Variable(name: result, type: type))
    }

    mutating func recursion() {
        guard indent <= (manner.isPython ? 2 : 1), outer.isEmpty else { return simple() }
        let name = newName("r")
        let n = newName("p")
        line("def \(name)(\(n), acc):")
        indent += 1
        line("if \(n) <= 0: return acc")
        indent -= 1
        let known = (variables, inFunction)
        outer += variables.map { Variable(name: $0.name, type: $0.type, isFixed: true) }
        let count = variables.count
        (variables, inFunction) = (
            [Variable(name: n, type: .int, isFixed: true), Variable(name: "acc", type: .ints)],
            .ints
        )
        indent += 1
        simple()
        line(
            "return \(name)(\(n) - 1, \(random.pick(["acc + [\(n)]", "acc[1:]", expression(.ints, 1)])))"
        )
        indent -= 1
        (variables, inFunction) = known
        outer.removeLast(count)
        let result = newName()
        line("\(result) = \(name)(\(random.below(30)), \(expression(.ints, 1)))[:9]")
        variables.append(Variable(name: result, type: .ints))
    }

    /// What only ArenaScript has, or what is wrong on purpose.
    mutating func special() {
        guard !manner.isPython else {
            return line("print(show(sorted(\(expression(.texts, 2)), key=\(lambda(.text, .int)))))")
        }
        if manner.isWild, random.chance(50) {
            let (a, b) = (variables.isEmpty ? "0" : random.pick(variables).name, anything())
            let (from, to) = (atom(.int), atom(.int))
            return line(
                random.pick([
                    "print(\(a) + \(b))", "print(\(a) in \(b))", "print(\(a)[\(b)])",
                    "print(\(a) < \(b))",
                    "\(newName()) = \(a)(\(b))",
                    "print(f\"{\(a):\(random.pick([">10", "x", ".3f", "^", "{\(a)}"]))}\")",
                    "print(\"%s %d %r\" % (\(a), \(b), 1))", "print(json.dumps(\(a)))",
                    "print(hash(\(a)))",
                    "print(\(a) == \(b), \(a) != \(a))", "print(sorted([\(a), \(b), \(a)]))",
                    "print(sum([\(a), \(b)]))",
                    "print(dict(\(a)), set(\(b)))", "for x in \(a): print(x)",
                    "print({\(a): \(b)})",
                    "print(par_map(lambda x: [x, \(a)], [\(b), \(b), \(a)]))",
                    "print(str(\(a)).join(\(b)))",
                    "print(getattr(\(a), \(b)))", "x = \(a); x.append(x); print(x, x == x)",
                    "print(min(\(a), \(b)))",
                    "print(\(a)[\(b):\(from):\(to)])", "print(map(\(a), \(b)))",
                ]))
        }
        let name = newName("s")
        switch random.below(8) {
        case 0: line("print(par_map(\(lambda(.int, .text)), \(expression(.ints, 1))[:6]))")
        case 1:
            line("\(name) = struct(a=\(expression(.ints, 2)), b=\(expression(.text, 1)))")
            line("print(\(name).a, \(name).b, \(name) == \(name))")
        case 2:
            line("\(name) = counter(\(expression(.texts, 2)))")
            line("print(\(name).most_common(2), \(name)[\"a\"])")
        case 3:
            line(
                "print(json.loads(json.dumps(\(expression(random.pick([.ints, .index, .text]), 2)))))"
            )
        case 4:
            line("print(re.sub(r\"[a-m]+\", lambda m: m.group(0) * 2, \(expression(.text, 2))))")
        case 5: line("print(sorted(\(expression(.ints, 2)), key=lambda x: 10 // x))")
        case 6:
            guard let x = writable(.ints) else { return assignNew(.ints) }
            line(
                "print(sorted(\(x), key=lambda x: \(random.pick(["\(x).pop()", "\(x).append(x) or x", "\(x).clear() or 0"]))))"
            )
        default:
            line(
                "print(re.findall(r\"\(random.pick(["\\\\w+", "(a|b)", "[^ ]", "(.)(.)"]))\", \(expression(.text, 2))))"
            )
        }
    }
}
