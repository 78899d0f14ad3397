"""`pegbox importance` against Optuna's evaluators on the same trials."""

import json
import math
import os
import subprocess

import optuna
import pytest
from conftest import BIN
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.importance import FanovaImportanceEvaluator, PedAnovaImportanceEvaluator

import pegbox

optuna.logging.set_verbosity(optuna.logging.ERROR)
TREES = 512

SPACE = {
    "rate": {"range": [1e-5, 1e-1], "scale": "log"},
    "width": {"range": [-2, 3]},
    "layers": {"range": [1, 12], "integer": True},
    "batch": {"range": [1, 300], "integer": True, "scale": "log"},
    "warmup": {"range": [0, 1], "step": 0.25},
    "optimizer": {"choice": ["adamw", "lion", "sgd"]},
    "momentum": {"range": [0.5, 0.99], "when": {"optimizer": "sgd"}},
}
DISTRIBUTIONS = {
    "rate": FloatDistribution(1e-5, 1e-1, log=True),
    "width": FloatDistribution(-2, 3),
    "layers": IntDistribution(1, 12),
    "batch": IntDistribution(1, 300, log=True),
    "warmup": FloatDistribution(0, 1, step=0.25),
    "optimizer": CategoricalDistribution(["adamw", "lion", "sgd"]),
    "momentum": FloatDistribution(0.5, 0.99),
}


def loss(config):
    value = (math.log10(config["rate"]) + 3) ** 2 + 0.3 * (config["width"] - 1) ** 2 + 0.1 * config["layers"] + 0.2 * math.log(config["batch"])
    return value + {"adamw": 0, "lion": 1, "sgd": 2}[config["optimizer"]] * (1 + config["warmup"]) + 4 * (config.get("momentum", 0.9) - 0.9) ** 2


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return f"sqlite:{tmp_path_factory.mktemp('importance')}/pegbox.db"


@pytest.fixture(scope="module")
def trials(store):
    """[(config, loss)] of a random search that is in the store."""
    study = pegbox.Study(SPACE, minimize="loss", search="random", stop="none", trials=120, seed=3, store=store, name="searched")
    study.optimize(lambda trial: loss(trial.config))
    return [(dict(trial.config), trial.metrics["loss"]) for trial in study.trials]


def importance(store, *arguments):
    command = [os.path.join(BIN, "pegbox"), "importance", "searched", "--store", store, "--json", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr
    return {each["parameter"]: each for each in json.loads(done.stdout)["parameters"]}


def optuna_study(trials, distributions, direction="minimize"):
    study = optuna.create_study(direction=direction)
    for config, value in trials:
        study.add_trial(optuna.trial.create_trial(params=config, distributions={name: distributions[name] for name in config}, value=value))
    return study


def fanova(study):
    return FanovaImportanceEvaluator(n_trees=TREES, seed=0).evaluate(study)


def test_fanova_is_optunas_in_optunas_coordinates(store, trials):
    ours = importance(store, "--as-optuna", "--trees", str(TREES))
    theirs = fanova(optuna_study(trials, DISTRIBUTIONS))
    assert set(ours) == set(theirs) == set(SPACE) - {"momentum"}
    for name, share in theirs.items():
        assert ours[name]["share"] == pytest.approx(share, abs=0.02), name


def test_fanova_is_optunas_in_the_unit_cube(store, trials):
    """Optuna told the logarithms of what is searched by logarithms, without conditions; whole numbers have no half values at the ends there."""
    names = ["rate", "width"]
    coordinate = {"rate": lambda x: (math.log10(x) + 5) / 4, "width": lambda x: (x + 2) / 5}
    flat = [({name: coordinate[name](config[name]) for name in names}, (math.log10(config["rate"]) + 3) ** 2 + 0.3 * (config["width"] - 1) ** 2) for config, _ in trials]
    theirs = fanova(optuna_study(flat, {name: FloatDistribution(0, 1) for name in names}))
    study = pegbox.Study({name: SPACE[name] for name in names}, minimize="loss", search="random", stop="none", trials=len(flat), store=store, name="cube")
    for config, (_, value) in zip((config for config, _ in trials), flat):
        study.enqueue({name: config[name] for name in names})
        study.tell(study.ask(), loss=value)
    ours = json.loads(subprocess.run([os.path.join(BIN, "pegbox"), "importance", "cube", "--store", store, "--json", "--trees", str(TREES)], capture_output=True, text=True).stdout)
    for each in ours["parameters"]:
        assert each["share"] == pytest.approx(theirs[each["parameter"]], abs=0.02), each["parameter"]


def test_ped_anova_is_optunas_to_the_last_digits(store, trials):
    ours = importance(store, "--method", "ped-anova")
    theirs = PedAnovaImportanceEvaluator().evaluate(optuna_study(trials, DISTRIBUTIONS))
    assert set(ours) == set(theirs) == set(SPACE)
    total = sum(theirs.values())
    for name, divergence in theirs.items():
        assert ours[name]["divergence"] == pytest.approx(divergence, rel=1e-8, abs=1e-12), name
        assert ours[name]["share"] == pytest.approx(divergence / total, rel=1e-8, abs=1e-12), name
