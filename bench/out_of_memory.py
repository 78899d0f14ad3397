"""Trials that run out of memory in a search near its limit: pegbox, which knows what a trial needs, beside the same trials in the Hugging Face Trainer, which finds out.

    build/venv-peers/bin/python bench/out_of_memory.py [--trials 30] [--limit-mib 2048] [--seed 0]

The space: LoRA of a base of 5.7M parameters, by rank, or a Llama from scratch, by layers and width; batches of 4 to 64 sequences of 128 to 1024 tokens. Every process may have `--limit-mib` of data (RLIMIT_DATA: what
is written, libraries and threads included). Both sides draw their configurations at random from the same space; a trial is two steps, for pegbox as many tokens, of all that it is asked to try, and an evaluation. pegbox refuses, before it starts, what can never fit,
and takes another; the Trainer takes a batch at once, as its users do who have no model of memory.
"""

import argparse
import json
import os
import random
import re
import resource
import subprocess
import sys
import tempfile

os.environ.setdefault("HF_HUB_OFFLINE", "1")
import common
import job_vs_hf
import train_vs_hf

PEGBOX = os.path.join(common.BIN, "pegbox")
BATCHES, LENGTHS, RANKS, LAYERS, WIDTHS = [4, 8, 16, 32, 64], [128, 256, 512, 1024], [4, 16, 64, 256], [2, 4, 8, 16], [128, 256, 512]
TOKENS = 8192  # of a trial of pegbox; at least two steps of half the space


def limited(mib):
    return lambda: resource.setrlimit(resource.RLIMIT_DATA, (mib << 20, mib << 20))


def run_pegbox(folder, trials, mib, seed):
    space = {"method": {"choice": ["lora", "scratch"]}, "batch_size": {"choice": BATCHES}, "sequence_length": {"choice": LENGTHS}, "rank": {"choice": RANKS, "when": {"method": "lora"}},
             "layers": {"choice": LAYERS, "when": {"method": "scratch"}}, "width": {"choice": WIDTHS, "when": {"method": "scratch"}}}
    study = {"name": "memory", "trial": {"trainer": {"model": f"{folder}/model", "data": {"train": f"{folder}/train.jsonl", "validation": f"{folder}/validation.jsonl"}, "tokens": TOKENS,
                                                     "heads": 8, "positions": max(LENGTHS)}},
             "space": space, "objective": {"minimize": "validation_loss"}, "budget": {"trials": trials}, "search": "random", "stop": "none", "seed": seed}
    path = os.path.join(folder, "study.yaml")
    with open(path, "w") as file:
        json.dump(study, file)
    said = subprocess.run([PEGBOX, "tune", path, "--quiet"], cwd=folder, capture_output=True, text=True, preexec_fn=limited(mib))
    shown = json.loads(subprocess.run([PEGBOX, "show", "memory", "--json"], cwd=folder, capture_output=True, text=True, check=True).stdout)
    states = [(trial["state"], trial.get("failure")) for trial in shown["trials"]]
    assert said.returncode == 0, said.stderr
    count = lambda state: sum(s == state for s, _ in states)
    return {"started": count("done") + count("failed"), "done": count("done"), "out_of_memory": sum(kind == "out-of-memory" for _, kind in states), "failed_otherwise": sum(s == "failed" and kind != "out-of-memory" for s, kind in states),
            "refused_before_start": count("infeasible")}


def configuration(rng):
    config = {"method": rng.choice(["lora", "scratch"]), "batch_size": rng.choice(BATCHES), "sequence_length": rng.choice(LENGTHS)}
    config.update({"rank": rng.choice(RANKS)} if config["method"] == "lora" else {"layers": rng.choice(LAYERS), "width": rng.choice(WIDTHS)})
    return config


def peer(folder, config):
    """A trial of the other side, in its own process."""
    import torch
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM, Trainer, TrainingArguments

    tokenizer = AutoTokenizer.from_pretrained(f"{folder}/model")
    length, batch = config["sequence_length"], config["batch_size"]
    ids = [i for line in open(f"{folder}/train.jsonl") for i in tokenizer(json.loads(line)["text"])["input_ids"] + [tokenizer.eos_token_id]]
    rows = [{"input_ids": ids[i : i + length], "labels": ids[i : i + length]} for i in range(0, len(ids) - length, length)]
    if config["method"] == "lora":
        from peft import LoraConfig, get_peft_model

        model = LlamaForCausalLM.from_pretrained(f"{folder}/model", dtype=torch.float32)
        model = get_peft_model(model, LoraConfig(r=config["rank"], lora_alpha=2 * config["rank"], target_modules=job_vs_hf.TARGETS, task_type="CAUSAL_LM"))
    else:
        width = config["width"]
        model = LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), hidden_size=width, intermediate_size=width * 8 // 3, num_hidden_layers=config["layers"], num_attention_heads=8, max_position_embeddings=max(LENGTHS)))
    arguments = TrainingArguments(output_dir=f"{folder}/peer", per_device_train_batch_size=batch, max_steps=2, logging_strategy="no", save_strategy="no", report_to="none", use_cpu=True, disable_tqdm=True)
    Trainer(model=model, args=arguments, train_dataset=rows).train()


def run_peer(folder, trials, mib, seed):
    rng, ended = random.Random(seed), {"done": 0, "out_of_memory": 0, "failed_otherwise": 0}
    for _ in range(trials):
        said = subprocess.run([sys.executable, os.path.abspath(__file__), "--peer", folder, json.dumps(configuration(rng))], capture_output=True, text=True, preexec_fn=limited(mib))
        short = re.search(r"can't allocate memory|MemoryError|bad_alloc|Cannot allocate memory", said.stderr)
        ended["done" if said.returncode == 0 else "out_of_memory" if short else "failed_otherwise"] += 1
        print(said.returncode, said.stderr[-200:] if not short else "out of memory", file=sys.stderr, flush=True)
    return {"started": trials, **ended}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=30)
    parser.add_argument("--limit-mib", type=int, default=2048)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--peer", nargs=2, metavar=("FOLDER", "CONFIG"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.peer:
        return peer(args.peer[0], json.loads(args.peer[1]))
    texts = train_vs_hf.functions()[:1200]
    with tempfile.TemporaryDirectory() as folder:
        train_vs_hf.make_model(os.path.join(folder, "model"), {**job_vs_hf.SHAPE, "max_position_embeddings": max(LENGTHS)}, texts)
        for name, part in (("validation", texts[:30]), ("train", texts[30:])):
            with open(os.path.join(folder, f"{name}.jsonl"), "w") as file:
                file.writelines(json.dumps({"text": text}) + "\n" for text in part)
        sides = {"pegbox": run_pegbox(folder, args.trials, args.limit_mib, args.seed), "peer": run_peer(folder, args.trials, args.limit_mib, args.seed)}
    common.record("out_of_memory", {"limit_mib": args.limit_mib, "seed": args.seed, **sides}, "torch", "transformers", "peft")


if __name__ == "__main__":
    main()
