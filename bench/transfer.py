"""What earlier studies are worth: functions with shifted, scaled, rotated, noisy, opposite and unrelated sources; and
Step Law's sizes, where a smaller model's study is the source.

    PYTHONPATH=build/release/python python bench/transfer.py [--functions 24] [--seeds 2] [--shared ../shared]

Functions are made here, and the method was chosen on them. On Step Law's tasks a source is the same search on the
largest smaller size; the constants of the law are refitted without the task's own runs and the source's
(bench/law_priors.py). Reported is the mean normalized regret (0: the best point, 1: a median random configuration) of
the lowest loss seen, after each number of trials: without transfer, with the source as it is, and with the source
moved by the law; each also with the law as a prior.
"""

import argparse
import concurrent.futures
import math
import os
import sys

import common
import numpy as np

MARKS = (1, 2, 3, 5, 10, 15, 20, 30)


class Function:
    """A bowl that is steeper on one side, with waves on it, in `d` dimensions of [0, 1]; its best place is `at`."""

    def __init__(self, d, rng):
        self.d = d
        self.at = rng.uniform(0.15, 0.85, d)
        self.steep = np.exp(rng.normal(0, 0.7, d))
        self.rotation = np.linalg.qr(rng.normal(size=(d, d)))[0] if rng.random() < 0.5 else np.eye(d)
        self.cliff = rng.choice([-1, 1]) * rng.uniform(0.5, 2)
        self.waves, self.phase = rng.uniform(0, 0.03), rng.uniform(0, 6.28, d)
        self.scale, self.offset, self.noise = 1.0, 0.0, 0.0

    def __call__(self, x):
        y = self.rotation @ ((np.asarray(x) - self.at) * self.steep)
        bowl = 1 - 1 / (1 + 6 * float(y @ y)) + 0.5 * max(0.0, self.cliff * y[0]) ** 2
        waves = self.waves * float(np.sum(1 - np.cos(9 * y + self.phase) + np.cos(self.phase) - 1))
        return self.offset + self.scale * (bowl + waves)

    def relative(self, rng, shift=0.0, scale=1.0, noise=0.0, turn=0.0):
        """Its like: the best place moved, values scaled, a little rotated, seen with noise."""
        other = Function(self.d, rng)
        other.__dict__.update(self.__dict__)
        other.at = np.clip(self.at + shift * rng.normal(size=self.d), 0.02, 0.98)
        other.steep = self.steep * np.exp(0.2 * rng.normal(size=self.d))
        other.rotation = np.linalg.qr(self.rotation + turn * rng.normal(size=(self.d, self.d)))[0]
        other.scale, other.offset, other.noise = scale, rng.normal(), noise * scale
        return other

    def opposite(self):
        other = Function(self.d, np.random.default_rng(0))
        other.__dict__.update(self.__dict__)
        other.scale = -self.scale
        return other


def kinds(target, rng):
    """Sources of each kind."""
    near = lambda: target.relative(rng, shift=0.05, turn=0.1)
    stranger = lambda: Function(target.d, rng)
    return {
        "none": [],
        "near": [near()],
        "near, 3 of them": [near(), near(), near()],
        "scaled by 0.1 and 10": [target.relative(rng, 0.05, scale=s, turn=0.1) for s in (0.1, 10.0)],
        "noisy": [target.relative(rng, 0.05, noise=0.1, turn=0.1)],
        "farther": [target.relative(rng, shift=0.15, turn=0.2)],
        "near, and 2 unrelated": [stranger(), near(), stranger()],
        "unrelated": [stranger()],
        "unrelated, 3 of them": [stranger(), stranger(), stranger()],
        "opposite": [target.opposite()],
    }


def study_of(function, trials, seed, search="auto", transfer=(), space=None):
    """The study, and the true loss at the lowest that it saw, after each trial."""
    import pegbox

    space = space or {f"x{i}": {"range": [0, 1]} for i in range(function.d)}
    study = pegbox.Study(space, minimize="loss", stop="none", search=search, trials=trials, seed=seed, transfer=transfer)
    noise = np.random.default_rng(1000 + seed)
    seen, true, curve = math.inf, math.inf, []
    for _ in range(trials):
        trial = study.ask()
        loss = function(list(trial.config.values()))
        told = loss + function.noise * noise.normal()
        study.tell(trial, loss=told)
        if told < seen:
            seen, true = told, loss
        curve.append(true)
    return study, curve


def regret_on(target):
    random = [target(x) for x in np.random.default_rng(3).random((2000, target.d))]
    low, middle = target(target.at), float(np.median(random))
    return lambda curve: [max(0.0, (loss - low) / (middle - low)) for loss in curve]


def of_function(number, only=None):
    """Regrets of one target by kind of source."""
    rng = np.random.default_rng(number)
    target = Function((2, 3, 4, 6)[number % 4], rng)
    regret, curves = regret_on(target), {}
    for kind, sources in kinds(target, rng).items():
        if only and kind not in only:
            continue
        earlier = [study_of(source, 30, 100 + i, search="tpe")[0] for i, source in enumerate(sources)]
        curves[kind] = regret(study_of(target, 30, number, transfer=earlier)[1])
    return curves


def means(curves):
    return {kind: {str(m): round(float(np.mean([c[m - 1] for c in each])), 4) for m in MARKS if m <= len(each[0])} for kind, each in curves.items()}


def functions(count, only=None):
    curves = {}
    with concurrent.futures.ProcessPoolExecutor() as pool:
        for found in pool.map(of_function, range(count), [only] * count):
            for kind, curve in found.items():
                curves.setdefault(kind, []).append(curve)
    table = means(curves)
    for kind, row in table.items():
        trials = np.mean(curves[kind], 0)
        print(f"{kind:24}" + "".join(f" {value:.3f}" for value in row.values()) + (f"  lag {lag(trials, np.mean(curves['none'], 0))}" if "none" in curves else ""), flush=True)
    return {"functions": count, "regret": table}


def lag(curve, without):
    """The least k for which `curve` after t + k trials is as good as `without` after t, for every t."""
    for k in range(len(without)):
        if all(curve[t + k] <= without[t] + 1e-9 for t in range(len(without) - k)):
            return k
    return len(without)


def law_of_others(best, left_out):
    """(N, D) -> log of the best rate and batch, from all sizes but those; and the scatter of the others around it."""
    sizes = [size for size in best if size not in left_out]
    x = np.array([[1, math.log(n), math.log(d)] for n, d in sizes])
    y = np.array([best[size] for size in sizes])
    beta, *_ = np.linalg.lstsq(x, y, rcond=None)
    scatter = np.sqrt(((y - x @ beta) ** 2).sum(0) / (len(sizes) - 3))
    return lambda size: np.array([1, math.log(size[0]), math.log(size[1])]) @ beta, np.exp(np.maximum(scatter, math.log(1.2)))


def source_of(task, problems, size_of):
    """The task of the largest smaller model, of these the one with the nearest number of tokens; None for the smallest."""
    n, d = size_of(task)
    smaller = [other for other in problems if size_of(other)[0] < 0.9 * n]
    return min(smaller, key=lambda other: (-size_of(other)[0], abs(math.log(size_of(other)[1] / d))), default=None)


class Surface:
    def __init__(self, task):
        self.task, self.noise = task, task.noise_sd
        self.names = [p.name for p in task.params]

    def __call__(self, values):
        return self.task.loss(dict(zip(self.names, values)))

    def space(self, prior=None):
        space = {p.name: {"range": [p.low, p.high], "scale": "log" if p.log else "linear"} for p in self.task.params}
        for i, p in enumerate(self.task.params):
            if prior is not None:
                space[p.name]["prior"] = {"at": float(np.clip(prior[0][i], p.low, p.high)), "spread": float(prior[1][i])}
        return space


def of_size(shared, number, seeds):
    """Regrets on one of Step Law's tasks by what the search starts from; nothing for the smallest model."""
    sys.path.insert(0, os.path.join(shared, "bench"))
    import law_priors
    import tasks

    best, problems, curves = law_priors.groups(tasks.DATA), tasks.step_law("dense"), {}
    if number >= len(problems):
        return {}
    task = problems[number]
    source = source_of(task, problems, law_priors.size_of)
    if source is None:
        return {}
    near = lambda t: min(best, key=lambda size: sum(abs(math.log(a / b)) for a, b in zip(size, law_priors.size_of(t))))
    here, there = near(task), near(source)
    law, spread = law_of_others(best, (here, there))
    target, small = Surface(task), Surface(source)
    shift = dict(zip(target.names, np.exp(law(here) - law(there)).tolist()))
    prior = (np.exp(law(here)), spread)
    for seed in range(seeds):
        earlier, _ = study_of(small, 30, 100 + seed, space=small.space())
        moved = {"study": earlier, "shift": shift}
        starts = {
            "nothing": (None, []),
            "the law as a prior": (prior, []),
            "the smaller study as it is": (None, [earlier]),
            "the smaller study, moved by the law": (None, [moved]),
            "the law, and the smaller study as it is": (prior, [earlier]),
            "the law, and the smaller study moved by it": (prior, [moved]),
        }
        for start, (belief, transfer) in starts.items():
            curve = study_of(target, 20, seed, transfer=transfer, space=target.space(belief))[1]
            curves.setdefault(start, []).append([max(0.0, task.regret(loss)) for loss in curve])
    return curves


def step_law(arguments):
    curves = {}
    with concurrent.futures.ProcessPoolExecutor() as pool:
        for found in pool.map(of_size, [arguments.shared] * 24, range(24), [arguments.seeds] * 24):
            for start, each in found.items():
                curves.setdefault(start, []).extend(each)
    table = means(curves)
    errors = {start: {m: round(float(np.std([c[int(m) - 1] for c in each]) / math.sqrt(len(each))), 4) for m in table[start]} for start, each in curves.items()}
    for start, row in table.items():
        print(f"{start:45}" + "".join(f" {value:.3f}" for value in row.values()), flush=True)
    return {"studies": len(curves["nothing"]), "seeds": arguments.seeds, "regret": table, "standard_error": errors}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--functions", type=int, default=24, help="how many; 0: none")
    parser.add_argument("--only", nargs="*", help="kinds of sources; nothing is written then")
    parser.add_argument("--seeds", type=int, default=2, help="on Step Law's tasks; 0: these are left out")
    parser.add_argument("--shared", default=common.SHARED)
    arguments = parser.parse_args()
    result = {}
    if arguments.functions:
        result["functions"] = functions(arguments.functions, arguments.only)
    if arguments.seeds and os.path.exists(os.path.join(arguments.shared, "bench", "tasks.py")):
        result["step_law"] = step_law(arguments)
    if not arguments.only:
        common.record("transfer", result, "numpy", "pandas", "scipy")


if __name__ == "__main__":
    main()
