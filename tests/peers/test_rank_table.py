"""bench/rank_table.py: ranks, and a table that is measured in parts."""

import argparse
import os
import sys
from types import SimpleNamespace

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "bench"))
import rank_table  # noqa: E402

PLAN = [(SimpleNamespace(name=name), seed, [10, 20]) for name in ("f", "g") for seed in (1, 2)]


def arguments(*engines, rerun=False, minutes=1e9):
    return argparse.Namespace(engines=list(engines), rerun=rerun, minutes=minutes)


def test_ties_share_their_mean_rank_and_nothing_is_worst():
    assert rank_table.ranks_of([3.0, 1.0, None, 1.0]).tolist() == [3.0, 1.5, 4.0, 1.5]


def test_runs_that_are_there_are_kept_and_one_engine_is_measured_again(tmp_path):
    runs, asked = rank_table.Runs(str(tmp_path / "parts.json")), []

    def run(value):
        def once(engine, problem, seed, marks):
            asked.append((engine, problem.name, seed))
            return [value] * len(marks)

        return once

    rank_table.measure(runs, PLAN[:1], arguments("a", "b"), run(1.0))
    rank_table.measure(runs, PLAN, arguments("a", "b"), run(2.0))
    assert len(asked) == len(set(asked)) == 8
    rank_table.measure(runs, PLAN, arguments("b", rerun=True), run(0.5))
    have = runs.read()["runs"]
    assert have["a"]["f"] == {"1": [1.0, 1.0], "2": [2.0, 2.0]}
    assert have["b"]["f"] == {"1": [0.5, 0.5], "2": [0.5, 0.5]}
    table = rank_table.summary(have, ["all", "only f"], lambda name: ["all", "only f"] if name == "f" else ["all"], ["early", "late"])
    assert table["late"]["all"] == {"pairs": 4, "mean_rank": {"b": 1.0, "a": 2.0}}
    assert table["early"]["only f"]["pairs"] == 2


def test_ranks_are_taken_where_every_engine_was_measured(tmp_path):
    runs = rank_table.Runs(str(tmp_path / "parts.json"))
    rank_table.measure(runs, PLAN, arguments("a"), lambda *_: [1.0, 1.0])
    rank_table.measure(runs, PLAN[:3], arguments("b"), lambda *_: [2.0, 0.0])
    rank_table.measure(runs, PLAN, arguments("b", minutes=-1), lambda *_: [9.0, 9.0])
    table = rank_table.summary(runs.read()["runs"], ["all"], lambda name: ["all"], ["early", "late"])
    assert table["early"]["all"] == {"pairs": 3, "mean_rank": {"a": 1.0, "b": 2.0}}
    assert table["late"]["all"] == {"pairs": 3, "mean_rank": {"b": 1.0, "a": 2.0}}
