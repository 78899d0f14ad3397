"""`pegbox card` against its JSON schema with a real validator, and against what the hub's library reads."""

import json
import os
import subprocess

import jsonschema
import pytest
from conftest import BIN
from huggingface_hub import ModelCard

import pegbox

MARKUP = "<script>alert(1)</script> | ` & \""
SPACE = {"rate": {"range": [1e-5, 1e-1], "scale": "log", "prior": {"at": 1e-3, "spread": 3}}, "kind": {"choice": ["plain", MARKUP]}}


def card(store, name, *arguments):
    done = subprocess.run([os.path.join(BIN, "pegbox"), "card", name, "--store", store, *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def train(trial):
    if trial.config["kind"] == "plain" and trial.number % 4 == 0:
        raise ValueError(MARKUP)
    for step in range(1, 10):
        trial.report(step=step, loss=trial.config["rate"] + 1 / step, other=float("nan"))


@pytest.fixture(scope="module", params=["empty", "one", "failed", "several", "front"])
def study(request, tmp_path_factory):
    """(store, name) of a study of this kind."""
    store, name = f"sqlite:{tmp_path_factory.mktemp('card')}/pegbox.db", request.param
    goal = {"objectives": [("minimize", "loss"), ("maximize", "speed")]} if name == "front" else {"minimize": "loss"}
    made = pegbox.Study(SPACE, **goal, search="random", trials=14, steps=9, stop="auto" if name == "several" else "none", store=store, name=name)
    for _ in range({"empty": 0, "one": 1, "failed": 5, "several": 0, "front": 8}[name]):
        trial = made.ask()
        if name == "failed":
            made.tell(trial, failed="out-of-memory")
        else:
            made.tell(trial, loss=trial.config["rate"], speed=trial.number % 3)
    if name == "several":
        made.optimize(train, catch=(ValueError,))
    made.close()
    return store, name


def test_the_json_fits_the_schema(study):
    schema = json.loads(card(*study, "--schema"))
    jsonschema.Draft202012Validator.check_schema(schema)
    told = json.loads(card(*study, "--json"))
    jsonschema.Draft202012Validator(schema).validate(told)
    for broken in ({"trials": [{"number": -1}]}, {"standing": 3}, {"more": 1}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.Draft202012Validator(schema).validate(told | broken)


def test_the_markdown_is_a_model_card(study):
    text = card(*study)
    read = ModelCard(text)
    assert read.data.tags == ["pegbox", "hyperparameter-tuning"]
    assert study[1] in read.text
    assert "<script" not in text.split("```json")[0]
