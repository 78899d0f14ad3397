"""Eight workers against one: how many more trials pegbox needs for the same regret.

    build/venv/bin/python bench/parallel.py [--seeds 8] [--trials 60]

Problems: Branin, Hartmann 6, a curved valley and a rate with a cliff (our own), and a mixed one with branches. With 8
workers a trial is asked for as soon as one of the others ends, at times drawn between half and one and a half of the
mean. Regret: of the incumbent, 1 at the median random configuration. For each number of trials T of the sequential search
the mean over problems and seeds of log10 regret is looked up in the curve of 8 workers; the ratio is where it is reached,
over T.
"""

import argparse
import math
import random
import statistics

import common
import contest


def branin(config):
    x, y = 15 * config["x0"] - 5, 15 * config["x1"]
    return (y - 5.1 / (4 * math.pi**2) * x**2 + 5 / math.pi * x - 6) ** 2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10 - 0.397887


STEEPNESS = ((10, 3, 17, 3.5, 1.7, 8), (0.05, 10, 17, 0.1, 8, 14), (3, 3.5, 1.7, 10, 17, 8), (17, 8, 0.05, 10, 0.1, 14))
PLACES = ((1312, 1696, 5569, 124, 8283, 5886), (2329, 4135, 8307, 3736, 1004, 9991), (2348, 1451, 3522, 2883, 3047, 6650), (4047, 8828, 8732, 5743, 1091, 381))


def hartmann6(config):
    x = [config[f"x{i}"] for i in range(6)]
    wells = (depth * math.exp(-sum(a * (at - 1e-4 * place) ** 2 for a, at, place in zip(row, x, places))) for depth, row, places in zip((1, 1.2, 3, 3.2), STEEPNESS, PLACES))
    return 3.32237 - sum(wells)


def valley(config):
    x = [config[f"x{i}"] for i in range(4)]
    return sum(20 * (b - 0.3 - 0.8 * (a - 0.2) ** 2) ** 2 for a, b in zip(x, x[1:])) + (x[0] - 0.65) ** 2


def cliff(config):
    rate, batch = math.log10(config["rate"]), math.log2(config["batch"])
    best = -3.2 + 0.15 * (batch - 6)
    loss = 0.4 * (rate - best) ** 2 if rate < best else 0.9 * (rate - best) ** 2
    loss += 0.03 * (batch - 5) ** 2 + 0.8 * (config["decay"] - 0.1) ** 2 + 0.3 * abs(config["warmup"] - 0.07) + 0.2 * (config["beta"] - 0.95) ** 2
    return loss + (3 if rate > best + 1 else 0)


def branches(config):
    rate = math.log10(config["rate"])
    if config["method"] == "full":
        return 0.25 + (rate + 5) ** 2
    if config["method"] == "prompt":
        return 0.2 + (rate + 2) ** 2 + 0.1 * abs(config["tokens"] - 7)
    return (rate + 3.5) ** 2 + 0.15 * (math.log2(config["rank"]) - 4) ** 2 + 0.3 * abs(config["dropout"] - 0.1)


def unit(count):
    return {f"x{i}": {"range": [0.0, 1.0]} for i in range(count)}


RATE = {"range": [1e-6, 1.0], "scale": "log"}
LORA = {"when": {"method": "lora"}}
PROBLEMS = {
    "branin": (unit(2), branin),
    "hartmann6": (unit(6), hartmann6),
    "valley": (unit(4), valley),
    "cliff": ({"rate": RATE, "batch": {"range": [4, 512], "integer": True, "scale": "log"}, "decay": {"range": [0.0, 0.5]}, "warmup": {"range": [0.0, 0.3]}, "beta": {"range": [0.9, 0.999]}}, cliff),
    "branches": (
        {
            "method": {"choice": ["full", "lora", "prompt"]},
            "rate": RATE,
            "rank": {"choice": [1, 2, 4, 8, 16, 32, 64, 128], "ordered": True, **LORA},
            "dropout": {"range": [0.0, 0.5], **LORA},
            "tokens": {"range": [1, 24], "integer": True, "when": {"method": "prompt"}},
        },
        branches,
    ),
}
LOWEST = 1e-5  # regrets below it count as it


def curve(search, name, workers, trials, seed):
    space, loss = PROBLEMS[name]
    problem = contest.Problem(name, space, lambda config: [loss(config)])
    history, _ = contest.play(contest.Pegbox(problem, trials, seed, search), problem, trials, workers, seed)
    best, curve = math.inf, []
    for _, losses in history:
        best = min(best, losses[0])
        curve.append(best)
    return curve


def median_random(name):
    space, loss = PROBLEMS[name]
    problem = contest.Problem(name, space, lambda config: [loss(config)])
    history, _ = contest.play(contest.Pegbox(problem, 1001, 0, "random"), problem, 1001)
    return statistics.median(losses[0] for _, losses in history)


def mean_logs(curves, chosen):
    return [statistics.mean(curves[i][t] for i in chosen) for t in range(len(curves[0]))]


def ratio_at(one, eight, trials):
    """Trials of eight workers to the mean that one reaches after `trials`, over that number; linear between trials."""
    goal = one[trials - 1]
    reached = next((t for t, value in enumerate(eight) if value <= goal), None)
    if reached is None:
        return math.inf
    before = eight[reached - 1] if reached else goal
    part = (before - goal) / (before - eight[reached]) if before > eight[reached] else 1
    return (reached + part) / trials


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--search", default="auto")
    parser.add_argument("--print-only", action="store_true", help="record nothing")
    arguments = parser.parse_args()
    curves = {1: [], arguments.workers: []}
    for name in PROBLEMS:
        scale = median_random(name)
        for seed in range(arguments.seeds):
            for workers, kept in curves.items():
                trials = arguments.trials if workers == 1 else round(1.8 * arguments.trials)
                regrets = [max(LOWEST, value / scale) for value in curve(arguments.search, name, workers, trials, seed)]
                kept.append([math.log10(regret) for regret in regrets])
        last = slice(-arguments.seeds, None)
        marks = [mark for mark in (20, 30, 40, 60) if mark <= arguments.trials]
        for workers, kept in curves.items():
            print(f"{name:10} {workers} workers  " + "  ".join(f"@{mark} {statistics.mean(each[mark - 1] for each in kept[last]):.3f}" for mark in marks), flush=True)
    runs, chooser, table = len(curves[1]), random.Random(0), []
    for mark in marks:
        by_all = ratio_at(*(mean_logs(each, range(runs)) for each in curves.values()), mark)
        draws = []
        for _ in range(500):
            chosen = chooser.choices(range(runs), k=runs)
            draws.append(ratio_at(*(mean_logs(each, chosen) for each in curves.values()), mark))
        draws.sort()
        table.append({"trials": mark, "log10_regret": statistics.mean(each[mark - 1] for each in curves[1]), "ratio": by_all, "low": draws[25], "high": draws[-26]})
        print(f"after {mark} trials one by one: {by_all:.2f} times as many with {arguments.workers} workers ({draws[25]:.2f} to {draws[-26]:.2f})")
    if not arguments.print_only:
        common.record("parallel", {"search": arguments.search, "workers": arguments.workers, "seeds": arguments.seeds, "problems": list(PROBLEMS), "table": table})


if __name__ == "__main__":
    main()
