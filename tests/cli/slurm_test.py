"""`orrery sweep submit` against real Slurm daemons, started for the test on this machine alone."""
import csv
import io
import os
import shutil
import socket
import subprocess
import time
import unittest

import support

SWEEP = support.SMALL + """\
sweep:
  layout.tp: [1, 2, 4]
  layout.pp: {powers_of_two: [1, 4]}
  training.micro_batch: [1, 2]
  where: ["tp * pp <= 8"]
"""
LONG = SWEEP.replace("training.micro_batch: [1, 2]", "training.global_batch: {range: [64, 4096, 64]}")
DAEMONS = ("munged", "slurmctld", "slurmd", "sbatch")
CONFIGURATION = """\
ClusterName=orrery
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={control_port}
SlurmdPort={node_port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
MailProg=/bin/true
SchedulerParameters=sched_interval=1,batch_sched_delay=0,bf_interval=1
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@unittest.skipUnless(all(map(shutil.which, DAEMONS)) and os.geteuid() == 0, "no Slurm daemons, or not root to start them")
class Slurm(support.Case):
    def setUp(self):
        super().setUp()
        os.chmod(self.folder, 0o755)
        for name in ("state", "spool"):
            os.mkdir(self.path(name))
        with open(self.path("munge.key"), "wb") as key:
            key.write(os.urandom(1024))
        os.chmod(self.path("munge.key"), 0o400)
        self.environment = dict(os.environ, SLURM_CONF=self.path("slurm.conf"))
        host = socket.gethostname().split(".")[0]
        with open(self.path("slurm.conf"), "w", encoding="utf-8") as conf:
            conf.write(CONFIGURATION.format(host=host, folder=self.folder, control_port=free_port(), node_port=free_port()))
        self.start("munged", "--foreground", "--force", "--key-file", self.path("munge.key"), "--socket",
                   self.path("munge.socket"), "--pid-file", self.path("munged.pid"), "--log-file",
                   self.path("munged.log"), "--seed-file", self.path("munge.seed"))
        self.wait_for(lambda: os.path.exists(self.path("munge.socket")), "munged")
        self.start("slurmctld", "-D", "-f", self.path("slurm.conf"))
        self.start("slurmd", "-D", "-f", self.path("slurm.conf"), "-N", host)
        self.wait_for(lambda: "idle" in self.ask("sinfo", "-h", "-o", "%T"), "an idle node")

    def start(self, *words):
        daemon = subprocess.Popen(words, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(daemon.wait)
        self.addCleanup(daemon.terminate)

    def ask(self, *words):
        return subprocess.run(words, env=self.environment, capture_output=True, text=True).stdout

    def wait_for(self, happens, what, seconds=90):
        deadline = time.monotonic() + seconds
        while not happens():
            self.assertLess(time.monotonic(), deadline, f"waited for {what}: " + self.ask("squeue"))
            time.sleep(0.1)

    def submit(self, file, folder="shards"):
        result = self.done("sweep", "submit", file, "--shards", "3", "--folder", self.path(folder), env=self.environment)
        return result.stderr

    def table(self, store):
        return list(csv.DictReader(io.StringIO(self.done("sweep", "export", store).stdout)))

    def wait_until_done(self):
        self.wait_for(lambda: not self.ask("squeue", "-h").strip(), "the queue to empty", 180)

    def test_an_array_and_its_merge_give_what_one_run_gives(self):
        file = self.scenario(SWEEP, "s.yaml")
        self.assertIn("submitted shards 0-2", self.submit(file))
        self.wait_until_done()
        self.done("sweep", "run", file, "--store", self.path("one.sqlite"), "-q")
        self.assertEqual(self.table(self.path("shards/sweep.sqlite")), self.table(self.path("one.sqlite")))
        self.assertIn("complete", self.submit(file))

    def test_a_folder_may_have_any_name(self):
        self.submit(self.scenario(SWEEP, "my sweep's.yaml"), "50 % of 'it'")
        self.wait_until_done()
        names = set(os.listdir(self.path("50 % of 'it'")))
        self.assertLessEqual({"shard-0.log", "shard-2.log", "merge.log", "sweep.sqlite"}, names)

    def test_a_killed_shard_is_found_and_submitted_again(self):
        file = self.scenario(LONG, "long.yaml")
        job = self.submit(file).split(" as job ")[1].split(",")[0]
        self.wait_for(lambda: os.path.exists(self.path("shards/shard-1.sqlite")), "shard 1")
        self.ask("scancel", f"{job}_1")
        self.wait_until_done()
        again = self.submit(file)
        self.assertIn("submitted shards 1 ", again)
        self.wait_until_done()
        self.done("sweep", "run", file, "--store", self.path("one.sqlite"), "-q")
        self.assertEqual(self.table(self.path("shards/sweep.sqlite")), self.table(self.path("one.sqlite")))


if __name__ == "__main__":
    support.main()
