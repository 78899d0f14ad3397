"""Training speed, tokens per second, against transformers and PEFT in PyTorch eager: same model, same rows, same settings. The whole job with the Hugging
Face Trainer, its start and its memory: job_vs_hf.py.

    build/venv-peers/bin/python bench/train_vs_hf.py [--runs 3] [--cases lora-small,scratch-small] [--tokens 60000]

The rows are the functions of Python's standard library, as ragged as people write them, tokenized once. Both sides use fp32, all cores,
AdamW and clipping; neither evaluates. Padding is not counted as tokens. The peer is measured as its users have it (batches in random
order, padded to their longest row) and with rows grouped by length, which it offers; sides take turns, and the median of the runs counts.
"""

import argparse
import ast
import json
import os
import random
import resource
import subprocess
import sys
import sysconfig
import tempfile
import time

os.environ.setdefault("HF_HUB_OFFLINE", "1")
import common
import torch

TRAINER = os.environ.get("PEGBOX_TRAINER", os.path.join(common.BIN, "pegbox-trainer"))
SMALL = dict(hidden_size=128, intermediate_size=352, num_hidden_layers=4, num_attention_heads=4, num_key_value_heads=2)
MEDIUM = dict(hidden_size=384, intermediate_size=1024, num_hidden_layers=6, num_attention_heads=6, num_key_value_heads=6)
CASES = {
    "lora-small": ("lora", SMALL),
    "scratch-small": ("full", SMALL),
    "lora-medium": ("lora", MEDIUM),
    "scratch-medium": ("full", MEDIUM),
}
BATCH, LENGTH, RANK, SCALE, DROPOUT = 16, 512, 16, 2, 0.05
TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def functions():
    """Sources of all functions of some modules of the standard library, in a fixed random order."""
    folder, texts = sysconfig.get_paths()["stdlib"], []
    for module in sorted(os.listdir(folder)):
        path = os.path.join(folder, module)
        if not module.endswith(".py") or os.path.getsize(path) > 150_000:
            continue
        with open(path, encoding="utf-8", errors="replace") as file:
            source = file.read()
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef):
                texts.append(ast.get_source_segment(source, node))
    random.Random(0).shuffle(texts)
    return texts[:4000]


def make_model(folder, shape, texts):
    """A random Llama-shaped model with a tokenizer of 2,048 tokens."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    bpe.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=2048, special_tokens=["<|end|>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=bpe, eos_token="<|end|>", pad_token="<|end|>")
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    common_fields = dict(vocab_size=2048, max_position_embeddings=LENGTH, tie_word_embeddings=True, bos_token_id=0, eos_token_id=0, pad_token_id=0)
    LlamaForCausalLM(LlamaConfig(**{**common_fields, **shape})).save_pretrained(folder)
    return tokenizer


def peer_batches(rows, tokens, grouped):
    """Batches of random rows until `tokens` are seen; grouped: rows of a pool of 50 batches are sorted by length first."""
    generator, order, seen = random.Random(1), [], 0
    while True:
        if not order:
            order = generator.sample(range(len(rows)), len(rows))
            if grouped:
                pools = [sorted(order[i : i + 50 * BATCH], key=lambda r: len(rows[r])) for i in range(0, len(order), 50 * BATCH)]
                batches = [pool[i : i + BATCH] for pool in pools for i in range(0, len(pool), BATCH)]
                generator.shuffle(batches)
                order = [r for batch in batches for r in batch]
        batch, order = [rows[r] for r in order[:BATCH]], order[BATCH:]
        seen += sum(map(len, batch))
        yield batch
        if seen >= tokens:
            return


def collate(batch):
    width = max(map(len, batch))
    pad = lambda row, fill: row + [fill] * (width - len(row))
    return {"input_ids": torch.tensor([pad(r, 0) for r in batch]), "labels": torch.tensor([pad(r, -100) for r in batch]),
            "attention_mask": torch.tensor([[1] * len(r) + [0] * (width - len(r)) for r in batch])}


def run_peer(folder, method, rows, tokens, grouped):
    from peft import LoraConfig, get_peft_model
    from transformers import LlamaForCausalLM

    model = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32)
    if method == "lora":
        model = get_peft_model(model, LoraConfig(r=RANK, lora_alpha=SCALE * RANK, lora_dropout=DROPOUT, target_modules=TARGETS, task_type="CAUSAL_LM"))
    model.train()
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=1e-4, weight_decay=0.01)

    def step(batch):
        model(**collate(batch)).loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        optimizer.zero_grad()

    for batch in peer_batches(rows, 2 * BATCH * LENGTH // 4, grouped):
        step(batch)  # warm up
    seen, start, cpu = 0, time.perf_counter(), time.process_time()
    for batch in peer_batches(rows, tokens, grouped):
        step(batch)
        seen += sum(map(len, batch))
    return {"tokens_per_s": seen / (time.perf_counter() - start), "tokens_per_cpu_s": seen / (time.process_time() - cpu)}


def run_pegbox(folder, data, method, tokens, threads):
    config = {"model": folder, "data": data, "validation_fraction": 0, "method": method, "sequence_length": LENGTH, "batch_size": BATCH, "tokens": tokens,
              **({"rank": RANK, "scale": SCALE, "dropout": DROPOUT} if method == "lora" else {}), "learning_rate": 1e-4, "weight_decay": 0.01, "json": True, "checkpoint_every": 0, "threads": threads}
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    done = subprocess.run([TRAINER, "train", "--json-config", json.dumps(config)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    cpu_s = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    return {"tokens_per_s": result["tokens_per_second"], "tokens_per_cpu_s": result["tokens"] / cpu_s}


def measure(case, runs, tokens, texts, threads):
    method, shape = CASES[case]
    with tempfile.TemporaryDirectory() as folder:
        tokenizer = make_model(os.path.join(folder, "model"), shape, texts)
        with open(os.path.join(folder, "train.jsonl"), "w") as file:
            file.writelines(json.dumps({"text": text}) + "\n" for text in texts)
        # As pegbox does: rows longer than the length are cut into several.
        rows = [ids[i : i + LENGTH] for text in texts for ids in [tokenizer(text)["input_ids"] + [0]] for i in range(0, len(ids), LENGTH)]
        rows = [row for row in rows if len(row) > 1]
        sides = {"pegbox": [], "peer": [], "peer_grouped": []}
        for _ in range(runs):
            sides["pegbox"].append(run_pegbox(os.path.join(folder, "model"), os.path.join(folder, "train.jsonl"), method, tokens, threads))
            sides["peer"].append(run_peer(os.path.join(folder, "model"), method, rows, tokens, False))
            sides["peer_grouped"].append(run_peer(os.path.join(folder, "model"), method, rows, tokens, True))
    result = {side: {key: common.spread([v[key] for v in values]) for key in values[0]} for side, values in sides.items()}
    for side in ("peer", "peer_grouped"):
        result[f"ratio_to_{side}"] = result["pegbox"]["tokens_per_s"]["median"] / result[side]["tokens_per_s"]["median"]
    result["mean_row_tokens"] = sum(map(len, rows)) / len(rows)
    return result


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--cases", default=",".join(CASES))
    parser.add_argument("--tokens", type=int, default=60_000)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--no-record", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    texts = functions()
    results = {}
    for case in args.cases.split(","):
        results[case] = measure(case, args.runs, args.tokens, texts, args.threads)
        row = results[case]
        speed = lambda side: row[side]["tokens_per_s"]["median"]
        print(f"{case:<16} pegbox {speed('pegbox'):8.0f}  peer {speed('peer'):8.0f} ({row['ratio_to_peer']:.2f} x)  "
              f"peer grouped {speed('peer_grouped'):8.0f} ({row['ratio_to_peer_grouped']:.2f} x)  tokens/s", file=sys.stderr)
    if args.no_record:
        print(json.dumps(results))
    else:
        common.record("train_vs_hf", {"precision": "fp32", "batch": BATCH, "length": LENGTH, "rank": RANK, "threads": args.threads, "cases": results}, "torch", "transformers", "peft")


if __name__ == "__main__":
    main()
