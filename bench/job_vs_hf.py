"""A whole fine-tuning job beside the Hugging Face Trainer with PEFT: tokens per second, time to the first step, memory, and the loss it ends with.

    build/venv-peers/bin/python bench/job_vs_hf.py [--runs 3] [--jobs lora,full] [--steps 60]

The job: a Llama-shaped model of 5.7M parameters, prompts with completions of uneven length (functions of Python's standard library: signature and docstring, then
the body), batches of 8, AdamW, linear decay, fp32, all cores. Each side is a process of its own, as its users start it; sides take turns, and medians count. Memory is
the highest resident size less what is resident once the model is loaded. The limit is the same job's matrix products alone, in one thread pool, without anything between them.
"""

import argparse
import ast
import json
import os
import random
import re
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time

os.environ.setdefault("HF_HUB_OFFLINE", "1")
import common
import train_vs_hf

TRAINER, VOCABULARY = train_vs_hf.TRAINER, 2048
SHAPE = dict(hidden_size=256, intermediate_size=704, num_hidden_layers=7, num_attention_heads=8, num_key_value_heads=4)
BATCH, LENGTH, RANK, SCALE = 8, 512, 16, 2
RATE = {"lora": 1e-3, "full": 3e-4}
TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def examples(count):
    """Functions with a docstring as {"prompt", "completion"}, in a fixed random order."""
    folder, rows = sysconfig.get_paths()["stdlib"], []
    for module in sorted(os.listdir(folder)):
        path = os.path.join(folder, module)
        if not module.endswith(".py"):
            continue
        with open(path, encoding="utf-8", errors="replace") as file:
            source = file.read()
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) and len(node.body) > 1:
                whole = ast.get_source_segment(source, node)
                lines, body = whole.split("\n"), node.body[1].lineno - node.lineno
                rows.append({"prompt": "\n".join(lines[:body]) + "\n", "completion": "\n".join(lines[body:])})
    random.Random(0).shuffle(rows)
    return rows[:count]


def watch(process):
    """Highest resident bytes of a running process, kept in the list that is returned."""
    seen = [0]

    def poll():
        while process.poll() is None:
            seen[0] = max(seen[0], resident(process.pid))
            time.sleep(0.005)

    threading.Thread(target=poll, daemon=True).start()
    return seen


def resident(pid):
    try:
        with open(f"/proc/{pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (FileNotFoundError, ProcessLookupError, IndexError):
        return 0


def run(command, loaded):
    """Runs a side until its end. Its lines, of both streams; `loaded`: how the line begins that it prints when all is loaded."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    peak, at_load, first_step_s, lines = watch(process), 0, None, []
    for line in process.stdout:
        lines.append(line)
        if line.startswith(loaded):
            at_load = resident(process.pid)
        if line.startswith("first step"):
            first_step_s = time.perf_counter() - began
    assert process.wait() == 0 and at_load, "".join(lines[-30:])
    return lines, {"first_step_s": first_step_s, "extra_mib": (peak[0] - at_load) / 2**20, "whole_s": time.perf_counter() - began}


def peer(job, folder, steps, batch_size):
    """The other side, in its own process."""
    import torch
    from transformers import AutoTokenizer, LlamaForCausalLM, Trainer, TrainerCallback, TrainingArguments

    tokenizer = AutoTokenizer.from_pretrained(f"{folder}/model")

    def rows(path):
        tokenized = []
        for line in open(path):
            row = json.loads(line)
            prompt, completion = tokenizer(row["prompt"])["input_ids"], tokenizer(row["completion"])["input_ids"] + [tokenizer.eos_token_id]
            tokenized.append({"input_ids": (prompt + completion)[:LENGTH], "labels": ([-100] * len(prompt) + completion)[:LENGTH]})
        return [row for row in tokenized if any(label >= 0 for label in row["labels"])]

    def collate(batch):
        width = max(len(row["input_ids"]) for row in batch)
        pad = lambda values, fill: values + [fill] * (width - len(values))
        return {"input_ids": torch.tensor([pad(row["input_ids"], 0) for row in batch]), "labels": torch.tensor([pad(row["labels"], -100) for row in batch]),
                "attention_mask": torch.tensor([pad([1] * len(row["input_ids"]), 0) for row in batch])}

    class FirstStep(TrainerCallback):
        def on_step_end(self, args, state, control, **kwargs):
            if state.global_step == 1:
                print("first step", flush=True)

    train, validation = rows(f"{folder}/train.jsonl"), rows(f"{folder}/validation.jsonl")
    model = LlamaForCausalLM.from_pretrained(f"{folder}/model", dtype=torch.float32)
    if job == "lora":
        from peft import LoraConfig, get_peft_model

        model = get_peft_model(model, LoraConfig(r=RANK, lora_alpha=SCALE * RANK, target_modules=TARGETS, task_type="CAUSAL_LM"))
    arguments = TrainingArguments(output_dir=f"{folder}/peer", per_device_train_batch_size=batch_size, max_steps=steps, learning_rate=RATE[job], lr_scheduler_type="linear", weight_decay=0.0,
                                  max_grad_norm=1.0, logging_strategy="no", save_strategy="no", report_to="none", use_cpu=True, seed=1, disable_tqdm=True, remove_unused_columns=False)
    seen = {"tokens": 0}

    def counted(batch):
        seen["tokens"] += sum(len(row["input_ids"]) for row in batch)
        return collate(batch)

    trainer = Trainer(model=model, args=arguments, train_dataset=train, data_collator=counted, callbacks=[FirstStep()])
    print("loaded", flush=True)
    began = time.perf_counter()
    trainer.train()
    seconds, tokens = time.perf_counter() - began, seen["tokens"]
    model.eval()
    total = labels = 0
    with torch.no_grad():
        for i in range(0, len(validation), BATCH):
            batch = collate(validation[i : i + BATCH])
            count = int((batch["labels"][:, 1:] >= 0).sum())
            total, labels = total + float(model(**batch).loss) * count, labels + count
    print(json.dumps({"tokens_per_s": tokens / seconds, "validation_loss": total / labels, "tokens": tokens}))


def run_peer(job, folder, steps, batch=BATCH):
    lines, measured = run([sys.executable, os.path.abspath(__file__), "--peer", job, folder, "--steps", str(steps), "--batch", str(batch)], "loaded")
    return {**json.loads(lines[-1]), **measured}


def run_pegbox(job, folder, tokens):
    """Its first step is that of a job of one step, the evaluation after it included."""
    config = {"model": f"{folder}/model", "data": {"train": f"{folder}/train.jsonl", "validation": f"{folder}/validation.jsonl"}, "method": job, "sequence_length": LENGTH,
              "batch_size": BATCH, **({} if job == "full" else {"rank": RANK, "scale": SCALE}), "learning_rate": RATE[job], "weight_decay": 0, "beta2": 0.999, "clip": 1.0,
              "schedule": "linear", "warmup_fraction": 0, "checkpoint_every": 0}
    start = lambda tokens: run([TRAINER, "train", "--json-config", json.dumps({**config, "tokens": tokens})], "train ")
    lines, measured = start(tokens)
    said = lambda pattern: float(re.search(pattern, lines[-1])[1])
    return {"tokens_per_s": said(r"(\d+) tokens/s"), "validation_loss": said(r"validation loss ([\d.]+)"), **measured, "first_step_s": start(1)[1]["whole_s"]}


def matrix_limit(job, tokens=2048, labels_fraction=0.6):
    """Tokens per second of the matrix products alone: of each linear layer forward and back to its input, of what is trained its gradient too, of the head where there is a label."""
    import torch

    width, inner, keys = SHAPE["hidden_size"], SHAPE["intermediate_size"], SHAPE["hidden_size"] * SHAPE["num_key_value_heads"] // SHAPE["num_attention_heads"]
    layer = [(width, width + 2 * keys), (width, width), (width, 2 * inner), (inner, width)]
    labels = int(tokens * labels_fraction)
    x = {n: torch.randn(tokens, n) for n in {width, inner, width + 2 * keys, 2 * inner}}
    weights = [torch.randn(i, o) for i, o in layer]
    down, up = {i: torch.randn(i, RANK) for i in (width, inner)}, {o: torch.randn(RANK, o) for _, o in layer}
    head, hidden, logits = torch.randn(width, VOCABULARY), torch.randn(labels, width), torch.randn(labels, VOCABULARY)

    def once():
        for _ in range(SHAPE["num_hidden_layers"]):
            for (i, o), weight in zip(layer, weights):
                x[i] @ weight, x[o] @ weight.T
                if job == "full":
                    x[i].T @ x[o]
                else:
                    low = x[i] @ down[i]
                    low @ up[o], low.T @ x[o]
                    back = x[o] @ up[o].T
                    back @ down[i].T, x[i].T @ back
        hidden @ head, logits @ head.T
        if job == "full":
            hidden.T @ logits

    once()
    began = time.perf_counter()
    for _ in range(3):
        once()
    return 3 * tokens / (time.perf_counter() - began)


def measure(job, runs, steps):
    rows = examples(1200)
    with tempfile.TemporaryDirectory() as folder:
        train_vs_hf.make_model(os.path.join(folder, "model"), SHAPE, [row["prompt"] + row["completion"] for row in rows])
        for name, part in (("validation", rows[:100]), ("train", rows[100:])):
            with open(os.path.join(folder, f"{name}.jsonl"), "w") as file:
                file.writelines(json.dumps(row) + "\n" for row in part)
        sides = {"peer": [], "pegbox": []}
        limits = []
        for _ in range(runs):
            sides["peer"].append(run_peer(job, folder, steps))
            sides["pegbox"].append(run_pegbox(job, folder, sides["peer"][0]["tokens"]))
            limits.append(matrix_limit(job))
    result = {side: {key: common.spread([v[key] for v in values]) for key in values[0] if key != "tokens"} for side, values in sides.items()}
    median = lambda side, key: result[side][key]["median"]
    result["limit_tokens_per_s"] = common.spread(limits)
    result["speed_ratio"] = median("pegbox", "tokens_per_s") / median("peer", "tokens_per_s")
    result["share_of_limit"] = median("pegbox", "tokens_per_s") / result["limit_tokens_per_s"]["median"]
    result["memory_ratio"] = median("pegbox", "extra_mib") / median("peer", "extra_mib")
    result["loss_ratio"] = median("pegbox", "validation_loss") / median("peer", "validation_loss")
    return result


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--jobs", default="lora,full")
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--batch", type=int, default=BATCH, help=argparse.SUPPRESS)
    parser.add_argument("--peer", nargs=2, metavar=("JOB", "FOLDER"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.peer:
        return peer(*args.peer, args.steps, args.batch)
    jobs = {job: measure(job, args.runs, args.steps) for job in args.jobs.split(",")}
    common.record("job_vs_hf", {"precision": "fp32", "batch": BATCH, "length": LENGTH, "rank": RANK, "steps": args.steps, "jobs": jobs}, "torch", "transformers", "peft")


if __name__ == "__main__":
    main()
