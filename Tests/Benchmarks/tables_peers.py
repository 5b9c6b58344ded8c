"""The peers of tables.as: pandas, polars and DuckDB on the same files. python tables_peers.py train.csv /tmp/tables"""

import sqlite3
import sys
import time

import duckdb
import pandas as pd
import polars as pl

csv, work = sys.argv[1], sys.argv[2]
rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 3


def timed(name, f):
    best = 1e9
    for _ in range(rounds):
        start = time.perf_counter()
        f()
        best = min(best, time.perf_counter() - start)
    print(f"{name:28} {best:.3f} s", flush=True)


lines, records, db = f"{work}/t.jsonl", f"{work}/t.json", f"{work}/t.db"
df = pl.read_csv(csv).unique("id")
pdf = df.to_pandas()
timed("polars write_ndjson", lambda: df.write_ndjson(f"{work}/p.jsonl"))
timed("polars read_ndjson", lambda: pl.read_ndjson(lines))
timed("polars read_json", lambda: pl.read_json(records))
timed("duckdb read_json lines", lambda: duckdb.sql(f"select * from read_json('{lines}')").to_arrow_table())
timed("duckdb read_json records", lambda: duckdb.sql(f"select * from read_json('{records}')").to_arrow_table())
one = rounds
rounds = 1
timed("pandas read_json lines", lambda: pd.read_json(lines, lines=True))
timed("pandas to_json lines", lambda: pdf.to_json(f"{work}/p.jsonl", orient="records", lines=True))
timed("pandas read_sql", lambda: pd.read_sql("select * from t", sqlite3.connect(db)))
timed("pandas to_sql", lambda: pdf.to_sql("p", sqlite3.connect(f"{work}/p.db"), if_exists="replace", index=False))
rounds = one
con = duckdb.connect()
con.register("t", df.to_arrow())
timed("duckdb group by", lambda: con.sql("select model_a, count(*) as n, avg(winner_model_a) as w from t group by model_a").to_arrow_table())
timed("duckdb join by int key", lambda: con.sql("select a.id, a.model_a, b.model_b from t a join t b using (id)").to_arrow_table())
