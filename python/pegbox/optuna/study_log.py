"""StudyLog: a pegbox study's events as Optuna's values, and what Optuna says of a study as events.

The events are those of every pegbox study, so that `pegbox list`, `show` and `best` know the study. What they cannot say
stands in notes: "optuna" (of a trial: when it began and ended, and its values), "optuna.param.NAME" (value and distribution),
"optuna.step.N" (a value at a step that is not beyond the last one), "optuna.user.KEY" and "optuna.system.KEY" (attributes, as
JSON text).
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    distribution_to_json,
    json_to_distribution,
)
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from pegbox.optuna.space import Entry, cover, distributions_of, entry_of, plain_name, shown_value

Event = tuple[str, dict[str, Any]]
Line = tuple[str, str, float]  # kind, payload as JSON, study time in seconds

_TRIALS_BITS = 32  # a trial's id: that of its study, and its number

_STATE_OF = {
    "waiting": TrialState.WAITING,
    "running": TrialState.RUNNING,
    "paused": TrialState.RUNNING,
    "done": TrialState.COMPLETE,
    "stopped": TrialState.PRUNED,
    "failed": TrialState.FAIL,
    "infeasible": TrialState.FAIL,
}
_NAME_OF = {
    TrialState.WAITING: "waiting",
    TrialState.COMPLETE: "done",
    TrialState.PRUNED: "stopped",
    TrialState.FAIL: "failed",
}
_NO_SPACE: dict[str, Entry] = {"define_by_run": True}  # until the first trial has chosen a value


def trial_id_of(study_id: int, number: int) -> int:
    return study_id << _TRIALS_BITS | number


def place_of(trial_id: int) -> tuple[int, int]:
    """The study's id, and the trial's number in it."""
    return trial_id >> _TRIALS_BITS, trial_id & (1 << _TRIALS_BITS) - 1


def new_study(stored_name: str, name: str, directions: Sequence[StudyDirection]) -> dict[str, Any]:
    """The study file of a study that Optuna runs."""
    ways = ["maximize" if direction == StudyDirection.MAXIMIZE else "minimize" for direction in directions]
    return {
        "name": stored_name,
        "trial": {"optuna": {"name": name}},
        "space": _NO_SPACE,
        "objective": [{way: metric} for way, metric in zip(ways, _metrics_of(len(ways)), strict=True)],
        "budget": "none",
    }


def _metrics_of(count: int) -> list[str]:
    return ["value"] if count == 1 else [f"value_{i}" for i in range(count)]


class StudyLog:
    """The fold. Trials are replaced when they change, never changed: who has one keeps it as it was."""

    def __init__(self, study_id: int, stored_name: str, created_s: float) -> None:
        self.study_id, self.stored_name, self.created_s = study_id, stored_name, created_s
        self.name = stored_name
        self.directions: list[StudyDirection] = []
        self.user_attrs: dict[str, Any] = {}
        self.system_attrs: dict[str, Any] = {}
        self.trials: list[FrozenTrial] = []
        self.is_ours = False  # made by an Optuna storage; else pegbox runs it
        self._spec: dict[str, Any] = {}
        self._metrics: list[str] = []
        self._distributions: dict[str, BaseDistribution] = {}  # of the space, where pegbox runs the study
        self._covers: dict[str, BaseDistribution] = {}
        self._plain_names: dict[str, str] = {}
        self._last_steps: list[int] = []  # of the trials; -1: none
        self._now = datetime.fromtimestamp(created_s)  # of the event that is folded

    # What the events say.

    def apply(self, lines: Iterable[Line]) -> None:
        for kind, payload, time_s in lines:
            self._now = datetime.fromtimestamp(self.created_s + time_s)
            _FOLDS[kind](self, json.loads(payload))

    def _study_created(self, what: dict[str, Any]) -> None:
        self._spec = spec = what["spec"]
        optuna = spec.get("trial", {}).get("optuna")
        self.is_ours = optuna is not None
        self.name = optuna["name"] if optuna is not None else spec["name"]
        objectives = spec["objective"] if isinstance(spec["objective"], list) else [spec["objective"]]
        self.directions = [StudyDirection.MAXIMIZE if "maximize" in each else StudyDirection.MINIMIZE for each in objectives]
        self._metrics = [next(iter(each.values())) for each in objectives]
        if not self.is_ours:
            self._distributions |= distributions_of(spec["space"])

    def _trial_created(self, what: dict[str, Any]) -> None:
        number = what["trial"]
        trial = FrozenTrial(
            number=number,
            trial_id=trial_id_of(self.study_id, number),
            state=TrialState.WAITING,
            value=None,
            datetime_start=None,
            datetime_complete=None,
            params={},
            distributions={},
            user_attrs={},
            system_attrs={},
            intermediate_values={},
        )
        if not self.is_ours:
            trial.system_attrs = {"pegbox:reason": what.get("reason")}
            self._take_config(trial, what["config"])
        self.trials.append(trial)
        self._last_steps.append(-1)

    def _take_config(self, trial: FrozenTrial, config: Mapping[str, Any]) -> None:
        for name, value in config.items():
            distribution = self._distributions.get(name)
            if distribution is None or not _fits(distribution, value):
                distribution = CategoricalDistribution((value,))  # of a space that was changed since
            trial.params = {**trial.params, name: value}
            trial.distributions = {**trial.distributions, name: distribution}

    def _trial_started(self, what: dict[str, Any]) -> None:
        trial = self._changed(what["trial"])
        trial.state = TrialState.RUNNING
        if self.is_ours:
            return
        trial.datetime_start = trial.datetime_start or self._now
        steps = trial.intermediate_values.items()  # what it will measure again is taken back
        trial.intermediate_values = {step: value for step, value in steps if step <= what["from"]}

    def _trial_reported(self, what: dict[str, Any]) -> None:
        trial, step = self._changed(what["trial"]), what["step"]
        self._last_steps[trial.number] = step
        if self.is_ours and trial.datetime_complete is not None:
            return  # the result, which the note "optuna" has
        metrics = {name: float(value) for name, value in what["metrics"].items()}
        value = metrics.get(self._intermediate_metric)
        if value is not None:
            trial.intermediate_values = {**trial.intermediate_values, step: value}
        if not self.is_ours:
            self._take_metrics(trial, metrics)

    def _take_metrics(self, trial: FrozenTrial, metrics: Mapping[str, float]) -> None:
        latest = trial.system_attrs.get("pegbox:metrics", {}) | metrics
        trial.system_attrs = {**trial.system_attrs, "pegbox:metrics": latest}
        trial.user_attrs = {name: value for name, value in latest.items() if name not in self._metrics}

    def _trial_moved(self, what: dict[str, Any]) -> None:
        trial = self._changed(what["trial"])
        trial.state = _STATE_OF[what["to"]]
        if self.is_ours:
            return
        if trial.state.is_finished():
            trial.datetime_start, trial.datetime_complete = trial.datetime_start or self._now, self._now
        metrics = trial.system_attrs.get("pegbox:metrics", {})
        if trial.state == TrialState.COMPLETE and all(name in metrics for name in self._metrics):
            trial.values = [metrics[name] for name in self._metrics]
        trial.system_attrs = {**trial.system_attrs, "pegbox:state": what["to"], "pegbox:detail": what.get("detail", "")}

    def _note(self, what: dict[str, Any]) -> None:
        key, value = what["key"], what["value"]
        owner = self if what.get("trial") is None else self._changed(what["trial"])
        first, _, rest = key.partition(".")
        if first != "optuna":
            if key == "config" and not self.is_ours:
                self._take_config(owner, value)  # type: ignore[arg-type]
            return
        part, _, name = rest.partition(".")
        if part in ("user", "system"):
            attrs = part + "_attrs"
            setattr(owner, attrs, {**getattr(owner, attrs), name: json.loads(value)})
        elif isinstance(owner, FrozenTrial):
            self._note_of_trial(owner, part, name, value)

    def _note_of_trial(self, trial: FrozenTrial, part: str, name: str, value: Any) -> None:
        if part == "":
            trial.datetime_start, trial.datetime_complete = _time_of(value["start"]), _time_of(value["complete"])
            trial.values = None if value["values"] is None else [float(each) for each in value["values"]]
        elif part == "param":
            distribution = json_to_distribution(value["distribution"])
            trial.params = {**trial.params, name: distribution.to_external_repr(float(value["value"]))}
            trial.distributions = {**trial.distributions, name: distribution}
            self._covers[name] = cover(self._covers.get(name), distribution)
            self._plain_names[name] = value["as"]
        elif part == "step":
            trial.intermediate_values = {**trial.intermediate_values, int(name): float(value)}

    def _changed(self, number: int) -> FrozenTrial:
        trial = copy.copy(self.trials[number])
        self.trials[number] = trial
        return trial

    def _source_added(self, what: dict[str, Any]) -> None:
        """Earlier studies are no trials of this one."""

    @property
    def _intermediate_metric(self) -> str:
        """Optuna's intermediate values are of the objective, and only where there is one."""
        return self._metrics[0] if len(self._metrics) == 1 or not self.is_ours else "intermediate"

    def distribution_like(self, name: str) -> BaseDistribution | None:
        """One that a trial had for this parameter."""
        return self._covers.get(name)

    # What Optuna says, as events.

    def creation(self, template: FrozenTrial | None, now: datetime) -> list[Event]:
        """A new trial that runs, or one like the template."""
        number = len(self.trials)
        created: Event = ("trial-created", {"trial": number, "config": {}, "reason": {"by": "optuna"}, "seed": 0})
        if template is None:
            return [created, _started(number), _times(number, now, None, None)]
        grown, chosen = self._choices(number, template.params, template.distributions)
        events = [*grown, created, *chosen]
        for kind, attrs in (("user", template.user_attrs), ("system", template.system_attrs)):
            events += [attribute(number, kind, key, value) for key, value in attrs.items()]
        runs = template.state != TrialState.WAITING
        if runs:
            events.append(_started(number))
        last_step = -1
        for step in sorted(template.intermediate_values):
            events.append(self._measured(number, step, template.intermediate_values[step], runs and step > last_step))
            last_step = max(last_step, step)
        times = (template.datetime_start, template.datetime_complete)
        if not template.state.is_finished():
            return [*events, _times(number, *times, template.values)]
        return events + self._end(number, max(last_step, 0), template.state, template.values, *times)

    def choice(self, trial: FrozenTrial, name: str, value: Any, distribution: BaseDistribution) -> list[Event]:
        """A parameter's value that the trial chose."""
        grown, chosen = self._choices(trial.number, {name: value}, {name: distribution})
        return grown + chosen

    def _choices(
        self, number: int, values: Mapping[str, Any], distributions: Mapping[str, BaseDistribution]
    ) -> tuple[list[Event], list[Event]]:
        """The new space, if it has to grow, and a trial's values."""
        space = {} if self._spec["space"] == _NO_SPACE else dict(self._spec["space"])
        names, config, notes = dict(self._plain_names), {}, list[Event]()
        for name, value in values.items():
            distribution = distributions[name]
            plain = names.setdefault(name, plain_name(name, names))
            space[plain] = entry = entry_of(plain, cover(self._covers.get(name), distribution))
            config[plain] = shown_value(value, distribution, entry)
            said = {
                "as": plain,
                "value": distribution.to_internal_repr(value),
                "distribution": distribution_to_json(distribution),
            }
            notes.append(_note(number, f"optuna.param.{name}", said))
        if not config:
            return [], []
        has_grown = space != self._spec["space"]
        grown: list[Event] = [("study-changed", {"spec": {**self._spec, "space": space}})] if has_grown else []
        return grown, [_note(number, "config", config), *notes]

    def measurement(self, trial: FrozenTrial, step: int, value: float) -> Event:
        is_next = trial.state == TrialState.RUNNING and step > self._last_steps[trial.number]
        return self._measured(trial.number, step, value, is_next)

    def _measured(self, number: int, step: int, value: float, is_next: bool) -> Event:
        """A report, if it follows the last one; pegbox takes no other."""
        if is_next and step >= 0:
            return "trial-reported", {"trial": number, "step": step, "metrics": {self._intermediate_metric: float(value)}}
        return _note(number, f"optuna.step.{step}", float(value))

    def move(self, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None, now: datetime) -> list[Event]:
        """The trial's new state. Values that are not given stay."""
        number, stand = trial.number, max(self._last_steps[trial.number], 0)
        if state == TrialState.RUNNING:
            return [_started(number, stand), _times(number, now, None, values)]
        values = trial.values if values is None else values
        if state == TrialState.WAITING:
            return [_moved(number, state, stand), _times(number, trial.datetime_start, None, values)]
        started = [] if trial.state == TrialState.RUNNING else [_started(number, stand)]
        return started + self._end(number, stand, state, values, trial.datetime_start, now)

    def _end(
        self,
        number: int,
        last_step: int,
        state: TrialState,
        values: Sequence[float] | None,
        start: datetime | None,
        complete: datetime | None,
    ) -> list[Event]:
        """Its times and values, its result, its end. The result is a report after all others."""
        complete = complete or datetime.now()
        events = [_times(number, start, complete, values)]
        if state == TrialState.COMPLETE and values is not None:
            last_step += 1
            metrics = dict(zip(self._metrics, map(float, values), strict=False))
            events.append(("trial-reported", {"trial": number, "step": last_step, "metrics": metrics}))
        return [*events, _moved(number, state, last_step)]


def attribute(trial: int | None, kind: str, key: str, value: Any) -> Event:
    """`kind`: "user" or "system". `trial`: None for one of the study."""
    return _note(trial, f"optuna.{kind}.{key}", json.dumps(value))


def _note(trial: int | None, key: str, value: Any) -> Event:
    return "note", {"key": key, "value": value} if trial is None else {"trial": trial, "key": key, "value": value}


def _started(number: int, step: int = 0) -> Event:
    return "trial-started", {"trial": number, "worker": "optuna", "from": step, "until": 0}


def _moved(number: int, state: TrialState, step: int) -> Event:
    return "trial-moved", {"trial": number, "to": _NAME_OF[state], "step": step}


def _times(number: int, start: datetime | None, complete: datetime | None, values: Sequence[float] | None) -> Event:
    said = {
        "start": _text_of(start),
        "complete": _text_of(complete),
        "values": None if values is None else [float(value) for value in values],
    }
    return _note(number, "optuna", said)


def _text_of(time: datetime | None) -> str | None:
    return None if time is None else time.astimezone(timezone.utc).isoformat(timespec="microseconds")


def _time_of(text: str | None) -> datetime | None:
    """Local and naive, as Optuna's are."""
    return None if text is None else datetime.fromisoformat(text).astimezone().replace(tzinfo=None)


def _fits(distribution: BaseDistribution, value: Any) -> bool:
    try:
        return distribution._contains(distribution.to_internal_repr(value))
    except (ValueError, TypeError):
        return False


_FOLDS: dict[str, Callable[[StudyLog, dict[str, Any]], None]] = {
    "study-created": StudyLog._study_created,
    "study-changed": StudyLog._study_created,
    "trial-created": StudyLog._trial_created,
    "trial-started": StudyLog._trial_started,
    "trial-reported": StudyLog._trial_reported,
    "trial-moved": StudyLog._trial_moved,
    "note": StudyLog._note,
    "source-added": StudyLog._source_added,
}
