"""Mixed, conditional and constrained problems with known optima (bench/mixed_problems.py) at 25, 50 and 100 trials: mean rank by group.

    PYTHONPATH=build/search/python build/venv-peers/bin/python bench/mixed.py [--problems tree nk] [--seeds 1 2 3] [--engines pegbox] [--rerun] [--minutes 9]

Seed s searches instance s of each problem. Every trial counts, those that break a constraint as well; engines that do not know the constraint are told a
bad loss there. Runs that bench/results/mixed.json has are not repeated; `--engines pegbox --rerun` measures one engine again and keeps the others.
"""

import os

import mixed_problems
import rank_table

ENGINES = ["random", "optuna-tpe", "optuna-mtpe", "rustuna-tpe", "pegbox", "pegbox-tpe", "pegbox-cmaes", "pegbox-de", "pegbox-genetic"]
MARKS = (25, 50, 100)
GROUP_OF = {function.__name__: group for group, functions in mixed_problems.PROBLEMS.items() for function in functions}


def main():
    parser = rank_table.parser_of(__doc__, ENGINES, [1, 2, 3, 4, 5])
    parser.add_argument("--problems", nargs="+", default=list(GROUP_OF), choices=list(GROUP_OF))
    parser.add_argument("--budget", type=int, default=MARKS[-1], choices=MARKS, help="trials; a run of 100 is looked at after 25 and 50 as well")
    arguments = parser.parse_args()
    marks = [m for m in MARKS if m <= arguments.budget]
    plan = [(problem, seed, marks) for seed in arguments.seeds for problem in mixed_problems.every_problem(seed) if problem.name in arguments.problems]
    runs = rank_table.Runs(os.path.join(arguments.out, "mixed.json"))
    rank_table.measure(runs, plan, arguments)
    about = {"measure": "(loss - best) / (median random - best) after 25, 50 and 100 trials; rank 1 is best"}
    rank_table.finish("mixed", runs, [*mixed_problems.PROBLEMS, "all"], lambda name: [GROUP_OF[name], "all"], [f"{m} trials" for m in MARKS], about, ["optuna", "rustuna", "numpy"])


if __name__ == "__main__":
    main()
