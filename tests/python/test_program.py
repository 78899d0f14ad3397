"""pegbox.Program: what a trial's program hears and says, over real pipes."""

import json
import os
import tempfile
import threading
import unittest
from pathlib import Path

import pegbox


class Host:
    """The other end of a program's pipes."""

    def __init__(self, folder, config, **more):
        self.reports, write = os.pipe()
        read, self.verdicts = os.pipe()
        file = Path(folder) / "config.json"
        file.write_text(json.dumps(config))
        self.environment = {
            "PEGBOX_TRIAL": "7", "PEGBOX_SEED": "5", "PEGBOX_CONFIG": str(file), "PEGBOX_CHECKPOINT_DIR": str(folder),
            "PEGBOX_UNTIL": "10", "PEGBOX_REPORT_FD": str(write), "PEGBOX_VERDICT_FD": str(read), **more,
        }  # fmt: skip

    def say(self, text):
        os.write(self.verdicts, text.encode())

    def heard(self):
        return [json.loads(line) for line in os.read(self.reports, 65536).splitlines()]


class ProgramTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def test_it_knows_its_trial(self):
        host = Host(self.folder, {"lr": 0.5}, PEGBOX_RESUME=self.folder + "/step-4")
        program = pegbox.Program({"lr": 0.1, "width": 8}, environment=host.environment)
        self.assertEqual(program.config, {"lr": 0.5, "width": 8})
        self.assertEqual((program.trial, program.seed, program.until), (7, 5, 10))
        self.assertEqual(program.resume, Path(self.folder) / "step-4")
        self.assertEqual(program.checkpoints, Path(self.folder))

    def test_reports_and_checkpoints_are_lines_of_the_protocol(self):
        host = Host(self.folder, {})
        program = pegbox.Program(environment=host.environment)
        program.checkpoint(3, "step-3.pt")
        self.assertEqual(program.report(3, {"eval/loss": 2}, loss=float("nan")), "continue")
        program.fail("diverged", "no number")
        checkpoint, report, failed = host.heard()
        self.assertEqual(checkpoint["checkpoint"], {"step": 3, "name": os.path.abspath("step-3.pt")})
        self.assertEqual(report["report"]["step"], 3)
        self.assertEqual(report["report"]["metrics"]["eval/loss"], 2.0)
        self.assertNotEqual(report["report"]["metrics"]["loss"], report["report"]["metrics"]["loss"])
        self.assertEqual(failed, {"failed": {"kind": "diverged", "detail": "no number"}})

    def test_where_it_is_judged_it_waits_for_the_verdict(self):
        host = Host(self.folder, {})
        program = pegbox.Program(environment=host.environment)
        self.assertFalse(program.is_due(9))
        self.assertTrue(program.is_due(10))
        answers = []
        waiting = threading.Thread(target=lambda: answers.append(program.report(10, loss=1)))
        waiting.start()
        host.heard()
        waiting.join(0.1)
        self.assertTrue(waiting.is_alive())
        host.say('{"go": {"trial": 7, "un')
        waiting.join(0.05)
        self.assertTrue(waiting.is_alive())
        host.say('til": 30}}\n')
        waiting.join(5)
        self.assertEqual(answers, ["continue"])
        self.assertEqual(program.until, 30)
        self.assertEqual(program.report(20, loss=1), "continue")

    def test_a_person_may_stop_it_between_rungs(self):
        host = Host(self.folder, {})
        program = pegbox.Program(environment=host.environment)
        self.assertEqual(program.report(1, loss=1), "continue")
        host.say('{"stop": {"trial": 7}}\n')
        self.assertEqual(program.report(2, loss=1), "stop")
        self.assertEqual(program.report(3, loss=1), "stop")

    def test_it_ends_when_its_host_is_gone(self):
        host = Host(self.folder, {})
        program = pegbox.Program(environment=host.environment)
        os.close(host.verdicts)
        self.assertEqual(program.report(10, loss=1), "stop")

    def test_by_hand_it_has_its_defaults_and_nobody_listens(self):
        program = pegbox.Program({"lr": 0.1}, environment={})
        self.assertEqual((program.config, program.trial, program.resume), ({"lr": 0.1}, None, None))
        self.assertFalse(program.is_due(10**9))
        self.assertEqual(program.report(1, loss=1), "continue")
        self.assertTrue(program.checkpoints.is_dir())
        program.checkpoints.rmdir()
        with self.assertRaisesRegex(ValueError, "nothing was measured"):
            program.report(2)


if __name__ == "__main__":
    unittest.main()
