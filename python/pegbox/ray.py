"""Workers of a pegbox server as actors of a Ray cluster; `pegbox tune --on ray` and `pegbox launch --on ray` run it.

    python -m pegbox.ray [--cpus N] [--gpus N] [--folder DIR] [--logs DIR] -- pegbox worker URL --name {name} ...

It connects to the cluster of $RAY_ADDRESS, else to the one of this machine, else it starts one here. Each actor holds one
process of the command, in which {name} stands for the worker's name, with the resources asked for; Ray says which GPUs are its own.
Lines of JSON: {"hire": ["ray-1"]} and {"dismiss": ["ray-1"]} come in, {"hands": [{"name", "runs", "why"}]} goes out whenever the workers
have changed. At the end of the input all are dismissed: they hand their trials back, and it ends when they have left.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from typing import IO, Any

import ray

TOKEN = "PEGBOX_TOKEN"
LOOK_S = 1.0  # between looks at an actor
LEAVE_S = 70.0  # a worker hands back what it has within a minute
PR_SET_PDEATHSIG = 1


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Worker:
    """The actor: one `pegbox worker`, which ends with it."""

    def __init__(self, command: list[str], folder: str, log: str, token: str) -> None:
        program = command[0] if os.access(command[0], os.X_OK) else shutil.which("pegbox")
        if program is None:
            raise FileNotFoundError(f"[{command[0]}] there is no pegbox on {os.uname().nodename}; put it there, or into its PATH")
        environment = {**os.environ, TOKEN: token} if token else dict(os.environ)
        output: IO[bytes] | None = open(log, "ab") if os.path.isdir(os.path.dirname(log)) else None  # noqa: SIM115
        self._process = subprocess.Popen(
            [program, *command[1:]],
            cwd=folder if os.path.isdir(folder) else None,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            preexec_fn=_end_with_parent,
        )

    def look(self) -> int | None:
        """How it ended; None while it runs."""
        return self._process.poll()

    def dismiss(self) -> None:
        """It hands its trials back with their snapshots, and leaves."""
        if self._process.poll() is None:
            self._process.terminate()


class Hand:
    """An actor as this process sees it: asked for, running, gone."""

    def __init__(self, name: str, actor: Any) -> None:
        self.name, self.actor = name, actor
        self.runs = self.gone = self.dismissed = False
        self._answer = actor.look.remote()  # comes when the actor has a place
        self._look_again_s = 0.0

    def look(self) -> None:
        """Takes what the actor has answered, if it has."""
        if self._answer is None:
            if time.monotonic() >= self._look_again_s:
                self._answer = self.actor.look.remote()
            return
        if not ray.wait([self._answer], timeout=0)[0]:
            return
        try:
            self.gone = ray.get(self._answer) is not None
        except ray.exceptions.RayError as error:
            print(f"{self.name}: {error}", file=sys.stderr, flush=True)
            self.gone = True
        self.runs = not self.gone
        self._answer, self._look_again_s = None, time.monotonic() + LOOK_S
        if self.gone:
            ray.kill(self.actor)

    def dismiss(self) -> None:
        if self.dismissed:
            return
        self.dismissed = True
        if self.runs:
            self.actor.dismiss.remote()
        else:  # it waits for a place
            ray.kill(self.actor)
            self.gone = True


class Crew:
    """All workers of this process."""

    def __init__(self, given: argparse.Namespace, token: str) -> None:
        self._given, self._token = given, token
        self._type = ray.remote(num_cpus=given.cpus, num_gpus=given.gpus)(Worker)
        self._hands: dict[str, Hand] = {}
        self._said: list[dict[str, Any]] | None = None

    def obey(self, line: str) -> None:
        wish = json.loads(line)
        for name in wish.get("hire", []):
            command = [word.replace("{name}", name) for word in self._given.command]
            log = os.path.join(self._given.logs, f"{name}.log") if self._given.logs else ""
            self._hands[name] = Hand(name, self._type.remote(command, self._given.folder, log, self._token))
        for name in wish.get("dismiss", []):
            if name in self._hands:
                self._hands[name].dismiss()

    def dismiss_all(self) -> None:
        for hand in self._hands.values():
            hand.dismiss()

    def look(self) -> bool:
        """Whether there are any; says what has changed."""
        for hand in self._hands.values():
            if not hand.gone:
                hand.look()
        self._hands = {name: hand for name, hand in self._hands.items() if not hand.gone}
        hands = [{"name": hand.name, "runs": hand.runs, "why": "" if hand.runs else "resources"} for hand in self._hands.values()]
        if hands != self._said:
            self._said = hands
            print(json.dumps({"hands": hands}), flush=True)
        return bool(hands)


def _given(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("pegbox.ray", description="Workers of a pegbox server as actors of a Ray cluster.")
    parser.add_argument("--cpus", type=float, default=1, help="cores of each worker")
    parser.add_argument("--gpus", type=float, default=0, help="GPUs of each worker")
    parser.add_argument("--folder", default="", help="where workers run")
    parser.add_argument("--logs", default="", help="where they write what they print, if the folder is there")
    parser.add_argument("command", nargs="+", help="pegbox worker ..., after --")
    return parser.parse_args(arguments)


def _lines(buffer: bytearray) -> list[str]:
    *lines, rest = bytes(buffer).split(b"\n")
    buffer[:] = rest
    return [line.decode() for line in lines if line]


def main(arguments: list[str]) -> int:
    given = _given(arguments)
    token = os.environ.pop(TOKEN, "")  # for the actors' processes alone
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # whoever runs this closes its input
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        ray.init(log_to_driver=False, logging_level="error")
    except (ConnectionError, RuntimeError, ValueError) as error:
        print(f"ray: {error}", file=sys.stderr)
        return 2
    crew = Crew(given, token)
    buffer, leaves_s = bytearray(), 0.0
    while crew.look() or not leaves_s:
        if leaves_s:
            time.sleep(0.1)
            if time.monotonic() > leaves_s:
                break
            continue
        if not select.select([sys.stdin], [], [], 0.2)[0]:
            continue
        heard = os.read(sys.stdin.fileno(), 65536)
        buffer += heard
        for line in _lines(buffer):
            crew.obey(line)
        if not heard:
            crew.dismiss_all()
            leaves_s = time.monotonic() + LEAVE_S
    ray.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
