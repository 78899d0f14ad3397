"""A pool of LoRA trials on one base: training speed beside one trial after another, the Hugging Face Trainer with PEFT, and the matrix products alone.

    build/venv-peers/bin/python bench/pool.py [--trials 8] [--runs 3] [--steps 4] [--batches 1 4]

The base and the data are those of job_vs_hf.py: a Llama-shaped model of 5.7M parameters, functions of Python's standard library as prompts with completions. The trials differ in rank,
rate, seed and dropout. pegbox's two sides are one program (pool_speed.cc), which takes turns; the limit is job_vs_hf.py's, the matrix products of a trial of rank 16
with nothing between them, on as many threads as cores, one each. The peer is a Trainer with batches of as many sequences. Tokens without padding.
"""

import argparse
import json
import os
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor

import common
import job_vs_hf
import train_vs_hf


def limit(labels_fraction):
    """Of one thread on each core, together."""
    import torch

    torch.set_num_threads(1)
    cores = os.cpu_count()
    with ThreadPoolExecutor(cores) as pool:
        return sum(pool.map(lambda _: job_vs_hf.matrix_limit("lora", tokens=1024, labels_fraction=labels_fraction), range(cores)))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=8)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--steps", type=int, default=6, help="of each trial")
    parser.add_argument("--batches", type=int, nargs="*", default=[1, 4])
    args = parser.parse_args()
    rows, batches = job_vs_hf.examples(1200), {}
    program = os.path.join(common.BENCH_BIN, "pegbox-bench-pool_speed")
    with tempfile.TemporaryDirectory() as folder:
        train_vs_hf.make_model(os.path.join(folder, "model"), job_vs_hf.SHAPE, [row["prompt"] + row["completion"] for row in rows])
        for name, part in (("validation", rows[:100]), ("train", rows[100:])):
            with open(os.path.join(folder, f"{name}.jsonl"), "w") as file:
                file.writelines(json.dumps(row) + "\n" for row in part)
        for batch in args.batches:
            sides = {"pooled": [], "in_turn": [], "peer": [], "limit": []}
            for _ in range(args.runs):
                ours = json.loads(subprocess.run([program, f"{folder}/model", f"{folder}/train.jsonl", str(args.trials), str(batch), str(args.steps), "1"],
                                                 capture_output=True, text=True, check=True).stdout)
                sides["pooled"] += ours["pooled"]
                sides["in_turn"] += ours["in_turn"]
                sides["peer"].append(job_vs_hf.run_peer("lora", folder, 8 * args.steps, batch)["tokens_per_s"])
                sides["limit"].append(limit(ours["labels_fraction"]))
            spread = {f"{side}_tokens_per_s": common.spread(values) for side, values in sides.items()}
            median = lambda side: spread[f"{side}_tokens_per_s"]["median"]
            batches[batch] = {**spread, "share_of_limit": median("pooled") / median("limit"), "against_peer": median("pooled") / median("peer"),
                              "against_in_turn": median("pooled") / median("in_turn")}
    common.record("pool", {"trials": args.trials, "steps": args.steps, "sequences": batches}, "torch", "transformers", "peft")


if __name__ == "__main__":
    main()
