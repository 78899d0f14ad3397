"""A study for an engine: a program that saves what it has done, and what became of it all."""

import collections
import json
import os
import sqlite3
import subprocess
import time

from programs import PEGBOX

# Names a snapshot after each step, and goes on from the one that it is given; notes every step that it really made.
PROGRAM = """
last=0
case "$PEGBOX_RESUME" in *step-*) last=${PEGBOX_RESUME##*step-} ;; esac
echo "$PEGBOX_TRIAL start $last $(id -u)" >> made.txt
step=$last
while [ $step -lt $1 ]; do
  step=$((step + 1))
  sleep $2
  echo "$PEGBOX_TRIAL $step" >> made.txt
  : > "$PEGBOX_CHECKPOINT_DIR/step-$step"
  echo "{\\"step\\": $step, \\"loss\\": $3}" >&"$PEGBOX_REPORT_FD"
  echo "{\\"checkpoint\\": {\\"step\\": $step, \\"name\\": \\"step-$step\\"}}" >&"$PEGBOX_REPORT_FD"
done
"""


def wait_for(what, seconds=60, why="it does not come"):
    end = time.time() + seconds
    while not (seen := what()):
        assert time.time() < end, why() if callable(why) else why
        time.sleep(0.1)
    return seen


class EngineStudy:
    """A study file and its program in a folder, and `pegbox tune --on ENGINE` of it."""

    def __init__(self, folder, engine, environment, *, trials=8, steps=3, nap=0.05, workers=None, **more):
        self.folder, self.engine, self.environment, self.steps = folder, engine, environment, steps
        with open(os.path.join(folder, "train.sh"), "w") as file:
            file.write(PROGRAM)
        self.spec = {
            "name": "s",
            "trial": {"command": f"sh train.sh {steps} {nap} {{x}}"},
            "space": {"x": {"range": [0, 1]}},
            "objective": {"minimize": "loss"},
            "budget": {"trials": trials},
            "search": "random",
            "stop": "none",
            "workers": {"count": 2, "lease": "20s", "grace": "2s", **(workers or {})},
            **more,
        }
        self.write()

    def write(self):
        with open(os.path.join(self.folder, "study.yaml"), "w") as file:
            json.dump(self.spec, file)

    def tune(self, *flags):
        command = [PEGBOX, "tune", "study.yaml", "--on", self.engine, "--host", "127.0.0.1", *flags]
        self.errors = open(os.path.join(self.folder, "tune.log"), "a+")
        return subprocess.Popen(command, cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, stdout=self.errors, stderr=self.errors)

    def pegbox(self, *arguments, environment=None):
        return subprocess.run(
            [PEGBOX, *arguments], cwd=self.folder, env=environment or self.environment, capture_output=True, text=True, check=False, timeout=120
        )

    def log(self):
        with open(os.path.join(self.folder, "tune.log")) as file:
            return file.read()

    def finish(self, process, code=0, seconds=180):
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            raise AssertionError(f"it does not end:\n{self.log()}") from None
        assert process.returncode == code, f"exit code {process.returncode}:\n{self.log()}"

    def show(self):
        return json.loads(self.pegbox("show", "s", "--json").stdout)

    def trials(self, state):
        shown = self.pegbox("show", "s", "--json").stdout
        return [trial for trial in json.loads(shown)["trials"] if trial["state"] == state] if shown else []

    def made(self):
        """How often each trial made each step, and where its runs began: {trial: Counter}, {trial: [step]}."""
        steps, starts = collections.defaultdict(collections.Counter), collections.defaultdict(list)
        path = os.path.join(self.folder, "made.txt")
        for line in open(path).read().splitlines() if os.path.exists(path) else []:
            words = line.split()
            if words[1] == "start":
                starts[int(words[0])].append(int(words[2]))
            else:
                steps[int(words[0])][int(words[1])] += 1
        return steps, starts

    def workers(self):
        """The workers that ever had a trial, without the number that each adds to its name."""
        names = set()
        with sqlite3.connect(os.path.join(self.folder, "pegbox.db")) as connection:
            for (payload,) in connection.execute("SELECT payload FROM events WHERE kind = 'trial-started'"):
                name = json.loads(payload).get("worker", "")
                if name:
                    names.add(name.split("/")[0].rsplit("-", 1)[0])
        return names

    def check_whole(self, trials):
        """Each trial is done and has each step in its log, once."""
        shown = self.show()
        assert shown["state"] == "finished", shown["state"]
        assert len(shown["trials"]) == trials, len(shown["trials"])
        for trial in shown["trials"]:
            assert trial["state"] == "done", trial
            assert [report["step"] for report in trial["reports"]] == list(range(1, self.steps + 1)), trial
