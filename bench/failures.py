"""Searches in which most configurations run out of memory: how often they do, and what is found; beside Optuna 5.

    build/venv-peers/bin/python bench/failures.py [--seeds 5] [--trials 200]

Three imitations of training runs with mixed parameters. Memory grows with layers, width, batch, sequence, the
optimizer's state and what is kept for the backward pass; its limit is such that 60 % of random configurations fail, and
no engine is told of it. Problem "border": the loss falls with the model and the batch, so that the best place is at the
limit. "inside": little data, large models overfit, the best place is well below it. "choices": the memory is decided by
choices and a branch. Regret: 0 at the best loss of a long search of the function itself, 1 at the median of random
configurations that fit; the incumbent is the best loss seen, noise is small (0.002).
"""

import argparse
import math
import random
import statistics

import common
import contest

GIB = 2**30


def power(values):
    return {"choice": values, "ordered": True}


def memory_bytes(config):
    layers, width = config["layers"], config["width"]
    weights = 12 * layers * width**2 + 32000 * width
    number_bytes = 2 if config["precision"] == "bf16" else 4
    state_bytes = {"adamw": 8, "lion": 4, "adafactor": 0.1, "sgd": 0}[config["optimizer"]]
    tokens = config["batch"] * config["sequence"]
    kept = 34 * layers * width if not config["checkpointing"] else 2 * layers * width + 34 * width
    return weights * (2 * number_bytes + state_bytes) + tokens * (kept * number_bytes / 2 + 32000 * 4)


TRAINING = {
    "layers": {"range": [2, 48], "integer": True, "scale": "log"},
    "width": {"range": [128, 4096], "integer": True, "scale": "log"},
    "batch": power([1, 2, 4, 8, 16, 32, 64, 128, 256]),
    "sequence": power([256, 512, 1024, 2048, 4096, 8192]),
    "precision": {"choice": ["fp32", "bf16"]},
    "optimizer": {"choice": ["adamw", "lion", "adafactor", "sgd"]},
    "checkpointing": {"choice": [True, False]},
    "learning_rate": {"range": [1e-5, 1e-1], "scale": "log"},
    "dropout": {"range": [0.0, 0.5]},
}


def training_loss(config, overfits):
    weights = 12 * config["layers"] * config["width"] ** 2
    tokens = 20000 * config["batch"] * config["sequence"]
    best_rate = 3e-3 * (weights / 1e7) ** -0.3 * (config["batch"] / 32) ** 0.3 * {"lion": 0.2, "sgd": 8}.get(config["optimizer"], 1)
    loss = 1.7 + 400 / weights**0.34 + 410 / tokens**0.28
    loss += 0.05 * math.log10(config["learning_rate"] / best_rate) ** 2
    loss += {"adamw": 0, "lion": 0.01, "adafactor": 0.03, "sgd": 0.25}[config["optimizer"]]
    if overfits:
        loss += 0.08 * max(0.0, math.log10(weights / 3e6) - 2 * config["dropout"]) ** 2
    return loss + 0.3 * (config["dropout"] - (0.2 if overfits else 0.0)) ** 2


ADAPTERS = {
    "base": {"choice": ["1b", "3b", "8b", "14b"]},
    "method": {"choice": ["full", "lora", "prompt"]},
    "rank": {**power([4, 8, 16, 32, 64, 128, 256]), "when": {"method": "lora"}},
    "batch": power([1, 2, 4, 8, 16, 32, 64]),
    "sequence": power([512, 1024, 2048, 4096]),
    "quantized": {"choice": [True, False]},
    "learning_rate": {"range": [1e-6, 1e-2], "scale": "log"},
    "warmup": {"range": [0.0, 0.3]},
}


def adapter_memory_bytes(config):
    size = {"1b": 1, "3b": 3, "8b": 8, "14b": 14}[config["base"]] * 1e9
    trained = {"full": size, "lora": 2e-4 * size * config.get("rank", 0), "prompt": 1e5}[config["method"]]
    weights = size * (0.6 if config["quantized"] and config["method"] != "full" else 2)
    return weights + 14 * trained + config["batch"] * config["sequence"] * size**0.5 * 90


def adapter_loss(config):
    size = {"1b": 0.35, "3b": 0.2, "8b": 0.08, "14b": 0.0}[config["base"]]
    if config["method"] == "full":
        best, extra = 2e-5, 0.03
    elif config["method"] == "prompt":
        best, extra = 3e-3, 0.3
    else:
        best, extra = 3e-4, 0.02 * (math.log2(config["rank"]) - 5) ** 2 / 4
    rows = math.log2(config["batch"] / 16) ** 2 * 0.01 + 0.03 * math.log2(4096 / config["sequence"])
    rate = 0.08 * math.log10(config["learning_rate"] / best) ** 2
    return 1 + size + extra + rows + rate + 0.5 * (config["warmup"] - 0.06) ** 2 + 0.015 * config["quantized"]


def draw(space, chooser):
    config = {}
    for name, parameter in space.items():
        if any(config.get(key) != value for key, value in parameter.get("when", {}).items()):
            continue
        if "choice" in parameter:
            config[name] = chooser.choice(parameter["choice"])
            continue
        low, high = parameter["range"]
        logarithmic = parameter.get("scale") == "log"
        at = math.exp(chooser.uniform(math.log(low), math.log(high))) if logarithmic else chooser.uniform(low, high)
        config[name] = min(high, max(low, round(at))) if parameter.get("integer") else at
    return config


def moved(space, config, chooser):
    """One parameter drawn anew, or a number moved a little."""
    fresh = draw(space, chooser)
    while True:
        name = chooser.choice(list(space))
        if name in config:
            break
    changed = {**fresh, **config, name: fresh.get(name, config[name])}
    if "range" in space[name] and chooser.random() < 0.7:
        low, high = space[name]["range"]
        at = config[name] * math.exp(chooser.gauss(0, 0.1)) if space[name].get("scale") == "log" else config[name] + chooser.gauss(0, 0.05) * (high - low)
        at = min(high, max(low, at))
        changed[name] = round(at) if space[name].get("integer") else at
    active = lambda parameter: all(changed.get(key) == value for key, value in parameter.get("when", {}).items())
    return {key: value for key, value in changed.items() if active(space[key])}


class Limited:
    """A problem whose memory is limited so that 60 % of random configurations fail, with its best and its median loss."""

    def __init__(self, name, space, memory, loss):
        chooser = random.Random(1)
        sample = [draw(space, chooser) for _ in range(20000)]
        needs = sorted(memory(config) for config in sample)
        self.limit = needs[int(0.4 * len(needs))]
        fitting = [config for config in sample if memory(config) <= self.limit]
        losses = sorted(map(loss, fitting))
        self.median = losses[len(losses) // 2]
        self.best = min(self.descend(space, memory, loss, start, chooser) for start in sorted(fitting, key=loss)[:20])
        noise = random.Random(2)
        self.true_loss, self.fits = loss, lambda config: memory(config) <= self.limit
        run = lambda config: [loss(config) + noise.gauss(0, 0.002)] if self.fits(config) else None
        self.problem = contest.Problem(name, space, run)

    def descend(self, space, memory, loss, config, chooser):
        lowest = loss(config)
        for _ in range(3000):
            other = moved(space, config, chooser)
            if memory(other) <= self.limit and loss(other) < lowest:
                config, lowest = other, loss(other)
        return lowest

    def regrets(self, history):
        """[trials]: of the incumbent; 1 before there is one."""
        seen, regret, regrets = math.inf, 1.0, []
        for config, losses in history:
            if losses and losses[0] < seen:
                seen, regret = losses[0], (self.true_loss(config) - self.best) / (self.median - self.best)
            regrets.append(regret)
        return regrets


def problems():
    return [
        Limited("border", TRAINING, memory_bytes, lambda config: training_loss(config, False)),
        Limited("inside", TRAINING, memory_bytes, lambda config: training_loss(config, True)),
        Limited("choices", ADAPTERS, adapter_memory_bytes, adapter_loss),
    ]


ENGINES = {
    "random": lambda *given: contest.Pegbox(*given, search="random"),
    "pegbox auto": contest.Pegbox,
    "pegbox gp that ignores failures": lambda *given: contest.Pegbox(*given, search={"name": "gp", "caution": 0}),
    "pegbox tpe": lambda *given: contest.Pegbox(*given, search="tpe"),
    "optuna tpe": contest.Optuna,
    "optuna tpe, failures told as the worst loss": lambda *given: contest.Optuna(*given, penalty=True),
    "optuna gp": lambda *given: contest.Optuna(*given, sampler="GPSampler", deterministic_objective=False),
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--engines", nargs="+", default=list(ENGINES), choices=list(ENGINES))
    parser.add_argument("--print-only", action="store_true", help="record nothing")
    arguments = parser.parse_args()
    marks = [mark for mark in (20, 50, 100, 200) if mark <= arguments.trials]
    table = []
    for limited in problems():
        conditional = any("when" in parameter for parameter in limited.problem.space.values())
        for name in arguments.engines:
            if name.startswith("optuna") and conditional:
                continue  # its ask takes a flat space
            failures, regrets, asks = [], {mark: [] for mark in marks}, []
            for seed in range(arguments.seeds):
                engine = ENGINES[name](limited.problem, arguments.trials, seed)
                history, ask_s = contest.play(engine, limited.problem, arguments.trials)
                failures.append(sum(losses is None for _, losses in history))
                curve = limited.regrets(history)
                for mark in marks:
                    regrets[mark].append(curve[mark - 1])
                asks.append(1e3 * ask_s)
            row = {
                "problem": limited.problem.name,
                "engine": name,
                "failures": common.spread(failures),
                "regret": {f"@{mark}": contest.mean_interval(values) for mark, values in regrets.items()},
                "ask_ms": statistics.mean(asks),
            }
            table.append(row)
            means = "  ".join(f"{key} {value['mean']:.4f}" for key, value in row["regret"].items())
            print(f"{row['problem']:8} {name:44} failures {statistics.mean(failures):6.1f} ({min(failures)}-{max(failures)})  {means}  {row['ask_ms']:.1f} ms", flush=True)
    if not arguments.print_only:
        common.record("failures", {"trials": arguments.trials, "seeds": arguments.seeds, "table": table}, "optuna")


if __name__ == "__main__":
    main()
