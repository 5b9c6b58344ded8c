// exp, tanh, sine, cosine and powers against the C library's double precision; conversions bit by bit.

import CArenaKernels
import Glibc
import Testing

@testable import ArenaTensor

@Suite struct MathTests {
    /// Every 9973rd bit pattern of fp32, and a fine grid where the functions bend.
    static let samples: [Float] =
        stride(from: UInt32(0), to: UInt32.max - 9973, by: 9973).map {
            Float(bitPattern: $0)
        } + (-20000...20000).map { Float($0) / 1000 }

    private func run(
        _ f: (arena_kernels) -> (
            (UnsafePointer<Float>?, UnsafeMutablePointer<Float>?, Int) -> Void
        )?
    )
        throws -> [Float]
    {
        var expected: [UInt32]?
        var values: [Float] = []
        for name in ["plain", "avx2", "wide", "avx512"] {
            guard let kernels = arena_kernels_named(name) else { continue }
            var y = [Float](repeating: 0, count: Self.samples.count)
            let function = try #require(f(kernels.pointee))
            function(Self.samples, &y, y.count)
            // The payload of a NaN is nobody's business.
            let seen = y.map { $0.isNaN ? 0x7FC0_0000 : $0.bitPattern }
            expected = expected ?? seen
            #expect(seen == expected, "\(name) gives other bits")
            values = y
        }
        return values
    }

    @Test func exponentials() throws {
        var worst = 0.0
        for (x, y) in zip(Self.samples, try run { $0.exp }) {
            if x.isNaN {
                #expect(y.isNaN)
            } else if x < -87.4 {
                #expect(y == 0)
            } else if x <= 88.3 {
                let e = exp(Double(x))
                if e > 1.2e-38 { worst = max(worst, abs(Double(y) / e - 1)) }
            } else {
                #expect(y > 2e38)
            }
        }
        print("exp: largest relative error \(worst)")
        #expect(worst < 2e-7)
    }

    @Test func hyperbolicTangents() throws {
        var worst = 0.0
        for (x, y) in zip(Self.samples, try run { $0.tanh }) {
            if x.isNaN {
                #expect(y.isNaN)
            } else if abs(x) > 1e-30 {
                worst = max(worst, abs(Double(y) / tanh(Double(x)) - 1))
                #expect(abs(y) <= 1)
            }
        }
        print("tanh: largest relative error \(worst)")
        #expect(worst < 4e-7)
    }

    @Test func errorFunction() throws {
        var worst = 0.0
        for (x, y) in zip(Self.samples, try run { $0.erf }) {
            if x.isNaN {
                #expect(y.isNaN)
            } else if abs(x) > 1e-30 {
                worst = max(worst, abs(Double(y) / erf(Double(x)) - 1))
                #expect(abs(y) <= 1)
            }
        }
        print("erf: largest relative error \(worst)")
        #expect(worst < 4e-7)
    }

    /// Rounding to 16 bits: every such number and its neighbours half way.
    @Test func roundingIsToTheNearestNumber() {
        for h in UInt16.min...UInt16.max where h & 0x7C00 != 0x7C00 {
            var x: Float = 0
            withUnsafeBytes(of: h) { arena_widen(ARENA_F16, $0.baseAddress, &x, 1) }
            #expect(arena_round(ARENA_F16, x) == x)
            #expect(arena_round(ARENA_F16, x.nextUp) == x)
            #expect(arena_round(ARENA_F16, x.nextDown) == x)
        }
        // Ties go to the even neighbour.
        #expect(arena_round(ARENA_F16, 2049) == 2048 && arena_round(ARENA_F16, 2051) == 2052)
        #expect(
            arena_round(ARENA_F16, 65519) == 65504 && arena_round(ARENA_F16, 65520) == .infinity)
        #expect(arena_round(ARENA_BF16, 257) == 256 && arena_round(ARENA_BF16, 259) == 260)
    }

    @Test func sinesCosinesAndPowers() {
        var random = Seeded(3)
        var worst = 0.0
        for _ in 0..<100_000 {
            let x = Double.random(in: 0..<200_000, using: &random)
            let (sine, cosine) = ExactMath.sineCosine(x)
            worst = max(worst, abs(sine - sin(x)), abs(cosine - cos(x)))
            let (b, e) = (
                Double.random(in: 1..<2e6, using: &random), Double.random(in: 0..<1, using: &random)
            )
            worst = max(worst, abs(ExactMath.power(b, e) / pow(b, e) - 1))
        }
        print("sine, cosine, power: largest error \(worst)")
        #expect(worst < 5e-15)
        #expect(ExactMath.sineCosine(0) == (0, 1))
    }

    @Test func everyHalfPrecisionNumberIsExact() throws {
        let all = (0...UInt16.max).map { $0 }
        var y = [Float](repeating: 0, count: all.count)
        all.withUnsafeBytes { arena_widen(ARENA_BF16, $0.baseAddress, &y, all.count) }
        for (h, x) in zip(all, y) { #expect(x.bitPattern == UInt32(h) << 16) }
        all.withUnsafeBytes { arena_widen(ARENA_F16, $0.baseAddress, &y, all.count) }
        for (h, x) in zip(all, y) {
            let exponent = Int(h >> 10 & 31)
            let fraction = Double(h & 1023)
            let magnitude =
                exponent == 0
                ? fraction * 0x1p-24 : (1 + fraction / 1024) * pow(2, Double(exponent - 15))
            if exponent == 31 {
                #expect(fraction == 0 ? x.isInfinite : x.isNaN)
            } else {
                #expect(Double(x) == (h & 0x8000 == 0 ? magnitude : -magnitude))
            }
        }
    }

    @Test func aWeightThatIsNoNumberIsNamed() throws {
        var values = [Float](repeating: 1, count: 40 * 70)
        values[33 * 70 + 65] = .nan
        let source = try stored(values, [40, 70], name: "layer.bad")
        for layout in [WeightLayout.panels, .rows] {
            let w = WeightMatrix(outputs: 40, inputs: 70)
            do {
                try w.load(source, layout: layout)
                Issue.record("a NaN was loaded")
            } catch {
                #expect(error.name == "layer.bad" && error.index == 33 * 70 + 65)
            }
            #expect(!w.isLoaded(as: layout))
        }
    }

    @Test func pathsAreForcedByName() throws {
        #expect(throws: CPUPath.Refusal.unknown) { try CPUPath.force("sse9") }
        try CPUPath.force("plain")
        #expect(CPUPath.current == "plain")
        try CPUPath.force("auto")
        #expect(CPUPath.current != "plain" || CPUBackend(path: "avx2") == nil)
    }
}
