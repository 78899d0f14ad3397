"""Tunes a gradient boosting classifier of scikit-learn, and stops what is behind after a few trees.

    pip install . scikit-learn && python examples/scikit_learn.py
"""

import argparse

from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

import pegbox

SPACE = {
    "learning_rate": {"range": [1e-3, 1.0], "scale": "log", "prior": {"at": 0.1, "spread": 3}},
    "max_depth": {"range": [1, 8], "integer": True},
    "subsample": {"range": [0.3, 1.0]},
    "max_features": {"choice": ["sqrt", "log2", "all"]},
}
TREES = 81


def train(trial: pegbox.Trial, data) -> float | None:
    """The validation loss after all trees; None if the trial is to rest or to end before."""
    x_train, x_valid, y_train, y_valid = data
    config = dict(trial.config)
    if config["max_features"] == "all":
        config["max_features"] = None
    model = GradientBoostingClassifier(**config, random_state=trial.seed, warm_start=True, n_estimators=1)
    loss = None
    for trees in (3, 9, 27, TREES):  # a trial that comes back begins again: trees are cheap, and what is known is known
        model.set_params(n_estimators=trees).fit(x_train, y_train)
        loss = log_loss(y_valid, model.predict_proba(x_valid))
        if trial.report(trees, loss=loss) != "continue":
            return None
    return loss


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--store", help="for instance sqlite:trees.db: the same command then goes on after Ctrl-C")
    args = parser.parse_args()
    data = train_test_split(*load_breast_cancer(return_X_y=True), test_size=0.3, random_state=0)
    study = pegbox.Study(
        SPACE, minimize="loss", stop={"name": "asha", "reduction": 3, "min": 3}, steps=TREES, trials=args.trials,
        store=args.store, name="trees",
    )  # fmt: skip
    study.optimize(lambda trial: train(trial, data))
    trees = sum(trial.step for trial in study.trials)
    print(f"loss {study.best.metrics['loss']:.4f} with {study.best.config}")
    print(f"{len(study.trials)} trials, {trees} trees; without stopping it would have been {len(study.trials) * TREES}")


if __name__ == "__main__":
    main()
