"""Where the built programs are."""

import os

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.environ.get("PEGBOX_BIN", os.path.join(ROOT, "build", "bin"))
BENCH_BIN = os.environ.get("PEGBOX_BENCH_BIN", os.path.join(ROOT, "build", "release", "bench"))
PEGBOX = os.path.join(BIN, "pegbox")
SIMULATED = os.path.join(BENCH_BIN, "pegbox-bench-simulated_study")
STUDY_RATE = os.path.join(BENCH_BIN, "pegbox-bench-study_rate")
