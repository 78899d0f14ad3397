"""Stopping rules on recorded learning curves at equal total training steps: regret of what would be recommended, with paired intervals against each peer.

    PYTHONPATH=build/release/python build/venv-peers/bin/python bench/multi_fidelity.py [--seeds 0 1 2 3 4] [--engines pegbox] [--rerun] [--match GRU128] [--minutes 9]

Runs the engines and tables of ../shared/bench/multi_fidelity.py (or the folder in PEGBOX_SHARED), and its normalized regret: 0 is the table's best run at its
end, 1 a median one. Marks are the steps of so many full runs. An interval is that of the mean difference over tables and seeds, 95 %, by a bootstrap. Runs that
bench/results/multi_fidelity.json has are not repeated. To develop on curves of one's own, without Python: multi_fidelity.cc.
"""

import os

import common
import numpy as np
import rank_table

ENGINES = ["random", "random-halving", "optuna-tpe", "optuna-median", "optuna-halving", "optuna-hyperband", "pegbox"]
MARKS = (2, 5, 10, 20)


def play(program, engine, table, seed):
    length = table.curves.shape[1]
    runner = program.Runner(table, [m * length for m in MARKS])
    try:
        program.ENGINES[engine](runner, seed)
    except program.Budget:
        pass
    return [round(float(runner.scores[m * length]), 5) for m in MARKS]


def tables(runs):
    """Over the pairs of table and seed that every engine has."""
    engines = sorted(engine for engine in runs if runs[engine])
    have = [{(table, seed) for table, seeds in runs[engine].items() for seed in seeds} for engine in engines]
    pairs = sorted(set.intersection(*have)) if have else []
    if not pairs:
        return {"engines": engines, "pairs": 0}
    regret = {engine: np.array([runs[engine][table][seed] for table, seed in pairs]) for engine in engines}  # [pairs, marks]
    rng = np.random.default_rng(1)

    def interval(difference):
        means = difference[rng.integers(0, len(difference), (2000, len(difference)))].mean(1)
        return np.round([difference.mean(), *np.quantile(means, (0.025, 0.975))], 4).tolist()

    return {
        "engines": engines,
        "pairs": len(pairs),
        "mean_regret": {f"@{m}": {engine: round(float(regret[engine][:, i].mean()), 4) for engine in engines} for i, m in enumerate(MARKS)},
        "pegbox_minus_peer": {
            engine: {f"@{m}": interval(regret["pegbox"][:, i] - regret[engine][:, i]) for i, m in enumerate(MARKS)}
            for engine in engines if "pegbox" in engines and not engine.startswith("pegbox")},
    }


def show(table):
    print(f"mean normalized regret after the steps of {', '.join(map(str, MARKS))} full runs ({table['pairs']} pairs of table and seed)")
    for engine in table["engines"] if table["pairs"] else []:
        print(f"  {engine:18}" + "".join(f"  {table['mean_regret'][f'@{m}'][engine]:.3f}" for m in MARKS))


def main():
    parser = rank_table.parser_of(__doc__, ENGINES, [0, 1, 2, 3, 4])
    parser.add_argument("--match", default="", help="only tables whose name contains this")
    arguments = parser.parse_args()
    program = common.shared_program("multi_fidelity")
    recorded = [table for table in program.text_model_tables() if arguments.match in table.name]
    plan = [(table, seed, MARKS) for seed in arguments.seeds for table in recorded]
    runs = rank_table.Runs(os.path.join(arguments.out, "multi_fidelity.json"))
    rank_table.measure(runs, plan, arguments, lambda engine, table, seed, marks: play(program, engine, table, seed))
    with runs.held():
        have = runs.read()["runs"]
        table = tables(have)
        common.record("multi_fidelity", {"measure": f"normalized regret after the steps of {MARKS} full runs", **table, "runs": have}, "optuna", "numpy", path=runs.path)
    show(table)


if __name__ == "__main__":
    main()
