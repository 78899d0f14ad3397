"""A stream of sets against PyTorch: the Fisher information, the penalty's steps, and the measures of forgetting."""

import json

import pytest
import torch
from conftest import SENTENCES, base_of, llama, mean_loss, relative, rows_of, trainer, write_model
from safetensors.torch import load_file

RATE, STRENGTH, DECAY = 0.05, 1.0, 0.5


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory):
    torch.manual_seed(0)
    return write_model(llama(), tmp_path_factory.mktemp("model"))


def learn_on(model_folder, folder, sets, epochs, **fields):
    """A run on a stream of sets of sentences, which are their own validation data, each stage with all of them in one batch."""
    stream = []
    for name, sentences in sets.items():
        path = folder / f"{name}.jsonl"
        path.write_text("".join(json.dumps({"text": sentence}) + "\n" for sentence in sentences))
        stream.append({"name": name, "train": str(path), "validation": str(path)})
    config = {"model": str(model_folder), "data": {"stream": stream}, "output": str(folder / "tuned"), "sequence_length": 128, "seed": 5, "method": "full", "optimizer": "sgd",
              "momentum": 0, "weight_decay": 0, "learning_rate": RATE, "schedule": "constant", "warmup_fraction": 0, "clip": 0, "epochs": epochs, "dropout": 0, **fields}
    return trainer("train", "--json-config", json.dumps(config), "--json")


def three_sets(model_folder):
    """As many sentences and tokens in each set, so that a batch of all rows of a set is a step."""
    rows = rows_of(model_folder)
    return {name: [(SENTENCES[i], rows[i]) for i in places] for name, places in {"a": (0, 1, 3), "b": (2, 6, 5), "c": (4, 0, 6)}.items()}


def fisher_of(model, rows):
    """The diagonal empirical Fisher information of a label token: sums over rows of squared gradients."""
    squares = {name: torch.zeros_like(p) for name, p in model.named_parameters()}
    labels = sum(len(row) - 1 for row in rows)
    for row in rows:
        model.zero_grad()
        (mean_loss(model, [row]) * (len(row) - 1)).backward()
        for name, p in model.named_parameters():
            squares[name] += p.grad**2 / labels
    return squares


def reference(model_folder, sets, steps, strength):
    """The stream by PyTorch: stochastic gradient descent on the loss and online EWC's penalty."""
    model = base_of(model_folder)
    fisher = anchors = None
    losses = [[mean_loss(model, [row for _, row in rows]).item() for rows in sets.values()]]
    for rows in sets.values():
        rows = [row for _, row in rows]
        for _ in range(steps):
            model.zero_grad()
            loss = mean_loss(model, rows)
            if fisher:
                loss = loss + strength / 2 * sum((fisher[name] * (p - anchors[name]) ** 2).sum() for name, p in model.named_parameters())
            loss.backward()
            with torch.no_grad():
                for p in model.parameters():
                    p -= RATE * p.grad
        new = fisher_of(model, rows)
        fisher = {name: DECAY * fisher[name] + new[name] for name in new} if fisher else new
        anchors = {name: p.detach().clone() for name, p in model.named_parameters()}
        losses.append([mean_loss(model, [row for _, row in each]).item() for each in sets.values()])
    return model, losses


def test_a_stream_with_elastic_weight_consolidation_equals_pytorch(model_folder, tmp_path):
    """A batch of 3 rows is all of a set, so the order does not matter, and the stages have as many steps as epochs."""
    sets, steps = three_sets(model_folder), 6
    sentences = {name: [sentence for sentence, _ in rows] for name, rows in sets.items()}
    ours = learn_on(model_folder, tmp_path, sentences, steps, batch_size=3, consolidation="ewc", ewc_strength=STRENGTH, ewc_decay=DECAY, fisher_rows=100)
    theirs, losses = reference(model_folder, sets, steps, STRENGTH)
    plain = dict(reference(model_folder, sets, steps, 0)[0].named_parameters())
    assert ours["steps"] == 3 * steps
    tuned = load_file(tmp_path / "tuned" / "model.safetensors")
    base = dict(base_of(model_folder).named_parameters())
    differences = []
    for name, parameter in theirs.named_parameters():
        moved = parameter.detach() - base[name].detach()
        assert relative(tuned[name] - base[name], moved) < 2e-3, name
        differences.append(relative(plain[name].detach() - base[name], moved))
    assert max(differences) > 0.05, "the penalty is too small to be seen"
    for row, theirs_row in zip(ours["stages"], losses):
        for name, loss in zip(sets, theirs_row):
            assert abs(row["losses"][name] - loss) < 1e-4 * loss
    last = losses[3]
    assert abs(ours["forgetting"] - ((last[0] - losses[1][0]) + (last[1] - losses[2][1])) / 2) < 2e-3
    assert ours["backward_transfer"] == -ours["forgetting"]
    assert abs(ours["forward_transfer"] - ((losses[0][1] - losses[1][1]) + (losses[0][2] - losses[2][2])) / 2) < 2e-3
    assert abs(ours["mean_set_loss"] - sum(last) / 3) < 1e-4 * ours["mean_set_loss"]
