"""Every command that takes a store, on a real PostgreSQL, and what people see when it is not there."""

import json
import os
import subprocess
import tempfile
import time

from postgres import Postgres
from programs import PEGBOX

STUDY = """
name: mine
trial: {command: "sh train.sh {x}"}
space: {x: {range: [0, 10]}}
objective: {minimize: loss}
budget: {trials: 10}
search: random
stop: none
steps: 2
"""
PROGRAM = 'for step in 1 2; do echo "{\\"step\\": $step, \\"loss\\": $1}" >&"$PEGBOX_REPORT_FD"; sleep ${PAUSE:-0}; done\n'


class Desk:
    """A folder with a study file, and the program with a store."""

    def __init__(self, folder, url):
        self.folder, self.environment = folder, {**os.environ, "PEGBOX_STORE": url, "NO_COLOR": "1"}
        for name, text in {"study.yaml": STUDY, "train.sh": PROGRAM}.items():
            with open(os.path.join(folder, name), "w") as file:
                file.write(text)

    def start(self, *arguments, **environment):
        return subprocess.Popen([PEGBOX, *arguments], cwd=self.folder, env={**self.environment, **environment}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def say(self, *arguments, code=0):
        process = self.start(*arguments)
        out, errors = process.communicate(timeout=60)
        assert process.returncode == code, f"{arguments}: {process.returncode}\n{out}\n{errors}"
        return out + errors

    def diagnosis(self):
        """What `doctor` says of the store; what else is missing here does not matter."""
        findings = json.loads(self.start("doctor", "--json").communicate(timeout=60)[0])
        (store,) = [finding for finding in findings if finding["subject"] == "store"]
        assert store["health"] == "ok", store
        return store["value"]

    def runs(self):
        return "running" in self.start("list").communicate(timeout=60)[0]

    def read(self, *arguments):
        return json.loads(self.say(*arguments, "--json", "--quiet"))


def wait_until(holds, seconds=20):
    end = time.time() + seconds
    while not holds():
        assert time.time() < end
        time.sleep(0.05)


def test_every_command_works_on_postgresql():
    with tempfile.TemporaryDirectory() as folder, Postgres() as postgres:
        url = postgres.new_database()
        desk = Desk(folder, url)
        assert "init" in desk.say("list", code=2)
        assert "will make the tables" in desk.diagnosis()
        assert "begins in " + url in desk.say("tune", "study.yaml")
        assert not os.path.exists(os.path.join(folder, "pegbox.db"))
        assert os.path.isdir(os.path.join(folder, "test1.postgresql.files", "mine"))
        (row,) = desk.read("list")
        assert row["state"] == "finished" and row["trials"]["done"] == 10
        shown = desk.read("show", "mine")
        assert [len(trial["reports"]) for trial in shown["trials"]] == [2] * 10
        best = desk.read("best", "mine")
        assert best["metrics"]["loss"] == min(trial["metrics"]["loss"] for trial in shown["trials"])
        for command in (["logs", "mine", "0"], ["replay", "mine"], ["card", "mine"], ["report", "mine"], ["what-if", "mine"], ["gc"]):
            desk.say(*command)
        assert len(desk.say("export", "mine", "--to", "csv", "--quiet").splitlines()) == 11
        assert "pg_dump --schema=pegbox" in desk.say("backup", "copy.db", code=2)
        pause_and_stop(desk)
        desk.say("delete", "mine", "--yes")
        assert desk.read("list") == []


def pause_and_stop(desk):
    """A run that is paused, gone on with, and stopped by others, in another process."""
    with open(os.path.join(desk.folder, "study.yaml"), "w") as file:
        file.write(STUDY.replace("trials: 10", "trials: 1000"))
    for wish, state, code in (("pause", "paused", 130), ("stop", "stopped", 0)):
        run = desk.start("tune", "study.yaml", PAUSE="0.05")
        wait_until(desk.runs)
        assert "another process" in desk.say("tune", "study.yaml", code=2)
        assert "another process" in desk.say("delete", "mine", "--yes", code=2)
        desk.say(wish, "mine", "--wait")
        out, errors = run.communicate(timeout=30)
        assert run.returncode == code, f"{out}\n{errors}"
        assert desk.read("list")[0]["state"] == state


def test_a_server_that_is_not_there_or_refuses_is_said_without_the_password():
    with tempfile.TemporaryDirectory() as folder, Postgres() as postgres:
        url = postgres.new_database().replace("pegbox@", "pegbox:hidden-word@")
        desk = Desk(folder, url)
        desk.say("tune", "study.yaml")
        assert "createdb" in Desk(folder, url.replace("test1", "nowhere")).say("list", code=2)
        postgres.kill()
        for command in (["list"], ["tune", "study.yaml"], ["best", "mine"], ["serve"]):
            said = desk.say(*command, code=3)
            assert "no PostgreSQL server answers" in said and "systemctl start postgresql" in said, said
            assert "hidden-word" not in said
        postgres.start()
        assert "with 1 study" in desk.diagnosis() and "hidden-word" not in desk.diagnosis()


def test_a_run_goes_on_when_the_server_was_away_for_seconds():
    with tempfile.TemporaryDirectory() as folder, Postgres() as postgres:
        url = postgres.new_database()
        desk = Desk(folder, url)
        run = desk.start("tune", "study.yaml", PAUSE="0.3")
        wait_until(desk.runs)
        time.sleep(0.5)
        postgres.kill()
        time.sleep(3)
        postgres.start()
        out, errors = run.communicate(timeout=60)
        assert run.returncode == 0, f"{out}\n{errors}"
        assert desk.read("list")[0]["trials"]["done"] == 10
