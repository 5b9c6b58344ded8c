// What the library computes with integers of any size: products of ranges, divisors, square roots.
// Results have at most `BigInteger.bitLimit` bits; long computations can be stopped.

import Glibc

extension Machine {
    /// Whether a value is an int, a bool or neither, as an integer.
    private func whole(_ v: Value, for name: String) throws(Raised) -> BigInteger {
        guard v.isWhole else {
            throw Raised(.type, "\(name)() works on ints, not on \(v.typeWithArticle)")
        }
        return BigInteger(v)
    }

    private func natural(_ v: Value, for name: String) throws(Raised) -> BigInteger {
        let n = try whole(v, for: name)
        if n.isNegative { throw Raised(.value, "\(name)() is not defined for negative numbers") }
        return n
    }

    private var tooManyBits: Raised {
        Raised(.overflow, "the result has more than \(BigInteger.bitLimit) bits")
    }

    /// The product of `count` integers from `first` on, downwards.
    private func fallingProduct(_ first: BigInteger, _ count: Int) throws(Raised) -> BigInteger {
        // Small factors are gathered, so that there are few long products.
        var result = BigInteger(1)
        var part: UInt64 = 1
        for i in 0..<count {
            try pollInBuiltin()
            let factor = first - BigInteger(i)
            if let small = factor.small {
                let (p, overflow) = part.multipliedReportingOverflow(by: UInt64(small.magnitude))
                if !overflow {
                    part = p
                    continue
                }
            }
            result = result * BigInteger(isNegative: false, magnitude: [part]) * factor
            part = 1
            if result.bitCount > BigInteger.bitLimit { throw tooManyBits }
        }
        result = result * BigInteger(isNegative: false, magnitude: [part])
        if result.bitCount > BigInteger.bitLimit { throw tooManyBits }
        return result
    }

    /// The product of two numbers, owned.
    package func product(_ x: Value, _ y: Value) throws(Raised) -> Value {
        try arithmetic(.multiply, x, y)
    }

    /// `math.perm`: the orders in which `k` of `n` things can be laid out.
    package func permutations(
        of n: Value, choosing k: Value, for name: String
    ) throws(Raised) -> Value {
        let n = try natural(n, for: name)
        let k = try natural(k, for: name)
        if n < k { return .int(0) }
        guard let count = k.small else { throw tooManyBits }
        return .integer(try fallingProduct(n, count))
    }

    /// `math.comb`: the ways in which `k` of `n` things can be chosen.
    package func combinations(of n: Value, choosing k: Value) throws(Raised) -> Value {
        let n = try natural(n, for: "comb")
        let given = try natural(k, for: "comb")
        if n < given { return .int(0) }
        let rest = n - given
        guard let k = (rest < given ? rest : given).small else { throw tooManyBits }
        var result = BigInteger(1)
        for i in 0..<k {
            try pollInBuiltin()
            // The product of i + 1 integers in a row is a multiple of (i + 1)!.
            let product = result * (n - BigInteger(i))
            result = product.dividedFloor(by: BigInteger(i + 1)).quotient
            if result.bitCount > BigInteger.bitLimit { throw tooManyBits }
        }
        return .integer(result)
    }

    /// `math.gcd`: the greatest divisor of all, 0 for none.
    package func greatestDivisor(of values: [Value]) throws(Raised) -> Value {
        var result = BigInteger(0)
        for v in values { result = try divisor(result, whole(v, for: "gcd")) }
        return .integer(result)
    }

    /// `math.lcm`: the least common multiple, 1 for none.
    package func leastMultiple(of values: [Value]) throws(Raised) -> Value {
        var result = BigInteger(1)
        for v in values {
            var n = try whole(v, for: "lcm")
            if n.isZero { result = n }
            if result.isZero { continue }
            n.isNegative = false
            let shared = try divisor(result, n)
            result = result.dividedFloor(by: shared).quotient * n
            if result.bitCount > BigInteger.bitLimit { throw tooManyBits }
        }
        return .integer(result)
    }

    /// Euclid's algorithm, in one word once both fit.
    private func divisor(_ a: BigInteger, _ b: BigInteger) throws(Raised) -> BigInteger {
        var (a, b) = (a, b)
        a.isNegative = false
        b.isNegative = false
        while !b.isZero {
            try pollInBuiltin()
            if a.magnitude.count <= 1, b.magnitude.count == 1 {
                var (x, y) = (a.magnitude.first ?? 0, b.magnitude[0])
                while y != 0 { (x, y) = (y, x % y) }
                return BigInteger(isNegative: false, magnitude: [x])
            }
            (a, b) = (b, a.dividedFloor(by: b).remainder)
        }
        return a
    }

    /// `math.isqrt`: the square root, rounded down.
    package func squareRoot(ofInteger v: Value) throws(Raised) -> Value {
        let n = try natural(v, for: "isqrt")
        if n.isZero { return .int(0) }
        // Newton's method from above: it falls until it is there.
        var root = BigInteger(1).shiftedLeft((n.bitCount + 1) / 2)
        while true {
            try pollInBuiltin()
            let next = (root + n.dividedFloor(by: root).quotient).shiftedRight(1)
            if !(next < root) { return .integer(root) }
            root = next
        }
    }
}

extension Value {
    /// The magnitude of an int of any size in pieces of 32 bits, the lowest first; at least one.
    package var magnitudeWords: [UInt32] {
        var words = BigInteger(self).magnitude.flatMap {
            [UInt32(truncatingIfNeeded: $0), UInt32(truncatingIfNeeded: $0 >> 32)]
        }
        while words.count > 1, words.last == 0 { words.removeLast() }
        return words.isEmpty ? [0] : words
    }
}
