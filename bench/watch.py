"""How many log records a minute `pegbox watch` takes in, with all its checks: personal data replaced, drift, rates, leaks of training text, a classifier.

    build/venv/bin/python bench/watch.py [--records 100000] [--words 60]

The records have a prompt and an output of random words from a vocabulary with Zipf's frequencies, a score, a rating, two fields of groups, and now and then
an address. The target is 100,000 records a minute. It runs in one thread; on a machine with other work its CPU time says what it would do alone.
"""

import argparse
import json
import os
import random
import resource
import subprocess
import tempfile
import time

import common

PEGBOX = os.path.join(common.BIN, "pegbox")
VOCABULARY = 20_000
WATCH = """logs: log.jsonl
scores: judge
groups: [model, language]
safety:
  training: train.jsonl
  offensive: {data: labelled.jsonl, positive: [bad]}
"""


def write_files(folder, records, words):
    draw = random.Random(0)
    vocabulary = common.Vocabulary(VOCABULARY, draw)

    def text():
        return " ".join(vocabulary.text(words))

    def lines(name, rows):
        with open(os.path.join(folder, name), "w") as file:
            for row in rows:
                file.write(json.dumps(row) + "\n")

    lines("train.jsonl", ({"text": text()} for _ in range(5000)))
    lines("labelled.jsonl", ({"text": text() + (" vile" if i % 3 == 0 else ""), "label": "bad" if i % 3 == 0 else "good"} for i in range(1000)))
    lines("log.jsonl", ({"prompt": text() + (f" mail user{i}@example.org" if i % 20 == 0 else ""), "output": text(), "judge": draw.gauss(0, 1), "rating": int(draw.random() < 0.9),
                         "model": draw.choice("ab"), "language": draw.choice(["en", "de", "fr"])} for i in range(records)))
    with open(os.path.join(folder, "watch.yaml"), "w") as file:
        file.write(WATCH)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--words", type=int, default=60, help="of a prompt and of an output, on average")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=os.path.join(common.ROOT, "build")) as folder:
        write_files(folder, options.records, options.words)
        megabytes = os.path.getsize(os.path.join(folder, "log.jsonl")) / 1e6
        start = time.perf_counter()
        done = subprocess.run([PEGBOX, "watch", "watch.yaml", "--once", "--json"], cwd=folder, capture_output=True, text=True)
        seconds = time.perf_counter() - start
        assert done.returncode in (0, 3), done.stderr
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        summary = json.loads(done.stdout.splitlines()[-1])["summary"]
        assert summary["records"] == options.records
    common.record("watch", {
        "records": options.records,
        "megabytes": round(megabytes, 1),
        "seconds": round(seconds, 1),
        "records_per_minute": round(options.records / seconds * 60),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 1),
        "records_per_cpu_minute": round(options.records / (usage.ru_utime + usage.ru_stime) * 60),
        "peak_megabytes": round(usage.ru_maxrss * 1024 / 1e6),
        "windows": summary["windows"],
        "windows_with_an_alarm": summary["alarms"],
    })


main()
