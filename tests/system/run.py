"""Runs the tests of faults and of engines: kills, lost workers, durability as the system sees it; Slurm and Ray. Needs only
Python's standard library; what else a test needs it installs, or it is skipped.

    python3 tests/system/run.py [NAME ...]
"""

import importlib
import os
import sys
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from skipped import Skipped  # noqa: E402

MODULES = [
    "cluster_kills",
    "durability",
    "kills",
    "network_cuts",
    "postgres_commands",
    "postgres_kills",
    "ray_engine",
    "slurm_engine",
    "trainer_kills",
]


def run(name, test):
    """On a crowded machine a test of what happens in time may need another go."""
    try:
        return test()
    except Skipped:
        raise
    except Exception:
        print(f"again   {name}\n{traceback.format_exc()}", flush=True)
        return test()


def main():
    wanted = sys.argv[1:]
    passed = failed = skipped = 0
    for module in MODULES:
        for name, test in list(vars(importlib.import_module(module)).items()):
            if not name.startswith("test_") or (wanted and name not in wanted and module not in wanted):
                continue
            start = time.time()
            try:
                note = run(name, test) or ""
                passed += 1
                print(f"ok      {module}.{name} ({time.time() - start:.1f} s) {note}", flush=True)
            except Skipped as why:
                skipped += 1
                print(f"skipped {module}.{name}: {why}", flush=True)
            except Exception:
                failed += 1
                print(f"FAILED  {module}.{name}\n{traceback.format_exc()}", flush=True)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    sys.exit(1 if failed or not passed + skipped else 0)


main()
