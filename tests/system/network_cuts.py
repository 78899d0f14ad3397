"""The network between a server and one of its workers is cut: for a moment, for half a minute, for longer than the lease."""

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import time

from engine_study import EngineStudy, wait_for
from programs import PEGBOX
from skipped import Skipped

SERVER, WORKER, PORT = "10.213.77.1", "10.213.77.2", 8765


def ip(*arguments):
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Skipped(f"no network of one's own in this place: ip {' '.join(arguments)}: {done.stderr.strip()}")


class Network:
    """Two namespaces with a cable between them: one of the server, one of a worker."""

    def __init__(self):
        if os.geteuid() != 0 or not shutil.which("ip"):
            raise Skipped("network namespaces need root and `ip` (apt-get install iproute2)")
        self.server, self.worker = (f"pegbox-{side}-{os.getpid()}" for side in ("server", "worker"))

    def __enter__(self):
        with contextlib.ExitStack() as undo:
            for name in (self.server, self.worker):
                ip("netns", "add", name)
                undo.callback(subprocess.run, ["ip", "netns", "del", name], check=False)
            ip("-n", self.server, "link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", self.worker)
            for name, address in ((self.server, SERVER), (self.worker, WORKER)):
                ip("-n", name, "address", "add", address + "/24", "dev", "cable")
                ip("-n", name, "link", "set", "cable", "up")
                ip("-n", name, "link", "set", "lo", "up")
            self.undo = undo.pop_all()
        return self

    def __exit__(self, *_):
        self.undo.close()

    def cut(self):
        ip("-n", self.worker, "link", "set", "cable", "down")

    def mend(self):
        ip("-n", self.worker, "link", "set", "cable", "up")


class Cluster:
    """A server on one side; a worker on each, in one folder."""

    def __init__(self, network, folder, lease, trials, steps, nap):
        self.network, self.folder = network, folder
        self.study = EngineStudy(folder, "none", dict(os.environ), trials=trials, steps=steps, nap=nap, workers={"count": 1, "lease": lease})
        self.processes = []
        for role in ("work", "administer"):
            made = subprocess.run([PEGBOX, "serve", "--new-token", role, "--tokens", "tokens.txt"], cwd=folder, capture_output=True, text=True, check=True)
            with open(os.path.join(folder, role), "w") as file:
                file.write(made.stdout)
        self.start(network.server, "serve", "--host", SERVER, "--port", str(PORT), "--tokens", "tokens.txt")
        wait_for(lambda: self.ask("/api"), 20)
        self.ask("/api/studies", {"file": json.dumps(self.study.spec)})

    def start(self, side, *arguments):
        log = open(os.path.join(self.folder, f"{arguments[0]}-{len(self.processes)}.log"), "w")
        command = ["ip", "netns", "exec", side, PEGBOX, *arguments]
        self.processes.append(subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log))
        return self.processes[-1]

    def work(self, side):
        return self.start(side, "worker", f"http://{SERVER}:{PORT}", "--study", "s", "--token-file", "work")

    def ask(self, path, body=None):
        """By the server's own side of the network."""
        with open(os.path.join(self.folder, "administer")) as file:
            token = file.read().strip()
        command = ["ip", "netns", "exec", self.network.server, "python3", "-c", ASK, f"http://{SERVER}:{PORT}{path}", token]
        asked = subprocess.run([*command, *([json.dumps(body)] if body else [])], capture_output=True, text=True, check=False)
        return json.loads(asked.stdout) if asked.returncode == 0 else None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            try:
                process.wait(70)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def logs(self):
        text = ""
        for name in sorted(os.listdir(self.folder)):
            if name.endswith(".log") and os.path.isfile(os.path.join(self.folder, name)):
                with open(os.path.join(self.folder, name)) as file:
                    text += f"== {name}\n{file.read()}"
        return text

    def is_finished(self):
        answer = self.ask("/api/studies/s")
        return bool(answer) and answer["state"] == "finished"


ASK = """
import sys, urllib.request
url, token, *body = sys.argv[1:]
request = urllib.request.Request(url, body[0].encode() if body else None, {"Authorization": "Bearer " + token, "Content-Type": "application/json"})
print(urllib.request.urlopen(request, timeout=10).read().decode())
"""


def cut_for(seconds, lease, trials, steps, nap):
    """The study's trials, how often each began, and how the workers saw it: one of them is cut off in the midst of a trial."""
    with Network() as network, tempfile.TemporaryDirectory() as folder, Cluster(network, folder, lease, trials, steps, nap) as cluster:
        cluster.work(network.worker)
        wait_for(lambda: sum(len(made) for made in cluster.study.made()[0].values()) >= 3, 30, cluster.logs)
        cluster.work(network.server)
        wait_for(lambda: len(cluster.study.made()[0]) >= 2, 30, cluster.logs)
        network.cut()
        time.sleep(seconds)
        network.mend()
        wait_for(cluster.is_finished, 150, cluster.logs)
        cluster.study.check_whole(trials)
        return cluster.study.made()


def test_a_cut_of_a_second_disturbs_nothing():
    _, starts = cut_for(1, "20s", trials=6, steps=10, nap=0.2)
    assert all(len(begun) == 1 for begun in starts.values()), starts


def test_a_cut_of_half_a_minute_within_the_lease_lets_trials_go_on():
    steps, starts = cut_for(30, "60s", trials=6, steps=20, nap=0.5)
    assert all(len(begun) == 1 for begun in starts.values()), starts
    assert all(count == 1 for made in steps.values() for count in made.values()), steps


def test_a_cut_for_longer_than_the_lease_gives_the_trial_to_another_and_counts_nothing_twice():
    steps, starts = cut_for(12, "3s", trials=5, steps=60, nap=0.2)
    again = {trial: begun for trial, begun in starts.items() if len(begun) > 1}
    assert again, f"no trial was given to another: {starts}"
    return f"{len(again)} trials went on elsewhere, from steps {[begun[1:] for begun in again.values()]}"
