"""What priors from published laws are worth: Step Law's tasks, each with constants refitted without its own runs.

    PYTHONPATH=build/release/python python bench/law_priors.py [--seeds 5] [--shared ../shared]

For each task (a model's size and its number of tokens) the law's form, log(best) linear in log(parameters) and
log(tokens), is fitted to the best runs of all other sizes; its spread is the scatter of those around it. Reported is
the mean normalized regret (0: the surface's best point, 1: a median random configuration) after each trial: with that
prior, without any, and with priors that are wrong by a factor of 30 in the learning rate, up and down. `lag`: how many
trials more a wrong prior needs for a regret that the search without a prior has, at the worst.
"""

import argparse
import os
import sys

import common


def groups(data):
    """Best learning rate and batch of each size, in logarithms: (parameters, tokens) -> (rate, batch in sequences)."""
    import numpy as np
    import pandas as pd

    runs = pd.read_csv(os.path.join(data, "steplaw", "dense_lr_bs_loss.csv"))
    best = {}
    for size, of_size in runs.groupby(["N", "D"]):
        if len(of_size) < 30:
            continue
        near = of_size[of_size["smooth loss"] < of_size["smooth loss"].min() + 0.004]
        best[size] = np.log([near.lr.values, near.bs.values]).mean(1)
    return best


def fitted_prior(best, size):
    """Centre and factor of (rate, batch) at `size`, from all other sizes."""
    import numpy as np

    others = [s for s in best if s != size]
    x = np.array([[1, np.log(n), np.log(d)] for n, d in others])
    y = np.array([best[s] for s in others])
    beta, *_ = np.linalg.lstsq(x, y, rcond=None)
    scatter = np.sqrt(((y - x @ beta) ** 2).sum(0) / (len(others) - 3))
    at = np.array([1, np.log(size[0]), np.log(size[1])]) @ beta
    return np.exp(at), np.exp(np.maximum(scatter, np.log(1.2)))


def size_of(task):
    """(N, D) in the name "steplaw-dense-N2.15e+08_D4e+09_h..."."""
    parts = task.name.split("-dense-")[1].split("_")
    return float(parts[0][1:]), float(parts[1][1:])


def curve(task, prior, seed, trials):
    import numpy as np
    import pegbox

    space = {p.name: {"range": [p.low, p.high], "scale": "log" if p.log else "linear"} for p in task.params}
    if prior is not None:
        for p, at, factor in zip(task.params, *prior):
            space[p.name]["prior"] = {"at": float(np.clip(at, p.low, p.high)), "spread": float(factor)}
    study = pegbox.Study(space, minimize="loss", trials=trials, seed=seed)
    noise = np.random.default_rng(1000 + seed)
    best, regret, regrets = np.inf, np.inf, []
    for _ in range(trials):
        trial = study.ask()
        loss = task.loss(dict(trial.config))
        seen = loss + noise.normal(0, task.noise_sd)
        study.tell(trial, loss=seen)
        if seen < best:
            best, regret = seen, max(task.regret(loss), 0.0)
        regrets.append(regret)
    return regrets


def lag(wrong, without):
    """The least k for which `wrong` after t + k trials is as good as `without` after t, for every t."""
    for k in range(len(without)):
        if all(wrong[t + k] <= without[t] + 1e-9 for t in range(len(without) - k)):
            return k
    return len(without)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--trials", type=int, default=30)
    parser.add_argument("--shared", default=common.SHARED)
    args = parser.parse_args()
    if not os.path.exists(os.path.join(args.shared, "bench", "tasks.py")):
        print("law_priors: no recorded runs at " + args.shared + ": nothing to measure")
        return
    sys.path.insert(0, os.path.join(args.shared, "bench"))
    import numpy as np
    import tasks

    best = groups(tasks.DATA)
    problems = tasks.step_law("dense")
    curves = {kind: [] for kind in ("none", "law", "30 times too high", "30 times too low")}
    for task in problems:
        n, d = size_of(task)
        size = min(best, key=lambda s: abs(np.log(s[0] / n)) + abs(np.log(s[1] / d)))
        at, factor = fitted_prior(best, size)
        priors = {
            "none": None,
            "law": (at, factor),
            "30 times too high": (at * [30, 1], factor),
            "30 times too low": (at / [30, 1], factor),
        }
        for kind, prior in priors.items():
            curves[kind] += [curve(task, prior, seed, args.trials) for seed in range(args.seeds)]
    means = {kind: np.mean(each, 0) for kind, each in curves.items()}
    errors = {kind: np.std(each, 0) / np.sqrt(len(each)) for kind, each in curves.items()}
    result = {"tasks": len(problems), "seeds": args.seeds, "regret": {}}
    for kind in curves:
        result["regret"][kind] = {
            str(mark): {"mean": round(float(means[kind][mark - 1]), 4), "standard_error": round(float(errors[kind][mark - 1]), 4)}
            for mark in (1, 2, 3, 5, 10, 15, 20, 30)
            if mark <= args.trials
        }
        if kind.startswith("30"):
            result["regret"][kind]["lag"] = lag(means[kind], means["none"])
    common.record("law_priors", result, "numpy", "pandas", "scipy")


if __name__ == "__main__":
    main()
