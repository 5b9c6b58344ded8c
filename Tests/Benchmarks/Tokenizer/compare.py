#!/usr/bin/env python3
"""Hold the tokenizers against Hugging Face's, for ids and for time.

    compare.py rows OUT DATA [N]                     rows of DATA/train.csv, turns joined, as pairs
    compare.py fuzz OUT [N] [SEED]                   random texts from every corner of Unicode
    compare.py lines OUT ROWS [N] [SEED]             half of them changed lines of the fixtures' corpus, a quarter
                                                     random, a quarter cut from ROWS
    compare.py corpus OUT CORPUS_JSON                a JSON list of strings
    compare.py ids BENCH TOKENIZER ROWS              encode with both and count the rows that differ
    compare.py library BENCH FILE ROWS               the same against mistral-common (tekken.json) or the
                                                     sentencepiece library (.model)
    compare.py texts BENCH TOKENIZER ROWS            decode the rows' ids, and random ids, with both
    compare.py speed BENCH TOKENIZER ROWS            with tokenizers and gigatoken, 1 and 2 threads

BENCH is the built tokenizer-bench.  Needs: tokenizers; pandas for `rows`; gigatoken if it is to
be timed.
"""

import importlib.util
import json
import os
import random
import struct
import subprocess
import sys
import tempfile
import time


def write_rows(path, texts):
    with open(path, "wb") as file:
        for text in texts:
            data = text.encode()
            file.write(struct.pack("<I", len(data)) + data)


def read_rows(path):
    data, i, rows = open(path, "rb").read(), 0, []
    while i < len(data):
        n = struct.unpack_from("<I", data, i)[0]
        rows.append(data[i + 4 : i + 4 + n])
        i += 4 + n
    return rows


def read_ids(path):
    data, i, rows = open(path, "rb").read(), 0, []
    while i < len(data):
        n = struct.unpack_from("<I", data, i)[0]
        rows.append(list(struct.unpack_from(f"<{n}i", data, i + 4)))
        i += 4 + 4 * n
    return rows


def arena_rows(data, n):
    import pandas

    frame = pandas.read_csv(data + "/train.csv", dtype=object, nrows=n)

    def text(cell):
        return (
            " ".join(x for x in json.loads(cell) if x is not None)
            .encode("utf-8", "replace")
            .decode()
        )

    return [
        f"<prompt>: {text(p)}\n\n<response_a>: {text(a)}\n\n<response_b>: {text(b)}"
        for p, a, b in zip(frame.prompt, frame.response_a, frame.response_b)
    ]


SPECIALS = [
    "<|begin_of_text|>",
    "<|eot_id|>",
    "<|im_start|>",
    "<|endoftext|>",
    "<bos>",
    "<eos>",
    "<s>",
    "</s>",
    "<unk>",
    "<h1>",
    "\n\n",
    "\n\n\n",
    "\u2581",
    "\u2581\u2581",
    "<0x41>",
    "<start_of_turn>",
    "<|",
    "|>",
    "<|im_",
]
PIECES = [
    "'s",
    "'S",
    "'re",
    "'LL",
    "'\u017f",
    "'ve",
    "'d",
    "n't",
    " ",
    "  ",
    "   ",
    "\n",
    "\r\n",
    "\t",
    " \n",
    "\n ",
    "\xa0",
    "\u3000",
    "\u2028",
    "\x85",
    "\x1c",
    "0",
    "42",
    "1234567",
    "\u0663\u0664",
    "\u2160",
    "\xbd",
    "!",
    "...",
    "_",
    "-",
    "a",
    "the",
    "The",
    "ING",
    "\u0301",
    "\u0327",
    "\u0345",
    "e\u0301",
    "\u1112\u1161\u11ab",
    "\ud55c\uae00",
    "\u4f60\u597d",
    "\u3053\u3093",
    "\u0e19\u0e49\u0e33",
    "\u0928\u092e\u0938\u094d",
    "\u0639\u0631\u0628",
    "\U0001f600",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\U0001f1e9\U0001f1ea",
    "\u200b",
    "\ufeff",
    "\u2126",
    "\u212b",
    "\ufb01",
    "\u0344",
    "\u0958",
]


def fuzz(n, seed):
    rng = random.Random(seed)
    blocks = [
        (a, min(a + 0x80, 0x110000)) for a in range(0, 0x110000, 0x80) if not 0xD800 <= a < 0xE000
    ]
    low = [b for b in blocks if b[0] < 0x3400] + [b for b in blocks if 0x10000 <= b[0] < 0x20000]
    for _ in range(n):
        kind, out = rng.random(), []
        block = rng.choice(blocks if rng.random() < 0.3 else low)
        for _ in range(rng.randint(0, 40)):
            roll = rng.random()
            if kind < 0.3 or roll < 0.35:
                out.append(rng.choice(PIECES))
            elif roll < 0.4:
                out.append(rng.choice(SPECIALS))
            elif roll < 0.8:
                out.append(chr(rng.randrange(*block)))
            else:
                out.append(chr(rng.randrange(*rng.choice(low))))
            if rng.random() < 0.1:
                out.append(out[-1] * rng.randint(1, 20))
        yield "".join(out)


def lines(rows, n, seed):
    scripts = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../scripts/dev")
    sys.path.insert(0, scripts)
    spec = importlib.util.spec_from_file_location("mutations", scripts + "/fuzz-tokenizers.py")
    mutations = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(mutations)
    yield from mutations.mutated(mutations.fixtures.corpus(), n // 2, seed)
    yield from fuzz(n // 4, seed)
    rng, texts = random.Random(seed), [row.decode() for row in read_rows(rows)]
    for _ in range(n - n // 2 - n // 4):
        text = rng.choice(texts)
        start = rng.randrange(len(text))
        yield text[start : start + rng.randint(1, 400)]


def ids(bench, path, rows):
    from tokenizers import Tokenizer

    with tempfile.NamedTemporaryFile() as out:
        subprocess.check_call([bench, "ids", path, rows, out.name])
        ours = read_ids(out.name)
    texts = [row.decode() for row in read_rows(rows)]
    reference = Tokenizer.from_file(path)
    reference.no_truncation()
    reference.no_padding()
    different = tokens = 0
    for start in range(0, len(texts), 2000):
        for text, mine, theirs in zip(
            texts[start:],
            ours[start:],
            reference.encode_batch_fast(texts[start : start + 2000], add_special_tokens=False),
        ):
            tokens += len(theirs.ids)
            if mine != theirs.ids:
                different += 1
                if different <= 5:
                    k = next(
                        (k for k, (a, b) in enumerate(zip(mine, theirs.ids)) if a != b),
                        min(len(mine), len(theirs.ids)),
                    )
                    print(
                        "differs:",
                        ascii(text[:300]),
                        "\n  at",
                        k,
                        "ours",
                        mine[k : k + 8],
                        "reference",
                        theirs.ids[k : k + 8],
                    )
    print(
        f"{os.path.basename(path)} {os.path.basename(rows)}: {len(texts)} rows ({len(ours)}), "
        f"{tokens} tokens, {different} rows differ"
    )


def library(bench, path, rows):
    """Special tokens that stand in a text are text to both libraries."""
    if path.endswith(".model"):
        import sentencepiece

        encode = sentencepiece.SentencePieceProcessor(model_file=path).encode
    else:
        from mistral_common.tokens.tokenizers.tekken import Tekkenizer

        tekken = Tekkenizer.from_file(path)
        encode = lambda text: tekken.encode(text, bos=False, eos=False)
    with tempfile.NamedTemporaryFile() as out:
        subprocess.check_call([bench, "ids", path, rows, out.name, "plain"])
        ours = read_ids(out.name)
    different = tokens = 0
    for row, mine in zip(read_rows(rows), ours):
        theirs = encode(row.decode())
        tokens += len(theirs)
        if mine != theirs:
            different += 1
            if different <= 5:
                print("differs:", ascii(row.decode()[:200]), mine[:20], theirs[:20])
    print(f"{os.path.basename(path)} {os.path.basename(rows)}: {len(ours)} rows, {tokens} tokens, {different} rows differ")


def texts(bench, path, rows):
    from tokenizers import Tokenizer

    reference, rng = Tokenizer.from_file(path), random.Random(3)
    size, rows = reference.get_vocab_size() + 5, [row.decode() for row in read_rows(rows)]
    lists = [encoding.ids for encoding in reference.encode_batch_fast(rows)]
    lists += [[rng.randrange(size) for _ in range(rng.randint(0, 30))] for _ in range(len(rows))]
    with tempfile.NamedTemporaryFile() as file, tempfile.NamedTemporaryFile() as out:
        for ids in lists:
            file.write(struct.pack(f"<I{len(ids)}i", len(ids), *ids))
        file.flush()
        subprocess.check_call([bench, "texts", path, file.name, out.name])
        ours = read_rows(out.name)
    different = 0
    for number, ids in enumerate(lists):
        for skip in (0, 1):
            try:
                theirs = reference.decode(ids, skip_special_tokens=bool(skip)).encode()
            except (
                BaseException
            ):  # the reference's Strip fails on texts shorter than what it strips
                continue
            if ours[2 * number + skip] != theirs:
                different += 1
                if different <= 5:
                    print("differs:", ids[:20], ours[2 * number + skip][:200], theirs[:200])
    print(f"{os.path.basename(path)}: {len(lists)} lists of ids decoded twice, {different} differ")


def peer(name, path, rows):
    """Rates of another library in a process of its own: four slices, then the last one again."""
    try:
        module = __import__(name)
    except ImportError:
        return
    tokenizer = module.Tokenizer.from_file(path) if name == "tokenizers" else module.Tokenizer(path)
    encode = tokenizer.encode_batch_fast if name == "tokenizers" else tokenizer.encode_batch
    texts = [row.decode() for row in read_rows(rows)]
    size, rates = len(texts) // 4, []
    for part in (0, 1, 2, 3, 3):
        part = texts[part * size : (part + 1) * size]
        start, busy = time.perf_counter(), time.process_time()
        encode(part)
        megabytes = sum(len(text.encode()) for text in part) / 1e6
        rates.append(
            (megabytes / (time.perf_counter() - start), megabytes / (time.process_time() - busy))
        )
    print(
        f"{name}: MB/s a slice {' '.join(f'{r:.1f}' for r, _ in rates[:4])}, "
        f"repeated {rates[4][0]:.1f}"
    )
    print(f"{name}: MB a processor second {' '.join(f'{r:.1f}' for _, r in rates)}", flush=True)


def speed(bench, path, rows):
    texts = [row.decode() for row in read_rows(rows)]
    size = len(texts) // 4
    slices = [texts[i * size : (i + 1) * size] for i in range(4)]
    megabytes = [sum(len(t.encode()) for t in s) / 1e6 for s in slices]
    for threads in (1, 2):
        print(f"-- {os.path.basename(path)}, {threads} thread{'s' * (threads > 1)}", flush=True)
        subprocess.check_call([bench, "speed", path, rows, str(threads)])
        environment = dict(
            os.environ,
            RAYON_NUM_THREADS=str(threads),
            TOKENIZERS_PARALLELISM="true" if threads > 1 else "false",
        )
        for peer in ("tokenizers", "gigatoken"):
            subprocess.call([sys.executable, __file__, "peer", peer, path, rows], env=environment)
    print(f"{sum(megabytes):.1f} MB in {len(texts)} rows")


if __name__ == "__main__":
    command, *rest = sys.argv[1:] or [""]
    if command == "rows":
        write_rows(rest[0], arena_rows(rest[1], int(rest[2]) if len(rest) > 2 else 8000))
    elif command == "fuzz":
        write_rows(
            rest[0],
            fuzz(int(rest[1]) if len(rest) > 1 else 100000, int(rest[2]) if len(rest) > 2 else 1),
        )
    elif command == "lines":
        write_rows(
            rest[0],
            lines(
                rest[1],
                int(rest[2]) if len(rest) > 2 else 100000,
                int(rest[3]) if len(rest) > 3 else 1,
            ),
        )
    elif command == "corpus":
        write_rows(rest[0], json.load(open(rest[1], encoding="utf-8")))
    elif command == "ids":
        ids(*rest)
    elif command == "library":
        library(*rest)
    elif command == "texts":
        texts(*rest)
    elif command == "peer":
        peer(*rest)
    elif command == "speed":
        speed(*rest)
    else:
        sys.exit(__doc__)
