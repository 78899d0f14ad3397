"""Importance of hyperparameters in a study of many trials: pegbox beside Optuna 5, the same trials, the same number of trees.

    build/venv-peers/bin/python bench/importance.py [--trials 10000] [--runs 3]

pegbox's time is that of the whole command: start, reading the study's log, one forest, the shares alone and of all pairs, marginals, and
for PED-ANOVA 200 bootstraps. Optuna's is that of the evaluator alone, on a study in memory; its fANOVA gives no pairs and no marginals.
"""

import argparse
import json
import math
import os
import subprocess
import tempfile
import time

import common

NUMBERS = {"width": (-2, 3), "dropout": (0, 0.5), "decay": (0, 0.3), "warmup": (0, 1), "clip": (0.1, 2)}
RATE = (1e-5, 1e-1)
CHOICES = ["adamw", "lion", "sgd"]


def loss(config):
    value = (math.log10(config["rate"]) + 3) ** 2 + 0.3 * (config["width"] - 1) ** 2 + config["dropout"] + config["decay"] ** 2
    return value + CHOICES.index(config["optimizer"]) * (1 + config["warmup"])


def search(store, trials):
    import pegbox

    space = {"rate": {"range": RATE, "scale": "log"}, "optimizer": {"choice": CHOICES}, **{name: {"range": range_} for name, range_ in NUMBERS.items()}}
    study = pegbox.Study(space, minimize="loss", search="random", stop="none", trials=trials, store=store, name="searched")
    study.optimize(lambda trial: loss(trial.config))
    return [(dict(trial.config), trial.metrics["loss"]) for trial in study.trials]


def pegbox_run(store, *arguments):
    start = time.perf_counter()
    done = subprocess.run([os.path.join(common.BIN, "pegbox"), "importance", "searched", "--store", store, "--json", *arguments], capture_output=True, text=True, check=True)
    return time.perf_counter() - start, {each["parameter"]: each["share"] for each in json.loads(done.stdout)["parameters"]}


def optuna_run(evaluator, study):
    start = time.perf_counter()
    shares = evaluator.evaluate(study)
    return time.perf_counter() - start, shares


def optuna_study(trials):
    import optuna
    from optuna.distributions import CategoricalDistribution, FloatDistribution

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    distributions = {"rate": FloatDistribution(*RATE, log=True), "optimizer": CategoricalDistribution(CHOICES), **{name: FloatDistribution(*range_) for name, range_ in NUMBERS.items()}}
    study = optuna.create_study()
    study.add_trials([optuna.trial.create_trial(params=config, distributions=distributions, value=value) for config, value in trials])
    return study


def main():
    from optuna.importance import FanovaImportanceEvaluator, PedAnovaImportanceEvaluator

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=10000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = f"sqlite:{folder}/pegbox.db"
        study = optuna_study(search(store, options.trials))
        result = {"trials": options.trials, "trees": 64}
        for name, evaluator, arguments in (
            ("fanova", FanovaImportanceEvaluator(seed=0), ["--as-optuna"]),
            ("fanova in the unit cube", None, []),
            ("ped_anova", PedAnovaImportanceEvaluator(), ["--method", "ped-anova"]),
        ):
            ours = [pegbox_run(store, *arguments) for _ in range(options.runs)]
            result[name] = {"pegbox_s": common.spread([seconds for seconds, _ in ours])}
            if evaluator is None:
                continue
            seconds, shares = optuna_run(evaluator, study)
            total = sum(shares.values()) if name == "ped_anova" else 1
            result[name] |= {
                "optuna_s": seconds,
                "pegbox_over_optuna": result[name]["pegbox_s"]["median"] / seconds,
                "largest_difference": max(abs(shares[each] / total - ours[0][1][each]) for each in shares),
            }
    common.record("importance", result, "optuna", "scikit-learn")


main()
