"""How long a person waits: `pegbox --help`, and `pegbox show` of a study with 10,000 trials. Milliseconds as a whole process.

    build/venv/bin/python bench/startup.py [--runs 21]
"""

import argparse
import os
import subprocess
import tempfile
import time

import common

PEGBOX = os.path.join(common.BIN, "pegbox")


def milliseconds(arguments, folder):
    start = time.perf_counter()
    done = subprocess.run(arguments, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert done.returncode == 0, done.stderr
    return (time.perf_counter() - start) * 1000


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=21)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory(dir=os.path.join(common.ROOT, "build")) as folder:
        rate = os.path.join(common.BENCH_BIN, "pegbox-bench-study_rate")
        subprocess.run([rate, "trials", "10000", "8", f"sqlite:{folder}/pegbox.db"], check=True, stdout=subprocess.DEVNULL)
        measure = lambda *arguments: common.spread([milliseconds([PEGBOX, *arguments], folder) for _ in range(runs)])
        result = {
            "help_ms": measure("--help"),
            "show_10000_trials_ms": measure("show", "bench"),
            "show_10000_trials_json_ms": measure("show", "bench", "--json"),
            "list_ms": measure("list"),
            "best_ms": measure("best", "bench"),
            "an_empty_process_ms": common.spread([milliseconds(["true"], folder) for _ in range(runs)]),
        }
    common.record("startup", result)


main()
