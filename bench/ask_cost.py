"""What an ask costs as the number of trials grows: pegbox's samplers against their peers, as a table and a plot.

    build/venv-peers/bin/python bench/ask_cost.py [--engines pegbox-gp optuna-tpe] [--quick] [--seconds 60]

pegbox is measured by pegbox-bench-ask_speed (bench/ask_speed.cc; its folder may be given in PEGBOX_BENCH_BIN), inside its process. Peers get the same space and
loss and N random finished trials, then 8 asks are timed with all their suggestions and the tell. One core, so that nothing else should run: each row
has the load average at its start, and one above 1.2 was not alone. Writes bench/results/ask_cost.json and ask_cost.svg; engines that are not asked for
keep their rows.
"""

import argparse
import json
import math
import os
import random
import subprocess
import time

import common

COUNTS = [10, 30, 100, 300, 1000, 3000, 10000]
OWN = {"pegbox-gp": ("gp", 8), "pegbox-tpe": ("tpe", 40), "pegbox-cmaes": ("cmaes", 40), "pegbox-nsga2": ("nsga2", 40)}
PEERS = {"optuna-gp": 8, "optuna-tpe": 40, "optuna-cmaes": 40, "optuna-nsga2": 40, "rustuna-tpe": 40}
ASKS, TOO_SLOW_S = 8, 5.0


def value_of(trial, i):
    """Parameter i of ask_speed.cc's space, from a trial of Optuna's kind."""
    return (lambda: trial.suggest_float(f"p{i}", 1e-5, 1e-1, log=True), lambda: trial.suggest_float(f"p{i}", 0.0, 1.0), lambda: trial.suggest_int(f"p{i}", 1, 64),
            lambda: trial.suggest_categorical(f"p{i}", ["a", "b", "c", "d"]))[i % 4]()


def loss_of(values):
    return sum((math.sin("abcd".index(v) if isinstance(v, str) else v) - 0.3) ** 2 for v in values)


def optuna_studies(sampler):
    """A study that draws at random, the same with the sampler, and how a trial is told."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    kind = {"gp": "GPSampler", "tpe": "TPESampler", "cmaes": "CmaEsSampler", "nsga2": "NSGAIISampler"}[sampler]
    storage = optuna.storages.InMemoryStorage()
    study = optuna.create_study(study_name="bench", storage=storage, sampler=optuna.samplers.RandomSampler(seed=1))
    searched = optuna.load_study(study_name="bench", storage=storage, sampler=getattr(optuna.samplers, kind)(seed=1))
    return study, searched, lambda study, trial, loss: study.tell(trial, loss)


def rustuna_studies(sampler):
    import rustuna

    storage = rustuna.storages.InMemoryStorage()
    study = rustuna.create_study(study_name="bench", storage=storage, sampler=rustuna.samplers.RandomSampler(seed=1))
    searched = rustuna.load_study("bench", storage, sampler=rustuna.samplers.TPESampler(seed=1))
    return study, searched, lambda study, trial, loss: study.tell(trial.number, loss)


def end_one(study, tell, parameters):
    """Milliseconds of one ask with its suggestions and its end."""
    begin = time.perf_counter()
    trial = study.ask()
    values = [value_of(trial, i) for i in range(parameters)]
    tell(study, trial, loss_of(values))
    return 1000 * (time.perf_counter() - begin)


def measure_peer(name, counts, limit_s):
    package, sampler = name.split("-")
    parameters, rows, begin = PEERS[name], [], time.monotonic()
    for count in counts:
        study, searched, tell = (optuna_studies if package == "optuna" else rustuna_studies)(sampler)
        for _ in range(count):
            end_one(study, tell, parameters)
        load = os.getloadavg()[0]
        first = end_one(searched, tell, parameters)  # takes in the history
        times = [end_one(searched, tell, parameters) for _ in range(ASKS if first < 1000 * TOO_SLOW_S else 1)]
        rows.append({"trials": count, "asks": len(times), **{k: round(v, 4) for k, v in common.spread(times).items() if k != "runs"}, "load": round(load, 2)})
        if first > 1000 * TOO_SLOW_S or time.monotonic() - begin > limit_s:
            break
    return {"parameters": parameters, "rows_ms": rows}


def measure_own(name, counts, limit_s):
    sampler, parameters = OWN[name]
    program = [os.path.join(common.BENCH_BIN, "pegbox-bench-ask_speed"), sampler, str(parameters), *map(str, counts)]
    rows, load = [], os.getloadavg()[0]
    try:
        text = subprocess.run(program, stdout=subprocess.PIPE, text=True, check=True, timeout=limit_s).stdout
    except subprocess.TimeoutExpired as stopped:
        text = (stopped.stdout or b"").decode()
    for line in text.splitlines():
        row = json.loads(line)
        rows.append({"trials": row["trials"], "asks": row["asks"], "median": row["median_us"] / 1000, "mean": row["mean_us"] / 1000, "high": row["max_us"] / 1000, "load": round(load, 2)})
    return {"parameters": parameters, "rows_ms": rows}


def plot(engines, path):
    """Milliseconds against trials, both on log scales."""
    width, height, left, top = 760, 460, 60, 20
    x = lambda n: left + (math.log10(n) - 1) / 3 * (width - left - 190)
    y = lambda ms: top + (4 - math.log10(max(ms, 1e-3))) / 7 * (height - top - 45)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="white"/>']
    for power in range(-3, 5):
        parts.append(f'<path d="M{left} {y(10**power):.1f}H{x(1e4):.1f}" stroke="#ddd"/><text x="{left - 6}" y="{y(10**power) + 4:.1f}" text-anchor="end">{10.0**power:g} ms</text>')
    for n in (10, 100, 1000, 10000):
        parts.append(f'<path d="M{x(n):.1f} {y(1e4):.1f}V{y(1e-3):.1f}" stroke="#ddd"/><text x="{x(n):.1f}" y="{height - 26}" text-anchor="middle">{n}</text>')
    parts.append(f'<text x="{(left + x(1e4)) / 2:.1f}" y="{height - 8}" text-anchor="middle">trials so far</text>')
    ends, colours = [], ["#1b6ca8", "#c2410c", "#15803d", "#7e22ce", "#b91c1c", "#0f766e", "#a16207", "#475569", "#be185d"]
    for i, (name, engine) in enumerate(sorted(engines.items())):
        rows, colour = engine["rows_ms"], colours[i % len(colours)]
        if not rows:
            continue
        dash = "" if name.startswith("pegbox") else ' stroke-dasharray="6 4"'
        path_of = "L".join(f"{x(row['trials']):.1f} {y(row['median']):.1f}" for row in rows)
        parts.append(f'<path d="M{path_of}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>')
        ends.append((y(rows[-1]["median"]), x(rows[-1]["trials"]), colour, f"{name}, {engine['parameters']} parameters"))
    below = -1e9
    for at, right, colour, text in sorted(ends):
        below = max(at, below + 14)
        parts.append(f'<path d="M{right:.1f} {at:.1f}L{x(1e4) + 6:.1f} {below:.1f}" stroke="{colour}" stroke-opacity="0.3"/>'
                     f'<text x="{x(1e4) + 8:.1f}" y="{below + 4:.1f}" fill="{colour}">{text}</text>')
    with open(path, "w") as file:
        file.write("\n".join(parts) + "\n</svg>\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engines", nargs="+", default=[*OWN, *PEERS])
    parser.add_argument("--quick", action="store_true", help="at 10, 100 and 1,000 trials only")
    parser.add_argument("--seconds", type=float, default=120, help="go on to no larger number of trials after so long, for each engine")
    arguments = parser.parse_args()
    counts = [10, 100, 1000] if arguments.quick else COUNTS
    path = os.path.join(common.RESULTS, "ask_cost.json")
    engines = {}
    if os.path.exists(path):
        with open(path) as file:
            engines = json.load(file)["engines"]
    for name in arguments.engines:
        try:
            engines[name] = (measure_own if name in OWN else measure_peer)(name, counts, arguments.seconds)
        except ImportError as error:
            print(f"{name} is left out: {error}")
    about = {"measure": "milliseconds for one ask, median; peers: with all suggestions and the tell, in one thread"}
    common.record("ask_cost", {**about, "engines": engines}, "optuna", "cmaes", "rustuna")
    plot(engines, os.path.join(common.RESULTS, "ask_cost.svg"))
    for name, engine in sorted(engines.items()):
        print(f"{name:14}" + "".join(f"  {row['trials']}: {row['median']:.3g}" for row in engine["rows_ms"]))


if __name__ == "__main__":
    main()
