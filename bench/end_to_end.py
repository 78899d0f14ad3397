"""From data to the best adapter: a whole tuning job beside Optuna with the Hugging Face Trainer and PEFT, in seconds.

    build/venv-peers/bin/python bench/end_to_end.py [--seeds 0 1 2] [--trials 30] [--pegbox-trials 60] [--base FOLDER] [--keep FOLDER] [--without priors stopping search]

The job: LoRA of a small base model on GSM8K, seven hyperparameters, at most 512 examples a trial, judged on 96 training examples that are kept apart, by the peer after every 64 examples, by pegbox where its stopping rule looks. The peer is
../shared/bench/end_to_end_peer.py (multivariate TPE, Hyperband, the imports not counted); the base is made by ../shared/bench/make_base.py. Both sides have the same base, data,
space, validation examples and machine, one after another. Of pegbox everything counts, from the start of the program on. What counts of both is the loss of the selected adapter
on the whole test set, which neither sees: of the peer that of its final choice, of pegbox that of each adapter which was the best so far when it was written.

`--without` runs pegbox again with one part switched off: `priors` (no prior in the space), `stopping` (every trial to its end), `search` (random search). What it measures is written to bench/results/end_to_end.json; runs that `--keep` has are not repeated.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import common

SHARED_BENCH = os.path.join(common.SHARED, "bench")
GSM8K = os.path.join(common.SHARED, "data", "instructions", "gsm8k")
TRAIN, VALIDATION = slice(0, 7000), slice(7000, 7096)
EXAMPLES, LENGTH = 512, 512
PEGBOX = os.path.join(common.BIN, "pegbox")
SPACE = {
    "rank": {"choice": [2, 4, 8, 16, 32, 64], "ordered": True},
    "scale": {"range": [0.25, 8], "scale": "log"},
    "batch_size": {"choice": [4, 8, 16, 32, 64], "ordered": True},
    "dropout": {"range": [0, 0.2]},
    "learning_rate": {"range": [1e-5, 3e-2], "scale": "log"},
    "weight_decay": {"range": [1e-4, 0.3], "scale": "log"},
    "warmup_fraction": {"range": [0, 0.2]},
}
PRIORS = {"learning_rate": "lora_rate", "batch_size": "step_law_batch"}


def write_data(folder):
    """GSM8K as prompts with completions; the names of the files by part."""
    files = {}
    for part, name, rows in (("train", "train", TRAIN), ("validation", "train", VALIDATION), ("test", "test", slice(None))):
        files[part] = os.path.join(folder, f"{part}.jsonl")
        with open(os.path.join(GSM8K, f"{name}.jsonl")) as source, open(files[part], "w") as file:
            for line in list(source)[rows]:
                row = json.loads(line)
                file.write(json.dumps({"prompt": f"Question: {row['question']}\nAnswer:", "completion": f" {row['answer']}"}) + "\n")
    return files


def tokens_per_example(base, files):
    """Mean of the training rows, as both sides cut them."""
    described = subprocess.run([PEGBOX, "check", "--preflight", "--model", base, "--data", files["train"], "--set", f"sequence_length={LENGTH}", "--json"], capture_output=True, text=True, check=True)
    part = json.loads(described.stdout)["parts"]["train"]
    return part["tokens"] / part["texts"]


def study(base, files, seed, trials, per_example, without):
    """A trial's length is in tokens here: 0.95 of those of 512 mean examples, so that it never sees more than 512."""
    trainer = {"model": base, "data": {"train": files["train"], "validation": files["validation"]}, "method": "lora", "schedule": "linear", "sequence_length": LENGTH,
               "tokens": int(0.95 * EXAMPLES * per_example)}
    space = {name: dict(parameter) for name, parameter in SPACE.items()}
    if without != "priors":
        for name, prior in PRIORS.items():
            space[name]["prior"] = prior
    whole = {"name": "gsm8k", "trial": {"trainer": trainer}, "space": space, "objective": {"minimize": "validation_loss"}, "budget": {"trials": trials}, "seed": seed}
    if without == "stopping":
        whole["stop"] = "none"
    if without == "search":
        whole["search"] = "random"
    return whole


def test_loss(base, adapter, files):
    said = subprocess.run([PEGBOX, "evaluate", "--model", base, "--adapter", adapter, "--data", files["test"], "--sequence-length", str(LENGTH), "--json"], capture_output=True, text=True, check=True)
    return json.loads(said.stdout)["loss"]


def run_pegbox(base, files, seed, trials, per_example, without=None):
    """Its whole time, and [seconds, trial, validation loss, test loss] of each adapter that was the best so far."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "study.yaml")
        with open(path, "w") as file:
            json.dump(study(base, files, seed, trials, per_example, without), file)  # JSON is YAML
        began = time.time()
        subprocess.run([PEGBOX, "tune", path, "--quiet"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        seconds = time.time() - began
        shown = json.loads(subprocess.run([PEGBOX, "show", "gsm8k", "--json"], cwd=folder, capture_output=True, text=True, check=True).stdout)
        best, trace, first = float("inf"), [], None
        done = [trial for trial in shown["trials"] if trial["state"] == "done"]
        for trial in sorted(done, key=lambda trial: trial["ended_s"]):
            adapter = os.path.join(folder, "pegbox.files", "gsm8k", f"trial-{trial['number']}", "final")
            written = os.path.getmtime(os.path.join(adapter, "adapter_model.safetensors")) - began
            if trial["metrics"]["validation_loss"] < best:
                best = trial["metrics"]["validation_loss"]
                trace.append([written, trial["number"], best, test_loss(base, adapter, files)])
        reports = [(trial["started_s"], trial["number"]) for trial in shown["trials"]]
        return {"seconds": seconds, "trace": trace, "trials": len(shown["trials"]), "done": len(done), "tokens": shown["spent"]["tokens"], "first_trial_s": min(reports)[0]}


def run_peer(base, seed, trials, folder):
    out = os.path.join(folder, "peer.json")
    subprocess.run([sys.executable, os.path.join(SHARED_BENCH, "end_to_end_peer.py"), "--base", base, "--trials", str(trials), "--seed", str(seed), "--out", out], check=True, stdout=subprocess.DEVNULL)
    with open(out) as file:
        return json.load(file)


def kept(folder, name, run):
    """What `run` gives, from a file of an earlier run where there is one."""
    path = os.path.join(folder, f"{name}.json")
    if not os.path.exists(path):
        result = run()
        with open(path, "w") as file:
            json.dump(result, file)
    with open(path) as file:
        return json.load(file)


def reached(trace, loss):
    """When the selected adapter's test loss was first at or below `loss`; None if never."""
    return next((seconds for seconds, _, _, test in trace if test <= loss), None)


def at(trace, seconds):
    """The test loss of what was selected by then; None before the first."""
    return next((test for when, _, _, test in reversed(trace) if when <= seconds), None)


def peer_reached(peer):
    """When the peer had first seen the validation loss of its final choice."""
    return min(seconds for seconds, _, _, loss in peer["trace"] if loss <= peer["loss"] + 1e-12)


def compare(peer, ours):
    """Seconds and losses of one seed; the peer's time is that until its final choice was found, though it went on."""
    peer_s = peer_reached(peer)
    ours_s = reached(ours["trace"], peer["test_loss"])
    return {"peer_s": peer_s, "peer_whole_s": peer["seconds"], "peer_test_loss": peer["test_loss"], "pegbox_s": ours_s, "pegbox_whole_s": ours["seconds"],
            "pegbox_first_trial_s": ours["first_trial_s"], "pegbox_tokens": ours["tokens"], "time_ratio": ours_s and ours_s / peer_s,
            "pegbox_test_loss_in_a_tenth": at(ours["trace"], peer_s / 10), "pegbox_test_loss": ours["trace"][-1][3]}


def interval_of_mean(values):
    """95 %, by Student's distribution."""
    mean, quantile = statistics.mean(values), {1: float("nan"), 2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776}[len(values)]
    half = quantile * statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else float("nan")
    return [mean, mean - half, mean + half]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2])
    parser.add_argument("--trials", type=int, default=30, help="of the peer")
    parser.add_argument("--pegbox-trials", type=int, default=60, help="at most, so that it may go on after it has what the peer found")
    parser.add_argument("--base", help="made if it is not there")
    parser.add_argument("--keep", help="folder for what single runs gave")
    parser.add_argument("--without", nargs="*", default=[], choices=["priors", "stopping", "search"])
    args = parser.parse_args()
    if not os.path.exists(GSM8K):
        print("end_to_end: GSM8K and the peer (../shared) are not here; nothing was measured")
        return
    with tempfile.TemporaryDirectory() as scratch:
        keep = args.keep or scratch
        os.makedirs(keep, exist_ok=True)
        base = os.path.abspath(args.base or os.path.join(keep, "base"))
        if not os.path.exists(os.path.join(base, "config.json")):
            subprocess.run([sys.executable, os.path.join(SHARED_BENCH, "make_base.py"), "--out", base], check=True)
        files = write_data(scratch)
        per_example = tokens_per_example(base, files)
        seeds, parts = {}, {}
        for seed in args.seeds:
            with tempfile.TemporaryDirectory() as folder:
                peer = kept(keep, f"peer-{seed}", lambda: run_peer(base, seed, args.trials, folder))
            ours = kept(keep, f"pegbox-{seed}", lambda: run_pegbox(base, files, seed, args.pegbox_trials, per_example))
            seeds[seed] = compare(peer, ours)
            print(seed, json.dumps(seeds[seed]), flush=True)
            for part in args.without:
                other = kept(keep, f"pegbox-without-{part}-{seed}", lambda: run_pegbox(base, files, seed, args.pegbox_trials, per_example, part))
                parts.setdefault(part, {})[seed] = compare(peer, other)
                print(seed, "without", part, json.dumps(parts[part][seed]), flush=True)
    ratios = [one["time_ratio"] for one in seeds.values() if one["time_ratio"]]
    tenths = [one["pegbox_test_loss_in_a_tenth"] - one["peer_test_loss"] for one in seeds.values() if one["pegbox_test_loss_in_a_tenth"] is not None]
    result = {"trials": args.trials, "pegbox_trials": args.pegbox_trials, "reached": len(ratios), "seeds": seeds, "without": parts,
              "time_ratio": common.spread(ratios) if ratios else None,
              "loss_difference_in_a_tenth": interval_of_mean(tenths) if tenths else None}
    common.record("end_to_end", result, "torch", "transformers", "peft", "optuna")


if __name__ == "__main__":
    main()
