#!/usr/bin/env python3
"""The peer of batch classification: the competition notebooks' way with transformers, timed.

    peer_transformers.py MODEL_DIR CSV [--adapter DIR] [--max-length N] [--rows N] [--swap] [--out
    FILE]

fp32, batches of 4, rows sorted by length, padded to the longest of the batch, two threads, the
adapter unmerged.  Prints one line of JSON: rows a second of tokenization with inference and of
inference alone (loading is not counted), the best and the median of `--repeat` runs.  `--out`
writes the probabilities.  Packages: scripts/dev/requirements.txt.
"""

import argparse
import csv
import json
import platform
import statistics
import time

import torch
import transformers
from transformers import AutoModelForSequenceClassification, AutoTokenizer

TEMPLATE = "<prompt>: {0}\n\n<response_a>: {1}\n\n<response_b>: {2}"
LABELS = ["winner_model_a", "winner_model_b", "winner_tie"]


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model")
    parser.add_argument("csv")
    parser.add_argument("--adapter")
    parser.add_argument("--max-length", type=int, default=512)
    parser.add_argument("--rows", type=int)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument(
        "--swap", action="store_true", help="response_b first, as in test-time augmentation"
    )
    parser.add_argument("--attention", help="eager or sdpa; left out: what transformers picks")
    parser.add_argument("--out", help="CSV of id and probabilities")
    return parser.parse_args()


def read_texts(path, limit, swap):
    """Ids and texts; cells read by eval with null bound to the empty string, as the notebooks
    do."""
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))[:limit]
    columns = (
        ["prompt", "response_b", "response_a"] if swap else ["prompt", "response_a", "response_b"]
    )
    whole = lambda turn: turn.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    join = lambda cell: " ".join(whole(turn) for turn in eval(cell, {"null": ""}))
    return [row["id"] for row in rows], [
        TEMPLATE.format(*(join(row[name]) for name in columns)) for row in rows
    ]


@torch.inference_mode()
def infer(model, tokenizer, encoded, batch):
    """Probabilities by row, from batches of neighbours in length."""
    order = sorted(range(len(encoded)), key=lambda row: len(encoded[row]), reverse=True)
    result = [None] * len(encoded)
    for start in range(0, len(order), batch):
        rows = order[start : start + batch]
        inputs = tokenizer.pad(
            {"input_ids": [encoded[row] for row in rows]}, padding="longest", return_tensors="pt"
        )
        for row, p in zip(rows, model(**inputs).logits.softmax(-1).tolist()):
            result[row] = p
    return result


def main():
    options = arguments()
    torch.set_num_threads(options.threads)
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    tokenizer = AutoTokenizer.from_pretrained(options.model, add_bos_token=True, add_eos_token=True)
    tokenizer.padding_side = "right"
    attention = {"attn_implementation": options.attention} if options.attention else {}
    model = AutoModelForSequenceClassification.from_pretrained(
        options.model, dtype=torch.float32, **attention
    )
    if options.adapter:
        from peft import PeftModel

        model = PeftModel.from_pretrained(model, options.adapter)
    model.eval()
    idents, texts = read_texts(options.csv, options.rows, options.swap)

    tokenizing, inferring = [], []
    infer(
        model,
        tokenizer,
        tokenizer(texts[:8], max_length=options.max_length, truncation=True)["input_ids"],
        options.batch,
    )  # warm
    for _ in range(options.repeat):
        started = time.perf_counter()
        encoded = tokenizer(texts, max_length=options.max_length, truncation=True)["input_ids"]
        between = time.perf_counter()
        result = infer(model, tokenizer, encoded, options.batch)
        tokenizing.append(between - started)
        inferring.append(time.perf_counter() - between)

    if options.out:
        with open(options.out, "w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["id", *LABELS])
            writer.writerows([ident, *p] for ident, p in zip(idents, result))
    both = [a + b for a, b in zip(tokenizing, inferring)]
    count, tokens = len(texts), sum(map(len, encoded))
    print(
        json.dumps(
            {
                "rows": count,
                "tokens": tokens,
                "adapter": bool(options.adapter),
                "attention": model.config._attn_implementation,
                "threads": options.threads,
                "batch": options.batch,
                "rows_per_s": {
                    "best": round(count / min(both), 2),
                    "median": round(count / statistics.median(both), 2),
                },
                "rows_per_s_inference": {
                    "best": round(count / min(inferring), 2),
                    "median": round(count / statistics.median(inferring), 2),
                },
                "tokens_per_s_inference": {
                    "best": round(tokens / min(inferring), 1),
                    "median": round(tokens / statistics.median(inferring), 1),
                },
                "torch": torch.__version__,
                "transformers": transformers.__version__,
                "python": platform.python_version(),
            }
        )
    )


if __name__ == "__main__":
    main()
