"""A plain PyTorch loop that pegbox tunes: it says how it stands, stops where it is told, and goes on from its checkpoint.

By hand, `python3 train.py` trains once with the defaults. Under `pegbox tune study.yaml` each trial is one such process.
"""

import torch

from pegbox import Program

STEPS, REPORT_EVERY = 270, 10


def make_optimizer(config: dict, model: torch.nn.Module) -> torch.optim.Optimizer:
    if config["optimizer"] == "sgd":
        return torch.optim.SGD(model.parameters(), lr=config["learning_rate"], momentum=config.get("momentum", 0.9))
    return torch.optim.Adam(model.parameters(), lr=config["learning_rate"])


def main() -> None:
    program = Program({"learning_rate": 3e-3, "width": 32, "optimizer": "adam"})
    torch.manual_seed(program.seed)
    x = torch.linspace(-3, 3, 256)[:, None]
    wave = torch.sin(2 * x) + 0.3 * x
    width = program.config["width"]
    model = torch.nn.Sequential(torch.nn.Linear(1, width), torch.nn.Tanh(), torch.nn.Linear(width, 1))
    optimizer = make_optimizer(program.config, model)

    begin = 0
    if program.resume is not None:  # paused before, and now among the best
        saved = torch.load(program.resume)
        begin = saved["step"]
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])

    for step in range(begin + 1, STEPS + 1):
        loss = torch.nn.functional.mse_loss(model(x), wave)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % REPORT_EVERY != 0:
            continue
        if program.is_due(step):  # it may be paused here
            path = program.checkpoints / f"step-{step}.pt"
            torch.save({"step": step, "model": model.state_dict(), "optimizer": optimizer.state_dict()}, path)
            program.checkpoint(step, path)
        if program.report(step, loss=loss.item()) == "stop":
            return
    print(f"loss {loss.item():.5f}")


if __name__ == "__main__":
    main()
