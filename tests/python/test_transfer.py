"""Studies that start from earlier ones."""

import math
import tempfile
import unittest
from pathlib import Path

import pegbox

SPACE = {"lr": {"range": [1e-5, 1e-1], "scale": "log"}, "layers": {"range": [1, 8], "integer": True}}


def loss_of(config):
    return (math.log10(config["lr"]) + 2) ** 2 + 0.1 * (config["layers"] - 6) ** 2


def study_of(name, store=None, trials=20, **more):
    return pegbox.Study(SPACE, **({"minimize": "loss", "stop": "none"} | more), trials=trials, name=name, store=store)


def run(study):
    study.optimize(lambda trial: loss_of(trial.config))
    return study


class Transfer(unittest.TestCase):
    def test_a_study_in_memory_is_a_source(self):
        earlier = run(study_of("study"))
        study = run(study_of("study", transfer=[earlier], trials=7))
        first = study.trials[0]
        self.assertLess(first.metrics["loss"], 0.3)
        self.assertEqual(first.reason["design"], "transfer")
        self.assertEqual(study.trials[6].reason["transfer"][0]["study"], "study")
        blind = run(study_of("blind", trials=7))
        self.assertLess(study.best.metrics["loss"], blind.best.metrics["loss"])

    def test_names_are_looked_up_in_the_store_and_the_study_stands_alone(self):
        with tempfile.TemporaryDirectory() as folder:
            store = f"sqlite:{folder}/a.db"
            run(study_of("small", store)).close()
            with study_of("large", store, transfer=["small"], trials=3) as study:
                study.tell(study.ask(), loss=1.0)
                expected = study.ask().config
            other = f"sqlite:{folder}/b.db"
            with study_of("large", other, transfer=[{"study": "small", "store": store}], trials=3) as study:
                study.tell(study.ask(), loss=1.0)
                self.assertEqual(study.ask().config, expected)
            Path(folder, "a.db").unlink()
            with pegbox.load("large", store=other) as study:
                self.assertEqual(study.ask().config, expected)

    def test_every_sampler_tries_the_best_of_its_sources_first(self):
        earlier = run(study_of("earlier"))
        lowest = min(earlier.trials, key=lambda trial: trial.metrics["loss"])
        for search in ("random", "tpe", "cmaes", "grid", "sobol", "de", "local", "nsga2"):
            study = study_of("new", search=search, transfer=[earlier])
            trial = study.ask()
            study.tell(trial, loss=1.0)
            self.assertEqual(trial.config, lowest.config, search)
            self.assertEqual(study.trials[0].reason, {"by": "transfer", "study": "earlier", "trial": lowest.number})
            self.assertNotEqual(study.ask().config, lowest.config)

    def test_what_is_wrong_is_said(self):
        earlier = run(study_of("earlier"))
        with self.assertRaisesRegex(pegbox.NotFound, "no such study"):
            study_of("new", transfer=["unknown"])
        with self.assertRaisesRegex(pegbox.InvalidInput, "itself"):
            study_of("new", transfer=["new"])
        with self.assertRaisesRegex(pegbox.InvalidInput, "does not measure"):
            study_of("new", transfer=[earlier], minimize="accuracy")
        with self.assertRaisesRegex(pegbox.InvalidInput, "in common"):
            pegbox.Study({"x": {"range": [0, 1]}}, minimize="loss", transfer=[earlier])
        with self.assertRaisesRegex(pegbox.InvalidInput, "lr"):
            study_of("new", transfer=[{"study": earlier, "shift": {"lrr": 2}}])

    def test_other_earlier_studies_make_it_another_study(self):
        with tempfile.TemporaryDirectory() as folder:
            store = f"sqlite:{folder}/a.db"
            run(study_of("small", store)).close()
            with study_of("large", store, transfer=["small"]) as study:
                study.tell(study.ask(), loss=1.0)
            with study_of("large", store, transfer=["small"]) as study:
                self.assertEqual(len(study.trials), 1)
            with self.assertRaisesRegex(pegbox.InvalidInput, "transfer"):
                study_of("large", store)


if __name__ == "__main__":
    unittest.main()
