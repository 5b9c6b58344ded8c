# json, re, math and random against CPython's answers (made by scripts/dev/make-library-fixtures.py).
cases = json.load(env("ARENA_LIBRARY_CASES", "Tests/Fixtures/library/cases.json"))["good"]

def plain(x):
    return json.loads(json.dumps(x))

def groups(m):
    if m == None:
        return None
    return [list(m.span(i)) for i in range(m.re.groups + 1)]

def regex(c):
    p = re.compile(c["p"], c["f"])
    t = c["t"]
    k = c["k"]
    if k == "search":
        return groups(p.search(t))
    if k == "match":
        return groups(p.match(t))
    if k == "fullmatch":
        return groups(p.fullmatch(t))
    if k == "findall":
        return p.findall(t)
    if k == "split":
        return p.split(t, c["n"])
    if k == "sub":
        return p.sub(c["r"], t, c["n"])
    if k == "subn":
        return p.subn(c["r"], t, c["n"])
    if k == "spans":
        return [groups(m) for m in p.finditer(t)]
    if k == "last":
        m = p.search(t)
        return None if m == None else [m.lastindex, m.lastgroup, m.groupdict()]
    return groups(p.search(t, c["a"], c["b"]))

def json_text(c):
    if c["k"] == "loads":
        return json.dumps(json.loads(c["t"]), sort_keys=True)
    s = c["s"]
    return json.dumps(c["v"], separators=None if s == None else tuple(s), **c["o"])

MATH = {
    "acos": math.acos, "acosh": math.acosh, "asin": math.asin, "asinh": math.asinh, "atan": math.atan,
    "atanh": math.atanh, "cbrt": math.cbrt, "cos": math.cos, "cosh": math.cosh, "degrees": math.degrees,
    "erf": math.erf, "erfc": math.erfc, "exp": math.exp, "exp2": math.exp2, "expm1": math.expm1,
    "fabs": math.fabs, "gamma": math.gamma, "lgamma": math.lgamma, "log": math.log, "log10": math.log10,
    "log1p": math.log1p, "log2": math.log2, "radians": math.radians, "sin": math.sin, "sinh": math.sinh,
    "sqrt": math.sqrt, "tan": math.tan, "tanh": math.tanh, "ceil": math.ceil, "floor": math.floor,
    "trunc": math.trunc, "isnan": math.isnan, "isinf": math.isinf, "isfinite": math.isfinite,
    "atan2": math.atan2, "copysign": math.copysign, "fmod": math.fmod, "hypot": math.hypot, "pow": math.pow,
    "remainder": math.remainder, "gcd": math.gcd, "lcm": math.lcm, "comb": math.comb, "perm": math.perm,
    "fsum": math.fsum, "prod": math.prod, "dist": math.dist,
}

def draw(g, k, a):
    if k == "random":
        return g.random()
    if k == "uniform":
        return g.uniform(*a)
    if k == "randint":
        return g.randint(*a)
    if k == "randrange":
        return g.randrange(*a)
    if k == "choice":
        return g.choice(range(a[0]))
    if k == "choices":
        return g.choices(range(a[0]), k=a[1])
    if k == "weighted":
        return g.choices(range(len(a[0])), a[0], k=a[1])
    if k == "sample":
        return g.sample(range(a[0]), a[1])
    if k == "shuffle":
        x = list(range(a[0]))
        g.shuffle(x)
        return x
    if k == "gauss":
        return g.gauss(*a)
    if k == "normalvariate":
        return g.normalvariate(*a)
    if k == "expovariate":
        return g.expovariate(*a)
    if k == "getrandbits":
        return g.getrandbits(*a)
    if k == "betavariate":
        return g.betavariate(*a)
    if k == "gammavariate":
        return g.gammavariate(*a)
    return g.triangular(*a)

wrong = {"re": 0, "json": 0, "math": 0, "random": 0}

def report(kind, case, got):
    wrong[kind] += 1
    if wrong[kind] <= 20:
        print(kind, json.dumps(case, ensure_ascii=False), "got", json.dumps(got, ensure_ascii=False))

for c in cases["re"]:
    got = plain(regex(c))
    if got != c["e"]:
        report("re", c, got)
for c in cases["json"]:
    got = json_text(c)
    if got != c["e"]:
        report("json", c, got)
for c in cases["math"]:
    got = MATH[c["k"]](*c["a"])
    if repr(got) != repr(c["e"]):
        report("math", c, got)
for c in cases["random"]:
    g = random.Random(c["seed"])
    for d in c["draws"]:
        got = draw(g, d["k"], d["a"])
        if got != d["e"]:
            report("random", d, got)
print(wrong)  # expect: {'re': 0, 'json': 0, 'math': 0, 'random': 0}
