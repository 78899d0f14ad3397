"""pegbox.optuna.PegboxStorage under Optuna's own conformance suite for storages, and what that suite does not look at."""

import json
import multiprocessing
import os
import subprocess
from pathlib import Path

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.testing.pytest_storages import StorageTestCase
from optuna.trial import TrialState

import pegbox
from pegbox.optuna import PegboxSampler, PegboxStorage

optuna.logging.set_verbosity(optuna.logging.ERROR)
ROOT = Path(__file__).resolve().parents[2]


class TestConformance(StorageTestCase):
    @pytest.fixture
    def storage(self, tmp_path):
        return PegboxStorage(tmp_path / "pegbox.db")


class TestConformanceInMemory(StorageTestCase):
    @pytest.fixture
    def storage(self):
        return PegboxStorage("memory:")

    def test_pickle_storage(self):
        """What is in a process's memory does not travel."""


@pytest.fixture
def store(tmp_path):
    return tmp_path / "pegbox.db"


def objective(trial):
    x = trial.suggest_float("x", -5, 5)
    depth = trial.suggest_int("max depth", 1, 8)
    kind = trial.suggest_categorical("kind", ["a", None, 3.5])
    for epoch in range(4):
        trial.report(x * x + 4 - epoch, epoch)
    if kind is None:
        raise optuna.TrialPruned
    return x * x + depth


def pegbox_program(store, *arguments):
    program = Path(os.environ.get("PEGBOX_BIN", ROOT / "build/bin")) / "pegbox"
    if not program.exists():
        pytest.skip(f"{program} has not been built")
    command = [program, *arguments, "--json", "--store", store]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def test_a_study_is_as_in_memory(store):
    def trials_in(storage):
        study = optuna.create_study(storage=storage, sampler=PegboxSampler(seed=1), study_name="mine")
        study.optimize(objective, n_trials=12)
        return [(t.state, t.values, t.params, t.distributions, t.intermediate_values) for t in study.trials]

    assert trials_in(PegboxStorage(store)) == trials_in(None)


def test_list_show_and_best_know_it(store):
    study = optuna.create_study(storage=PegboxStorage(store), sampler=PegboxSampler(seed=1), study_name="mine")
    study.optimize(objective, n_trials=12)
    (entry,) = pegbox_program(store, "list")
    states = [trial.state for trial in study.trials]
    assert entry["trials"]["done"] == states.count(TrialState.COMPLETE) > 0
    assert entry["trials"]["stopped"] == states.count(TrialState.PRUNED) > 0
    shown = pegbox_program(store, "show", "mine")
    assert shown["spec"]["space"] == {
        "x": {"range": [-5, 5], "integer": False},
        "max_depth": {"range": [1, 8], "integer": True},
        "kind": {"choice": ["a", "None", "3.5"]},
    }
    for ours, theirs in zip(shown["trials"], study.trials, strict=True):
        assert ours["config"]["x"] == theirs.params["x"]
        assert ours["config"]["kind"] == str(theirs.params["kind"])
        assert [(report["step"], report["metrics"]["value"]) for report in ours["reports"]][:4] == list(
            theirs.intermediate_values.items()
        )
    best = pegbox_program(store, "best", "mine")
    assert best["lowest"] == study.best_trial.number
    assert best["in_space"]


def test_it_outlives_its_process_in_whatever_state(store):
    study = optuna.create_study(storage=PegboxStorage(store), study_name="mine", directions=["minimize", "maximize"])
    study.set_user_attr("data", {"rows": 10})
    study.enqueue_trial({"x": 0.5})
    running = study.ask()
    assert running.suggest_float("x", 0, 1) == 0.5
    study.ask()
    study.enqueue_trial({"x": 0.25}, user_attrs={"why": "a hunch"})
    again = optuna.load_study(storage=PegboxStorage(store), study_name="mine")
    assert [trial.state for trial in again.trials] == [TrialState.RUNNING, TrialState.RUNNING, TrialState.WAITING]
    assert again.user_attrs == {"data": {"rows": 10}}
    assert again.directions == study.directions
    again.tell(0, [1, 2])
    assert study.trials[0].values == [1, 2]
    assert study.ask().user_attrs == {"why": "a hunch"}


def test_another_study_of_the_same_name_is_not_taken_for_the_one_that_was_deleted(store):
    first = PegboxStorage(store)
    study = optuna.create_study(storage=first, study_name="mine")
    study.optimize(objective, n_trials=3)
    old = study._study_id
    optuna.delete_study(storage=PegboxStorage(store), study_name="mine")
    optuna.create_study(storage=PegboxStorage(store), study_name="mine")
    with pytest.raises(KeyError):
        first.get_all_trials(old)
    with pytest.raises(KeyError):
        first.create_new_trial(old)
    assert optuna.load_study(storage=first, study_name="mine").trials == []


def work(store, count):
    study = optuna.load_study(storage=PegboxStorage(store), study_name="mine")
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=count)


def test_processes_share_it(store):
    optuna.create_study(storage=PegboxStorage(store), study_name="mine")
    workers = [multiprocessing.get_context("spawn").Process(target=work, args=(store, 15)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    trials = optuna.load_study(storage=PegboxStorage(store), study_name="mine").trials
    assert [trial.number for trial in trials] == list(range(30))
    assert all(trial.state == TrialState.COMPLETE and trial.value == trial.params["x"] for trial in trials)


def test_spaces_that_move_and_odd_names_are_kept(store):
    study = optuna.create_study(storage=PegboxStorage(store), study_name="my study: no 1")
    odd = {
        "n": IntDistribution(1, 3),
        "a b": FloatDistribution(0, 1, step=0.25),
        "a_b": FloatDistribution(1e-5, 1e-1, log=True),
        "99": CategoricalDistribution([True, 1, "1", None, float("inf")]),
        "huge": FloatDistribution(-1e300, 1e300),
        "one": FloatDistribution(2, 2),
    }
    params = {"n": 2, "a b": 0.75, "a_b": 1e-3, "99": float("inf"), "huge": 1e299, "one": 2.0}
    study.add_trial(optuna.create_trial(params=params, distributions=odd, value=1))
    study.add_trial(optuna.create_trial(params={"n": 9}, distributions={"n": IntDistribution(2, 10)}, value=2))
    again = optuna.load_study(storage=PegboxStorage(store), study_name="my study: no 1")
    assert again.trials[0].params == params
    assert again.trials[0].distributions == odd
    assert again.trials[1].distributions == {"n": IntDistribution(2, 10)}
    (entry,) = pegbox_program(store, "list")
    space = pegbox_program(store, "show", entry["name"])["spec"]["space"]
    assert space["n"] == {"range": [1, 10], "integer": True}
    assert space["a_b_2"] == {"range": [1e-5, 1e-1], "integer": False, "scale": "log"}
    assert set(space) == {"n", "a_b", "a_b_2", "_99", "huge", "one"}


def test_optuna_reads_a_study_of_pegbox_and_does_not_write_it(store):
    space = {"lr": {"range": [1e-4, 1e-1], "scale": "log"}, "kind": {"choice": ["a", "b"]}}
    space["k"] = {"range": [1, 3], "integer": True}
    with pegbox.Study(space, maximize="accuracy", trials=9, steps=9, stop="median", store=store, name="native", seed=3) as study:
        while (trial := study.ask()) is not None:
            for step in range(1, 9):
                trial.report(step, accuracy=trial.config["lr"] * step, speed=2.0)
            study.tell(trial, accuracy=trial.config["lr"] * 9) if trial.verdict == "continue" else None
        best = study.best.number
    seen = optuna.load_study(storage=PegboxStorage(store), study_name="native")
    assert seen.direction == optuna.study.StudyDirection.MAXIMIZE
    assert seen.best_value == pytest.approx(seen.best_params["lr"] * 9)
    assert seen.trials[best].distributions["lr"] == FloatDistribution(1e-4, 1e-1, log=True)
    assert seen.trials[best].distributions["k"] == IntDistribution(1, 3)
    assert seen.trials[best].user_attrs == {"speed": 2.0}
    assert seen.trials[best].intermediate_values[8] == pytest.approx(seen.best_params["lr"] * 8)
    assert len(optuna.importance.get_param_importances(seen)) == 3
    with pytest.raises(NotImplementedError, match="only reads"):
        seen.ask()


def test_a_study_that_a_process_of_pegbox_holds_is_named(store):
    optuna.create_study(storage=PegboxStorage(store), study_name="mine")
    with pegbox.load("mine", store=store):
        impatient = optuna.load_study(storage=PegboxStorage(store, patience=0.05), study_name="mine")
        with pytest.raises(pegbox.Conflict, match="another process"):
            impatient.ask()
    impatient.ask()
