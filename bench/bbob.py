"""The 24 noiseless BBOB functions in 5 and 10 dimensions, at 10 and 50 evaluations per dimension: mean rank by group.

    PYTHONPATH=build/search/python build/venv-peers/bin/python bench/bbob.py [--functions 1 2] [--seeds 1 2 3] [--budget 10] [--engines pegbox pycma] [--minutes 9]

Seed s searches instance s of each function; the domain is [-5, 5]^d. Rank 1 is the least distance to the optimum. Runs that bench/results/bbob.json has
are not repeated; `--engines pegbox --rerun` measures one engine again and keeps the others.
"""

import os

import bbob_functions
import rank_table
from search_engines import Param, Problem

ENGINES = ["random", "optuna-tpe", "optuna-cmaes", "rustuna-tpe", "rustuna-cmaes", "pycma", "pegbox", "pegbox-tpe", "pegbox-cmaes", "pegbox-de"]
MARKS = (10, 50)
GROUPS = [*bbob_functions.GROUPS, "all, 5 dimensions", "all, 10 dimensions", "all"]


def problem_of(number, instance, dimension):
    function = bbob_functions.make(number, instance, dimension)
    params = [Param(f"x{i}", -5.0, 5.0) for i in range(dimension)]
    return Problem(f"f{number}-d{dimension}", "", params, lambda config: function([config[p.name] for p in params]), function.best)


def groups_of(name):
    number, dimension = name[1:].split("-d")
    return [bbob_functions.group_of(int(number)), f"all, {dimension} dimensions", "all"]


def main():
    parser = rank_table.parser_of(__doc__, ENGINES, [1, 2, 3])
    parser.add_argument("--functions", nargs="+", type=int, default=list(range(1, 25)))
    parser.add_argument("--dimensions", nargs="+", type=int, default=[5, 10])
    parser.add_argument("--budget", type=int, default=MARKS[-1], choices=MARKS, help="evaluations per dimension; a run of 50 is looked at after 10 as well")
    arguments = parser.parse_args()
    plan = []
    for seed in arguments.seeds:
        for dimension in arguments.dimensions:
            marks = [m * dimension for m in MARKS if m <= arguments.budget]
            plan += [(problem_of(number, seed, dimension), seed, marks) for number in arguments.functions]
    runs = rank_table.Runs(os.path.join(arguments.out, "bbob.json"))
    rank_table.measure(runs, plan, arguments)
    about = {"measure": "distance to the optimum after 10 and 50 evaluations per dimension; rank 1 is best", "groups": {k: [*v] for k, v in bbob_functions.GROUPS.items()}}
    rank_table.finish("bbob", runs, GROUPS, groups_of, [f"{m} evaluations per dimension" for m in MARKS], about, ["optuna", "cmaes", "rustuna", "cma", "numpy"])


if __name__ == "__main__":
    main()
