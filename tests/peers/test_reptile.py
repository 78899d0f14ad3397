"""An initialization learned over tasks (Reptile, first-order MAML) against a loop in PyTorch, and runs that go on from it."""

import json
import subprocess

import pytest
import torch
from conftest import BIN, SENTENCES, base_of, llama, mean_loss, rows_of, trainer, write_model

INNER, OUTER, ROUNDS = 3, 0.6, 4
EPSILON = 1e-3  # at 1e-8 the first steps of a fresh AdamW are signs of gradients, of which those near 0 are rounding errors
OPTIMIZERS = {"sgd": {"optimizer": "sgd", "momentum": 0, "learning_rate": 0.03}, "adamw": {"optimizer": "adamw", "beta2": 0.999, "epsilon": EPSILON, "learning_rate": 3e-3}}
PLACES = {"a": (0, 1, 3), "b": (2, 6, 5), "c": (4, 0, 6)}


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory):
    torch.manual_seed(0)
    return write_model(llama(), tmp_path_factory.mktemp("model"))


def tasks_of(model_folder):
    rows = rows_of(model_folder)
    return {name: [rows[place] for place in places] for name, places in PLACES.items()}


def learn(model_folder, folder, tasks=PLACES, held_out=(), **fields):
    """A run whose batch is all rows of a task, so that their order does not matter; its validation data are the training rows."""
    sets = {"train": [], "validation": []}
    for name, places in tasks.items():
        path = folder / f"{name}.jsonl"
        path.write_text("".join(json.dumps({"text": SENTENCES[place]}) + "\n" for place in places))
        sets["train"].append({"path": str(path), "name": name, **({"weight": float(name not in held_out)} if held_out else {})})
        sets["validation"].append({"path": str(path), "name": name})
    config = {"model": str(model_folder), "data": sets, "output": str(folder / "tuned"), "sequence_length": 128, "seed": 5, "method": "full", "batch_size": 3, "weight_decay": 0,
              "schedule": "constant", "warmup_fraction": 0, "clip": 0, "dropout": 0, **fields}
    return trainer("train", "--json-config", json.dumps(config), "--json")


def optimizer_of(fields, parameters, factor=1):
    rate = factor * fields["learning_rate"]
    return torch.optim.SGD(parameters, lr=rate) if fields["optimizer"] == "sgd" else torch.optim.AdamW(parameters, lr=rate, betas=(0.9, 0.999), eps=EPSILON, weight_decay=0)


def steps_on(model, rows, count, fields):
    optimizer = optimizer_of(fields, model.parameters())
    for _ in range(count):
        optimizer.zero_grad()
        mean_loss(model, rows).backward()
        optimizer.step()


def put(model, values):
    with torch.no_grad():
        for name, p in model.named_parameters():
            p.copy_(values[name])


def values_of(model):
    return {name: p.detach().clone() for name, p in model.named_parameters()}


def reference(model, meta, fields, batches):
    """Moves of the initialization by PyTorch, each over the tasks of a batch."""
    outer = optimizer_of(fields, model.parameters(), OUTER)
    for tasks in batches:
        start = values_of(model)
        mean = {name: torch.zeros_like(p) for name, p in start.items()}
        for rows in tasks:
            steps_on(model, rows, INNER, fields)
            if meta == "fomaml":
                model.zero_grad()
                mean_loss(model, rows).backward()
            for name, p in model.named_parameters():
                mean[name] += (p.grad if meta == "fomaml" else p.detach() - start[name]) / len(tasks)
            put(model, start)
        if meta == "reptile":
            put(model, {name: start[name] + OUTER * mean[name] for name in start})
            continue
        for name, p in model.named_parameters():
            p.grad = mean[name]
        outer.step()
    return model


def adapted_losses(model, tasks, steps, fields):
    start, losses = values_of(model), {}
    for task, rows in tasks.items():
        steps_on(model, rows, steps, fields)
        with torch.no_grad():
            losses[task] = mean_loss(model, rows).item()
        put(model, start)
    return losses


def loss_on(model, tasks):
    with torch.no_grad():
        return sum(mean_loss(model, rows).item() for rows in tasks.values())


def tokens_of(tasks, meta, rounds=ROUNDS):
    return rounds * sum(len(row) for rows in tasks.values() for row in rows) * (INNER + (meta == "fomaml"))


def meta_fields(meta, tasks, kind, **more):
    return {"meta": meta, "inner_steps": INNER, "outer_rate": OUTER, "meta_batch": len(tasks), "tokens": tokens_of(tasks, meta), **OPTIMIZERS[kind], **more}


@pytest.mark.parametrize("kind", OPTIMIZERS)
@pytest.mark.parametrize("meta", ["reptile", "fomaml"])
def test_an_initialization_and_its_adapted_losses_equal_pytorchs(meta, kind, model_folder, tmp_path):
    """A batch of tasks is all of them, so that neither their order nor that of their rows matters."""
    tasks, fields = tasks_of(model_folder), OPTIMIZERS[kind]
    ours = learn(model_folder, tmp_path, **meta_fields(meta, tasks, kind, adapt_steps=2))
    theirs = reference(base_of(model_folder), meta, fields, [list(tasks.values())] * ROUNDS)
    loss, before = loss_on(theirs, tasks), loss_on(base_of(model_folder), tasks)
    assert abs(before - loss) > 0.05, "it moved too little to be told apart"
    assert abs(loss_on(base_of(tmp_path / "tuned"), tasks) - loss) < 1e-5 * loss
    for name, adapted in adapted_losses(theirs, tasks, 2, fields).items():
        assert abs(ours[f"validation_loss.{name}"] - adapted) < 1e-5 * adapted, name


def test_the_loss_follows_pytorchs_move_by_move(model_folder, tmp_path):
    tasks, model = tasks_of(model_folder), base_of(model_folder)
    for rounds in (1, 2, 3):
        reference(model, "reptile", OPTIMIZERS["sgd"], [list(tasks.values())])
        ours = learn(model_folder, tmp_path, **{**meta_fields("reptile", tasks, "sgd", adapt_steps=0), "tokens": tokens_of(tasks, "reptile", rounds)})
        theirs = {name: loss_on(model, {name: rows}) for name, rows in tasks.items()}
        for name, loss in theirs.items():
            assert abs(ours[f"validation_loss.{name}"] - loss) < 1e-5 * loss, (rounds, name)


def test_a_set_of_weight_0_is_adapted_to_and_not_learned_from(model_folder, tmp_path):
    tasks, fields = tasks_of(model_folder), OPTIMIZERS["sgd"]
    known = {name: tasks[name] for name in ("a", "b")}
    ours = learn(model_folder, tmp_path, held_out=("c",), **meta_fields("reptile", known, "sgd", adapt_steps=2))
    theirs = reference(base_of(model_folder), "reptile", fields, [list(known.values())] * ROUNDS)
    for name, adapted in adapted_losses(theirs, tasks, 2, fields).items():
        assert abs(ours[f"validation_loss.{name}"] - adapted) < 1e-5 * adapted, name


def test_batches_of_one_task_are_in_some_order_pytorchs(model_folder, tmp_path):
    """Tasks come in an order by the seed, each once in a round: one of the orders gives our loss."""
    tasks = {name: rows for name, rows in tasks_of(model_folder).items() if name != "c"}
    places = {name: PLACES[name] for name in tasks}
    ours = learn(model_folder, tmp_path, places, **{**meta_fields("reptile", tasks, "sgd", adapt_steps=0, meta_batch=1), "tokens": tokens_of(tasks, "reptile", 1)})
    losses = []
    for order in (("a", "b"), ("b", "a")):
        model = reference(base_of(model_folder), "reptile", OPTIMIZERS["sgd"], [[tasks[name]] for name in order])
        losses.append([loss_on(model, {name: rows}) for name, rows in tasks.items()])
    near = [all(abs(ours[f"validation_loss.{name}"] - loss) < 1e-5 * loss for name, loss in zip(tasks, each)) for each in losses]
    assert sum(near) == 1, (ours, losses)


def test_a_run_goes_on_from_an_adapter_as_peft_does(model_folder, tmp_path):
    """An initialization in the form of an adapter, and five steps of an ordinary run from it."""
    from peft import PeftModel

    tasks, fields = tasks_of(model_folder), OPTIMIZERS["adamw"]
    lora = {"method": "lora", "rank": 4, "scale": 2}
    learn(model_folder, tmp_path, **meta_fields("reptile", tasks, "adamw", **{**lora, "learning_rate": 1e-2}))
    rows, steps = tasks["b"], 5
    path = tmp_path / "b.jsonl"
    config = {"model": str(model_folder), "data": {"train": str(path), "validation": str(path)}, "output": str(tmp_path / "own"), "start_adapter": str(tmp_path / "tuned"), "sequence_length": 128, "seed": 9,
              "batch_size": 3, "epochs": steps, "schedule": "constant", "warmup_fraction": 0, "clip": 0, "weight_decay": 0, **lora, **fields}
    ours = trainer("train", "--json-config", json.dumps(config), "--json")
    model = PeftModel.from_pretrained(base_of(model_folder), tmp_path / "tuned", is_trainable=True)
    before = loss_on(model, {"b": rows})
    optimizer = optimizer_of(fields, [p for p in model.parameters() if p.requires_grad])
    for _ in range(steps):
        optimizer.zero_grad()
        mean_loss(model, rows).backward()
        optimizer.step()
    after = loss_on(model, {"b": rows})
    assert before - after > 1e-3
    assert abs(ours["validation_loss"] - after) < 1e-5 * after
    done = subprocess.run([f"{BIN}/pegbox-trainer", "train", "--json-config", json.dumps({**config, "rank": 3})], capture_output=True, text=True)
    assert done.returncode == 2 and "is not what this run trains" in done.stderr
