"""SIGKILL of PostgreSQL, of its sessions and of the tuner under load: what was acknowledged is there once, and decisions are the same."""

import os
import random
import subprocess
import tempfile
import threading
import time

from cluster_kills import kill_under_load
from kills import TRIALS, run_to_the_end
from postgres import Postgres
from programs import SIMULATED

KILLS = int(os.environ.get("PEGBOX_TEST_POSTGRES_KILLS", "30"))


class Run:
    """A simulated study that runs until it is killed, and how many events it said were durable."""

    def __init__(self, url):
        self.process = subprocess.Popen([SIMULATED, str(TRIALS), url], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.acknowledged = 0
        self.reading = threading.Thread(target=self.read)
        self.reading.start()

    def read(self):
        for line in self.process.stdout:
            if line.endswith("\n"):
                self.acknowledged = int(line)

    def has_ended(self):
        return self.process.poll() is not None

    def stop(self):
        self.process.kill()
        self.reading.join()
        errors = self.process.stderr.read()
        code = self.process.wait()
        assert code in (0, -9), errors
        return self.acknowledged


def test_kills_of_postgresql_and_of_the_tuner_lose_nothing_and_change_no_decision():
    chance = random.Random(20261128)
    with tempfile.TemporaryDirectory() as folder, Postgres() as postgres:
        expected = run_to_the_end(f"sqlite:{folder}/whole.db", f"{folder}/whole.txt")
        counts = {"tuner": 0, "server": 0, "session": 0}
        studies, url = 0, postgres.new_database()
        run = Run(url)
        while sum(counts.values()) < KILLS:
            time.sleep(chance.uniform(0.02, 0.4))
            if run.has_ended():  # this study is over: compare it, and begin another
                run.stop()
                assert run_to_the_end(url, f"{folder}/killed.txt") == expected
                studies, url = studies + 1, postgres.new_database()
                run = Run(url)
                continue
            victim = chance.choice(list(counts))
            counts[victim] += 1
            if victim == "tuner":
                acknowledged = run.stop()
                assert len(postgres.events(url, "simulated")) >= acknowledged if acknowledged else True, "an acknowledged event is lost"
                run = Run(url)
            elif victim == "server":
                postgres.kill()
                acknowledged = run.acknowledged
                time.sleep(chance.uniform(0, 0.3))
                postgres.start()
                assert not acknowledged or len(postgres.events(url, "simulated")) >= acknowledged, "an acknowledged event is lost"
            else:
                postgres.kill_a_session()
        run.stop()
        assert run_to_the_end(url, f"{folder}/killed.txt") == expected
        return f"{counts}, over {studies + 1} studies of {len(expected)} events"


def test_a_server_and_workers_over_postgresql_that_is_killed_lose_and_double_nothing():
    with Postgres() as postgres:
        url = postgres.new_database()

        def kill_postgres():
            postgres.kill()
            postgres.start()

        return kill_under_load(["--store", url], lambda _, study: postgres.events(url, study), {"postgres": kill_postgres})
