#!/usr/bin/env python3
"""Make Tests/Fixtures/layouts.json: rows of turns, and for every policy by which notebooks lay out and cut
token rows the ids that a plain Python function over Hugging Face tokenizers gives.

    make-layout-fixtures.py

Each policy below is written as its notebook would, without regard to how ArenaScript does it; LayoutTests
builds the same rows from a layout.  Tokenizers are those of Tests/Fixtures/tokenizers.  Needs: tokenizers
(see requirements.txt).
"""

import json
import os
import random

from demotext import CYRILLIC, EMOJI, HAN, Voice
from tokenizers import Tokenizer

SEED = 20241126
HERE = os.path.dirname(os.path.abspath(__file__))
FIXTURES = os.path.join(HERE, "..", "..", "Tests", "Fixtures")
QUESTION = "\n\n---------\nWhich is the better response for the prompt ? a or b or tie ?\n\nAnswer: "
PROMPT, A, B = "<prompt>: ", "\n\n<response_a>: ", "\n\n<response_b>: "


def load(name):
    return Tokenizer.from_file(os.path.join(FIXTURES, "tokenizers", name + ".json"))


def ids(tok, text, special=False):
    tok.no_truncation()
    return tok.encode(text, add_special_tokens=special).ids


def cut(tok, text, length, side="right"):
    tok.enable_truncation(length, direction=side)
    result = tok.encode(text, add_special_tokens=True).ids
    tok.no_truncation()
    return result


def make_rows():
    """Turns of prompt and both answers: short and long, empty, foreign, with special tokens typed in."""
    rng = random.Random(SEED)
    voice = Voice(random.Random(SEED + 1))
    rows = []

    def text():
        kind = rng.randrange(12)
        if kind == 0:
            return ""
        if kind == 1:
            return "".join(rng.choice(HAN) for _ in range(rng.randrange(1, 12))) + "\u3002"
        if kind == 2:
            return rng.choice(EMOJI) + " ok " + rng.choice(CYRILLIC)
        if kind == 3:
            return "see <|eot_id|> and <eos>[SEP] here"
        words = []
        for _ in range(rng.randrange(1, 4)):
            words.append(voice.sentence() if hasattr(voice, "sentence") else "The quick tests run, don't they?")
        return (" ".join(words))[: rng.choice([12, 40, 90, 160])]

    for row in range(18):
        turns = 1 + row % 4
        rows.append([[text() for _ in range(turns)] for _ in range(3)])
    rows.append([["a"], ["b"], ["c"]])
    rows.append([[""], [""], [""]])
    return rows


def join(turns):
    return " ".join(turns)


# Policies: a function of a row's (prompt, a, b) turns each.


def whole(tok, row, side):
    p, a, b = map(join, row)
    return cut(tok, PROMPT + p + A + a + B + b, 40, side)


def spread(tok, row):
    """Each part cut to a third with special tokens of its own."""
    p, a, b = map(join, row)
    third = 64 // 3
    return cut(tok, PROMPT + p, third) + cut(tok, A + a, third) + cut(tok, B + b, third)


def thirds_inside(tok, row, bos, eos):
    """Cut before special tokens are put around."""
    parts = [ids(tok, prefix + join(turns)) for prefix, turns in zip((PROMPT, A, B), row)]
    return [bos] + [i for part in parts for i in part[: 48 // 3]] + [eos]


def last_turns(tok, row, bos, most):
    """Whole rounds from the last, then each part's tail by its length."""
    p, a, b = [[ids(tok, turn) for turn in turns] for turns in row]
    total, keep = 0, 0
    for i in reversed(range(len(p))):
        keep += 1
        total += len(p[i]) + len(a[i]) + len(b[i])
        if total > most:
            break
    parts = [[t for turn in x[len(x) - keep :] for t in turn] for x in (p, a, b)]
    sizes = [len(x) for x in parts]
    over = sum(sizes) - most
    if over > 0:
        parts = [x[: len(x) - int(n / sum(sizes) * over)] for x, n in zip(parts, sizes)]
    return (
        [bos] + ids(tok, PROMPT) + parts[0] + ids(tok, A) + parts[1] + ids(tok, B) + parts[2] + ids(tok, QUESTION)
    )


def last_turns_within(tok, row, bos, most):
    """The same for the row as a whole: what rounding leaves over comes from the longest part's end, the
    last of equals."""
    heads = [ids(tok, head) for head in (PROMPT, A, B)]
    tail = ids(tok, QUESTION)
    room = most - 1 - sum(map(len, heads)) - len(tail)
    parts = [[ids(tok, turn) for turn in turns] for turns in row]
    total, keep = 0, 0
    for i in reversed(range(len(parts[0]))):
        keep += 1
        total += sum(len(x[i]) for x in parts)
        if total > room:
            break
    parts = [[t for turn in x[len(x) - keep :] for t in turn] for x in parts]
    sizes = [len(x) for x in parts]
    over = sum(sizes) - room
    if over > 0:
        parts = [x[: len(x) - int(n / sum(sizes) * over)] for x, n in zip(parts, sizes)]
        while sum(map(len, parts)) > room:
            longest = max(range(3), key=lambda i: (len(parts[i]), i))
            parts[longest].pop()
    return [bos] + sum([h + x for h, x in zip(heads, parts)], []) + tail


def last_turn_fallback(tok, row, bos, most, limits):
    """All turns if they fit, else the last of each within limits; the question on top."""
    parts = [ids(tok, head + join(turns)) for head, turns in zip((PROMPT, A, B), row)]
    if sum(map(len, parts)) > most:
        parts = [ids(tok, head + turns[-1])[:n] for head, turns, n in zip((PROMPT, A, B), row, limits)]
    return [bos] + sum(parts, []) + ids(tok, QUESTION)


def quarter_half_rest(tok, row, cls, sep, most, last_half):
    """A quarter for the prompt, half of the rest for A, and the rest (or half of that) for B."""
    p, a, b = (ids(tok, join(turns)) for turns in row)
    p = p[: most // 4]
    rest = most - len(p)
    a = a[: rest // 2]
    rest -= len(a)
    b = b[: rest // 2] if last_half else b[:rest]
    row = [cls] + p + [sep] + a + [sep] + b
    types = [0] * (len(p) + 2) + [1] * (len(a) + 1) + [2] * len(b)
    return row[: most + 2], types[: most + 2]


def each_with_special(tok, row, most):
    heads = ("##prompt: ", "##response_a: ", "##response_b: ")
    return sum([cut(tok, head + join(turns), most) for head, turns in zip(heads, row)], [])


def nested(tok, row, cls, sep, most):
    """Fields that keep their own special tokens inside the row's."""
    p, a, b = (cut(tok, join(turns), most // 3 - 3) for turns in row)
    return [cls] + p + [sep] + a + [sep] + b


def interleaved(tok, row, most):
    text = "\n\n".join(PROMPT + p + A + a + B + b for p, a, b in zip(*row))
    return cut(tok, text, most)


def handed_on(tok, row, bos, most, shares):
    """Shares of the room; what a part leaves goes to the next."""
    room = most - 1
    result, slack = [bos], 0
    for turns, share in zip(row, shares):
        allowed = int(room * share) + slack
        part = ids(tok, join(turns))[:allowed]
        slack = allowed - len(part)
        result += part
    return result


def ends(tok, row, most):
    """The end of the whole stays: the first part gives way first."""
    parts = [ids(tok, head + join(turns)) for head, turns in zip((PROMPT, A, B), row)]
    flat = sum(parts, [])
    tail = ids(tok, QUESTION)
    room = most - len(tail)
    return flat[max(0, len(flat) - room) :] + tail


def with_label(tok, row, bos, eos, label):
    p, a, b = map(join, row)
    return [bos] + ids(tok, PROMPT + p) + ids(tok, A + a) + ids(tok, B + b) + ids(tok, QUESTION) + [
        ids(tok, label)[0], eos]


def head_tail(tok, text, head, tail, over):
    tokens = ids(tok, text)
    return text if len(tokens) <= over else tok.decode(
        tokens[:head] + tokens[-tail:], skip_special_tokens=False)


def cloze(tok, row):
    p, a, b = (head_tail(tok, join(turns), 8, 8, 16) for turns in row)
    pad = " " * 24
    return cut(tok, f"{p}:\n{pad}Response A: {a}\n{pad}Response B: {b}\n{pad}Which is better?\n[MASK]", 200)


def one_text(tok, row, most):
    """One text whose fixed parts stay: what is over goes from the end of the last part backwards.  A token
    that has a character of a fixed part is never cut."""
    pieces = [(PROMPT, 0), (join(row[0]), 1), (A, 0), (join(row[1]), 2), (B, 0), (join(row[2]), 3), (QUESTION, 0)]
    text, owner = "", []
    for piece, part in pieces:
        text += piece
        owner += [part] * len(piece)
    tok.no_truncation()
    encoding = tok.encode(text, add_special_tokens=True)
    keep = list(range(len(encoding.ids)))
    over = len(keep) - most
    for part in (3, 2, 1):
        for i in reversed(range(len(encoding.ids))):
            if over <= 0:
                break
            start, end = encoding.offsets[i]
            owners = set(owner[start:end]) or ({owner[start]} if start < len(owner) else {0})
            if encoding.special_tokens_mask[i] or owners != {part}:
                continue
            keep.remove(i)
            over -= 1
    return [encoding.ids[i] for i in keep]


def main():
    rows = make_rows()
    llama, gemma, deberta = load("llama3-small"), load("gemma-small"), load("deberta-v3-small")
    bert, qwen = load("bert-uncased-small"), load("qwen2-small")
    bos, eos = llama.token_to_id("<|begin_of_text|>"), llama.token_to_id("<|end_of_text|>")
    cls, sep = deberta.token_to_id("[CLS]"), deberta.token_to_id("[SEP]")
    cases = {}

    def case(name, tokenizer, make):
        made = [make(row) for row in rows]
        entry = {"tokenizer": tokenizer}
        if made and isinstance(made[0], tuple):
            entry["ids"], entry["types"] = [m[0] for m in made], [m[1] for m in made]
        else:
            entry["ids"] = made
        cases[name] = entry

    case("whole_right", "gemma-small", lambda r: whole(gemma, r, "right"))
    case("whole_left", "gemma-small", lambda r: whole(gemma, r, "left"))
    case("spread", "gemma-small", lambda r: spread(gemma, r))
    case("thirds_inside", "llama3-small", lambda r: thirds_inside(llama, r, bos, eos))
    case("last_turns", "llama3-small", lambda r: last_turns(llama, r, bos, 60))
    case("last_turns_within", "llama3-small", lambda r: last_turns_within(llama, r, bos, 110))
    case("last_turn_fallback", "llama3-small", lambda r: last_turn_fallback(llama, r, bos, 60, (12, 25, 25)))
    case("quarter_half_rest", "deberta-v3-small", lambda r: quarter_half_rest(deberta, r, cls, sep, 50, False))
    case("quarter_half_half", "deberta-v3-small", lambda r: quarter_half_rest(deberta, r, cls, sep, 50, True))
    case("each_with_special", "bert-uncased-small", lambda r: each_with_special(bert, r, 16))
    case("nested", "deberta-v3-small", lambda r: nested(deberta, r, cls, sep, 60))
    case("interleaved", "qwen2-small", lambda r: interleaved(qwen, r, 60))
    case("handed_on", "llama3-small", lambda r: handed_on(llama, r, bos, 50, (0.2, 0.4, 0.4)))
    case("ends", "llama3-small", lambda r: ends(llama, r, 90))
    case("with_label", "llama3-small", lambda r: with_label(llama, r, bos, eos, "tie"))
    case("cloze", "deberta-v3-small", lambda r: cloze(deberta, r))
    case("one_text", "llama3-small", lambda r: one_text(llama, r, 100))
    case("one_text_unigram", "deberta-v3-small", lambda r: one_text(deberta, r, 110))
    heads = [[head_tail(deberta, join(turns), 8, 8, 16) for turns in row] for row in rows]
    path = os.path.join(FIXTURES, "layouts.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"rows": rows, "head_tail": heads, "cases": cases}, file, ensure_ascii=False,
                  separators=(",", ":"))
        file.write("\n")
    print(f"{os.path.getsize(path)} bytes, {len(cases)} policies over {len(rows)} rows")


if __name__ == "__main__":
    main()
