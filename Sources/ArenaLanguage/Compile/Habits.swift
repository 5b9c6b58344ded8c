// Names and members that notebooks, other libraries and other languages have and ArenaScript has not,
// each with what to type in its place.

import ArenaCore

/// What stands in the place of an unknown name.
func nameHabit(_ name: String) -> String? { nameHabits[name] }

private let nameHabits: [String: String] = {
    var table: [String: String] = [:]
    func put(_ names: String, _ help: String) {
        for name in names.split(separator: " ") { table[String(name)] = help }
    }
    put("pd pl", "frames are built in: df = read_csv(\"test.csv\", key=\"id\")")
    put("np numpy", "columns have arithmetic of their own: df[\"a\"] - df[\"b\"]")
    put("torch cuda nn tf keras", "models choose their devices: classifier(\"folder\", devices=2)")
    put(
        "plt sns px",
        "write the numbers with write_csv(df, \"numbers.csv\") and draw them elsewhere")
    put(
        "AutoTokenizer GemmaTokenizerFast PreTrainedTokenizerFast LlamaTokenizer",
        "tokenizers are built in: t = tokenizer(\"folder\")")
    put(
        "AutoModelForSequenceClassification AutoModel PeftModel Trainer TrainingArguments pipeline",
        "models are built in: m = classifier(\"folder\", adapter=\"folder\", labels=[...])")
    put("tqdm trange", "progress is shown by itself: loop over the items")
    put("self cls super", "there are no classes: use functions and dictionaries")
    put(
        "object classmethod staticmethod property",
        "there are no classes: struct(name=value) makes a record")
    put("true TRUE", "write True")
    put("false FALSE", "write False")
    put("null nil NULL undefined", "write None")
    put("NaN NAN nan", "write float(\"nan\")")
    put("inf Infinity", "write float(\"inf\")")
    put(
        "eval exec compile",
        "text is never run as code: json.loads(text) reads data, df[\"prompt\"].turns(read=\"json\") reads turns"
    )
    put("input raw_input", "a run asks nobody: cfg = params(name=\"default\"), then cfg.name")
    put("globals locals vars", "keep values in a dict of your own: values = {}")
    put("__name__", "a script has no main part: write its lines without the 'if'")
    put(
        "__file__",
        "files are found from where the run starts; attached inputs by input_dir(\"name\")")
    put("xrange", "write range")
    put("unicode basestring", "write str")
    put("long", "write int: integers have no largest value")
    put("unichr", "write chr")
    put("reduce", "write a loop, or sum(items), max(items), min(items)")
    put("cmp", "write (a > b) - (a < b)")
    put("iter next", "loop over the items: for x in items:")
    put("frozenset", "write set, or a tuple for a key")
    put("id", "values are compared with ==, and 'is' says whether two are one")
    put("complex", "there are no complex numbers")
    put("setattr delattr", "members cannot be changed: use a dict, x[name] = value")
    put("issubclass", "there are no classes: isinstance(x, str) says what a value is")
    put("slice", "write it in the brackets: x[a:b]")
    put("memoryview bytearray", "bytes never change: write bytes, or a list of numbers")
    put("help", "in a shell: arenascript doc NAME")
    put("exit quit", "a script ends by itself; fail(\"what is wrong\") stops it with an error")
    put("sys", "arguments are in argv; fail(\"what is wrong\") stops the script with an error")
    put("subprocess", "a script starts no programs: do it before 'arenascript run'")
    put("shutil", "copy(source, target), rename(source, target) and remove(path) are built in")
    put("pathlib Path", "paths are text: join_path(folder, name), exists(path)")
    put("datetime", "time.now() gives seconds; time.strftime(\"%Y-%m-%d\", time.now()) writes them")
    put("timedelta", "time.parse_duration(\"2h\") gives seconds")
    put("warnings", "there is nothing to silence: delete this line")
    put("gc", "memory is given back at once: del model")
    put("csv", "frames are built in: df = read_csv(\"test.csv\", key=\"id\")")
    put("pickle joblib", "write_text(path, json.dumps(x)) keeps data")
    put("logging logger", "log.info(\"text\") and log.warning(\"text\") are built in")
    put("defaultdict", "x.setdefault(key, []).append(item), or counter(items) for counts")
    put("OrderedDict", "a dict keeps its order: {}")
    put("namedtuple dataclass SimpleNamespace", "struct(name=value) makes a record")
    put("deque", "a list does this: x.append(item), x.pop(0)")
    put("partial", "write a lambda: lambda x: f(x, 2)")
    put(
        "chain product permutations combinations",
        "write a comprehension: [(a, b) for a in xs for b in ys]")
    put("DataFrame", "frame({\"a\": [1, 2]}) makes one of lists")
    put("Series", "a column is a part of a frame: frame({\"a\": [1, 2]})[\"a\"]")
    put(
        "StratifiedKFold KFold GroupKFold",
        "folds are row numbers: for train, valid in stratified_kfold(df[\"label\"], n_splits=5, shuffle=True, seed=42):"
    )
    put("console printf println cout fmt System", "write print(...)")
    put("strlen length size count", "write len(x)")
    put(
        "end endif endfor fi done esac", "a block ends where its indentation ends: delete this line"
    )
    put("get_ipython", "notebook commands are not part of a script: delete this line")
    put(
        "List Dict Tuple Set Optional Union Any Callable",
        "write list, dict, tuple or set; annotations are not read")
    put("StopIteration", "a loop ends by itself; errors are ValueError, KeyError, TypeError ...")
    put("IOError EnvironmentError", "write OSError")
    put(
        "read_parquet read_excel read_feather read_hdf",
        "tables are CSV, JSON, NumPy or SQLite files: read_csv(\"test.csv\", key=\"id\")")
    put(
        "to_datetime",
        "column.astype(\"timestamp\") reads times; their parts are column.dt.year, .month, .hour ..."
    )
    put("set_option", "display(df, max_rows=100, max_colwidth=200) shows more of a table")
    put("vstack", "rows of frames go together by concat([a, b]), columns by hstack([x, y])")
    return table
}()

/// What stands in the place of an argument that a function has not.
func argumentHabit(_ argument: String, of function: String, known: [String]) -> String? {
    switch argument {
    case "inplace": "it gives a new frame and changes none: df = df.\(function)(...)"
    case "random_state" where known.contains("seed"): "write \(function)(..., seed=42)"
    case "parse_dates" where known.contains("dtype"): "write dtype={\"when\": \"timestamp\"}"
    case "engine", "low_memory", "memory_map", "n_jobs": "leave it out: all cores are used as it is"
    default: nil
    }
}

/// What stands in the place of an unknown member of a value of that type.
func memberHabit(_ name: String, of type: String) -> String? {
    switch (type, name) {
    case (_, "length"),
        (_, "size") where type != "frame", (_, "len"), (_, "__len__"):
        return "write len(x)"
    case ("list", "push"), ("list", "add"), ("list", "append_all"), ("list", "push_back"):
        return "write x.append(item)"
    case ("tuple", "append"), ("tuple", "extend"), ("tuple", "add"), ("tuple", "insert"),
        ("tuple", "remove"), ("tuple", "pop"), ("tuple", "sort"):
        return "a tuple never changes: x = list(x), then x.\(name)(...)"
    case ("set", "append"), ("set", "push"): return "write x.add(item)"
    case ("dict", "append"), ("dict", "add"), ("dict", "push"), ("dict", "put"), ("dict", "set"):
        return "write x[key] = value"
    case ("dict", "has_key"), ("dict", "contains"), ("dict", "has"), ("dict", "containsKey"):
        return "write: key in x"
    case ("dict", "iteritems"), ("dict", "viewitems"), ("dict", "entries"): return "write x.items()"
    case ("dict", "iterkeys"), ("dict", "viewkeys"): return "write x.keys()"
    case ("dict", "itervalues"), ("dict", "viewvalues"): return "write x.values()"
    case ("dict", _) where name.first?.isLetter == true && !["copy", "sort"].contains(name):
        return "a value is taken by its key: x[\"\(name)\"]"
    case ("list", "contains"), ("list", "includes"), ("str", "contains"), ("str", "includes"),
        ("tuple", "contains"):
        return "write: item in x"
    case ("list", "join"): return "write \", \".join(x)"
    case ("list", "map"), ("list", "apply"), ("list", "forEach"), ("list", "filter"):
        return "write a comprehension: [f(item) for item in x]"
    case ("list", "shape"): return "write len(x)"
    case ("list", "sum"), ("list", "max"), ("list", "min"): return "write \(name)(x)"
    case ("list", "mean"): return "write sum(x) / len(x)"
    case ("list", "split"), ("list", "strip"), ("list", "lower"), ("list", "upper"),
        ("list", "replace"):
        return "of each item: [item.\(name)(...) for item in x]"
    case ("str", "trim"): return "write x.strip()"
    case ("str", "toLowerCase"), ("str", "to_lower"), ("str", "tolower"): return "write x.lower()"
    case ("str", "toUpperCase"), ("str", "to_upper"), ("str", "toupper"): return "write x.upper()"
    case ("str", "substring"), ("str", "substr"), ("str", "slice"): return "write x[start:stop]"
    case ("str", "charAt"), ("str", "char_at"): return "write x[i]"
    case ("str", "append"), ("str", "push"), ("str", "concat"):
        return "write x + more, or \"\".join(parts)"
    case ("str", "decode"): return "it is text already: delete .decode(...)"
    case ("bytes", "encode"): return "they are bytes already: delete .encode(...)"
    case ("int", _), ("float", _), ("bool", _):
        return "a number has no members; str(x) makes text of it"
    case ("None", _), ("NoneType", _):
        return "a function without 'return' gives None, and so does one that changes its argument"
    case ("builtin function", "codes"), ("builtin function", "categories"):
        return "codes, classes = column.encode()"
    case ("function", _), ("builtin function", _): return "call it first: f().\(name)"
    case ("frame", "query"), ("frame", "eval"):
        return
            "text is never run as code: df[(df[\"a\"] > 1) & (df[\"b\"] == \"x\")], or sql(\"select * from t where a > 1 and b = 'x'\", t=df)"
    case ("column.str", "encode"):
        return
            "column.sub(r\"[^\\x00-\\x7f]\", \"\") drops what is not ASCII, column.fold_ascii() respells it"
    case ("frame", "div"), ("column", "div"): return "write x / y: rows go with rows"
    case ("frame", "mul"), ("column", "mul"): return "write x * y"
    case ("frame", "add"), ("column", "add"): return "write x + y"
    case ("frame", "sub"): return "write x - y"
    case ("column", "eq"), ("column", "ne"), ("column", "gt"), ("column", "ge"), ("column", "lt"),
        ("column", "le"):
        return "write x == y, x != y, x > y, x >= y, x < y, x <= y"
    case ("frame", "to_string"): return "str(df) is the table that print(df) shows"
    case ("frame", "to_csv"): return "write_csv(df, \"submission.csv\")"
    case ("frame", "to_json"): return "write_json(df, \"table.json\")"
    case ("frame", "to_sql"): return "write_sqlite(df, \"table.db\", \"table\")"
    case ("frame", "to_parquet"), ("frame", "to_pickle"), ("frame", "to_feather"):
        return "write_csv(df, \"table.csv\") or write_json(df, \"table.json\")"
    case ("frame", "index"), ("column", "index"):
        return "what names the rows is the key: x.key; without one rows have numbers"
    case ("column", "first"), ("column", "last"):
        return
            "of a column of turns: column.turn(0), column.turn(-1); of rows: column[0], column[-1]"
    case ("frame", "iloc"), ("frame", "loc"):
        return "rows: df.head(n), df.take([...]); a column: df[\"name\"]"
    case ("column", "iloc"), ("column", "loc"): return "a value by its row number: column[0]"
    case (_, "values"), (_, "to_numpy"), (_, "tolist"), (_, "to_list"):
        return type == "column" ? "columns compute as they are; list(column) gives a list" : nil
    default: return nil
    }
}
