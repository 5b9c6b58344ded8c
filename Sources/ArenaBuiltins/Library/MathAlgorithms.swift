// The parts of `math` that no C library gives with Python's last bit: exact sums (Shewchuk 1997),
// vector lengths with a corrected square root, and the gamma function by Lanczos' series.

import ArenaLanguage
import Glibc

/// The sum of floats rounded once, halves to the even side.
func exactSum(_ numbers: [Double]) throws(Raised) -> Double {
    // Partial sums that do not overlap, smallest first.
    var partials: [Double] = []
    var special = 0.0
    var infinities = 0.0
    for number in numbers {
        var x = number
        var kept = 0
        for i in 0..<partials.count {
            var y = partials[i]
            if x.magnitude < y.magnitude { swap(&x, &y) }
            let high = x + y
            let low = y - (high - x)
            if low != 0 {
                partials[kept] = low
                kept += 1
            }
            x = high
        }
        partials.removeSubrange(kept...)
        if x == 0 { continue }
        if x.isFinite {
            partials.append(x)
            continue
        }
        if number.isFinite {
            throw Raised(.overflow, "fsum(): a sum on the way is too large for a float")
        }
        if number.isInfinite { infinities += number }
        special += number
        partials.removeAll()
    }
    if special != 0 {
        if infinities.isNaN { throw Raised(.value, "fsum(): inf and -inf have no sum") }
        return special
    }
    guard var high = partials.popLast() else { return 0 }
    var low = 0.0
    while let y = partials.popLast() {
        let x = high
        high = x + y
        low = y - (high - x)
        if low != 0 { break }
    }
    // Half-way between two floats: the next partial decides.
    if let next = partials.last, low < 0 && next < 0 || low > 0 && next > 0 {
        let y = low * 2
        let x = high + y
        if y == x - high { high = x }
    }
    return high
}

/// The length of a vector, right to the last bit in nearly all cases.
func vectorLength(_ vector: [Double]) -> Double {
    let parts = vector.map(\.magnitude)
    if parts.contains(.infinity) { return .infinity }
    if parts.contains(where: \.isNaN) { return .nan }
    let most = parts.max() ?? 0
    if most == 0 || parts.count <= 1 { return most }
    var sum = 1.0
    var rest1 = 0.0
    var rest2 = 0.0
    var rest3 = 0.0
    func add(_ x: Double, _ rest: inout Double) {
        let old = sum
        sum += x
        rest += (old - sum) + x
    }
    func split(_ x: Double) -> (Double, Double) {
        let t = x * 134217729.0  // 2^27 + 1
        let high = t - (t - x)
        return (high, x - high)
    }
    var exponent: Int32 = 0
    _ = frexp(most, &exponent)
    guard exponent >= -1023 else {
        for part in parts {
            let x = part / most
            add(x * x, &rest1)
        }
        return most * (sum - 1 + rest1).squareRoot()
    }
    let scale = scalbn(1.0, -Int(exponent))
    for part in parts {
        let (high, low) = split(part * scale)
        add(high * high, &rest1)
        add(2 * high * low, &rest2)
        rest3 += low * low
    }
    let root = (sum - 1 + (rest1 + rest2 + rest3)).squareRoot()
    let (high, low) = split(root)
    add(-high * high, &rest1)
    add(-2 * high * low, &rest2)
    add(-low * low, &rest3)
    let error = sum - 1 + (rest1 + rest2 + rest3)
    return (root + error / (2 * root)) / scale
}

// MARK: - Gamma

private let lanczosG = 6.024680040776729583740234375
private let lanczosNumerator: [Double] = [
    23531376880.410759688572007674451636754734846804940,
    42919803642.649098768957899047001988850926355848959,
    35711959237.355668049440185451547166705960488635843,
    17921034426.037209699919755754458931112671403265390,
    6039542586.3520280050642916443072979210699388420708,
    1439720407.3117216736632230727949123939715485786372,
    248874557.86205415651146038641322942321632125127801,
    31426415.585400194380614231628318205362874684987640,
    2876370.6289353724412254090516208496135991145378768,
    186056.26539522349504029498971604569928220784236328,
    8071.6720023658162106380029022722506138218516325024,
    210.82427775157934587250973392071336271166969580291,
    2.5066282746310002701649081771338373386264310793408,
]
private let lanczosDenominator: [Double] = [
    0, 39916800, 120543840, 150917976, 105258076, 45995730, 13339535, 2637558, 357423, 32670, 1925,
    66, 1,
]

private func lanczosSum(_ x: Double) -> Double {
    var above = 0.0
    var below = 0.0
    if x < 5 {
        for i in lanczosNumerator.indices.reversed() {
            above = above * x + lanczosNumerator[i]
            below = below * x + lanczosDenominator[i]
        }
    } else {
        for i in lanczosNumerator.indices {
            above = above / x + lanczosNumerator[i]
            below = below / x + lanczosDenominator[i]
        }
    }
    return above / below
}

/// sin(pi x), exact near whole numbers.
private func sinPi(_ x: Double) -> Double {
    let y = fmod(x.magnitude, 2)
    let r: Double
    switch Int((2 * y).rounded()) {
    case 0: r = sin(.pi * y)
    case 1: r = cos(.pi * (y - 0.5))
    case 2: r = sin(.pi * (1 - y))
    case 3: r = -cos(.pi * (y - 1.5))
    default: r = sin(.pi * (y - 2))
    }
    return copysign(1, x) * r
}

/// The gamma function outside its poles.
func gammaFunction(_ x: Double) -> Double {
    if !x.isFinite { return x }
    if x == x.rounded(.down), x <= 23 {
        var r = 1.0
        for i in stride(from: 2.0, to: x, by: 1) { r *= i }
        return r
    }
    let size = x.magnitude
    if size < 1e-20 { return 1 / x }
    if size > 200 { return x < 0 ? 0 / sinPi(x) : .infinity }
    let y = size + (lanczosG - 0.5)
    var z: Double
    if size > lanczosG - 0.5 {
        let q = y - size
        z = q - (lanczosG - 0.5)
    } else {
        let q = y - (lanczosG - 0.5)
        z = q - size
    }
    z = z * lanczosG / y
    var r: Double
    if x < 0 {
        r = -.pi / sinPi(size) / size * exp(y) / lanczosSum(size)
        r -= z * r
        if size < 140 {
            r /= pow(y, size - 0.5)
        } else {
            let root = pow(y, size / 2 - 0.25)
            r /= root
            r /= root
        }
    } else {
        r = lanczosSum(size) / exp(y)
        r += z * r
        if size < 140 {
            r *= pow(y, size - 0.5)
        } else {
            let root = pow(y, size / 2 - 0.25)
            r *= root
            r *= root
        }
    }
    return r
}

/// log |gamma(x)| outside the poles.
func logGamma(_ x: Double) -> Double {
    if x.isNaN { return x }
    if x.isInfinite { return .infinity }
    if x == x.rounded(.down), x <= 2 { return 0 }
    let size = x.magnitude
    if size < 1e-20 { return -log(size) }
    var r = log(lanczosSum(size)) - lanczosG
    r += (size - 0.5) * (log(size + lanczosG - 0.5) - 1)
    if x < 0 { r = log(.pi) - log(sinPi(size).magnitude) - log(size) - r }
    return r
}
