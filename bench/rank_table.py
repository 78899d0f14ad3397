"""A table of mean ranks that is measured in parts: engines against each other, each run kept, a part of them rerun without the others.

The runs are in the results' file itself: {engine: {problem: {seed: [regret at each mark]}}}. A program adds the runs that are missing, from any number of
processes at once; `--rerun` forgets those of the engines it is given first. The ranks are taken over the pairs of problem and seed that every engine has.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import time

import common
import numpy as np
import search_engines


def parser_of(doc, engines, seeds):
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engines", nargs="+", default=engines, help=f"default: {' '.join(engines)}; all: {' '.join(search_engines.ENGINES)}")
    parser.add_argument("--seeds", nargs="+", type=int, default=seeds)
    parser.add_argument("--minutes", type=float, default=1e9, help="begin no run after so long")
    parser.add_argument("--rerun", action="store_true", help="forget the runs of these engines, problems and seeds first")
    parser.add_argument("--out", default=common.RESULTS, help="folder of the results")
    return parser


class Runs:
    """The runs of one results' file."""

    def __init__(self, path):
        self.path = path

    def read(self):
        if not os.path.exists(self.path):
            return {}
        with open(self.path) as file:
            return json.load(file)

    @contextlib.contextmanager
    def held(self):
        """No other process changes the file meanwhile."""
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        os.makedirs(os.path.join(common.ROOT, "build"), exist_ok=True)
        with open(os.path.join(common.ROOT, "build", os.path.basename(self.path) + ".lock"), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def change(self, how):
        """Calls how(runs) on what the file holds now, and writes it."""
        with self.held():
            whole = self.read()
            how(whole.setdefault("runs", {}))
            with open(self.path + ".new", "w") as file:
                json.dump(whole, file)
            os.replace(self.path + ".new", self.path)


def measure(runs, plan, arguments, run=search_engines.run):
    """Runs what is missing of `plan`: [(problem, seed, marks)], every engine on each before the next; `run(engine, problem, seed, marks)` has a number for each mark."""
    if arguments.rerun:
        keys = {(problem.name, str(seed)) for problem, seed, _ in plan}

        def forget(whole):
            for engine in arguments.engines:
                for name, seed in keys:
                    whole.get(engine, {}).get(name, {}).pop(seed, None)

        runs.change(forget)
    begin, fresh = time.monotonic(), []

    def keep():
        def add(whole):
            for engine, name, seed, regrets in fresh:
                whole.setdefault(engine, {}).setdefault(name, {})[str(seed)] = regrets

        runs.change(add)
        fresh.clear()

    have, saved, skipped = runs.read().get("runs", {}), begin, 0
    for problem, seed, marks in plan:
        for engine in arguments.engines:
            if len(have.get(engine, {}).get(problem.name, {}).get(str(seed), [])) >= len(marks):
                continue
            if time.monotonic() - begin > 60 * arguments.minutes:
                skipped += 1
                continue
            fresh.append((engine, problem.name, seed, run(engine, problem, seed, marks)))
            if time.monotonic() - saved > 20:
                keep()
                saved = time.monotonic()
    keep()
    print(f"{skipped} runs are missing: the time was over" if skipped else "every run of the plan is there")


def ranks_of(values):
    """Ranks from 1, ties share their mean; None counts as worst. [engines] -> [engines]"""
    x = np.array([np.inf if v is None else v for v in values])
    return (x[:, None] > x[None, :]).sum(1) + ((x[:, None] == x[None, :]).sum(1) + 1) / 2


def summary(runs, groups, group_of, marks):
    """{mark: {group: {"pairs", "mean_rank": {engine: rank}}}}, groups as ordered; `group_of(problem)`: those it belongs to; `marks`: their names, in order."""
    engines = sorted(engine for engine, problems in runs.items() if any(problems.values()))
    table = {}
    for place, mark in enumerate(marks):
        by_group = {}
        for name in sorted(set().union(*(runs[engine] for engine in engines))):
            for seed in sorted(set().union(*(runs[engine].get(name, {}) for engine in engines))):
                values = [runs[engine].get(name, {}).get(seed, []) for engine in engines]
                if all(len(v) > place for v in values):
                    for group in group_of(name):
                        by_group.setdefault(group, []).append(ranks_of([v[place] for v in values]))
        means = lambda ranks: dict(sorted(zip(engines, np.round(np.mean(ranks, 0), 2).tolist()), key=lambda row: row[1]))
        table[mark] = {group: {"pairs": len(by_group[group]), "mean_rank": means(by_group[group])} for group in groups if group in by_group}
    return table


def show(table):
    for mark, groups in table.items():
        print(f"\n{mark}: mean rank (pairs of problem and seed)")
        for group, row in groups.items():
            print(f"  {group} ({row['pairs']}): " + ", ".join(f"{engine} {rank}" for engine, rank in row["mean_rank"].items()))


def finish(name, runs, groups, group_of, marks, about, packages):
    """Writes the table beside its runs, and prints it."""
    with runs.held():
        whole = runs.read()
        table = summary(whole["runs"], groups, group_of, marks)
        common.record(name, {**about, "table": table, "runs": whole["runs"]}, *packages, path=runs.path)
    show(table)
