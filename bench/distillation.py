"""What a teacher is worth: small models trained from scratch on books, plainly and from a larger one's probabilities, at equal tokens.

    python bench/distillation.py [--seeds 3] [--teacher-tokens 1500000] [--tokens 500000] [--text ../shared/data/text/standardebooks] [--folder FOLDER]

The teacher is trained from scratch on the same text with pegbox. Rates are chosen for both sides alike, by the validation loss of the first seed's runs, each side its best; then all
seeds run. Reported are each seed's validation losses, and the mean difference over the texts of the validation data, paired by text and averaged over seeds, with the 95 % interval of a
bootstrap over texts, and that of Student's t over seeds.
"""

import argparse
import contextlib
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile

import common

TRAINER = os.environ.get("PEGBOX_TRAINER", os.path.join(common.BIN, "pegbox-trainer"))
BOOKS = ["moby_dick", "pride_prejudice", "sherlock", "war_and_peace"]
TEACHER = dict(width=192, layers=4, heads=6, batch_size=16, learning_rate=3e-3)
STUDENT = dict(width=64, layers=2, heads=4, batch_size=8)
RATES = [1e-3, 2e-3, 4e-3]
DISTILLED = dict(distill_weight=0.9)


def write_data(text_folder, folder):
    """Pieces of about 2,000 bytes, of which each twentieth is for validation."""
    pieces = []
    for book in BOOKS:
        with open(os.path.join(text_folder, f"{book}.txt"), encoding="utf-8") as file:
            piece = ""
            for paragraph in file.read().split("\n\n"):
                piece += paragraph + "\n\n"
                if len(piece) > 2000:
                    pieces.append(piece)
                    piece = ""
    random.Random(0).shuffle(pieces)
    parts = {"train": [p for i, p in enumerate(pieces) if i % 20], "validation": pieces[::20]}
    for part, texts in parts.items():
        with open(os.path.join(folder, f"{part}.jsonl"), "w") as file:
            file.writelines(json.dumps({"text": text}) + "\n" for text in texts)
    return {part: os.path.join(folder, f"{part}.jsonl") for part in parts}


def call(verb, config):
    done = subprocess.run([TRAINER, verb, "--json", "--json-config", json.dumps(config)], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def train(data, folder, name, **fields):
    """A run from scratch, unless the folder has it already: its validation loss, and that of each text with its labels."""
    output, texts = os.path.join(folder, name), os.path.join(folder, f"{name}.jsonl")
    if not os.path.exists(texts):
        call("train", {"data": data, "method": "scratch", "sequence_length": 128, "checkpoint_every": 0, "output": output, **fields})
        call("evaluate", {"model": output, "data": data["validation"], "sequence_length": 128, "per_row": texts})
    with open(texts) as file:
        rows = [row for row in map(json.loads, file) if row["label_tokens"]]
    loss = sum(row["loss"] * row["label_tokens"] for row in rows) / sum(row["label_tokens"] for row in rows)
    print(f"{name}: {loss:.4f}", file=sys.stderr, flush=True)
    return loss, [(row["loss"] * row["label_tokens"], row["label_tokens"]) for row in rows]


def bootstrap(differences, labels, samples=10000):
    """The mean difference per token with its 95 % interval over texts."""
    rng, indices = random.Random(0), range(len(labels))
    means = []
    for _ in range(samples):
        drawn = rng.choices(indices, k=len(labels))
        means.append(sum(differences[i] for i in drawn) / sum(labels[i] for i in drawn))
    means.sort()
    return {"mean": sum(differences) / sum(labels), "low": means[int(0.025 * samples)], "high": means[int(0.975 * samples)]}


def student_t(values):
    quantile = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776}[len(values)]
    mean, half = statistics.mean(values), quantile * statistics.stdev(values) / len(values) ** 0.5
    return {"mean": mean, "low": mean - half, "high": mean + half}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--teacher-tokens", type=int, default=1_500_000)
    parser.add_argument("--tokens", type=int, default=500_000)
    parser.add_argument("--text", default=os.path.join(common.SHARED, "data", "text", "standardebooks"))
    parser.add_argument("--folder", help="of data and runs, which are kept there; those that it has are not run again")
    parser.add_argument("--no-record", action="store_true")
    arguments = parser.parse_args()
    with contextlib.nullcontext(arguments.folder) if arguments.folder else tempfile.TemporaryDirectory() as folder:
        data = write_data(arguments.text, folder)
        teacher = os.path.join(folder, "teacher")
        teacher_loss, _ = train(data, folder, "teacher", tokens=arguments.teacher_tokens, seed=0, **TEACHER)
        sides = {"plain": {"tokenizer": teacher}, "distilled": {"teacher": teacher, **DISTILLED}}

        def student(side, rate, seed, **fields):
            return train(data, folder, f"{side}-{rate:g}-{seed}", tokens=arguments.tokens, seed=seed, learning_rate=rate, **STUDENT, **{**sides[side], **fields})

        tried = {side: {rate: student(side, rate, 0) for rate in RATES} for side in sides}
        rates = {side: min(RATES, key=lambda rate: tried[side][rate][0]) for side in sides}
        runs = {side: [tried[side][rates[side]]] + [student(side, rates[side], seed) for seed in range(1, arguments.seeds)] for side in sides}
        labels = [count for _, count in runs["plain"][0][1]]
        differences = [statistics.mean(d[1][i][0] - p[1][i][0] for d, p in zip(runs["distilled"], runs["plain"])) for i in range(len(labels))]
    losses = {side: [loss for loss, _ in runs[side]] for side in runs}
    result = {
        "what": "validation loss, nats a token; differences are distilled less plain",
        "text": f"Standard Ebooks: {', '.join(BOOKS)}",
        "tokens": {"teacher": arguments.teacher_tokens, "student": arguments.tokens},
        "teacher": {**TEACHER, "validation_loss": teacher_loss},
        "student": STUDENT,
        "distilled_with": DISTILLED,
        "rates": {"tried": {side: {f"{rate:g}": run[0] for rate, run in tried[side].items()} for side in tried}, "chosen": rates},
        "validation_loss": losses,
        "difference_over_texts": {**bootstrap(differences, labels), "texts": len(labels)},
        "difference_over_seeds": student_t([d - p for d, p in zip(losses["distilled"], losses["plain"])]),
    }
    if arguments.no_record:
        print(json.dumps(result, indent=1))
    else:
        common.record("distillation", result)


if __name__ == "__main__":
    main()
