"""pegbox in Optuna: its search, its stopping rules and its store, each in place of one of Optuna's.

    study = optuna.create_study(
        sampler=pegbox.optuna.PegboxSampler(seed=1),
        pruner=pegbox.optuna.PegboxPruner("median", steps=100),
        storage=pegbox.optuna.PegboxStorage("sqlite:pegbox.db"),
    )

Import this module where Optuna is installed. `python -m pegbox.optuna` moves studies between stores.
"""

from pegbox.optuna.pruner import PegboxPruner
from pegbox.optuna.sampler import PegboxSampler
from pegbox.optuna.storage import PegboxStorage

__all__ = ["PegboxPruner", "PegboxSampler", "PegboxStorage"]
