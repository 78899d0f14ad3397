"""SIGKILL of a server and of its workers at random, under load: what was acknowledged is there, once."""

import collections
import http.client
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import tempfile
import threading
import time

from programs import PEGBOX

SECONDS = float(os.environ.get("PEGBOX_TEST_KILL_SECONDS", "20"))
CLIENTS, WORKERS, REPORTS = 12, 3, 5

PROGRAM = """
for step in 1 2 3 4 5; do
  echo "{\\"step\\": $step, \\"loss\\": 1.$step}" >&"$PEGBOX_REPORT_FD"
  sleep 0.02
done
"""


def study_of(name, trials, lease, command):
    return json.dumps(
        {
            "name": name,
            "trial": {"command": command},
            "space": {"x": {"range": [0, 10]}},
            "objective": {"minimize": "loss"},
            "budget": {"trials": trials},
            "search": "random",
            "stop": "none",
            "steps": REPORTS,
            "workers": {"count": 2, "lease": lease, "retries": 1000},
        }
    )


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Cluster:
    """A server and workers, each started again when it is killed."""

    def __init__(self, folder, store):
        self.folder, self.port, self.store = folder, free_port(), store
        self.kills = collections.Counter()
        self.server = self.start_server()
        self.workers = []

    def start(self, *arguments):
        return subprocess.Popen([PEGBOX, *arguments, "--quiet"], cwd=self.folder, stderr=subprocess.DEVNULL)

    def start_server(self):
        return self.start("serve", "--port", str(self.port), "--rate", "0", *self.store)

    def start_workers(self):
        self.workers = [self.start_worker() for _ in range(WORKERS)]

    def start_worker(self):
        return self.start("worker", f"http://127.0.0.1:{self.port}", "--study", "programs")

    def kill_server(self):
        self.server.send_signal(signal.SIGKILL)
        self.server.wait()
        self.server = self.start_server()

    def kill_worker(self, which):
        self.workers[which].send_signal(signal.SIGKILL)
        self.workers[which].wait()
        self.workers[which] = self.start_worker()

    def stop(self):
        for process in [*self.workers, self.server]:
            process.kill()
            process.wait()


class Client:
    """Speaks the API, and says everything again until it is answered."""

    def __init__(self, port):
        self.port, self.connection = port, None

    def call(self, method, path, body=None):
        while True:
            try:
                if self.connection is None:
                    self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
                text = None if body is None else json.dumps(body)
                self.connection.request(method, path, text, {"Content-Type": "application/json"})
                answer = self.connection.getresponse()
                said = json.loads(answer.read())
                if answer.status == 200:
                    return said
                assert answer.status >= 500, f"{path}: {answer.status} {said}"
            except (OSError, http.client.HTTPException, ValueError):
                self.connection = None
            time.sleep(0.02)


def run_trials(port, name, until, acknowledged, faults):
    """Trials one after the other; what was acknowledged is noted after the answer has come."""
    try:
        client, ticket = Client(port), 0
        while time.time() < until:
            ticket += 1
            asked = client.call("POST", "/api/studies/clients/ask", {"worker": name, "ticket": str(ticket)})
            trial = asked["trial"]
            place = f"/api/studies/clients/trials/{trial['number']}/"
            for step in range(1, REPORTS + 1):
                client.call("POST", place + "report", {"lease": trial["lease"], "step": step, "metrics": {"loss": step}})
                acknowledged.append((trial["number"], step))
            client.call("POST", place + "tell", {"lease": trial["lease"], "metrics": {"loss": REPORTS}})
            acknowledged.append((trial["number"], "done"))
    except Exception as fault:
        faults.append(f"{name}: {fault!r}")


def rows_of_file(folder, study):
    """(index, kind, payload) of a study, in order and without a hole."""
    with sqlite3.connect(os.path.join(folder, "pegbox.db")) as connection:
        (identity,) = connection.execute("SELECT id FROM studies WHERE name = ?", (study,)).fetchone()
        rows = connection.execute("SELECT key, kind, payload FROM events WHERE key >> 40 = ? ORDER BY key", (identity,)).fetchall()
    assert [key & (1 << 40) - 1 for key, _, _ in rows] == list(range(len(rows))), "a hole in the log"
    return rows


def counted(rows):
    """How often each report and each end counts. A trial that begins again measures anew what came after that place."""
    counts = collections.Counter()
    for _, kind, payload in rows:
        what = json.loads(payload)
        if kind == "trial-reported":
            counts[what["trial"], what["step"]] += 1
        elif kind == "trial-moved" and what["to"] in ("done", "failed"):
            counts[what["trial"], what["to"]] += 1
        elif kind == "trial-started":
            for step in range(what["from"] + 1, REPORTS + 1):
                counts.pop((what["trial"], step), None)
    return counts


def kill_under_load(store, rows_of, more_kills):
    """Kills the server, workers and, by name, `more_kills` at random, while clients and workers run trials, and counts at the end."""
    chance = random.Random(20261128)
    trials = int(SECONDS * 8)
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "train.sh"), "w") as file:
            file.write(PROGRAM)
        cluster = Cluster(folder, store)
        try:
            main = Client(cluster.port)
            main.call("POST", "/api/studies", {"file": study_of("clients", 10**6, "60s", "true {x}")})
            main.call("POST", "/api/studies", {"file": study_of("programs", trials, "2s", "sh train.sh {x}")})
            cluster.start_workers()
            acknowledged, faults, until = [], [], time.time() + SECONDS
            callers = [threading.Thread(target=run_trials, args=(cluster.port, f"c{i}", until, acknowledged, faults)) for i in range(CLIENTS)]
            for caller in callers:
                caller.start()
            kills = {"server": cluster.kill_server, "worker": lambda: cluster.kill_worker(chance.randrange(WORKERS)), **more_kills}
            while time.time() < until:
                time.sleep(chance.uniform(0.2, 1))
                victim = chance.choice(list(kills))
                kills[victim]()
                cluster.kills[victim] += 1
            for caller in callers:
                caller.join(60)
            assert not faults and not any(caller.is_alive() for caller in callers), faults
            end = time.time() + 120
            while main.call("GET", "/api/studies/programs")["state"] != "finished":
                assert time.time() < end, "the workers' study does not end"
                time.sleep(0.2)
        finally:
            cluster.stop()
        stored = counted(rows_of(folder, "clients"))
        assert len(set(acknowledged)) == len(acknowledged)
        assert all(stored[each] == 1 for each in acknowledged), [each for each in acknowledged if stored[each] != 1]
        worked = counted(rows_of(folder, "programs"))
        expected = {(trial, what): 1 for trial in range(trials) for what in [*range(1, REPORTS + 1), "done"]}
        assert worked == expected, {key: (worked[key], expected.get(key, 0)) for key in {*worked, *expected} if worked[key] != expected.get(key, 0)}
        return f"kills: {dict(cluster.kills)}; {len(acknowledged)} acknowledged, {trials} trials of programs"


def test_a_server_and_workers_that_are_killed_at_random_lose_and_double_nothing():
    return kill_under_load([], rows_of_file, {})
