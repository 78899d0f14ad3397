"""OpenTrials: the trials of a study that have not ended, where each is looked at again and again and those that ended once."""

from __future__ import annotations

from collections.abc import Iterator

from optuna.trial import FrozenTrial


class OpenTrials:
    """By number. Studies of thousands of trials are walked through at every question, so those that have ended are left behind."""

    def __init__(self) -> None:
        self._first = 0  # all before it have ended
        self._ended: set[int] = set()  # of those after it, these have

    def among(self, trials: list[FrozenTrial]) -> Iterator[FrozenTrial]:
        """Those that had not ended when they were last given, and new ones. What has ended by now is given a last time."""
        for trial in trials[self._first :]:
            if trial.number in self._ended:
                continue
            yield trial
            if trial.state.is_finished():
                self._ended.add(trial.number)
        while self._first in self._ended:
            self._ended.discard(self._first)
            self._first += 1
