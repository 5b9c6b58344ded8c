// `math`: the functions of Python's math over floats and 64-bit integers, with its errors.

import ArenaCore
import ArenaLanguage
import Glibc

private typealias P = BuiltinParameter

let mathModule = Module(
    "math", "Numbers: roots, powers, logarithms, angles, counting.",
    realFunctions + wholeFunctions + sequenceFunctions,
    constants: {
        [
            ("pi", .float(.pi)), ("e", .float(M_E)), ("tau", .float(2 * .pi)),
            ("inf", .float(.infinity)), ("nan", .float(.nan)),
        ]
    })

/// What a domain error says: Python's words, with the call that failed.
func domainError(_ name: String, _ x: Double...) -> Raised {
    Raised(
        .value,
        "math domain error: \(name)(\(x.map { floatText($0) }.joined(separator: ", "))) has no value"
    )
}

private func rangeError(_ name: String, _ x: Double...) -> Raised {
    Raised(
        .overflow,
        "math range error: \(name)(\(x.map { floatText($0) }.joined(separator: ", "))) is too large for a float"
    )
}

/// A function of one float that may leave its domain or overflow.
private func real(
    _ name: String, _ summary: String, _ example: String, _ output: String, overflows: Bool = false,
    _ f: @escaping @Sendable (Double) -> Double
) -> Builtin {
    moduleFunction(
        name, [P("x", "number")], summary,
        examples: [Example("print(\(example))", prints: output + "\n")]
    ) { a throws(Raised) in
        let x = try a.double(1)
        let r = f(x)
        if r.isNaN, !x.isNaN { throw domainError(name, x) }
        if r.isInfinite, x.isFinite {
            throw overflows ? rangeError(name, x) : domainError(name, x)
        }
        return .float(r)
    }
}

private func logarithm(_ name: String, _ x: Double, _ f: (Double) -> Double) throws(Raised)
    -> Double
{
    if x <= 0 { throw domainError(name, x) }
    return f(x)
}

/// A float's nearest whole number by `f`, as an int.
private func whole(
    _ name: String, _ summary: String, _ output: String, _ f: @escaping @Sendable (Double) -> Double
) -> Builtin {
    moduleFunction(
        name, [P("x", "number")], summary,
        examples: [Example("print(math.\(name)(-2.5))", prints: output + "\n")]
    ) { a throws(Raised) in
        if let n = a[1].asInt { return .int(n) }
        if let b = a[1].asBool { return .int(b ? 1 : 0) }
        return try integerValue(ofWhole: f(try a.double(1)))
    }
}

private func test(
    _ name: String, _ summary: String, _ example: String,
    _ f: @escaping @Sendable (Double) -> Bool
) -> Builtin {
    moduleFunction(
        name, [P("x", "number")], summary,
        examples: [Example("print(math.\(name)(\(example)))", prints: "True\n")]
    ) { a throws(Raised) in .bool(f(try a.double(1))) }
}

private func pair(
    _ name: String, _ parameters: (String, String), _ summary: String, _ example: String,
    _ output: String,
    _ f: @escaping @Sendable (Double, Double) throws(Raised) -> Double
) -> Builtin {
    moduleFunction(
        name, [P(parameters.0, "number"), P(parameters.1, "number")], summary,
        examples: [Example("print(\(example))", prints: output + "\n")]
    ) { a throws(Raised) in .float(try f(try a.double(1), try a.double(2))) }
}

private let realFunctions: [Builtin] = [
    real("acos", "The angle whose cosine is x.", "math.acos(1)", "0.0", acos),
    real("acosh", "The inverse of cosh.", "math.acosh(1)", "0.0", acosh),
    real("asin", "The angle whose sine is x.", "math.asin(0)", "0.0", asin),
    real("asinh", "The inverse of sinh.", "math.asinh(0)", "0.0", asinh),
    real("atan", "The angle whose tangent is x.", "math.atan(0)", "0.0", atan),
    pair("atan2", ("y", "x"), "The angle of the point (x, y).", "math.atan2(0, 1)", "0.0") {
        (y, x) throws(Raised) in atan2(y, x)
    },
    real("atanh", "The inverse of tanh.", "math.atanh(0)", "0.0", atanh),
    real("cbrt", "The cube root.", "math.cbrt(8)", "2.0", cbrt),
    whole("ceil", "The smallest integer that is not below x.", "-2") { $0.rounded(.up) },
    pair(
        "copysign", ("x", "y"), "The size of x with the sign of y.", "math.copysign(3, -0.0)",
        "-3.0"
    ) { (x, y) throws(Raised) in copysign(x, y) },
    real("cos", "The cosine of an angle in radians.", "math.cos(0)", "1.0", cos),
    real("cosh", "The hyperbolic cosine.", "math.cosh(0)", "1.0", overflows: true, cosh),
    real("degrees", "Radians as degrees.", "math.degrees(math.pi)", "180.0") { $0 * (180 / .pi) },
    real("erf", "The error function.", "math.erf(0)", "0.0", erf),
    real("erfc", "One less the error function.", "math.erfc(0)", "1.0", erfc),
    real("exp", "e to the power of x.", "math.exp(0)", "1.0", overflows: true, exp),
    real("exp2", "2 to the power of x.", "math.exp2(3)", "8.0", overflows: true, exp2),
    real(
        "expm1", "exp(x) - 1, exact also for small x.", "math.expm1(0)", "0.0", overflows: true,
        expm1),
    real("fabs", "The size of x, as a float.", "math.fabs(-3)", "3.0") { $0.magnitude },
    whole("floor", "The largest integer that is not above x.", "-3") { $0.rounded(.down) },
    pair(
        "fmod", ("x", "y"), "The rest of x by y, with the sign of x.", "math.fmod(-7, 3)", "-1.0"
    ) { (x, y) throws(Raised) in
        let r = fmod(x, y)
        if r.isNaN, !x.isNaN, !y.isNaN { throw domainError("fmod", x, y) }
        return r
    },
    moduleFunction(
        "gamma", [P("x", "number")], "The gamma function: (x - 1)! for whole numbers.",
        examples: [Example("print(math.gamma(5))", prints: "24.0\n")]
    ) { a throws(Raised) in
        let x = try a.double(1)
        if x == -.infinity || x == 0 || x < 0 && x == x.rounded(.down) {
            throw domainError("gamma", x)
        }
        let r = gammaFunction(x)
        if r.isInfinite, x.isFinite { throw rangeError("gamma", x) }
        return .float(r)
    },
    moduleFunction(
        "hypot", [P("coordinates", "number", .rest)], "The length of the vector.",
        examples: [Example("print(math.hypot(3, 4))", prints: "5.0\n")]
    ) { a throws(Raised) in
        var vector: [Double] = []
        for item in Array(a[1].items ?? UnsafeBufferPointer(start: nil, count: 0)) {
            vector.append(try number(item, "hypot"))
        }
        return .float(vectorLength(vector))
    },
    moduleFunction(
        "isclose",
        [
            P("a", "number"), P("b", "number"), P("rel_tol", "float", .named("1e-09")),
            P("abs_tol", "float", .named("0.0")),
        ],
        "Whether two numbers are nearly the same.",
        examples: [Example("print(math.isclose(0.1 + 0.2, 0.3))", prints: "True\n")]
    ) { a throws(Raised) in
        let (x, y) = (try a.double(1), try a.double(2))
        let (relative, absolute) = (try a.double(3, or: 1e-9), try a.double(4, or: 0))
        if relative < 0 || absolute < 0 { throw Raised(.value, "tolerances are not negative") }
        if x == y { return .bool(true) }
        if x.isInfinite || y.isInfinite { return .bool(false) }
        let difference = (y - x).magnitude
        return .bool(
            difference <= (relative * y).magnitude || difference <= (relative * x).magnitude
                || difference <= absolute)
    },
    test("isfinite", "Whether x is neither infinite nor nan.", "1") { $0.isFinite },
    test("isinf", "Whether x is infinite.", "-math.inf") { $0.isInfinite },
    test("isnan", "Whether x is no number.", "math.nan") { $0.isNaN },
    moduleFunction(
        "ldexp", [P("x", "number"), P("i", "int")], "x times 2 to the power of i.",
        examples: [Example("print(math.ldexp(1, 3))", prints: "8.0\n")]
    ) { a throws(Raised) in
        let x = try a.double(1)
        let r = scalbn(x, Int(Int32(clamping: try a.int(2))))
        if r.isInfinite, x.isFinite { throw rangeError("ldexp", x) }
        return .float(r)
    },
    moduleFunction(
        "lgamma", [P("x", "number")], "The logarithm of the gamma function's size.",
        examples: [Example("print(math.lgamma(2))", prints: "0.0\n")]
    ) { a throws(Raised) in
        let x = try a.double(1)
        if x <= 0, x.isFinite, x == x.rounded(.down) { throw domainError("lgamma", x) }
        let r = logGamma(x)
        if r.isInfinite, x.isFinite { throw rangeError("lgamma", x) }
        return .float(r)
    },
    moduleFunction(
        "log", [P("x", "number"), P("base", "number", .optional("e"))],
        "The logarithm, natural unless a base is given.",
        examples: [Example("print(math.log(math.e), math.log(8, 2))", prints: "1.0 3.0\n")]
    ) { a throws(Raised) in
        let x = try logarithm("log", try a.double(1), log)
        guard a.has(2) else { return .float(x) }
        let base = try logarithm("log", try a.double(2), log)
        if base == 0 {
            throw Raised(.zeroDivision, "math.log(): 1 is the base of no logarithm")
        }
        return .float(x / base)
    },
    moduleFunction(
        "log10", [P("x", "number")], "The logarithm to the base 10.",
        examples: [Example("print(math.log10(1000))", prints: "3.0\n")]
    ) { a throws(Raised) in .float(try logarithm("log10", try a.double(1), log10)) },
    real("log1p", "log(1 + x), exact also for small x.", "math.log1p(0)", "0.0", log1p),
    moduleFunction(
        "log2", [P("x", "number")], "The logarithm to the base 2.",
        examples: [Example("print(math.log2(8))", prints: "3.0\n")]
    ) { a throws(Raised) in .float(try logarithm("log2", try a.double(1), log2)) },
    moduleFunction(
        "modf", [P("x", "number")], "The part after the point and the part before it.",
        examples: [Example("print(math.modf(-2.5))", prints: "(-0.5, -2.0)\n")]
    ) { a throws(Raised) in
        let x = try a.double(1)
        if x.isInfinite { return .tuple([.float(copysign(0, x)), .float(x)]) }
        let part = x.rounded(.towardZero)
        return .tuple([.float(copysign(x - part, x)), .float(part)])
    },
    pair("pow", ("x", "y"), "x to the power of y, as floats.", "math.pow(2, 10)", "1024.0") {
        (x, y) throws(Raised) in
        let r = pow(x, y)
        if x.isFinite, y.isFinite {
            if r.isNaN || r.isInfinite && x == 0 { throw domainError("pow", x, y) }
            if r.isInfinite { throw rangeError("pow", x, y) }
        }
        return r
    },
    real("radians", "Degrees as radians.", "math.radians(180) == math.pi", "True") {
        $0 * (.pi / 180)
    },
    pair(
        "remainder", ("x", "y"), "The rest of x by y that is nearest to 0.", "math.remainder(8, 3)",
        "-1.0"
    ) { (x, y) throws(Raised) in
        let r = remainder(x, y)
        if r.isNaN, !x.isNaN, !y.isNaN { throw domainError("remainder", x, y) }
        return r
    },
    real("sin", "The sine of an angle in radians.", "math.sin(0)", "0.0", sin),
    real("sinh", "The hyperbolic sine.", "math.sinh(0)", "0.0", overflows: true, sinh),
    real("sqrt", "The square root.", "math.sqrt(16)", "4.0", sqrt),
    real("tan", "The tangent of an angle in radians.", "math.tan(0)", "0.0", tan),
    real("tanh", "The hyperbolic tangent.", "math.tanh(0)", "0.0", tanh),
    whole("trunc", "x without what stands after the point.", "-2") { $0.rounded(.towardZero) },
]

private let wholeFunctions: [Builtin] = [
    moduleFunction(
        "comb", [P("n", "int"), P("k", "int")], "In how many ways k of n things can be chosen.",
        examples: [Example("print(math.comb(5, 2))", prints: "10\n")]
    ) { a throws(Raised) in
        try a.machine.combinations(of: a[1], choosing: a[2])
    },
    moduleFunction(
        "factorial", [P("n", "int")], "The product of 1 to n.",
        examples: [Example("print(math.factorial(5))", prints: "120\n")]
    ) { a throws(Raised) in
        try a.machine.permutations(of: a[1], choosing: a[1], for: "factorial")
    },
    moduleFunction(
        "gcd", [P("integers", "int", .rest)], "The greatest divisor that all share.",
        examples: [Example("print(math.gcd(12, 18))", prints: "6\n")]
    ) { a throws(Raised) in
        try a.machine.greatestDivisor(of: Array(a[1].items ?? .init(start: nil, count: 0)))
    },
    moduleFunction(
        "isqrt", [P("n", "int")], "The square root, rounded down.",
        examples: [Example("print(math.isqrt(17))", prints: "4\n")]
    ) { a throws(Raised) in
        try a.machine.squareRoot(ofInteger: a[1])
    },
    moduleFunction(
        "lcm", [P("integers", "int", .rest)], "The smallest number that all divide.",
        examples: [Example("print(math.lcm(4, 6))", prints: "12\n")]
    ) { a throws(Raised) in
        try a.machine.leastMultiple(of: Array(a[1].items ?? .init(start: nil, count: 0)))
    },
    moduleFunction(
        "perm", [P("n", "int"), P("k", "int", .optional("n"))],
        "In how many orders k of n things can be laid out.",
        examples: [Example("print(math.perm(5, 2))", prints: "20\n")]
    ) { a throws(Raised) in
        try a.machine.permutations(
            of: a[1], choosing: a[2].isUnset ? a[1] : a[2], for: "perm")
    },
]

private let sequenceFunctions: [Builtin] = [
    moduleFunction(
        "dist", [P("p", "list of number"), P("q", "list of number")],
        "The distance between two points.",
        examples: [Example("print(math.dist([0, 0], [3, 4]))", prints: "5.0\n")]
    ) { a throws(Raised) in
        let (p, q) = (try numbers(a, 1), try numbers(a, 2))
        guard p.count == q.count else {
            throw Raised(
                .value, "dist() wants points of the same dimension, not \(p.count) and \(q.count)")
        }
        return .float(vectorLength((0..<p.count).map { p[$0] - q[$0] }))
    },
    moduleFunction(
        "fsum", [P("numbers", "list of number")], "The sum of floats, rounded once at the end.",
        examples: [Example("print(math.fsum([0.1] * 10))", prints: "1.0\n")]
    ) { a throws(Raised) in .float(try exactSum(try numbers(a, 1))) },
    moduleFunction(
        "prod", [P("numbers", "list of number"), P("start", "number", .named("1"))],
        "The product of the numbers.",
        examples: [Example("print(math.prod([2, 3, 4]))", prints: "24\n")]
    ) { a throws(Raised) in
        let list = try a.iterable(1)
        defer { list.release() }
        var total = a[2].isUnset ? Value.int(1) : a[2].retain()
        for item in list.items ?? UnsafeBufferPointer(start: nil, count: 0) {
            let factor = total
            defer { factor.release() }
            total =
                factor.isWhole && item.isWhole
                ? try a.machine.product(factor, item)
                : .float(try number(factor, "prod") * (try number(item, "prod")))
        }
        return total
    },
]

// MARK: - Helpers

private func number(_ v: Value, _ name: String) throws(Raised) -> Double {
    guard let x = v.asDouble else {
        throw Raised(.type, "\(name)() works on numbers, not on \(v.typeWithArticle)")
    }
    return x
}

private func numbers(_ a: Arguments, _ i: Int) throws(Raised) -> [Double] {
    let list = try a.iterable(i)
    defer { list.release() }
    var result: [Double] = []
    for item in list.items ?? UnsafeBufferPointer(start: nil, count: 0) {
        result.append(try number(item, a.builtin.name))
    }
    return result
}
