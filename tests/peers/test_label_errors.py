"""Likely label errors: confident learning against cleanlab on the same probabilities, and planted wrong labels in real questions."""

import csv
import json
import os
import random
import subprocess

import numpy as np
import pytest
from conftest import BIN, ROOT

SHARED = os.environ.get("PEGBOX_SHARED", os.path.join(ROOT, "..", "shared"))

PROGRAM = """
#include "text/confident_learning.h"
#include <iostream>
int main() {
  std::size_t rows, classes;
  while (std::cin >> rows >> classes) {
    std::vector<std::int32_t> labels(rows);
    std::vector<double> probabilities(rows * classes);
    for (auto& label : labels) std::cin >> label;
    for (auto& probability : probabilities) std::cin >> probability;
    for (const auto likely : pegbox::text::likely_classes(labels, probabilities, classes)) std::cout << likely << ' ';
    std::cout << '\\n';
  }
}
"""


def problems():
    """Probabilities that know more or less of labels that are more or less right; classes without rows, and ties among them."""
    draw = np.random.default_rng(0)
    for rows, classes, sharpness, turned, digits in [(400, 2, 1, 0.1, 9), (500, 5, 2, 0.2, 9), (300, 20, 3, 0.3, 9), (200, 3, 0.2, 0.05, 9), (300, 4, 2, 0.2, 1), (60, 10, 2, 0.5, 9)]:
        truth = draw.integers(classes, size=rows)
        labels = np.where(draw.random(rows) < turned, draw.integers(classes, size=rows), truth)
        labels[:2] = [0, 1]
        logits = draw.normal(size=(rows, classes)) + sharpness * np.eye(classes)[truth] * 2
        chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        yield labels, np.round(chances, digits)


def test_the_rows_are_those_that_cleanlab_finds(tmp_path):
    find_label_issues = pytest.importorskip("cleanlab.filter").find_label_issues
    (tmp_path / "main.cc").write_text(PROGRAM)
    source = os.path.join(ROOT, "src")
    built = subprocess.run(["g++", "-std=c++20", "-O1", f"-I{source}", "main.cc", f"{source}/text/confident_learning.cc", "-o", "main"], cwd=tmp_path, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    asked = list(problems())
    lines = [f"{len(labels)} {chances.shape[1]}\n{' '.join(map(str, labels))}\n{' '.join(f'{chance:.17g}' for chance in chances.ravel())}\n" for labels, chances in asked]
    done = subprocess.run([tmp_path / "main"], input="".join(lines), capture_output=True, text=True, check=True)
    for (labels, chances), line in zip(asked, done.stdout.splitlines(), strict=True):
        likely = np.array(line.split(), dtype=int)
        expected = find_label_issues(labels, chances, filter_by="confident_learning", n_jobs=1)
        assert 0 < expected.sum() < len(labels)
        np.testing.assert_array_equal(likely >= 0, expected)
        assert (likely != labels).all()


def test_planted_wrong_labels_are_found_in_real_questions(tmp_path):
    source = os.path.join(SHARED, "data", "classification", "banking77", "train.csv")
    if not os.path.exists(source):
        pytest.skip("no ../shared data")
    rows = list(csv.DictReader(open(source, newline="")))
    draw = random.Random(0)
    names = sorted({row["category"] for row in rows})
    planted = set(draw.sample(range(len(rows)), len(rows) // 20))
    with open(tmp_path / "train.jsonl", "w") as file:
        for number, row in enumerate(rows):
            label = draw.choice([name for name in names if name != row["category"]]) if number in planted else row["category"]
            file.write(json.dumps({"text": row["text"], "label": label}) + "\n")
    command = [os.path.join(BIN, "pegbox"), "check", str(tmp_path / "train.jsonl"), "--checks", "label_errors", "--examples", "100000", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    [finding] = json.loads(done.stdout)["findings"]
    found = [int(example["place"].rsplit(":", 1)[1]) - 1 for example in finding["examples"]]
    right = len(planted.intersection(found))
    print(f"planted {len(planted)}, found {len(found)}, right {right}: recall {right / len(planted):.3f}, precision {right / len(found):.3f}")
    assert right / len(planted) > 0.7 and right / len(found) > 0.5  # 0.03 of the labels are wrong before any is planted
    surest = found[: len(planted) // 2]
    assert len(planted.intersection(surest)) / len(surest) > 0.8
