"""What the comparisons share: where things are, the machine in words, repeated measurement, and the results' files."""

import datetime
import importlib.metadata
import json
import os
import platform
import statistics
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BIN = os.path.join(ROOT, "build", "bin")
BENCH_BIN = os.path.join(ROOT, "build", "release", "bench")
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


def versions(*packages):
    pegbox = subprocess.run([os.path.join(BIN, "pegbox"), "--version"], capture_output=True, text=True).stdout.strip()
    return {"pegbox": pegbox, "python": platform.python_version(), **{p: importlib.metadata.version(p) for p in packages}}


def spread(values):
    """Median with the smallest and largest, as measured."""
    return {"median": statistics.median(values), "low": min(values), "high": max(values), "runs": len(values)}


def record(name, result, *packages):
    """Prints the result and writes it to bench/results/NAME.json."""
    whole = {"bench": name, "date": datetime.date.today().isoformat(), "machine": machine(), "versions": versions(*packages), **result}
    os.makedirs(RESULTS, exist_ok=True)
    with open(os.path.join(RESULTS, f"{name}.json"), "w") as file:
        json.dump(whole, file, indent=1)
        file.write("\n")
    json.dump(whole, sys.stdout, indent=1)
    print()
