"""bench/bbob_functions.py against the values that the reference implementation gives, and against its own optima."""

import os
import sys

import numpy as np
import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "bench"))
import bbob_functions  # noqa: E402
import common  # noqa: E402

REFERENCE = os.path.join(common.SHARED, "data", "runs", "bbob_reference")


@pytest.mark.parametrize("dimension", [5, 20])
def test_values_are_those_of_the_reference(dimension):
    if not os.path.isdir(REFERENCE):
        pytest.skip("the values of the reference (shared/data/runs/bbob_reference) are not here")
    with open(os.path.join(REFERENCE, f"bbobfitness{dimension}.in")) as file:
        lines = [line.split() for line in file]
    assert len(lines) == 24 * 5 * 6
    rng, wrong = np.random.default_rng(1), {}
    made = {(f, i): bbob_functions.make(f, i, dimension) for f in range(1, 25) for i in range(1, 6)}
    for number, instance, x, expected in lines:
        function, x, expected = made[int(number), int(instance)], np.array(x.split(","), float), float(expected)
        # Ten digits are written: of the value, and of x, whose last digit moves the steepest functions by more.
        half_digit = 5e-10 * 10 ** np.floor(np.log10(np.maximum(np.abs(x), 1e-12)))
        moved = max(abs(function(x + half_digit * rng.choice([-1, 1], dimension)) - function(x)) for _ in range(8)) if x.any() else 0
        error = abs(function(x) - expected)
        if error > 1e-9 * (1 + abs(expected)) + 2 * moved:
            wrong[int(number), int(instance)] = error, moved, expected
    assert not wrong, wrong


@pytest.mark.parametrize("number", range(1, 25))
def test_the_optimum_is_where_it_is_said_to_be(number):
    rng = np.random.default_rng(1)
    for dimension in (2, 5, 10):
        function = bbob_functions.make(number, 1, dimension)
        assert abs(function(function.x_best) - function.best) < 1e-4
        assert min(function(x) for x in rng.uniform(-5, 5, (20, dimension))) > function.best
