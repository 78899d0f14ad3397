"""How Optuna's distributions and pegbox's spaces say the same.

A study's space in pegbox is one; a parameter's distribution in Optuna is each trial's own and may move. The space shows what
covers all of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from pegbox import _core

Entry = dict[str, Any] | bool | int | float | str


def cover(known: BaseDistribution | None, new: BaseDistribution) -> BaseDistribution:
    """A distribution with all values of both, where they are of one kind; else the new one."""
    if known is None or known == new or type(known) is not type(new) or isinstance(new, CategoricalDistribution):
        return new
    assert isinstance(new, (FloatDistribution, IntDistribution)) and isinstance(known, (FloatDistribution, IntDistribution))
    low, high = min(known.low, new.low), max(known.high, new.high)
    if known.step == new.step and (not new.step or (known.low - new.low) % new.step == 0):
        return type(new)(low, high, log=known.log or new.log, step=new.step)
    return type(new)(low, high, log=known.log or new.log)


def entry_of(name: str, distribution: BaseDistribution) -> Entry:
    """The parameter in a study's space; one fixed text if pegbox has no such parameter."""
    for entry in _candidates(distribution):
        if not _core.parameter_fault(name, entry):
            return entry
    return {"value": str(distribution)}


def _candidates(distribution: BaseDistribution) -> list[Entry]:
    if isinstance(distribution, CategoricalDistribution):
        texts = [str(choice) for choice in distribution.choices]
        numbered = [f"{place}: {text}" for place, text in enumerate(texts)]
        return [{"choice": list(choices)} for choices in (distribution.choices, texts, numbered)]
    assert isinstance(distribution, (FloatDistribution, IntDistribution))
    if distribution.low == distribution.high:
        return [{"value": distribution.low}]
    entry: dict[str, Any] = {"range": [distribution.low, distribution.high], "integer": isinstance(distribution, IntDistribution)}
    if distribution.step not in (None, 1) or (distribution.step == 1 and not entry["integer"]):
        entry["step"] = distribution.step
    if distribution.log:
        entry["scale"] = "log"
    return [entry]


def shown_value(value: Any, distribution: BaseDistribution, entry: Entry) -> bool | int | float | str:
    """A trial's value as its configuration in pegbox has it."""
    if isinstance(distribution, CategoricalDistribution):
        place = int(distribution.to_internal_repr(value))
        choices = entry.get("choice") if isinstance(entry, dict) else None
        return choices[place] if choices is not None and place < len(choices) else str(value)
    return int(value) if isinstance(distribution, IntDistribution) else float(value)


def plain_name(name: str, taken: Mapping[str, str]) -> str:
    """A name that a pegbox parameter can have. `taken`: those of the other parameters, by their names in Optuna."""
    plain = re.sub(r"[^A-Za-z0-9_.\-/:]", "_", name)[:180]
    if not re.match(r"[A-Za-z_]", plain):
        plain = "_" + plain
    others = {other for known, other in taken.items() if known != name}
    unique, count = plain, 1
    while unique in others:
        count += 1
        unique = f"{plain}_{count}"
    return unique


def distributions_of(space: Mapping[str, Entry]) -> dict[str, BaseDistribution]:
    """The distributions of a study that pegbox made, under the names that its configurations have."""
    found: dict[str, BaseDistribution] = {}
    for name, entry in space.items():
        if not isinstance(entry, dict):
            found[name] = CategoricalDistribution((entry,))
        elif "simplex" in entry:
            found |= {f"{name}.{component}": FloatDistribution(0, 1) for component in entry["simplex"]}
        elif "range" in entry:
            found[name] = _of_range(entry)
        else:
            found[name] = CategoricalDistribution(tuple(entry.get("choice", [entry.get("value")])))
    return found


def _of_range(entry: Mapping[str, Any]) -> FloatDistribution | IntDistribution:
    (low, high), step, log = entry["range"], entry.get("step"), entry.get("scale") == "log"
    is_whole = step is not None and all(isinstance(number, int) for number in (low, high, step))
    if entry.get("integer", is_whole):
        return IntDistribution(low, high, log=log, step=1 if log or step is None else step)
    return FloatDistribution(low, high, log=log, step=None if log else step)
