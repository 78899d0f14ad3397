"""How fast `pegbox check` reads JSON lines, and how much memory it takes: all checks, as a whole process.

    build/venv/bin/python bench/data_check.py [--megabytes 1000] [--words 150]

The rows are texts of random words from a vocabulary with Zipf's frequencies; every fiftieth is a copy and every fiftieth a near copy of an earlier one.
The target is 1 GB in under 5 minutes and 1 GB of memory on two cores.
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
VOCABULARY = 50_000


def write_rows(path, megabytes, words):
    """Returns the number of rows, of copies, and of near copies."""
    draw = random.Random(0)
    vocabulary = common.Vocabulary(VOCABULARY, draw)
    rows = copies = near = size = 0
    earlier = None
    with open(path, "w") as file:
        while size < megabytes * 10**6:
            text = vocabulary.text(words)
            for start in range(0, len(text), 12):
                text[start] = text[start].capitalize()
                text[min(start + 11, len(text) - 1)] += "."
            if earlier and rows % 50 == 7:
                text, copies = earlier, copies + 1
            elif earlier and rows % 50 == 9:
                text, near = [*earlier[:-1], "another"], near + 1
            elif rows % 50 < 7:
                earlier = text
            line = json.dumps({"text": " ".join(text)}) + "\n"
            size += file.write(line)
            rows += 1
    return rows, copies, near


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--words", type=int, default=150, help="of a row, on average")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=os.path.join(common.ROOT, "build")) as folder:
        path = os.path.join(folder, "rows.jsonl")
        rows, copies, near = write_rows(path, options.megabytes, options.words)
        start = time.perf_counter()
        done = subprocess.run([PEGBOX, "check", path, "--json"], capture_output=True, text=True)
        seconds = time.perf_counter() - start
        assert done.returncode == 0, done.stderr
        found = {finding["check"]: finding["count"] for finding in json.loads(done.stdout)["findings"]}
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
        megabytes = os.path.getsize(path) / 1e6
    result = {
        "megabytes": round(megabytes),
        "rows": rows,
        "seconds": round(seconds, 1),
        "megabytes_per_s": round(megabytes / seconds, 1),
        "seconds_for_1_gb": round(seconds * 1000 / megabytes),
        "peak_megabytes": round(peak / 1e6),
        "planted": {"duplicates": copies, "near_duplicates": near},
        "found": found,
    }
    common.record("data_check", result)


main()
