#!/usr/bin/env python3
"""The peer on rows of ids: transformers, fp32, batches of 4 sorted by length and padded to the longest, two threads.

    peer_ids.py MODEL_DIR IDS [--adapter DIR] [--make CSV --max-length N --rows N] [--compare FILE]

IDS holds one row a line, numbers with spaces between.  `--make` writes it first from a CSV of the competition's shape with the
model's tokenizer.  `--compare` reads logits in the same order (model-bench --out) and prints the largest difference.  The
adapter stays unmerged.  Prints one line of JSON, best and median of `--repeat` runs.
"""
import argparse
import json
import statistics
import time

import torch
import transformers
from transformers import AutoModelForSequenceClassification


@torch.inference_mode()
def infer(model, rows, batch, pad):
    """Logits by row, from batches of neighbours in length."""
    order = sorted(range(len(rows)), key=lambda row: len(rows[row]), reverse=True)
    result = [None] * len(rows)
    for start in range(0, len(order), batch):
        part = order[start:start + batch]
        longest = max(len(rows[row]) for row in part)
        ids = torch.tensor([rows[row] + [pad] * (longest - len(rows[row])) for row in part])
        mask = torch.tensor([[1] * len(rows[row]) + [0] * (longest - len(rows[row])) for row in part])
        for row, logits in zip(part, model(input_ids=ids, attention_mask=mask).logits.tolist()):
            result[row] = logits
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("ids")
    parser.add_argument("--adapter")
    parser.add_argument("--make")
    parser.add_argument("--max-length", type=int, default=512)
    parser.add_argument("--rows", type=int)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--attention")
    parser.add_argument("--compare")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    transformers.utils.logging.set_verbosity_error()
    if options.make:
        from peer_transformers import read_texts
        from transformers import AutoTokenizer
        tokenizer = AutoTokenizer.from_pretrained(options.model, add_bos_token=True, add_eos_token=True)
        texts = read_texts(options.make, options.rows, False)[1]
        with open(options.ids, "w") as file:
            for row in tokenizer(texts, max_length=options.max_length, truncation=True)["input_ids"]:
                print(*row, file=file)
    with open(options.ids) as file:
        rows = [[int(word) for word in line.split()] for line in file][:options.rows]
    attention = {"attn_implementation": options.attention} if options.attention else {}
    model = AutoModelForSequenceClassification.from_pretrained(options.model, dtype=torch.float32, **attention)
    if options.adapter:
        from peft import PeftModel
        model = PeftModel.from_pretrained(model, options.adapter)
    model.eval()
    pad = model.config.pad_token_id
    infer(model, rows[:8], options.batch, pad)
    seconds, processor = [], []
    for _ in range(options.repeat):
        began, before = time.perf_counter(), time.process_time()
        result = infer(model, rows, options.batch, pad)
        seconds.append(time.perf_counter() - began)
        processor.append(time.process_time() - before)
    report = {
        "rows": len(rows), "tokens": sum(map(len, rows)), "adapter": bool(options.adapter),
        "attention": model.config._attn_implementation, "threads": options.threads, "batch": options.batch,
        "rows_per_s": {"best": round(len(rows) / min(seconds), 2), "median": round(len(rows) / statistics.median(seconds), 2)},
        "cpu_s": round(min(processor), 2), "torch": torch.__version__, "transformers": transformers.__version__}
    if options.compare:
        with open(options.compare) as file:
            own = torch.tensor([[float(word) for word in line.split()] for line in file])
        other = torch.tensor(result)
        report["largest_logit_difference"] = (own - other).abs().max().item()
        report["largest_probability_difference"] = (own.softmax(-1) - other.softmax(-1)).abs().max().item()
    print(json.dumps(report))


if __name__ == "__main__":
    main()
