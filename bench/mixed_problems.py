"""Problems with numbers, choices, conditions and constraints whose optimum is known: their own definitions, an instance for each seed.

Each has its best value by construction or by counting all configurations; where the optimum lies is drawn with the seed. `scale` is what the median
random configuration loses against the best, so that regrets of different problems may be averaged.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
from search_engines import Param, Problem, draw


def _unit(p, value):
    """Where a number lies between its ends."""
    if p.log:
        return math.log(value / p.low) / math.log(p.high / p.low)
    return (value - p.low) / (p.high - p.low)


def _target(p, rng):
    """A place of a number that it can take, away from the ends: [0.1, 0.9]."""
    value = p.at(rng.uniform(0.1, 0.9))
    return _unit(p, value)


def _bowl(params, rng, weights=None):
    """A weighted squared distance to a place of the numbers in `params`; 0 there."""
    weights = np.ones(len(params)) if weights is None else weights
    targets = [_target(p, rng) for p in params]
    return lambda c: sum(w * (_unit(p, c[p.name]) - t) ** 2 for p, t, w in zip(params, targets, weights))


# mixed integer


def sphere(rng):
    """Four reals and four integers from 0 to 20."""
    params = [Param(f"x{i}") for i in range(4)] + [Param(f"n{i}", 0, 20, integer=True) for i in range(4)]
    return params, _bowl(params, rng), 0.0


def ellipsoid(rng):
    """Three reals over six decades and three integers up to 1024, on log scales, weighted from 1 to 100."""
    params = [Param(f"x{i}", 1e-6, 1.0, log=True) for i in range(3)] + [Param(f"n{i}", 1, 1024, log=True, integer=True) for i in range(3)]
    return params, _bowl(params, rng, rng.permutation(100 ** (np.arange(6) / 5))), 0.0


def rosenbrock(rng):
    """Reals in [-2, 2] and integers in [-5, 5] by turns, moved by whole numbers so that the valley's end is one of the grid."""
    params = [Param(f"x{i}", -2.0, 2.0) if i % 2 == 0 else Param(f"n{i}", -5, 5, integer=True) for i in range(6)]
    shifts = np.array([rng.uniform(-0.5, 0.5) if i % 2 == 0 else rng.integers(-2, 3) for i in range(6)])

    def loss(c):
        z = np.array([c[p.name] for p in params]) - shifts
        return float(np.sum(100 * (z[:-1] ** 2 - z[1:]) ** 2 + (z[:-1] - 1) ** 2))

    return params, loss, 0.0


# choices


def blocks(rng):
    """Four blocks of a choice of five, which has an effect of its own and moves the best place of its block's number."""
    names = tuple("abcde")
    params = [Param(f"c{i}", choices=names) for i in range(4)] + [Param(f"x{i}") for i in range(4)]
    effects, centres = rng.uniform(0, 0.5, (4, 5)), rng.uniform(0.1, 0.9, (4, 5))
    effects -= effects.min(1, keepdims=True)

    def loss(c):
        picks = [names.index(c[f"c{i}"]) for i in range(4)]
        return float(sum(effects[i, k] + 2 * (c[f"x{i}"] - centres[i, k]) ** 2 for i, k in enumerate(picks)))

    return params, loss, 0.0


def nk(rng):
    """Kauffman's NK landscape with three values a place: ten places, each worth a table of itself and the two after it."""
    tables = rng.random((10, 3, 3, 3))
    values = lambda x: sum(tables[i][x[i], x[(i + 1) % 10], x[(i + 2) % 10]] for i in range(10)) / 10
    everything = np.array(list(itertools.product(range(3), repeat=10))).T
    params = [Param(f"c{i}", choices=("a", "b", "c")) for i in range(10)]
    return params, lambda c: float(values(["abc".index(c[p.name]) for p in params])), float(values(everything).min())


def permuted(rng):
    """Three choices of eight whose hidden order is that of a number, beside three reals."""
    names = tuple(f"v{k}" for k in range(8))
    orders, targets = [rng.permutation(8) for _ in range(3)], rng.integers(0, 8, 3)
    reals = [Param(f"x{i}") for i in range(3)]
    bowl = _bowl(reals, rng)
    params = [Param(f"c{i}", choices=names) for i in range(3)] + reals
    return params, lambda c: bowl(c) + sum(((orders[i][names.index(c[f"c{i}"])] - targets[i]) / 7) ** 2 for i in range(3)), 0.0


# conditional


def tree(rng):
    """Three methods with their own numbers; the best one is the steepest, so that it looks bad from afar."""
    methods, params, bowls = ("a", "b", "c"), [Param("method", choices=("a", "b", "c"))], {}
    ranks = rng.permutation(3)
    for k, m in enumerate(methods):
        own = [Param(f"{m}_rate", 1e-5, 1e-1, log=True, when=("method", (m,))), Param(f"{m}_x", when=("method", (m,))),
               Param(f"{m}_size", 1, 64, log=True, integer=True, when=("method", (m,)))]
        bowls[m] = 0.1 * ranks[k], 4.0 / (1 + ranks[k]), _bowl(own, rng)
        params += own

    def loss(c):
        offset, weight, bowl = bowls[c["method"]]
        return float(offset + weight * bowl(c))

    return params, loss, 0.0


def layers(rng):
    """A number of layers, and a number for each layer that there is; what is missing to the right depth costs."""
    depth = int(rng.integers(2, 6))
    units = [Param(f"units{i}", 4, 512, log=True, integer=True, when=("layers", tuple(range(i, 7)))) for i in range(1, 7)]
    rate = Param("rate", 1e-5, 1e-1, log=True)
    own, both = [_bowl([p], rng) for p in units], _bowl([rate], rng)
    params = [Param("layers", 1, 6, integer=True), rate, *units]
    return params, lambda c: float(0.1 * (c["layers"] - depth) ** 2 + both(c) + sum(own[i](c) for i in range(c["layers"]))), 0.0


def nested(rng):
    """An optimizer with its own numbers, one of which is a schedule with numbers of its own."""
    adam, sgd, step = ("optimizer", ("adam",)), ("optimizer", ("sgd",)), ("schedule", ("step",))
    parts = {"sgd": [Param("sgd_rate", 1e-4, 1.0, log=True, when=sgd), Param("momentum", 0.0, 0.99, when=sgd)],
             "adam": [Param("adam_rate", 1e-5, 1e-2, log=True, when=adam), Param("beta", 0.8, 0.999, when=adam)],
             "step": [Param("every", 1, 50, integer=True, when=step), Param("drop", 0.05, 0.95, when=step)]}
    params = [Param("optimizer", choices=("sgd", "adam")), *parts["sgd"], *parts["adam"], Param("schedule", choices=("constant", "cosine", "step"), when=adam), *parts["step"]]
    bowls = {name: _bowl(own, rng) for name, own in parts.items()}

    def loss(c):
        if c["optimizer"] == "sgd":
            return float(0.15 + bowls["sgd"](c))
        return float(2 * bowls["adam"](c) + {"constant": 0.3, "cosine": 0.1}.get(c["schedule"], 0.0) + (bowls["step"](c) if c["schedule"] == "step" else 0))

    return params, loss, 0.0


# constrained


def heads(rng):
    """The number of heads must divide the width: a few of a hundred pairs are allowed."""
    params = [Param("width", 16, 512, log=True, integer=True), Param("heads", 2, 16, integer=True), Param("rate", 1e-5, 1e-1, log=True), Param("decay", 0.0, 0.3)]
    at_heads = int(rng.integers(3, 13))
    at_width = at_heads * int(rng.integers(max(2, 48 // at_heads), 400 // at_heads + 1))
    rest = _bowl(params[2:], rng)
    loss = lambda c: math.log2(c["width"] / at_width) ** 2 / 5 + ((c["heads"] - at_heads) / 14) ** 2 + rest(c)
    return params, loss, 0.0, ["heads divides width"], lambda c: float(c["width"] % c["heads"])


def warmup(rng):
    """Warm-up at most a tenth of the steps, where more would be better: the optimum lies on the border."""
    params = [Param("steps", 1e3, 1e5, log=True), Param("warmup", 10.0, 1e4, log=True), Param("rate", 1e-5, 1e-1, log=True), Param("decay", 0.0, 0.3)]
    at_steps, beyond = rng.uniform(3.8, 4.4), rng.uniform(0.3, 0.5)
    at_warmup, rest = at_steps - 1 + beyond, _bowl(params[2:], rng)
    loss = lambda c: (math.log10(c["steps"]) - at_steps) ** 2 + (math.log10(c["warmup"]) - at_warmup) ** 2 + rest(c)
    return params, loss, beyond**2 / 2, ["warmup <= steps / 10"], lambda c: c["warmup"] / c["steps"] - 0.1


def memory(rng):
    """Batch times length within a memory, where more of both would be better; all pairs are counted for the best."""
    params = [Param("batch", 1, 64, log=True, integer=True), Param("length", 16, 512, log=True, integer=True), Param("method", choices=("full", "lora", "prompt")),
              Param("rate", 1e-5, 1e-1, log=True)]
    limit, rest = 2048, _bowl(params[3:], rng)
    a, b, costs = rng.uniform(4, 6), rng.uniform(7, 9), dict(zip(params[2].choices, 0.1 * rng.permutation(3)))
    pair = lambda n, m: (np.log2(n) - a) ** 2 / 10 + (np.log2(m) - b) ** 2 / 10
    n, m = np.meshgrid(np.arange(1, 65), np.arange(16, 513))
    best = float(np.min(np.where(n * m <= limit, pair(n, m), np.inf)))
    loss = lambda c: float(pair(c["batch"], c["length"]) + costs[c["method"]] + rest(c))
    return params, loss, best, [f"batch * length <= {limit}"], lambda c: c["batch"] * c["length"] / limit - 1


PROBLEMS = {"mixed integer": (sphere, ellipsoid, rosenbrock), "choices": (blocks, nk, permuted), "conditional": (tree, layers, nested), "constrained": (heads, warmup, memory)}


def make(function, group, seed):
    rng = np.random.default_rng([seed, sum(map(ord, function.__name__))])
    params, loss, best, *limits = function(rng)
    problem = Problem(function.__name__, group, params, loss, best, 1.0, *limits)
    losses = [loss(c) for c in (draw(params, rng) for _ in range(2000)) if problem.violation(c) <= 0]
    problem.scale, problem.bad_loss = float(np.median(losses)) - best, float(np.max(losses))
    return problem


def every_problem(seed):
    return [make(function, group, seed) for group, functions in PROBLEMS.items() for function in functions]
