"""Sweeps: the same table however it is cut, killed or resumed; clear words where it cannot be."""
import contextlib
import csv
import io
import json
import os
import re
import signal
import sqlite3
import stat
import subprocess
import time
import xml.etree.ElementTree

import support

SWEEP = support.SMALL + """\
sweep:
  layout.tp: [1, 2, 4, 3]
  layout.pp: {powers_of_two: [1, 4]}
  training.micro_batch: [1, 2]
  where: ["tp * pp <= 8", "mfu > 0.0001"]
"""


class Sweeps(support.Case):
    def setUp(self):
        super().setUp()
        self.file = self.scenario(SWEEP, "s.yaml")

    def table(self, *stores):
        rows = list(csv.DictReader(io.StringIO(self.done("sweep", "export", *stores).stdout)))
        return rows

    def sweep(self, store, *options, status=0, **more):
        return self.done("sweep", "run", self.file, "--store", self.path(store), "-q", *options, status=status, **more)

    def test_every_point_is_there_and_agrees_with_a_run_of_its_own(self):
        self.sweep("a.sqlite")
        rows = self.table(self.path("a.sqlite"))
        self.assertEqual(len(rows), 24)
        self.assertEqual([int(row["point"]) for row in rows], list(range(24)))
        self.assertTrue(all(row["status"] == "infeasible" and "3" in row["reason"] for row in rows if row["layout.tp"] == "3"))
        row = next(row for row in rows if row["status"] == "ok" and row["layout.tp"] == "4")
        sets = [word for key in ("layout.tp", "layout.pp", "training.micro_batch") for word in ("--set", f"{key}={row[key]}")]
        alone = self.scenario(support.SMALL, "alone.yaml")
        result = json.loads(self.done("run", alone, "--format", "json", *sets).stdout)
        self.assertEqual(float(row["step_time_s"]), result["step_time_s"])
        self.assertEqual(int(row["reserved_bytes"]), result["memory"]["reserved_bytes"])

    def test_points_that_come_to_one_scenario_keep_a_row_each(self):
        text = support.SMALL + "sweep:\n  layout: [{tp: 1}, {tp: 2}]\n  layout.tp: [2, 4]\n"
        self.file = self.scenario(text, "inside.yaml")
        self.sweep("i.sqlite")
        self.assertEqual([row["status"] for row in self.table(self.path("i.sqlite"))], ["ok"] * 4)

    def test_several_scenarios_are_swept_at_once(self):
        self.scenario(support.SMALL, "dense.yaml")
        self.scenario(support.SMALL.replace("vocab: 32000", "vocab: 32000, moe: {experts: 8, top_k: 2, ffn: 2048}"), "moe.yaml")
        text = ("training: {global_batch: 32}\nsweep:\n  scenario: [dense.yaml, moe.yaml]\n  layout.tp: [1, 2]\n"
                "  where: [\"scenario != 'moe.yaml' or tp > 1\"]\n")
        self.file = self.scenario(text, "both.yaml")
        self.sweep("b.sqlite", "--by", "tokens_per_s")
        rows = self.table(self.path("b.sqlite"))
        self.assertEqual([(row["scenario"], row["layout.tp"], row["status"]) for row in rows],
                         [("dense.yaml", "1", "ok"), ("dense.yaml", "2", "ok"), ("moe.yaml", "1", "infeasible"), ("moe.yaml", "2", "ok")])
        for row in (rows[1], rows[3]):
            alone = self.done("run", self.path(row["scenario"]), "--format", "json", "--set", "training.global_batch=32").stdout
            self.assertEqual(float(row["step_time_s"]), json.loads(alone)["step_time_s"])
        self.done("check", self.file)
        # Another scenario is another sweep.
        self.scenario(support.SMALL.replace("layers: 4", "layers: 8"), "dense.yaml")
        self.assertIn("has changed", self.sweep("b.sqlite", status=5).stderr)
        self.scenario(text.replace("moe.yaml]", "absent.yaml]"), "both.yaml")
        self.assertIn("absent.yaml", self.sweep("c.sqlite", status=5).stderr)
        self.scenario(SWEEP, "dense.yaml")
        self.scenario(text, "both.yaml")
        for command in (["sweep", "run", self.file, "--store", self.path("c.sqlite")], ["check", self.file]):
            self.assertIn("dense.yaml:7:3: error: a scenario that a sweep names has no 'sweep' of its own",
                          self.done(*command, status=3).stderr)
        # Of one the layout cannot be: counted, not fatal.
        self.scenario(support.SMALL.replace("heads: 16", "heads: 15").replace("hidden: 2048", "hidden: 1920"), "dense.yaml")
        self.sweep("d.sqlite")
        self.assertEqual([row["status"] for row in self.table(self.path("d.sqlite"))], ["ok", "infeasible", "infeasible", "ok"])

    def test_a_section_is_checked_without_a_run(self):
        self.file = self.scenario(SWEEP.replace("layout.pp:", "layout.ppp:").replace("mfu >", "mfuu >"), "wrong.yaml")
        told = self.done("check", self.file, status=3).stderr
        self.assertIn("unknown key 'ppp'", told)
        self.assertIn("'mfuu' in 'mfuu > 0.0001' stands for nothing; did you mean 'mfu'?", told)

    # V100 multiply in two of these, and the others are told in the same words.
    def test_what_some_points_can_is_no_fault_of_the_file(self):
        text = support.SMALL.replace("dgx-h100", "dgx-2").replace("tp: 2, pp: 2", "dp: 16") + "sweep:\n"
        for values, ran in (("fp8, fp8-current, fp8-blockwise, fp16, fp32, mxfp8", 2), ("fp8, mxfp8", 0)):
            self.file = self.scenario(text + f"  training.precision: [{values}]\n", "precisions.yaml")
            if ran > 0:
                self.sweep(f"{ran}.sqlite")
                self.assertEqual([row["status"] for row in self.table(self.path(f"{ran}.sqlite"))].count("ok"), ran)
            else:
                told = self.sweep("none.sqlite", status=3).stderr
                self.assertIn("precisions.yaml:7:3: error: the GPU v100-sxm3-32gb does not multiply", told)

    def test_all_faults_of_the_file_are_told_at_their_places(self):
        faults = "sweep:\n  layout.tpp: [1, 2]\n  training.micro_batch: [1, 2]\n  where: [\"mfuu > 0\"]\n"
        self.file = self.scenario(support.SMALL.replace("heads: 16", "heads: -16") + faults, "faults.yaml")
        told = self.sweep("never.sqlite", status=3).stderr
        self.assertIn("faults.yaml:7:3: error: unknown key 'tpp' in 'layout'; did you mean 'tp'?", told)
        self.assertIn("faults.yaml:9:11: error: 'mfuu' in 'mfuu > 0' stands for nothing; did you mean 'mfu'?", told)
        self.assertIn("faults.yaml:2:", told)

    def test_what_failed_is_tried_again_and_counted(self):
        self.sweep("f.sqlite")
        with sqlite3.connect(self.path("f.sqlite")) as db:
            db.execute("update points set status = 'failed' where index_no = 3")
        self.done("sweep", "resume", self.file, "--store", self.path("f.sqlite"), "-q")
        with sqlite3.connect(self.path("f.sqlite")) as db:
            rows = db.execute("select attempt, status from points where index_no in (3, 4) order by index_no").fetchall()
        self.assertEqual(rows[0], (2, "ok"))
        self.assertEqual(rows[1][0], 1)

    def test_shards_and_threads_change_nothing(self):
        self.sweep("one.sqlite", "-j", "1")
        expected = self.table(self.path("one.sqlite"))
        for shards in (2, 7):
            stores = [self.path(f"{shards}-{i}.sqlite") for i in range(shards)]
            for i, store in enumerate(stores):
                self.done("sweep", "run", self.file, "--store", store, "-q", "-j", "2", "--shard", f"{i}/{shards}")
            merged = self.path(f"{shards}.sqlite")
            self.done("sweep", "merge", "--into", merged, *stores)
            self.assertEqual(self.table(merged), expected)
            self.assertEqual(self.table(*stores), expected)

    # As shards beside what they were merged into, in one folder.
    def test_a_point_of_several_stores_counts_once(self):
        shards = [self.path(f"{i}.sqlite") for i in range(2)]
        for i, store in enumerate(shards):
            self.done("sweep", "run", self.file, "--store", store, "-q", "--shard", f"{i}/2")
        whole = self.path("whole.sqlite")
        self.done("sweep", "merge", "--into", whole, *shards)
        self.assertEqual(self.table(*shards, whole, whole), self.table(whole))
        status = json.loads(self.done("sweep", "status", *shards, whole, "--format", "json").stdout)
        self.assertEqual((status["ok"] + status["infeasible"], status["missing"]), (24, 0))
        # What is known already stays, if what is merged into it is worse.
        before = self.table(whole)
        with sqlite3.connect(shards[0]) as db:
            db.execute("update points set status = 'failed'")
        self.done("sweep", "merge", "--into", whole, shards[0])
        self.assertEqual(self.table(whole), before)

    def test_twice_is_once(self):
        self.sweep("a.sqlite")
        before = self.table(self.path("a.sqlite"))
        with sqlite3.connect(self.path("a.sqlite")) as db:
            when = db.execute("select max(finished_at), sum(wall_s) from points").fetchone()
        self.sweep("a.sqlite")
        with sqlite3.connect(self.path("a.sqlite")) as db:
            self.assertEqual(db.execute("select max(finished_at), sum(wall_s) from points").fetchone(), when)
            self.assertEqual(db.execute('select count("layout.tp") from runs').fetchone(), (24,))
        self.assertEqual(self.table(self.path("a.sqlite")), before)

    def test_what_was_written_survives_kill_and_resume_does_the_rest(self):
        text = SWEEP.replace("training.micro_batch: [1, 2]", "training.global_batch: {range: [64, 1024, 64]}")
        self.file = self.scenario(text, "long.yaml")
        store = self.path("k.sqlite")
        child = subprocess.Popen([support.ORRERY, "sweep", "run", self.file, "--store", store, "-q", "-j", "1"],
                                 stdout=subprocess.DEVNULL)
        kept = 0
        for _ in range(400):
            time.sleep(0.05)
            if child.poll() is not None:
                break
            if os.path.exists(store):
                try:
                    with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as db:
                        kept = db.execute("select count(*) from points").fetchone()[0]
                except sqlite3.Error:
                    continue
            if kept > 0:
                break
        child.send_signal(signal.SIGKILL)
        child.wait()
        status = json.loads(self.done("sweep", "status", store, "--format", "json").stdout)
        self.assertGreaterEqual(status["ok"] + status["infeasible"], kept)
        self.done("sweep", "resume", self.file, "--store", store, "-q")
        self.sweep("whole.sqlite")
        self.assertEqual(self.table(store), self.table(self.path("whole.sqlite")))

    def test_the_best_fit_and_the_front_is_not_beaten(self):
        result = json.loads(self.sweep("a.sqlite", "--format", "json", "--top", "3").stdout)
        self.assertEqual(len(result["best"]), 3)
        times = [row["step_time_s"] for row in result["best"]]
        self.assertEqual(times, sorted(times))
        for row in result["pareto"]:
            for other in result["pareto"]:
                self.assertFalse(other["step_time_s"] < row["step_time_s"] and other["reserved_bytes"] < row["reserved_bytes"])
        self.assertEqual(result["ok"] + result["infeasible"], result["points"])

    # What cannot be among the best is not run, and the best are those of the whole sweep.
    def test_only_the_best(self):
        self.sweep("all.sqlite")
        everything = {row["point"]: row for row in self.table(self.path("all.sqlite"))}
        best = sorted((float(row["step_time_s"]), int(p)) for p, row in everything.items() if row["fits"] == "1")[:2]
        self.sweep("best.sqlite", "--only-best", "2", "--jobs", "1")
        rows = self.table(self.path("best.sqlite"))
        pruned = [row for row in rows if row["status"] == "pruned"]
        self.assertTrue(pruned)
        self.assertTrue(all("its step is at least " in row["reason"] for row in pruned))
        found = sorted((float(row["step_time_s"]), int(row["point"])) for row in rows if row["fits"] == "1")[:2]
        self.assertEqual(found, best)
        again = self.done("sweep", "run", self.file, "--store", self.path("best.sqlite"), "--only-best", "2").stdout
        self.assertIn("not among the best", again)
        self.sweep("best.sqlite")  # now all are asked for
        for row in self.table(self.path("best.sqlite")):
            for key in ("status", "step_time_s", "reason"):
                self.assertEqual(row[key], everything[row["point"]][key])
        self.sweep("none.sqlite", "--only-best", "2", "--by", "mfu", status=2)

    # A run that takes too long is given up, and taken up again by who gives it more time.
    def test_run_cap(self):
        slow = (support.SMALL + "simulation: {jitter: {compute: 0.01}}\n"
                "sweep:\n  simulation.seed: [1, 2]\n  layout.tp: [1, 3]\n  cluster.nodes: [16]\n  training.global_batch: [1024]\n")
        self.file = self.scenario(slow, "slow.yaml")
        told = self.sweep("c.sqlite", "--run-cap", "1us", "--jobs", "1", status=4).stdout
        self.assertIn("2 took too long", told)
        rows = self.table(self.path("c.sqlite"))
        late = [row for row in rows if row["status"] == "timeout"]
        self.assertEqual([row["layout.tp"] for row in late], ["1", "1"])
        self.assertTrue(all(row["reason"] == "its run took longer than 1.000 us" and not row["step_time_s"] for row in late))
        self.sweep("c.sqlite", "--run-cap", "2us", "--format", "json", status=4)  # they have taken longer than that
        self.assertEqual(self.table(self.path("c.sqlite")), rows)
        again = self.sweep("c.sqlite", "--run-cap", "1h", "--format", "json", "--report", self.path("c.html"))
        result = json.loads(again.stdout)
        self.assertEqual((result["ok"], result["timeout"], result["infeasible"]), (2, 0, 2))
        warning = "simulation.jitter makes every rank different: folding is off"
        self.assertEqual(result["warnings"], {warning: 2})
        self.assertEqual(result["best"][0]["warnings"], [warning])
        self.assertIn(warning, self.sweep("c.sqlite").stdout)
        with open(self.path("c.html"), encoding="utf-8") as file:
            self.assertIn(warning, file.read())
        with contextlib.closing(sqlite3.connect(self.path("c.sqlite"))) as store:
            texts = store.execute("select text from points join warnings using (key) order by index_no").fetchall()
        self.assertEqual(texts, [(warning,)] * 2)
        self.sweep("d.sqlite", "--run-cap", "0s", status=2)
        self.sweep("d.sqlite", "--run-cap", "soon", status=2)

    def test_a_page_stands_alone(self):
        self.sweep("a.sqlite", "--report", self.path("s.html"))
        with open(self.path("s.html"), encoding="utf-8") as file:
            page = file.read()
        self.assertNotIn("http", page)
        self.assertIn("layout.tp", page)
        self.assertGreater(page.count("<circle"), 10)
        # A line a layout through an axis for each swept key, step, MFU and memory.
        self.assertEqual(page.count('<polyline class="line'), page.count("<tr><td data-v") + page.count('<tr class="misfit"'))
        lines = re.findall(r'<polyline class="line[^"]*" points="([^"]*)"', page)
        self.assertEqual({len(line.split()) for line in lines}, {page.count('<text class="name"')})
        self.assertEqual(page.count('<polyline class="line best'), min(10, sum(' class="misfit"' not in row for row in page.split("<tr")[2:])))

    def test_the_parts_of_a_step_add_up(self):
        self.sweep("a.sqlite", "--report", self.path("s.html"))
        ran = [row for row in self.table(self.path("a.sqlite")) if row["status"] == "ok"]
        parts = [name for name in ran[0] if re.fullmatch(r"(exposed_(tp|cp|ep|pp|dp)|(re)?compute|bubble|optimizer|offload|host|other)_s", name)]
        self.assertEqual(len(parts), 12)
        for row in ran:
            self.assertAlmostEqual(sum(float(row[part]) for part in parts), float(row["step_time_s"]), places=9)
        lines = self.done("sweep", "export", self.path("a.sqlite"), "--format", "jsonl").stdout.splitlines()
        self.assertEqual([json.loads(line)["compute_s"] for line in lines if '"ok"' in line], [float(row["compute_s"]) for row in ran])
        # A bar for each row says in words what it shows.
        with open(self.path("s.html"), encoding="utf-8") as file:
            bars = re.findall(r'<button aria-expanded="false" data-t="([^"]*)">.*?aria-label="([^"]*)"', file.read())
        self.assertEqual(len(bars), len(ran))
        for times, words in bars:
            self.assertEqual(len(times.split()), 12)
            shares = [float(share) for share in re.findall(r"([\d.]+) %", words)]
            self.assertAlmostEqual(sum(shares), 100, delta=1)
            self.assertEqual(shares, sorted(shares, reverse=True))

    def test_an_older_store_is_refused(self):
        self.sweep("a.sqlite")
        with contextlib.closing(sqlite3.connect(self.path("a.sqlite"))) as db, db:
            db.execute("update meta set value = '1' where key = 'schema'")
        for command in (["status", self.path("a.sqlite")], ["export", self.path("a.sqlite")],
                        ["merge", "--into", self.path("b.sqlite"), self.path("a.sqlite")]):
            self.assertIn("another schema (1)", self.done("sweep", *command, status=5).stderr)
        self.assertIn("another schema (1)", self.sweep("a.sqlite", status=5).stderr)

    def test_a_drawing_stands_alone(self):
        self.sweep("a.sqlite", "--plot", self.path("s.svg"))
        drawing = xml.etree.ElementTree.parse(self.path("s.svg")).getroot()
        self.assertEqual(drawing.tag, "{http://www.w3.org/2000/svg}svg")
        self.assertIn("written as .svg or .png", self.sweep("a.sqlite", "--plot", self.path("s.pdf"), status=2).stderr)

    def test_errors_are_told_where_they_are(self):
        for change, said in [("tp * pp <= 8", None), ("tp * pq <= 8", "'pq' in 'tp * pq <= 8' stands for nothing"),
                             ("tp * pp = 8", "has a single '='")]:
            file = self.scenario(SWEEP.replace("tp * pp <= 8", change), "e.yaml")
            result = self.done("sweep", "run", file, "--store", self.path("e.sqlite"), "-q", status=3 if said else 0)
            if said:
                self.assertIn(said, result.stderr)
                self.assertIn("e.yaml:10:", result.stderr)
        file = self.scenario(SWEEP.replace("heads: 16", "hedas: 16"), "e.yaml")
        self.assertIn("hedas", self.done("sweep", "run", file, "-q", status=3).stderr)
        self.assertIn("orrery sweep run", self.done("run", self.file, status=3).stderr)
        self.assertIn("0/4", self.sweep("a.sqlite", "--shard", "4/4", status=2).stderr)

    def test_a_store_is_not_mixed(self):
        self.sweep("a.sqlite")
        result = self.sweep("a.sqlite", "--set", "training.global_batch=32", status=5)
        self.assertIn("holds results of another sweep", result.stderr)
        with open(self.path("a.sqlite"), "r+b") as file:
            file.truncate(8192)
        self.assertIn("a.sqlite", self.done("sweep", "status", self.path("a.sqlite"), status=5).stderr)

    def test_what_was_measured_again_is_another_sweep(self):
        calibration = self.path("mine.json")
        text = support.SMALL + "calibration: mine.json\nsweep:\n  training.micro_batch: [1, 2]\n"
        file = self.scenario(text, "calibrated.yaml")
        for em, status in ((0.7, 0), (0.7, 0), (0.1, 5)):
            with open(calibration, "w", encoding="utf-8") as out:
                json.dump({"schema": "orrery-calibration/1", "machine": {"gpu": "h100-sxm-80gb"},
                           "memory_bound": {"adam": {"em": em, "t0_us": 2}}}, out)
            result = self.done("sweep", "run", file, "--store", self.path("c.sqlite"), "-q", status=status)
        self.assertIn("presets or calibrations", result.stderr)

    def test_nothing_feasible_is_status_4(self):
        file = self.scenario(SWEEP.replace("tp * pp <= 8", "tp * pp > 1000"), "n.yaml")
        result = self.done("sweep", "run", file, "--store", self.path("n.sqlite"), "-q", status=4)
        self.assertIn("infeasible", result.stdout)

    def test_slurm_gets_an_array_and_its_merge(self):
        fake = self.path("sbatch")
        with open(fake, "w", encoding="utf-8") as file:
            file.write('#!/bin/sh\necho "$@" >> %s\necho 41\n' % self.path("asked"))
        os.chmod(fake, os.stat(fake).st_mode | stat.S_IXUSR)
        environment = dict(os.environ, PATH=self.folder + os.pathsep + os.environ["PATH"])
        shards = self.path("shards")
        result = self.done("sweep", "submit", self.file, "--shards", "3", "--folder", shards, env=environment)
        self.assertIn("job 41", result.stderr)
        with open(self.path("asked"), encoding="utf-8") as file:
            self.assertIn("--dependency=afterany:41", file.read())
        # What the tasks do, and then what is left to submit.
        for task in ("0", "2"):
            subprocess.run(["bash", os.path.join(shards, "array.sh")], check=True, capture_output=True,
                           env=dict(environment, SLURM_ARRAY_TASK_ID=task))
        result = self.done("sweep", "submit", self.file, "--shards", "3", "--folder", shards, "--dry-run", env=environment)
        self.assertIn("shards 1;", result.stderr)
        subprocess.run(["bash", os.path.join(shards, "array.sh")], check=True, capture_output=True,
                       env=dict(environment, SLURM_ARRAY_TASK_ID="1"))
        subprocess.run(["bash", os.path.join(shards, "merge.sh")], check=True, capture_output=True, env=environment)
        self.assertEqual(len(self.table(os.path.join(shards, "sweep.sqlite"))), 24)
        self.assertIn("complete", self.done("sweep", "submit", self.file, "--shards", "3", "--folder", shards,
                                            env=environment).stderr)

    def task(self, folder, number):
        return subprocess.run(["bash", os.path.join(folder, "array.sh")], capture_output=True, text=True, check=False,
                              env=dict(os.environ, SLURM_ARRAY_TASK_ID=number))

    # --steps and --seed are keys as those of --set; without them tasks would be of another sweep.
    def test_tasks_of_an_array_run_what_was_submitted(self):
        folder = self.path("shards")
        asked = ["sweep", "submit", self.file, "--shards", "1", "--folder", folder, "--dry-run", "--seed", "7", "--steps", "3",
                 "--run-cap", "2min"]
        self.done(*asked)
        with open(os.path.join(folder, "array.sh"), encoding="utf-8") as script:
            self.assertIn("--run-cap 2min", script.read().replace("'", ""))
        self.assertEqual(self.task(folder, "0").returncode, 0)
        self.assertIn("complete", self.done(*asked).stderr)

    # Each task would be refused, with a word in its log alone.
    def test_nothing_is_submitted_into_stores_of_something_else(self):
        folder = self.path("shards")
        asked = ["sweep", "submit", self.file, "--folder", folder, "--dry-run"]
        self.done(*asked, "--shards", "2")
        self.assertEqual(self.task(folder, "0").returncode, 0)
        self.assertIn("shard-0.sqlite: error: holds shard 0/2, not 0/3", self.done(*asked, "--shards", "3", status=5).stderr)
        self.assertIn("shard-0.sqlite: error: holds results of another sweep",
                      self.done(*asked, "--shards", "2", "--set", "layout.zero=1", status=5).stderr)
        self.assertIn("shards 1;", self.done(*asked, "--shards", "2").stderr)


support.main()
