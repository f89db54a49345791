"""Sweeps by a crew of processes under mpirun: the same table, and what a lost process leaves."""
import csv
import io
import os
import shutil
import signal
import sqlite3
import subprocess
import time
import unittest

import support

SWEEP = support.SMALL + """\
sweep:
  layout.tp: [1, 2, 4, 3]
  layout.pp: {powers_of_two: [1, 4]}
  training.micro_batch: [1, 2]
  where: ["tp * pp <= 8"]
"""
LONG = SWEEP.replace("training.micro_batch: [1, 2]", "training.global_batch: {range: [64, 2048, 64]}")
HELPER = os.path.join(os.path.dirname(os.path.realpath(support.ORRERY)), "orrery-mpi")


def processes_with(*words):
    """Those started with these words among theirs, oldest first."""
    found = []
    for number in sorted(int(name) for name in os.listdir("/proc") if name.isdigit()):
        try:
            with open(f"/proc/{number}/cmdline", "rb") as file:
                started = file.read().decode(errors="replace").split("\0")
        except OSError:
            continue
        if all(word in started for word in words):
            found.append(number)
    return found


@unittest.skipUnless(shutil.which("mpirun") and os.access(HELPER, os.X_OK), "orrery-mpi or mpirun is not there")
class Crews(support.Case):
    def mpirun(self, processes, *arguments):
        words = ["mpirun", "--allow-run-as-root", "--oversubscribe", "-n", str(processes), support.ORRERY, "sweep", "run",
                 *arguments, "--mpi", "-q"]
        return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.folder)

    def crew(self, processes, *arguments, status=0):
        run = self.mpirun(processes, *arguments)
        out, err = run.communicate(timeout=300)
        self.assertEqual(run.returncode, status, err)
        return out, err

    def table(self, store):
        return list(csv.DictReader(io.StringIO(self.done("sweep", "export", store).stdout)))

    def points(self, store):
        if not os.path.exists(store):
            return 0
        with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as db:
            try:
                return db.execute("select count(*) from points").fetchone()[0]
            except sqlite3.OperationalError:
                return 0

    def test_a_crew_gives_what_one_process_gives(self):
        file = self.scenario(SWEEP, "s.yaml")
        self.done("sweep", "run", file, "--store", self.path("one.sqlite"), "-q")
        for processes in (1, 2, 4):
            store = self.path(f"{processes}.sqlite")
            out, _ = self.crew(processes, file, "--store", store)
            self.assertEqual(out.count("The best 10"), 1, out)  # the leader's alone
            self.assertEqual(self.table(store), self.table(self.path("one.sqlite")))

    def test_what_a_killed_process_had_is_done_the_next_time(self):
        file = self.scenario(LONG, "long.yaml")
        store = self.path("k.sqlite")
        run = self.mpirun(3, file, "--store", store)
        deadline = time.monotonic() + 60
        while self.points(store) == 0 and time.monotonic() < deadline and run.poll() is None:
            time.sleep(0.02)
        crew = processes_with(HELPER, file)
        self.assertEqual(len(crew), 3, "the sweep is over before anybody could be killed")
        os.kill(crew[1], signal.SIGKILL)
        run.communicate(timeout=120)
        self.assertNotEqual(run.returncode, 0)
        self.assertLess(self.points(store), 12 * 32)
        with sqlite3.connect(store) as db:
            self.assertEqual(db.execute("pragma integrity_check").fetchone(), ("ok",))
        self.crew(3, file, "--store", store)
        self.done("sweep", "run", file, "--store", self.path("one.sqlite"), "-q")
        self.assertEqual(self.table(store), self.table(self.path("one.sqlite")))

    def test_nobody_waits_for_a_leader_that_cannot_begin(self):
        file = self.scenario(SWEEP, "s.yaml")
        _, err = self.crew(3, file, "--store", self.path("no/such/folder.sqlite"), status=5)
        self.assertIn("folder.sqlite", err)
        broken = self.scenario(SWEEP.replace("layout.tp", "layout.tq"), "broken.yaml")
        _, err = self.crew(3, broken, "--store", self.path("b.sqlite"), status=3)
        self.assertEqual(err.count("tq"), 2, err)  # the error and its line, once

    def test_without_the_program_it_says_what_is_missing(self):
        file = self.scenario(SWEEP, "s.yaml")
        with support_environment(ORRERY_MPI="/nonexistent"):
            self.assertIn("orrery-mpi", self.done("sweep", "run", file, "--mpi", status=7).stderr)


class support_environment:
    def __init__(self, **values):
        self.values = values

    def __enter__(self):
        os.environ.update(self.values)

    def __exit__(self, *_):
        for name in self.values:
            del os.environ[name]


if __name__ == "__main__":
    support.main()
