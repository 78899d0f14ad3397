"""pegbox.optuna.PegboxPruner in Optuna's studies, beside Optuna's own pruners where both have the rule."""

import pickle

import optuna
import pytest

from pegbox.optuna import PegboxPruner

optuna.logging.set_verbosity(optuna.logging.ERROR)
STEPS = 27


def run(pruner, trials=20, direction="minimize", seed=0):
    """The step at which each trial ended, for curves that fall to a level of their own."""
    sign = 1 if direction == "minimize" else -1

    def objective(trial):
        level = trial.suggest_float("level", 0, 1)
        for step in range(1, STEPS + 1):
            value = sign * (level + 1 / step)
            trial.report(value, step)
            if trial.should_prune():
                raise optuna.TrialPruned
        return value

    study = optuna.create_study(direction=direction, pruner=pruner, sampler=optuna.samplers.RandomSampler(seed=seed))
    study.optimize(objective, n_trials=trials)
    return study, [trial.last_step for trial in study.trials]


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_median_is_optunas_where_it_looks_at_each_step(direction):
    """Steps from 1 on; both let five trials end first. Optuna compares the best value so far with the others' at the step."""
    theirs = optuna.pruners.MedianPruner(n_startup_trials=5)
    ours = PegboxPruner({"name": "median", "every": 1, "others": 5}, steps=STEPS)
    # Optuna counts only trials that have completed, pegbox all that have come as far: the first to be pruned is the same.
    _, ends_of_theirs = run(theirs, trials=6 + 1)
    _, ends_of_ours = run(ours, trials=6 + 1, direction=direction)
    if direction == "minimize":
        assert ends_of_ours == ends_of_theirs
    assert min(ends_of_ours) < STEPS


@pytest.mark.parametrize("rule", ["asha", "hyperband", "auto", "halving", "percentile", "curve"])
def test_every_rule_saves_steps_and_keeps_a_good_trial(rule):
    study, ends = run(PegboxPruner(rule, steps=STEPS), trials=30)
    assert sum(ends) < 0.8 * 30 * STEPS
    assert ends[0] == STEPS  # nobody was better when it came
    levels = sorted(trial.params["level"] for trial in study.trials)
    assert study.best_params["level"] in levels[:3]


def test_asha_lets_a_third_go_on():
    study, ends = run(PegboxPruner("asha", steps=STEPS), trials=60)
    assert sum(end >= 3 for end in ends) < 0.55 * 60
    assert sum(end == STEPS for end in ends) < 0.2 * 60


def test_maximizing_is_minimizing_upside_down():
    assert run(PegboxPruner("asha", steps=STEPS), direction="maximize")[1] == run(PegboxPruner("asha", steps=STEPS))[1]


def test_a_rule_with_several_parts_and_values_that_diverge():
    pruner = PegboxPruner(["asha", {"name": "divergence", "every": 1}], steps=STEPS)
    study = optuna.create_study(pruner=pruner)
    trial = study.ask()
    trial.report(1.0, 1)
    assert not trial.should_prune()
    trial.report(float("nan"), 2)
    assert trial.should_prune()
    assert trial.should_prune()


def test_it_goes_on_in_another_process():
    storage = optuna.storages.InMemoryStorage()
    pruner = PegboxPruner("asha", steps=STEPS)
    study = optuna.create_study(storage=storage, study_name="s", pruner=pruner)
    for level in (0.1, 0.2, 0.3):
        trial = study.ask()
        for step in range(1, STEPS + 1):
            trial.report(level, step)
        study.tell(trial, level)
    elsewhere = optuna.load_study(storage=storage, study_name="s", pruner=pickle.loads(pickle.dumps(pruner)))
    bad, good = elsewhere.ask(), elsewhere.ask()
    for trial, level in ((bad, 0.9), (good, 0.01)):
        trial.report(level, 1)
    assert bad.should_prune()
    assert not good.should_prune()


def test_what_is_wrong_with_a_rule_is_told_at_once():
    with pytest.raises(ValueError, match="median"):
        PegboxPruner("medain", steps=10)
    with pytest.raises(ValueError, match="steps"):
        PegboxPruner("asha")
    with pytest.raises(ValueError, match="steps"):
        PegboxPruner()
    for rule in ("freeze_thaw", "pbt"):
        with pytest.raises(NotImplementedError, match=rule):
            PegboxPruner(["median", {"name": rule}], steps=10)
