// `random`: generators with a seed that the script names, and nothing hidden behind the module. The
// numbers are those of CPython's `random.Random(seed)`, method by method.

import ArenaCore
import ArenaLanguage
import Glibc

private typealias P = BuiltinParameter

let randomModule = Module(
    "random", "Random numbers from a generator with a seed: rng = random.Random(42).",
    [
        moduleFunction(
            "Random", [P("seed", "int or str")],
            "A generator of the same numbers that Python's random.Random(seed) gives.",
            examples: [
                Example("rng = random.Random(42)\nprint(rng.randint(1, 100))", prints: "82\n")
            ]
        ) { a throws(Raised) in
            let key = try seedKey(a, 1)
            a.noteSeed(a.machine.representation(of: a[1]))
            return .host(RandomValue(MersenneTwister(key: key)))
        }
    ] + ambientNames.map(ambient))

private let ambientNames = [
    "betavariate", "choice", "choices", "expovariate", "gammavariate", "gauss", "getrandbits",
    "normalvariate", "randint", "random", "randrange", "sample", "seed", "shuffle", "triangular",
    "uniform",
]

/// A function of Python's module that works on a generator nobody sees: it says what to type.
private func ambient(_ name: String) -> Builtin {
    moduleFunction(
        name, [P("arguments", "any", .rest), P("named", "any", .keywords)],
        "Needs a generator: rng = random.Random(42), then rng.\(name == "seed" ? "random" : name)(...)."
    ) { a throws(Raised) in
        throw Raised(
            .runtime, "random.\(name)() would depend on numbers that nobody named a seed for",
            help: name == "seed"
                ? "rng = random.Random(42)"
                : "rng = random.Random(42) once, then rng.\(name)(...)")
    }
}

/// The pieces of a seed as CPython makes them.
private func seedKey(_ a: Arguments, _ i: Int) throws(Raised) -> [UInt32] {
    if a[i].isWhole { return a[i].magnitudeWords }
    guard a[i].isText else {
        throw Raised(
            .type, "a generator's seed is an int or a str, not \(a[i].typeWithArticle)",
            help: "rng = random.Random(42)")
    }
    // The text and its hash, read as one large number.
    let text = Array(a[i].utf8)
    let bytes: [UInt8] = (text + sha512(text)).reversed()
    var key: [UInt32] = []
    for start in stride(from: 0, to: bytes.count, by: 4) {
        var piece: UInt32 = 0
        for k in 0..<4 where start + k < bytes.count {
            piece |= UInt32(bytes[start + k]) << UInt32(8 * k)
        }
        key.append(piece)
    }
    while key.count > 1, key.last == 0 { key.removeLast() }
    return key
}

/// A generator in a script.
final class RandomValue: HostObject {
    fileprivate var twister: MersenneTwister
    fileprivate var nextGauss: Double?

    init(_ twister: MersenneTwister) { self.twister = twister }

    static let hostType = HostType(
        "random generator", summary: "Draws numbers that depend on its seed alone.",
        methods: generatorMethods)
    var type: HostType { Self.hostType }

    fileprivate func below(_ n: Int) -> Int { Int(twister.below(UInt64(n))) }

    fileprivate func gamma(_ alpha: Double, _ beta: Double) -> Double {
        if alpha > 1 {
            let a = (2 * alpha - 1).squareRoot()
            let b = alpha - log(4)
            let c = alpha + a
            while true {
                let u1 = twister.double()
                guard 1e-7 < u1, u1 < 0.9999999 else { continue }
                let u2 = 1 - twister.double()
                let v = log(u1 / (1 - u1)) / a
                let x = alpha * exp(v)
                let z = u1 * u1 * u2
                let r = b + c * v - x
                if r + (1 + log(4.5)) - 4.5 * z >= 0 || r >= log(z) { return x * beta }
            }
        }
        if alpha == 1 { return -log(1 - twister.double()) * beta }
        while true {
            let b = (M_E + alpha) / M_E
            let p = b * twister.double()
            let x = p <= 1 ? pow(p, 1 / alpha) : -log((b - p) / alpha)
            let u = twister.double()
            if p > 1 {
                if u <= pow(x, alpha - 1) { return x * beta }
            } else if u <= exp(-x) {
                return x * beta
            }
        }
    }
}

extension Arguments {
    fileprivate func generator() throws(Raised) -> RandomValue {
        try host(0, RandomValue.self, "random generator")
    }
}

private func method(
    _ name: String, _ parameters: [BuiltinParameter], _ summary: String, _ example: String,
    _ output: String, _ body: @escaping @Sendable (RandomValue, Arguments) throws(Raised) -> Value
) -> Builtin {
    Builtin(
        name, [.receiver("random generator")] + parameters, summary,
        examples: [Example("rng = random.Random(42)\n\(example)", prints: output + "\n")]
    ) { a throws(Raised) in try body(try a.generator(), a) }
}

private let generatorMethods: [Builtin] = [
    method(
        "betavariate", [P("alpha", "number"), P("beta", "number")],
        "A number of the beta distribution.",
        "print(round(rng.betavariate(2, 3), 6))", "0.193931"
    ) { (rng, a) throws(Raised) in
        let (alpha, beta) = (try a.double(1), try a.double(2))
        try positive(alpha > 0 && beta > 0, "betavariate(): alpha and beta")
        let y = rng.gamma(alpha, 1)
        return .float(y == 0 ? 0 : y / (y + rng.gamma(beta, 1)))
    },
    method(
        "choice", [P("items", "list")], "One of the items, each as likely.",
        "print(rng.choice([\"a\", \"b\", \"c\"]))", "c"
    ) { (rng, a) throws(Raised) in
        let list = try sequence(a, 1)
        defer { list.release() }
        guard let items = list.items, items.count > 0 else {
            throw Raised(.index, "choice() from an empty sequence")
        }
        return items[rng.below(items.count)].retain()
    },
    method(
        "choices",
        [
            P("items", "list"), P("weights", "list of number", .optional("None")),
            P("cum_weights", "list of number", .named("None")), P("k", "int", .named("1")),
        ],
        "k of the items, drawn with replacement.", "print(rng.choices([\"a\", \"b\"], k=3))",
        "['b', 'a', 'a']"
    ) { (rng, a) throws(Raised) in try choices(rng, a) },
    method(
        "expovariate", [P("lambd", "number")], "A number of the exponential distribution.",
        "print(round(rng.expovariate(2), 6))", "0.51003"
    ) { (rng, a) throws(Raised) in
        let rate = try a.double(1)
        if rate == 0 { throw Raised(.zeroDivision, "expovariate() with a rate of 0") }
        return .float(-log(1 - rng.twister.double()) / rate)
    },
    method(
        "gammavariate", [P("alpha", "number"), P("beta", "number")],
        "A number of the gamma distribution.", "print(round(rng.gammavariate(2, 1), 6))", "1.142877"
    ) { (rng, a) throws(Raised) in
        let (alpha, beta) = (try a.double(1), try a.double(2))
        try positive(alpha > 0 && beta > 0, "gammavariate(): alpha and beta")
        return .float(rng.gamma(alpha, beta))
    },
    method(
        "gauss", [P("mu", "number", .optional("0.0")), P("sigma", "number", .optional("1.0"))],
        "A number of the normal distribution; the fast way, two at a time.",
        "print(round(rng.gauss(0, 1), 6))", "-0.14409"
    ) { (rng, a) throws(Raised) in
        let (mu, sigma) = (try a.double(1, or: 0), try a.double(2, or: 1))
        if let z = rng.nextGauss {
            rng.nextGauss = nil
            return .float(mu + z * sigma)
        }
        let angle = rng.twister.double() * 2 * .pi
        let size = (-2 * log(1 - rng.twister.double())).squareRoot()
        rng.nextGauss = sin(angle) * size
        return .float(mu + cos(angle) * size * sigma)
    },
    method(
        "getrandbits", [P("k", "int")], "A whole number of k random bits, at most 63.",
        "print(rng.getrandbits(8))", "163"
    ) { (rng, a) throws(Raised) in
        let k = try a.int(1)
        guard (0...63).contains(k) else {
            throw Raised(.value, "getrandbits() gives 0 to 63 bits, not \(k)")
        }
        return .int(Int(rng.twister.bits(k)))
    },
    method(
        "normalvariate",
        [P("mu", "number", .optional("0.0")), P("sigma", "number", .optional("1.0"))],
        "A number of the normal distribution.", "print(round(rng.normalvariate(0, 1), 6))",
        "0.245326"
    ) { (rng, a) throws(Raised) in
        let (mu, sigma) = (try a.double(1, or: 0), try a.double(2, or: 1))
        let magic = 4 * exp(-0.5) / (2.0).squareRoot()
        while true {
            let u1 = rng.twister.double()
            let u2 = 1 - rng.twister.double()
            let z = magic * (u1 - 0.5) / u2
            if z * z / 4 <= -log(u2) { return .float(mu + z * sigma) }
        }
    },
    method(
        "randint", [P("a", "int"), P("b", "int")], "A whole number from a to b, both included.",
        "print(rng.randint(1, 6))", "6"
    ) { (rng, a) throws(Raised) in
        let (low, high) = (try a.int(1), try a.int(2))
        guard low <= high else {
            throw Raised(.value, "randint(): no number from \(low) to \(high)")
        }
        return try number(rng, low, high, step: 1, closed: true)
    },
    method(
        "random", [], "A float from 0 to 1, without 1.", "print(rng.random())", "0.6394267984578837"
    ) { (rng, a) throws(Raised) in .float(rng.twister.double()) },
    method(
        "randrange",
        [P("start", "int"), P("stop", "int", .optional("None")), P("step", "int", .optional("1"))],
        "One of the numbers of range(start, stop, step).", "print(rng.randrange(10))", "1"
    ) { (rng, a) throws(Raised) in
        let first = try a.int(1)
        let step = try a.int(3, or: 1)
        if step == 0 { throw Raised(.value, "randrange()'s step cannot be 0") }
        return a.has(2)
            ? try number(rng, first, try a.int(2), step: step, closed: false)
            : try number(rng, 0, first, step: step, closed: false)
    },
    method(
        "sample", [P("items", "list"), P("k", "int")], "k different items in random order.",
        "print(rng.sample(range(100), 3))", "[81, 14, 3]"
    ) { (rng, a) throws(Raised) in try sample(rng, a) },
    method(
        "shuffle", [P("items", "list")], "Puts the list in random order, in place.",
        "x = [1, 2, 3, 4]\nrng.shuffle(x)\nprint(x)", "[3, 2, 4, 1]"
    ) { (rng, a) throws(Raised) in
        guard a[1].isList else {
            throw Raised(
                .type, "shuffle() changes a list in place, and this is \(a[1].typeWithArticle)",
                help: "x = list(x), then rng.shuffle(x)")
        }
        a[1].withListItems { items in
            for i in stride(from: items.count - 1, to: 0, by: -1) {
                items.swapAt(i, rng.below(i + 1))
            }
        }
        return .none
    },
    method(
        "triangular",
        [
            P("low", "number", .optional("0.0")), P("high", "number", .optional("1.0")),
            P("mode", "number", .optional("None")),
        ], "A number of the triangular distribution.", "print(round(rng.triangular(0, 1), 6))",
        "0.575398"
    ) { (rng, a) throws(Raised) in
        var (low, high) = (try a.double(1, or: 0), try a.double(2, or: 1))
        var u = rng.twister.double()
        if low == high { return .float(low) }
        var c = a.has(3) ? (try a.double(3) - low) / (high - low) : 0.5
        if u > c {
            u = 1 - u
            c = 1 - c
            swap(&low, &high)
        }
        return .float(low + (high - low) * (u * c).squareRoot())
    },
    method(
        "uniform", [P("a", "number"), P("b", "number")], "A float from a to b.",
        "print(rng.uniform(0, 10))", "6.394267984578837"
    ) { (rng, a) throws(Raised) in
        let (low, high) = (try a.double(1), try a.double(2))
        return .float(low + (high - low) * rng.twister.double())
    },
]

private func positive(_ ok: Bool, _ what: String) throws(Raised) {
    if !ok { throw Raised(.value, "\(what) must be above 0") }
}

/// The items of a list, tuple, str or range as a list; owned.
private func sequence(_ a: Arguments, _ i: Int) throws(Raised) -> Value {
    if a[i].isDict || a[i].typeName == "set" {
        throw Raised(
            .type, "\(a.builtin.name)() wants items in an order, not \(a[i].typeWithArticle)",
            help: "sorted(x) gives a list")
    }
    return try a.iterable(i)
}

private func number(
    _ rng: RandomValue, _ start: Int, _ stop: Int, step: Int, closed: Bool
) throws(Raised) -> Value {
    let (low, high) = step > 0 ? (start, stop) : (stop, start)
    guard low < high || closed else {
        throw Raised(.value, "randrange(): there is no number from \(start) up to \(stop)")
    }
    let span = UInt(bitPattern: high &- low)
    if closed {
        // All 64-bit numbers: the count does not fit, and 64 bits are drawn until the top one is 0.
        if span == UInt.max {
            throw Raised(.overflow, "randint() over all 64-bit numbers")
        }
        return .int(start &+ Int(bitPattern: UInt(rng.twister.below(UInt64(span) + 1))))
    }
    let count = (span - 1) / step.magnitude + 1
    return .int(start &+ step &* Int(bitPattern: UInt(rng.twister.below(UInt64(count)))))
}

private func choices(_ rng: RandomValue, _ a: Arguments) throws(Raised) -> Value {
    let list = try sequence(a, 1)
    defer { list.release() }
    let k = try a.int(4, or: 1)
    guard let items = list.items, items.count > 0 else {
        throw Raised(.index, "choices() from an empty sequence")
    }
    guard k <= 1 << 28 else { throw Raised(.memory, "choices() of \(k) items is too large") }
    let n = items.count
    let result = Value.list(capacity: max(0, k))
    if !a.has(2), !a.has(3) {
        for _ in 0..<max(0, k) {
            result.add(items[Int((rng.twister.double() * Double(n)).rounded(.down))].retain())
        }
        return result
    }
    do throws(Raised) {
        if a.has(2), a.has(3) {
            throw Raised(.type, "choices() takes weights or cum_weights, not both")
        }
        var sums = try floats(a, a.has(3) ? 3 : 2)
        if a.has(2) { for i in sums.indices.dropFirst() { sums[i] += sums[i - 1] } }
        guard sums.count == n else {
            throw Raised(.value, "choices(): \(n) items and \(sums.count) weights")
        }
        let total = sums[n - 1]
        guard total > 0, total.isFinite else {
            throw Raised(.value, "choices(): the weights must add up to more than 0")
        }
        for _ in 0..<max(0, k) {
            let x = rng.twister.double() * total
            var (low, high) = (0, n - 1)
            while low < high {
                let middle = (low + high) / 2
                if x < sums[middle] { high = middle } else { low = middle + 1 }
            }
            result.add(items[low].retain())
        }
        return result
    } catch {
        result.release()
        throw error
    }
}

private func floats(_ a: Arguments, _ i: Int) throws(Raised) -> [Double] {
    let list = try a.iterable(i)
    defer { list.release() }
    var result: [Double] = []
    for item in list.items ?? UnsafeBufferPointer(start: nil, count: 0) {
        guard let x = item.asDouble else {
            throw Raised(.type, "a weight is a number, not \(item.typeWithArticle)")
        }
        result.append(x)
    }
    return result
}

private func sample(_ rng: RandomValue, _ a: Arguments) throws(Raised) -> Value {
    let list = try sequence(a, 1)
    defer { list.release() }
    let items = Array(list.items ?? UnsafeBufferPointer(start: nil, count: 0))
    let k = try a.int(2)
    let n = items.count
    guard k >= 0, k <= n else {
        throw Raised(.value, "sample() of \(k) from \(n) items")
    }
    var chosen: [Int] = []
    // CPython's own choice between the two ways; it decides which numbers are drawn.
    var size = 21.0
    if k > 5 { size += pow(4, (log(Double(k * 3)) / log(4)).rounded(.up)) }
    if Double(n) <= size {
        var pool = Array(0..<n)
        for i in 0..<k {
            let j = rng.below(n - i)
            chosen.append(pool[j])
            pool[j] = pool[n - i - 1]
        }
    } else {
        var taken: Set<Int> = []
        for _ in 0..<k {
            var j = rng.below(n)
            while !taken.insert(j).inserted { j = rng.below(n) }
            chosen.append(j)
        }
    }
    return .list(chosen.map { items[$0].retain() })
}
