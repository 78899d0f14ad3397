"""`pegbox tune --on ray` against a real Ray cluster, started on this machine."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile

from engine_study import EngineStudy, wait_for
from programs import PEGBOX, ROOT
from skipped import Skipped

VENV = os.path.join(ROOT, "build", "venv-ray")
PYTHON = os.path.join(VENV, "bin", "python")
REQUIREMENTS = os.path.join(ROOT, "python", "requirements-ray.txt")
PACKAGE = os.environ.get("PEGBOX_PYTHON_PACKAGE", os.path.join(ROOT, "build", "release", "python"))


def environment():
    """Ray in an environment of its own, with pegbox's package beside it."""
    if not os.path.isdir(os.path.join(PACKAGE, "pegbox")):
        raise Skipped(f"pegbox's package is not in {PACKAGE}; `make build` makes it")
    if subprocess.run([PYTHON, "-c", "import ray"], capture_output=True, check=False).returncode if os.path.exists(PYTHON) else True:
        made = subprocess.run([sys.executable, "-m", "venv", VENV], capture_output=True, check=False)
        installed = subprocess.run(
            [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", REQUIREMENTS], capture_output=True, text=True, check=False
        ) if made.returncode == 0 else made  # fmt: skip
        if installed.returncode != 0:
            raise Skipped(f"ray cannot be installed into {VENV}: {installed.stderr[-300:]}")
    given = {key: value for key, value in os.environ.items() if not key.startswith("RAY_")}
    return {**given, "PEGBOX_PYTHON": PYTHON, "PYTHONPATH": PACKAGE, "RAY_USAGE_STATS_ENABLED": "0", "RAY_DEDUP_LOGS": "0"}


class RayCluster:
    """A head node with so many cores, in a folder of its own."""

    def __init__(self, cpus):
        self.environment = environment()
        self.folder = tempfile.mkdtemp(prefix="pegbox-ray-")
        self.run("start", "--head", "--port=0", f"--num-cpus={cpus}", "--num-gpus=0", "--include-dashboard=false", f"--temp-dir={self.folder}",
                 "--node-ip-address=127.0.0.1", "--disable-usage-stats")  # fmt: skip
        with open(os.path.join(self.folder, "ray_current_cluster")) as file:
            self.environment["RAY_ADDRESS"] = file.read().strip()

    def run(self, *arguments):
        ray = os.path.join(VENV, "bin", "ray")
        done = subprocess.run([ray, *arguments], env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{arguments}: {done.stdout[-500:]} {done.stderr[-1500:]}"
        return done.stdout

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.run("stop", "--force")
        shutil.rmtree(self.folder, ignore_errors=True)


def workers():
    """The processes of `pegbox worker` on this machine."""
    found = []
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{process}/cmdline", "rb") as file:
                words = file.read().decode(errors="replace").split("\0")
        except OSError:
            continue
        if words[0] == PEGBOX and words[1] == "worker":
            found.append(int(process))
    return found


def test_a_study_runs_by_actors_with_the_resources_asked_for_and_survives_the_death_of_one():
    with RayCluster(cpus=3) as ray, tempfile.TemporaryDirectory() as folder:
        study = EngineStudy(folder, "ray", ray.environment, trials=6, steps=8, nap=0.3, workers={"count": 3, "lease": "3s", "cpus": 1})
        tune = study.tune()
        wait_for(lambda: len(study.workers()) == 3 if os.path.exists(os.path.join(folder, "made.txt")) else False, 90, study.log)
        os.kill(workers()[0], signal.SIGKILL)
        study.finish(tune)
        study.check_whole(6)
        names = study.workers()
        assert len(names) >= 3 and all(name.startswith("ray-") for name in names), names
        assert not workers(), "a worker was left behind"
        return f"6 trials by {len(names)} workers, one of which was killed"


def test_actors_wait_for_their_resources_and_an_interrupted_study_goes_on():
    with RayCluster(cpus=3) as ray, tempfile.TemporaryDirectory() as folder:
        study = EngineStudy(folder, "ray", ray.environment, trials=3, steps=12, nap=0.3, workers={"count": 2})
        tune = study.tune("--cpus", "2")
        wait_for(lambda: study.made()[0] and "wait" in study.log(), 90, study.log)
        assert "1 of 2 workers run, 1 waits (resources)" in study.log(), study.log()
        wait_for(lambda: len(study.made()[0][0]) >= 3, 30, study.log)
        tune.send_signal(signal.SIGINT)
        study.finish(tune, 130, 90)
        assert study.show()["state"] == "paused", study.show()["state"]
        assert not workers(), "a worker was left behind"
        study.finish(study.tune())
        study.check_whole(3)
        _, starts = study.made()
        assert len(starts[0]) == 2 and starts[0][1] >= 3, starts


def test_a_python_without_ray_says_what_to_install():
    with tempfile.TemporaryDirectory() as folder:
        given = {**os.environ, "PEGBOX_PYTHON": sys.executable, "PYTHONPATH": PACKAGE}
        if subprocess.run([sys.executable, "-c", "import ray"], capture_output=True, check=False).returncode == 0:
            raise Skipped("this Python has ray")
        study = EngineStudy(folder, "ray", given)
        refused = study.pegbox("tune", "study.yaml", "--on", "ray", "--host", "127.0.0.1")
        assert refused.returncode == 2, refused
        assert "pip install .[ray]" in refused.stderr, refused.stderr
