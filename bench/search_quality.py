"""Regret on the 43 surfaces of recorded language-model runs, by family, with paired intervals against each peer.

    PYTHONPATH=build/search/python build/venv-peers/bin/python bench/search_quality.py [--seeds 0 1 2 3 4] [--engines pegbox] [--rerun] [--match lora] [--minutes 9]

Runs the engines and tasks of ../shared/bench/search_quality.py (or the folder in PEGBOX_SHARED), and its normalized regret: 0 is the surface's best point,
1 a median random configuration. An interval is that of the mean difference over tasks and seeds, 95 %, by a bootstrap over tasks and, within them, seeds.
Runs that bench/results/search_quality.json has are not repeated; `--engines pegbox --rerun` measures one engine again and keeps the others.
"""

import os
import sys

import common
import numpy as np
import rank_table

ENGINES = ["random", "optuna-tpe", "optuna-cmaes", "rustuna-tpe", "pegbox", "pegbox-tpe", "pegbox-cmaes"]
MARKS = (10, 20, 30, 50)


def shared_program():
    module = common.shared_program("search_quality")
    module.ENGINES["pegbox-cmaes"] = lambda params, seed, budget: sys.modules["engines"].Pegbox(params, seed, budget, "cmaes")
    return module


def family_of(task):
    parts = task.split("-")
    return "-".join(parts[:2]) if parts[0] == "steplaw" else parts[0]


def interval(differences, rng):
    """[mean, low, high] of differences [tasks, seeds]."""
    d, draws = np.array(differences), 2000
    tasks = rng.integers(0, d.shape[0], (draws, d.shape[0], 1))
    means = d[tasks, rng.integers(0, d.shape[1], (draws, *d.shape))].mean((1, 2))
    return np.round([d.mean(), *np.quantile(means, (0.025, 0.975))], 4).tolist()


def tables(runs):
    """Each engine's mean over the seeds that it has for every task; `pegbox` and a peer are compared over those that both have."""
    engines = sorted(engine for engine in runs if runs[engine])
    tasks = sorted(set().union(*(runs[engine] for engine in engines)))
    seeds_of = {engine: sorted(set.intersection(*({int(seed) for seed in runs[engine].get(task, {})} for task in tasks))) for engine in engines}
    engines = [engine for engine in engines if seeds_of[engine]]
    regret_of = lambda engine, task, seeds: np.array([runs[engine][task][str(seed)] for seed in seeds])  # [seeds, marks + 1]
    groups = {"all": tasks}
    for task in tasks:
        groups.setdefault(family_of(task), []).append(task)
    rng, families = np.random.default_rng(1), {}
    for name, members in groups.items():
        mean = {engine: np.mean([regret_of(engine, task, seeds_of[engine])[:, : len(MARKS)].mean(0) for task in members], 0).round(4).tolist() for engine in engines}
        family = families[name] = {"tasks": len(members), "mean_regret": {f"@{m}": {engine: mean[engine][i] for engine in engines} for i, m in enumerate(MARKS)}}
        family["pegbox_minus_peer"] = {}
        for engine in engines if "pegbox" in engines else []:
            both = sorted(set(seeds_of["pegbox"]) & set(seeds_of[engine]))
            if both and not engine.startswith("pegbox"):
                differences = np.array([regret_of("pegbox", task, both) - regret_of(engine, task, both) for task in members])
                family["pegbox_minus_peer"][engine] = {f"@{m}": interval(differences[:, :, i], rng) for i, m in enumerate(MARKS)}
    cost = {engine: round(float(np.median([regret_of(engine, task, seeds_of[engine])[:, -1] for task in tasks])), 2) for engine in engines}
    return {"engines": engines, "seeds": {engine: seeds_of[engine] for engine in engines}, "families": families, "median_ms_for_each_ask": cost}


def show(table):
    for name, family in table.get("families", {}).items():
        print(f"\n{name} ({family['tasks']} tasks)")
        for engine in table["engines"]:
            row = "".join(f"  {family['mean_regret'][f'@{m}'][engine]:.3f}" for m in MARKS)
            against = family.get("pegbox_minus_peer", {}).get(engine)
            print(f"  {engine:14}{len(table['seeds'][engine])} seeds{row}" + (f"   pegbox - this at 50: {against['@50'][0]:+.3f} [{against['@50'][1]:+.3f}, {against['@50'][2]:+.3f}]" if against else ""))


def main():
    parser = rank_table.parser_of(__doc__, ENGINES, [0, 1, 2, 3, 4])
    parser.add_argument("--match", default="", help="only tasks whose name contains this")
    arguments = parser.parse_args()
    program = shared_program()

    def run(engine, task, seed, marks):
        curve, seconds = program.run(engine, task, seed, marks[-1])
        return [*(round(curve[m - 1], 5) for m in marks), round(1000 * seconds, 3)]

    tasks = [task for task in program.every_task() if arguments.match in task.name]
    plan = [(task, seed, MARKS) for seed in arguments.seeds for task in tasks]
    runs = rank_table.Runs(os.path.join(arguments.out, "search_quality.json"))
    rank_table.measure(runs, plan, arguments, run)
    with runs.held():
        have = runs.read()["runs"]
        table = tables(have)
        about = {"measure": "normalized regret at 10, 20, 30, 50 trials; a run: those four and the milliseconds for each ask, which other programs may have slowed"}
        common.record("search_quality", {**about, **table, "runs": have}, "optuna", "cmaes", "rustuna", "scikit-learn", "numpy", path=runs.path)
    show(table)


if __name__ == "__main__":
    main()
