"""Prints what src/math/cma_test.cc, choice_search_test.cc and parzen_test.cc compare with: run by hand after a change of what they ask.

    pip install cmaes==0.13.1 cma==4.5.0 scipy
    python tests/peers/make_cma_reference.py
"""

import math

import cma
import cmaes
import cmaes._catcmawm
import cmaes._cma
import numpy as np
from scipy.stats import truncnorm

# Guards of the package against division by zero, which the equations of the papers do not have.
cmaes._cma._EPS = 0.0
cmaes._catcmawm._EPS = 0.0


def show(name, values):
    print(name, "{" + ", ".join(repr(float(v)) for v in np.asarray(values).ravel()) + "}")


def plain():
    optimizer = cmaes.CMA(mean=np.array([0.5, 0.4, 0.6]), sigma=0.3, population_size=8, cov=np.diag([1.0, 0.25, 2.0]))
    for g in range(6):
        ranked = [[0.5 + 0.4 * math.sin(1.0 + 37 * g + 5 * k + j * j) * 0.8**g for j in range(3)] for k in range(8)]
        optimizer.tell([(np.array(x), k) for k, x in enumerate(ranked)])
    show("CMA mean", optimizer._mean)
    show("CMA sigma", [optimizer._sigma])
    show("CMA C", optimizer._C)


def margin():
    bounds = np.array([[-10, 10], [0.1, 0.9], [0.125, 0.875]])
    optimizer = cmaes.CMAwM(mean=np.array([0.5, 0.3, 0.6]), sigma=0.2, bounds=bounds, steps=np.array([0, 0.2, 0.25]), population_size=6)
    for g in range(8):
        ranked = [[0.5 + 0.4 * math.sin(2.0 + 31 * g + 7 * k + 3 * j) * 0.6**g + (0.25 if j == 1 else 0) for j in range(3)] for k in range(6)]
        # The package wants samples as they are before A widens them.
        mean, scale = optimizer._cma._mean.copy(), optimizer._A
        optimizer.tell([((np.array(x) - mean) / scale + mean, k) for k, x in enumerate(ranked)])
    show("CMAwM mean", optimizer._cma._mean)
    show("CMAwM sigma", [optimizer._cma._sigma])
    show("CMAwM C", optimizer._cma._C)
    show("CMAwM A", optimizer._A)


def choices():
    sizes = [3, 2, 4]
    optimizer = cmaes.CatCMAwM(c_space=sizes, population_size=6)
    for g in range(10):
        ranked = np.zeros((6, 3, 4))
        for i in range(6):
            for axis, size in enumerate(sizes):
                ranked[i, axis, (i * (axis + 2) + g * g + i // 2) % size] = 1
        optimizer._update_categorical(ranked)
    show("CatCMAwM q", optimizer._q)


def evaluations():
    functions = {
        "sphere": (1.0, lambda x: float(sum(x * x))),
        "ellipsoid": (0.1, lambda x: float(sum(1e6 ** (np.arange(5) / 4) * x * x))),
        "rosenbrock": (0.1, lambda x: float(sum(100 * (x[:-1] ** 2 - x[1:]) ** 2 + (1 - x[:-1]) ** 2))),
    }
    for name, (start, function) in functions.items():
        counts = []
        for seed in range(1, 22):
            strategy = cma.CMAEvolutionStrategy(start * np.ones(5), 0.5, {"seed": seed, "verbose": -9, "ftarget": 1e-8})
            strategy.optimize(lambda x, function=function: function(np.asarray(x)))
            counts.append(strategy.result.evaluations)
        print("pycma", cma.__version__, name, np.median(counts))


def cut_normal(x, mu, h):
    return truncnorm.pdf(x, -mu / h, (1 - mu) / h, loc=mu, scale=h)


def parzen():
    for mu, h in [(0.5, 0.1), (0.0, 0.2), (0.93, 0.05), (0.2, 1.5), (0.4, 0.01)]:
        print("cut normal", mu, h, -math.log(cut_normal(mu, mu, h)))
    points, weights, base_weight = [(0.1, -1, 0), (0.5, 0.3, 1), (0.9, 0.95, 1), (0.45, -1, 2)], [1, 0.5, 0, 2], 0.7
    bandwidths, chances = [0.1, 0.2, 0.3], [0.5, 0.3, 0.2]
    for x in [(0.12, -1, 0), (0.5, 0.35, 1), (0.5, 0.35, 2), (1.0, 0.0, 0), (0.9, 0.95, 1)]:
        base = [1.0, 0.8, chances[x[2]]]
        present = [a for a in range(3) if x[a] >= 0]
        total = base_weight * math.prod(base[a] for a in present)
        for point, weight in zip(points, weights):
            for a in present:
                if point[a] < 0:
                    weight *= base[a]
                elif a == 2:
                    weight *= (1 - bandwidths[2]) * (point[2] == x[2]) + bandwidths[2] * base[2]
                else:
                    weight *= cut_normal(x[a], point[a], bandwidths[a])
            total += weight
        print("parzen", x, math.log(total / (sum(weights) + base_weight)))


if __name__ == "__main__":
    plain()
    margin()
    choices()
    evaluations()
    parzen()
