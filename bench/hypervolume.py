"""Two objectives: hypervolume after 50 and 100 trials, beside Optuna's default sampler and NSGA-II.

    build/venv-peers/bin/python bench/hypervolume.py [--seeds 5] [--trials 100]

Problems: ZDT1, ZDT2, ZDT3 (Zitzler, Deb, Thiele, Evolutionary Computation 8 (2000)) and DTLZ2 (Deb et al., CEC 2002) of
six variables, and three imitations of language models with mixed parameters: loss against seconds of training, loss
against seconds for each generated token, and loss against the share of harmful answers, which is noisy.
Volume: of the points seen, below the corner given with each problem, as a part of the volume of the best front known:
the analytic one, or of a long search of the function without noise. (DTLZ2's best place is the middle of its ranges, which
pegbox tries first; ZDT's are the ends, where it looks last.)
"""

import argparse
import math
import random
import statistics

import common
import contest


def volume(points, corner):
    """Area below the corner that the points dominate."""
    area, ceiling = 0.0, corner[1]
    for first, second in sorted(points):
        if first < corner[0] and second < ceiling:
            area += (corner[0] - first) * (ceiling - second)
            ceiling = second
    return area


def unit_space(count):
    return {f"x{i}": {"range": [0.0, 1.0]} for i in range(count)}


def zdt(shape):
    def losses(config):
        first, *others = (config[f"x{i}"] for i in range(6))
        g = 1 + 9 * sum(others) / len(others)
        return [first, g * shape(first, g)]

    return losses


SHAPES = {
    "zdt1": lambda f, g: 1 - math.sqrt(f / g),
    "zdt2": lambda f, g: 1 - (f / g) ** 2,
    "zdt3": lambda f, g: 1 - math.sqrt(f / g) - f / g * math.sin(10 * math.pi * f),
}


def dtlz2(config):
    first, *others = (config[f"x{i}"] for i in range(6))
    g = 1 + sum((x - 0.5) ** 2 for x in others)
    return [g * math.cos(first * math.pi / 2), g * math.sin(first * math.pi / 2)]


MODEL = {
    "layers": {"range": [2, 32], "integer": True, "scale": "log"},
    "width": {"range": [128, 2048], "integer": True, "scale": "log"},
    "tokens": {"range": [1e8, 1e10], "scale": "log"},
    "learning_rate": {"range": [1e-5, 1e-1], "scale": "log"},
    "experts": {"choice": [1, 2, 4, 8], "ordered": True},
    "attention": {"choice": ["full", "grouped", "window"]},
    "weight_decay": {"range": [0.0, 0.3]},
}


def model_loss(config):
    weights = 12 * config["layers"] * config["width"] ** 2
    best_rate = 3e-3 * (weights / 1e7) ** -0.3
    loss = 1.7 + 400 / (weights * config["experts"] ** 0.4) ** 0.34 + 410 / config["tokens"] ** 0.28
    loss += 0.06 * math.log10(config["learning_rate"] / best_rate) ** 2 + 0.4 * (config["weight_decay"] - 0.1) ** 2
    return loss + {"full": 0, "grouped": 0.02, "window": 0.06}[config["attention"]] + 0.02 * math.log2(config["width"] / config["layers"] / 64) ** 2


def training(config):
    weights = 12 * config["layers"] * config["width"] ** 2
    seconds = 6 * weights * config["tokens"] / 2e14 * (1 + 0.15 * math.log2(config["experts"]))
    return [model_loss(config), math.log10(seconds * {"full": 1.1, "grouped": 1.0, "window": 0.9}[config["attention"]] + 30)]


def serving(config):
    weights = 12 * config["layers"] * config["width"] ** 2 * (0.4 + 0.6 * config["experts"])
    cache = config["layers"] * config["width"] * {"full": 4e4, "grouped": 1e4, "window": 4e3}[config["attention"]]
    return [model_loss(config), math.log10(1e-4 * config["layers"] + 2 * (weights + cache) / 1e12)]


ALIGNMENT = {
    "learning_rate": {"range": [1e-7, 1e-3], "scale": "log"},
    "beta": {"range": [0.01, 1.0], "scale": "log"},
    "rank": {"choice": [4, 8, 16, 32, 64, 128], "ordered": True},
    "epochs": {"range": [1, 6], "integer": True},
    "loss": {"choice": ["dpo", "ipo", "kto"]},
    "kept_share": {"range": [0.0, 1.0]},
}


def alignment(config):
    moved = math.log10(config["learning_rate"] / 1e-6) + 0.4 * math.log2(config["epochs"]) - 0.8 * math.log10(config["beta"] / 0.1)
    far = 1 / (1 + math.exp(-2 * (moved - 1.2)))  # how far from the base model
    harmful = 0.4 * (1 - far) + 0.02 + 0.06 * config["kept_share"] + {"dpo": 0, "ipo": 0.02, "kto": 0.01}[config["loss"]]
    forgotten = 0.5 * far**2 * (1 - 0.5 * config["kept_share"]) + 0.02 * abs(math.log2(config["rank"]) - 4)
    return [1.8 + forgotten + 0.1 * max(0.0, moved - 2.2) ** 2, harmful]


def noisy(losses, spreads):
    chooser = random.Random(3)
    return lambda config: [loss + chooser.gauss(0, spread) for loss, spread in zip(losses(config), spreads)]


def draw(space, chooser):
    config = {}
    for name, parameter in space.items():
        if "choice" in parameter:
            config[name] = chooser.choice(parameter["choice"])
            continue
        low, high = parameter["range"]
        at = low * (high / low) ** chooser.random() if parameter.get("scale") == "log" else chooser.uniform(low, high)
        config[name] = round(at) if parameter.get("integer") else at
    return config


def near(space, config, chooser):
    """One parameter drawn anew, or a number moved a little."""
    name = chooser.choice(list(space))
    changed = dict(config)
    if "choice" in space[name] or chooser.random() < 0.3:
        changed[name] = draw({name: space[name]}, chooser)[name]
        return changed
    low, high = space[name]["range"]
    spread = chooser.choice([0.02, 0.1])
    logarithmic = space[name].get("scale") == "log"
    at = config[name] * (high / low) ** chooser.gauss(0, spread) if logarithmic else config[name] + chooser.gauss(0, spread) * (high - low)
    at = min(high, max(low, at))
    changed[name] = round(at) if space[name].get("integer") else at
    return changed


def best_volume(space, losses, corner, steps=30000):
    """Of the front of a long local search from random places."""
    chooser = random.Random(4)
    known = []
    for config in (draw(space, chooser) for _ in range(5000)):
        known.append((tuple(losses(config)), config))

    def front_of(points):
        front, ceiling = [], math.inf
        for point, config in sorted(points, key=lambda each: each[0]):
            if point[1] < ceiling:
                front.append((point, config))
                ceiling = point[1]
        return front

    front = front_of(known)
    for turn in range(steps // 200):
        front = front_of(front + [(tuple(losses(other)), other) for _ in range(200) for other in [near(space, chooser.choice(front)[1], chooser)]])
    return volume([point for point, _ in front], corner)


def cases():
    """[(problem, losses without noise, corner, volume of the best front)]"""
    found = []
    for name, shape in SHAPES.items():
        losses = zdt(shape)
        line = [losses({"x0": i / 20000, **{f"x{j}": 0.0 for j in range(1, 6)}}) for i in range(20001)]
        found.append((contest.Problem(name, unit_space(6), losses, 2), losses, (1.1, 1.1), volume(line, (1.1, 1.1))))
    circle = [(math.cos(i * math.pi / 40000), math.sin(i * math.pi / 40000)) for i in range(20001)]
    found.append((contest.Problem("dtlz2", unit_space(6), dtlz2, 2), dtlz2, (1.2, 1.2), volume(circle, (1.2, 1.2))))
    for name, space, losses, corner, spreads in (
        ("training", MODEL, training, (5.0, 6.0), (0.003, 0)),
        ("serving", MODEL, serving, (5.0, -1.5), (0.003, 0)),
        ("alignment", ALIGNMENT, alignment, (2.4, 0.5), (0.005, 0.01)),
    ):
        found.append((contest.Problem(name, space, noisy(losses, spreads), 2), losses, corner, best_volume(space, losses, corner)))
    return found


ENGINES = {
    "random": lambda *given: contest.Pegbox(*given, search="random"),
    "pegbox auto": contest.Pegbox,
    "pegbox tpe": lambda *given: contest.Pegbox(*given, search="tpe"),
    "pegbox nsga2": lambda *given: contest.Pegbox(*given, search="nsga2"),
    "optuna tpe": contest.Optuna,
    "optuna nsga2": lambda *given: contest.Optuna(*given, sampler="NSGAIISampler"),
    "optuna gp": lambda *given: contest.Optuna(*given, sampler="GPSampler"),
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--engines", nargs="+", default=[name for name in ENGINES if name != "optuna gp"], choices=list(ENGINES))
    parser.add_argument("--print-only", action="store_true", help="record nothing")
    arguments = parser.parse_args()
    marks = [mark for mark in (20, 50, 100) if mark <= arguments.trials]
    table, missing = [], {name: {mark: [] for mark in marks} for name in arguments.engines}
    for problem, losses, corner, best in cases():
        for name in arguments.engines:
            shares, asks = {mark: [] for mark in marks}, []
            for seed in range(arguments.seeds):
                history, ask_s = contest.play(ENGINES[name](problem, arguments.trials, seed), problem, arguments.trials)
                points = [losses(config) for config, _ in history]  # without noise
                for mark in marks:
                    shares[mark].append(volume(points[:mark], corner) / best)
                asks.append(1e3 * ask_s)
            for mark in marks:
                missing[name][mark] += [1 - share for share in shares[mark]]
            row = {"problem": problem.name, "engine": name, "share": {f"@{mark}": contest.mean_interval(shares[mark]) for mark in marks}, "ask_ms": statistics.mean(asks)}
            table.append(row)
            print(f"{problem.name:10}{name:16}" + "  ".join(f"@{mark} {statistics.mean(shares[mark]):.4f}" for mark in marks) + f"  {row['ask_ms']:.1f} ms", flush=True)
    summary = {name: {f"@{mark}": contest.mean_interval(values) for mark, values in by_mark.items()} for name, by_mark in missing.items()}
    for name, by_mark in summary.items():
        print(f"missing   {name:16}" + "  ".join(f"{mark} {value['mean']:.4f}" for mark, value in by_mark.items()))
    if not arguments.print_only:
        common.record("hypervolume", {"trials": arguments.trials, "seeds": arguments.seeds, "table": table, "missing": summary}, "optuna")


if __name__ == "__main__":
    main()
