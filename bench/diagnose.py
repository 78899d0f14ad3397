"""Planted faults beside healthy runs: how many of them `pegbox diagnose` and `pegbox inspect` find, and how often they cry wolf.

    build/venv-peers/bin/python bench/diagnose.py [--runs 10] [--keep FOLDER]

Small decoders are trained from scratch on real books (../shared/data/text), all with the built-in trainer. One study has healthy runs (rates around the best, several shapes, seeds and dropouts) among runs
whose learning rate is 40 to 400 times too high and runs with initial weights 10 to 50 times too large; another one has runs of 30 to 60 epochs on 20 paragraphs. `diagnose` sees the logs alone. In
copies of the healthy models one or two heads are made to say nothing (the columns behind them become 0), and `inspect` is asked, of these and of the models as they were trained.

Found: an exploding rate, if something is said of its divergence, spikes, gradients or rate; wrong weights, if `bad-start`; overfitting, if `overfitting`; dead heads, if `dead-heads` names exactly them. A
false alarm: a healthy run of which `diagnose` finds anything, or a model as trained of which `inspect` finds a fault (findings about size, such as spare heads or context, are none).
"""

import argparse
import json
import os
import random
import re
import struct
import subprocess
import sys
import tempfile

import common

TEXTS = os.path.join(common.SHARED, "data", "text")
PEGBOX = os.path.join(common.BIN, "pegbox")
OF_RATE = {"diverged", "spikes", "growing-gradients", "rate-too-high", "bad-start"}
FAULTS = {"dead-heads", "dead-units", "uneven-gradients", "idle-layers", "collapsed-attention", "blind-attention"}
TOKENS, HEADS, REPORTS = 60_000, 4, 12


def pegbox(*arguments):
    done = subprocess.run([PEGBOX, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"pegbox {' '.join(map(str, arguments))}: {done.stderr[-2000:]}")
    return done.stdout


def books():
    paths = [os.path.join(folder, name) for folder, _, names in sorted(os.walk(TEXTS)) for name in sorted(names) if name.endswith(".txt")]
    if not paths:
        print("diagnose: the texts (../shared/data/text) are not here; nothing was measured")
        sys.exit(0)
    paragraphs = []
    for path in paths:
        with open(path, encoding="utf-8") as file:
            paragraphs += [text for text in re.split(r"\n\s*\n", file.read()) if len(text) > 200]
    random.Random(0).shuffle(paragraphs)
    return paragraphs


def write_rows(path, texts):
    with open(path, "w") as file:
        file.writelines(json.dumps({"text": text}) + "\n" for text in texts)
    return path


def study(folder, name, train, validation, configs, **fields):
    """Trains all configurations; what is diagnosed of each, in their order."""
    space = {key: {"choice": sorted({config[key] for config in configs})} if key not in ("learning_rate", "initial_deviation") else {"range": [1e-6, 10], "scale": "log"} for key in configs[0]}
    trainer = {"data": {"train": train, "validation": validation}, "method": "scratch", "vocabulary": 1024, "sequence_length": 64, "heads": HEADS, "batch_size": 16, **fields}
    file = {"name": name, "trial": {"trainer": trainer}, "space": space, "try_first": configs, "objective": {"minimize": "validation_loss"}, "budget": {"trials": len(configs)}, "search": "random", "stop": "none"}
    path = os.path.join(folder, f"{name}.yaml")
    with open(path, "w") as out:
        json.dump(file, out)
    store = f"sqlite:{folder}/pegbox.db"
    pegbox("tune", path, "--store", store, "--quiet")
    return {each["trial"]: {finding["name"] for finding in each["findings"]} for each in json.loads(pegbox("diagnose", name, "--store", store, "--json"))}


def log_between(chance, low, high):
    return round(low * (high / low) ** chance.random(), 6)


def healthy_config(chance, number):
    return {"learning_rate": log_between(chance, 2e-3, 8e-3), "width": chance.choice([48, 64, 96]), "layers": chance.choice([2, 3]), "seed": number, "initial_deviation": 0.02}


def silence(model, target, heads):
    """A copy of a Llama folder in which heads {(layer, head)} are followed by zeros. Edits the file by hand: a header of JSON, then fp32."""
    subprocess.run(["cp", "-r", model, target], check=True)
    path = os.path.join(target, "model.safetensors")
    with open(path, "rb") as file:
        data = bytearray(file.read())
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + size])
    for layer, head in heads:
        tensor = header[f"model.layers.{layer}.self_attn.o_proj.weight"]
        assert tensor["dtype"] == "F32"
        rows, columns = tensor["shape"]
        begin, width = 8 + size + tensor["data_offsets"][0], columns // HEADS
        for row in range(rows):
            at = begin + 4 * (row * columns + head * width)
            data[at:at + 4 * width] = bytes(4 * width)
    with open(path, "wb") as file:
        file.write(data)


def inspect(model, text):
    found = json.loads(pegbox("inspect", "--model", model, "--data", text, "--tokens", 16384, "--removal-tokens", 0, "--set", "sequence_length=64", "--json"))
    return {finding["name"]: finding["what"] for finding in found["findings"]}


def share(found):
    return {"runs": len(found), "found": sum(found)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--keep")
    options = parser.parse_args()
    runs, chance = options.runs, random.Random(1)
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or scratch
        os.makedirs(folder, exist_ok=True)
        paragraphs = books()
        train, validation = write_rows(f"{folder}/train.jsonl", paragraphs[100:]), write_rows(f"{folder}/validation.jsonl", paragraphs[:100])
        configs = [healthy_config(chance, number) for number in range(2 * runs)]
        configs += [{**healthy_config(chance, 100 + number), "learning_rate": log_between(chance, 0.15, 1.5)} for number in range(runs)]
        configs += [{**healthy_config(chance, 200 + number), "initial_deviation": log_between(chance, 0.2, 1)} for number in range(runs)]
        seen = study(folder, "mixed", train, validation, configs, tokens=TOKENS, evaluate_every=TOKENS // REPORTS)
        healthy = [seen[trial] for trial in range(2 * runs)]
        few = write_rows(f"{folder}/few.jsonl", paragraphs[100:120])
        again = [{**healthy_config(chance, number), "epochs": chance.choice([30, 40, 60])} for number in range(runs)]
        over = study(folder, "few", few, validation, again, evaluate_every=TOKENS // REPORTS)
        dead, alarms, details = [], [], []
        for number in range(runs):
            model = next(os.path.join(place, "final") for place, folders, _ in os.walk(folder) if place.endswith(f"mixed/trial-{number}") and "final" in folders)
            alarms.append(bool(FAULTS & set(inspect(model, validation))))
            heads = {(chance.randrange(configs[number]["layers"]), chance.randrange(HEADS)) for _ in range(chance.choice([1, 2]))}
            silence(model, f"{folder}/silent-{number}", heads)
            what = inspect(f"{folder}/silent-{number}", validation).get("dead-heads", "")
            dead.append({tuple(map(int, head.split("."))) for head in re.findall(r"\b\d+\.\d+\b", what.split("(")[0])} == heads)
        result = {
            "exploding rate": share([bool(OF_RATE & seen[trial]) for trial in range(2 * runs, 3 * runs)]),
            "wrong initialization": share(["bad-start" in seen[trial] for trial in range(3 * runs, 4 * runs)]),
            "overfitting": share(["overfitting" in over[trial] for trial in range(runs)]),
            "dead heads": share(dead),
            "healthy runs, diagnose": share([bool(found) for found in healthy]),
            "healthy models, inspect": share(alarms),
            "runs": {"mixed": [sorted(seen[trial]) for trial in sorted(seen)], "few": [sorted(over[trial]) for trial in sorted(over)]},
        }
        common.record("diagnose", result)


if __name__ == "__main__":
    main()
