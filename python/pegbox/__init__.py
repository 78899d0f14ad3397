"""pegbox: finds hyperparameters. This package is the search; your program trains.

    study = pegbox.Study({"lr": {"range": [1e-5, 1e-1], "scale": "log"}}, minimize="loss", trials=50)
    while (trial := study.ask()) is not None:
        study.tell(trial, loss=train(trial.config))
    print(study.best.config)
"""

from importlib import import_module
from types import ModuleType

from pegbox._core import version as __version__
from pegbox.errors import (
    Conflict,
    Corrupt,
    Diverged,
    Error,
    Internal,
    Interrupted,
    InvalidInput,
    Io,
    NotFound,
    OutOfMemory,
    Unsupported,
)
from pegbox.program import Program
from pegbox.study import Study, load
from pegbox.trial import Best, Report, Rival, Trial, TrialRecord

__all__ = [
    "Best",
    "Conflict",
    "Corrupt",
    "Diverged",
    "Error",
    "Internal",
    "Interrupted",
    "InvalidInput",
    "Io",
    "NotFound",
    "OutOfMemory",
    "Program",
    "Report",
    "Rival",
    "Study",
    "Trial",
    "TrialRecord",
    "Unsupported",
    "__version__",
    "load",
]


def __getattr__(name: str) -> ModuleType:
    """`pegbox.optuna` and `pegbox.hf` without importing Optuna and transformers before they are wanted."""
    if name in ("optuna", "hf"):
        return import_module(f"pegbox.{name}")
    raise AttributeError(f"module 'pegbox' has no attribute {name!r}")
