"""PegboxSampler: pegbox's search inside an Optuna study.

    study = optuna.create_study(sampler=pegbox.optuna.PegboxSampler(seed=1))

Parameters that all finished trials have in common are sampled together; others (the first trial's, and those below
conditions) are drawn at random, as Optuna's own samplers of this kind do. Import this module where Optuna is installed.
"""

from __future__ import annotations

import math
import random
import threading
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler
from optuna.samplers._base import _CONSTRAINTS_KEY, _process_constraints_after_trial  # type: ignore[attr-defined]
from optuna.search_space import IntersectionSearchSpace
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from pegbox import _core
from pegbox.optuna.open_trials import OpenTrials

if TYPE_CHECKING:
    from optuna.study import Study

Space = dict[str, BaseDistribution]

_VIOLATION = "violation"  # by how much a trial breaks its constraints; 0 if it keeps them


class PegboxSampler(BaseSampler):
    """Delegates to one of pegbox's samplers.

    search: its name ("auto", "gp", "tpe", "random", ...), or a dictionary of its name and options.
    seed: of all randomness; None: a new one each time.
    constraints_func: as for Optuna's samplers: values for a finished trial, all at most 0 where it is allowed.

    For one study. Several objectives, pruned, failed and running trials are understood. Threads may share it.
    """

    def __init__(
        self,
        search: str | Mapping[str, Any] = "auto",
        *,
        seed: int | None = None,
        constraints_func: Callable[[FrozenTrial], Sequence[float]] | None = None,
    ) -> None:
        self._search = search
        self._constraints_func = constraints_func
        self._lock = threading.RLock()
        self._seed = 0
        self._set_seed(seed)
        self._forget()
        self._make({"x": FloatDistribution(0, 1)}, [StudyDirection.MINIMIZE])  # a wrong name of a sampler is told here

    def _set_seed(self, seed: int | None) -> None:
        self._seed = random.SystemRandom().getrandbits(62) if seed is None else seed

    def _forget(self) -> None:
        self._study: Any = None
        self._intersection = IntersectionSearchSpace(include_pruned=True)
        self._history: _History | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {"search": self._search, "constraints_func": self._constraints_func, "seed": self._seed}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["search"], seed=state["seed"], constraints_func=state["constraints_func"])  # type: ignore[misc]

    def reseed_rng(self) -> None:
        """A new seed, for a copy in another thread or process."""
        with self._lock:
            self._set_seed(None)
            self._history = None

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> Space:
        """What all trials that ended had in common, as far as there is a choice."""
        with self._lock:
            self._attend(study)
            space = self._intersection.calculate(study)
        return {name: distribution for name, distribution in space.items() if not distribution.single()}

    def sample_relative(self, study: Study, trial: FrozenTrial, search_space: Space) -> dict[str, Any]:
        """All parameters of the space together."""
        if not search_space:
            return {}
        with self._lock:
            self._attend(study)
            if self._history is None or self._history.space != search_space:
                core = self._make(search_space, study.directions)
                self._history = _History(core, search_space, self._constraints_func is not None)
            self._history.update(study.get_trials(deepcopy=False))
            suggested = self._history.suggest(trial.number)
        return suggested or self._draw(trial, search_space)  # none is left: every configuration has been tried

    def sample_independent(self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution) -> Any:
        """A random draw, the same for the same seed, trial and name."""
        if param_distribution.single():
            return _outward(_inward_low(param_distribution), param_distribution)
        return self._draw(trial, {param_name: param_distribution})[param_name]

    def _draw(self, trial: FrozenTrial, space: Space) -> dict[str, Any]:
        key = f"{self._seed} {trial.number} {' '.join(space)}".encode()
        seed = zlib.crc32(key) | zlib.crc32(key[::-1]) << 32
        spec = _spec(space, [StudyDirection.MINIMIZE], "random", seed, constrained=False)
        config = _core.Sampler.create(spec).suggest()
        assert config is not None  # there is no history to exhaust the space
        return {name: _outward(value, space[name]) for name, value in zip(space, config.values(), strict=True)}

    def after_trial(self, study: Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None) -> None:
        """Evaluates the constraints."""
        if self._constraints_func is not None:
            _process_constraints_after_trial(self._constraints_func, study, trial, state)

    def _attend(self, study: Study) -> None:
        key = (study._storage, study._study_id)
        if self._study != key:
            self._forget()
            self._study = key

    def _make(self, space: Space, directions: Sequence[StudyDirection]) -> _core.Sampler:
        constrained = self._constraints_func is not None
        return _core.Sampler.create(_spec(space, directions, self._search, self._seed, constrained=constrained))


class _History:
    """An Optuna study's trials as pegbox's, kept up to date."""

    def __init__(self, core: _core.Sampler, space: Space, constrained: bool) -> None:
        self.core, self.space, self.constrained = core, space, constrained
        self.names = {f"p{i}": name for i, name in enumerate(space)}
        self.open = OpenTrials()
        self.pending: dict[int, tuple[int, dict[str, Any]]] = {}  # Optuna's number -> ours, and its configuration

    def update(self, trials: list[FrozenTrial]) -> None:
        for trial in self.open.among(trials):
            self.look_at(trial)

    def look_at(self, trial: FrozenTrial) -> None:
        config = self.config_of(trial)
        pending = self.pending.get(trial.number)
        if not trial.state.is_finished():
            if pending is None and config is not None:  # another process's
                self.pending[trial.number] = (self.core.begin(config), config)
            return
        self.pending.pop(trial.number, None)
        if pending is not None and pending[1] != config:  # it ran with other values than those suggested
            self.core.end(pending[0], [], "stopped", None)
            pending = None
        if config is not None:
            number = pending[0] if pending is not None else self.core.begin(config)
            self.core.end(number, self.reports_of(trial), *_end_of(trial))

    def suggest(self, number: int) -> dict[str, Any] | None:
        """Nothing if the sampler has no more to give."""
        config = self.core.suggest()
        if config is None:
            return None
        params = {name: _outward(config[place], self.space[name]) for place, name in self.names.items()}
        config = {place: _inward(params[name], self.space[name]) for place, name in self.names.items()}
        self.pending[number] = (self.core.begin(config), config)
        return params

    def config_of(self, trial: FrozenTrial) -> dict[str, Any] | None:
        """Nothing if it does not have all parameters, or one with another distribution."""
        if any(trial.distributions.get(name) != distribution for name, distribution in self.space.items()):
            return None
        return {place: _inward(trial.params[name], self.space[name]) for place, name in self.names.items()}

    def reports_of(self, trial: FrozenTrial) -> list[tuple[int, dict[str, float]]]:
        reports = {step: {"o0": value} for step, value in sorted(trial.intermediate_values.items()) if step >= 0}
        if trial.state == TrialState.COMPLETE:
            last = {f"o{i}": value for i, value in enumerate(trial.values)}
            if self.constrained:
                values = trial.system_attrs.get(_CONSTRAINTS_KEY)
                last[_VIOLATION] = math.inf if values is None else sum(max(value, 0.0) for value in values)
            reports[max(reports, default=0) + 1] = last
        return list(reports.items())


def _end_of(trial: FrozenTrial) -> tuple[str, str | None]:
    if trial.state == TrialState.PRUNED:
        return "stopped", None
    if trial.state == TrialState.FAIL:
        return "failed", "error"
    return ("done", None) if all(math.isfinite(value) for value in trial.values) else ("failed", "diverged")


def _spec(
    space: Space, directions: Sequence[StudyDirection], search: str | Mapping[str, Any], seed: int, *, constrained: bool
) -> dict[str, Any]:
    """A study file. Parameters and metrics have names of our own, for Optuna's may hold any character."""
    ways = ["maximize" if direction == StudyDirection.MAXIMIZE else "minimize" for direction in directions]
    spec: dict[str, Any] = {
        "name": "optuna",
        "space": {f"p{i}": _parameter(distribution) for i, distribution in enumerate(space.values())},
        "objective": [{way: f"o{i}"} for i, way in enumerate(ways)],
        "budget": "none",
        "search": search,
        "seed": seed,
    }
    if constrained:
        spec["constraints"] = [f"{_VIOLATION} <= 0"]
    return spec


def _parameter(distribution: BaseDistribution) -> dict[str, Any]:
    if isinstance(distribution, CategoricalDistribution):
        return {"choice": list(range(len(distribution.choices)))}
    if isinstance(distribution, IntDistribution):
        parameter: dict[str, Any] = {"range": [distribution.low, distribution.high], "integer": True}
        if distribution.step != 1:
            parameter["step"] = distribution.step
    elif isinstance(distribution, FloatDistribution):
        parameter = {"range": [distribution.low, distribution.high], "integer": False}
        if distribution.step is not None:
            parameter["step"] = distribution.step
    else:
        raise NotImplementedError(f"a distribution that pegbox does not know: {distribution}")
    if distribution.log:
        parameter["scale"] = "log"
    return parameter


def _inward(value: Any, distribution: BaseDistribution) -> Any:
    """Optuna's value as pegbox's: a choice is its place."""
    if isinstance(distribution, CategoricalDistribution):
        return int(distribution.to_internal_repr(value))
    return int(value) if isinstance(distribution, IntDistribution) else float(value)


def _inward_low(distribution: BaseDistribution) -> Any:
    return 0 if isinstance(distribution, CategoricalDistribution) else distribution.low  # type: ignore[attr-defined]


def _outward(value: Any, distribution: BaseDistribution) -> Any:
    """pegbox's value as Optuna's, exactly on its grid and within its range."""
    if isinstance(distribution, CategoricalDistribution):
        return distribution.choices[value]
    if isinstance(distribution, IntDistribution):
        return int(value)
    assert isinstance(distribution, FloatDistribution)
    if distribution.step is not None:
        value = distribution.low + round((value - distribution.low) / distribution.step) * distribution.step
    return min(max(float(value), distribution.low), distribution.high)
