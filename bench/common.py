"""What the comparisons share: where things are, the machine in words, repeated measurement, and the results' files."""

import datetime
import importlib.metadata
import importlib.util
import itertools
import json
import os
import platform
import statistics
import string
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BIN = os.path.join(ROOT, "build", "bin")
BENCH_BIN = os.environ.get("PEGBOX_BENCH_BIN", os.path.join(ROOT, "build", "release", "bench"))
RESULTS = os.path.join(ROOT, "bench", "results")
SHARED = os.environ.get("PEGBOX_SHARED", os.path.join(os.path.dirname(ROOT), "shared"))  # recorded runs and their benchmarks, not part of the tree


def machine():
    """The class of machine: cores, memory, and the widest vector units."""
    flags = ""
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("flags"):
                flags = line
                break
    units = [unit for unit in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if f" {unit}" in flags]
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = f"{platform.system()} {platform.machine()}, {' '.join(platform.libc_ver())}"
    return {"cores": os.cpu_count(), "memory_gib": round(memory_gib), "vector_units": units, "system": system}


def _pegbox_version():
    """Of the program; where only the search half is built, of the package."""
    program = os.path.join(BIN, "pegbox")
    if os.path.exists(program):
        return subprocess.run([program, "--version"], capture_output=True, text=True).stdout.strip()
    import pegbox

    return f"pegbox {pegbox.__version__}"


def versions(*packages):
    return {"pegbox": _pegbox_version(), "python": platform.python_version(), **{p: importlib.metadata.version(p) for p in packages}}


def shared_program(name):
    """The module ../shared/bench/NAME.py; where it is absent, as in a user's clone, says so and ends the program."""
    folder = os.path.join(SHARED, "bench")
    path = os.path.join(folder, f"{name}.py")
    if not os.path.exists(path):
        print(f"{name}: the recorded runs and their program (../shared/bench/{name}.py) are not here; nothing was measured")
        sys.exit(0)
    sys.path.append(folder)
    spec = importlib.util.spec_from_file_location(f"shared_{name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Vocabulary:
    """Words of random letters, of which texts are drawn with Zipf's frequencies."""

    def __init__(self, size, draw):
        self._draw = draw
        self._words = ["".join(draw.choice(string.ascii_lowercase) for _ in range(2 + draw.randrange(9))) for _ in range(size)]
        self._weights = list(itertools.accumulate(1 / rank for rank in range(1, size + 1)))

    def text(self, words):
        """A list of about so many words."""
        return self._draw.choices(self._words, cum_weights=self._weights, k=self._draw.randrange(words // 2, words * 3 // 2))


def spread(values):
    """Median with the smallest and largest, as measured."""
    return {"median": statistics.median(values), "low": min(values), "high": max(values), "runs": len(values)}


def record(name, result, *packages, path=None):
    """Prints the result and writes it to bench/results/NAME.json, or to `path`; what single runs gave goes to the file only, one line for each part."""
    whole = {"bench": name, "date": datetime.date.today().isoformat(), "machine": machine(), "versions": versions(*packages), **result}
    runs = whole.pop("runs", None)
    text = json.dumps(whole, indent=1)
    os.makedirs(RESULTS, exist_ok=True)
    with open(path or os.path.join(RESULTS, f"{name}.json"), "w") as file:
        if runs is None:
            file.write(text + "\n")
        else:
            parts = [f" {json.dumps(key)}: {json.dumps(part)}" for key, part in sorted(runs.items())]
            file.write(text[:-2] + ',\n "runs": {\n' + ",\n".join(parts) + "\n }\n}\n")
    print(text)
