"""Negative transfer: which kind of text is learned worse beside another than alone. A table of tasks by tasks.

    build/venv-peers/bin/python bench/many_tasks.py [--tokens 50000] [--seeds 2] [--width 64]

The kinds of text are those of continual.py, the models small ones from scratch with one tokenizer, trained on all five. A kind is learned alone, beside each other one and beside all others, always with the same number of
its own tokens (batches of two kinds are twice as large) and the same seeds; what is shown is its validation loss together minus alone, in nats: above 0 the other one harms.
Losses only: the machine need not be quiet.
"""

import argparse
import itertools
import json
import os
import statistics
import subprocess
import tempfile

import common
from continual import DATA, ORDER, write_kinds
from train_vs_hf import TRAINER


def train(tokenizer, sets, seed, args):
    """The validation loss of each set, trained together with equal shares."""
    data = {"train": [{"path": each["train"], "name": each["name"], "weight": 1} for each in sets], "validation": [{"path": each["validation"], "name": each["name"]} for each in sets]}
    config = {"method": "scratch", "width": args.width, "layers": 3, "heads": 4, "tokenizer": tokenizer, "sequence_length": 128, "batch_size": 8 * len(sets), "learning_rate": args.rate,
              "data": data, "tokens": args.tokens * len(sets), "seed": seed, "json": True, "checkpoint_every": 0}
    done = subprocess.run([TRAINER, "train", "--json-config", json.dumps(config)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    return {each["name"]: result[f"validation_loss.{each['name']}"] for each in sets}


def make_tokenizer(folder, stream):
    """That of a model of one step on all sets."""
    path = os.path.join(folder, "tokenizer")
    config = {"method": "scratch", "width": 32, "layers": 1, "vocabulary": 1024, "data": [each["train"] for each in stream], "validation_fraction": 0, "tokens": 1, "output": path, "json": True}
    subprocess.run([TRAINER, "train", "--json-config", json.dumps(config)], capture_output=True, check=True)
    return path


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tokens", type=int, default=50_000, help="of each kind in a run")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--rate", type=float, default=3e-3)
    args = parser.parse_args()
    if not os.path.isdir(DATA):
        print("many_tasks: the texts (../shared/data) are not here; nothing was measured")
        return
    runs = {}
    with tempfile.TemporaryDirectory() as folder:
        stream = write_kinds(folder, 3 * args.tokens, 30_000)
        tokenizer = make_tokenizer(folder, stream)
        groups = [*itertools.combinations(range(len(ORDER)), 1), *itertools.combinations(range(len(ORDER)), 2), tuple(range(len(ORDER)))]
        for group, seed in itertools.product(groups, range(args.seeds)):
            names = "+".join(ORDER[i] for i in group)
            runs[f"{names}, seed {seed}"] = train(tokenizer, [stream[i] for i in group], seed, args)
            print(names, seed, {name: round(loss, 3) for name, loss in runs[f"{names}, seed {seed}"].items()}, flush=True)

    def harm(kind, group):
        return statistics.mean(runs[f"{group}, seed {seed}"][kind] - runs[f"{kind}, seed {seed}"][kind] for seed in range(args.seeds))

    table = {}
    for kind in ORDER:
        pairs = {other: "+".join(name for name in ORDER if name in (kind, other)) for other in ORDER if other != kind}
        table[kind] = {**{f"beside {other}": round(harm(kind, group), 4) for other, group in pairs.items()}, "beside all": round(harm(kind, "+".join(ORDER)), 4)}
    print(f"{'':<12}" + "".join(f"{other:>12}" for other in (*ORDER, "all")))
    for kind in ORDER:
        print(f"{kind:<12}" + "".join(f"{table[kind].get(f'beside {other}', 0):>+12.3f}" for other in (*ORDER, "all")))
    common.record("many_tasks", {"settings": vars(args), "loss_together_minus_alone": table, "runs": runs})


if __name__ == "__main__":
    main()
