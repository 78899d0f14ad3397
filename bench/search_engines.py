"""Search engines behind one interface, for problems with numbers, choices, conditions and constraints.

A problem is a list of parameters, a loss, and what breaks its constraints. An engine is asked for a configuration (active parameters only) and told its
loss. Engines that know constraints get them as their users would write them; the others are told the loss of a bad configuration instead.
"""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

warnings.filterwarnings("ignore")


@dataclass(frozen=True)
class Param:
    name: str
    low: float = 0.0
    high: float = 1.0
    log: bool = False
    integer: bool = False
    choices: tuple = ()  # if there are any, the rest does not count
    when: tuple[str, tuple] | None = None  # (a parameter before it, its values)

    def active(self, config):
        return self.when is None or config.get(self.when[0]) in self.when[1]

    def at(self, u):
        """The value at a place of the unit interval."""
        if self.choices:
            return self.choices[min(int(u * len(self.choices)), len(self.choices) - 1)]
        low, high = (self.low - 0.5, self.high + 0.5) if self.integer else (self.low, self.high)
        if self.log:
            low, high = math.log(max(low, 0.5) if self.integer else low), math.log(high)
        value = low + u * (high - low)
        value = math.exp(value) if self.log else value
        return int(min(max(round(value), self.low), self.high)) if self.integer else value


@dataclass
class Problem:
    name: str
    group: str
    params: Sequence[Param]
    loss: Callable[[dict], float]
    best: float
    scale: float = 1.0  # regret is (loss - best) / scale
    constraints: Sequence[str] = ()  # as pegbox writes them
    violation: Callable[[dict], float] = lambda config: 0.0  # over 0: broken
    bad_loss: float = math.inf  # what an engine that knows no constraints is told where one is broken


def draw(params, rng):
    config = {}
    for p in params:
        u = rng.random()
        if p.active(config):
            config[p.name] = p.at(u)
    return config


class RandomSearch:
    def __init__(self, problem, seed, trials):
        self.problem, self.rng = problem, np.random.default_rng(seed)

    def ask(self):
        for _ in range(10000):
            config = draw(self.problem.params, self.rng)
            if self.problem.violation(config) <= 0:
                break
        return config

    def tell(self, config, loss, violation):
        pass


class Pegbox:
    def __init__(self, problem, seed, trials, search="auto"):
        import pegbox

        space = {}
        for p in problem.params:
            space[p.name] = {"choice": list(p.choices)} if p.choices else {"range": [p.low, p.high], "scale": "log" if p.log else "linear"}
            if p.integer:
                space[p.name]["integer"] = True
            if p.when:
                space[p.name]["when"] = {p.when[0]: list(p.when[1])}
        self.study = pegbox.Study(space, minimize="loss", search=search, stop="none", trials=trials, seed=seed, constraints=list(problem.constraints))

    def ask(self):
        self.trial = self.study.ask()
        return None if self.trial is None else dict(self.trial.config)

    def tell(self, config, loss, violation):
        self.study.tell(self.trial, loss=loss)


def _suggest(trial, params):
    config = {}
    for p in params:
        if not p.active(config):
            continue
        if p.choices:
            config[p.name] = trial.suggest_categorical(p.name, list(p.choices))
        elif p.integer:
            config[p.name] = trial.suggest_int(p.name, int(p.low), int(p.high), log=p.log)
        else:
            config[p.name] = trial.suggest_float(p.name, p.low, p.high, log=p.log)
    return config


class Optuna:
    """Optuna's samplers, with their defaults; `mtpe` is TPE as its authors advise for conditional spaces: multivariate, parameters in groups."""

    def __init__(self, problem, seed, trials, sampler="tpe"):
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        limits = {"constraints_func": lambda trial: (trial.user_attrs["violation"],)} if problem.constraints else {}
        made = {
            "tpe": lambda: optuna.samplers.TPESampler(seed=seed, **limits),
            "mtpe": lambda: optuna.samplers.TPESampler(seed=seed, multivariate=True, group=True, **limits),
            "gp": lambda: optuna.samplers.GPSampler(seed=seed, **limits),
            "cmaes": lambda: optuna.samplers.CmaEsSampler(seed=seed),
        }[sampler]()
        self.params, self.study = problem.params, optuna.create_study(sampler=made)

    def ask(self):
        self.trial = self.study.ask()
        return _suggest(self.trial, self.params)

    def tell(self, config, loss, violation):
        self.trial.set_user_attr("violation", violation)
        self.study.tell(self.trial, loss)


class Rustuna:
    def __init__(self, problem, seed, trials, sampler="tpe"):
        import rustuna

        made = {"tpe": rustuna.samplers.TPESampler, "cmaes": rustuna.samplers.CmaEsSampler}[sampler](seed=seed)
        self.constrained = bool(problem.constraints)
        self.params, self.study = problem.params, rustuna.create_study(sampler=made)

    def ask(self):
        self.trial = self.study.ask()
        return _suggest(self.trial, self.params)

    def tell(self, config, loss, violation):
        if self.constrained:
            self.trial.set_constraints({"violation": violation})
        self.study.tell(self.trial.number, loss)


class PyCma:
    """pycma as in COCO's example: from the middle, a fifth of the range, bounds kept, restarts with twice the population. Numbers only."""

    def __init__(self, problem, seed, trials):
        logging.getLogger("cma").setLevel(logging.ERROR)
        self.params, self.seed, self.population = problem.params, seed, None
        self.waiting, self.told = [], []
        self._start()

    def _start(self):
        import cma

        options = {"bounds": [0, 1], "seed": self.seed + 1, "verbose": -9}
        if self.population:
            options["popsize"] = self.population
        self.search = cma.CMAEvolutionStrategy(len(self.params) * [0.5], 0.2, options)
        self.population = 2 * self.search.popsize
        self.seed += 1000

    def ask(self):
        if not self.waiting:
            if self.search.stop():
                self._start()
            self.waiting = list(self.search.ask())
        self.now = self.waiting.pop(0)
        return {p.name: p.at(float(u)) for p, u in zip(self.params, self.now)}

    def tell(self, config, loss, violation):
        self.told.append((self.now, loss))
        if not self.waiting:
            self.search.tell(*map(list, zip(*self.told)))
            self.told = []


def _with(kind, name):
    return lambda problem, seed, trials: kind(problem, seed, trials, name)


ENGINES = {
    "random": RandomSearch,
    "optuna-tpe": _with(Optuna, "tpe"),
    "optuna-mtpe": _with(Optuna, "mtpe"),
    "optuna-gp": _with(Optuna, "gp"),  # needs torch
    "optuna-cmaes": _with(Optuna, "cmaes"),
    "rustuna-tpe": _with(Rustuna, "tpe"),
    "rustuna-cmaes": _with(Rustuna, "cmaes"),
    "pycma": PyCma,
    "pegbox": _with(Pegbox, "auto"),
    **{f"pegbox-{name}": _with(Pegbox, name) for name in ("gp", "tpe", "cmaes", "de", "genetic", "local", "annealing", "sobol")},
}


def run(engine_name, problem, seed, marks):
    """The regret of the best configuration that keeps the constraints, after each number of trials in `marks`; None: nothing yet."""
    engine = ENGINES[engine_name](problem, seed, marks[-1])
    best, regrets = math.inf, []
    for number in range(1, marks[-1] + 1):
        config = engine.ask()
        if config is not None:
            violation = problem.violation(config)
            loss = problem.loss(config) if violation <= 0 else problem.bad_loss
            best = min(best, loss) if violation <= 0 else best
            engine.tell(config, loss, violation)
        if number in marks:
            regrets.append(float(f"{max(best - problem.best, 0) / problem.scale:.4g}") if best < math.inf else None)
    return regrets
