"""How well the trainer predicts its peak memory: 50 runs of different method, size, micro-batch, length, optimizer, recomputation and precision, each in a fresh process.

    build/venv-peers/bin/python bench/memory_model.py [--runs 50] [--seed 0] [--no-record]

A run takes two steps on rows of full length and says, as a user sees it, what it was predicted to need at its peak and what it did (the kernel's high-water mark of the process's
resident size). Both count from what was resident once base, data and tokenizer were loaded and the trainer had measured its machine, so that constant parts do not flatter the error.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile

os.environ.setdefault("HF_HUB_OFFLINE", "1")
import common
import train_vs_hf

TRAINER = train_vs_hf.TRAINER
BASES = {
    "narrow": dict(hidden_size=192, intermediate_size=512, num_hidden_layers=8, num_attention_heads=6, num_key_value_heads=2),
    "wide": dict(hidden_size=512, intermediate_size=1408, num_hidden_layers=4, num_attention_heads=8, num_key_value_heads=8),
}
FRACTION = 0.1  # the error that is promised


def has_bf16():
    return any(unit in common.machine()["vector_units"] for unit in ("amx_bf16", "avx512_bf16"))


def configuration(rng, number):
    """Methods in turn, all else at random."""
    method = ["lora", "full", "scratch", "lora", "adapter", "prefix", "qlora", "last_k", "ia3", "scratch"][number % 10]
    fields = {"method": method, "batch_size": rng.choice([4, 8, 16]), "sequence_length": rng.choice([128, 256, 512]), "micro_batch": rng.choice([0, 256, 512, 1024, 2048]),
              "optimizer": rng.choice(["adamw", "adamw", "sgd", "lion", "adafactor"]), "recompute": rng.choice(["none", "none", "layers"])}
    if method in ("lora", "qlora"):
        fields.update(rank=rng.choice([4, 8, 16, 64]), target=rng.choice(["all", "all", "attention"]), dropout=rng.choice([0, 0.1]), dora=method == "lora" and rng.random() < 0.2)
    if method in ("full", "last_k", "adapter"):
        fields["dropout"] = rng.choice([0, 0.1])
    if method == "adapter":
        fields.update(adapter_width=rng.choice([16, 64, 256]), adapter_placement=rng.choice(["houlsby", "pfeiffer", "parallel"]))
    if method == "last_k":
        fields["last_layers"] = rng.choice([1, 2, 3])
    if method == "prefix":
        fields.update(virtual_tokens=rng.choice([10, 50]), sequence_length=min(fields["sequence_length"], 256))  # the model knows 512 positions
    if method == "scratch":
        fields.update(width=rng.choice([128, 256, 384]), layers=rng.choice([2, 4, 8, 12]), shape=rng.choice(["llama", "gpt2", "qwen3", "gemma2"]), vocabulary=rng.choice([512, 4096]))
    if method in ("full", "scratch") and fields["optimizer"] in ("adamw", "sgd", "lion"):
        fields["state_precision"] = rng.choice(["fp32", "fp32", "bf16", "int8"])
    if method in ("lora", "adapter", "prefix", "ia3") and has_bf16():
        fields["precision"] = rng.choice(["fp32", "bf16"])
    return fields


def measure(fields, folder, base):
    config = {**fields, "data": os.path.join(folder, "train.jsonl"), "validation_fraction": 0, "json": True, "checkpoint_every": 0, "threads": os.cpu_count(),
              "tokens": 2 * fields["batch_size"] * fields["sequence_length"], "learning_rate": 1e-4}
    if fields["method"] != "scratch":
        config["model"] = os.path.join(folder, base)
    done = subprocess.run([TRAINER, "train", "--json-config", json.dumps(config)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    loaded = result["loaded_memory"]
    predicted, measured = result["predicted_memory"] - loaded, result["peak_memory"] - loaded
    return {"predicted_mib": predicted / 2**20, "measured_mib": measured / 2**20, "loaded_mib": loaded / 2**20, "error": predicted / measured - 1,
            "error_of_process": result["predicted_memory"] / result["peak_memory"] - 1}


def summary(errors):
    sizes = sorted(map(abs, errors))
    return {"median": statistics.median(sizes), "percentile_95": sizes[min(len(sizes) - 1, round(0.95 * len(sizes)))], "worst": sizes[-1], "mean_signed": statistics.mean(errors),
            "within_promise": sum(size <= FRACTION for size in sizes) / len(sizes)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--no-record", action="store_true")
    args = parser.parse_args()
    rng, texts, runs = random.Random(args.seed), train_vs_hf.functions()[:1200], {}
    with tempfile.TemporaryDirectory() as folder:
        for name, shape in BASES.items():
            train_vs_hf.make_model(os.path.join(folder, name), shape, texts)
        with open(os.path.join(folder, "train.jsonl"), "w") as file:
            file.write(json.dumps({"text": "\n".join(texts)}) + "\n")  # cut to rows of the run's length
        for number in range(args.runs):
            fields, base = configuration(rng, number), rng.choice(list(BASES))
            run = measure(fields, folder, base)
            runs[f"{number:02}"] = {"config": fields, "base": None if fields["method"] == "scratch" else base, **run}
            print(f"{number:2} {run['predicted_mib']:8.1f} predicted {run['measured_mib']:8.1f} measured MiB  {run['error']:+.3f}  {base} {json.dumps(fields)}", file=sys.stderr, flush=True)
    result = {"seed": args.seed, "configurations": args.runs, "threads": os.cpu_count(), "error_above_loaded": summary([run["error"] for run in runs.values()]),
              "error_of_process": summary([run["error_of_process"] for run in runs.values()])}
    if args.no_record:
        print(json.dumps(result, indent=1))
    else:
        common.record("memory_model", {**result, "runs": runs}, "torch", "transformers")


if __name__ == "__main__":
    main()
