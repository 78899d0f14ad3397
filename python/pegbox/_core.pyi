"""The C++ half. Private: `pegbox.Study` is the interface."""

from collections.abc import Mapping
from typing import Any, Literal

version: str

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
