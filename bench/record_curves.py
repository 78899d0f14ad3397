"""Records learning curves of many small language models, one table a task, for bench/multi_fidelity.cc to search in.

    build/venv-peers/bin/python bench/record_curves.py FOLDER [--runs 800] [--steps 1000] [--tasks text code]

A task is a next-character model on text of this machine's Python; a run is one draw of eight hyperparameters of Adam with Nesterov's
momentum, on ranges so wide that most runs learn little. All runs of a table are trained at once, as a leading dimension of every
weight; a run that diverges is infinitely bad from there on. Table: "PARAMETERS RUNS STEPS", a line for each parameter (name, low, high),
a line for each run (place in the unit cube, loss after each fiftieth of the training). Stopping rules and samplers may be tuned on these, and on
no benchmark's.
"""

import argparse
import os
import sysconfig

import torch

CONTEXT, WIDTH, POINTS = 8, 16, 50
NARROW = {  # all on a log scale
    "learning_rate": (1e-6, 3.0),
    "one_minus_beta1": (1e-3, 1.0),
    "one_minus_beta2": (1e-5, 1.0),
    "epsilon": (1e-10, 1e-1),
    "l1": (1e-9, 1e-2),
    "l2": (1e-9, 1e-1),
    "linear_decay": (1e-2, 1e2),
    "exponential_decay": (1e-2, 1e2),
}
WIDE = {  # those of TaskSet's NAdamW (arXiv 2002.11887): one run in twenty learns much
    "learning_rate": (1e-8, 1e1),
    "one_minus_beta1": (1e-4, 1.0),
    "one_minus_beta2": (1e-6, 1.0),
    "epsilon": (1e-10, 1e3),
    "l1": (1e-8, 1e1),
    "l2": (1e-8, 1e1),
    "linear_decay": (1e-2, 1e2),
    "exponential_decay": (1e-2, 1e2),
}
TASKS = {  # text, hidden width, layers, batch, activation, characters to learn from, ranges
    "code": ("code", 32, 1, 32, torch.tanh, 400_000, NARROW),
    "code_deep": ("code", 24, 3, 16, torch.relu, 400_000, NARROW),
    "prose": ("prose", 32, 1, 8, torch.relu, 400_000, NARROW),
    "prose_deep": ("prose", 24, 2, 64, torch.tanh, 400_000, NARROW),
    "little_code": ("code", 32, 2, 32, torch.relu, 4_000, NARROW),
    "little_prose": ("prose", 24, 1, 16, torch.tanh, 6_000, NARROW),
    "wide_code": ("code", 24, 2, 16, torch.relu, 400_000, WIDE),
    "wide_prose": ("prose", 24, 1, 16, torch.tanh, 400_000, WIDE),
    "wide_deep": ("code", 16, 6, 16, torch.tanh, 400_000, WIDE),
    "wide_little": ("prose", 24, 2, 16, torch.relu, 10_000, WIDE),
}


def characters(kind):
    """Code of the standard library, or the prose of its docstrings' longest comments, as numbers below 64."""
    folder, text = sysconfig.get_paths()["stdlib"], []
    for module in sorted(os.listdir(folder)):
        if module.endswith(".py"):
            with open(os.path.join(folder, module), encoding="utf-8", errors="replace") as file:
                source = file.read()
            text += [source] if kind == "code" else source.split('"""')[1::2]
    text = "".join(text).lower()
    known = {c: i for i, c in enumerate("\n abcdefghijklmnopqrstuvwxyz0123456789.,;:!?'\"()[]{}<>=+-*/_#@%&")}
    return torch.tensor([min(known.get(c, 63), 63) for c in text])


def windows(text, generator, count):
    at = torch.randint(0, len(text) - CONTEXT - 1, (count,), generator=generator)
    rows = text[at[:, None] + torch.arange(CONTEXT + 1)]
    return rows[:, :-1], rows[:, -1]


class Models:
    """`runs` models with the same first weights: an embedding, hidden layers, a head. Weights are [runs, ...]."""

    def __init__(self, runs, hidden, layers, activation, generator):
        sizes = [CONTEXT * WIDTH] + [hidden] * layers
        shapes = [(64, WIDTH)] + list(zip(sizes, sizes[1:])) + [(hidden, 64)]
        self.weights, self.activation = [], activation
        for i, (rows, columns) in enumerate(shapes):
            first = torch.randn(rows, columns, generator=generator) * (1 if i == 0 else rows**-0.5)
            self.weights.append(first.expand(runs, rows, columns).clone().requires_grad_())

    def losses(self, inputs, labels):
        """[runs] mean losses on [B, CONTEXT] characters."""
        runs = self.weights[0].shape[0]
        x = self.weights[0][:, inputs].reshape(runs, len(inputs), -1)
        for weight in self.weights[1:-1]:
            x = self.activation(x @ weight)
        logits = x @ self.weights[-1]
        return torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.repeat(runs), reduction="none").view(runs, -1).mean(1)


class NesterovAdam:
    """Every run with its own hyperparameters [runs, 1, 1]."""

    def __init__(self, weights, hyperparameters, steps):
        self.weights, self.h, self.steps, self.step = weights, hyperparameters, steps, 0
        self.first = [torch.zeros_like(w) for w in weights]
        self.second = [torch.zeros_like(w) for w in weights]

    @torch.no_grad()
    def update(self):
        h, done = self.h, self.step / self.steps
        self.step += 1
        beta1, beta2 = 1 - h["one_minus_beta1"], 1 - h["one_minus_beta2"]
        rate = h["learning_rate"] * (1 - h["linear_decay"] * done).clamp(min=0) * torch.exp(-h["exponential_decay"] * done)
        for weight, first, second in zip(self.weights, self.first, self.second):
            gradient = weight.grad + h["l1"] * weight.sign() + h["l2"] * weight
            first.mul_(beta1).add_((1 - beta1) * gradient)
            second.mul_(beta2).addcmul_((1 - beta2) * gradient, gradient)
            corrected = (beta1 * first + (1 - beta1) * gradient) / (1 - beta1 ** (self.step + 1))
            weight -= rate * corrected / ((second / (1 - beta2**self.step)).sqrt() + h["epsilon"])
            weight.grad = None


def record(name, runs, steps):
    kind, hidden, layers, batch, activation, learned, ranges = TASKS[name]
    generator = torch.Generator().manual_seed(sum(map(ord, name)))
    text = characters(kind)
    train, validation = text[:learned], text[-100_000:]
    unit = torch.rand(runs, len(ranges), generator=generator)
    values = {p: (low * (high / low) ** unit[:, i])[:, None, None] for i, (p, (low, high)) in enumerate(ranges.items())}
    models = Models(runs, hidden, layers, activation, generator)
    optimizer = NesterovAdam(models.weights, values, steps)
    checked, curves = windows(validation, generator, 1000), []
    for step in range(1, steps + 1):
        models.losses(*windows(train, generator, batch)).sum().backward()
        optimizer.update()
        if step % (steps // POINTS) == 0:
            with torch.no_grad():
                curves.append(models.losses(*checked))
    curves = torch.stack(curves, 1)
    curves = curves.nan_to_num(nan=float("inf")).clamp(max=float(curves.nan_to_num(nan=1e9)[:, -1].quantile(0.8)))
    return ranges, unit, curves


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--runs", type=int, default=800)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--tasks", nargs="+", default=list(TASKS), choices=list(TASKS))
    arguments = parser.parse_args()
    os.makedirs(arguments.folder, exist_ok=True)
    for task in arguments.tasks:
        ranges, unit, curves = record(task, arguments.runs, arguments.steps)
        with open(os.path.join(arguments.folder, task + ".txt"), "w", encoding="utf-8") as file:
            print(len(ranges), len(unit), POINTS, file=file)
            for parameter, (low, high) in ranges.items():
                print(parameter, low, high, file=file)
            for place, curve in zip(unit.tolist(), curves.tolist()):
                print(*(f"{v:.6g}" for v in place + curve), file=file)
        last = curves[:, -1].sort().values
        print(f"{task}: best {last[0]:.4f}, a tenth below {last[len(last) // 10]:.4f}, median {last[len(last) // 2]:.4f}", flush=True)


if __name__ == "__main__":
    main()
