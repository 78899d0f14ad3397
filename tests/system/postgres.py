"""A PostgreSQL server of a test's own: in a temporary folder, on a loopback port, durable, and started again when it was killed."""

import glob
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time

USER = "pegbox"


class Missing(Exception):
    """No server program is installed."""


def programs():
    """The folder with initdb, postgres and psql: the newest of Debian's."""
    named = os.environ.get("PEGBOX_TEST_POSTGRES")
    folders = [named] if named else sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda folder: int(folder.split("/")[4]))
    if not folders:
        raise Missing("no PostgreSQL server is installed; tools/setup_system.sh installs Debian's")
    return folders[-1]


def as_other_user(arguments):
    """PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return arguments
    user = pwd.getpwnam("postgres")
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", *arguments]


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Postgres:
    def __init__(self):
        self.programs, self.port, self.databases = programs(), free_port(), 0
        self.folder = tempfile.mkdtemp(prefix="pegbox-pg-")
        self.data = os.path.join(self.folder, "data")
        if os.getuid() == 0:
            shutil.chown(self.folder, "postgres")
        self.finish("initdb", "--no-sync", "--no-instructions", "--auth=trust", "--encoding=UTF8", "--locale=C", f"--username={USER}", f"--pgdata={self.data}")
        self.server = None
        self.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        shutil.rmtree(self.folder)

    def finish(self, program, *arguments):
        done = subprocess.run(as_other_user([os.path.join(self.programs, program), *arguments]), cwd=self.folder, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, f"{program}: {done.stderr}"
        return done.stdout

    def start(self):
        options = ["-D", self.data, "-k", self.folder, "-h", "127.0.0.1", "-p", str(self.port), "-c", "shared_buffers=64MB"]
        for _ in range(100):  # a session of the killed server may still be ending
            if os.path.exists(os.path.join(self.data, "postmaster.pid")):
                os.remove(os.path.join(self.data, "postmaster.pid"))
            with open(os.path.join(self.folder, "server.log"), "a") as log:
                self.server = subprocess.Popen(as_other_user([os.path.join(self.programs, "postgres"), *options]), cwd=self.folder, stdout=log, stderr=log)
            for _ in range(2000):
                if self.server.poll() is not None:
                    break
                if self.is_ready():
                    return
                time.sleep(0.005)
            time.sleep(0.05)
        raise AssertionError("the server does not start: " + open(os.path.join(self.folder, "server.log")).read()[-2000:])

    def is_ready(self):
        try:
            with open(os.path.join(self.data, "postmaster.pid")) as file:
                lines = file.read().split("\n")
        except OSError:
            return False
        return lines[0] == str(self.server.pid) and len(lines) > 7 and lines[7].startswith("ready")

    def kill(self):
        self.server.send_signal(signal.SIGKILL)
        self.server.wait()

    def kill_a_session(self):
        """SIGKILL of one of the server's processes: it ends all others, and recovers by itself."""
        pids = subprocess.run(["pgrep", "-P", str(self.server.pid)], capture_output=True, text=True).stdout.split()
        if pids:
            try:
                os.kill(int(random.choice(pids)), signal.SIGKILL)
            except ProcessLookupError:
                pass

    def url(self, database):
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    def new_database(self):
        self.databases += 1
        name = f"test{self.databases}"
        self.sql(self.url("postgres"), f"CREATE DATABASE {name}")
        return self.url(name)

    def sql(self, url, text):
        """The rows of the answer, as lines; columns are separated by |. Waits for a server that recovers."""
        for attempt in range(200):
            try:
                return self.finish("psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "-v", "ON_ERROR_STOP=1", "-c", text, url).splitlines()
            except AssertionError:
                if attempt == 199:
                    raise
                time.sleep(0.05)

    def events(self, url, study):
        """(index, kind, payload) of a study, as the server has them; they are in order and without a hole."""
        # One statement, so that length and rows are of one moment: the study may go on meanwhile.
        query = f"SELECT event_count, index, kind, payload FROM pegbox.events JOIN pegbox.studies ON id = study WHERE name = '{study}' ORDER BY index"
        found = [row.split("|", 3) for row in self.sql(url, query)]
        rows = [row[1:] for row in found]
        assert [int(index) for index, _, _ in rows] == list(range(len(rows))), "a hole in the log"
        assert all(int(row[0]) == len(rows) for row in found), "the study's row says another length"
        return rows
