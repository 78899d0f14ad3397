"""study.optimize: threads, exceptions, Ctrl-C; and a process that is killed in mid-study."""

import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import unittest

import pegbox

X = {"x": {"range": [0, 1]}}


def make(**changes):
    return pegbox.Study(X, **({"minimize": "loss", "search": "random", "trials": 12} | changes))


class Loop(unittest.TestCase):
    def test_several_threads_run_at_once(self):
        both = threading.Barrier(2, timeout=30)
        study = make()

        def objective(trial):
            both.wait()
            return trial.config["x"]

        study.optimize(objective, workers=2)
        self.assertEqual([trial.state for trial in study.trials], ["done"] * 12)

    def test_objectives_may_return_metrics_by_name_or_nothing_new(self):
        study = make(trials=2)
        study.optimize(lambda trial: {"loss": 1.0, "accuracy": 0.5}, trials=1)
        self.assertEqual(study.best.metrics, {"loss": 1.0, "accuracy": 0.5})

        def reporting(trial):
            trial.report(3, loss=0.5)

        study.optimize(reporting)
        self.assertEqual(study.best.metrics["loss"], 0.5)

    def test_it_ends_when_so_many_trials_have_ended(self):
        study = make(trials=None)
        study.optimize(lambda trial: 1.0, trials=5)
        study.optimize(lambda trial: 1.0, trials=7, workers=3)
        self.assertEqual(len(study.trials), 12)

    def test_an_exception_fails_its_trial_and_is_raised(self):
        study = make()

        def objective(trial):
            if trial.number == 2:
                raise ZeroDivisionError("no luck")
            return 1.0

        with self.assertRaisesRegex(ZeroDivisionError, "no luck"):
            study.optimize(objective)
        self.assertEqual([trial.state for trial in study.trials], ["done", "done", "failed"])
        self.assertEqual(study.trials[2].detail, "ZeroDivisionError: no luck")
        study.optimize(objective)
        self.assertEqual(len(study.trials), 12)

    def test_exceptions_that_are_caught_only_fail_their_trials(self):
        study = make()

        def objective(trial):
            if trial.number % 3 == 1:
                raise MemoryError("80 GiB")
            return 1.0

        study.optimize(objective, catch=MemoryError, workers=2)
        failures = [trial.failure for trial in study.trials]
        self.assertEqual(failures, [None, "out-of-memory", None] * 4)

    def test_an_exception_in_one_thread_ends_the_others_at_their_next_report(self):
        study = make(stop="none")
        started = threading.Barrier(2, timeout=30)

        def objective(trial):
            started.wait()
            if trial.number == 0:
                raise ValueError("wrong")
            for step in range(1, 100000):
                trial.report(step, loss=1.0)
                time.sleep(0.01)

        with self.assertRaisesRegex(ValueError, "wrong"):
            study.optimize(objective, workers=2)
        self.assertEqual([trial.state for trial in study.trials], ["failed", "waiting"])

    def test_what_is_not_a_number_fails_the_trial(self):
        for outcome, part in ((None, "no value of 'loss'"), ("low", "not a number"), ((1.0, 2.0), "returned 2 values")):
            study = make()
            with self.assertRaisesRegex(pegbox.InvalidInput, part):
                study.optimize(lambda trial, outcome=outcome: outcome)
            self.assertEqual(study.trials[0].state, "failed")
        with self.assertRaises(pegbox.InvalidInput):
            make().optimize(lambda trial: 1.0, workers=0)

    def test_ctrl_c_returns_the_open_trials_to_the_queue(self):
        for workers in (1, 2):
            with self.subTest(workers=workers):
                study = make(stop="none")
                running = threading.Barrier(workers, action=lambda: os.kill(os.getpid(), signal.SIGINT), timeout=30)

                def objective(trial):
                    running.wait()
                    for step in range(1, 100000):
                        trial.report(step, loss=1.0)
                        time.sleep(0.01)

                with self.assertRaises(KeyboardInterrupt):
                    study.optimize(objective, workers=workers)
                self.assertEqual([trial.state for trial in study.trials], ["waiting"] * workers)
                study.optimize(lambda trial: trial.config["x"])
                self.assertEqual([trial.state for trial in study.trials], ["done"] * 12)


class Kills(unittest.TestCase):
    PROGRAM = """
        import os, signal, sys
        import pegbox
        study = pegbox.Study({"x": {"range": [0, 1]}}, minimize="loss", search="gp", trials=12, seed=5, stop="none", store=sys.argv[1])
        kill_at = int(sys.argv[2])
        while (trial := study.ask()) is not None:
            trial.report(1, loss=trial.config["x"] + 1)
            if trial.number == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
            study.tell(trial, loss=trial.config["x"])
    """

    def test_a_study_survives_kills_and_takes_the_same_decisions(self):
        with tempfile.TemporaryDirectory() as folder:
            whole, broken = f"sqlite:{folder}/whole.db", f"sqlite:{folder}/broken.db"
            self.assertEqual(self.run_program(whole, -1), 0)
            for kill_at in (0, 3, 7, 11):
                self.assertEqual(self.run_program(broken, kill_at), -signal.SIGKILL)
            self.assertEqual(self.run_program(broken, -1), 0)
            expected, got = (pegbox.load("study", store=store).trials for store in (whole, broken))
            self.assertEqual([trial.config for trial in got], [trial.config for trial in expected])
            self.assertEqual([trial.state for trial in got], ["done"] * 12)

    def run_program(self, store, kill_at):
        return subprocess.run([sys.executable, "-c", textwrap.dedent(self.PROGRAM), store, str(kill_at)], timeout=60).returncode


if __name__ == "__main__":
    unittest.main()
