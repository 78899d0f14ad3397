"""Every error of the package: its class, the built-in class that it also is, and a message that says what to do."""

import tempfile
import unittest

import pegbox

X = {"x": {"range": [0, 1]}}


class Errors(unittest.TestCase):
    def refuse(self, kind, builtin, part, call):
        with self.assertRaises(kind) as caught:
            call()
        self.assertIsInstance(caught.exception, pegbox.Error)
        self.assertIsInstance(caught.exception, builtin)
        self.assertIn(part, str(caught.exception))

    def test_wrong_studies_are_refused_by_name(self):
        for part, arguments in {
            "[Study space.x]": ({"x": {"range": [1, 0]}},),
            "scale": ({"x": {"range": [0, 1], "scale": "log"}},),
            "choise": ({"x": {"choise": [1]}},),
            "no hyperparameters": ({},),
            "not a value that can be stored; got <object": ({"x": {"choice": [object()]}},),
            "a key that is not a text; got 3": ({3: {"range": [0, 1]}},),
        }.items():
            self.refuse(pegbox.InvalidInput, ValueError, part, lambda arguments=arguments: pegbox.Study(*arguments, minimize="loss"))
        for part, arguments in {
            "which metric counts": {},
            "expected one of minimize=": {"minimize": "a", "maximize": "b"},
            "objectives are pairs": {"objectives": "loss"},
            "no objective": {"objectives": []},
            "minimise": {"objectives": [("minimise", "loss")]},
            "gq": {"minimize": "loss", "search": "gq"},
            "ashaa": {"minimize": "loss", "stop": {"name": "ashaa"}},
            "without a limit": {"minimize": "loss", "trials": 0},
            "-1": {"minimize": "loss", "trials": -1},
            "1 or more steps": {"minimize": "loss", "steps": 0},
            "not a name": {"minimize": "loss", "name": "a b"},
            "neither holds nor fails": {"minimize": "loss", "constraints": ["x + 1"]},
            "try_first": {"minimize": "loss", "try_first": [{"y": 1}]},
            "negative": {"minimize": "loss", "seed": -1},
        }.items():
            self.refuse(pegbox.InvalidInput, ValueError, part, lambda arguments=arguments: pegbox.Study(X, **arguments))
        for store in ["postgresql://me:secret@127.0.0.1:1/none", "redis://me:secret@h"]:
            with self.assertRaises(pegbox.Error) as raised:
                pegbox.Study(X, minimize="l", store=store)
            self.assertIn("://me@", str(raised.exception))
            self.assertNotIn("secret", str(raised.exception))
        self.refuse(pegbox.Io, OSError, "", lambda: pegbox.Study(X, minimize="l", store="sqlite:/no/such/folder/study.db"))

    def test_unknown_studies_and_missing_results_are_not_found(self):
        with tempfile.TemporaryDirectory() as folder:
            store = f"sqlite:{folder}/study.db"
            pegbox.Study(X, minimize="loss", store=store).close()
            self.refuse(pegbox.NotFound, LookupError, "nobody", lambda: pegbox.load("nobody", store=store))
        self.refuse(pegbox.NotFound, LookupError, "has a result yet", lambda: self.without_result())

    def without_result(self):
        return pegbox.Study(X, minimize="loss").best

    def test_damaged_files_are_named(self):
        with tempfile.NamedTemporaryFile(suffix=".db") as file:
            file.write(b"this is no database, but long enough to be taken for one" * 100)
            file.flush()
            self.refuse(pegbox.Error, Exception, file.name, lambda: pegbox.load("study", store=f"sqlite:{file.name}"))

    def test_a_trial_is_told_once(self):
        study = pegbox.Study(X, minimize="loss", search="random")
        trial = study.ask()
        self.refuse(pegbox.InvalidInput, ValueError, "no value of 'loss'; got los", lambda: study.tell(trial, los=1.0))
        self.refuse(pegbox.InvalidInput, ValueError, "'loss' is not a number; got 'low'", lambda: study.tell(trial, loss="low"))
        self.refuse(pegbox.InvalidInput, ValueError, "out-of-memory", lambda: study.tell(trial, failed="oom"))
        self.refuse(pegbox.InvalidInput, ValueError, "without a metric", lambda: trial.report(1))
        self.refuse(pegbox.InvalidInput, ValueError, "negative step", lambda: trial.report(-1, loss=1.0))
        study.tell(trial, loss=1.0)
        self.refuse(pegbox.Conflict, RuntimeError, "[study trial 0] the trial has ended; got done", lambda: study.tell(trial, loss=2.0))
        self.refuse(pegbox.Conflict, RuntimeError, "has ended", lambda: trial.report(1, loss=2.0))
        self.refuse(pegbox.NotFound, LookupError, "no such trial; got 7", lambda: study.tell(7, loss=2.0))
        self.assertEqual(study.trials[0].metrics, {"loss": 1.0})

    def test_a_stale_trial_is_refused(self):
        study = pegbox.Study(X, minimize="loss", search="random")
        before = study.ask()
        before.give_back()
        after = study.ask()
        self.assertEqual(before.number, after.number)
        self.refuse(pegbox.Conflict, RuntimeError, "somebody else", lambda: study.tell(before, loss=1.0))
        study.tell(after.number, loss=1.0)

    def test_enqueued_configurations_are_checked(self):
        study = pegbox.Study(X | {"n": {"range": [1, 9], "integer": True}}, minimize="loss", constraints=["x * 10 >= n"], trials=1)
        self.refuse(pegbox.InvalidInput, ValueError, "not a hyperparameter of the space; got y", lambda: study.enqueue({"y": 1}))
        self.refuse(pegbox.InvalidInput, ValueError, "7", lambda: study.enqueue({"x": 7}))
        self.refuse(pegbox.InvalidInput, ValueError, "violates", lambda: study.enqueue({"x": 0.1, "n": 9}))
        study.enqueue({"n": 3})
        self.refuse(pegbox.Conflict, RuntimeError, "1 trial", lambda: study.enqueue({"n": 3}))

    def test_every_kind_of_error_has_its_class(self):
        for name in ("Conflict", "Corrupt", "Diverged", "Internal", "Interrupted", "InvalidInput", "Io", "NotFound",
                     "OutOfMemory", "Unsupported"):  # fmt: skip
            kind = getattr(pegbox, name)
            self.assertTrue(issubclass(kind, pegbox.Error))
            self.assertTrue(kind.__doc__)


if __name__ == "__main__":
    unittest.main()
