"""What fewer bits cost and save: a base model in fp32, bf16 and 4 bits (QLoRA) under LoRA, weights that are trained with products in bf16, and
optimizer state in fp32, bf16 and 8 bits under full fine-tuning.

    build/venv-peers/bin/python bench/fewer_bits.py [--runs 3] [--tokens 8000] [--seeds 3] [--layers 14]

Bytes and speed are those of a random Llama-shaped model of about 100 M parameters: the base as the trainer holds it, the optimizer's state as its
checkpoint has it. The gap of the losses is measured on a small model that was trained before (functions of Python's standard library) and is then
tuned on other text of the same kind, each seed with and without fewer bits: a pair for each seed. bf16 needs AMX or AVX-512 BF16.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile

import common
from safetensors import safe_open
from train_vs_hf import LENGTH, SMALL, TRAINER, functions, make_model

LARGE = dict(hidden_size=768, intermediate_size=2048, num_attention_heads=12, num_key_value_heads=12)
BASES = {"lora fp32": {"method": "lora"}, "lora bf16": {"method": "lora", "precision": "bf16"}, "qlora": {"method": "qlora"}}
STATES = {f"full, state {precision}": {"method": "full", "state_precision": precision} for precision in ("fp32", "bf16", "int8")}
PRODUCTS = {"full, products bf16": {"method": "full", "precision": "bf16"}}
REFERENCE = {"lora fp32": "lora fp32", "lora bf16": "lora fp32", "qlora": "lora fp32", **{case: "full, state fp32" for case in [*STATES, *PRODUCTS]}}


def cases():
    all_cases = {**BASES, **STATES, **PRODUCTS}
    if {"avx512_bf16", "amx_bf16"} & set(common.machine()["vector_units"]):
        return all_cases
    print("this CPU does not multiply numbers in bf16: those cases are left out", file=sys.stderr)
    return {name: fields for name, fields in all_cases.items() if fields.get("precision") != "bf16"}


def train(**config):
    done = subprocess.run([TRAINER, "train", "--json-config", json.dumps({"json": True, "sequence_length": LENGTH, **config})], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def state_bytes(folder, **config):
    """Of the optimizer's state in a trial's first checkpoint."""
    command = [TRAINER, "worker", "--json-config", json.dumps({"folder": folder, "sequence_length": LENGTH, **config})]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as worker:
        worker.stdin.write(json.dumps({"start": {"trial": 1, "seed": 1, "config": {}, "until": 1, "resume": None}}) + "\n")
        worker.stdin.flush()
        for line in worker.stdout:
            message = json.loads(line)
            assert not {"failed", "done"} & set(message), message
            if "reached" not in message:
                continue
            with safe_open(os.path.join(folder, message["reached"]["checkpoint"]), "pt") as file:
                tensors = [file.get_tensor(name) for name in file.keys() if name.startswith("optimizer.")]
            worker.stdin.write('{"quit": {}}\n')
            return sum(tensor.numel() * tensor.element_size() for tensor in tensors)
    raise AssertionError("the worker ended before its first step")


def write_texts(path, texts):
    with open(path, "w") as file:
        file.writelines(json.dumps({"text": text}) + "\n" for text in texts)


def measure_large(folder, texts, args):
    """Bytes and speed of each case at about 100 M parameters."""
    model, data = os.path.join(folder, "large"), os.path.join(folder, "texts.jsonl")
    make_model(model, {**LARGE, "num_hidden_layers": args.layers}, texts)
    write_texts(data, texts[:400])
    write_texts(os.path.join(folder, "short.jsonl"), texts[:20])
    common_fields = {"model": model, "batch_size": 8, "learning_rate": 1e-5, "checkpoint_every": 0, "threads": args.threads}
    rows = {}
    for _ in range(args.runs):
        for name, fields in cases().items():
            result = train(data=data, validation_fraction=0, tokens=args.tokens, **common_fields, **fields)
            row = rows.setdefault(name, {"base_bytes": result["base_bytes"], "trained_parameters": result["parameters"], "tokens_per_s": []})
            row["tokens_per_s"].append(result["tokens_per_second"])
    for row in rows.values():
        row["tokens_per_s"] = common.spread(row["tokens_per_s"])
    for name in rows:
        rows[name]["speed_to_reference"] = rows[name]["tokens_per_s"]["median"] / rows[REFERENCE[name]]["tokens_per_s"]["median"]
    for name, fields in STATES.items():
        short = {"train": os.path.join(folder, "short.jsonl"), "validation": os.path.join(folder, "short.jsonl")}
        rows[name]["state_bytes"] = state_bytes(os.path.join(folder, name), data=short, tokens=1_000_000, evaluate_tokens=100, **common_fields, **fields)
        rows[name]["state_to_fp32"] = rows[name]["state_bytes"] / rows["full, state fp32"]["state_bytes"]
    parameters = rows["full, state fp32"]["trained_parameters"]
    # Of two bytes for each number of the base. Where the CPU has bf16, what the trainer really holds.
    half = rows["lora bf16"]["base_bytes"] if "lora bf16" in rows else 2 * parameters
    for row in rows.values():
        row["base_to_bf16"] = row["base_bytes"] / half
    return parameters, rows


def measure_gaps(folder, texts, args):
    """Validation losses of a small trained model, tuned with each case, and how far they lie from the reference's."""
    start, model = os.path.join(folder, "start"), os.path.join(folder, "small")
    files = {name: os.path.join(folder, f"{name}.jsonl") for name in ("known", "wanted", "validation")}
    make_model(start, SMALL, texts)
    half = len(texts) // 2
    for name, part in (("known", texts[:half]), ("wanted", texts[half:-400]), ("validation", texts[-400:])):
        write_texts(files[name], part)
    train(model=start, data=files["known"], validation_fraction=0, method="full", learning_rate=2e-3, tokens=args.pretraining_tokens, output=model, threads=args.threads)
    data = {"train": files["wanted"], "validation": files["validation"]}
    losses = {}
    for seed in range(args.seeds):
        for name, fields in cases().items():
            rate = 1e-3 if fields["method"] == "full" else 3e-3
            result = train(model=model, data=data, learning_rate=rate, tokens=args.tuning_tokens, seed=seed, threads=args.threads, **fields)
            losses.setdefault(name, []).append(result["validation_loss"])
    return {name: {"validation_loss": common.spread(values), "gap": common.spread([a - b for a, b in zip(values, losses[REFERENCE[name]])])} for name, values in losses.items()}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=3, help="of each case, for its speed")
    parser.add_argument("--tokens", type=int, default=8_000, help="of a run for its speed")
    parser.add_argument("--layers", type=int, default=14, help="of the large model")
    parser.add_argument("--seeds", type=int, default=3, help="of the small model's tuning")
    parser.add_argument("--pretraining-tokens", type=int, default=600_000)
    parser.add_argument("--tuning-tokens", type=int, default=150_000)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--no-record", action="store_true")
    args = parser.parse_args()
    texts = functions()
    with tempfile.TemporaryDirectory() as folder:
        parameters, rows = measure_large(folder, texts, args)
        for name, gaps in measure_gaps(folder, texts, args).items():
            rows[name].update(gaps)
    for name, row in rows.items():
        state = f"state {row['state_bytes'] / 2**20:7.0f} MiB" if "state_bytes" in row else ""
        print(f"{name:<22} base {row['base_bytes'] / 2**20:6.0f} MiB ({row['base_to_bf16']:.2f} of bf16)  {row['tokens_per_s']['median']:7.0f} tokens/s ({row['speed_to_reference']:.2f} x)  "
              f"gap {row['gap']['median']:+.4f}  {state}", file=sys.stderr)
    settings = {key: value for key, value in vars(args).items() if key != "no_record"}
    if args.no_record:
        print(json.dumps({"parameters": parameters, "cases": rows}))
    else:
        common.record("fewer_bits", {"parameters": parameters, "settings": settings, "cases": rows}, "torch", "transformers")


if __name__ == "__main__":
    main()
