// The expressions of generated programs, by the type they give.

extension ProgramGenerator {
    /// An expression of the type; `depth` bounds how far it nests.
    mutating func expression(_ type: FuzzType, _ depth: Int) -> String {
        if depth <= 0 || random.chance(20) { return atom(type) }
        if random.chance(6), let f = functions.last(where: { $0.result == type }), loops == 0 {
            return call(f, depth - 1)
        }
        if random.chance(7) {
            return
                "(\(expression(type, depth - 1)) if \(expression(.bool, depth - 1)) else \(expression(type, depth - 1)))"
        }
        let d = depth - 1
        switch type {
        case .int: return int(d)
        case .float: return float(d)
        case .text: return text(d)
        case .bool: return bool(d)
        case .bytes: return bytes(d)
        case .ints: return ints(d)
        case .texts: return texts(d)
        case .lists: return lists(d)
        case .numbers: return numbers(d)
        case .index: return index(d)
        case .intSet, .textSet: return set(type, d)
        case .pair: return pair(d)
        }
    }

    private mutating func bytes(_ d: Int) -> String {
        switch random.below(7) {
        case 0: return "\(text(d)).encode()"
        case 1: return "(\(expression(.bytes, d)) + \(expression(.bytes, d)))"
        case 2: return "\(expression(.bytes, d))[\(slice(d))]"
        case 3: return "bytes([\(random.below(256)), \(random.below(256))])"
        case 4: return "\(expression(.bytes, d)).replace(b\"a\", b\"xy\")"
        case 5: return "b\",\".join([\(expression(.bytes, d)), b\"q\"])"
        default: return "\(expression(.bytes, d)).strip()"
        }
    }

    private mutating func index(_ d: Int) -> String {
        let x = newName("x")
        switch random.below(5) {
        case 0: return "{\(x): [len(\(x)), \(atom(.int))] for \(x) in \(expression(.texts, d))}"
        case 1: return "{**\(expression(.index, d)), \(atom(.text)): \(expression(.ints, d))}"
        case 2: return "dict(a=\(expression(.ints, d)))"
        case 3: return "(\(expression(.index, d)) | \(expression(.index, d)))"
        default: return "dict(zip(\(expression(.texts, d)), \(expression(.lists, d))))"
        }
    }

    private mutating func set(_ type: FuzzType, _ d: Int) -> String {
        let x = newName("x")
        let items = type == .intSet ? FuzzType.ints : .texts
        switch random.below(5) {
        case 0: return "set(\(expression(items, d)))"
        case 1:
            return "{\(x)\(type == .intSet ? " % 5" : "[:1]") for \(x) in \(expression(items, d))}"
        case 2, 3:
            return
                "(\(expression(type, d)) \(random.pick(["|", "&", "-", "^"])) \(expression(type, d)))"
        default:
            let name = random.pick(["union", "difference", "intersection", "symmetric_difference"])
            return "\(expression(type, d)).\(name)(\(expression(items, d)))"
        }
    }

    private mutating func pair(_ d: Int) -> String {
        switch random.below(7) {
        case 0: return "(\(expression(.int, d)), \(expression(.text, d)))"
        case 1: return "tuple(\(expression(.ints, d)))"
        case 2: return "(\(expression(.pair, d)) + \(expression(.pair, d)))"
        case 3: return "\(expression(.pair, d))[\(slice(d))]"
        case 4: return "divmod(\(expression(.int, d)), \(expression(.int, d)))"
        case 5: return "\(expression(.text, d)).partition(\(atom(.text)))"
        default: return "(\(expression(.pair, d)) * \(random.below(3)))"
        }
    }

    /// A variable or a literal.
    mutating func atom(_ type: FuzzType) -> String {
        let known = variables.filter { $0.type == type }
        if !known.isEmpty, random.chance(60) { return random.pick(known).name }
        let around = outer.filter { $0.type == type }
        if !around.isEmpty, random.chance(25) { return random.pick(around).name }
        return literal(type)
    }

    private mutating func literal(_ type: FuzzType) -> String {
        switch type {
        case .int:
            return random.pick([
                "0", "1", "2", "3", "-1", "7", "10", "-5", "100", "255", "65536",
                "9223372036854775807",
                "(-9223372036854775807 - 1)", "10**20", "-10**19", "2**64", "4294967296", "3", "4",
                "True",
            ])
        case .float:
            return random.pick([
                "0.0", "1.5", "-2.25", "1e300", "1e-300", "0.1", "3.0", "float(\"inf\")", "-0.0",
                "1e16", "123456.789",
                "float(\"nan\")", "2.5", "0.5", "5e-324",
            ])
        case .text:
            return random.pick([
                "\"\"", "\"a\"", "\"abc\"", "\"a,b,,c\"", "\" pad \"", "\"héé\"", "\"日本語\"",
                "\"😀x\"", "\"A-b C\"", "\"12\"",
                "\"1.5\"", "\"x\\ny\"", "\"ß\"", "\"aaa\"", "\"Hello World\"", "\"%d\"", "\"{}\"",
                "\"\\t\"", "\"e\\u0301\"",
            ])
        case .bool: return random.pick(["True", "False", "None is None"])
        case .bytes:
            return random.pick(["b\"\"", "b\"abc\"", "b\"\\xff\\x00\"", "b\" a \"", "b\"a,b\""])
        case .ints:
            return random.pick([
                "[]", "[1, 2, 3]", "[5, -1, 5, 0]", "[10**20, 1]", "list(range(4))", "[0]",
                "[3, 1, 2, 9, 4, 4]",
            ])
        case .texts:
            return random.pick([
                "[]", "[\"b\", \"a\"]", "[\"x\"]", "[\"\", \"é\", \"zz\"]",
                "[\"a\", \"b\", \"a\", \"c\"]",
            ])
        case .lists: return random.pick(["[]", "[[1], [2, 3]]", "[[], [0]]", "[[5, 4], [5], [1]]"])
        case .numbers:
            return random.pick([
                "{}", "{\"a\": 1, \"b\": 2}", "{\"x\": 0}", "{\"é\": -1, \"\": 5, \"k\": 7}",
            ])
        case .index: return random.pick(["{}", "{\"a\": [1]}", "{\"k\": [], \"j\": [2, 3]}"])
        case .intSet: return random.pick(["set()", "{1, 2, 3}", "{0}", "{5, 10**20, -1}"])
        case .textSet: return random.pick(["set()", "{\"a\", \"b\"}", "{\"\"}"])
        case .pair: return random.pick(["()", "(1, \"a\")", "(0,)", "(1, 2.5, None)"])
        }
    }

    /// A value of any type at all.
    mutating func anything() -> String {
        if random.chance(30) {
            return random.pick([
                "None", "len", "print", "str", "range(3)", "range(10**12)", "ValueError",
                "ValueError(\"x\")", "(lambda: 0)",
                "\"a\".upper", "[].append", "json", "math.pi", "re.compile(\"a\")", "counter()",
                "struct(a=[1])", "{}.get",
            ])
        }
        return expression(random.pick(FuzzType.allCases), 2)
    }

    /// A call with arguments in one of the ways they can be given.
    mutating func call(_ f: Function, _ depth: Int) -> String {
        var parts: [String] = []
        let given = f.parameters.count - random.below(f.defaults + 1)
        for type in f.parameters.prefix(given) { parts.append(expression(type, max(0, depth - 1))) }
        if given == f.parameters.count, f.hasStar, random.chance(50) {
            parts.append("*\(expression(.ints, 1))")
        }
        if let keyword = f.keyword, random.chance(60) {
            parts.append(
                random.chance(70) ? "\(keyword)=\(expression(.int, 1))" : "**{\"\(keyword)\": 3}")
        }
        if manner.isWild, random.chance(8) { parts.append("zz=1") }
        return "\(f.name)(\(parts.joined(separator: ", ")))"
    }

    /// A function of one value; it reads nothing that holds functions, so that no cycle comes about.
    mutating func lambda(_ from: FuzzType, _ to: FuzzType) -> String {
        let x = newName("x")
        let saved = (variables, outer, functions)
        outer = []
        functions = []
        variables = variables.filter { $0.type == .int } + [Variable(name: x, type: from)]
        let text = "lambda \(x): \(expression(to, 2))"
        (variables, outer, functions) = saved
        return text
    }

    mutating func slice(_ d: Int) -> String {
        let parts = [
            random.chance(60) ? expression(.int, min(d, 1)) : "",
            random.chance(60) ? "\(random.below(9) - 3)" : "",
        ]
        return parts.joined(separator: ":")
            + (random.chance(25) ? ":\(random.pick(["-1", "2", "1", "-2", "0"]))" : "")
    }

    private mutating func int(_ d: Int) -> String {
        let (x, items) = (newName("x"), atom(.texts))
        switch random.below(20) {
        case 0...5:
            return
                "(\(expression(.int, d)) \(random.pick(["+", "-", "*", "//", "%", "&", "|", "^"])) \(expression(.int, d)))"
        case 6:
            return "(\(expression(.int, d)) \(random.pick(["<<", ">>", "**"])) \(random.below(9)))"
        case 7:
            return
                "len(\(expression(random.pick([.text, .ints, .texts, .numbers, .intSet, .pair, .bytes]), d)))"
        case 8: return "\(random.pick(["abs", "int", "-", "~", "+"]))(\(expression(.int, d)))"
        case 9:
            return "\(random.pick(["min", "max"]))(\(expression(.int, d)), \(expression(.int, d)))"
        case 10: return "\(random.pick(["sum", "max", "min", "len"]))(\(expression(.ints, d)))"
        case 11:
            return
                "\(expression(.ints, d))[\(random.chance(70) ? "\(random.below(3) - 1)" : atom(.int))]"
        case 12:
            return "\(expression(.numbers, d)).get(\(expression(.text, d)), \(expression(.int, d)))"
        case 13: return "\(expression(.numbers, d))[\(expression(.text, 0))]"
        case 14:
            return random.chance(40)
                ? "int(\(expression(random.pick([.text, .float, .bool]), d)))"
                : "int(\"\(random.below(1000))\")"
        case 15:
            return
                "\(expression(.text, d)).\(random.pick(["find", "count", "index", "rfind"]))(\(atom(.text)))"
        case 16: return "\(expression(.ints, d)).\(random.pick(["count", "index"]))(\(atom(.int)))"
        case 17: return "round(\(expression(.float, d)))"
        case 18: return "ord((\(expression(.text, d)) + \"z\")[0])"
        default:
            return "sum(\(random.pick(["[1 for \(x) in \(items)]", "1 for \(x) in \(items)"])))"
        }
    }

    private mutating func float(_ d: Int) -> String {
        switch random.below(9) {
        case 0...2:
            return
                "(\(expression(.float, d)) \(random.pick(["+", "-", "*", "/"])) \(expression(.float, d)))"
        case 3: return "(\(expression(.int, d)) / \(expression(.int, d)))"
        case 4:
            return
                "(\(expression(.float, d)) \(random.pick(["//", "%"])) \(expression(random.pick([.float, .int]), d)))"
        case 5: return "float(\(expression(random.pick([.int, .text, .float]), d)))"
        case 6: return "round(\(expression(.float, d)), \(random.below(7) - 2))"
        case 7: return "abs(\(expression(.float, d)))"
        default: return "(\(expression(.float, d)) ** \(random.pick(["2", "0.5", "-1", "3"])))"
        }
    }

    private mutating func text(_ d: Int) -> String {
        switch random.below(24) {
        case 0, 1: return "(\(expression(.text, d)) + \(expression(.text, d)))"
        case 2: return "(\(expression(.text, d)) * \(random.below(4)))"
        case 3, 4:
            return
                "\(expression(.text, d)).\(random.pick(["upper", "lower", "strip", "title", "capitalize", "swapcase", "lstrip", "rstrip", "casefold"]))()"
        case 5, 6: return "\(expression(.text, d))[\(slice(d))]"
        case 7: return "\(expression(.text, d))[\(random.chance(70) ? "0" : atom(.int))]"
        case 8: return "\(expression(.text, d)).replace(\(atom(.text)), \(atom(.text)))"
        case 9: return "\(atom(.text)).join(\(expression(.texts, d)))"
        case 10:
            return
                "\(random.pick(["str", "repr"]))(\(expression(random.pick([.int, .float, .text, .ints, .texts, .bytes, .bool, .pair, .numbers]), d)))"
        case 11:
            return
                "\(expression(.text, d)).\(random.pick(["center", "ljust", "rjust"]))(\(random.below(12)), \"*\")"
        case 12: return "\(expression(.text, d)).zfill(\(random.below(9)))"
        case 13...15: return field(d)
        case 16: return "(\"%s|%r\" % (\(expression(.int, d)), \(expression(.text, d))))"
        case 17:
            return
                "(\"%\(random.pick(["5", "-6", "05", "+", " ", ".2"]))\(random.pick(["d", "x", "f", "e", "g", "o"]))\" % \(expression(random.pick([.int, .float]), d)))"
        case 18: return "\"{}-{:>4}\".format(\(expression(.text, d)), \(expression(.int, d)))"
        case 19: return "chr(\(expression(.int, d)) % 1000 + 32)"
        case 20:
            return
                "\(expression(.text, d)).\(random.pick(["removeprefix", "removesuffix", "strip"]))(\(atom(.text)))"
        case 21:
            return
                "\(expression(.bytes, d)).decode(\(random.pick(["", "\"utf-8\", \"replace\"", "\"ascii\"", "\"latin-1\""])))"
        case 22: return "\(random.pick(["hex", "bin", "oct"]))(\(expression(.int, d)))"
        default: return "\(expression(.text, d)).expandtabs(\(random.below(5)))"
        }
    }

    /// An f-string. Its parts have neither quotes nor backslashes, as Python 3.11 wants it.
    private mutating func field(_ d: Int) -> String {
        func name(_ type: FuzzType) -> String? {
            let known = variables.filter { $0.type == type }
            return known.isEmpty ? nil : random.pick(known).name
        }
        switch random.below(6) {
        case 0:
            return
                "f\"{\(name(.int) ?? "12"):\(random.pick(["d", ",", "x", "08", "+", "_", "^9", "e", ".1f", "b", "#x", "<6", "%", "=+9"]))}\""
        case 1:
            return
                "f\"{\(name(.float) ?? "1.5"):\(random.pick([".2f", "e", "g", "10.3", "+", "%", ",.1f", "", "n", "08.1f", ".0f"]))}\""
        case 2:
            return
                "f\"{\(name(.text) ?? "7"):\(random.pick([">8", "^8", "*<5", ".2", "s", "é^6.1"]))}!\""
        case 3: return "f\"{\(name(.ints) ?? "[1]")}{\(name(.text) ?? "0")!r}{{}}\""
        case 4: return "f\"{\(name(.int) ?? "3"):>{\(random.below(9))}}\""
        default:
            return
                "f\"{\(name(.int) ?? "4")=} {\(name(.int) ?? "5") % 10:\(random.pick(["02d", "c", "3"]))}\""
        }
    }

    private mutating func bool(_ d: Int) -> String {
        switch random.below(12) {
        case 0...3:
            let type = random.pick([
                FuzzType.int, .float, .text, .ints, .pair, .int, .texts, .bytes,
            ])
            return
                "(\(expression(type, d)) \(random.pick(["<", "<=", ">", ">=", "==", "!="])) \(expression(type, d)))"
        case 4:
            return "(\(expression(.int, d)) < \(expression(.int, d)) <= \(expression(.float, d)))"
        case 5:
            return
                "(\(atom(.text)) \(random.pick(["in", "not in"])) \(expression(random.pick([.text, .texts, .numbers, .textSet]), d)))"
        case 6:
            return
                "(\(expression(.int, d)) \(random.pick(["in", "not in"])) \(expression(random.pick([.ints, .intSet, .pair]), d)))"
        case 7: return "(not \(expression(random.pick(FuzzType.allCases), d)))"
        case 8:
            return
                "bool(\(expression(.bool, d)) \(random.pick(["and", "or"])) \(expression(random.pick(FuzzType.allCases), d)))"
        case 9:
            return
                "\(expression(.text, d)).\(random.pick(["startswith(\"a\")", "endswith(\"c\")", "isdigit()", "isalpha()", "isupper()", "isspace()", "istitle()", "isalnum()", "isidentifier()"]))"
        case 10:
            return
                "\(random.pick(["any", "all"]))(\(expression(random.pick([.ints, .texts, .lists]), d)))"
        default:
            return
                "(\(expression(.intSet, d)) \(random.pick(["<=", "<", ">=", "==", "!="])) \(expression(.intSet, d)))"
        }
    }

    private mutating func ints(_ d: Int) -> String {
        let x = newName("x")
        switch random.below(18) {
        case 0: return "[\(expression(.int, d)), \(expression(.int, d)), *\(expression(.ints, d))]"
        case 1, 2: return "[\(inside(x, .int, .int, d)) for \(x) in \(expression(.ints, d))]"
        case 3: return "[\(x) for \(x) in \(expression(.ints, d)) if \(inside(x, .int, .bool, d))]"
        case 4:
            let y = newName("x")
            return "[\(y) for \(x) in \(expression(.lists, d)) for \(y) in \(x)]"
        case 5: return "sorted(\(expression(.ints, d)))"
        case 6:
            return
                "sorted(\(expression(.ints, d)), key=\(lambda(.int, random.pick([.int, .float, .text, .pair]))), reverse=\(atom(.bool)))"
        case 7, 8: return "\(expression(.ints, d))[\(slice(d))]"
        case 9: return "(\(expression(.ints, d)) + \(expression(.ints, d)))"
        case 10: return "(\(expression(.ints, d)) * \(random.below(3)))"
        case 11:
            return
                "list(range(\(random.below(9) - 4), \(random.below(9)), \(random.pick(["1", "2", "-1"]))))"
        case 12: return "list(map(\(lambda(.int, .int)), \(expression(.ints, d))))"
        case 13: return "list(filter(\(lambda(.int, .bool)), \(expression(.ints, d))))"
        case 14: return "list(\(expression(.numbers, d)).values())"
        case 15: return "list(reversed(\(expression(.ints, d))))"
        case 16: return "sorted(\(expression(.intSet, d)))"
        default:
            return
                "[\(x)[0] + \(x)[1] for \(x) in zip(\(expression(.ints, d)), \(expression(.ints, d)))]"
        }
    }

    /// An expression that may read one more name.
    private mutating func inside(_ x: String, _ type: FuzzType, _ result: FuzzType, _ d: Int)
        -> String
    {
        let saved = variables
        variables.append(Variable(name: x, type: type, isFixed: true))
        let text = expression(result, min(d, 1))
        variables = saved
        return text
    }

    private mutating func texts(_ d: Int) -> String {
        let x = newName("x")
        switch random.below(11) {
        case 0: return "[\(expression(.text, d)), \(expression(.text, d))]"
        case 1, 2:
            return
                "\(expression(.text, d)).split(\(random.pick(["", "\",\"", "\",\", 1", "\"a\"", "None, 1"])))"
        case 3: return "[\(inside(x, .text, .text, d)) for \(x) in \(expression(.texts, d))]"
        case 4: return "list(\(expression(.text, d)))"
        case 5:
            return
                "sorted(\(expression(random.pick([.texts, .numbers]), d)), key=\(lambda(.text, .int)))"
        case 6: return "\(expression(.texts, d))[\(slice(d))]"
        case 7: return "(\(expression(.texts, d)) + \(expression(.texts, d)))"
        case 8: return "list(\(expression(.numbers, d)))"
        case 9:
            return
                "\(expression(.text, d)).\(random.pick(["splitlines()", "rsplit(\"b\", 1)", "splitlines(True)"]))"
        default: return "[str(\(x)) for \(x) in \(expression(.ints, d))]"
        }
    }

    private mutating func lists(_ d: Int) -> String {
        let x = newName("x")
        switch random.below(7) {
        case 0: return "[\(expression(.ints, d)), \(expression(.ints, d))]"
        case 1: return "[[\(x), \(x) * 2] for \(x) in \(expression(.ints, d))]"
        case 2: return "[\(inside(x, .ints, .ints, d)) for \(x) in \(expression(.lists, d))]"
        case 3: return "sorted(\(expression(.lists, d)))"
        case 4: return "list(\(expression(.index, d)).values())"
        case 5: return "\(expression(.lists, d))[\(slice(d))]"
        default:
            return "[list(\(x)) for \(x) in zip(\(expression(.ints, d)), \(expression(.ints, d)))]"
        }
    }

    private mutating func numbers(_ d: Int) -> String {
        let x = newName("x")
        switch random.below(8) {
        case 0:
            return
                "{\(expression(.text, d)): \(expression(.int, d)), \(atom(.text)): \(expression(.int, d))}"
        case 1: return "{\(x): \(inside(x, .text, .int, d)) for \(x) in \(expression(.texts, d))}"
        case 2: return "dict(zip(\(expression(.texts, d)), \(expression(.ints, d))))"
        case 3: return "{**\(expression(.numbers, d)), **\(expression(.numbers, d))}"
        case 4: return "(\(expression(.numbers, d)) | \(expression(.numbers, d)))"
        case 5: return "dict(a=\(expression(.int, d)), b=\(expression(.int, d)))"
        case 6: return "dict(\(expression(.numbers, d)))"
        default: return "dict([(\(expression(.text, d)), \(expression(.int, d)))])"
        }
    }
}
