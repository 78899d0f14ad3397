"""pegbox.optuna.PegboxSampler under Optuna's own conformance suite for samplers, and what that suite does not look at."""

import math
import pickle

import optuna
import pytest
from optuna.testing.pytest_samplers import BasicSamplerTestCase, MultiObjectiveSamplerTestCase, RelativeSamplerTestCase

from pegbox.optuna import PegboxSampler

optuna.logging.set_verbosity(optuna.logging.ERROR)


@pytest.fixture(params=["auto", "random", "gp", "sobol"])
def search(request):
    return request.param


class TestConformance(BasicSamplerTestCase, RelativeSamplerTestCase, MultiObjectiveSamplerTestCase):
    @pytest.fixture
    def sampler(self, search):
        return lambda: PegboxSampler(search, seed=1)


def sphere(trial):
    return sum((trial.suggest_float(f"x{i}", -5, 5) - 1) ** 2 for i in range(3))


def params_of(sampler, trials=15):
    study = optuna.create_study(sampler=sampler)
    study.optimize(sphere, n_trials=trials)
    return [trial.params for trial in study.trials]


def test_a_seed_gives_the_same_trials():
    assert params_of(PegboxSampler(seed=3)) == params_of(PegboxSampler(seed=3))
    assert params_of(PegboxSampler(seed=3), 3) != params_of(PegboxSampler(seed=4), 3)


def test_another_seed_after_reseeding_and_the_same_one_after_pickling():
    reseeded = PegboxSampler(seed=3)
    reseeded.reseed_rng()
    assert params_of(reseeded, 3) != params_of(PegboxSampler(seed=3), 3)
    assert params_of(pickle.loads(pickle.dumps(PegboxSampler(seed=3)))) == params_of(PegboxSampler(seed=3))


def test_it_searches_better_than_random():
    def best(sampler):
        study = optuna.create_study(sampler=sampler)
        study.optimize(sphere, n_trials=30)
        return study.best_value

    assert best(PegboxSampler(seed=1)) < 0.1 < best(optuna.samplers.RandomSampler(seed=1))


def test_it_maximizes_where_that_is_wanted():
    study = optuna.create_study(direction="maximize", sampler=PegboxSampler(seed=1))
    study.optimize(lambda trial: -sphere(trial), n_trials=30)
    assert study.best_value > -0.1


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_it_learns_from_failed_pruned_and_infinite_trials(seed):
    def objective(trial):
        x = trial.suggest_float("x", 0, 1)
        kind = trial.suggest_categorical("kind", ["a", None, 3.5, True])
        trial.report(x, 1)
        if kind is True:
            raise optuna.TrialPruned
        if kind is None:
            raise RuntimeError
        return math.inf if kind == 3.5 else x

    study = optuna.create_study(sampler=PegboxSampler("gp", seed=seed))
    study.optimize(objective, n_trials=24, catch=(RuntimeError,))
    assert study.best_value < 0.01
    late = [trial for trial in study.trials[12:] if trial.value == math.inf or trial.state == optuna.trial.TrialState.FAIL]
    assert len(late) <= 4  # six, if it learned nothing


def test_constraints_are_kept():
    def constraints(trial):
        return (0.5 - trial.params["x"],)

    study = optuna.create_study(sampler=PegboxSampler("gp", seed=1, constraints_func=constraints))
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1) ** 2, n_trials=25)
    assert 0.5 <= study.best_trial.params["x"] < 0.52


def test_running_trials_are_not_suggested_again():
    study = optuna.create_study(sampler=PegboxSampler("gp", seed=1))
    study.optimize(sphere, n_trials=12)
    space = {f"x{i}": optuna.distributions.FloatDistribution(-5, 5) for i in range(3)}
    asked = [study.ask(space).params for _ in range(4)]
    for i, params in enumerate(asked):
        for other in asked[:i]:
            assert max(abs(params[name] - other[name]) for name in params) > 1e-3


def test_a_grid_ends_in_random_draws():
    study = optuna.create_study(sampler=PegboxSampler("grid", seed=1))
    study.optimize(lambda trial: trial.suggest_int("n", 0, 3) + trial.suggest_categorical("c", [0, 1]), n_trials=16)
    tried = [tuple(trial.params.values()) for trial in study.trials]
    assert len(set(tried[:9])) == 8
    assert len(tried) == 16


def test_an_ask_does_not_look_at_old_trials_again():
    study = optuna.create_study(sampler=PegboxSampler("random", seed=1))
    looked = []
    study.optimize(sphere, n_trials=20)
    history = study.sampler._history
    look_at = history.look_at
    history.look_at = lambda trial: (looked.append(trial.number), look_at(trial))
    study.optimize(sphere, n_trials=1)
    assert looked == [19, 20]


def test_a_wrong_search_is_told_at_once():
    with pytest.raises(ValueError, match="gq"):
        PegboxSampler("gq")
