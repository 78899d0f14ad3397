"""Trial ends and reports per second, durable: pegbox on SQLite, as a share of the disk's own rate, beside Optuna 5.

    build/venv-peers/bin/python bench/store_vs_optuna.py [--runs 5]

Everything is on one disk, in turn. Durable: fdatasync has returned before anything acts on a trial's creation or end
(tests/system checks it with strace). Optuna's SQLite storage and its journal file are used as documented, one worker.
"""

import argparse
import json
import os
import subprocess
import tempfile
import time

import common


def bench(*arguments):
    done = subprocess.run([os.path.join(common.BENCH_BIN, "pegbox-bench-study_rate"), *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def pegbox_round(folder, turn):
    url = lambda what: f"sqlite:{folder}/{what}-{turn}.db"
    syncs = bench("disk", 1000, f"{folder}/disk-{turn}")["syncs_per_s"]
    one = bench("trials", 1000, 1, url("one"))["trials_per_s"]
    return {
        "disk_syncs_per_s": syncs,
        "trials_per_s_1_worker": one,
        "trials_per_s_1_worker_over_disk": one / syncs,
        "trials_per_s_8_workers": bench("trials", 8000, 8, url("eight"))["trials_per_s"],
        "reports_per_s_8_workers": bench("reports", 20000, 8, url("reports"))["reports_per_s"],
    }


def optuna_rate(storage, trials, reports):
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(storage=storage, sampler=optuna.samplers.RandomSampler(seed=0))

    def objective(trial):
        x = trial.suggest_float("learning_rate", 1e-5, 1e-1, log=True)
        trial.suggest_categorical("rank", [4, 8, 16])
        for step in range(reports):
            trial.report(x, step)
        return x

    start = time.perf_counter()
    study.optimize(objective, n_trials=trials)
    return time.perf_counter() - start


def optuna_round(folder, turn):
    from optuna.storages import JournalStorage, RDBStorage
    from optuna.storages.journal import JournalFileBackend

    rates = {}
    for name, make in (
        ("sqlite", lambda what: RDBStorage(f"sqlite:///{folder}/optuna-{what}-{turn}.db")),
        ("journal", lambda what: JournalStorage(JournalFileBackend(f"{folder}/optuna-{what}-{turn}.log"))),
    ):
        rates[f"{name}_trials_per_s"] = 50 / optuna_rate(make("trials"), 50, 1)
        rates[f"{name}_reports_per_s"] = 200 / optuna_rate(make("reports"), 1, 200)
    return rates


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory(dir=os.path.join(common.ROOT, "build")) as folder:
        rounds = [(pegbox_round(folder, turn), optuna_round(folder, turn)) for turn in range(runs)]
    gather = lambda side: {key: common.spread([r[side][key] for r in rounds]) for key in rounds[0][side]}
    common.record("store_vs_optuna", {"pegbox": gather(0), "optuna": gather(1)}, "optuna")


main()
