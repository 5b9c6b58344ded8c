# Patterns, JSON and counters work on every core at once.
words = re.compile(r"(\w)\w*")
def f(i):
    t = "ab cd é%d " % i * 50
    return (len(words.findall(t)), words.sub(lambda m: m[1], t)[:5], json.loads(json.dumps([i, t]))[0], counter(t.split())["ab"])
r = par_map(f, range(400))
print(len(r), r[7], [x[2] for x in r] == list(range(400)))  # expect: 400 (150, 'a c é', 7, 50) True
