"""Learning to learn: an initialization learned by Reptile over many small tasks, against the model it began as, and against the same tasks mixed.

    build/venv-peers/bin/python bench/reptile.py [--tasks 40] [--unseen 6] [--tokens 100000] [--seeds 3]

A task is the questions to a bank of one of BANKING77's intents: `--tasks` of them to learn from, `--unseen` others that no side has seen. The base is a small model from scratch, trained on a novel and school
arithmetic. Three sides begin with it: plain (the base as it is), mixed (all parameters trained on all tasks at once) and reptile (all parameters, meta: reptile, on the same tasks), the latter two with the same number of tokens.
Then each learns each unseen task for 20 steps by an ordinary run, at each of two rates; a side has the rate that is best for it over all its runs. Asked is: a loss after these 20 steps below plain's, with an
interval over tasks and seeds that excludes zero. Losses only: the machine need not be quiet.
"""

import argparse
import csv
import json
import os
import random
import statistics
import subprocess
import tempfile

import common
from continual import DATA, kinds
from train_vs_hf import TRAINER

STEPS, BATCH = 20, 8
RATES = (1e-3, 3e-3)


def trainer(**config):
    done = subprocess.run([TRAINER, "train", "--json-config", json.dumps({"sequence_length": 128, "batch_size": BATCH, "json": True, "checkpoint_every": 0, **config})], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def write(path, texts):
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(json.dumps({"text": text}) + "\n" for text in texts)
    return path


def intents(folder, count, seed):
    """Files of so many intents, drawn by the seed: 80 questions to learn from, 40 to be judged by."""
    by_intent = {}
    with open(os.path.join(DATA, "classification/banking77/train.csv"), encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if len(row["text"]) <= 150:  # each is one sequence, so that 20 steps are two epochs
                by_intent.setdefault(row["category"], []).append(row["text"])
    names = sorted(name for name, texts in by_intent.items() if len(texts) >= 120)
    rng = random.Random(seed)
    rng.shuffle(names)
    assert len(names) >= count, f"only {len(names)} intents have 120 questions"
    tasks = []
    for name in names[:count]:
        texts = by_intent[name]
        rng.shuffle(texts)
        safe = "".join(c if c.isalnum() else "_" for c in name)
        tasks.append({"name": safe, "train": write(os.path.join(folder, f"{safe}.jsonl"), texts[:80]), "validation": write(os.path.join(folder, f"{safe}-judged.jsonl"), texts[80:120])})
    return tasks


def base_model(folder, seed, args):
    texts = kinds()
    path = write(os.path.join(folder, "general.jsonl"), texts["novel"][:600] + texts["arithmetic"][:600])
    trainer(method="scratch", width=args.width, layers=3, heads=4, vocabulary=1024, learning_rate=3e-3, tokens=args.base_tokens, data=path, output=os.path.join(folder, "base"), seed=seed, positions=128)
    return os.path.join(folder, "base")


def adapt(model, task, rate, seed):
    """The loss of an ordinary run of 20 steps; rows are as many as the steps read, so that the tokens end it."""
    rows = sum(1 for _ in open(task["train"]))
    result = trainer(method="full", model=model, data={"train": task["train"], "validation": task["validation"]}, learning_rate=rate, schedule="constant", warmup_fraction=0, weight_decay=0,
                     epochs=STEPS * BATCH / rows, seed=seed)
    return result["validation_loss"], result["steps"]


def run(seed, args):
    with tempfile.TemporaryDirectory() as folder:
        tasks = intents(folder, args.tasks + args.unseen, seed)
        known, unseen = tasks[: args.tasks], tasks[args.tasks :]
        base = base_model(folder, seed, args)
        sets = [{"path": task["train"], "name": task["name"]} for task in known]
        learned = dict(method="full", model=base, data={"train": sets}, validation_fraction=0, tokens=args.tokens, seed=seed, weight_decay=0)
        mixed, reptile = os.path.join(folder, "mixed"), os.path.join(folder, "reptile")
        tokens = {"mixed": trainer(**learned, learning_rate=args.mixed_rate, output=mixed)["tokens"],
                  "reptile": trainer(**learned, learning_rate=args.inner_rate, meta=args.meta, inner_steps=args.inner_steps, meta_batch=args.meta_batch, outer_rate=args.outer_rate, schedule="linear",
                                     warmup_fraction=0, output=reptile)["tokens"]}
        result = {"tokens": tokens, "losses": {}}
        for side, model in {"plain": base, "mixed": mixed, "reptile": reptile}.items():
            for rate in RATES:
                runs = [adapt(model, task, rate, seed) for task in unseen]
                assert all(steps == STEPS for _, steps in runs), runs
                result["losses"][f"{side} {rate}"] = [loss for loss, _ in runs]
                print(f"seed {seed}  {side:<8} rate {rate:g}  loss after {STEPS} steps {statistics.mean(result['losses'][f'{side} {rate}']):.4f}", flush=True)
        return result


def best_rate(runs, side):
    return min(RATES, key=lambda rate: statistics.mean(statistics.mean(each["losses"][f"{side} {rate}"]) for each in runs))


def interval(differences, resamples=10_000):
    """95 % of the mean over seeds and, within them, tasks: both are drawn again with replacement."""
    rng = random.Random(0)
    means = sorted(statistics.mean(statistics.mean(rng.choices(tasks, k=len(tasks))) for tasks in rng.choices(differences, k=len(differences))) for _ in range(resamples))
    return {"mean": statistics.mean(map(statistics.mean, differences)), "low": means[int(0.025 * resamples)], "high": means[int(0.975 * resamples)], "by_seed": [statistics.mean(tasks) for tasks in differences]}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tasks", type=int, default=40)
    parser.add_argument("--unseen", type=int, default=6)
    parser.add_argument("--tokens", type=int, default=100_000, help="of the tasks, for mixed and for reptile")
    parser.add_argument("--base-tokens", type=int, default=100_000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--width", type=int, default=96)
    parser.add_argument("--meta", default="reptile")
    parser.add_argument("--inner-steps", type=int, default=5)
    parser.add_argument("--inner-rate", type=float, default=3e-3)
    parser.add_argument("--outer-rate", type=float, default=1.0)
    parser.add_argument("--meta-batch", type=int, default=1)
    parser.add_argument("--mixed-rate", type=float, default=3e-3)
    args = parser.parse_args()
    if not os.path.isdir(DATA):
        print("reptile: the texts (../shared/data) are not here; nothing was measured")
        return
    runs = [run(seed, args) for seed in range(args.seeds)]
    sides = {}
    for side in ("plain", "mixed", "reptile"):
        rate = best_rate(runs, side)
        sides[side] = {"rate": rate, "loss": common.spread([statistics.mean(each["losses"][f"{side} {rate}"]) for each in runs])}
    losses = {side: [each["losses"][f"{side} {sides[side]['rate']}"] for each in runs] for side in sides}
    less = {f"reptile - {side}": interval([[a - b for a, b in zip(*pair)] for pair in zip(losses["reptile"], losses[side])]) for side in ("plain", "mixed")}
    common.record("reptile", {"settings": vars(args), "sides": sides, "differences": less, "runs": {f"seed {seed}": each for seed, each in enumerate(runs)}})


if __name__ == "__main__":
    main()
