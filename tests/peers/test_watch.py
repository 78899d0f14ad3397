"""Drift as `pegbox watch` measures it against SciPy, and against Evidently 0.7's formulas for bins and thresholds, written again with NumPy."""

import json
import os
import pathlib
import random
import subprocess

import numpy as np
import pytest
from conftest import BIN, ROOT
from scipy import stats
from scipy.spatial import distance

TOLERANCE = 1e-6
HATECHECK = pathlib.Path(os.environ.get("PEGBOX_SHARED", os.path.join(ROOT, "..", "shared"))) / "data" / "safety" / "hatecheck" / "test_suite_cases.csv"


def watch(folder, reference, window, tests):
    """The columns of the only window, by name and test."""
    for name, rows in (("reference.jsonl", reference), ("log.jsonl", window)):
        (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "watch.yaml").write_text(json.dumps({
        "logs": "log.jsonl", "state": f"{random.random()}.json", "reference": {"file": "reference.jsonl"}, "window": len(window), "scores": "x", "groups": "group",
        "drift": {"tests": tests, "correct": "none"}}))
    done = subprocess.run([os.path.join(BIN, "pegbox"), "watch", str(folder / "watch.yaml"), "--once", "--json"], capture_output=True, text=True, timeout=60)
    assert done.returncode in (0, 3), done.stderr
    return {(column["column"], column["test"]): column for column in json.loads(done.stdout.splitlines()[0])["columns"]}


def rows_of(draw, count, shift, values):
    x = draw.integers(0, values, count) + shift if values else draw.normal(shift, 1 + shift, count)
    return [{"prompt": "a question", "output": "an answer", "x": float(v), "group": draw.choice(["a", "b", "c", "d"], p=np.array([4, 3, 2, 1 + 3 * shift]) / (10 + 3 * shift))} for v in x]


def binned(reference, current):
    """Evidently's get_binned_data, for numbers with many values; else counts by value."""
    if len(set(reference)) > 20:
        bins = np.histogram_bin_edges(np.concatenate([reference, current]), bins="sturges")
        return np.histogram(reference, bins)[0], np.histogram(current, bins)[0]
    keys = sorted(set(reference) | set(current))
    return np.array([list(reference).count(k) for k in keys]), np.array([list(current).count(k) for k in keys])


def filled(counts):
    shares = counts / counts.sum()
    least = min(shares[shares > 0])
    return np.where(shares == 0, least / 10**6 if least <= 0.0001 else 0.0001, shares)


def psi(reference, current):
    p, q = filled(reference), filled(current)
    return np.sum((p - q) * np.log(p / q))


def expected(test, reference, current):
    """(p-value or distance) of two lists of numbers."""
    a, b = binned(reference, current)
    seen = (a + b) > 0
    return {
        "kolmogorov_smirnov": lambda: stats.ks_2samp(reference, current).pvalue,
        "wasserstein": lambda: stats.wasserstein_distance(reference, current) / max(np.std(reference), 0.001),
        "jensen_shannon": lambda: distance.jensenshannon(a, b),
        "population_stability": lambda: psi(a, b),
        "chi_squared": lambda: stats.chi2_contingency([a[seen], b[seen]], correction=False).pvalue,
        "chi_squared_fit": lambda: stats.chisquare(b, a * (b.sum() / a.sum())).pvalue,
    }[test]()


@pytest.mark.parametrize("count, other, shift, values", [(80, 50, 0, 0), (300, 300, 0.2, 0), (700, 1000, 0.05, 0), (200, 150, 0, 12), (1500, 400, 1, 40), (60, 60, 0, 3)])
def test_numbers_are_scipys(tmp_path, count, other, shift, values):
    draw = np.random.default_rng(count)
    reference, window = rows_of(draw, count, 0, values), rows_of(draw, other, shift, values)
    a, b = [row["x"] for row in reference], [row["x"] for row in window]
    for test in ["kolmogorov_smirnov", "wasserstein", "jensen_shannon", "population_stability", "chi_squared"]:
        column = watch(tmp_path, reference, window, {"x": test})[("x", test)]
        value = column["p_value"] if "p_value" in column else column["statistic"]
        assert value == pytest.approx(expected(test, a, b), rel=TOLERANCE, abs=1e-12), test


@pytest.mark.parametrize("shift", [0, 0.3])
def test_categories_are_scipys(tmp_path, shift):
    draw = np.random.default_rng(7)
    reference, window = rows_of(draw, 250, 0, 0), rows_of(draw, 180, shift, 0)
    a, b = [row["group"] for row in reference], [row["group"] for row in window]
    for test in ["chi_squared", "chi_squared_fit", "jensen_shannon", "population_stability"]:
        column = watch(tmp_path, reference, window, {"group": test})[("group", test)]
        value = column["p_value"] if "p_value" in column else column["statistic"]
        assert value == pytest.approx(expected(test, a, b), rel=TOLERANCE, abs=1e-12), test


def test_two_values_are_the_z_test_of_proportions(tmp_path):
    draw = np.random.default_rng(3)
    reference, window = rows_of(draw, 400, 0, 2), rows_of(draw, 300, 0, 2)
    n, m = len(reference), len(window)
    p, q = np.mean([row["x"] for row in reference]), np.mean([row["x"] for row in window])
    pooled = (p * n + q * m) / (n + m)
    z = (p - q) / np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    assert watch(tmp_path, reference, window, {})[("x", "chi_squared")]["p_value"] == pytest.approx(2 * stats.norm.sf(abs(z)), rel=TOLERANCE)


def test_words_and_presence_are_fishers_test(tmp_path):
    reference = [{"prompt": "refund" if i % 20 == 0 else "parcel", "output": "x", "rating": 1} for i in range(200)]
    window = [{"prompt": "refund" if i % 4 == 0 else "parcel", "output": "x", **({"rating": 1} if i % 3 else {})} for i in range(120)]
    columns = watch(tmp_path, reference, window, {})
    words = {word["word"]: word["adjusted"] for word in columns[("prompt_words", "words")]["words"]}
    p = stats.fisher_exact([[10, 190], [30, 90]]).pvalue
    assert words["refund"] == pytest.approx(2 * p, rel=TOLERANCE), "Holm's correction for two words, which are equally sure"
    assert columns[("rating", "presence")]["p_value"] == pytest.approx(stats.fisher_exact([[200, 0], [80, 40]]).pvalue, rel=TOLERANCE)


@pytest.mark.parametrize("correct", ["holm", "benjamini_hochberg"])
def test_several_tests_are_corrected(tmp_path, correct):
    draw = np.random.default_rng(11)
    reference, window = rows_of(draw, 200, 0, 0), rows_of(draw, 200, 0.1, 0)
    watch(tmp_path, reference, window, {})
    text = json.loads((tmp_path / "watch.yaml").read_text())
    text["drift"]["correct"], text["state"] = correct, "corrected.json"
    (tmp_path / "watch.yaml").write_text(json.dumps(text))
    done = subprocess.run([os.path.join(BIN, "pegbox"), "watch", str(tmp_path / "watch.yaml"), "--once", "--json"], capture_output=True, text=True, timeout=60)
    columns = json.loads(done.stdout.splitlines()[0])["columns"]
    p = [column["p_value"] for column in columns]
    if correct == "benjamini_hochberg":
        wanted = stats.false_discovery_control(p, method="bh")
    else:
        order = np.argsort(p, kind="stable")
        wanted = np.empty(len(p))
        wanted[order] = np.minimum(1, np.maximum.accumulate((len(p) - np.arange(len(p))) * np.array(p)[order]))
    assert [column["adjusted"] for column in columns] == pytest.approx(list(wanted), rel=TOLERANCE)


@pytest.mark.skipif(not HATECHECK.is_file(), reason="no ../shared data")
def test_hateful_texts_are_told_from_their_near_relatives(tmp_path):
    """A classifier that has seen no sentence of the same template."""
    (tmp_path / "log.jsonl").write_text(json.dumps({"prompt": "a", "output": "b"}) + "\n")
    (tmp_path / "watch.yaml").write_text(json.dumps({"logs": "log.jsonl", "safety": {"offensive": {
        "data": str(HATECHECK), "text": "test_case", "label": "label_gold", "positive": ["hateful"], "group": "templ_id"}}}))
    done = subprocess.run([os.path.join(BIN, "pegbox"), "watch", str(tmp_path / "watch.yaml"), "--once", "--json"], capture_output=True, text=True, timeout=60)
    quality = json.loads(done.stdout)["summary"]["offensive_classifier"]
    assert (quality["texts"], quality["offensive"]) == (3728, 2563)
    assert quality["low"] > 0.74 and quality["low"] < quality["roc_area"] < quality["high"]
