"""Study: a search that is asked for trials and told what became of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, overload

from pegbox import _core
from pegbox.errors import InvalidInput, NotFound
from pegbox.trial import Trial, TrialRecord, record_of


class Study:
    """A search over a space."""

    def __init__(
        self,
        space: Mapping[str, Any],
        *,
        minimize: str | None = None,
        maximize: str | None = None,
        objectives: Sequence[tuple[str, str]] | None = None,
        search: str | Mapping[str, Any] = "auto",
        stop: str | Mapping[str, Any] = "auto",
        steps: int | None = None,
        trials: int | None = None,
        time: str | float | None = None,
        seed: int = 0,
        constraints: Sequence[str] = (),
        try_first: Sequence[Mapping[str, Any]] = (),
        store: str | None = None,
        name: str = "study",
    ) -> None:
        budget = {key: value for key, value in (("trials", trials), ("time", time)) if value is not None}
        spec = {
            "name": name,
            "space": space,
            "objective": _objectives(minimize, maximize, objectives),
            "budget": budget or "none",
            "search": search,
            "stop": stop,
            "seed": seed,
        }
        if steps is not None:
            spec["steps"] = steps
        if constraints:
            spec["constraints"] = list(constraints)
        if try_first:
            spec["try_first"] = list(try_first)
        self._core = _core.Study.create(spec, store)

    def ask(self) -> Trial | None:
        asked = self._core.ask()
        return None if asked is None else Trial(self._core, asked)

    def tell(self, trial: Trial | int, /, *, failed: str | None = None, detail: str = "", **metrics: float) -> None:
        number, leg = (trial.number, trial._leg) if isinstance(trial, Trial) else (trial, 0)
        if failed is None:
            self._core.tell(number, leg, metrics)
        else:
            self._core.tell_failed(number, leg, failed, detail, metrics)

    def enqueue(self, config: Mapping[str, Any]) -> int:
        return self._core.enqueue(config)

    @property
    def best(self) -> TrialRecord:
        number = self._core.best()
        if number is None:
            raise NotFound("no trial has a result")
        return record_of(self._core.trial(number))

    @property
    def trials(self) -> Sequence[TrialRecord]:
        return [record_of(self._core.trial(i)) for i in range(self._core.count())]


def load(name: str, store: str) -> Study:
    study = Study.__new__(Study)
    study._core = _core.Study.load(name, store)
    return study


def _objectives(minimize: str | None, maximize: str | None, objectives: Sequence[tuple[str, str]] | None) -> list[dict[str, str]]:
    given = [("minimize", minimize)] if minimize is not None else []
    given += [("maximize", maximize)] if maximize is not None else []
    given += list(objectives or [])
    return [{direction: metric} for direction, metric in given]
