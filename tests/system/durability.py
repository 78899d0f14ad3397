"""What durable means, seen from outside with strace: fdatasync has returned before a commit is acknowledged."""

import os
import re
import shutil
import subprocess
import tempfile

from programs import SIMULATED, STUDY_RATE


def traced(arguments, calls):
    """Runs a program under strace; its system calls in order, as (name, whole line)."""
    if shutil.which("strace") is None:
        raise RuntimeError("strace is missing; `make build` installs it")
    with tempfile.NamedTemporaryFile("r", suffix=".strace") as log:
        done = subprocess.run(["strace", "-f", "-y", "-e", "trace=" + ",".join(calls), "-o", log.name, *arguments], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        lines = log.read().splitlines()
    return [(match.group(1), line) for line in lines if (match := re.match(r"\d+ +(?:<\.\.\. )?(\w+)", line))]


def test_every_acknowledgement_follows_an_fdatasync_of_the_log():
    with tempfile.TemporaryDirectory() as folder:
        calls = traced([SIMULATED, "40", f"sqlite:{folder}/s.db"], ["fdatasync", "fsync", "pwrite64", "write"])
    dirty, dirtied, acknowledged = False, 0, 0
    for name, line in calls:
        if name == "pwrite64" and "s.db-wal" in line:
            dirty, dirtied = True, dirtied + 1
        elif name in ("fdatasync", "fsync") and "s.db-wal" in line:
            dirty = False
        elif name == "write" and "write(1<" in line:
            assert not dirty, f"acknowledged before it was durable: {line}"
            acknowledged += 1
    assert acknowledged > 50 and dirtied > 50
    return f"{acknowledged} acknowledgements"


def test_a_trial_costs_one_fdatasync():
    trials = 300
    with tempfile.TemporaryDirectory() as folder:
        calls = traced([STUDY_RATE, "trials", str(trials), "1", f"sqlite:{folder}/s.db"], ["fdatasync", "fsync"])
    syncs = sum(name in ("fdatasync", "fsync") for name, _ in calls)
    assert trials <= syncs <= trials * 1.1 + 20, f"{syncs} syncs for {trials} trials"
    return f"{syncs} syncs for {trials} trials"
