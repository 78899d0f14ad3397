"""Distillation against PyTorch: one step's loss and gradients with every divergence, and teachers that are refused."""

import json
import os
import subprocess

import pytest
import torch
from conftest import BIN, SENTENCES, base_of, gpt2, llama, rows_of, train, trainer, write_model
from peft import PeftModel
from torch.nn.functional import log_softmax

TEXTS = SENTENCES[:7]  # all there are, once
RATE = 8.0  # of a step that makes its gradient visible in the weights

CASES = {
    "forward_kl": dict(distill_weight=1.0, distill_top=0),
    "forward_kl, 12 tokens": dict(distill_weight=0.5, distill_top=12),
    "forward_kl, 12 tokens, warm": dict(distill_weight=0.9, distill_top=12, distill_temperature=3.0),
    "reverse_kl": dict(distill_weight=0.5, distill_top=0, distill_divergence="reverse_kl", distill_temperature=2.0),
    "reverse_kl, 12 tokens": dict(distill_weight=1.0, distill_top=12, distill_divergence="reverse_kl"),
    "jensen_shannon": dict(distill_weight=0.5, distill_top=0, distill_divergence="jensen_shannon", distill_beta=0.1),
    "jensen_shannon, 12 tokens": dict(distill_weight=0.7, distill_top=12, distill_divergence="jensen_shannon", distill_temperature=1.5, label_smoothing=0.1, z_loss=0.01),
}


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A student, a teacher of another family, and text."""
    folder = tmp_path_factory.mktemp("models")
    torch.manual_seed(1)
    write_model(llama(), folder / "student")
    write_model(gpt2(n_embd=64), folder / "teacher")
    (folder / "text.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in TEXTS))
    return folder


def config(models, **fields):
    data = {"train": str(models / "text.jsonl"), "validation": str(models / "text.jsonl")}
    return {"model": str(models / "student"), "teacher": str(models / "teacher"), "data": data, "sequence_length": 128, "method": "full", **fields}


def one_step(models, folder, trials, **fields):
    """A worker's trials of one step: of each the training loss, its gradient by tensor, from what the step did to the weights, and how far the rounding of weights may put that off."""
    step = dict(optimizer="sgd", momentum=0.0, learning_rate=RATE, schedule="constant", warmup_fraction=0.0, weight_decay=0.0, clip=0.0, dropout=0.0, tokens=1, batch_size=len(TEXTS))
    worker = subprocess.Popen([os.path.join(BIN, "pegbox-trainer"), "worker", "--json-config", json.dumps(config(models, folder=str(folder), **{**step, **fields}))],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    for number, trial in enumerate(trials):
        worker.stdin.write(json.dumps({"start": {"trial": number, "seed": 5, "config": trial, "until": 0, "resume": None}}) + "\n")
    worker.stdin.flush()
    losses = {}
    for line in worker.stdout:
        message = json.loads(line)
        assert "failed" not in message, message
        if "done" in message:
            losses[message["done"]["trial"]] = message["done"]["metrics"]["train_loss"]
        if len(losses) == len(trials):
            break
    worker.communicate('{"quit": {}}\n', timeout=60)
    before, results = dict(base_of(models / "student").named_parameters()), []
    for number in range(len(trials)):
        after = dict(base_of(folder / f"trial-{number}" / "final").named_parameters())
        gradients = {name: ((before[name].double() - after[name].double()) / RATE).detach() for name in before}
        results.append((losses[number], gradients, {name: 2**-23 * weight.detach().abs() / RATE for name, weight in before.items()}))
    return results


def check(step, student, theirs):
    loss, gradients, rounding = step
    theirs.backward()
    assert abs(loss - theirs.item()) < 1e-5 * theirs.item()
    for name, parameter in student.named_parameters():
        error = ((gradients[name] - parameter.grad).abs() - rounding[name]).clamp(min=0)
        # In fp32; where a teacher's logarithm lies between two numbers of 16 bits, it may be rounded to the other one.
        assert error.norm() < 2e-5 * parameter.grad.norm(), name


def events_of(logits, top, temperature):
    """Logarithms of the teacher's probabilities, kept in 16 bits as pegbox keeps them, with the tokens that they are of and that of the rest."""
    logarithms = log_softmax(logits / temperature, -1)
    if top == 0:
        return logarithms.half().double(), None
    values, tokens = logarithms.topk(top)
    rest = logarithms.exp().scatter(-1, tokens, 0).sum(-1, keepdim=True).log()
    return torch.cat([values.half().double(), rest], -1), tokens


def divergence(p, q, kind, beta):
    if kind == "forward_kl":
        return (p.exp() * (p - q)).sum()
    if kind == "reverse_kl":
        return (q.exp() * (q - p)).sum()
    mean = (beta * p.exp() + (1 - beta) * q.exp()).log()
    return beta * (p.exp() * (p - mean)).sum() + (1 - beta) * (q.exp() * (q - mean)).sum()


def reference(student, teacher, rows, distill_weight, distill_top, distill_temperature=1.0, distill_divergence="forward_kl", distill_beta=0.5, label_smoothing=0.0, z_loss=0.0):
    """The loss of all rows' labels, with gradients."""
    labels, total = sum(len(row) - 1 for row in rows), 0
    for row in rows:
        ids = torch.tensor([row])
        with torch.no_grad():
            p, tokens = events_of(teacher(input_ids=ids).logits[0, :-1].double(), distill_top, distill_temperature)
        logits = student(input_ids=ids).logits[0, :-1].double()
        q = log_softmax(logits / distill_temperature, -1)
        if tokens is not None:
            q = torch.cat([q.gather(-1, tokens), q.exp().scatter(-1, tokens, 0).sum(-1, keepdim=True).log()], -1)
        taught = distill_temperature**2 * divergence(p, q, distill_divergence, distill_beta)
        labelled = torch.nn.functional.cross_entropy(logits, ids[0, 1:], reduction="sum", label_smoothing=label_smoothing)
        total = total + (distill_weight * taught + (1 - distill_weight) * labelled + z_loss * logits.logsumexp(-1).square().sum()) / labels
    return total


@pytest.fixture(scope="module")
def steps(models, tmp_path_factory):
    return dict(zip(CASES, one_step(models, tmp_path_factory.mktemp("steps"), CASES.values())))


@pytest.mark.parametrize("case", CASES, ids=lambda name: name.replace(", ", "-").replace(" ", "_"))
def test_a_steps_loss_and_gradients_equal_pytorch(models, steps, case):
    student, teacher = base_of(models / "student").double(), base_of(models / "teacher").double()
    check(steps[case], student, reference(student, teacher, rows_of(models / "student")[: len(TEXTS)], **CASES[case]))


def test_a_teacher_may_be_an_adapter_on_the_students_base(models, tmp_path):
    """As in self-distillation: base and teacher share their weights, and only the adapter tells them apart."""
    train(models / "student", models / "text.jsonl", tmp_path / "adapter", method="lora", rank=4, learning_rate=1e-2, tokens=4000, batch_size=4)
    fields = dict(distill_weight=1.0, distill_top=0)
    (step,) = one_step(models, tmp_path / "run", [fields], teacher=str(models / "student"), teacher_adapter=str(tmp_path / "adapter"))
    student = base_of(models / "student").double()
    teacher = PeftModel.from_pretrained(base_of(models / "student"), tmp_path / "adapter").double()
    theirs = reference(student, teacher, rows_of(models / "student")[: len(TEXTS)], **fields)
    assert theirs.item() > 0.1
    check(step, student, theirs)


def refusal(fields):
    """What the trainer says of a config."""
    done = subprocess.run([os.path.join(BIN, "pegbox-trainer"), "train", "--json-config", json.dumps(fields)], capture_output=True, text=True, timeout=120)
    assert done.returncode != 0 and done.stderr.count("\n") == 1, done.stderr
    return done.stderr


def test_teachers_that_cannot_teach_are_refused_with_a_reason(models, tmp_path):
    def asked(**fields):
        return config(models, distill_weight=0.5, tokens=1000, **fields)

    assert "no such folder" in refusal(asked(teacher=str(tmp_path / "nowhere")))
    assert "distill_weight 0" in refusal({**asked(), "distill_weight": 0})
    without = {name: value for name, value in asked().items() if name != "teacher"}
    assert "no teacher" in refusal(without)

    other = tmp_path / "other"
    write_model(gpt2(), other)
    tokenizer = json.loads((other / "tokenizer.json").read_text())
    ids = tokenizer["model"]["vocab"]
    ids["!"], ids["Ġa"] = ids["Ġa"], ids["!"]
    (other / "tokenizer.json").write_text(json.dumps(tokenizer))
    said = refusal(asked(teacher=str(other)))
    assert f"its tokens are not the student's: they differ at {ids['Ġa']}" in said and 'got "Ġa" of' in said and 'expected "!" of' in said

    short = tmp_path / "short"
    write_model(gpt2(n_positions=32), short)
    assert "at most 32" in refusal(asked(teacher=str(short)))

    rows = "".join(json.dumps({"text": text, "label": label}) + "\n" for text in TEXTS for label in ("good", "bad"))
    (tmp_path / "classes.jsonl").write_text(rows)
    trainer("train", "--json-config", json.dumps({"model": str(models / "student"), "data": str(tmp_path / "classes.jsonl"), "validation_fraction": 0, "task": "classify", "method": "full", "tokens": 100, "output": str(tmp_path / "classifier")}), json_result=False)
    assert "classifier, which says nothing of tokens" in refusal(asked(teacher=str(tmp_path / "classifier")))
    assert "says nothing of classes" in refusal({**asked(task="classify"), "data": str(tmp_path / "classes.jsonl"), "validation_fraction": 0})


def test_a_teacher_that_does_not_fit_is_refused_with_numbers(models, tmp_path):
    huge = tmp_path / "huge"
    write_model(gpt2(), huge)
    shape = json.loads((huge / "config.json").read_text())
    (huge / "config.json").write_text(json.dumps({**shape, "n_embd": 1 << 16, "n_layer": 400}))
    said = refusal(config(models, teacher=str(huge), distill_weight=0.5, tokens=1000))
    assert "do not fit into memory" in said and "TiB" in said


def test_a_teacher_for_classes_teaches_a_classifier(models, tmp_path):
    rows = [{"text": text, "label": "short" if len(text) < 50 else "long"} for text in TEXTS]
    (tmp_path / "classes.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    data = {"train": str(tmp_path / "classes.jsonl"), "validation": str(tmp_path / "classes.jsonl")}
    common = {"data": data, "task": "classify", "method": "full", "learning_rate": 1e-3, "batch_size": 7}
    trainer("train", "--json-config", json.dumps({**common, "model": str(models / "teacher"), "epochs": 15, "output": str(tmp_path / "teacher")}), json_result=False)
    result = trainer("train", "--json", "--json-config", json.dumps({**common, "model": str(models / "student"), "teacher": str(tmp_path / "teacher"), "distill_weight": 1.0, "epochs": 15}))
    assert result["accuracy"] == 1.0
