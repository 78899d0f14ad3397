"""pegbox: finds hyperparameters. This package is the search; your program trains.

    study = pegbox.Study({"lr": {"range": [1e-5, 1e-1], "scale": "log"}}, minimize="loss", trials=50)
    while (trial := study.ask()) is not None:
        study.tell(trial, loss=train(trial.config))
    print(study.best.config)
"""

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
from pegbox.study import Study, load
from pegbox.trial import Report, Trial, TrialRecord

__all__ = [
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
    "Report",
    "Study",
    "Trial",
    "TrialRecord",
    "Unsupported",
    "__version__",
    "load",
]
