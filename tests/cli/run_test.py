"""`orrery run` and its kin on small scenarios, end to end."""
import csv
import gzip
import io
import json
import os
import re
import signal
import subprocess

import support


class Run(support.Case):
    def document(self, text, *arguments):
        return json.loads(self.done("run", self.scenario(text), "--format", "json", *arguments).stdout)

    def test_the_first_line_says_whether_it_fits(self):
        file = self.scenario(support.SMALL)
        self.assertTrue(self.done("run", file).stdout.startswith("fits: "))
        big = ["--set", "training.sequence_length=65536", "--set", "model.hidden=16384"]
        self.assertTrue(self.done("run", file, *big).stdout.startswith("does not fit: "))
        self.assertTrue(self.done("run", file, *big, "--require-fit", status=1).stdout.startswith("does not fit: "))

    def test_parts_of_the_time_add_up_to_the_step(self):
        for text in [support.SMALL, support.BUBBLE]:
            doc = self.document(text)
            self.assertGreater(doc["step_time_s"], 0)
            self.assertAlmostEqual(sum(doc["time"].values()), doc["step_time_s"], delta=1e-9 * doc["step_time_s"])

    def test_what_is_done_is_told_to_those_who_ask(self):
        file = self.scenario(support.SMALL)
        self.assertEqual(self.done("run", file).stderr, "")
        told = self.done("run", file, "-v").stderr
        for part in ("read ", "compiled ", "folded ", "checked ", "simulated "):
            self.assertRegex(told, r"orrery: +\d+\.\d{3} s  " + part)
        self.assertNotIn("default: ", told)
        self.assertIn("default: layout.cp = 1", self.done("run", file, "-vv").stderr)
        log = os.path.join(self.folder, "log.txt")
        self.assertEqual(self.done("run", file, "--log-file", log).stderr, "")
        self.done("run", file, "--log-file", log, "--set", "layout.tq=2", status=3)
        with open(log, encoding="utf-8") as lines:
            text = lines.read()
        self.assertRegex(text, r"(?m)^\d{4}-\d\d-\d\dT[\d:]+Z +[\d.]+ s  simulated \d+ ops")
        self.assertRegex(text, r"(?m)s  .*error: unknown key '(layout\.)?tq'")
        self.assertIn("cannot be written", self.done("run", file, "--log-file", self.folder, status=5).stderr)

    def test_the_printed_configuration_is_the_same_scenario(self):
        ready = ["llama-3.1-70b-64-h100", "mixtral-8x7b-64-h100", "llama-2-70b-16-h100-b", "bubble-4x8",
                 "pipedream-vgg-16-16-v100"]
        for name in ready:
            original = os.path.join(support.SOURCE, "scenarios", name + ".yaml")
            printed = self.done("check", original, "--print-config").stdout
            self.assertIn("# default", printed)
            copy = self.scenario(printed)
            results = [json.loads(self.done("run", file, "--format", "json").stdout) for file in (original, copy)]
            self.assertEqual(results[0]["digest"], results[1]["digest"], name)
        for schedule in ("looped-bfs", "zb-v", "zb-v-auto", "v-1f1b", "v-half", "v-min", "dualpipe-v", "hanayo"):
            text = support.SMALL.replace("layers: 4", "layers: 8") + f"pipeline: {{schedule: {schedule}}}\n"
            printed = self.done("check", self.scenario(text), "--print-config").stdout
            self.done("check", self.scenario(printed))
        file = self.scenario(support.SMALL)
        printed = self.done("check", file, "--set", "layout.zero=1", "--print-config").stdout
        self.assertRegex(printed, r"  zero: 1 +# --set\n")
        self.assertRegex(printed, r"  micro_batch: [^\n]+# " + re.escape(file) + r":\d+\n")
        self.done("check", file, file, "--print-config", status=2)

    def test_stages_of_a_layer_table_hand_on_what_their_last_layer_puts_out(self):
        table = """\
model: alexnet
cluster: {preset: dgx-1v, nodes: 1, gpus_per_node: 2}
training: {sequence_length: 1, global_batch: 64, micro_batch: 16, precision: fp32}
layout: {tp: 1, pp: 2, dp: 1}
pipeline: {schedule: gpipe, stage_layers: [4, 7]}
software: ideal
"""
        doc = self.document(table)
        # pool2 gives 13 x 13 x 256 values of 4 bytes; each sample's go forward, and their gradients come back.
        self.assertEqual(doc["network"]["bytes_by_link_kind"]["nvlink"], 64 * 2 * 13 * 13 * 256 * 4)
        self.assertEqual(doc["memory"]["stages"][0]["parameters_bytes"], 4 * (34_944 + 307_456))
        self.assertEqual(self.document(table, "--set", "simulation.fold=off")["digest"], doc["digest"])

    def test_the_bubble_of_a_plain_pipeline(self):
        # (p - 1) / (m + p - 1) = 3 / 11 of the time between the first forward and the last backward.
        time = self.document(support.BUBBLE)["time"]
        self.assertAlmostEqual(time["bubble_s"] / (time["bubble_s"] + time["compute_s"]), 3 / 11, delta=0.003)

    def test_a_page_about_the_run(self):
        page = self.path("step.html")
        self.done("run", self.scenario(support.SMALL), "--report", page)
        with open(page) as file:
            text = file.read()
        self.assertTrue(text.startswith("<!DOCTYPE html>") and text.rstrip().endswith("</html>"))
        for stage in range(2):
            self.assertIn(f"stage {stage}", text)
        self.assertIn("The critical path", text)
        self.done("run", self.scenario(support.SMALL), "--report", "/no/such/folder/step.html", status=5)

    def test_causes_add_up_to_the_peak_of_every_stage(self):
        memory = self.document(support.SMALL)["memory"]
        self.assertEqual(len(memory["stages"]), 2)
        for stage in memory["stages"]:
            causes = [stage[f"{name}_bytes"] for name in ["parameters", "gradients", "optimizer", "activations", "buffers"]]
            self.assertEqual(sum(causes), stage["peak_bytes"])
        self.assertEqual(memory["peak_bytes"], max(stage["peak_bytes"] for stage in memory["stages"]))

    def test_folding_changes_nothing(self):
        folded, full = self.document(support.SMALL), self.document(support.SMALL, "--set", "simulation.fold=off")
        self.assertLess(folded["engine"]["ranks_simulated"], full["engine"]["ranks_simulated"])
        for changing in ["events", "wall_s", "ranks_simulated"]:
            del folded["engine"][changing], full["engine"][changing]
        folded["defaults_used"].remove("simulation.fold = auto")
        self.assertEqual(folded, full)

    def test_the_same_scenario_gives_the_same_bytes(self):
        first, second = self.document(support.SMALL), self.document(support.SMALL)
        del first["engine"]["wall_s"], second["engine"]["wall_s"]
        self.assertEqual(first, second)

    def test_tokens_and_flops_follow_from_the_step(self):
        doc = self.document(support.SMALL)
        self.assertAlmostEqual(doc["tokens_per_s"] * doc["step_time_s"], 16 * 1024, delta=1e-6)
        self.assertAlmostEqual(doc["model_tflops_per_gpu"] * 1e12 * 8 * doc["step_time_s"] / doc["model_flops_per_step"], 1)
        self.assertAlmostEqual(doc["mfu"], doc["model_tflops_per_gpu"] * 1e12 / doc["peak"]["flops_per_s"])

    def test_set_reaches_every_key_and_defaults_are_listed(self):
        doc = self.document(support.SMALL, "--set", "layout.tp=4", "--set", "layout.pp=1")
        self.assertEqual((doc["layout"]["tp"], doc["layout"]["pp"], doc["layout"]["dp"]), (4, 1, 2))
        self.assertTrue(any("micro_batch" not in line for line in doc["defaults_used"]))

    def test_published_values_stand_beside_the_predicted(self):
        text = support.SMALL + "published:\n  - {metric: step_time_s, value: 1.0, source: a test}\n"
        published = self.document(text)["published"][0]
        self.assertAlmostEqual(published["relative_error"], published["predicted"] - 1)
        self.assertIn("a test", self.done("run", self.scenario(text)).stdout)

    def test_jsonl_and_csv_take_several_files(self):
        files = [self.scenario(support.SMALL, "a.yaml"), self.scenario(support.BUBBLE, "b.yaml")]
        lines = self.done("run", *files, "--format", "jsonl").stdout.splitlines()
        self.assertEqual([json.loads(line)["scenario"] for line in lines], ["small", "four by eight"])
        rows = list(csv.DictReader(io.StringIO(self.done("run", *files, "--format", "csv").stdout)))
        self.assertEqual([row["scenario"] for row in rows], ["small", "four by eight"])
        self.assertGreater(float(rows[0]["memory.peak_bytes"]), 0)

    def test_one_bad_file_does_not_keep_the_others_from_running(self):
        good = self.scenario(support.SMALL)
        result = self.done("run", self.path("missing.yaml"), good, "--format", "jsonl", status=5)
        self.assertEqual(len(result.stdout.splitlines()), 1)

    def test_output_goes_into_a_file(self):
        file, out = self.scenario(support.SMALL), self.path("out.json")
        self.assertEqual(self.done("run", file, "--format", "json", "--output", out).stdout, "")
        with open(out, encoding="utf-8") as written:
            self.assertEqual(json.load(written)["scenario"], "small")
        self.done("run", file, "--output", self.path("no/such/folder"), status=5)

    def test_a_full_disk_is_told(self):
        if not os.path.exists("/dev/full"):
            self.skipTest("no /dev/full here")
        full = "cannot be written: No space left on device"
        file = self.scenario(support.SMALL)
        for option in (["--output", "/dev/full"], ["--report", "/dev/full"], ["--format", "json", "--output", "/dev/full"]):
            self.assertIn(full, self.done("run", file, *option, status=5).stderr, option)
        for asked in (["run", file], ["help"], ["help", "layout"], ["completion", "bash"]):
            with open("/dev/full", "w", encoding="utf-8") as out:
                done = subprocess.run([support.ORRERY, *asked], stdout=out, stderr=subprocess.PIPE, text=True, check=False)
            self.assertEqual((done.returncode, full in done.stderr), (5, True), (asked, done.stderr))

    def test_a_file_that_may_not_grow_is_told(self):
        file = self.scenario(support.SMALL)
        done = subprocess.run(["bash", "-c", f"ulimit -f 4; {support.ORRERY} run {file} --report {self.path('page.html')}"],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 5)
        self.assertIn("cannot be written: File too large", done.stderr)

    def test_a_reader_that_goes_away_is_no_error(self):
        with subprocess.Popen([support.ORRERY, "run", self.scenario(support.SMALL)], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as process:
            process.stdout.close()
            self.assertEqual(process.stderr.read(), b"")
            self.assertIn(process.wait(), [0, -signal.SIGPIPE])

    def test_colour_only_when_asked_for(self):
        file = self.scenario(support.SMALL)
        self.assertNotIn("\x1b", self.done("run", file).stdout)
        self.assertIn("\x1b", self.done("run", file, "--color", "always").stdout)


class Traces(support.Case):
    def test_a_chrome_trace_holds_every_rank_asked_for(self):
        out = self.path("step.json.gz")
        self.done("run", self.scenario(support.SMALL), "--trace", out, "--ranks", "0,7")
        with gzip.open(out, "rt", encoding="utf-8") as file:
            trace = json.load(file)
        events = trace["traceEvents"] if isinstance(trace, dict) else trace
        kernels = [event for event in events if event.get("ph") == "X"]
        self.assertEqual({event["pid"] for event in kernels}, {0, 7})

    def test_an_ending_we_do_not_know_is_refused(self):
        result = self.done("run", self.scenario(support.SMALL), "--trace", self.path("step.txt"), status=3)
        self.assertIn(".pftrace", result.stderr)


class Explain(support.Case):
    def test_the_critical_path_is_the_step(self):
        doc = json.loads(self.done("explain", self.scenario(support.SMALL), "--format", "json").stdout)
        self.assertAlmostEqual(sum(part["time_s"] for part in doc["critical_path"]), doc["step_time_s"], delta=1e-9)
        for transfer in doc["slack"]:
            self.assertLessEqual(transfer["least_slack_s"], transfer["median_slack_s"])
            self.assertLessEqual(transfer["median_slack_s"], doc["step_time_s"])

    def test_faster_hardware_never_makes_it_slower(self):
        doc = json.loads(self.done("explain", self.scenario(support.SMALL), "--format", "json").stdout)
        self.assertGreaterEqual(len(doc["what_if"]), 3)
        for change in doc["what_if"]:
            self.assertLessEqual(change["step_time_s"], doc["step_time_s"] * 1.0001, change)

    def test_every_default_is_listed(self):
        file = self.scenario(support.SMALL)
        result = json.loads(self.done("run", file, "--format", "json").stdout)
        text = self.done("explain", file, "--no-what-if").stdout
        for line in result["defaults_used"]:
            self.assertIn(line, text)


    def test_what_it_rests_on_is_told(self):
        on_b300 = support.SMALL.replace("preset: dgx-h100", "preset: dgx-b300") + "software: megatron-2020\n"
        text = self.done("explain", self.scenario(on_b300), "--no-what-if").stdout
        self.assertIn("curves of b200-sxm-180gb, transferred to b300-sxm", text)
        self.assertRegex(text, r"assumed: software megatron-2020: the habits of \S+, the nearest stack")
        text = self.done("explain", self.scenario(support.SMALL), "--no-what-if").stdout
        self.assertIn("curves fitted on timings of h100-sxm-80gb", text)


class Memory(support.Case):
    def test_memory_over_time_reaches_the_peak(self):
        doc = json.loads(self.done("memory", self.scenario(support.SMALL), "--format", "json").stdout)
        for stage, levels in zip(doc["memory"]["stages"], doc["over_time"]["highest_bytes_by_stage"]):
            self.assertEqual(max(levels), stage["peak_bytes"])

    def test_the_table_has_a_line_a_stage(self):
        text = self.done("memory", self.scenario(support.BUBBLE)).stdout
        for stage in range(4):
            self.assertIn(f"stage {stage}", text)


support.main()
