"""The 24 noiseless BBOB functions, with the instances of the reference implementation (COCO, legacy BBOB 2009).

N. Hansen, S. Finck, R. Ros, A. Auger: Real-Parameter Black-Box Optimization Benchmarking 2009: Noiseless Functions Definitions (INRIA RR-6829).
Seeds, rotations and optima follow the reference's own generator, so that values agree with published ones. The domain is [-5, 5]^d; d is at least 2.

    function = make(8, 1, 5)      # number, instance, dimension
    function(x) - function.best   # the distance to the optimum, 0 at function.x_best
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

import numpy as np

GROUPS = {"separable": range(1, 6), "moderate conditioning": range(6, 10), "high conditioning, unimodal": range(10, 15),
          "multimodal, with structure": range(15, 20), "multimodal, weak structure": range(20, 25)}
_SECOND = 1_000_000  # added to a seed for the first rotation


@dataclass
class Function:
    number: int
    x_best: np.ndarray  # [d]
    best: float
    above_best: Callable[[np.ndarray], float]  # [d] -> value - best

    def __call__(self, x):
        return self.best + float(self.above_best(np.asarray(x, float)))


def group_of(number):
    return next(name for name, numbers in GROUPS.items() if number in numbers)


def _next(seed):
    """The minimal standard generator of Park and Miller."""
    high = seed // 127773
    seed = 16807 * (seed - high * 127773) - 2836 * high
    return seed + 2147483647 if seed < 0 else seed


def _uniform(count, seed):
    """Park and Miller's numbers, shuffled through 32 places (Bays and Durham)."""
    seed = max(abs(seed), 1)
    places = [0] * 32
    for i in range(39, -1, -1):
        seed = _next(seed)
        if i < 32:
            places[i] = seed
    current, numbers = places[0], []
    for _ in range(count):
        seed = _next(seed)
        place = current // 67108865
        current, places[place] = places[place], seed
        numbers.append(current / 2.147483647e9 or 1e-99)
    return np.array(numbers)


def _normal(count, seed):
    u = _uniform(2 * count, seed)
    g = np.sqrt(-2 * np.log(u[:count])) * np.cos(2 * np.pi * u[count:])
    return np.where(g == 0, 1e-99, g)


def _rotation(d, seed):
    """An orthogonal matrix: Gram and Schmidt on columns of normal numbers."""
    b = _normal(d * d, seed).reshape(d, d).T.copy()
    for i in range(d):
        for j in range(i):
            b[:, i] -= (b[:, i] @ b[:, j]) * b[:, j]
        b[:, i] /= np.sqrt(b[:, i] @ b[:, i])
    return b


def _x_best(d, seed):
    x = 8 * np.floor(1e4 * _uniform(d, seed)) / 1e4 - 4
    return np.where(x == 0, -1e-5, x)


def _best(number, instance):
    seed = {4: 3, 18: 17}.get(number, number) + 10000 * instance
    ratio = _normal(1, seed)[0] / _normal(1, seed + 1)[0]
    return float(np.clip(np.floor(100 * 100 * ratio + 0.5) / 100, -1000, 1000))


def _powers(base, d):
    """base^(i / (d - 1)), i from 0."""
    return base ** (np.arange(d) / (d - 1))


def _oscillated(x):
    x = np.atleast_1d(np.asarray(x, float))
    t = 10 * np.log(np.where(x == 0, 1, np.abs(x)))
    up = np.exp(t + 0.49 * (np.sin(t) + np.sin(0.79 * t))) ** 0.1
    down = -(np.exp(t + 0.49 * (np.sin(0.55 * t) + np.sin(0.31 * t))) ** 0.1)
    return np.where(x > 0, up, np.where(x < 0, down, 0.0))


def _skewed(x, beta):
    positive = np.maximum(x, 0)
    return np.where(x > 0, positive ** (1 + beta * np.arange(len(x)) / (len(x) - 1) * np.sqrt(positive)), x)


def _outside(x):
    return np.sum(np.maximum(0, np.abs(x) - 5) ** 2)


def _sphere(d, seed):
    at = _x_best(d, seed)
    return at, lambda x: np.sum((x - at) ** 2)


def _ellipsoid(d, seed):
    at, weights = _x_best(d, seed), _powers(1e6, d)
    return at, lambda x: weights @ _oscillated(x - at) ** 2


def _rastrigin_sum(z):
    return 10 * (len(z) - np.sum(np.cos(2 * np.pi * z))) + z @ z


def _rastrigin(d, seed):
    at, scales = _x_best(d, seed), _powers(10**0.5, d)
    return at, lambda x: _rastrigin_sum(scales * _skewed(_oscillated(x - at), 0.2))


def _bueche_rastrigin(d, seed):
    at, scales = _x_best(d, seed), _powers(10**0.5, d)
    even = np.arange(d) % 2 == 0
    at = np.where(even, np.abs(at), at)

    def value(x):
        z = _oscillated(x - at)
        return _rastrigin_sum(np.where(even & (z > 0), 10.0, 1.0) * scales * z) + 100 * _outside(x)

    return at, value


def _linear_slope(d, seed):
    at = np.where(_x_best(d, seed) < 0, -5.0, 5.0)
    slopes = np.sign(at) * _powers(10.0, d)
    return at, lambda x: np.sum(5 * np.abs(slopes) - slopes * np.where(x * at < 25, x, at))


def _between(d, seed, base):
    """Rotations Q, R and Q diag(base^(i / (d - 1))) R."""
    q, r = _rotation(d, seed + _SECOND), _rotation(d, seed)
    return q, r, (q * _powers(base, d)) @ r


def _attractive_sector(d, seed):
    at, (_, _, m) = _x_best(d, seed), _between(d, seed, 10**0.5)

    def value(x):
        z = m @ (x - at)
        return _oscillated(np.sum((np.where(at * z > 0, 100.0, 1.0) * z) ** 2))[0] ** 0.9

    return at, value


def _step_ellipsoid(d, seed):
    at, (q, r, _) = _x_best(d, seed), _between(d, seed, 1.0)
    scales, weights = _powers(10**0.5, d), _powers(100.0, d)

    def value(x):
        z = scales * (r @ (x - at))
        steps = np.where(np.abs(z) > 0.5, np.floor(z + 0.5), np.floor(10 * z + 0.5) / 10)
        return 0.1 * max(abs(z[0]) * 1e-4, weights @ (q @ steps) ** 2) + _outside(x)

    return at, value


def _rosenbrock_terms(z):
    return 100 * (z[:-1] ** 2 - z[1:]) ** 2 + (z[:-1] - 1) ** 2


def _rosenbrock(d, seed):
    at, factor = 0.75 * _x_best(d, seed), max(1.0, d**0.5 / 8)
    return at, lambda x: np.sum(_rosenbrock_terms(factor * (x - at) + 1))


def _rotated_rosenbrock(d, seed):
    factor, r = max(1.0, d**0.5 / 8), _rotation(d, seed)
    return r.T @ np.full(d, 0.5) / factor, lambda x: np.sum(_rosenbrock_terms(factor * (r @ x) + 0.5))


def _rotated_ellipsoid(d, seed):
    at, r, weights = _x_best(d, seed), _rotation(d, seed + _SECOND), _powers(1e6, d)
    return at, lambda x: weights @ _oscillated(r @ (x - at)) ** 2


def _discus(d, seed):
    at, r = _x_best(d, seed), _rotation(d, seed + _SECOND)
    weights = np.where(np.arange(d) == 0, 1e6, 1.0)
    return at, lambda x: weights @ _oscillated(r @ (x - at)) ** 2


def _bent_cigar(d, seed):
    at, r = _x_best(d, seed + _SECOND), _rotation(d, seed + _SECOND)
    weights = np.where(np.arange(d) == 0, 1.0, 1e6)
    return at, lambda x: weights @ (r @ _skewed(r @ (x - at), 0.5)) ** 2


def _sharp_ridge(d, seed):
    at, (_, _, m) = _x_best(d, seed), _between(d, seed, 10**0.5)

    def value(x):
        z = m @ (x - at)
        return z[0] ** 2 + 100 * np.sqrt(z[1:] @ z[1:])

    return at, value


def _different_powers(d, seed):
    at, r = _x_best(d, seed), _rotation(d, seed + _SECOND)
    exponents = 2 + 4 * np.arange(d) / (d - 1)
    return at, lambda x: np.sqrt(np.sum(np.abs(r @ (x - at)) ** exponents))


def _rotated_rastrigin(d, seed):
    at, (q, _, m) = _x_best(d, seed), _between(d, seed, 10**0.5)
    return at, lambda x: _rastrigin_sum(m @ _skewed(_oscillated(q @ (x - at)), 0.2))


def _weierstrass(d, seed):
    at, (q, _, m) = _x_best(d, seed), _between(d, seed, 0.1)
    a, b = 0.5 ** np.arange(12), 2 * np.pi * 3.0 ** np.arange(12)
    least = np.sum(a * np.cos(b * 0.5))

    def value(x):
        z = m @ _oscillated(q @ (x - at))
        return 10 * (np.sum(np.cos(np.outer(z + 0.5, b)) @ a) / d - least) ** 3 + 10 / d * _outside(x)

    return at, value


def _schaffer(condition):
    def made(d, seed):
        at, q, r = _x_best(d, seed), _rotation(d, seed + _SECOND), _rotation(d, seed)
        scales = _powers(condition**0.5, d)

        def value(x):
            z = scales * (r @ _skewed(q @ (x - at), 0.5))
            s = z[:-1] ** 2 + z[1:] ** 2
            return np.mean(s**0.25 * (1 + np.sin(50 * s**0.1) ** 2)) ** 2 + 10 * _outside(x)

        return at, value

    return made


def _griewank_rosenbrock(d, seed):
    factor, r = max(1.0, d**0.5 / 8), _rotation(d, seed)

    def value(x):
        s = _rosenbrock_terms(factor * (r @ x) + 0.5)
        return 10 + 10 * np.mean(s / 4000 - np.cos(s))

    return r.T @ np.full(d, 0.5) / factor, value


def _schwefel(d, seed):
    signs = np.where(_uniform(d, seed) < 0.5, -1.0, 1.0)
    at, scales = signs * 0.5 * 4.2096874637, _powers(10**0.5, d)
    middle = 2 * np.abs(at)

    def value(x):
        z = 2 * signs * x
        z[1:] += 0.25 * (z[:-1].copy() - middle[:-1])
        z = 100 * (scales * (z - middle) + middle)
        return 0.01 * (np.sum(np.maximum(0, np.abs(z) - 500) ** 2) + 418.9828872724339 - np.mean(z * np.sin(np.sqrt(np.abs(z)))))

    return at, value


def _gallagher(peaks, first_condition, width):
    def made(d, seed):
        r = _rotation(d, seed)
        order = np.argsort(_uniform(peaks - 1, seed), kind="stable")
        conditions = np.concatenate([[first_condition], 1000.0 ** (order / (peaks - 2))])
        heights = np.concatenate([[10.0], 1.1 + 8.0 * np.arange(peaks - 1) / (peaks - 2)])
        places = [np.argsort(_uniform(d, seed + 1000 * i), kind="stable") / (d - 1) for i in range(peaks)]
        scales = conditions[:, None] ** (np.array(places) - 0.5)  # [peaks, d]
        centres = width * _uniform(d * peaks, seed).reshape(peaks, d) - width / 2
        centres[0] *= 0.8
        turned = centres @ r.T

        def value(x):
            distances = np.sum(scales * (r @ x - turned) ** 2, 1)
            return _oscillated(10 - np.max(heights * np.exp(-0.5 / d * distances)))[0] ** 2 + _outside(x)

        return centres[0], value

    return made


def _katsuura(d, seed):
    at, (_, _, m) = _x_best(d, seed), _between(d, seed, 10.0)
    twos, factors = 2.0 ** np.arange(1, 33), np.arange(1, d + 1)

    def value(x):
        z = np.outer(m @ (x - at), twos)
        rough = np.sum(np.abs(z - np.floor(z + 0.5)) / twos, 1)
        return 10 / d**2 * (np.prod((1 + factors * rough) ** (10 / d**1.2)) - 1) + _outside(x)

    return at, value


def _lunacek(d, seed):
    near, q, r = 2.5, _rotation(d, seed + _SECOND), _rotation(d, seed)
    s = 1 - 0.5 / (np.sqrt(d + 20) - 4.1)
    far = -np.sqrt((near**2 - 1) / s)
    signs, scales = np.where(_normal(d, seed) < 0, -1.0, 1.0), _powers(10.0, d)

    def value(x):
        to_near = 2 * signs * x - near
        z = q @ (scales * (r @ to_near))
        bowls = min(to_near @ to_near, d + s * np.sum((2 * signs * x - far) ** 2))
        return bowls + 10 * (d - np.sum(np.cos(2 * np.pi * z))) + 1e4 * _outside(x)

    return signs * near / 2, value


_FUNCTIONS = [_sphere, _ellipsoid, _rastrigin, _bueche_rastrigin, _linear_slope, _attractive_sector, _step_ellipsoid, _rosenbrock, _rotated_rosenbrock,
              _rotated_ellipsoid, _discus, _bent_cigar, _sharp_ridge, _different_powers, _rotated_rastrigin, _weierstrass, _schaffer(10.0), _schaffer(1000.0),
              _griewank_rosenbrock, _schwefel, _gallagher(101, 1000**0.5, 10.0), _gallagher(21, 1000.0, 9.8), _katsuura, _lunacek]


def make(number, instance, dimension):
    seed = {4: 3, 18: 17}.get(number, number) + 10000 * instance
    x_best, above_best = _FUNCTIONS[number - 1](dimension, seed)
    return Function(number, x_best, _best(number, instance), above_best)
