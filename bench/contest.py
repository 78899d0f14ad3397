"""Search engines on one problem: ask, run, tell; for comparisons that run pegbox and its peers in one go.

A problem is a space as in a study file, a function from a configuration to its losses (None: it ran out of memory), and
the number of losses, all to be minimized. A history is the list of (configuration, losses) in the order of their ends.
"""

import heapq
import random
import time

METRICS = ("loss", "second_loss", "third_loss")


class Problem:
    def __init__(self, name, space, losses, objectives=1):
        self.name, self.space, self.losses, self.objectives = name, space, losses, objectives


class Pegbox:
    def __init__(self, problem, trials, seed, search="auto"):
        import pegbox

        goals = [("minimize", metric) for metric in METRICS[: problem.objectives]]
        self.study = pegbox.Study(problem.space, objectives=goals, search=search, trials=trials, seed=seed)

    def ask(self):
        trial = self.study.ask()
        return trial, trial.config

    def tell(self, trial, losses):
        if losses is None:
            self.study.tell(trial, failed="out-of-memory")
        else:
            self.study.tell(trial, **dict(zip(METRICS, losses)))


class Optuna:
    """`penalty`: failures are told as the worst loss so far (there is none before the first result), as many programs do;
    without it they are told as failed, which Optuna's samplers leave out."""

    def __init__(self, problem, trials, seed, sampler="TPESampler", penalty=False, **options):
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self.failed = optuna.trial.TrialState.FAIL
        self.penalty, self.worst = penalty, None
        self.space = {name: distribution(each) for name, each in problem.space.items()}
        chosen = getattr(optuna.samplers, sampler)(seed=seed, **options)
        self.study = optuna.create_study(directions=["minimize"] * problem.objectives, sampler=chosen)

    def ask(self):
        trial = self.study.ask(self.space)
        return trial, trial.params

    def tell(self, trial, losses):
        if losses is not None:
            self.worst = [max(pair) for pair in zip(losses, self.worst or losses)]
            self.study.tell(trial, list(losses))
        elif self.penalty and self.worst:
            self.study.tell(trial, self.worst)
        else:
            self.study.tell(trial, state=self.failed)


def distribution(parameter):
    from optuna import distributions

    if "choice" in parameter:
        return distributions.CategoricalDistribution(parameter["choice"])
    low, high = parameter["range"]
    kind = distributions.IntDistribution if parameter.get("integer") else distributions.FloatDistribution
    return kind(low, high, log=parameter.get("scale") == "log")


def play(engine, problem, trials, workers=1, seed=0):
    """The history of a study, and the seconds that an ask took in the mean. With several workers a trial's time is drawn
    between 0.5 and 1.5, and results come in that order; engines do not hear of the times."""
    times = random.Random(seed)
    running, history, asking_s, now = [], [], 0.0, 0.0
    for number in range(trials):
        if len(running) == workers:
            now = end_next(engine, problem, running, history)
        start = time.perf_counter()
        trial, config = engine.ask()
        asking_s += time.perf_counter() - start
        heapq.heappush(running, (now + (times.uniform(0.5, 1.5) if workers > 1 else 1.0), number, trial, dict(config)))
    while running:
        end_next(engine, problem, running, history)
    return history, asking_s / trials


def end_next(engine, problem, running, history):
    now, _, trial, config = heapq.heappop(running)
    losses = problem.losses(config)
    engine.tell(trial, losses)
    history.append((config, losses))
    return now


def mean_interval(values, level=0.9, draws=2000):
    """Mean with its bootstrap interval."""
    chooser = random.Random(0)
    means = sorted(sum(chooser.choices(values, k=len(values))) / len(values) for _ in range(draws))
    cut = int(draws * (1 - level) / 2)
    return {"mean": sum(values) / len(values), "low": means[cut], "high": means[-1 - cut], "runs": len(values)}
