"""Optimizers against PyTorch, transformers and PEFT: ten steps of each give the same weights as its counterpart there.

With every row in one batch the order of the data does not matter. Lion and schedule-free AdamW have no counterpart in the peers that are
installed; their papers' formulas are written out here.
"""

import types

import pytest
import torch
from conftest import mean_loss, rows_of, train
from peft import PeftModel
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from transformers import AutoModelForCausalLM
from transformers.optimization import Adafactor

STEPS = 10
DECAY = 0.1


class Lion(torch.optim.Optimizer):
    """arXiv 2302.06675, program 1."""

    def __init__(self, groups, lr):
        super().__init__(groups, {"lr": lr, "weight_decay": 0})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                m = self.state[p].setdefault("m", torch.zeros_like(p))
                update = torch.sign(0.9 * m + 0.1 * p.grad) + group["weight_decay"] * p
                p -= group["lr"] * update
                self.state[p]["m"] = 0.99 * m + 0.01 * p.grad


class ScheduleFree(torch.optim.Optimizer):
    """arXiv 2405.15682, algorithm 1: x, y and z each kept as they are written."""

    def __init__(self, groups, lr):
        super().__init__(groups, {"lr": lr, "weight_decay": 0})
        self.steps, self.weights = 0, 0.0

    @torch.no_grad()
    def step(self):
        self.steps += 1
        for index, group in enumerate(self.param_groups):
            rate = group["lr"] * (1 - 0.999**self.steps) ** 0.5  # grows: the largest so far is that of now
            if index == 0:
                self.weights += rate**2
            for p in group["params"]:
                state = self.state[p]
                if not state:
                    state.update(x=p.clone(), z=p.clone(), v=torch.zeros_like(p))
                state["v"] = 0.999 * state["v"] + 0.001 * p.grad**2
                state["z"] -= rate * (p.grad / (state["v"].sqrt() + 1e-8) + group["weight_decay"] * p)
                part = rate**2 / self.weights
                state["x"] = (1 - part) * state["x"] + part * state["z"]
                p.copy_(0.1 * state["z"] + 0.9 * state["x"])

    @torch.no_grad()
    def finish(self):
        for group in self.param_groups:
            for p in group["params"]:
                p.copy_(self.state[p]["x"])


class Several:
    """Optimizers of parts of a model as one."""

    def __init__(self, *optimizers):
        self.optimizers = optimizers

    def zero_grad(self):
        for optimizer in self.optimizers:
            optimizer.zero_grad()

    def step(self):
        for optimizer in self.optimizers:
            optimizer.step()


@pytest.fixture
def muon_in_fp32(monkeypatch):
    """PyTorch iterates Newton-Schulz in bf16, which leaves two digits; here the same code runs in fp32."""
    shim = types.SimpleNamespace(**{name: getattr(torch, name) for name in dir(torch) if not name.startswith("__")})
    shim.bfloat16 = torch.float32
    monkeypatch.setattr(torch.optim._muon, "torch", shim)


def groups_of(parameters):
    parameters = list(parameters)
    return [{"params": [p for p in parameters if p.dim() >= 2], "weight_decay": DECAY}, {"params": [p for p in parameters if p.dim() < 2], "weight_decay": 0}]


def muon_of(named, rate):
    named = list(named)
    hidden = [p for name, p in named if p.dim() == 2 and not any(part in name for part in ("embed", "wte", "wpe", "lm_head"))]
    rest = [p for _, p in named if not any(p is h for h in hidden)]
    optimizers = [torch.optim.Muon(hidden, lr=rate, weight_decay=DECAY, adjust_lr_fn="match_rms_adamw")]
    if rest:
        optimizers.append(torch.optim.AdamW(groups_of(rest), lr=rate))
    return Several(*optimizers)


OPTIMIZERS = {
    "sgd": (3e-2, lambda named, rate: torch.optim.SGD(groups_of(p for _, p in named), lr=rate, momentum=0.9, nesterov=True)),
    "adafactor": (1e-3, lambda named, rate: Adafactor(groups_of(p for _, p in named), lr=rate, scale_parameter=False, relative_step=False)),
    "lion": (1e-4, lambda named, rate: Lion(groups_of(p for _, p in named), rate)),
    "muon": (1e-3, muon_of),
    "schedule_free": (2e-3, lambda named, rate: ScheduleFree(groups_of(p for _, p in named), rate)),
}


def steps(model, optimizer, rows, loss=mean_loss, clip=lambda parameters: torch.nn.utils.clip_grad_norm_(parameters, 1.0), after=lambda: None):
    trained = [p for p in model.parameters() if p.requires_grad]
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss(model, rows).backward()
        clip(trained)
        optimizer.step()
        after()
    if isinstance(optimizer, ScheduleFree):
        optimizer.finish()


def load(folder):
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)


def run(folder, text_file, output, rows, **fields):
    common = {"method": "full", "tokens": STEPS * sum(map(len, rows)), "batch_size": len(rows), "weight_decay": DECAY, "warmup_fraction": 0, "schedule": "constant", "clip": 1.0, "dropout": 0}
    return train(folder, text_file, output, **{**common, **fields})


def without_key_bias(name, tensor):
    """A bias of the keys moves all scores of a query alike, so that its gradient is rounding and nothing else; optimizers that scale gradients up follow it."""
    if name.endswith("c_attn.bias"):
        queries, _, values = tensor.chunk(3)
        return torch.cat([queries, values])
    return tensor


def assert_close(ours, theirs, start, tolerance, leave_out="nothing"):
    """Relative to how far the weights went, so that steps too small to see prove nothing."""
    for (name, a), (_, b), (_, c) in zip(ours, theirs, start, strict=True):
        if name.endswith(leave_out):
            continue
        a, b, c = (without_key_bias(name, each) for each in (a, b, c))
        if (b - c).norm() > 0:
            assert ((a - b).norm() / (b - c).norm()).item() < tolerance, name


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_full_batch_steps_equal_those_of_the_peer(name, model_folder, text_file, tmp_path, muon_in_fp32):
    rate, make = OPTIMIZERS[name]
    rows = rows_of(model_folder)
    run(model_folder, text_file, tmp_path / "tuned", rows, optimizer=name, learning_rate=rate)
    model, start, ours = load(model_folder), load(model_folder), load(tmp_path / "tuned")
    before = mean_loss(model, rows).item()
    steps(model, make(list(model.named_parameters()), rate), rows)
    with torch.no_grad():
        loss = mean_loss(model, rows).item()
        assert loss < before - 0.02
        assert abs(mean_loss(ours, rows).item() - loss) < 2e-3 * loss
    # Adafactor limits the step of the whole vector by its mean square, the keys' rounding included.
    leave_out = "c_attn.bias" if name == "adafactor" else "nothing"
    assert_close(ours.named_parameters(), model.named_parameters(), start.named_parameters(), 0.03, leave_out)


@pytest.mark.parametrize("name", ["adafactor", "muon", "lora_plus"])
def test_steps_of_adapters_equal_those_of_the_peer(name, model_folder, text_file, tmp_path, muon_in_fp32):
    """The factors of layers that share an input lie in one tensor here: each must be stepped as if it were alone."""
    rows = rows_of(model_folder)
    lora = {"method": "lora", "rank": 4, "scale": 2.0, "weight_decay": DECAY}
    rate = 3e-3
    optimizer = {"optimizer": "adamw", "lora_b_rate": 4} if name == "lora_plus" else {"optimizer": name}
    run(model_folder, text_file, tmp_path / "fresh", rows, **lora, learning_rate=1e-12, tokens=1)
    run(model_folder, text_file, tmp_path / "tuned", rows, **lora, **optimizer, learning_rate=rate)
    adapted = lambda folder: PeftModel.from_pretrained(load(model_folder), folder, is_trainable=True)  # noqa: E731
    model, start, ours = adapted(tmp_path / "fresh"), adapted(tmp_path / "fresh"), adapted(tmp_path / "tuned")
    factors = lambda m: [(n, p) for n, p in m.named_parameters() if p.requires_grad]  # noqa: E731
    with torch.no_grad():  # a step of 1e-12 has been taken, and Adafactor would make a full one of the gradient that A has from it
        for n, p in factors(model) + factors(start):
            if "lora_B" in n:
                p.zero_()
    if name == "lora_plus":
        peer = torch.optim.AdamW([{"params": [p for n, p in factors(model) if ("lora_B" in n) == b], "lr": rate * (4 if b else 1)} for b in (False, True)], lr=rate, weight_decay=DECAY)
    else:
        peer = OPTIMIZERS[name][1](factors(model), rate)
    steps(model, peer, rows)
    assert_close(factors(ours), factors(model), factors(start), 0.03)


def smooth_loss(model, rows):
    labels = sum(len(row) - 1 for row in rows)
    total = 0
    for row in rows:
        ids = torch.tensor([row])
        logits = model(input_ids=ids).logits[0, :-1]
        total = total + torch.nn.functional.cross_entropy(logits, ids[0, 1:], reduction="sum", label_smoothing=0.1) / labels
        total = total + 0.01 * logits.logsumexp(-1).square().sum() / labels
    return total


def test_label_smoothing_z_loss_and_clipping_by_value_equal_pytorch(model_folder, text_file, tmp_path):
    rows = rows_of(model_folder)
    run(model_folder, text_file, tmp_path / "tuned", rows, learning_rate=1e-3, label_smoothing=0.1, z_loss=0.01, clip=0, clip_value=1e-3)
    model, start, ours = load(model_folder), load(model_folder), load(tmp_path / "tuned")
    optimizer = torch.optim.AdamW(groups_of(model.parameters()), lr=1e-3)
    steps(model, optimizer, rows, loss=smooth_loss, clip=lambda parameters: torch.nn.utils.clip_grad_value_(parameters, 1e-3))
    assert_close(ours.named_parameters(), model.named_parameters(), start.named_parameters(), 0.03)


def test_a_moving_average_is_torchs(model_folder, text_file, tmp_path):
    rows = rows_of(model_folder)
    result = run(model_folder, text_file, tmp_path / "tuned", rows, learning_rate=1e-3, average="ema", average_decay=0.8)
    model, start, ours = load(model_folder), load(model_folder), load(tmp_path / "tuned")
    average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.8))
    steps(model, torch.optim.AdamW(groups_of(model.parameters()), lr=1e-3), rows, after=lambda: average.update_parameters(model))
    assert_close(ours.named_parameters(), average.module.named_parameters(), start.named_parameters(), 0.03)
    with torch.no_grad():
        loss = mean_loss(average.module, rows).item()
    assert abs(result["validation_loss"] - loss) < 1e-3 * loss
