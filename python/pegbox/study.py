"""Study: a search that is asked for trials and told what became of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, overload

from pegbox import _core
from pegbox.errors import InvalidInput, NotFound
from pegbox.optimize import Outcome, optimize
from pegbox.trial import Best, Trial, TrialRecord, Value, best_of, record_of

Part = str | Mapping[str, Any]
Store = str | os.PathLike[str]


class Study:
    """A search over a space: asked for trials, told what became of them.

    Every decision and every measurement is an event in a log. A study with a `store` is durable: a program that died
    makes the same `Study` again, or calls `load`, and goes on where the log ends; trials that were open are asked for
    again. One process at a time holds a study; its threads may call everything at once.
    """

    def __init__(
        self,
        space: Mapping[str, Any],
        *,
        minimize: str | None = None,
        maximize: str | None = None,
        objectives: Sequence[tuple[str, str]] | None = None,
        search: Part = "auto",
        stop: Part = "auto",
        steps: int | None = None,
        trials: int | None = None,
        time: str | float | None = None,
        tokens: float | None = None,
        seed: int = 0,
        constraints: Sequence[str] = (),
        gates: Sequence[str] = (),
        try_first: Sequence[Mapping[str, Value]] = (),
        transfer: Sequence[str | Study | Mapping[str, Any]] = (),
        store: Store | None = None,
        name: str = "study",
    ) -> None:
        """Makes a study, or goes on with the one of this name in the store.

        space: a dictionary for each hyperparameter, as in a study file: {"range": [1e-5, 1e-1], "scale": "log"},
            {"range": [1, 8], "integer": True}, {"choice": ["adamw", "lion"]}, with "step", "ordered", "when", "prior".
        minimize, maximize: the metric that counts; or objectives=[("minimize", "loss"), ("maximize", "speed")].
        search, stop: a strategy by name, or with options: {"name": "asha", "reduction": 3}. "none" stops nothing.
        steps: the length of a full trial, for trials that report; a trial is judged at rungs before it.
        trials, time ("20m", or seconds), tokens (of the metric "tokens"): the budget, as totals. None: no limit.
        seed: of all randomness.
        constraints: conditions such as "heads <= width / 64" or, on metrics, "latency < 0.1".
        gates: conditions on metrics, such as "toxicity <= 0.05" or "loss[lang=de] < 3", that the best must meet.
        try_first: configurations to begin with; what they leave out is drawn.
        transfer: earlier studies, whose observations this one starts from: a name in the same store, a Study, or
            {"study": NAME or Study, "store": "sqlite:old.db", "shift": {"lr": 0.3}}. They are read once, now. A Study may
            be open, and in memory.
        store: "sqlite:study.db" or a file name; None: in memory, gone with the process.

        An existing study goes on if all this is as it was, or the budget is larger; else InvalidInput says what differs.
        Conflict: another process holds the study.
        """
        budget = {"trials": trials, "time": time, "tokens": tokens}
        spec: dict[str, Any] = {
            "name": name,
            "space": space,
            "objective": _objectives_of(minimize, maximize, objectives),
            "budget": {total: limit for total, limit in budget.items() if limit is not None} or "none",
            "search": search,
            "stop": stop,
            "seed": seed,
        }
        if steps is not None:
            spec["steps"] = steps
        if constraints:
            spec["constraints"] = constraints if isinstance(constraints, str) else list(constraints)
        if gates:
            spec["gates"] = gates if isinstance(gates, str) else list(gates)
        if try_first:
            spec["try_first"] = list(try_first)
        earlier = [_earlier_of(each) for each in _as_list(transfer)]
        if earlier:
            spec["transfer"] = [written for written, _ in earlier]
        known = [study for _, study in earlier]
        self._hold(_core.Study.open(spec, None if store is None else os.fspath(store), known))

    def _hold(self, core: _core.Study) -> None:
        self._core = core
        self._best: tuple[int, Best] | None = None
        spec = core.spec()
        self._name: str = spec["name"]
        objective = spec["objective"]
        self._metrics = [next(iter(entry.values())) for entry in (objective if isinstance(objective, list) else [objective])]

    @property
    def name(self) -> str:
        """The study's name in its store."""
        return self._name

    def ask(self) -> Trial | None:
        """A trial to run: a new one, or a paused one to go on with from its `step`.

        None: nothing may be started now. The budget is spent, the space has no more to give, or somebody stopped the
        study from outside (`pegbox stop`). While other threads run trials, one of them may be paused and come back.
        """
        asked = self._core.ask()
        return None if asked is None else Trial(self._core, asked)

    def tell(self, trial: Trial | int, /, *, failed: str | None = None, detail: str = "", **metrics: float) -> None:
        """Ends a trial, with its last metrics; what they leave out stays as it was last reported.

        An objective that is not a number, or infinite, counts as a divergence. `failed` is "error", "out-of-memory",
        "diverged", "timeout" or "infeasible" (it could not run at all: no trial of the budget is spent), and `detail` a
        text for people. A trial is told once (Conflict), and not after the answer "stop". One that was answered "pause" is
        told if it ran to its end all the same, or failed. `trial` may be a number: its last asking is meant.
        """
        number, leg = (trial.number, trial._leg) if isinstance(trial, Trial) else (trial, 0)
        if failed is None:
            self._core.tell(number, leg, metrics)
        else:
            self._core.tell_failed(number, leg, failed, detail, metrics)

    def enqueue(self, config: Mapping[str, Value], /) -> int:
        """Has a configuration tried next; what it leaves out is drawn. Its trial's number.

        InvalidInput: the space or a constraint refuses it. Conflict: the budget has no trial left.
        """
        return self._core.enqueue(config)

    def optimize(
        self,
        objective: Callable[[Trial], Outcome],
        *,
        workers: int = 1,
        trials: int | None = None,
        catch: type[Exception] | tuple[type[Exception], ...] = (),
    ) -> None:
        """Asks, calls `objective(trial)` and tells, until the budget is spent.

        The objective returns its number; with several objectives a tuple in their order; or a dictionary of metrics.
        What it returns after `trial.report` answered "pause" or "stop" is not looked at. A paused trial comes again, with
        `trial.step` where it stopped.

        workers: threads that call the objective at once. trials: end when so many have ended in this call.

        An exception fails its trial, with its text, and is raised again when the other threads have let go of theirs (at
        their next report, or end); exceptions of the types in `catch` only fail their trial. After KeyboardInterrupt the
        open trials are back in the queue: the same call goes on with them.
        """
        optimize(self, objective, workers=workers, trials=trials, catch=catch)

    @property
    def best(self) -> Best:
        """The trial whose configuration promises most, with an interval: of those that ran to their end, if there are any.

        Found by a model of all trials (up to 0.3 s after each new event), not by luck: a trial's result is what its
        configuration is worth plus the luck of its seed. With fewer than 8 results the best result counts. NotFound if no
        trial has a result.
        """
        if len(self._metrics) > 1:
            raise InvalidInput(f"[{self.name}] a study with {len(self._metrics)} objectives has no best trial; see study.front")
        events = self._core.event_count()
        if self._best is None or self._best[0] != events:
            found = self._core.best()
            if found is None:
                raise NotFound(f"[{self.name}] no trial has a result yet")
            number, said = found
            self._best = (events, best_of(self._core.trial(number), said))
        return self._best[1]

    @property
    def front(self) -> list[TrialRecord]:
        """The trials that no other one beats in all objectives."""
        return [self.trials[number] for number in self._core.front()]

    @property
    def trials(self) -> Trials:
        """All trials by number. A trial is read from the log when it is looked at."""
        return Trials(self._core)

    def close(self) -> None:
        """Lets go of the study, so that another process may hold it. Open trials return to the queue."""
        self._core.close()

    def __enter__(self) -> Study:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<pegbox.Study {self.name}: {len(self.trials)} trials>"


class Trials(Sequence[TrialRecord]):
    """The trials of a study, read when they are looked at."""

    def __init__(self, core: _core.Study) -> None:
        self._core = core

    def __len__(self) -> int:
        return self._core.count()

    @overload
    def __getitem__(self, place: int) -> TrialRecord: ...
    @overload
    def __getitem__(self, place: slice) -> list[TrialRecord]: ...
    def __getitem__(self, place: int | slice) -> TrialRecord | list[TrialRecord]:
        if isinstance(place, slice):
            return [self[number] for number in range(*place.indices(len(self)))]
        count = len(self)
        if not -count <= place < count:
            raise IndexError(f"no trial {place}: there are {count}")
        return record_of(self._core.trial(place % count))

    def __repr__(self) -> str:
        return f"<{len(self)} trials>"


def load(name: str, *, store: Store, trials: int | None = None) -> Study:
    """Goes on with a study of a store. Trials that were open when its process ended are asked for again.

    trials: a new, larger total of trials. NotFound: no such study. Conflict: another process holds it.
    """
    study = Study.__new__(Study)
    study._hold(_core.Study.load(name, os.fspath(store), trials))
    return study


def _as_list(transfer: Any) -> list[Any]:
    return [transfer] if isinstance(transfer, (str, Study, Mapping)) else list(transfer)


def _earlier_of(given: str | Study | Mapping[str, Any]) -> tuple[Any, _core.Study | None]:
    """An entry of `transfer` as a study file has it, and the study itself if the caller has it."""
    if isinstance(given, Study):
        return given.name, given._core
    if isinstance(given, Mapping) and isinstance(given.get("study"), Study):
        return {**given, "study": given["study"].name}, given["study"]._core
    return given, None


def _objectives_of(
    minimize: str | None, maximize: str | None, objectives: Sequence[tuple[str, str]] | None
) -> dict[str, str] | list[dict[str, str]]:
    if sum(given is not None for given in (minimize, maximize, objectives)) != 1:
        raise InvalidInput("[Study] which metric counts?; expected one of minimize=, maximize= and objectives=")
    if minimize is not None:
        return {"minimize": minimize}
    if maximize is not None:
        return {"maximize": maximize}
    try:
        return [{direction: metric} for direction, metric in objectives or ()]
    except (TypeError, ValueError):
        raise InvalidInput(
            f'[Study] objectives are pairs; got {objectives!r}; expected [("minimize", "loss"), ("maximize", "speed")]'
        ) from None
