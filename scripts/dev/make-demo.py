#!/usr/bin/env python3
"""Make Resources/demo: data, a tiny Gemma-2 classifier, a LoRA adapter, and the reference's
probabilities for every row.

    make-demo.py [OUT_DIR] [--from data|adapter|reference]

One command; it took 1,100 s of processor time, measured on two busy cores (so some nine minutes on
two idle ones).  Needs the packages of requirements.txt (Python 3.11).  `--from` keeps what the
earlier stages left in OUT_DIR.

The base model learns from a part of the label law, the adapter (with a score head of its own) from
all of it, so that a forgotten adapter shows in the log loss.  Everything is trained from seeds on
generated text; the last step reloads what was written, computes reference.csv from it with
transformers and peft in fp32, one row a batch, and checks the losses.
"""

import argparse
import csv
import hashlib
import json
import os
import random
import shutil
import sys
import time

import numpy
import peft
import tokenizers
import torch
import transformers
from peft import LoraConfig, PeftModel, get_peft_model
from tokenizers import processors
from torch.nn import functional
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    Gemma2Config,
    Gemma2ForSequenceClassification,
)

import demorows
import tokenizer_recipes
from demorows import LABELS, TEXT_COLUMNS, RowWriter
from demotext import Voice

SEED = 20240511
TEST_ROWS = 400
MAX_LENGTH = 512
TRUNCATED_ROWS = 4  # rows of the test set that are longer than MAX_LENGTH
VOCABULARY = 4000
SCALE = 1.25  # of row lengths
BASE_STEPS, ADAPTER_STEPS, BATCH = 400, 320, 32
BASE_FEATURES = (
    "refusal",
    "list",
    "short",
    "question",
)  # what the base model is made to notice; the adapter has to learn the rest
TEMPLATE = "<prompt>: {0}\n\n<response_a>: {1}\n\n<response_b>: {2}"
TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


# Tokens


def make_tokenizer(folder):
    """Writes tokenizer.json of Gemma's kind, and its configuration."""
    writer, voice = RowWriter(random.Random(SEED), 1.0), Voice(random.Random(SEED + 1))
    texts = [TEMPLATE.format(*demorows.texts_of(writer.row())) for _ in range(5000)] + [
        voice.paragraph() for _ in range(3000)
    ]
    os.makedirs(folder, exist_ok=True)
    write_json(
        os.path.join(folder, "tokenizer.json"),
        tokenizer_recipes.gemma(texts, VOCABULARY),
        indent=None,
    )
    write_json(
        os.path.join(folder, "tokenizer_config.json"),
        {
            "add_bos_token": True,
            "add_eos_token": False,
            "bos_token": "<bos>",
            "clean_up_tokenization_spaces": False,
            "eos_token": "<eos>",
            "mask_token": "<mask>",
            "model_max_length": 1024,
            "pad_token": "<pad>",
            "spaces_between_special_tokens": False,
            "tokenizer_class": "GemmaTokenizer",
            "unk_token": "<unk>",
        },
    )
    write_json(
        os.path.join(folder, "special_tokens_map.json"),
        {
            "bos_token": "<bos>",
            "eos_token": "<eos>",
            "mask_token": "<mask>",
            "pad_token": "<pad>",
            "unk_token": "<unk>",
        },
    )


def encoder(folder, truncate=True):
    """text -> ids with <bos> before and <eos> after; both count within MAX_LENGTH, the text is cut
    on the right."""
    tokenizer = tokenizers.Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<bos> $A <eos>",
        special_tokens=[(name, tokenizer.token_to_id(name)) for name in ("<bos>", "<eos>")],
    )
    if truncate:
        tokenizer.enable_truncation(MAX_LENGTH)
    return lambda texts: [
        encoding.ids
        for encoding in tokenizer.encode_batch([TEMPLATE.format(*parts) for parts in texts])
    ]


# Data


def make_test(out, encode_whole):
    """Writes test.csv, sample_submission.csv and labels.csv; lengths are bounded, a few rows are
    longer than the limit."""
    rng = random.Random(SEED + 2)
    writer, rows = RowWriter(rng, SCALE), []
    room = {
        True: TRUNCATED_ROWS,
        False: TEST_ROWS - TRUNCATED_ROWS,
    }  # of rows past the limit, and of the others
    while any(room.values()):
        row = writer.row()
        cells = [demorows.cell(rng, turns) for turns in row]
        texts = [" ".join(demorows.read_python(text)) for text in cells]
        length = len(encode_whole([texts])[0])
        if length > MAX_LENGTH + 150 or not room[length > MAX_LENGTH]:
            continue
        room[length > MAX_LENGTH] -= 1
        label = rng.choices(range(3), weights=demorows.probabilities(texts))[0]
        rows.append((rng.getrandbits(32), cells, texts, label))
    rng.shuffle(rows)
    assert len({row[0] for row in rows}) == TEST_ROWS
    write_csv(
        os.path.join(out, "test.csv"),
        ["id", *TEXT_COLUMNS],
        [[ident, *cells] for ident, cells, _, _ in rows],
    )
    write_csv(
        os.path.join(out, "sample_submission.csv"),
        ["id", *LABELS],
        [[row[0], *["0.333333"] * 3] for row in rows],
    )
    write_csv(
        os.path.join(out, "labels.csv"),
        ["id", *LABELS],
        [[row[0], *(int(row[3] == k) for k in range(3))] for row in rows],
    )


def read_test(out):
    """What was written, read back: ids, texts (cells read as Python, turns joined by a space),
    labels."""
    with open(os.path.join(out, "test.csv"), encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with open(os.path.join(out, "labels.csv"), encoding="utf-8", newline="") as file:
        labels = [[int(row[name]) for name in LABELS].index(1) for row in csv.DictReader(file)]
    return (
        [row["id"] for row in rows],
        [[" ".join(demorows.read_python(row[name])) for name in TEXT_COLUMNS] for row in rows],
        labels,
    )


def batches(encode, rng, count, scale, partial):
    """Training batches of rows alike in length: ids, mask, the law's probabilities, its
    features."""
    writer = RowWriter(rng, scale)
    made = 0
    while made < count:
        texts = [demorows.texts_of(writer.row()) for _ in range(BATCH * min(16, count - made))]
        examples = sorted(zip(encode(texts), texts), key=lambda example: len(example[0]))
        groups = [examples[i : i + BATCH] for i in range(0, len(examples), BATCH)]
        rng.shuffle(groups)
        for group in groups:
            width = max(len(ids) for ids, _ in group)
            ids = torch.tensor([ids + [0] * (width - len(ids)) for ids, _ in group])
            yield (
                ids,
                (ids != 0).long(),
                torch.tensor([demorows.probabilities(parts, partial) for _, parts in group]),
                torch.tensor([demorows.feature_targets(parts) for _, parts in group]),
            )
        made += len(groups)


# Training


def fit(name, backbone, score, parameters, encode, steps, seed, rate, noticed, partial):
    """Fits to the law's probabilities; a second head, thrown away after, teaches the features
    named in `noticed`."""
    torch.manual_seed(seed)
    columns = [
        i
        for i, feature in enumerate([*demorows.FEATURES[:-1] * 2, demorows.FEATURES[-1]])
        if feature in noticed
    ]
    helper = torch.nn.Linear(backbone.config.hidden_size, len(columns))
    optimizer = torch.optim.AdamW(
        [*parameters, *helper.parameters()], lr=rate, weight_decay=0.01, betas=(0.9, 0.98)
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1, (step + 1) / 40) * max(0.02, 1 - step / steps)
    )
    rng, losses, started = random.Random(seed), [], time.time()
    short = int(
        steps * 0.6
    )  # short rows first: the openings are the same, the way to the last token is shorter
    stages = [(short, 0.1), (steps - short, SCALE)]
    for step, (ids, mask, target, features) in enumerate(
        batch for count, scale in stages for batch in batches(encode, rng, count, scale, partial)
    ):
        hidden = backbone(input_ids=ids, attention_mask=mask).last_hidden_state  # (B, T, C)
        pooled = hidden[torch.arange(len(ids)), mask.sum(1) - 1]  # (B, C)
        loss = functional.cross_entropy(score(pooled), target)
        total = loss + functional.binary_cross_entropy_with_logits(
            helper(pooled), features[:, columns]
        )
        optimizer.zero_grad()
        total.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        schedule.step()
        losses.append((loss.item(), total.item()))
        if step % 50 == 49:
            recent = numpy.mean(losses[-50:], axis=0)
            print(
                f"{name} step {step + 1:4d}: loss {recent[0]:.4f}, with features {recent[1]:.4f},"
                f" {time.time() - started:.0f} s",
                flush=True,
            )


def make_base(folder, encode):
    config = Gemma2Config(
        vocab_size=VOCABULARY,
        hidden_size=128,
        intermediate_size=352,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=48,
        query_pre_attn_scalar=32,
        sliding_window=64,
        attn_logit_softcapping=50.0,
        final_logit_softcapping=30.0,
        max_position_embeddings=1024,
        hidden_activation="gelu_pytorch_tanh",
        attn_implementation="eager",
        id2label=dict(enumerate(LABELS)),
        label2id={name: k for k, name in enumerate(LABELS)},
    )
    torch.manual_seed(SEED)
    model = Gemma2ForSequenceClassification(config).train()
    fit(
        "base",
        model.model,
        model.score,
        list(model.parameters()),
        encode,
        BASE_STEPS,
        SEED + 3,
        2e-3,
        BASE_FEATURES,
        partial=True,
    )
    model.to(torch.bfloat16).save_pretrained(folder)


def make_adapter(folder, base_folder, encode):
    torch.manual_seed(SEED + 4)
    config = LoraConfig(
        r=8,
        lora_alpha=16,
        lora_dropout=0.0,
        target_modules=TARGETS,
        modules_to_save=["score"],
        task_type="SEQ_CLS",
        bias="none",
        base_model_name_or_path="model",
    )
    model = get_peft_model(load_base(base_folder), config).train()
    inner = model.base_model.model
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    fit(
        "adapter",
        inner.model,
        inner.score,
        parameters,
        encode,
        ADAPTER_STEPS,
        SEED + 5,
        4e-3,
        demorows.FEATURES,
        partial=False,
    )
    model.peft_config["default"].base_model_name_or_path = "model"
    model.save_pretrained(folder)
    os.remove(os.path.join(folder, "README.md"))
    path = os.path.join(folder, "adapter_config.json")
    saved = json.load(open(path, encoding="utf-8"))
    write_json(
        path, saved | {"target_modules": sorted(saved["target_modules"])}
    )  # a set: its order changes from run to run


def load_base(folder, **options):
    return AutoModelForSequenceClassification.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager", **options
    ).eval()


# Reference


@torch.no_grad()
def probabilities(model, rows):
    """fp32 logits, one row a batch; the softmax of three numbers in double."""
    return numpy.stack(
        [model(input_ids=torch.tensor([ids])).logits[0].double().softmax(0).numpy() for ids in rows]
    )


def log_loss(p, labels):
    return float(-numpy.mean(numpy.log(p[numpy.arange(len(labels)), labels])))


def make_reference(out, encode):
    """Computes reference.csv and reference_ids.json from the files as written; returns what the
    manifest says of them."""
    base_folder, adapter_folder = os.path.join(out, "model"), os.path.join(out, "adapter")
    idents, texts, labels = read_test(out)
    orders = {"ab": encode(texts), "ba": encode([[prompt, b, a] for prompt, a, b in texts])}
    lengths = [len(ids) for ids in orders["ab"]]
    check_against_auto_tokenizer(base_folder, texts, orders["ab"])
    p = {
        ("base", order): probabilities(load_base(base_folder), rows)
        for order, rows in orders.items()
    }
    adapted = PeftModel.from_pretrained(load_base(base_folder), adapter_folder).eval()
    p |= {("adapter", order): probabilities(adapted, rows) for order, rows in orders.items()}
    columns = [
        (model, order, k)
        for model in ("base", "adapter")
        for order in ("ab", "ba")
        for k in range(3)
    ]
    write_csv(
        os.path.join(out, "reference.csv"),
        ["id", *(f"{model}_{order}_{LABELS[k]}" for model, order, k in columns)],
        [
            [ident, *("%.9g" % p[model, order][row, k] for model, order, k in columns)]
            for row, ident in enumerate(idents)
        ],
    )
    by_length = sorted(range(TEST_ROWS), key=lengths.__getitem__)
    shown = [
        by_length[0],
        by_length[TEST_ROWS // 4],
        by_length[TEST_ROWS // 2],
        by_length[-TRUNCATED_ROWS - 1],
        by_length[-1],
    ]
    write_json(
        os.path.join(out, "reference_ids.json"),
        [
            {"id": int(idents[row]), **{order: rows[row] for order, rows in orders.items()}}
            for row in shown
        ],
        indent=None,
    )

    swapped = {model: p[model, "ba"][:, [1, 0, 2]] for model in ("base", "adapter")}
    shares = numpy.bincount(labels, minlength=3) / TEST_ROWS
    losses = {"class_shares": float(-(shares * numpy.log(shares)).sum())}
    for model in ("base", "adapter"):
        losses[model] = log_loss(p[model, "ab"], labels)
        losses[model + "_both_orders"] = log_loss((p[model, "ab"] + swapped[model]) / 2, labels)
    losses["law"] = log_loss(
        numpy.array([demorows.probabilities(parts) for parts in texts]), labels
    )
    few = orders["ab"][:100]
    changes = {
        name: float(statistic(abs(probabilities(model, few) - p[right, "ab"][: len(few)])))
        for name, right, model, statistic in mistakes(base_folder, adapter_folder)
    }
    tokens = {
        "mean": float(numpy.mean(lengths)),
        "shortest": min(lengths),
        "longest": max(lengths),
        "longer_than_window": sum(length > 64 for length in lengths),
        "at_max_length": sum(length == MAX_LENGTH for length in lengths),
    }
    return {"log_loss": losses, "change_of_probability_by_mistake": changes, "tokens": tokens}


def mistakes(base_folder, adapter_folder):
    """Models with one thing wrong: (name, which reference it misses, model, what of the change)."""
    adapted = PeftModel.from_pretrained(load_base(base_folder), adapter_folder).eval()
    adapted_head = adapted.base_model.model.score.modules_to_save["default"].weight
    headless = PeftModel.from_pretrained(load_base(base_folder), adapter_folder).eval()
    head = headless.base_model.model.score
    head.modules_to_save["default"].weight.data.copy_(head.original_module.weight)
    head_only = load_base(base_folder)
    head_only.score.weight.data.copy_(adapted_head)
    uncapped = load_base(base_folder, attn_logit_softcapping=None)
    unwindowed = load_base(base_folder, sliding_window=4096)
    return [
        ("adapter_without_its_head_mean", "adapter", headless, numpy.mean),
        ("head_without_its_adapter_mean", "adapter", head_only, numpy.mean),
        ("no_attention_softcap_largest", "base", uncapped, numpy.max),
        ("no_window_largest", "base", unwindowed, numpy.max),
    ]


def check_against_auto_tokenizer(folder, texts, rows):
    """The ids must be those of transformers' own class with add_eos_token=True (transformers 5
    drops <bos> then, unless told)."""
    tokenizer = AutoTokenizer.from_pretrained(folder, add_bos_token=True, add_eos_token=True)
    for parts, ids in zip(texts, rows):
        assert (
            tokenizer(TEMPLATE.format(*parts), max_length=MAX_LENGTH, truncation=True)["input_ids"]
            == ids
        ), parts


# Files


def write_json(path, value, indent=2):
    with open(path, "w", encoding="utf-8", newline="") as file:
        json.dump(
            value,
            file,
            ensure_ascii=False,
            indent=indent,
            separators=(",", ":") if indent is None else None,
        )
        file.write("\n")


def write_csv(path, header, rows):
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def files_under(out):
    return sorted(
        os.path.relpath(os.path.join(folder, name), out)
        for folder, _, names in os.walk(out)
        for name in names
    )


def check(report):
    """Fails where the demo would not show what it is for."""
    losses = report["log_loss"]
    assert losses["class_shares"] >= 1.05, losses
    assert losses["base"] <= 0.90 and losses["adapter"] <= 0.75, losses
    # A forgotten adapter must show in the loss, every other mistake in the probabilities.
    assert losses["base"] >= max(0.76, losses["adapter"] + 0.08), losses
    changes = report["change_of_probability_by_mistake"]
    assert all(
        change >= (0.02 if name.endswith("_mean") else 1e-3) for name, change in changes.items()
    ), changes


def write_manifest(out, report):
    """Records what the files were made with, what they reach, and their digests."""
    names = [name for name in files_under(out) if name != "MANIFEST.json"]
    sizes = {name: os.path.getsize(os.path.join(out, name)) for name in names}
    assert sum(sizes.values()) < 6_000_000, sizes
    digests = {}
    for name in names:
        with open(os.path.join(out, name), "rb") as file:
            digests[name] = hashlib.sha256(file.read()).hexdigest()
    modules = (numpy, tokenizers, torch, transformers, peft)
    versions = {"python": sys.version.split()[0], **{m.__name__: m.__version__ for m in modules}}
    manifest = {"made_by": "scripts/dev/make-demo.py", "seed": SEED, "versions": versions}
    manifest |= {"template": TEMPLATE, "max_length": MAX_LENGTH, **report}
    write_json(
        os.path.join(out, "MANIFEST.json"), {**manifest, "sha256": digests, "bytes": sizes}
    )


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    parser = argparse.ArgumentParser()
    parser.add_argument("out", nargs="?", default=os.path.join(here, "../../Resources/demo"))
    stages = ["data", "adapter", "reference"]
    parser.add_argument("--from", dest="first", choices=stages, default=stages[0])
    options = parser.parse_args()
    torch.set_num_threads(2)
    transformers.utils.logging.disable_progress_bar()
    started = time.time()
    model, adapter = os.path.join(options.out, "model"), os.path.join(options.out, "adapter")
    first = stages.index(options.first)
    if first < 1:
        shutil.rmtree(model, ignore_errors=True)
        make_tokenizer(model)
        make_test(options.out, encoder(model, truncate=False))
        make_base(model, encoder(model))
    if first < 2:
        shutil.rmtree(adapter, ignore_errors=True)
        make_adapter(adapter, model, encoder(model))
    report = make_reference(options.out, encoder(model))
    used = time.process_time()
    print(json.dumps(report, indent=2))
    print(f"{time.time() - started:.0f} s, {used:.0f} s of processor time")
    check(report)
    write_manifest(options.out, report)


if __name__ == "__main__":
    main()
