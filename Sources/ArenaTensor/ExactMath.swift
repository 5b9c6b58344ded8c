// Sine, cosine and powers in double precision from additions, products and divisions alone: the C
// library's differ by machine, and tables made with them would too. Accurate to about 1e-15, so that a
// rounding to fp32 is the nearest number but for one case in millions.

/// Functions whose bits are the same on every machine.
package enum ExactMath {
    /// Sine and cosine of an angle below about a million; no numbers where the angle is none.
    package static func sineCosine(_ x: Double) -> (sine: Double, cosine: Double) {
        // x = n pi/2 + r with pi/2 in three parts of 33 bits, so that n times the first two is exact.
        let n = (x * 0.6366197723675814).rounded(.toNearestOrEven)
        guard abs(n) < 1e15 else { return (.nan, .nan) }
        let r =
            ((x - n * 1.5707963267341256) - n * 6.077100506303966e-11) - n * 2.0222662487959506e-21
        let z = r * r
        // Taylor series up to r^17 and r^16; |r| <= pi/4.
        var s = 0.0
        var c = 0.0
        for k in stride(from: 16, through: 2, by: -2) {
            s = (1 - s) * z / Double(k * (k + 1))
            c = (1 - c) * z / Double(k * (k - 1))
        }
        let (sine, cosine) = (r * (1 - s), 1 - c)
        switch Int(n) & 3 {
        case 0: return (sine, cosine)
        case 1: return (cosine, -sine)
        case 2: return (-sine, -cosine)
        default: return (-cosine, sine)
        }
    }

    /// base^exponent of a positive, finite base.
    package static func power(_ base: Double, _ exponent: Double) -> Double {
        exponential(exponent * logarithm(base))
    }

    package static func logarithm(_ x: Double) -> Double {
        var m = x.significand
        var e = Double(x.exponent)
        if m > 1.4142135623730951 {
            m /= 2
            e += 1
        }
        // ln m = 2 artanh((m - 1) / (m + 1))
        let s = (m - 1) / (m + 1)
        let z = s * s
        var sum = 0.0
        for k in stride(from: 27, through: 3, by: -2) { sum = (sum + 1 / Double(k)) * z }
        return e * 0.6931471805599453 + 2 * s * (1 + sum)
    }

    package static func exponential(_ x: Double) -> Double {
        let n = (x * 1.4426950408889634).rounded(.toNearestOrEven)
        guard n > -1000, n < 1000 else { return n > 0 ? .infinity : 0 }
        let r = (x - n * 0.6931471803691238) - n * 1.9082149292705877e-10
        var sum = 1.0
        for k in stride(from: 16, through: 1, by: -1) { sum = 1 + sum * r / Double(k) }
        return Double(sign: .plus, exponent: Int(n), significand: 1) * sum
    }
}
