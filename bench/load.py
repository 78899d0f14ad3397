"""A server under load: many connections on loopback ask, report and tell, and everything that was acknowledged is counted.

    bench/load.py [--connections 1000] [--trials 20] [--reports 5] [--search tpe] [--duplicates 0.05] [--store postgresql]

Each connection runs its trials one after the other: ask, some reports, tell. A share of the messages is sent twice. At the end
the study is read back: every trial that was told is there once, with each report that was acknowledged once. Prints events per second and
percentiles of the answers' times; exits 1 if anything is lost or doubled. `--store postgresql` starts a PostgreSQL server of its own
on the same machine (tests/system/postgres.py).
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import urllib.request

import common

sys.path.insert(0, os.path.join(common.ROOT, "tests", "system"))
from postgres import Postgres  # noqa: E402

PEGBOX = os.environ.get("PEGBOX_BIN", common.BIN) + "/pegbox"


class Connection:
    """One kept connection that speaks the API."""

    def __init__(self, port: int, number: int, times: dict[str, list[float]]):
        self.port, self.number, self.times = port, number, times

    async def open(self) -> None:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)

    async def call(self, kind: str, path: str, body: dict) -> dict:
        text = json.dumps(body)
        start = time.perf_counter()
        self.writer.write(
            f"POST /api/studies/load/{path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(text)}\r\n\r\n{text}".encode()
        )
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        answer = json.loads(await self.reader.readexactly(length))
        self.times[kind].append(time.perf_counter() - start)
        if b" 200 " not in head.split(b"\r\n")[0] + b" ":
            raise RuntimeError(f"{path}: {answer}")
        return answer

    async def work(self, options: argparse.Namespace, told: dict[int, int]) -> None:
        chance = random.Random(self.number)

        async def think() -> None:
            await asyncio.sleep(chance.uniform(0, 2 * options.think))

        for ticket in range(options.trials):
            await think()
            asked = await self.call("ask", "ask", {"worker": f"load-{self.number}", "ticket": str(ticket)})
            trial = asked["trial"]
            if trial is None:
                raise RuntimeError(f"no trial: {asked}")
            place, lease = f"trials/{trial['number']}", trial["lease"]
            for step in range(1, options.reports + 1):
                await think()
                report = {"lease": lease, "step": step, "metrics": {"loss": trial["config"]["x"] + 1 / step}}
                await self.call("report", place + "/report", report)
                if chance.random() < options.duplicates and not (
                    await self.call("report", place + "/report", report)
                ).get("known"):
                    raise RuntimeError("a repeated report counted twice")
            await think()
            await self.call("tell", place + "/tell", {"lease": lease, "metrics": {"loss": trial["config"]["x"]}})
            told[trial["number"]] = told.get(trial["number"], 0) + 1


def start_server(folder: str, port: int, store: str) -> subprocess.Popen:
    server = subprocess.Popen([PEGBOX, "serve", "--port", str(port), "--rate", "0", "--quiet", "--store", store], cwd=folder)
    for _ in range(200):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/api")
            return server
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("the server does not start")


def make_study(port: int, trials: int, search: str) -> None:
    study = {
        "name": "load",
        "trial": {"command": "true {x}"},
        "space": {"x": {"range": [0, 10]}, "y": {"range": [1e-5, 1e-1], "scale": "log"}},
        "objective": {"minimize": "loss"},
        "budget": {"trials": trials},
        "search": search,
        "stop": "none",
    }
    body = json.dumps({"file": json.dumps(study)}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/api/studies", body, {"Content-Type": "application/json"})
    urllib.request.urlopen(request).read()


async def put_under_load(options: argparse.Namespace, times: dict[str, list[float]], told: dict[int, int]) -> float:
    connections = [Connection(options.port, number, times) for number in range(options.connections)]
    for connection in connections:
        await connection.open()
    start = time.perf_counter()
    await asyncio.gather(*(each.work(options, told) for each in connections))
    return time.perf_counter() - start


def count(port: int, options: argparse.Namespace, told: dict[int, int]) -> list[str]:
    """What is wrong with the study after all."""
    study = json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}/api/studies/load"))
    wanted = options.connections * options.trials
    wrong = [f"{wanted} trials were told, {len(told)} numbers, {len(study['trials'])} are there"]
    if len(told) == len(study["trials"]) == wanted and set(told.values()) == {1}:
        wrong = []
    steps = list(range(1, options.reports + 1))
    for trial in study["trials"]:
        reported = [report["step"] for report in trial["reports"]]
        if trial["state"] != "done" or reported[: options.reports] != steps or len(reported) > options.reports + 1:
            wrong.append(f"trial {trial['number']}: {trial['state']}, steps {reported}")
    return wrong


def percentiles(seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    return {f"{share} %": round(1000 * ordered[len(ordered) * share // 100], 2) for share in (50, 99)}


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--connections", type=int, default=1000)
    parser.add_argument("--trials", type=int, default=100, help="of each connection")
    parser.add_argument("--reports", type=int, default=5, help="of each trial")
    parser.add_argument("--search", default="tpe")
    parser.add_argument("--duplicates", type=float, default=0.05, help="share of reports that are sent twice")
    parser.add_argument("--think", type=float, default=0.25, help="seconds that a connection waits before each message, on average")
    parser.add_argument("--port", type=int, default=18765)
    parser.add_argument("--store", default="sqlite:pegbox.db", help="sqlite:FILE, postgresql (a server of its own) or a URL")
    options = parser.parse_args()
    times: dict[str, list[float]] = {"ask": [], "report": [], "tell": []}
    told: dict[int, int] = {}
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        store = options.store
        if store == "postgresql":
            store = stack.enter_context(Postgres()).new_database()
        server = start_server(folder, options.port, store)
        try:
            make_study(options.port, options.connections * options.trials, options.search)
            seconds = asyncio.run(put_under_load(options, times, told))
            wrong = count(options.port, options, told)
        finally:
            server.terminate()
            server.wait()
    events = sum(len(of_kind) for of_kind in times.values())
    kind_of_store = "sqlite" if store.startswith("sqlite:") else "postgresql"
    common.record(
        "load" if kind_of_store == "sqlite" else "load_postgresql",
        {
            "measure": "messages per second (ask, report, tell; each acknowledged), and the times of the answers in milliseconds, of all and of the first 10,000 trials",
            "connections": options.connections,
            "trials": len(told),
            "reports": options.reports,
            "search": options.search,
            "store": kind_of_store,
            "think_s": options.think,
            "messages": events,
            "per_second": round(events / seconds),
            "answers": {kind: {"all": percentiles(of_kind), "first": percentiles(of_kind[: len(of_kind) * 10_000 // max(10_000, len(told))])} for kind, of_kind in times.items()},
            "wrong": wrong[:10],
        },
    )
    print(*(wrong[:10] or ["nothing lost, nothing doubled"]), sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
