"""The C++ half. Private: `pegbox.Study` is the interface."""

from collections.abc import Mapping
from typing import Any, Literal

version: str

def parameter_fault(name: str, parameter: Any) -> str:
    """Why the space of a study cannot have this entry; "" if it can."""

class Study:
    """Ask-and-tell on a log. `leg` says which time the trial was asked for; 0: the last."""

    @staticmethod
    def open(spec: Mapping[str, Any], store: str | None, earlier: list[Study | None]) -> Study: ...
    @staticmethod
    def load(name: str, store: str, trials: int | None) -> Study: ...
    def ask(self) -> tuple[int, int, dict[str, bool | int | float | str], int, int, str] | None:
        """Number, leg, configuration, seed, step, checkpoint."""

    def report(
        self, trial: int, leg: int, step: int, metrics: dict[str, float], checkpoint: str
    ) -> Literal["continue", "pause", "stop"]: ...
    def tell(self, trial: int, leg: int, metrics: dict[str, float]) -> None: ...
    def tell_failed(self, trial: int, leg: int, kind: str, detail: str, metrics: dict[str, float]) -> None: ...
    def give_back(self, trial: int, leg: int, detail: str) -> None: ...
    def enqueue(self, config: Mapping[str, Any]) -> int: ...
    def count(self) -> int: ...
    def trial(self, number: int) -> dict[str, Any]: ...
    def best(self) -> tuple[int, dict[str, Any]] | None:
        """The best trial and what is said of it: the fields of `Best` that `TrialRecord` has not."""

    def event_count(self) -> int: ...
    def front(self) -> list[int]: ...
    def spec(self) -> dict[str, Any]: ...
    def close(self) -> None: ...

class Sampler:
    """A sampler on a history that the caller keeps. One thread at a time."""

    @staticmethod
    def create(spec: Mapping[str, Any]) -> Sampler: ...
    def begin(self, config: Mapping[str, Any]) -> int:
        """A trial that runs; its number."""

    def end(self, trial: int, reports: list[tuple[int, dict[str, float]]], state: str, failure: str | None) -> None:
        """Its measurements, with growing steps, and what became of it: "done", "stopped" or "failed"."""

    def suggest(self) -> dict[str, bool | int | float | str] | None:
        """A configuration; None if the space has no more."""

class Scheduler:
    """A stopping rule on a history that the caller keeps. One thread at a time."""

    @staticmethod
    def create(spec: Mapping[str, Any]) -> Scheduler: ...
    def begin(self) -> int:
        """A trial that runs; its number."""

    def report(self, trial: int, step: int, value: float) -> None:
        """A value of the objective; one at a step that is known already changes nothing."""

    def judge(self, trial: int) -> str:
        """Why it is to end where it stands; "" if it may go on."""

    def end(self, trial: int, state: str) -> None:
        """What became of it: "done", "stopped" or "failed"."""

class Logs:
    """The studies of a store, and their logs, which several processes may append to in turn. One thread at a time."""

    @staticmethod
    def open(url: str) -> Logs: ...
    def list(self) -> list[tuple[int, str, float]]:
        """Of each study: an id that no other has or had, its name, when it was made (seconds since 1970)."""

    def create(self, spec: Mapping[str, Any]) -> None:
        """A study. Conflict if its name is taken."""

    def remove(self, study: str) -> None: ...
    def wait_for_turn(self, study: str, patience_s: float) -> None:
        """The right to append, until `end_turn`. Conflict if another process runs the study."""

    def end_turn(self, study: str) -> None: ...
    def refresh(self, study: str) -> list[tuple[str, str, float]]:
        """Kind, payload (JSON) and study time of the events that were appended since it was last looked at, but by `append`."""

    def append(self, study: str, study_time_s: float, events: list[tuple[str, dict[str, Any]]]) -> list[tuple[str, str, float]]:
        """Logs them, durably and all at once. As they were logged."""

    def forget(self, study: str) -> None:
        """`refresh` begins at the first event again."""
