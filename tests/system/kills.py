"""SIGKILL at random moments: a simulated study with 8 workers loses no acknowledged event and takes the same decisions."""

import os
import random
import sqlite3
import subprocess
import tempfile
import time

from programs import SIMULATED

KILLS = int(os.environ.get("PEGBOX_TEST_KILLS", "200"))
TRIALS = 3000


def run_to_the_end(store, dump):
    done = subprocess.run([SIMULATED, str(TRIALS), store, dump], capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    return open(dump).read().splitlines()


def stored_events(path):
    with sqlite3.connect(path) as connection:
        keys = [key for key, in connection.execute("SELECT key FROM events ORDER BY key")]
    assert len(set(keys)) == len(keys)
    assert keys == list(range(keys[0], keys[0] + len(keys))), "a hole in the log"
    return len(keys)


def run_and_kill(store, after_s):
    """Starts the study and kills it. The number of events that it said were durable, or None if it ended by itself."""
    process = subprocess.Popen([SIMULATED, str(TRIALS), store], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(after_s)
    ended = process.poll() is not None
    process.kill()
    output, errors = process.communicate()
    assert not ended or process.returncode == 0, errors.decode()
    whole_lines = output.decode().split("\n")[:-1]
    return int(whole_lines[-1]) if whole_lines else 0, ended


def test_200_kills_lose_nothing_and_change_no_decision():
    chance = random.Random(20261122)
    with tempfile.TemporaryDirectory() as folder:
        start = time.time()
        expected = run_to_the_end(f"sqlite:{folder}/whole.db", f"{folder}/whole.txt")
        whole_s = time.time() - start
        killed = studies = in_a_row = 0
        store = f"{folder}/killed.db"
        while killed < KILLS:
            acknowledged, ended = run_and_kill(f"sqlite:{store}", chance.uniform(0.003, max(0.05, whole_s / 12)))
            if ended:  # this study is over: compare it, and begin another
                assert run_to_the_end(f"sqlite:{store}", f"{folder}/killed.txt") == expected
                studies, store = studies + 1, f"{folder}/killed-{studies}.db"
                continue
            killed += 1
            if acknowledged:
                assert stored_events(store) >= acknowledged, "an acknowledged event is lost"
        assert run_to_the_end(f"sqlite:{store}", f"{folder}/killed.txt") == expected
        return f"{killed} kills over {studies + 1} studies of {len(expected)} events"
