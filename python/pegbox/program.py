"""Program: the trial that this process runs for `pegbox tune`, whose study file gives a `command`.

    program = Program({"learning_rate": 1e-3})  # what holds where nobody tunes
    for step in range(1, 101):
        loss = train_one(program.config["learning_rate"])
        if program.report(step, loss=loss) == "stop":
            break

It speaks the protocol of docs/protocol.md through the environment. Started by hand, it has the defaults and nobody listens.
"""

from __future__ import annotations

import json
import os
import select
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pegbox.errors import InvalidInput
from pegbox.trial import Value

Verdict = Literal["continue", "stop"]


class Program:
    """One trial: its configuration, where it goes on from, and what it says.

    config: the hyperparameters, above the defaults. trial: its number; None if started by hand. seed: of its randomness,
    below 2**31. checkpoints: a folder of its own, kept while the trial may be resumed. resume: the checkpoint to go on from;
    None: from the beginning. until: the step at which it will be judged next; 0: at its end.
    """

    def __init__(self, defaults: Mapping[str, Value] | None = None, *, environment: Mapping[str, str] | None = None) -> None:
        given = os.environ if environment is None else environment
        file = given.get("PEGBOX_CONFIG")
        chosen = json.loads(Path(file).read_text()) if file else {}
        self.config: dict[str, Any] = {**(defaults or {}), **chosen}
        self.trial = int(given["PEGBOX_TRIAL"]) if "PEGBOX_TRIAL" in given else None
        self.seed = int(given.get("PEGBOX_SEED", "0"))
        self.until = int(given.get("PEGBOX_UNTIL", "0"))
        self.resume = Path(given["PEGBOX_RESUME"]) if given.get("PEGBOX_RESUME") else None
        self._folder = given.get("PEGBOX_CHECKPOINT_DIR")
        self._reports = int(given["PEGBOX_REPORT_FD"]) if "PEGBOX_REPORT_FD" in given else None
        self._verdicts = int(given["PEGBOX_VERDICT_FD"]) if "PEGBOX_VERDICT_FD" in given else None
        self._heard = b""
        self._stopped = False

    @property
    def checkpoints(self) -> Path:
        """The folder for checkpoints; started by hand, a temporary one."""
        if self._folder is None:
            self._folder = tempfile.mkdtemp(prefix="pegbox-trial-")
        return Path(self._folder)

    def is_due(self, step: int) -> bool:
        """Whether a report of this step is judged: a program that can go on later saves a checkpoint first."""
        return 0 < self.until <= step

    def checkpoint(self, step: int, path: str | os.PathLike[str]) -> None:
        """Names a snapshot of this step, from which the trial can go on. It is there already, and whole."""
        self._say({"checkpoint": {"step": step, "name": os.path.abspath(os.fspath(path))}})

    def report(self, step: int, metrics: Mapping[str, float] | None = None, /, **more: float) -> Verdict:
        """What was measured after `step` steps, all of it in one call; steps grow.

        Where the trial is judged, this waits for the verdict. "stop": end soon, with exit status 0; the trial may be
        started again some day, from the checkpoint that was named last.
        """
        measured = {name: float(value) for name, value in {**(metrics or {}), **more}.items()}
        if not measured:
            raise InvalidInput(f"[report] nothing was measured at step {step}; expected metrics, such as loss=0.5")
        self._say({"report": {"step": step, "metrics": measured}})
        self._listen(wait=self.is_due(step))
        return "stop" if self._stopped else "continue"

    def fail(self, kind: str, detail: str = "") -> None:
        """The trial failed: "error", "out-of-memory", "diverged" or "infeasible". Then end."""
        self._say({"failed": {"kind": kind, "detail": detail}})

    def _say(self, message: dict[str, Any]) -> None:
        if self._reports is None:
            return
        line = (json.dumps(message) + "\n").encode()
        while line:
            line = line[os.write(self._reports, line) :]

    def _listen(self, *, wait: bool) -> None:
        """Takes in verdicts that have come; with `wait`, at least one."""
        while self._verdicts is not None and not self._stopped:
            if not wait and not select.select([self._verdicts], [], [], 0)[0]:
                return
            heard = os.read(self._verdicts, 4096)
            if not heard:  # nobody is there any more
                self._stopped = True
            *lines, self._heard = (self._heard + heard).split(b"\n")
            for line in lines:
                self._obey(json.loads(line))
                wait = False

    def _obey(self, verdict: dict[str, Any]) -> None:
        if "stop" in verdict:
            self._stopped = True
        elif "go" in verdict:
            self.until = int(verdict["go"]["until"])
