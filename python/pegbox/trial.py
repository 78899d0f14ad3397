"""Trial: what a caller runs; TrialRecord: what became of it."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from pegbox import _core

Value = bool | int | float | str
Verdict = Literal["continue", "pause", "stop"]


class Interrupt(BaseException):
    """Leaves an objective whose trial nobody waits for any more. No Exception, so that `except Exception` lets it pass."""


class Trial:
    """A configuration to run now, or to go on with. Made by `Study.ask`."""

    __slots__ = ("_interrupted", "_leg", "_study", "checkpoint", "config", "number", "seed", "step", "verdict")

    number: int
    """Its place among the study's trials, from 0."""
    config: dict[str, Value]
    """The values of the hyperparameters; one that its `when` switches off is absent."""
    seed: int
    """A seed of its own, below 2**31, for the program's randomness."""
    step: int
    """Where to go on from; 0 for a trial that begins."""
    checkpoint: str
    """The name given with the report of that step, if there was one; else ""."""
    verdict: Verdict
    """What the last report was answered; "continue" before the first."""

    def __init__(self, study: _core.Study, asked: tuple[int, int, dict[str, Value], int, int, str]) -> None:
        self._study = study
        self._interrupted: threading.Event | None = None
        self.number, self._leg, self.config, self.seed, self.step, self.checkpoint = asked
        self.verdict = "continue"

    def report(self, step: int, *, checkpoint: str = "", **metrics: float) -> Verdict:
        """Says how the trial stands after `step` steps, and hears whether it is to go on.

        "continue"; "pause": keep what is needed to go on from here, for `ask` gives the trial back some day, with this
        step; "stop": it is over. Neither is told. Steps grow from report to report; all
        metrics of a step are given in one call. Steps up to `trial.step` are known: a program that cannot go on from
        there begins again, and its reports change nothing until it is past it.

        `checkpoint` names a snapshot of this step that outlives the process: after a crash the trial goes on from it.
        """
        self.verdict = self._study.report(self.number, self._leg, step, metrics, checkpoint)
        if self._interrupted is not None and self._interrupted.is_set():
            raise Interrupt
        return self.verdict

    def give_back(self) -> None:
        """Returns the trial to the queue, as if nobody had asked for it: `ask` gives it again."""
        self._study.give_back(self.number, self._leg, "its caller gave it back")

    def end(self, metrics: dict[str, float]) -> None:
        """As `Study.tell`, with the metrics in a dictionary."""
        self._study.tell(self.number, self._leg, metrics)

    def listen_to(self, interrupted: threading.Event) -> None:
        """For `Study.optimize`: a report leaves the objective once the event is set."""
        self._interrupted = interrupted

    def __repr__(self) -> str:
        return f"<pegbox.Trial {self.number}: {self.config}, from step {self.step}>"


@dataclass(frozen=True, slots=True)
class Report:
    """A measurement at a step."""

    step: int
    metrics: dict[str, float]


@dataclass(frozen=True, slots=True)
class TrialRecord:
    """A trial as the log knows it, at the moment when it was looked at."""

    number: int
    state: Literal["waiting", "running", "paused", "done", "stopped", "failed", "infeasible"]
    config: dict[str, Value]
    metrics: dict[str, float]
    """The latest value of each metric."""
    reports: list[Report]
    step: int
    """The last step reported."""
    seed: int
    reason: dict[str, Any]
    """Why this configuration was chosen: {"by": "gp", ...}."""
    failure: str | None
    """"error", "out-of-memory", "diverged", "timeout" or "infeasible"; None if it did not fail."""
    detail: str
    """Of a failure, a pause or a stop: in words."""


@dataclass(frozen=True, slots=True)
class Rival:
    """A configuration that the best one is compared with."""

    trial: int
    probability: float
    """That more is to be expected of the best one."""


@dataclass(frozen=True, slots=True)
class Best(TrialRecord):
    """The trial whose configuration promises most, and how sure that is.

    A trial's result is what its configuration is worth plus the luck of its seed; a model of all trials tells the two apart.
    """

    lowest: int
    """The trial with the best single result, which may be luck."""
    expected: float | None = None
    """What the metric is expected to be with a new seed."""
    interval: tuple[float, float] | None = None
    """Of `expected`, 95 %."""
    noise: float | None = None
    """Standard deviation of one trial around what is expected of it."""
    beats_runner_up: Rival | None = None
    beats_default: Rival | None = None
    """Against the first of `try_first`, or what the priors think most likely; None if it was not tried, or is the best."""
    no_expectation: str = ""
    """Why there is no expectation: there are too few trials, say. The trial then is the one with the best result."""


def record_of(fields: dict[str, Any]) -> TrialRecord:
    """A record from what the core says of a trial."""
    return TrialRecord(**_with_reports(fields))


def best_of(fields: dict[str, Any], said: dict[str, Any]) -> Best:
    """The best, from what the core says of its trial and of its standing."""
    for rival in ("beats_runner_up", "beats_default"):
        if said.get(rival) is not None:
            said[rival] = Rival(*said[rival])
    return Best(**_with_reports(fields), **said)


def _with_reports(fields: dict[str, Any]) -> dict[str, Any]:
    return {**fields, "reports": [Report(step, metrics) for step, metrics in fields["reports"]]}
