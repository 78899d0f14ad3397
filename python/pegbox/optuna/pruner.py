"""PegboxPruner: pegbox's stopping rules inside an Optuna study.

    study = optuna.create_study(pruner=pegbox.optuna.PegboxPruner("curve", steps=100))

Optuna's trials cannot be paused and resumed. Where a rule would pause a trial, it is pruned, unless it is the best of all
that have come so far: a rule like asha would otherwise end the first trial at its first rung, to resume it later.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from optuna.pruners import BasePruner
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from pegbox import _core
from pegbox.errors import InvalidInput, Unsupported
from pegbox.optuna.open_trials import OpenTrials

if TYPE_CHECKING:
    from optuna.study import Study

Rule = str | Mapping[str, Any]

_NEEDS_RESUMING = {
    "freeze_thaw": "it chooses among trials that rest",
    "pbt": "its trials go on from the checkpoints of others",
}
_END_OF = {TrialState.COMPLETE: "done", TrialState.PRUNED: "stopped", TrialState.FAIL: "failed"}


class PegboxPruner(BasePruner):
    """Stops trials by one of pegbox's rules.

    stop: a rule's name ("asha", "hyperband", "median", "percentile", "curve", "patience", ...), a dictionary of its name and
        options, or a list of rules that all apply.
    steps: the length of a full trial, in the steps of `trial.report`. Rules with an `every` of their own need none.
    trials: how many are planned, where it is known: so that a halving rule has no more rungs than it can fill.

    For one study. Trials of other processes count as far as the storage shows them. Threads may share it.
    """

    def __init__(self, stop: Rule | Sequence[Rule] = "auto", *, steps: int | None = None, trials: int | None = None) -> None:
        self._stop, self._steps, self._trials = stop, steps, trials
        self._lock = threading.Lock()
        self._study: Any = None
        self._history: _History | None = None
        for name in map(_name_of, stop if isinstance(stop, Sequence) and not isinstance(stop, str) else [stop]):
            if name in _NEEDS_RESUMING:
                raise Unsupported(f"[PegboxPruner] Optuna has no {name}: {_NEEDS_RESUMING[name]}; see pegbox.Study")
        if stop == "auto" and steps is None:
            raise InvalidInput("[PegboxPruner] how long is a full trial?; expected steps=, in the steps of trial.report")
        self._make(StudyDirection.MINIMIZE)  # what is wrong with a rule is told here

    def __getstate__(self) -> dict[str, Any]:
        return {"stop": self._stop, "steps": self._steps, "trials": self._trials}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["stop"], steps=state["steps"], trials=state["trials"])  # type: ignore[misc]

    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        """Whether the trial is to end where it stands. The same question gets the same answer."""
        with self._lock:
            key = (study._storage, study._study_id)
            if self._history is None or self._study != key:
                self._study, self._history = key, _History(self._make(study.direction))
            self._history.update(study.get_trials(deepcopy=False))
            return bool(self._history.core.judge(trial.number))

    def _make(self, direction: StudyDirection) -> _core.Scheduler:
        spec: dict[str, Any] = {
            "name": "optuna",
            "space": {"any": True},
            "objective": {"maximize" if direction == StudyDirection.MAXIMIZE else "minimize": "value"},
            "budget": "none" if self._trials is None else {"trials": self._trials},
            "stop": self._stop,
        }
        if self._steps is not None:
            spec["steps"] = self._steps
        return _core.Scheduler.create(spec)


def _name_of(rule: Rule) -> str:
    return rule if isinstance(rule, str) else str(rule.get("name"))


class _History:
    """An Optuna study's trials as the rule's, by the same numbers."""

    def __init__(self, core: _core.Scheduler) -> None:
        self.core = core
        self.begun = 0
        self.open = OpenTrials()
        self.steps: dict[int, int] = {}  # the last one known of trials that run

    def update(self, trials: list[FrozenTrial]) -> None:
        while self.begun < len(trials):
            self.begun = self.core.begin() + 1
        for trial in self.open.among(trials):
            self.look_at(trial)

    def look_at(self, trial: FrozenTrial) -> None:
        known = self.steps.get(trial.number, -1)
        for step in sorted(step for step in trial.intermediate_values if step > known):
            self.core.report(trial.number, step, trial.intermediate_values[step])
            self.steps[trial.number] = step
        if trial.state.is_finished():
            self.core.end(trial.number, _END_OF[trial.state])
            self.steps.pop(trial.number, None)
