"""SIGKILL of the trainer in mid-trial: the trial goes on from its last checkpoint, the study does not notice."""

import glob
import json
import os
import signal
import subprocess
import sysconfig
import tempfile
import time

from programs import PEGBOX

STUDY = """
name: killed
trial:
  trainer: {model: base, data: {train: text.txt}, method: lora, rank: 8, tokens: 300000, sequence_length: 64, batch_size: 4, evaluate_tokens: 2000,
            checkpoint_every: 0.3, evaluate_every: 20000}
space: {learning_rate: {range: [1e-4, 1e-2], scale: log}}
objective: {minimize: validation_loss}
budget: {trials: 1}
stop: none
"""


def trainer_process(parent):
    """The trainer below a pegbox process, by its command line; None if there is none yet."""
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            arguments = open(path).read().split("\0")
            if os.path.basename(arguments[0]) == "pegbox-trainer" and "worker" in arguments and is_below(int(path.split("/")[2]), parent):
                return int(path.split("/")[2])
        except (OSError, IndexError):
            continue
    return None


def is_below(process, ancestor):
    while process > 1:
        if process == ancestor:
            return True
        process = int(open(f"/proc/{process}/stat").read().rsplit(")", 1)[1].split()[1])
    return False


def wait_for(condition, seconds, what):
    end = time.time() + seconds
    while time.time() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"{what} did not happen within {seconds} s")


def test_a_killed_trainer_costs_only_the_work_since_its_last_checkpoint():
    with tempfile.TemporaryDirectory() as folder:
        sources = sorted(glob.glob(os.path.join(sysconfig.get_paths()["stdlib"], "*.py")))[:30]
        with open(os.path.join(folder, "text.txt"), "w") as file:
            file.write("\n".join(open(source, errors="ignore").read() for source in sources)[:400000])
        made = subprocess.run([os.path.join(os.path.dirname(PEGBOX), "pegbox-trainer"), "train", "--method", "scratch", "--data", "text.txt", "--layers", "2", "--heads", "4", "--width", "64",
                               "--tokens", "20000", "--batch_size", "8", "--sequence_length", "64", "--vocabulary", "512", "--output", "base"], cwd=folder, capture_output=True, text=True, timeout=250)
        assert made.returncode == 0, made.stderr
        with open(os.path.join(folder, "study.yaml"), "w") as file:
            file.write(STUDY)
        tune = subprocess.Popen([PEGBOX, "tune", "study.yaml", "--quiet"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        first = wait_for(lambda: trainer_process(tune.pid), 60, "the start of a trainer")
        database = os.path.join(folder, "pegbox.db")
        wait_for(lambda: [payload for kind, payload in log_of(database) if kind == "note" and payload.get("key") == "checkpoint"], 120, "a checkpoint")
        os.kill(first, signal.SIGKILL)
        output, _ = tune.communicate(timeout=280)
        assert tune.returncode == 0, output
        shown = subprocess.run([PEGBOX, "show", "killed", "--json"], cwd=folder, capture_output=True, text=True, timeout=30)
        (trial,) = json.loads(shown.stdout)["trials"]
        assert trial["state"] == "done" and trial["metrics"]["tokens"] >= 300000, trial
        events = log_of(database)
        lost = [payload for kind, payload in events if kind == "trial-moved" and "worker-lost" in json.dumps(payload)]
        assert len(lost) == 1, events
        starts = [payload for kind, payload in events if kind == "trial-started"]
        assert len(starts) == 2 and starts[1]["from"] > 0, f"it began again from its beginning: {starts}"
        return f"went on from step {starts[1]['from']}"


def log_of(path):
    import sqlite3

    with sqlite3.connect(path) as connection:
        return [(kind, json.loads(payload)) for kind, payload in connection.execute("SELECT kind, payload FROM events ORDER BY key")]
