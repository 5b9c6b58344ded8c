// Functions of one number on whole columns and matrices.

import ArenaFrame
import ArenaLanguage

private typealias P = BuiltinParameter

let columnMathMethods: [Builtin] =
    [
        function(.abs, "The distance of each number from 0.", "[-2, 3]", "[2, 3]"),
        function(.sign, "-1, 0 or 1 as each number is below, at or above 0.", "[-2, 0]", "[-1, 0]"),
        function(
            .sqrt, "The square root of each number; of a negative one NaN.", "[4, 9]", "[2.0, 3.0]"),
        function(.log, "The natural logarithm of each number.", "[1.0]", "[0.0]"),
        function(.log1p, "The natural logarithm of 1 + each number.", "[0.0]", "[0.0]"),
        function(.log2, "The logarithm of each number to base 2.", "[8]", "[3.0]"),
        function(.log10, "The logarithm of each number to base 10.", "[100]", "[2.0]"),
        function(.exp, "e to the power of each number.", "[0]", "[1.0]"),
        function(.expm1, "e to the power of each number, less 1.", "[0.0]", "[0.0]"),
        function(
            .floor, "The greatest whole number that is not above each number.", "[1.5]", "[1.0]"),
        function(.ceil, "The least whole number that is not below each number.", "[1.5]", "[2.0]"),
        columnMethod(
            "round", [P("decimals", "int", .optional("0"))],
            "Each number rounded to decimals, halves to the even digit, as NumPy does.",
            "print(list(frame({\"a\": [0.125, 2.5]})[\"a\"].round(2)))", prints: "[0.12, 2.5]"
        ) { series, a in value(try series.rounded(decimals: try a.int(1, or: 0))) },
        columnMethod(
            "clip",
            [P("lower", "number", .optional("None")), P("upper", "number", .optional("None"))],
            "Numbers outside a range brought to its ends.",
            "print(list(frame({\"a\": [-1, 5]})[\"a\"].clip(0, 3)))", prints: "[0, 3]"
        ) { series, a in
            value(try series.clipped(lower: try a.scalar(1), upper: try a.scalar(2)))
        },
    ]

private func function(
    _ function: NumberFunction, _ summary: String, _ input: String, _ output: String
) -> Builtin {
    columnMethod(
        function.rawValue, [], summary,
        "print(list(frame({\"a\": \(input)})[\"a\"].\(function.rawValue)()))", prints: output
    ) { series, _ in value(try series.applying(function)) }
}
