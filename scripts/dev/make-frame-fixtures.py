#!/usr/bin/env python3
"""Makes Tests/Fixtures/frames/cases.json, what pandas, NumPy and scikit-learn answer, and
Tests/Spec/frames/against_pandas.as, the script that asks the same of ArenaScript. Made with pandas 2.x or 3.x, numpy 2.x and scikit-learn 1.x:

    python3 -m venv .venv && .venv/bin/pip install numpy pandas scikit-learn
    .venv/bin/python scripts/dev/make-frame-fixtures.py
"""

import json
import math
import pathlib

import numpy as np
import pandas as pd
import sklearn
from sklearn.model_selection import GroupKFold, KFold, StratifiedKFold, train_test_split

ROWS = 300
random = np.random.RandomState(7)
words = ["pear", "apple", "fig", "Äpfel", "", "a much longer word", "apple pie", "z"]
data = {
    "k": [int(x) for x in random.randint(0, 7, ROWS)],
    "big": [int(x) for x in random.randint(-(2**62), 2**62, ROWS)],
    "a": [None if random.rand() < 0.1 else int(random.randint(-50, 50)) for _ in range(ROWS)],
    "x": [float(v) for v in random.standard_normal(ROWS) * 1000],
    "y": [None if random.rand() < 0.2 else float(random.rand()) for _ in range(ROWS)],
    "t": [None if random.rand() < 0.1 else words[random.randint(0, len(words))] for _ in range(ROWS)],
    "flag": [bool(v) for v in random.rand(ROWS) < 0.4],
}
df = pd.DataFrame({n: pd.Series(v, dtype={"a": "Int64", "t": "object"}.get(n)) for n, v in data.items()})


def plain(value):
    """A value of pandas as JSON has it; missing is null, whatever pandas calls it."""
    if isinstance(value, pd.DataFrame):
        return {str(c): plain(value[c]) for c in value.columns}
    if isinstance(value, pd.Categorical):
        return [None if pd.isna(v) else str(v) for v in value]
    if isinstance(value, (pd.Series, np.ndarray, pd.Index, list, tuple, pd.api.extensions.ExtensionArray)):
        return [plain(v) for v in value]
    if value is pd.NA or value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, (np.bool_, bool)):
        return bool(value)
    if isinstance(value, (np.integer, int)):
        return int(value)
    if isinstance(value, (np.floating, float)):
        return float(value)
    if isinstance(value, pd.Interval):
        return str(value)
    return value


cases = []


def case(script, answer, tolerance=0.0):
    cases.append({"script": script, "answer": plain(answer), "tolerance": tolerance})


# Statistics of columns
for c in ["k", "x", "y"]:
    for s in ["sum", "mean", "std", "var", "median", "min", "max", "count", "nunique"]:
        case(f'df["{c}"].{s}()', getattr(df[c], s)())
for s in ["sum", "mean", "min", "max", "count", "nunique", "median"]:
    case(f'df["a"].{s}()', getattr(df["a"], s)())
case('df["x"].std(ddof=0)', df["x"].std(ddof=0))
for q in [0.0, 0.1, 0.25, 0.333, 0.5, 0.9, 0.99, 1.0]:
    case(f'df["x"].quantile({q})', df["x"].quantile(q))
    case(f'df["y"].quantile({q})', df["y"].quantile(q))
case('df["x"].corr(df["y"])', df["x"].corr(df["y"]), 1e-12)
case('df["x"].describe().tolist()', df["x"].describe())
case('df["y"].describe().tolist()', df["y"].describe())
case('df[["k", "x", "y"]].corr()["y"].tolist()', df[["k", "x", "y"]].corr()["y"], 1e-12)
case('df["flag"].mean()', df["flag"].mean())
case('df["big"].max() == df["big"].sort_values(ascending=False)[0]', True)
case('df["flag"].sum()', df["flag"].sum())
case('df[["k", "x"]].sum(axis=1).tolist()', df[["k", "x"]].sum(axis=1))
case('df[["x", "y"]].mean(axis=1).tolist()', df[["x", "y"]].mean(axis=1))
case('df[["k", "x"]].idxmax(axis=1).tolist()', df[["k", "x"]].idxmax(axis=1))
case('df[["x", "k"]].argmax(axis=1).tolist()', np.argmax(df[["x", "k"]].values, axis=1))
case('df["x"].idxmin()', df["x"].idxmin())

# Order
for by, up in [(["k"], [True]), (["k", "x"], [False, True]), (["t", "a"], [True, False]), (["y"], [False]), (["big"], [True]), (["x"], [True])]:
    # Python orders text by code points, as UTF-8 bytes do.
    order = df.reset_index().sort_values(by, ascending=up, kind="stable", na_position="last")["index"]
    if len(by) > 1:
        frame = df.reset_index()
        for name, ascending in reversed(list(zip(by, up))):
            frame = frame.sort_values(name, ascending=ascending, kind="stable", na_position="last")
        order = frame["index"]
    direction = "[" + ", ".join(map(str, up)) + "]"
    case(f'df.sort_values({json.dumps(by)}, ascending={direction})["row"].tolist()', order)
for m in ["average", "min", "max", "first", "dense"]:
    case(f'df["k"].rank("{m}").tolist()', df["k"].rank(method=m))
case('df["y"].rank(ascending=False).tolist()', df["y"].rank(ascending=False))

# Counting and duplicates
case('df["k"].value_counts().tolist()', df["k"].value_counts())
case('df["t"].value_counts(sort=False).to_dict()["fig"]', int((df["t"] == "fig").sum()))
case('df["k"].value_counts(normalize=True).tolist()', df["k"].value_counts(normalize=True))
case('df["t"].unique().tolist()', list(df["t"].dropna().unique()))
case('df["t"].duplicated().tolist()', df["t"].duplicated())
for keep in ["first", "last", False]:
    word = json.dumps(keep) if keep else "False"
    case(f'df.drop_duplicates(["k", "t"], keep={word})["row"].tolist()', df.reset_index().drop_duplicates(["k", "t"], keep=keep)["index"])

# Missing values and choices
case('df["a"].isna().tolist()', df["a"].isna())
case('df["a"].fillna(-1).tolist()', df["a"].fillna(-1))
case('df["y"].fillna(method="ffill").tolist()', df["y"].ffill())
case('df["y"].fillna(method="bfill").tolist()', df["y"].bfill())
case('df.dropna(["a", "y"])["row"].tolist()', df.reset_index().dropna(subset=["a", "y"])["index"])
case('df["t"].isin(["fig", "z"]).tolist()', df["t"].isin(["fig", "z"]))
case('df["k"].between(2, 4).tolist()', df["k"].between(2, 4))
case('df[(df["k"] > 2) & (df["a"] > 0)]["row"].tolist()', df.reset_index()[(df["k"] > 2) & (df["a"] > 0).fillna(False)]["index"])
case('df[~(df["flag"]) | (df["x"] < 0)]["row"].tolist()', df.reset_index()[~df["flag"] | (df["x"] < 0)]["index"])
case('df["x"].clip(-500, 500).tolist()', df["x"].clip(-500, 500))
for d in [0, 2, -2]:
    case(f'df["x"].round({d}).tolist()', df["x"].round(d))

# Arithmetic
case('(df["x"] * 2 + df["k"]).tolist()', df["x"] * 2 + df["k"])
case('(df["k"] / 3).tolist()', df["k"] / 3)
case('(df["a"] // 7).tolist()', df["a"] // 7)
case('(df["a"] % 7).tolist()', df["a"] % 7)
case('(df["x"] // 3.7).tolist()', df["x"] // 3.7)
case('(df["x"] % 3.7).tolist()', df["x"] % 3.7)
case('(df["k"] ** 3).tolist()', df["k"] ** 3)
case('(df["a"] - df["k"]).tolist()', df["a"] - df["k"])
case('df["x"].abs().sqrt().tolist()', np.sqrt(df["x"].abs()))
case('df["x"].abs().log1p().tolist()', np.log1p(df["x"].abs()), 1e-15)
case('df["y"].exp().tolist()', np.exp(df["y"]), 1e-15)
case('df["x"].sign().tolist()', np.sign(df["x"]))
case('where(df["x"] > 0, df["x"], 0.0).tolist()', np.where(df["x"] > 0, df["x"], 0.0))
case('choose([df["k"] < 2, df["k"] < 5], ["low", "mid"], "high").tolist()', np.select([df["k"] < 2, df["k"] < 5], ["low", "mid"], "high"))

# Windows
for f in ["cumsum", "cummax", "cummin"]:
    case(f'df["k"].{f}().tolist()', getattr(df["k"], f)())
    case(f'df["y"].{f}().tolist()', getattr(df["y"], f)())
case('df["a"].shift(3).tolist()', df["a"].shift(3))
case('df["a"].shift(-2).tolist()', df["a"].shift(-2))
case('df["x"].diff().tolist()', df["x"].diff())

# Classes
case('df["x"].cut(5).tolist()', pd.cut(df["x"], 5).astype(object))
case('df["k"].cut([0, 2, 4, 6]).tolist()', pd.cut(df["k"], [0, 2, 4, 6]).astype(object))
case('df["k"].cut([0, 2, 4, 6], right=False, labels=["p", "q", "r"]).tolist()', pd.cut(df["k"], [0, 2, 4, 6], right=False, labels=["p", "q", "r"]).astype(object))
case('df["k"].cut([0, 2, 4, 6], include_lowest=True).tolist()', pd.cut(df["k"], [0, 2, 4, 6], include_lowest=True).astype(object))
case('df["x"].qcut(4).tolist()', pd.qcut(df["x"], 4).astype(object))
case('df["y"].qcut(3, labels=["l", "m", "h"]).tolist()', pd.qcut(df["y"], 3, labels=["l", "m", "h"]).astype(object))
case('df["k"].get_dummies("k", dtype="int64").to_dict()', pd.get_dummies(df["k"], prefix="k", dtype=int))
case('df["t"].dropna().encode()[0].tolist()', np.unique(df["t"].dropna(), return_inverse=True)[1])

# Groups
for s in ["sum", "mean", "std", "var", "median", "min", "max", "count", "nunique", "first", "last"]:
    case(f'df.group_by("k")["x"].{s}().tolist()', getattr(df.groupby("k")["x"], s)())
    case(f'df.group_by("t")["y"].{s}().tolist()', getattr(df.groupby("t")["y"], s)())
case('df.group_by(["k", "flag"])["a"].sum().tolist()', df.groupby(["k", "flag"])["a"].sum())
case('df.group_by(["t", "k"]).size().tolist()', df.groupby(["t", "k"]).size())
case('df.group_by("k").agg(n=("x", "count"), m=("y", "mean")).to_dict()', df.groupby("k").agg(n=("x", "count"), m=("y", "mean")))
case('df.group_by("k")["x"].transform("mean").tolist()', df.groupby("k")["x"].transform("mean"))
case('df.group_by("k").cumcount().tolist()', df.groupby("k").cumcount())
case('df.group_by("k", sort=False).size().tolist()', df.groupby("k", sort=False).size())
case('df.pivot("k", "flag", "x", aggfunc="mean").to_dict()', df.pivot_table(index="k", columns="flag", values="x", aggfunc="mean"))
case('crosstab(df["k"], df["t"]).to_dict()', pd.crosstab(df["k"], df["t"]))

# Joins
right = pd.DataFrame({"k": [1, 3, 3, 9], "w": [10, 30, 31, 90]})
case('df.merge(right, on="k")["w"].tolist()', df.merge(right, on="k")["w"])
case('df.merge(right, on="k", how="left")["row"].tolist()', df.reset_index().merge(right, on="k", how="left")["index"])
case('df.merge(right, on="k", how="left")["w"].tolist()', df.merge(right, on="k", how="left")["w"].astype("Int64"))
case('df.merge(right, on="k", how="right")["row"].tolist()', df.reset_index().merge(right, on="k", how="right")["index"].astype("Int64"))
case('df.merge(right, on="k", how="anti")["row"].tolist()', df.reset_index()[~df["k"].isin(right["k"])]["index"])

# Lots
for n in [1, 5, 17]:
    for seed in [0, 42, 4294967295]:
        case(f'df.sample({n}, seed={seed})["row"].tolist()', df.reset_index().sample(n, random_state=seed)["index"])
case('df.sample(frac=0.1, seed=3)["row"].tolist()', df.reset_index().sample(frac=0.1, random_state=3)["index"])
case('df.sample(40, seed=3, weights=df["k"])["row"].tolist()', df.reset_index().sample(40, random_state=3, weights="k")["index"])
case('df.shuffle(seed=5)["row"].tolist()', np.random.RandomState(5).permutation(ROWS))
labels = (df["k"] % 3).values
for seed in [0, 42, 2024]:
    for size in [0.2, 0.25, 0.33, 37]:
        for stratify in [None, labels]:
            train, test = train_test_split(np.arange(ROWS), test_size=size, random_state=seed, stratify=stratify)
            word = "" if stratify is None else ', stratify=df["k"] % 3'
            case(f"list(train_test_split({ROWS}, test_size={size}, seed={seed}{word}))", [train, test])
    folds = [list(f) for f in KFold(5, shuffle=True, random_state=seed).split(labels)]
    case(f"[list(f) for f in kfold({ROWS}, 5, shuffle=True, seed={seed})]", folds)
    for column in ["k", "flag"]:
        folds = [list(f) for f in StratifiedKFold(4, shuffle=True, random_state=seed).split(labels, df[column])]
        case(f'[list(f) for f in stratified_kfold(df["{column}"], 4, shuffle=True, seed={seed})]', folds)
case(f"[list(f) for f in kfold({ROWS}, 7)]", [list(f) for f in KFold(7).split(labels)])
folds = [list(f) for f in StratifiedKFold(5).split(labels, df["k"])]
case('[list(f) for f in stratified_kfold(df["k"], 5)]', folds)
# Groups of different sizes: among equal ones scikit-learn's choice depends on the machine's sort.
groups = [g for g, n in enumerate([3, 9, 4, 17, 1, 6, 12, 2, 8]) for _ in range(n)]
folds = [list(f) for f in GroupKFold(3).split(groups, groups=groups)]
case(f"[list(f) for f in group_kfold({groups}, 3)]", folds)

# Draws with replacement, classes kept, ranks as shares, extremes
for seed in [0, 7]:
    case(f'df.sample(50, replace=True, seed={seed})["row"].tolist()', df.reset_index().sample(50, replace=True, random_state=seed)["index"])
    case(f'df.sample(frac=1.5, replace=True, seed={seed})["row"].tolist()', df.reset_index().sample(frac=1.5, replace=True, random_state=seed)["index"])
    case(f'df.sample(40, replace=True, seed={seed}, weights=df["k"])["row"].tolist()', df.reset_index().sample(40, replace=True, random_state=seed, weights="k")["index"])
classes = ["z", "fig", "pear", "apple"]
case(f'df["t"].encode({json.dumps(classes)}, unknown="ignore")[0].tolist()', [classes.index(t) if t in classes else None for t in data["t"]])
case(f'df["t"].get_dummies(classes={json.dumps(classes)}, unknown="ignore")["fig"].tolist()', [t == "fig" for t in data["t"]])
codes, uniques = pd.factorize(df["t"])
case('df["t"].factorize()[0].tolist()', [None if c < 0 else int(c) for c in codes])
case('df["t"].factorize()[1]', list(uniques))
for m in ["average", "dense"]:
    case(f'df["k"].rank("{m}", pct=True).tolist()', df["k"].rank(method=m, pct=True), 1e-15)
case('df["y"].rank(pct=True).tolist()', df["y"].rank(pct=True), 1e-15)
case('df["x"].nlargest(7).tolist()', df["x"].nlargest(7))
case('df["k"].nsmallest(60).tolist()', df["k"].nsmallest(60))
case('df.nlargest(9, ["k", "x"])["row"].tolist()', df.reset_index().nlargest(9, ["k", "x"])["index"])
case('df.nsmallest(9, "y")["row"].tolist()', df.reset_index().nsmallest(9, "y")["index"])
case('df["x"].agg(["min", "mean", "max"]).tolist()', df["x"].agg(["min", "mean", "max"]))
case('df[["k", "x"]].agg({"k": "sum", "x": "max"}).tolist()', df[["k", "x"]].agg({"k": "sum", "x": "max"}))
m = df[["k", "x"]].values
case('df[["k", "x"]].matrix().argmax(axis=1).tolist()', np.argmax(m, axis=1))
case('df[["k", "x"]].matrix().mean(axis=1).tolist()', m.mean(axis=1))
case('df[["k", "x"]].matrix().max(axis=1).tolist()', m.max(axis=1))

# Long and wide
case('df.head(20).melt("row", ["k", "big"])["value"].tolist()', df.head(20).reset_index().melt("index", ["k", "big"])["value"])
case('df.head(20).melt("row", ["k", "big"])["variable"].tolist()', df.head(20).reset_index().melt("index", ["k", "big"])["variable"])
for how in ["index", "columns", "all"]:
    case(f'crosstab(df["k"], df["flag"], normalize="{how}")["True"].tolist()', pd.crosstab(df["k"], df["flag"], normalize=how)[True], 1e-15)
lists = pd.DataFrame({"i": [0, 1, 2], "a": [[1, 2], [3], [4, 5]], "b": [[10, 20], [30], [40, 50]]})
case('frame({"i": [0, 1, 2], "a": [[1, 2], [3], [4, 5]], "b": [[10, 20], [30], [40, 50]]}).explode(["a", "b"]).to_dict()',
     lists.explode(["a", "b"]))

# Within groups
for name in ["cumsum", "cummax", "cummin", "rank"]:
    case(f'df.group_by("k")["x"].{name}().tolist()', getattr(df.groupby("k")["x"], name)(), 1e-12)
case('df.group_by("k")["a"].shift().tolist()', df.groupby("k")["a"].shift())
case('df.group_by("k")["big"].shift(-2).tolist()', df.astype({"big": "Int64"}).groupby("k")["big"].shift(-2))
case('df.group_by("k")["x"].diff().tolist()', df.groupby("k")["x"].diff(), 1e-12)
case('df.group_by("k")["x"].transform(lambda c: c - c.mean()).tolist()', df.groupby("k")["x"].transform(lambda c: c - c.mean()), 1e-9)
case('df.group_by("k")["x"].transform(lambda c: c.max()).tolist()', df.groupby("k")["x"].transform(lambda c: c.max()))
case('df[["k", "x"]].shift(2)["x"].tolist()', df[["k", "x"]].shift(2)["x"])
case('df[["x", "y"]].diff()["y"].tolist()', df[["x", "y"]].diff()["y"], 1e-15)
for name in ["sum", "mean", "min", "max", "std", "var", "median", "count"]:
    for window in [1, 4, 1000]:
        least = min(window, 3)
        case(f'df["y"].rolling({window}, min_periods={least}).{name}().tolist()',
             getattr(df["y"].rolling(window, min_periods=least), name)(), 1e-9)
    case(f'df["x"].rolling(5, center=True).{name}().tolist()', getattr(df["x"].rolling(5, center=True), name)(), 1e-9)
    case(f'df["y"].expanding().{name}().tolist()', getattr(df["y"].expanding(), name)(), 1e-9)
    case(f'df.group_by("k")["y"].rolling(6, min_periods=2).{name}().tolist()',
         getattr(df.groupby("k")["y"].rolling(6, min_periods=2), name)().droplevel(0).sort_index(), 1e-9)
case('df["a"].value_counts(dropna=False).tolist()', df["a"].value_counts(dropna=False))
case('df["t"].value_counts(normalize=True, dropna=False).tolist()', df["t"].value_counts(normalize=True, dropna=False))
case('df.value_counts(["t", "flag"], dropna=False)["count"].tolist()', df.value_counts(["t", "flag"], dropna=False))
case('df.group_by("t", dropna=False)["x"].sum().tolist()', df.groupby("t", dropna=False)["x"].sum(), 1e-12)
case('df.group_by(["flag", "t"], dropna=False).size().tolist()', df.groupby(["flag", "t"], dropna=False).size())
case('df.dropna().group_by("k")["t"].sum().tolist()', df.dropna().groupby("k")["t"].sum())
case('df.dropna().group_by(["k", "flag"]).agg(t=("t", "sum"))["t"].tolist()',
     df.dropna().groupby(["k", "flag"]).agg(t=("t", "sum"))["t"])
seconds = [int(v) for v in random.randint(-(10**10), 10**10, 50)]
times = [str(pd.Timestamp(s, unit="s") + pd.Timedelta(microseconds=(s * 7919) % 10**6 if s % 3 else 0)) for s in seconds]
times += ["1970-01-01", "1969-12-31 23:59:59.999999", "2000-02-29", "1900-03-01", "2024-12-31 12:00", "0001-01-01", "9999-12-31"]
stamps = pd.Series([pd.Timestamp(t) for t in times], dtype="datetime64[us]")
made = f'frame({{"at": {json.dumps(times)}}})["at"].astype("timestamp").dt'
for part in ["year", "quarter", "month", "day", "hour", "minute", "second", "microsecond", "day_of_week", "day_of_year"]:
    case(f"{made}.{part}.tolist()", getattr(stamps.dt, part))
    case(f'{made}.{part.replace("_", "")}.tolist()', getattr(stamps.dt, part))
case(f"{made}.normalize().tolist()", [f"{v:%Y-%m-%d %H:%M:%S}".rjust(19, "0") for v in stamps.dt.normalize()])
case('crosstab(df["k"], df["t"], margins=True).to_dict()', pd.crosstab(df["k"], df["t"], margins=True))
for how in ["index", "columns", "all"]:
    case(f'crosstab(df["k"], df["flag"], margins=True, normalize="{how}").to_dict()',
         pd.crosstab(df["k"], df["flag"], margins=True, normalize=how), 1e-12)
case('crosstab(df["k"], df["t"], values=df["x"], aggfunc="mean", margins=True).to_dict()',
     pd.crosstab(df["k"], df["t"], values=df["x"], aggfunc="mean", margins=True), 1e-12)
case('df.pivot_table(values="y", index="k", columns="flag", aggfunc="sum", margins=True).to_dict()',
     df.pivot_table(values="y", index="k", columns="flag", aggfunc="sum", margins=True), 1e-12)
case('df.pivot("k", "flag", "x", aggfunc="median", margins=True, margins_name="both").to_dict()',
     df.pivot_table(values="x", index="k", columns="flag", aggfunc="median", margins=True, margins_name="both"), 1e-12)

root = pathlib.Path(__file__).parents[2]
target = root / "Tests/Fixtures/frames/cases.json"
target.parent.mkdir(parents=True, exist_ok=True)
versions = {"pandas": pd.__version__, "numpy": np.__version__, "scikit-learn": sklearn.__version__}
with open(target, "w") as file:
    file.write('{"versions": ' + json.dumps(versions) + ',\n"data": ' + json.dumps(data, ensure_ascii=False))
    file.write(',\n"right": ' + json.dumps(right.to_dict("list")) + ',\n"cases": [\n')
    file.write(",\n".join(json.dumps(c, ensure_ascii=False) for c in cases) + "\n]}\n")

HEAD = """# Frames against the answers of pandas, NumPy and scikit-learn (made by scripts/dev/make-frame-fixtures.py).
fixture = json.load("Tests/Fixtures/frames/cases.json")
cases = fixture["cases"]
df = frame(fixture["data"])
df["row"] = list(range(len(df)))
right = frame(fixture["right"])
wrong = []

def near(a, b, tolerance):
    if type(a) == "float" and type(b) in ["float", "int"] and tolerance > 0:
        return abs(a - b) <= tolerance * max(1.0, abs(b))
    if type(b) == "list" and type(a) in ["list", "tuple"]:
        return len(a) == len(b) and all([near(x, y, tolerance) for x, y in zip(a, b)])
    if type(b) == "dict" and type(a) == "dict":
        return list(a) == list(b) and all([near(a[k], b[k], tolerance) for k in b])
    return a == b

def check(n, got):
    if not near(got, cases[n]["answer"], cases[n]["tolerance"]):
        wrong.append(n)
        print("case", n, cases[n]["script"], "got", str(got)[:300], "wanted", str(cases[n]["answer"])[:300])

"""
with open(root / "Tests/Spec/frames/against_pandas.as", "w") as file:
    file.write(HEAD)
    for number, one in enumerate(cases):
        file.write(f"check({number}, {one['script']})\n")
    file.write(f"print(len(cases), wrong)  # expect: {len(cases)} []\n")
print(len(cases), "cases")
