"""The programs under examples/ do what they say."""

import os
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
