"""Tuning by recorded learning curves at equal training steps: pegbox and Optuna over the same tables, in one run.

    PYTHONPATH=build/release/python python bench/curves_vs_optuna.py [--seeds 5] [--shared ../shared]

Mean normalized regret (0: the best recorded run of a table, 1: the median one) over the tables of the recorded runs'
benchmark, once as many steps are spent as 2, 5, 10 and 20 full runs take. Both sides ask for configurations, report
losses and obey verdicts in the benchmark's own program; an engine is (sampler, stopping rule)."""

import argparse
import os
import statistics
import sys

import common

FULL_RUNS = [2, 5, 10, 20]
PEGBOX = {"pegbox auto": ("auto", "auto"), "pegbox random, auto": ("random", "auto"), "pegbox tpe, auto": ("tpe", "auto")}
OPTUNA = {"optuna tpe, halving": ("tpe", "halving"), "optuna tpe, hyperband": ("tpe", "hyperband"), "optuna random, halving": ("random", "halving")}


def run(program, engine, runner, seed):
    """Feeds the runner until its steps are spent."""
    try:
        if engine in PEGBOX:
            program.run_pegbox(runner, seed, *PEGBOX[engine])
        else:
            program.run_optuna(runner, seed, *OPTUNA[engine])
    except program.Budget:
        pass


def regrets(program, engine, tables, seed):
    """By full runs, the mean over the tables; and each table's."""
    by_table = {}
    for table in tables:
        length = table.curves.shape[1]
        runner = program.Runner(table, [runs * length for runs in FULL_RUNS])
        run(program, engine, runner, seed)
        by_table[table.name] = [runner.scores[runs * length] for runs in FULL_RUNS]
    means = [statistics.mean(scores[i] for scores in by_table.values()) for i in range(len(FULL_RUNS))]
    return means, by_table


def summary(by_seed):
    """Over seeds: the mean, and the spread of the means over the tables."""
    columns = list(zip(*by_seed))
    return {f"@{runs}": {"mean": round(statistics.mean(column), 4), **common.spread([round(v, 4) for v in column])} for runs, column in zip(FULL_RUNS, columns)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--shared", default=os.path.join(common.ROOT, "..", "shared"))
    parser.add_argument("--engines", nargs="+", default=[*PEGBOX, *OPTUNA], choices=[*PEGBOX, *OPTUNA])
    args = parser.parse_args()
    if not os.path.exists(os.path.join(args.shared, "bench", "multi_fidelity.py")):
        print("curves_vs_optuna: no recorded runs at " + args.shared + ": nothing to measure")
        return
    sys.path.insert(0, os.path.join(args.shared, "bench"))
    import multi_fidelity as program

    tables = program.text_model_tables()
    results = {}
    for engine in args.engines:
        by_seed, by_table = [], {}
        for seed in range(args.seeds):
            means, scores = regrets(program, engine, tables, seed)
            by_seed.append(means)
            for name, values in scores.items():
                by_table.setdefault(name, []).append(values)
            print(engine, seed, [round(value, 4) for value in means], file=sys.stderr, flush=True)
        results[engine] = {**summary(by_seed), "tables": {name: [round(statistics.mean(v), 4) for v in zip(*values)] for name, values in by_table.items()}}
    common.record("curves_vs_optuna", {"seeds": args.seeds, "full_runs": FULL_RUNS, "unit": "mean normalized regret", "engines": results}, "optuna", "numpy")


if __name__ == "__main__":
    main()
