"""bench/mixed_problems.py: no configuration is better than the optimum that is known, and one comes near it."""

import os
import sys

import numpy as np
import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "bench"))
import mixed_problems  # noqa: E402
from search_engines import draw  # noqa: E402

EVERY = [(function, group) for group, functions in mixed_problems.PROBLEMS.items() for function in functions]


def neighbours(problem, config, rng):
    """Configurations that differ in a few of their parameters."""
    for _ in range(300):
        other, changed = draw(problem.params, rng), {}
        for p in problem.params:
            if not p.active(changed):
                continue
            value = config.get(p.name, other.get(p.name, p.at(rng.random())))
            if rng.random() < 1.5 / len(problem.params):
                value = p.at(rng.random()) if p.choices or rng.random() < 0.3 else p.at(np.clip(mixed_problems._unit(p, value) + rng.normal(0, 0.03), 0, 1))
            changed[p.name] = value
        yield changed


@pytest.mark.parametrize("function, group", EVERY, ids=[function.__name__ for function, _ in EVERY])
@pytest.mark.parametrize("seed", [1, 2])
def test_the_known_optimum_is_the_best_and_can_be_reached(function, group, seed):
    problem, rng = mixed_problems.make(function, group, seed), np.random.default_rng(seed)
    assert problem.scale > 0
    worth = lambda c: problem.loss(c) if problem.violation(c) <= 0 else np.inf
    starts = sorted((draw(problem.params, rng) for _ in range(500)), key=worth)[:8]
    least = np.inf
    for config in starts:
        for _ in range(30):
            config = min([config, *neighbours(problem, config, rng)], key=worth)
        least = min(least, worth(config))
    assert least >= problem.best - 1e-12
    assert (least - problem.best) / problem.scale < 0.02, (least, problem.best)
