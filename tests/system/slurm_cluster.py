"""A Slurm cluster of this machine alone: munged, slurmctld and slurmd on loopback, with their files in a temporary folder."""

import atexit
import getpass
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from skipped import Skipped

PACKAGES = ["slurmctld", "slurmd", "munge", "slurm-client"]
CPUS = 4

CONFIG = """
ClusterName=pegbox
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
SlurmctldPort={controller_port}
SlurmdPort={node_port}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=6
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=1,sched_interval=1,batch_sched_delay=0,requeue_delay=1
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
ReturnToService=2
SlurmdParameters=config_overrides
KillWait=20
MinJobAge=5
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory=1000 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=1:00:00 State=UP PriorityTier=1
PartitionName=urgent Nodes=ALL MaxTime=1:00:00 State=UP PriorityTier=10
"""


def install():
    """Debian's packages, where they are not there; skipped where that cannot be."""
    if all(shutil.which(program) for program in ("slurmctld", "slurmd", "munged", "sbatch")):
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Skipped(f"no Slurm here, and only root can install it: apt-get install {' '.join(PACKAGES)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-q"], ["apt-get", "install", "-qy", "--no-install-recommends", *PACKAGES]):
        if subprocess.run(command, env=environment, capture_output=True, check=False).returncode != 0:
            raise Skipped(f"Slurm cannot be installed: {' '.join(command)} failed")


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


class SlurmCluster:
    def __init__(self):
        install()
        if os.geteuid() != 0:
            raise Skipped("slurmd runs as root alone")
        self.folder = tempfile.mkdtemp(prefix="pegbox-slurm-")
        os.chmod(self.folder, 0o755)
        for name in ("state", "spool"):
            os.mkdir(os.path.join(self.folder, name))
        controller_port, node_port = free_ports(2)
        self.config = os.path.join(self.folder, "slurm.conf")
        with open(self.config, "w") as file:
            file.write(
                CONFIG.format(
                    folder=self.folder, host=socket.gethostname().split(".")[0], cpus=CPUS, controller_port=controller_port, node_port=node_port
                )
            )
        self.environment = {**os.environ, "SLURM_CONF": self.config, "USER": getpass.getuser()}
        self.daemons = []
        self._start()

    def _start(self):
        key = os.path.join(self.folder, "munge.key")
        with open(os.open(key, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
            file.write(os.urandom(128))
        self._spawn(
            "munged", "--foreground", "--force", f"--key-file={key}", f"--socket={self.folder}/munge.socket",
            f"--pid-file={self.folder}/munged.pid", f"--log-file={self.folder}/munged.log", f"--seed-file={self.folder}/munge.seed",
        )  # fmt: skip
        self._spawn("slurmctld", "-D")
        self._spawn("slurmd", "-D")
        end = time.time() + 30
        while "idle" not in self.run("sinfo", "--noheader", "--format=%T", check=False):
            if time.time() > end:
                logs = "".join(self.log(name)[-1500:] for name in ("munged", "slurmctld", "slurmd"))
                raise Skipped(f"Slurm does not start in this place:\n{logs}")
            time.sleep(0.2)

    def _spawn(self, *command):
        with open(os.path.join(self.folder, command[0] + ".out"), "w") as output:
            self.daemons.append(subprocess.Popen(command, env=self.environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output))

    def log(self, name):
        try:
            with open(os.path.join(self.folder, name + ".log")) as file:
                return file.read()
        except OSError:
            return ""

    def run(self, *command, check=True):
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0 or not check, f"{command}: {done.stderr}"
        return done.stdout

    def jobs(self, states="all"):
        """Numbers of the tasks of jobs that are there, as "17_3", with their states."""
        listed = self.run("squeue", "--noheader", "--array", "--format=%i|%T")
        pairs = [line.split("|") for line in listed.split()]
        return {job: state for job, state in pairs if states == "all" or state in states}

    def stop_daemon(self, name):
        """The daemon of this name goes away."""
        for daemon in self.daemons:
            if daemon.args[0] == name:
                daemon.send_signal(signal.SIGKILL)
                daemon.wait()
        self.daemons = [daemon for daemon in self.daemons if daemon.poll() is None]

    def start_daemon(self, name):
        self._spawn(name, "-D")

    def stop(self):
        self.run("scancel", "--user", str(os.getuid()), check=False)
        end = time.time() + 30
        while self.jobs() and time.time() < end:
            time.sleep(0.2)
        for daemon in reversed(self.daemons):
            daemon.terminate()
            try:
                daemon.wait(10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


_cluster = []


def cluster():
    """The one cluster of this run, started when a test first wants it."""
    if not _cluster:
        _cluster.append(SlurmCluster())
        atexit.register(_cluster[0].stop)
    return _cluster[0]
