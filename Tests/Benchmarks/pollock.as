# Loads the polluted files of HPI-Information-Systems/Pollock as that benchmark's systems do: each with the
# parameters that stand beside it, rows that do not fit mended. Its own evaluate.py computes the score.
#   arenascript run pollock.as --set folder=Pollock/polluted_files --set out=results/arenascript/polluted_files/loading
cfg = params(folder="polluted_files", out="loading")
mkdir(cfg.out)
failed = 0
for path in sorted(glob(cfg.folder + "/csv/*.csv")):
    name = basename(path)
    p = json.load(cfg.folder + "/parameters/" + name + "_parameters.json")
    names = [c.strip() for c in p["column_names"]] if p["column_names"] else ["col_" + str(i) for i in range(max(1, int(p["n_columns"])))]
    target = cfg.out + "/" + name + "_converted.csv"
    escape = p["escapechar"] if p["escapechar"] and p["escapechar"] != p["quotechar"] else None
    try:
        df = read_csv(
            path, header=None, names=names, dtype={c: "string" for c in names}, sep=p["delimiter"] or ",",
            quotechar=p["quotechar"] or '"', escapechar=escape, skipinitialspace=p["delimiter"] == ", ",
            skiprows=int(p["preamble_lines"]) + int(p["header_lines"]), on_bad_lines="repair",
            encoding=p["encoding"] or "utf-8")
        write_csv(df, target)
    except Exception as e:
        failed += 1
        print(name, e)
        write_text(target, "Application Error\n" + str(e))
print("failed", failed)
