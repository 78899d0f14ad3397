"""`pegbox tune --on slurm` and `pegbox launch` against a real Slurm: its controller and its node daemon, on this machine."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

from engine_study import EngineStudy, wait_for
from programs import BIN, PEGBOX, ROOT
from slurm_cluster import cluster, free_ports


def token_of(study):
    with open(os.path.join(study.folder, "pegbox.files", "s", "engine", "token")) as file:
        return file.read().strip()


def command_lines():
    lines = []
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{process}/cmdline", "rb") as file:
                lines.append(file.read().decode(errors="replace"))
        except OSError:
            continue
    return lines


def test_a_study_runs_in_an_array_of_workers_and_leaves_nothing_behind():
    slurm = cluster()
    with tempfile.TemporaryDirectory() as folder:
        study = EngineStudy(folder, "slurm", slurm.environment, trials=12, nap=0.2, workers={"count": 3})
        tune = study.tune()
        wait_for(lambda: len(slurm.jobs({"RUNNING"})) == 3, why=study.log)
        token = token_of(study)
        token_file = os.path.join(folder, "pegbox.files", "s", "engine", "token")
        assert os.stat(token_file).st_mode & 0o777 == 0o600
        assert not any(token in line for line in command_lines()), "the token is on a command line"
        assert token not in slurm.run("scontrol", "show", "job"), "the token is among the jobs' descriptions"
        study.finish(tune)
        study.check_whole(12)
        assert not slurm.jobs(), slurm.jobs()
        assert not os.path.exists(token_file), "the token outlives the study"
        workers = study.workers()
        assert len(workers) == 3 and all(name.startswith("slurm-") for name in workers), workers
        return f"12 trials by {len(workers)} workers"


def test_workers_leave_when_there_is_less_to_do_and_come_when_there_is_more():
    slurm = cluster()
    with tempfile.TemporaryDirectory() as folder:
        study = EngineStudy(folder, "slurm", slurm.environment, trials=3, steps=4, nap=0.1, workers={"count": 3})
        # The last trial takes its time: the others' workers have nothing to do meanwhile.
        study.spec["trial"]["command"] = "sh train.sh 4 $(if [ {trial} = 2 ]; then echo 4; else echo 0.1; fi) {x}"
        study.write()
        tune = study.tune()
        wait_for(lambda: len(slurm.jobs({"RUNNING"})) == 3, why=study.log)
        wait_for(lambda: len(slurm.jobs({"RUNNING"})) == 1, 20, lambda: f"{slurm.jobs()}\n{study.log()}")
        assert len(study.trials("running")) == 1
        study.finish(tune)
        study.check_whole(3)
        study.spec["budget"] = {"trials": 6}
        study.write()
        tune = study.tune()
        wait_for(lambda: len(slurm.jobs({"RUNNING", "COMPLETING"})) == 3, why=study.log)
        study.finish(tune)
        study.check_whole(6)


def test_a_preempted_worker_hands_its_trial_back_and_it_goes_on_from_its_snapshot():
    slurm = cluster()
    with tempfile.TemporaryDirectory() as folder:
        study = EngineStudy(folder, "slurm", slurm.environment, trials=2, steps=40, nap=0.25, workers={"count": 2, "retries": 0})
        tune = study.tune("--cpus", "2", "--partition", "main")
        wait_for(lambda: all(len(study.made()[0][trial]) >= 4 for trial in (0, 1)), why=study.log)
        # Somebody more important wants the whole machine for three seconds.
        slurm.run("sbatch", "--partition=urgent", "--cpus-per-task=4", "--output=/dev/null", "--wrap=sleep 3")
        wait_for(lambda: "PENDING" in slurm.jobs().values(), why=lambda: f"{slurm.jobs()}\n{study.log()}")
        study.finish(tune)
        study.check_whole(2)
        steps, starts = study.made()
        again = {trial: begun for trial, begun in starts.items() if len(begun) > 1}
        assert again, f"nobody was preempted: {starts}\n{study.log()}"
        assert all(begun[1] >= 4 for begun in again.values()), f"it began again: {starts}"
        twice = {trial: [step for step, count in made.items() if count > 1] for trial, made in steps.items()}
        assert all(len(repeated) <= 1 for repeated in twice.values()), f"work was lost: {twice}"
        return f"{len(again)} trials went on from steps {sorted(begun[1] for begun in again.values())}"


def test_a_killed_tuner_finds_its_workers_again():
    slurm = cluster()
    with tempfile.TemporaryDirectory() as folder:
        study = EngineStudy(folder, "slurm", slurm.environment, trials=6, steps=8, nap=0.4)
        tune = study.tune()
        wait_for(lambda: len(study.made()[0]) >= 2, why=study.log)
        before = slurm.jobs()
        tune.kill()
        tune.wait()
        time.sleep(3)
        assert slurm.jobs() == before, "workers go on without it"
        study.finish(study.tune())
        study.check_whole(6)
        steps, _ = study.made()
        assert all(count == 1 for made in steps.values() for count in made.values()), steps
        assert len(study.workers()) == 2, study.workers()


def test_an_interrupted_study_pauses_and_its_jobs_leave_and_the_same_command_goes_on():
    slurm = cluster()
    with tempfile.TemporaryDirectory() as folder:
        study = EngineStudy(folder, "slurm", slurm.environment, trials=4, steps=20, nap=0.3)
        tune = study.tune()
        wait_for(lambda: all(len(study.made()[0][trial]) >= 3 for trial in (0, 1)), why=study.log)
        tune.send_signal(signal.SIGINT)
        study.finish(tune, 130, 60)
        assert not slurm.jobs(), slurm.jobs()
        assert study.show()["state"] == "paused", study.show()["state"]
        study.finish(study.tune())
        study.check_whole(4)
        _, starts = study.made()
        assert all(starts[trial][1] >= 3 for trial in (0, 1)), starts


def test_what_slurm_refuses_is_said_with_the_next_step():
    slurm = cluster()
    with tempfile.TemporaryDirectory() as folder:
        study = EngineStudy(folder, "slurm", slurm.environment)
        base = ["tune", "study.yaml", "--on", "slurm", "--host", "127.0.0.1"]
        refused = study.pegbox(*base, "--partition", "nowhere")
        assert refused.returncode == 2, refused
        assert "nvalid partition" in refused.stderr and "sinfo" in refused.stderr, refused.stderr
        refused = study.pegbox(*base, "--gpus", "7")
        assert refused.returncode == 2 and "--gpus" in refused.stderr, refused.stderr
        nowhere = study.pegbox(*base, environment={**slurm.environment, "PATH": "/nonexistent"})
        assert nowhere.returncode == 2, nowhere
        assert "no Slurm on this machine" in nowhere.stderr and "login node" in nowhere.stderr, nowhere.stderr
        assert not slurm.jobs()


def test_workers_that_cannot_work_end_the_run_with_their_last_words():
    slurm = cluster()
    with tempfile.TemporaryDirectory() as folder:
        study = EngineStudy(folder, "slurm", slurm.environment)
        # Jobs that end at their start.
        tune = study.tune("--sbatch=--input=/nonexistent/file")
        study.finish(tune, 3)
        assert "end before they ask for a trial" in study.log(), study.log()


def test_launch_prints_and_submits_workers_for_a_server():
    slurm = cluster()
    with tempfile.TemporaryDirectory() as folder:
        study = EngineStudy(folder, "slurm", slurm.environment)
        shown = study.pegbox("launch", "study.yaml", "--on", "slurm", "--print", "--time", "90m", "--partition", "main")
        assert shown.returncode == 0, shown
        for line in ("#SBATCH --array=1-2", "#SBATCH --time=1:30:00", "#SBATCH --partition=main"):
            assert line in shown.stdout.splitlines(), shown.stdout
        assert not slurm.jobs(), "it only prints"
        (port,) = free_ports(1)
        server = subprocess.Popen([PEGBOX, "serve", "--port", str(port), "--quiet"], cwd=folder)
        try:
            url = f"http://127.0.0.1:{port}"
            body = json.dumps({"file": json.dumps(study.spec)}).encode()
            request = urllib.request.Request(url + "/api/studies", body, {"Content-Type": "application/json"})
            wait_for(lambda: answers(request), 20)
            launched = study.pegbox("launch", "study.yaml", "--on", "slurm", "--server", url)
            assert launched.returncode == 0 and "2 workers were submitted" in launched.stderr, launched.stderr
            wait_for(lambda: study.show()["state"] == "finished", 90)
            wait_for(lambda: not slurm.jobs(), 30, lambda: str(slurm.jobs()))
            study.check_whole(8)
        finally:
            server.terminate()
            server.wait()


def test_the_page_about_slurm_works_as_written():
    slurm = cluster()
    sys.path.insert(0, os.path.join(ROOT, "tests"))
    from docs_test import check_section, sections

    with open(os.path.join(ROOT, "docs", "cluster.md")) as file:
        blocks = dict(sections(file.read()))["Under Slurm"]
    before = dict(os.environ)
    os.environ.update(slurm.environment, PEGBOX_BIN=BIN)
    try:
        with tempfile.TemporaryDirectory() as folder:
            ran = check_section([block for block in blocks if block[0] != "console"], folder)
            assert not slurm.jobs(), slurm.jobs()
    finally:
        os.environ.clear()
        os.environ.update(before)
    return f"{ran} blocks"


def answers(request):
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status == 200
    except OSError:
        return False
