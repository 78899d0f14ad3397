"""pegbox.Study as a caller sees it: asks, reports, tells, and what the records say."""

import math
import random
import tempfile
import unittest
from pathlib import Path

import pegbox

SPACE = {"lr": {"range": [1e-5, 1e-1], "scale": "log"}, "layers": {"range": [1, 8], "integer": True}}


def loss_of(config):
    return abs(math.log10(config["lr"]) + 3) + 0.1 * config["layers"]


def random_study(**changes):
    return pegbox.Study(SPACE, **({"minimize": "loss", "search": "random", "trials": 20} | changes))


class Number:
    """What NumPy's scalars and tensors of one element have in common."""

    def __init__(self, value):
        self.value = value

    def __float__(self):
        return self.value


class Interface(unittest.TestCase):
    def test_what_the_documentation_shows_works(self):
        with tempfile.TemporaryDirectory() as folder:
            store = f"sqlite:{folder}/study.db"
            study = pegbox.Study(
                SPACE, minimize="loss", search="auto", stop="auto", steps=100, trials=50, seed=0, constraints=[],
                try_first=[], store=store, name="mine",
            )  # fmt: skip
            trial = study.ask()
            self.assertEqual(trial.number, 0)
            self.assertEqual(trial.step, 0)
            self.assertIn(trial.report(step=10, loss=0.7), ("continue", "pause", "stop"))
            study.tell(trial, loss=0.5)
            number = study.enqueue({"lr": 1e-3})
            again = study.ask()
            self.assertEqual((again.number, again.config["lr"]), (number, 1e-3))
            study.tell(again, failed="out-of-memory")
            study.optimize(lambda trial: loss_of(trial.config), workers=2)
            self.assertIsNone(study.ask())
            self.assertEqual(len(study.trials), 50)
            best = min(loss_of(trial.config) for trial in study.trials[2:])
            lowest = study.trials[study.best.lowest].metrics["loss"]
            self.assertEqual(lowest, best if best < 0.5 else 0.5)  # `best` itself goes by what is expected
            self.assertEqual(study.best.metrics["loss"], study.trials[study.best.number].metrics["loss"])
            study.close()
            self.assertEqual(pegbox.load("mine", store=store).best, study.best)

    def test_a_seed_gives_the_same_configurations(self):
        def configs(seed):
            study = random_study(search="gp", seed=seed, trials=12)
            study.optimize(lambda trial: loss_of(trial.config))
            return [trial.config for trial in study.trials]

        self.assertEqual(configs(3), configs(3))
        self.assertNotEqual(configs(3), configs(4))

    def test_configurations_have_the_types_of_their_hyperparameters(self):
        study = pegbox.Study(
            {"lr": {"range": [0.1, 1]}, "n": {"range": [1, 9], "integer": True}, "name": {"choice": ["a", "b"]},
             "flag": {"choice": [True, False]}, "only": {"range": [0, 1], "when": {"name": "a"}}},
            maximize="score", search="random", trials=30,
        )  # fmt: skip
        seen = set()
        while (trial := study.ask()) is not None:
            kinds = {name: type(value) for name, value in trial.config.items()}
            self.assertEqual(
                {name: kinds[name] for name in ("lr", "n", "name", "flag")}, {"lr": float, "n": int, "name": str, "flag": bool}
            )
            self.assertEqual("only" in trial.config, trial.config["name"] == "a")
            seen.add(trial.config["name"])
            study.tell(trial, score=trial.config["n"])
        self.assertEqual(seen, {"a", "b"})
        self.assertEqual(study.best.metrics["score"], max(trial.config["n"] for trial in study.trials))

    def test_what_gates_refuse_is_not_the_best(self):
        study = random_study(gates=["toxicity <= 0.05", "loss[lang=de] < 9"])
        for toxicity, german, loss in ((0.5, 1, 0.1), (0.01, 10, 0.2), (0.05, 8, 0.3)):
            trial = study.ask()
            study.tell(trial, loss=loss, toxicity=toxicity, **{"loss[lang=de]": german})
        self.assertEqual(study.best.metrics["loss"], 0.3)

    def test_constraints_and_configurations_to_try_first(self):
        study = random_study(constraints=["layers <= 4"], try_first=[{"lr": 0.01, "layers": 2}, {"layers": 3}])
        configs = []
        while (trial := study.ask()) is not None:
            configs.append(trial.config)
            study.tell(trial, loss=loss_of(trial.config))
        self.assertEqual(configs[0], {"lr": 0.01, "layers": 2})
        self.assertEqual(configs[1]["layers"], 3)
        self.assertTrue(all(config["layers"] <= 4 for config in configs))

    def test_several_objectives_have_a_front_and_no_best(self):
        study = random_study(minimize=None, objectives=[("minimize", "loss"), ("maximize", "speed")])
        study.optimize(lambda trial: (loss_of(trial.config), 1.0 / trial.config["layers"]))
        front = study.front
        self.assertGreater(len(front), 0)
        for trial in front:
            beaten = [
                other for other in study.trials
                if other.metrics["loss"] < trial.metrics["loss"] and other.metrics["speed"] > trial.metrics["speed"]
            ]  # fmt: skip
            self.assertEqual(beaten, [])
        with self.assertRaisesRegex(pegbox.InvalidInput, "study.front"):
            study.best

    def test_the_best_is_the_one_that_promises_most_and_says_how_sure_that_is(self):
        luck = random.Random(1)
        study = pegbox.Study({"x": {"range": [0, 1]}}, minimize="loss", search="random", try_first=[{"x": 0.9}], trials=40)
        while (trial := study.ask()) is not None:
            study.tell(trial, loss=(trial.config["x"] - 0.4) ** 2 + luck.gauss(0, 0.05))
        best = study.best
        self.assertEqual(best.config, study.trials[best.number].config)
        low, high = best.interval
        self.assertLess(low, best.expected)
        self.assertLess(best.expected, high)
        self.assertLess(abs(best.config["x"] - 0.4), 0.25)
        self.assertEqual(best.beats_default.trial, 0)
        self.assertGreater(best.beats_default.probability, 0.9)
        self.assertEqual(best.lowest, min(study.trials, key=lambda trial: trial.metrics["loss"]).number)
        self.assertIs(study.best, best)  # nothing has happened since

        few = random_study()
        few.tell(few.ask(), loss=1.0)
        self.assertIsNone(few.best.interval)
        self.assertIn("not enough trials to say", few.best.no_expectation)

    def test_a_study_without_a_limit_goes_on(self):
        study = random_study(trials=None)
        for _ in range(500):
            study.tell(study.ask(), loss=1.0)
        self.assertIsNotNone(study.ask())

    def test_numbers_of_other_libraries_are_numbers(self):
        study = random_study()
        study.tell(study.ask(), loss=Number(0.25), tokens=12)
        self.assertEqual(study.best.metrics, {"loss": 0.25, "tokens": 12.0})

    def test_records_say_why_and_what_became_of_it(self):
        study = random_study()
        study.tell(study.ask(), failed="error", detail="no disk")
        study.tell(study.ask(), loss=math.nan)
        study.tell(study.ask(), loss=2.0)
        study.ask()
        failed, diverged, done, running = study.trials
        self.assertEqual((failed.state, failed.failure, failed.detail), ("failed", "error", "no disk"))
        self.assertEqual((diverged.state, diverged.failure), ("failed", "diverged"))
        self.assertEqual((done.state, done.failure, done.reason["by"]), ("done", None, "random"))
        self.assertEqual(running.state, "running")
        self.assertEqual([trial.number for trial in study.trials[1:3]], [1, 2])
        self.assertEqual(study.trials[-1].number, 3)
        with self.assertRaises(IndexError):
            study.trials[4]


class Rungs(unittest.TestCase):
    def curve(self, config, step):
        return loss_of(config) + 1 / step

    def test_paused_trials_come_back_with_their_step(self):
        study = random_study(stop={"name": "asha", "reduction": 3, "min": 3}, steps=27, trials=27)
        resumed = 0
        while (trial := study.ask()) is not None:
            resumed += trial.step > 0
            for step in range(trial.step + 1, 28):
                if trial.report(step=step, loss=self.curve(trial.config, step)) != "continue":
                    break
            else:
                study.tell(trial, loss=self.curve(trial.config, 27))
        states = [trial.state for trial in study.trials]
        self.assertGreater(resumed, 5)
        self.assertEqual(set(states) - {"paused"}, {"done", "stopped"})  # the best paused ones rest, for a larger budget
        self.assertLess(sum(trial.step for trial in study.trials), 27 * 27 / 2)
        self.assertEqual(study.best.step, 27)

    def test_an_objective_that_pauses_is_called_again(self):
        study = random_study(stop={"name": "asha", "reduction": 3, "min": 3}, steps=27, trials=27)
        calls = []

        def objective(trial):
            calls.append((trial.number, trial.step))
            for step in range(trial.step + 1, 28):
                if trial.report(step, loss=self.curve(trial.config, step)) != "continue":
                    return None
            return self.curve(trial.config, 27)

        study.optimize(objective, workers=3)
        self.assertEqual(len(study.trials), 27)
        self.assertGreater(len(calls), 27)
        self.assertEqual(len(set(calls)), len(calls))
        self.assertEqual({trial.state for trial in study.trials} - {"paused"}, {"done", "stopped"})

    def test_steps_that_do_not_grow_are_refused(self):
        trial = random_study(steps=10, stop="none").ask()
        trial.report(3, loss=1)
        with self.assertRaisesRegex(pegbox.InvalidInput, "step 3 after step 3"):
            trial.report(3, accuracy=1)


class Durability(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.store = f"sqlite:{folder.name}/study.db"

    def test_the_same_study_goes_on(self):
        with random_study(store=self.store) as study:
            for _ in range(5):
                study.tell(study.ask(), loss=1.0)
            study.ask()
        study = random_study(store=self.store)
        self.assertEqual([trial.state for trial in study.trials], ["done"] * 5 + ["waiting"])
        self.assertEqual(study.ask().number, 5)

    def test_a_larger_budget_goes_on_and_other_changes_are_named(self):
        with random_study(store=self.store, trials=1) as study:
            study.tell(study.ask(), loss=1.0)
            self.assertIsNone(study.ask())
        with random_study(store=self.store, trials=2) as study:
            study.tell(study.ask(), loss=1.0)
        with self.assertRaisesRegex(pegbox.InvalidInput, "seed: 0 -> 5"):
            random_study(store=self.store, trials=2, seed=5)
        with pegbox.load("study", store=self.store, trials=3) as study:
            self.assertEqual(study.ask().number, 2)
        with self.assertRaisesRegex(pegbox.InvalidInput, "budget.trials: 3 -> 1"):
            pegbox.load("study", store=self.store, trials=1)

    def test_one_process_at_a_time_holds_a_study(self):
        study = random_study(store=self.store)
        with self.assertRaisesRegex(pegbox.Conflict, "study"):
            pegbox.load("study", store=self.store)
        study.close()
        with self.assertRaisesRegex(pegbox.Conflict, "closed"):
            study.ask()
        self.assertEqual(len(study.trials), 0)
        pegbox.load("study", store=self.store).close()

    def test_snapshots_outlive_the_process(self):
        study = random_study(store=self.store, stop="none", steps=9)
        trial = study.ask()
        trial.report(3, loss=1.0, checkpoint="a-3.pt")
        trial.report(4, loss=1.0)
        study.close()
        trial = pegbox.load("study", store=self.store).ask()
        self.assertEqual((trial.number, trial.step, trial.checkpoint), (0, 3, "a-3.pt"))


if __name__ == "__main__":
    unittest.main()
