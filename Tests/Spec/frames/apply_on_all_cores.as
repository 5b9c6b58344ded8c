# Functions of many rows run on all cores and give what one core gives.
df = frame({"id": list(range(2000)), "n": [i % 7 for i in range(2000)], "t": [str(i) for i in range(2000)]}, key="id")

# Results keep the order of the rows, and what is printed does too.
def double(row):
    if row["n"] == 6 and row["id"] < 15:
        print("row", row["id"])
    return row["n"] * 2

print(df.apply(double, axis=1).sum(), df.apply(lambda r: {"a": r["n"], "b": r["t"]}, axis=1)["b"][1999])
# expect: row 6
# expect: row 13
# expect: 11990 1999

# A function that changes what lies outside it sees every row in order.
seen = []
def remember(row):
    seen.append(row["id"])
    return len(seen)

print(df.apply(remember, axis=1)[1999], seen[:3], len(seen))  # expect: 2000 [0, 1, 2] 2000

# ... also where it would not have noticed that it could not.
kept = []
def careful(row):
    try:
        kept.append(row["id"])
    except Exception:
        return 0
    return 1

print(df.apply(careful, axis=1).sum(), len(kept))  # expect: 2000 2000

total = 0
def add(value):
    global total
    total += value
    return total

print(df["n"].map(add)[1999], total)  # expect: 5995 5995

# A generator of random numbers is drawn from in order.
rng = random.Random(1)
first = df["n"].apply(lambda n: rng.random())
again = random.Random(1)
print(list(first) == [again.random() for i in range(2000)])  # expect: True

# The first row that fails is the one that is named.
def picky(row):
    if row["id"] in [700, 1500]:
        fail("row " + str(row["id"]))
    return 1

try:
    df.apply(picky, axis=1)
except Exception as e:
    print(e)  # expect: row 700

print(df.filter(lambda r: r["n"] == 3).shape, df["t"].map(lambda t: len(t)).max())  # expect: (286, 2) 4
