"""The programs under examples/ do what they say."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_the_scikit_learn_example_finds_a_good_model_with_a_part_of_the_trees(tmp_path):
    command = [sys.executable, ROOT / "examples/scikit_learn.py", "--trials", "20", "--store", f"sqlite:{tmp_path}/trees.db"]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    loss = float(output.split()[1])
    trees = int(output.split(" trees;")[0].split()[-1])
    assert loss < 0.12
    assert trees < 20 * 81 / 2


def test_the_shell_example_finds_the_smallest_archive(tmp_path):
    program = Path(os.environ.get("PEGBOX_BIN", ROOT / "build/bin")) / "pegbox"
    if not program.exists():
        pytest.skip(f"{program} has not been built")
    store = ["--store", str(tmp_path / "pack.db")]
    subprocess.run([program, "tune", "study.yaml", *store], cwd=ROOT / "examples/shell", check=True, capture_output=True)
    best = subprocess.run([program, "best", "pack", "--json", *store], check=True, capture_output=True, text=True).stdout
    assert '"xz"' in best


def tune(example, folder, **changes):
    """Runs an example's study, smaller; the study as `pegbox show` has it, and its best."""
    program = Path(os.environ.get("PEGBOX_BIN", ROOT / "build/bin")) / "pegbox"
    if not program.exists():
        pytest.skip(f"{program} has not been built")
    shutil.copytree(ROOT / "examples" / example, folder / example)
    file = folder / example / "study.yaml"
    text = file.read_text()
    for old, new in changes.items():
        assert len(re.findall(rf"{old}: \d+", text)) == 1
        text = re.sub(rf"{old}: \d+", f"{old}: {new}", text)
    file.write_text(text)
    name = re.search(r"^name: (\S+)", text, re.M).group(1)
    environment = dict(os.environ, PATH=f"{Path(sys.executable).parent}:{os.environ['PATH']}", OMP_NUM_THREADS="1")
    done = subprocess.run([program, "tune", "study.yaml"], cwd=folder / example, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    looks = [subprocess.run([program, look, name, "--json"], cwd=folder / example, check=True, capture_output=True, text=True).stdout
             for look in ("show", "best")]  # fmt: skip
    return [json.loads(look) for look in looks]


def test_a_plain_loop_is_tuned_and_its_best_trials_go_on_from_their_checkpoints(tmp_path):
    shown, best = tune("pytorch", tmp_path, trials=3)
    ends = [trial["step"] for trial in shown["trials"]]
    assert sorted(ends) == [30, 30, 270]
    assert ends[2] == 30  # whoever went on had been paused, in a process that is gone
    (resumed,) = [trial for trial in shown["trials"] if trial["step"] == 270]
    steps = [report["step"] for report in resumed["reports"]]
    assert steps == list(range(10, 271, 10))  # none is missing where it went on, and none was measured twice
    losses = [report["metrics"]["loss"] for report in resumed["reports"]]
    assert losses[3] < losses[2]  # and it went on from its weights
    assert best["metrics"]["loss"] == losses[-1] < 0.3


def test_an_image_model_that_knows_nothing_of_pegbox_is_tuned(tmp_path):
    shown, best = tune("images", tmp_path, trials=2)
    assert best["metrics"]["accuracy"] > 0.8
    assert [report["step"] for report in shown["trials"][0]["reports"]] == list(range(1, 10))


def test_a_trainer_script_is_tuned(tmp_path):
    shown, best = tune("trainer", tmp_path, trials=2)
    assert best["metrics"]["eval_loss"] < 2  # 4.85 is the loss of a guess
    assert sorted(trial["step"] for trial in shown["trials"]) == [10, 90]
    (whole,) = [trial for trial in shown["trials"] if trial["state"] == "done"]
    assert [report["step"] for report in whole["reports"] if "eval_loss" in report["metrics"]] == [10, 30, 60, 90]


def test_a_trl_script_is_tuned(tmp_path):
    pytest.importorskip("trl", reason="build/venv-peers is from before TRL: make setup-peers")
    shown, best = tune("trl", tmp_path, trials=1)
    assert best["metrics"]["eval_loss"] < 3  # 5.55 is the loss of a guess
    assert [report["step"] for report in shown["trials"][0]["reports"] if "eval_loss" in report["metrics"]] == [20, 40, 60]
