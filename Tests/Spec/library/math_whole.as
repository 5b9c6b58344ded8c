# Whole numbers of any size, as CPython computes them.
print(math.factorial(30), math.perm(50, 25), math.perm(3), math.factorial(0))  # expect: 265252859812191058636308480000000 1960781468160819415703172080467968000000 6 1
print(math.comb(100, 50), math.comb(5, 7), math.comb(2**70, 2))  # expect: 100891344545564193334812497256 0 696898287454081973172400900209902591410176
print(math.gcd(2**200, 6**50), math.gcd(-12, 18), math.lcm(2**70, 3**20), math.lcm(0, 5))  # expect: 1125899906842624 6 4116468447068778161879881089024 0
print(math.isqrt(10**60 + 7), math.isqrt(2**64 - 1), math.isqrt(1), math.prod([2**70, 3, True]))  # expect: 1000000000000000000000000000000 4294967295 1 3541774862152233910272
rng = random.Random(2**100 + 12345)
print(rng.random(), rng.randint(0, 10**6), random.Random(-(2**70)).random())  # expect: 0.44487310994347073 316795 0.2327882718301838
for f, n in [(math.factorial, 10**9), (math.perm, 2**80)]:
    try:
        f(n)
    except OverflowError as error:
        print(error)
# expect: the result has more than 1048576 bits
# expect: the result has more than 1048576 bits
