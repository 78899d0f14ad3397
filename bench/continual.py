"""Forgetting: one model learns five kinds of text one after another, with and without what pegbox has against forgetting.

    build/venv-peers/bin/python bench/continual.py [--tokens 80000] [--seeds 3] [--width 96]

The kinds: a novel (Moby Dick), school arithmetic (GSM8K), functions of Python's standard library, plays (tiny Shakespeare), questions to a bank (BANKING77). The model is a small
one from scratch, with a tokenizer trained on all five. Each side learns the same number of tokens of each kind; what replay reads again comes on top, and is
said. Asked is: a forgetting of at most a quarter of naive training's, at the same loss of the last kind. Losses only: the machine need not be quiet.
"""

import argparse
import csv
import json
import os
import subprocess
import tempfile

import common
from train_vs_hf import TRAINER, functions

DATA = os.path.join(common.SHARED, "data")
SIDES = {"naive": {}, "replay 0.1": {"replay": 0.1}, "replay 0.3": {"replay": 0.3}, "ewc": {"consolidation": "ewc"}}
ORDER = ("novel", "arithmetic", "code", "plays", "bank")


def paragraphs(path):
    with open(os.path.join(DATA, path), encoding="utf-8") as file:
        return [part.strip() for part in file.read().split("\n\n") if part.strip()]


def pieces(texts, most=600):
    """Texts one after another, in pieces of about so many characters."""
    piece, result = "", []
    for text in texts:
        piece = f"{piece}\n{text}" if piece else text
        if len(piece) >= most:
            result.append(piece)
            piece = ""
    return result


def kinds():
    with open(os.path.join(DATA, "instructions/gsm8k/train.jsonl"), encoding="utf-8") as file:
        sums = [f"{row['question']}\n{row['answer']}" for row in map(json.loads, file)]
    with open(os.path.join(DATA, "classification/banking77/train.csv"), encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    rows.sort(key=lambda row: hash_of(row["text"]))  # they are sorted by their category
    return {"novel": pieces(paragraphs("text/standardebooks/moby_dick.txt")), "arithmetic": sums, "code": functions(),
            "plays": pieces(paragraphs("text/tinyshakespeare/input.txt")), "bank": pieces([row["text"] for row in rows])}


def hash_of(text):
    """The same in every process."""
    value = 2166136261
    for byte in text.encode():
        value = (value ^ byte) * 16777619 % 2**32
    return value


def write_kinds(folder, train_bytes, validation_bytes):
    """Files of each kind: the beginning to learn from, what follows to be judged by."""
    stream = []
    texts = kinds()
    for name in ORDER:
        left = iter(texts[name])
        files = {}
        for part, most in (("train", train_bytes), ("validation", validation_bytes)):
            files[part] = os.path.join(folder, f"{name}-{part}.jsonl")
            size = 0
            with open(files[part], "w", encoding="utf-8") as file:
                while size < most and (text := next(left, None)) is not None:
                    size += len(text.encode())
                    file.write(json.dumps({"text": text}) + "\n")
        stream.append({"name": name, **files})
    return stream


def run(stream, fields, seed, args):
    """A stream in which each kind has `tokens` of its own."""
    later = 1 / (1 - fields.get("replay", 0))
    weighted = [{**stage, "weight": 1 if number == 0 else later} for number, stage in enumerate(stream)]
    strength = {"ewc_strength": args.strength} if "consolidation" in fields else {}
    config = {"method": "scratch", "width": args.width, "layers": 3, "heads": 4, "vocabulary": 1024, "sequence_length": 128, "batch_size": 8, "learning_rate": args.rate,
              "data": {"stream": weighted}, "tokens": round(args.tokens * (1 + later * (len(stream) - 1))), "seed": seed, "json": True, "checkpoint_every": 0, **strength, **fields}
    done = subprocess.run([TRAINER, "train", "--json-config", json.dumps(config)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    losses = [[row["losses"][name] for name in ORDER] for row in result["stages"]]
    return {"losses": losses, "forgetting": result["forgetting"], "forward_transfer": result["forward_transfer"], "last_kind": losses[-1][-1], "mean_loss": result["mean_set_loss"], "tokens": result["tokens"],
            "seconds": result["seconds"]}


def compare(runs):
    """Of each side, over the seeds: its measures, and what they are beside naive training on the same seed."""
    table = {}
    for side, of_seeds in runs.items():
        pairs = list(zip(of_seeds, runs["naive"]))
        table[side] = {measure: common.spread([each[measure] for each in of_seeds]) for measure in ("forgetting", "last_kind", "mean_loss", "forward_transfer", "tokens")}
        table[side]["forgetting_ratio"] = common.spread([own["forgetting"] / naive["forgetting"] for own, naive in pairs])
        table[side]["last_kind_difference"] = common.spread([own["last_kind"] - naive["last_kind"] for own, naive in pairs])
    return table


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tokens", type=int, default=80_000, help="of each kind")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--width", type=int, default=96)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--strength", type=float, default=5, help="of elastic weight consolidation")
    parser.add_argument("--sides", nargs="*", default=list(SIDES), choices=list(SIDES))
    args = parser.parse_args()
    if not os.path.isdir(DATA):
        print("continual: the texts (../shared/data) are not here; nothing was measured")
        return
    runs = {side: [] for side in dict.fromkeys(["naive", *args.sides])}
    with tempfile.TemporaryDirectory() as folder:
        stream = write_kinds(folder, 3 * args.tokens, 30_000)
        for seed in range(args.seeds):
            for side, of_seeds in runs.items():
                of_seeds.append(run(stream, SIDES[side], seed, args))
                print(f"seed {seed}  {side:<16} forgetting {of_seeds[-1]['forgetting']:.3f}  last kind {of_seeds[-1]['last_kind']:.3f}  mean {of_seeds[-1]['mean_loss']:.3f}  {of_seeds[-1]['seconds']:.0f} s", flush=True)
    common.record("continual", {"settings": vars(args), "kinds": ORDER, "sides": compare(runs), "runs": {f"{side}, seed {seed}": each for side, of_seeds in runs.items() for seed, each in enumerate(of_seeds)}})


if __name__ == "__main__":
    main()
