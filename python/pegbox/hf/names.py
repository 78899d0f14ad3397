"""What a trial's configuration means to TrainingArguments and LoraConfig: one table of names.

Names, units and meaning are those of the built-in trainer (docs/training.md), so that a space serves both. A name that
TrainingArguments or LoraConfig have themselves is taken as it is.
"""

from __future__ import annotations

import dataclasses
import difflib
import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from transformers import TrainingArguments

from pegbox.errors import InvalidInput

_RANK, _SCALE = 16, 2.0  # of the built-in trainer: alpha depends on both, so one alone does not leave PEFT's default


@dataclass(frozen=True)
class Mapped:
    """Keyword arguments. training: of TrainingArguments, or a class made of it such as SFTConfig. lora: of LoraConfig; None
    if the configuration says nothing of LoRA."""

    training: dict[str, Any]
    lora: dict[str, Any] | None


@dataclass(frozen=True)
class _Run:
    """What the configuration does not say."""

    config: Mapping[str, Any]
    micro_batch: int
    max_steps: int | None

    def steps_of(self, fraction: float, name: str) -> int:
        if self.max_steps is None:
            raise InvalidInput(f"[map_config] {name} is a part of the run's steps; expected max_steps=")
        return round(fraction * self.max_steps)

    def get(self, name: str, default: float) -> float:
        return float(self.config.get(name, default))


def map_config(
    config: Mapping[str, Any],
    *,
    micro_batch: int = 8,
    max_steps: int | None = None,
    own: Collection[str] = (),
    arguments: type = TrainingArguments,
) -> Mapped:
    """A trial's configuration as keyword arguments.

    micro_batch: most sequences that a device takes at once; batch_size is made of it and of accumulation.
    max_steps: optimizer steps of the run, where schedules need it; it becomes an argument too.
    own: names that the program itself uses.
    arguments: the class that takes them; its fields may be in the space by their own names.

    InvalidInput for a name that is none of these, with the nearest one, and for a value that the Trainer has no equal of.
    """
    run = _Run(config, micro_batch, max_steps)
    training: dict[str, Any] = {} if max_steps is None else {"max_steps": max_steps}
    lora: dict[str, Any] = {}
    fields = _fields_of(arguments)
    lora_fields = frozenset() if set(config) <= fields | _TRAINING.keys() else _fields_of_lora()
    for name, value in config.items():
        if name in own or value == _UNSET.get(name):
            continue
        if name in _TRAINING or (name in fields and name not in _LORA):
            _put(training, _TRAINING.get(name, _renamed(name))(value, run), name)
        elif name in _LORA or name in lora_fields:
            _put(lora, _LORA.get(name, _renamed(name))(value, run), name)
        else:
            raise _unknown(name, [*own, *fields, *lora_fields])
    return Mapped(training, lora or ({} if config.get("method") == "lora" else None))


_RECOMPUTE = next(  # its name before transformers 5
    name for name in ("activation_checkpointing", "gradient_checkpointing") if hasattr(TrainingArguments, name)
)
_UNSET = {"learning_rate": 0, "beta1": -1, "beta2": -1, "epsilon": -1, "weight_decay": -1}  # the trainer's "as usual"


def _put(arguments: dict[str, Any], said: Mapping[str, Any], name: str) -> None:
    for argument, value in said.items():
        if arguments.setdefault(argument, value) != value:
            raise InvalidInput(f"[map_config] {name} says {argument}={value!r}; said before: {arguments[argument]!r}")


def _fields_of(arguments: type) -> frozenset[str]:
    return frozenset(field.name for field in dataclasses.fields(arguments) if field.init)


def _fields_of_lora() -> frozenset[str]:
    try:
        from peft import LoraConfig
    except ImportError:
        return frozenset()
    return _fields_of(LoraConfig)


def _unknown(name: str, known: Collection[str]) -> InvalidInput:
    nearest = difflib.get_close_matches(name, [*_TRAINING, *_LORA, *known], n=1)
    hint = f"did you mean {nearest[0]!r}? " if nearest else ""
    return InvalidInput(
        f"[map_config] the Trainer has nothing of this name; got {name!r}; expected one of {', '.join([*_TRAINING, *_LORA])}, "
        f"or a field of TrainingArguments or LoraConfig; {hint}what the program itself uses is named by own="
    )


def _no_equal(name: str, value: Any, known: Collection[str]) -> InvalidInput:
    return InvalidInput(
        f"[map_config] the Trainer has no equal of {name}: {value}; expected one of {', '.join(known)}; "
        f"a program that makes it itself names it by own={[name]!r}"
    )


def _batch(value: int, run: _Run) -> dict[str, Any]:
    devices = int(os.environ.get("WORLD_SIZE", "1"))
    if value % devices:
        raise InvalidInput(f"[map_config] batch_size {value} does not divide among {devices} devices")
    sequences = value // devices
    at_once = max(size for size in range(1, max(min(sequences, run.micro_batch), 1) + 1) if sequences % size == 0)
    return {"per_device_train_batch_size": at_once, "gradient_accumulation_steps": sequences // at_once}


def _warmup(value: float, run: _Run) -> dict[str, Any]:
    if not 0 <= value < 1:
        raise InvalidInput(f"[map_config] warmup_fraction {value}; expected at least 0 and less than 1")
    return {"warmup_steps": float(value)}  # below 1 it is a part of the run


_OPTIMIZERS = {
    "adamw": "adamw_torch",
    "adafactor": "adafactor",
    "lion": "lion_32bit",  # of bitsandbytes
    "schedule_free": "schedule_free_adamw",  # of schedulefree
}


def _optimizer(value: str, run: _Run) -> dict[str, Any]:
    if value not in _OPTIMIZERS:
        raise _no_equal("optimizer", value, _OPTIMIZERS)
    if value == "adafactor" and (unused := {"beta1", "beta2", "epsilon"} & {*run.config}):
        raise InvalidInput(f"[map_config] the Trainer's adafactor does not read {', '.join(sorted(unused))}; give them a `when`")
    usual = {"adam_beta2": 0.99} if value == "lion" and run.get("beta2", -1) < 0 else {}
    return {"optim": _OPTIMIZERS[value], **usual}


def _polynomial(run: _Run, power: float) -> dict[str, Any]:
    end = run.get("final_rate", 0) * run.get("learning_rate", 5e-5)
    return {"lr_scheduler_type": "polynomial", "lr_scheduler_kwargs": {"power": power, "lr_end": end}}


def _linear(run: _Run) -> dict[str, Any]:
    return _polynomial(run, 1.0) if run.get("final_rate", 0) > 0 else {"lr_scheduler_type": "linear"}


def _cosine(run: _Run) -> dict[str, Any]:
    final = run.get("final_rate", 0)
    if final == 0:
        return {"lr_scheduler_type": "cosine"}
    return {"lr_scheduler_type": "cosine_with_min_lr", "lr_scheduler_kwargs": {"min_lr_rate": final}}


def _restarts(run: _Run) -> dict[str, Any]:
    return {"lr_scheduler_type": "cosine_with_restarts", "lr_scheduler_kwargs": {"num_cycles": int(run.get("cycles", 3))}}


def _inverse_sqrt(run: _Run) -> dict[str, Any]:
    warmup = run.get("warmup_fraction", 0)
    scale = {} if warmup > 0 else {"lr_scheduler_kwargs": {"timescale": max(run.steps_of(0.02, "schedule: inverse_sqrt"), 1)}}
    return {"lr_scheduler_type": "inverse_sqrt", **scale}


def _wsd(run: _Run) -> dict[str, Any]:
    decay = run.steps_of(run.get("decay_fraction", 0.2), "schedule: wsd")
    shape = {"num_decay_steps": decay, "decay_type": "linear", "min_lr_ratio": run.get("final_rate", 0)}
    return {"lr_scheduler_type": "warmup_stable_decay", "lr_scheduler_kwargs": shape}


@dataclass(frozen=True)
class _Schedule:
    make: Callable[[_Run], dict[str, Any]]
    reads: frozenset[str] = frozenset()  # of the names that shape schedules


_SCHEDULES = {
    "constant": _Schedule(lambda run: {"lr_scheduler_type": "constant_with_warmup"}),
    "linear": _Schedule(_linear, frozenset({"final_rate"})),
    "cosine": _Schedule(_cosine, frozenset({"final_rate"})),
    "cosine_restarts": _Schedule(_restarts, frozenset({"cycles"})),
    "polynomial": _Schedule(lambda run: _polynomial(run, run.get("decay_power", 2)), frozenset({"final_rate", "decay_power"})),
    "inverse_sqrt": _Schedule(_inverse_sqrt),
    "wsd": _Schedule(_wsd, frozenset({"final_rate", "decay_fraction"})),
}


def _schedule(value: str, run: _Run) -> dict[str, Any]:
    if value not in _SCHEDULES:
        raise _no_equal("schedule", value, _SCHEDULES)
    return _SCHEDULES[value].make(run)


def _shape_of_schedule(name: str) -> Callable[[Any, _Run], dict[str, Any]]:
    """A value that the schedule reads for itself; one that it does not is not dropped silently."""

    def check(value: Any, run: _Run) -> dict[str, Any]:
        schedule = run.config.get("schedule")
        known = _SCHEDULES.get(str(schedule))
        if known is None or name not in known.reads:
            raise InvalidInput(
                f"[map_config] {name} says nothing to schedule: {schedule}; "
                f"expected schedule: {' or '.join(each for each, row in _SCHEDULES.items() if name in row.reads)}"
            )
        return {}

    return check


def _renamed(name: str) -> Callable[[Any, _Run], dict[str, Any]]:
    return lambda value, run: {name: value}


def _one_of(name: str, values: Mapping[str, Any], argument: str) -> Callable[[Any, _Run], dict[str, Any]]:
    def translate(value: Any, run: _Run) -> dict[str, Any]:
        if value not in values:
            raise _no_equal(name, value, values)
        return {argument: values[value]}

    return translate


def _method(value: str, run: _Run) -> dict[str, Any]:
    """Says only whether there is a LoraConfig."""
    if value not in ("lora", "full"):
        raise _no_equal("method", value, ["lora", "full"])
    return {}


def _alpha(rank: float, scale: float) -> dict[str, Any]:
    alpha = rank * scale
    return {"r": int(rank), "lora_alpha": int(alpha) if alpha == int(alpha) else alpha}


_TARGETS: dict[str, Any] = {
    "all": "all-linear",
    "attention": ["q_proj", "k_proj", "v_proj", "o_proj"],
    "feed_forward": ["gate_proj", "up_proj", "down_proj"],
    "mlp": ["gate_proj", "up_proj", "down_proj"],
}


def _target(value: str, run: _Run) -> dict[str, Any]:
    return {"target_modules": _TARGETS.get(value) or [name.strip() for name in value.split(",")]}


_TRAINING: dict[str, Callable[[Any, _Run], dict[str, Any]]] = {
    "learning_rate": _renamed("learning_rate"),
    "batch_size": _batch,
    "warmup_fraction": _warmup,
    "schedule": _schedule,
    "final_rate": _shape_of_schedule("final_rate"),
    "decay_fraction": _shape_of_schedule("decay_fraction"),
    "decay_power": _shape_of_schedule("decay_power"),
    "cycles": _shape_of_schedule("cycles"),
    "optimizer": _optimizer,
    "weight_decay": _renamed("weight_decay"),
    "beta1": _renamed("adam_beta1"),
    "beta2": _renamed("adam_beta2"),
    "epsilon": _renamed("adam_epsilon"),
    "clip": _renamed("max_grad_norm"),
    "label_smoothing": _renamed("label_smoothing_factor"),
    "epochs": _renamed("num_train_epochs"),
    "precision": _one_of("precision", {"fp32": False, "bf16": True}, "bf16"),
    "recompute": _one_of("recompute", {"none": False, "layers": True}, _RECOMPUTE),
    "method": _method,
}

_LORA: dict[str, Callable[[Any, _Run], dict[str, Any]]] = {
    "rank": lambda value, run: _alpha(value, run.get("scale", _SCALE)),
    "scale": lambda value, run: _alpha(run.get("rank", _RANK), value),
    "dropout": _renamed("lora_dropout"),
    "target": _target,
    "rslora": _renamed("use_rslora"),
    "dora": _renamed("use_dora"),
    "lora_start": _one_of(
        "lora_start", {"kaiming": True, "gaussian": "gaussian", "pissa": "pissa", "olora": "olora"}, "init_lora_weights"
    ),
}
