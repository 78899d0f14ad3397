"""Runs the tests of faults: kills, lost workers, durability as the system sees it. Needs only Python's standard library.

    python3 tests/system/run.py [NAME ...]
"""

import importlib
import os
import sys
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
MODULES = ["cluster_kills", "durability", "kills", "postgres_commands", "postgres_kills", "trainer_kills"]


def main():
    wanted = sys.argv[1:]
    passed = failed = 0
    for module in MODULES:
        for name, test in list(vars(importlib.import_module(module)).items()):
            if not name.startswith("test_") or (wanted and name not in wanted and module not in wanted):
                continue
            start = time.time()
            try:
                note = test() or ""
                passed += 1
                print(f"ok      {module}.{name} ({time.time() - start:.1f} s) {note}", flush=True)
            except Exception:
                failed += 1
                print(f"FAILED  {module}.{name}\n{traceback.format_exc()}", flush=True)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


main()
