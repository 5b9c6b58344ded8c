# math: edges of the domains.
print(math.floor(2), math.ceil(-0.5), math.trunc(1e15), math.isqrt(9223372036854775807))  # expect: 2 0 1000000000000000 3037000499
print(math.gcd(), math.lcm(), math.gcd(-4, 6), math.factorial(20), math.comb(62, 31))  # expect: 0 1 2 2432902008176640000 465428353255261088
print(math.fsum([1e308, 1.0, -1e308]), math.prod([]), math.prod([2, 0.5]), math.dist([], []))  # expect: 1.0 1 1.0 0.0
print(math.log(0.5, 2), math.pow(0, 0), math.pow(math.nan, 0), math.hypot(), math.fmod(5, math.inf))  # expect: -1.0 1.0 1.0 0.0 5.0
print(math.isclose(1, 1 + 1e-10), math.isclose(math.inf, math.inf), math.isclose(0, 1e-12, abs_tol=1e-9), math.copysign(1, -0.0))  # expect: True True True -1.0
