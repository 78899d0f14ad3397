"""PegboxStorage: an Optuna storage in pegbox's own store.

    study = optuna.create_study(storage=pegbox.optuna.PegboxStorage("sqlite:pegbox.db"), study_name="mine")

`pegbox list`, `show` and `best` know such a study, and Optuna's studies, importances and plots know those that pegbox ran:
these are only read. Every change is on the disk before it returns. Processes and threads may share a store; each change takes
the study's lease for its moment.
"""

from __future__ import annotations

import copy
import hashlib
import os
import re
import threading
import time
import uuid
from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from optuna.distributions import BaseDistribution, check_distribution_compatibility
from optuna.exceptions import DuplicatedStudyError
from optuna.storages import BaseStorage
from optuna.storages._base import DEFAULT_STUDY_NAME_PREFIX
from optuna.study import StudyDirection
from optuna.study._frozen import FrozenStudy
from optuna.trial import FrozenTrial, TrialState

from pegbox import _core
from pegbox.errors import Conflict, NotFound, Unsupported
from pegbox.optuna.study_log import Event, StudyLog, attribute, new_study, place_of, trial_id_of

_NO_STUDY = "there is no such study: {}"
_NO_TRIAL = "there is no such trial: {}"


class PegboxStorage(BaseStorage):
    """Keeps Optuna's studies in a pegbox store.

    store: "sqlite:FILE" or a file name; "memory:": gone with the process.
    patience: seconds to wait for another process that has a study; then Conflict names it.
    """

    def __init__(self, store: str | os.PathLike[str] = "sqlite:pegbox.db", *, patience: float = 30) -> None:
        self._store, self._patience = _absolute(os.fspath(store)), patience
        self._open()

    def _open(self) -> None:
        self._lock = threading.RLock()
        self._logs = _core.Logs.open(self._store)
        self._studies: dict[int, StudyLog] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {"_store": self._store, "_patience": self._patience}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__ |= state
        self._open()

    # Studies

    def create_new_study(self, directions: Sequence[StudyDirection], study_name: str | None = None) -> int:
        name = DEFAULT_STUDY_NAME_PREFIX + str(uuid.uuid4()) if study_name is None else study_name
        stored = _stored_name(name)
        with self._lock:
            try:
                self._logs.create(new_study(stored, name, list(directions)))
            except Conflict:
                raise DuplicatedStudyError(f"a study of this name exists: {name}") from None
            study_id = self._find(stored)
            with self._turn(study_id) as study:
                self._append(study, [("note", {"key": "run", "value": {"state": "paused"}})])
            return study_id

    def delete_study(self, study_id: int) -> None:
        with self._lock:
            study = self._read(study_id)
            del self._studies[study_id]
            self._logs.remove(study.stored_name)

    def set_study_user_attr(self, study_id: int, key: str, value: Any) -> None:
        with self._turn(study_id) as study:
            self._append(study, [attribute(None, "user", key, value)])

    def set_study_system_attr(self, study_id: int, key: str, value: Any) -> None:
        with self._turn(study_id) as study:
            self._append(study, [attribute(None, "system", key, value)])

    def get_study_id_from_name(self, study_name: str) -> int:
        return self._find(_stored_name(study_name))

    def get_study_name_from_id(self, study_id: int) -> str:
        return self._read(study_id).name

    def get_study_directions(self, study_id: int) -> list[StudyDirection]:
        return self._read(study_id).directions

    def get_study_user_attrs(self, study_id: int) -> dict[str, Any]:
        return self._read(study_id).user_attrs

    def get_study_system_attrs(self, study_id: int) -> dict[str, Any]:
        return self._read(study_id).system_attrs

    def get_all_studies(self) -> list[FrozenStudy]:
        with self._lock:
            studies = [self._read(study_id) for study_id, _, _ in sorted(self._logs.list())]
        return [
            FrozenStudy(each.name, None, each.user_attrs, each.system_attrs, each.study_id, directions=each.directions)
            for each in studies
        ]

    # Trials

    def create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> int:
        with self._turn(study_id) as study:
            number = len(study.trials)
            self._append(study, study.creation(template_trial, datetime.now()))
        return trial_id_of(study_id, number)

    def set_trial_param(
        self, trial_id: int, param_name: str, param_value_internal: float, distribution: BaseDistribution
    ) -> None:
        with self._turn_of(trial_id) as (study, trial):
            known = study.distribution_like(param_name)
            if known is not None:
                check_distribution_compatibility(known, distribution)
            value = distribution.to_external_repr(param_value_internal)
            self._append(study, study.choice(trial, param_name, value, distribution))

    def set_trial_state_values(self, trial_id: int, state: TrialState, values: Sequence[float] | None = None) -> bool:
        with self._turn_of(trial_id) as (study, trial):
            if state == TrialState.RUNNING and trial.state != TrialState.WAITING:
                return False
            if state != trial.state:
                self._append(study, study.move(trial, state, values, datetime.now()))
        return True

    def set_trial_intermediate_value(self, trial_id: int, step: int, intermediate_value: float) -> None:
        with self._turn_of(trial_id) as (study, trial):
            self._append(study, [study.measurement(trial, step, intermediate_value)])

    def set_trial_user_attr(self, trial_id: int, key: str, value: Any) -> None:
        with self._turn_of(trial_id) as (study, trial):
            self._append(study, [attribute(trial.number, "user", key, value)])

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        with self._turn_of(trial_id) as (study, trial):
            self._append(study, [attribute(trial.number, "system", key, value)])

    def get_trial(self, trial_id: int) -> FrozenTrial:
        study_id, number = place_of(trial_id)
        return _trial(self._read(study_id), number, trial_id)

    def get_trial_id_from_study_id_trial_number(self, study_id: int, trial_number: int) -> int:
        _trial(self._read(study_id), trial_number, trial_number)
        return trial_id_of(study_id, trial_number)

    def get_all_trials(
        self, study_id: int, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        with self._lock:
            trials = [trial for trial in self._read(study_id).trials if states is None or trial.state in states]
        return copy.deepcopy(trials) if deepcopy else trials

    # The logs

    def _find(self, stored_name: str) -> int:
        with self._lock:
            for study_id, name, _ in self._logs.list():
                if name == stored_name:
                    return study_id
        raise KeyError(_NO_STUDY.format(stored_name))

    def _read(self, study_id: int) -> StudyLog:
        """The study as it is now."""
        with self._lock:
            study = self._studies.get(study_id) or self._meet(study_id)
            try:
                study.apply(self._logs.refresh(study.stored_name))
            except NotFound:
                self._studies.pop(study_id, None)
                raise KeyError(_NO_STUDY.format(study_id)) from None
            return study

    def _meet(self, study_id: int) -> StudyLog:
        for known_id, name, created_s in self._logs.list():
            if known_id == study_id:
                self._studies = {other: study for other, study in self._studies.items() if study.stored_name != name}
                self._logs.forget(name)
                self._studies[study_id] = StudyLog(study_id, name, created_s)
                return self._studies[study_id]
        raise KeyError(_NO_STUDY.format(study_id))

    @contextmanager
    def _turn(self, study_id: int) -> Iterator[StudyLog]:
        """The study as it is now, which nobody else changes meanwhile."""
        with self._lock:
            study = self._read(study_id)
            if not study.is_ours:
                raise Unsupported(
                    f"[{study.name}] Optuna only reads a study that pegbox runs; "
                    "`pegbox export` makes a copy that Optuna goes on with"
                )
            self._logs.wait_for_turn(study.stored_name, self._patience)
            try:
                yield self._read(study_id)
            finally:
                self._logs.end_turn(study.stored_name)

    @contextmanager
    def _turn_of(self, trial_id: int) -> Iterator[tuple[StudyLog, FrozenTrial]]:
        """The same, with a trial that has not ended."""
        study_id, number = place_of(trial_id)
        with self._turn(study_id) as study:
            trial = _trial(study, number, trial_id)
            self.check_trial_is_updatable(trial_id, trial.state)
            yield study, trial

    def _append(self, study: StudyLog, events: list[Event]) -> None:
        study.apply(self._logs.append(study.stored_name, max(time.time() - study.created_s, 0), events))


def _trial(study: StudyLog, number: int, asked: int) -> FrozenTrial:
    if not 0 <= number < len(study.trials):
        raise KeyError(_NO_TRIAL.format(asked))
    return study.trials[number]


def _absolute(store: str) -> str:
    """So that a process that got the storage from another one finds the same file."""
    scheme, colon, rest = store.rpartition("sqlite:")
    is_file = colon == "sqlite:" and not scheme or ":" not in store
    return "sqlite:" + os.path.abspath(rest if colon else store) if is_file else store


def _stored_name(name: str) -> str:
    """A name that a pegbox study can have; Optuna's may hold any character."""
    if re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,99}", name):
        return name
    plain = re.sub(r"[^A-Za-z0-9_.\-]+", "-", name)[:80].strip("-.") or "optuna"
    return f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:12]}"
