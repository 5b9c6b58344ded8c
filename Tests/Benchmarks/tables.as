# Times JSON, SQLite and SQL on a large CSV file of the arena data; tables_peers.py does the same with its peers.
#   arenascript run tables.as --set csv=train.csv --set work=/tmp/tables
cfg = params(csv="train.csv", work="/tmp/tables", rounds=3)
mkdir(cfg.work)


def timed(name, f):
    best = None
    for i in range(cfg.rounds):
        start = time.perf_counter()
        result = f()
        seconds = time.perf_counter() - start
        best = seconds if best == None else min(best, seconds)
    print("%-28s %.3f s" % (name, best))
    return result


df = read_csv(cfg.csv).drop_duplicates("id")
lines, records, db = cfg.work + "/t.jsonl", cfg.work + "/t.json", cfg.work + "/t.db"
timed("write_json lines", lambda: write_json(df, lines))
timed("write_json records", lambda: write_json(df, records))
timed("read_json lines", lambda: read_json(lines))
timed("read_json records", lambda: read_json(records))
timed("write_sqlite", lambda: write_sqlite(df, db, "t", if_exists="replace"))
timed("read_sqlite", lambda: read_sqlite(db))
timed("sql group by", lambda: sql("select model_a, count(*) as n, avg(winner_model_a) as w from t group by model_a", t=df))
timed("sql join by int key", lambda: sql("select a.id, a.model_a, b.model_b from a join b using (id)", a=df, b=df))
