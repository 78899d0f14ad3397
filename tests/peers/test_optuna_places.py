"""`python -m pegbox.optuna`: studies that Optuna wrote, into pegbox's store and back, with all that they hold."""

import io
import math
import os
import random
import subprocess
import sys
from pathlib import Path

import optuna
import pandas
import pytest
from optuna.storages import JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from optuna.testing.pytest_storages import _generate_trial  # random trials in every state

import pegbox
from pegbox.optuna.__main__ import main
from pegbox.optuna.places import copy_study

optuna.logging.set_verbosity(optuna.logging.ERROR)


def optuna_storage(place):
    kind, _, path = place.partition(":")
    return RDBStorage(f"sqlite:///{path}") if kind == "optuna-sqlite" else JournalStorage(JournalFileBackend(path))


def contents(storage, name):
    """All that a storage has of a study, but for its ids."""
    study = optuna.load_study(storage=storage, study_name=name)
    trials = []
    for trial in study.get_trials():
        fields = {key: value for key, value in vars(trial).items() if key != "_trial_id"}
        fields["intermediate_values"] = {
            step: "nan" if math.isnan(value) else value for step, value in sorted(trial.intermediate_values.items())
        }
        trials.append(fields)
    return study.directions, study.user_attrs, study._storage.get_study_system_attrs(study._study_id), trials


@pytest.fixture(params=["optuna-sqlite", "optuna-journal"])
def place(request, tmp_path):
    return f"{request.param}:{tmp_path}/theirs"


def write_studies(place):
    generator = random.Random(7)
    storage = optuna_storage(place)
    study = optuna.create_study(storage=storage, study_name="search", sampler=optuna.samplers.TPESampler(seed=1))
    study.set_user_attr("note", ["ä", {"deep": None}])
    study.set_metric_names(["loss"])

    def objective(trial):
        x = trial.suggest_float("x", 1e-5, 1, log=True)
        n = trial.suggest_int("n", 2, 20, step=3)
        if trial.suggest_categorical("kind", [None, "b", 2.5, True]) == "b":
            trial.suggest_float("only b", 0, 1, step=0.1)
        for step in (0, 1, 5):
            trial.report(math.nan if step == 1 and n == 2 else x * step, step)
        trial.set_user_attr("seen", trial.number)
        if trial.number % 5 == 4:
            raise optuna.TrialPruned
        if trial.number % 7 == 6:
            raise RuntimeError
        return x * n

    study.optimize(objective, n_trials=16, catch=(RuntimeError,))
    study.enqueue_trial({"x": 0.5})
    study.ask()
    study.enqueue_trial({"x": 0.25})
    odd = storage.create_new_study([optuna.study.StudyDirection.MAXIMIZE], "odd one, in every state")
    for _ in range(25):
        storage.create_new_trial(odd, _generate_trial(generator))
    several = optuna.create_study(storage=storage, study_name="several", directions=["minimize", "maximize"])
    several.optimize(lambda trial: (trial.suggest_float("x", 0, 1), 2), n_trials=3)


NAMES = ("search", "odd one, in every state", "several")


@pytest.mark.parametrize("back", ["optuna-sqlite", "optuna-journal"])
def test_a_round_trip_changes_nothing(place, back, tmp_path, capsys):
    write_studies(place)
    store, target = f"sqlite:{tmp_path}/pegbox.db", f"{back}:{tmp_path}/back"
    assert main(["import", place, "--store", store]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "search: 18 trials",
        "odd one, in every state: 25 trials",
        "several: 3 trials",
    ]
    ours = pegbox.optuna.PegboxStorage(store)
    for name in NAMES:
        assert main(["export", name, "--to", target, "--store", store]) == 0
        assert contents(ours, name) == contents(optuna_storage(place), name)
        assert contents(optuna_storage(target), name) == contents(optuna_storage(place), name)


def test_a_study_goes_on_where_it_was_moved_to(place, tmp_path):
    write_studies(place)
    store = f"sqlite:{tmp_path}/pegbox.db"
    assert main(["import", place.partition(":")[2], "--study", "search", "--as", "mine", "--store", store]) == 0
    study = optuna.load_study(storage=pegbox.optuna.PegboxStorage(store), study_name="mine")
    study.optimize(lambda trial: trial.suggest_float("x", 1e-5, 1, log=True), n_trials=2)
    assert study.trials[17].params == {"x": 0.25}  # it had been enqueued before
    assert len(study.trials) == 19


def test_a_study_of_pegbox_goes_to_optuna(place, tmp_path):
    store = f"{tmp_path}/pegbox.db"
    with pegbox.Study({"x": {"range": [0, 1]}}, minimize="loss", trials=12, store=store, name="native") as study:
        study.optimize(lambda trial: (trial.config["x"] - 0.3) ** 2)
        lowest = min(study.trials, key=lambda trial: trial.metrics["loss"])
    assert main(["export", "native", "--to", place, "--store", store]) == 0
    seen = optuna.load_study(storage=optuna_storage(place), study_name="native", sampler=optuna.samplers.TPESampler(seed=1))
    assert (seen.best_trial.number, seen.best_value) == (lowest.number, lowest.metrics["loss"])
    seen.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
    assert len(seen.trials) == 13


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["import", "none.db"], "no such file"),
        (["import", "notes.txt"], "not a storage of Optuna"),
        (["import", "theirs", "--study", "serch"], "there are search"),
        (["export", "serch", "--to", "optuna-sqlite:x.db"], "no such study"),
        (["export", "search", "--to", "x.db"], "expected optuna-sqlite"),
        (["import", "theirs"], "there already"),
    ],
)
def test_what_is_wrong_is_said(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("notes.txt").write_text("# notes\n")
    optuna.create_study(storage="sqlite:///theirs", study_name="search")
    assert main(["import", "theirs"]) == 0
    assert main(arguments) == 2
    assert message in capsys.readouterr().err


def test_pegbox_import_and_export_are_this_program(tmp_path):
    program = Path(os.environ.get("PEGBOX_BIN", Path(__file__).resolve().parents[2] / "build/bin")) / "pegbox"
    if not program.exists():
        pytest.skip(f"{program} has not been built")
    write_studies(f"optuna-sqlite:{tmp_path}/theirs")

    def run(*arguments):
        package = str(Path(pegbox.__file__).absolute().parents[1])
        environment = dict(os.environ, PEGBOX_PYTHON=sys.executable, PYTHONPATH=package)
        return subprocess.run([program, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True)

    imported = run("import", "theirs", "--study", "odd one, in every state", "--as", "odd")
    assert (imported.returncode, imported.stdout) == (0, "odd: 25 trials\n"), imported.stderr
    assert run("import", "theirs", "--study", "none").returncode == 2
    exported = run("export", "odd", "--to", "optuna-journal:back.log", "--as", "back")
    assert (exported.returncode, exported.stdout) == (0, "back: 25 trials\n"), exported.stderr
    back = optuna_storage(f"optuna-journal:{tmp_path}/back.log")
    assert contents(back, "back") == contents(optuna_storage(f"optuna-sqlite:{tmp_path}/theirs"), "odd one, in every state")
    table = pandas.read_csv(io.StringIO(run("export", "odd", "--to", "csv").stdout))
    assert list(table["number"]) == list(range(25))
    values = {trial.number: trial.value for trial in optuna.load_study(storage=back, study_name="back").trials if trial.values}
    done = table[table["state"] == "done"]
    assert dict(zip(done["number"], done["metric.value"], strict=True)) == values


def test_a_copy_is_whole_or_is_not_there(place, tmp_path, monkeypatch):
    write_studies(place)
    target, created = pegbox.optuna.PegboxStorage(tmp_path / "pegbox.db"), []
    create = type(target).create_new_trial

    def interrupted(self, study_id, template_trial=None):
        created.append(1)
        if len(created) == 3:
            raise KeyboardInterrupt
        return create(self, study_id, template_trial)

    monkeypatch.setattr(type(target), "create_new_trial", interrupted)
    with pytest.raises(KeyboardInterrupt):
        copy_study(optuna_storage(place), "search", target)
    assert target.get_all_studies() == []
    monkeypatch.undo()
    assert copy_study(optuna_storage(place), "search", target) > 3


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("nothing://host/db", "not a database that SQLAlchemy knows"),
        ("oracle://me:secret@host/db", "no driver for this database"),
        ("{}/bad.db", "file is not a database"),
    ],
)
def test_a_database_that_cannot_be_opened_is_said_in_a_line(source, says, tmp_path, capsys):
    (tmp_path / "bad.db").write_bytes(b"SQLite format 3\x00garbage")
    assert main(["import", source.format(tmp_path), "--store", str(tmp_path / "pegbox.db")]) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1
    assert "secret" not in error
