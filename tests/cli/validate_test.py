"""orrery validate: without hardware it runs on a stand-in, or says what is missing."""
import json
import os
import unittest.mock

import support


# orrery-gpu, as far as orrery knows it: how many GPUs, and a record of a run.
HELPER = """#!/usr/bin/env python3
import json, sys
if sys.argv[1] == "info":
    print({gpus})
    sys.exit(0 if {gpus} else 7)
assert "--virtual-ranks" in sys.argv or "--port" in sys.argv, sys.argv
record = dict(schema=2, device="1 x test", transport="copies", mode="eager", notes=[], faults={faults}, interrupted=False,
              enqueue_s=0, device_memory=80 << 30, operand_memory=1 << 30, runtime_memory=1 << 29, memory=[],
              conditions=dict(samples=0, sm_clock_mhz=[0, 0, 0], memory_clock_mhz=0, power_max_w=0, temperature_max_c=0,
                              throttled=[]), spans=0)
if "--rank" not in sys.argv or sys.argv[sys.argv.index("--rank") + 1] == "0":
    with open(sys.argv[sys.argv.index("--record") + 1], "w") as out:
        out.write({written})
sys.exit({status})
"""


class Validate(support.Case):
    def helper(self, gpus, faults=(), written='json.dumps(record) + "\\n"', status=1):
        path = self.path("orrery-gpu")
        with open(path, "w", encoding="utf-8") as file:
            file.write(HELPER.format(gpus=gpus, faults=list(faults), written=written, status=status))
        os.chmod(path, 0o755)
        return unittest.mock.patch.dict(os.environ, ORRERY_GPU=path)

    def refused_in_one_line(self, *arguments):
        result = self.done("validate", self.scenario(support.SMALL), *arguments, status=7)
        self.assertEqual(result.stdout, "")
        self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
        self.assertIn("--stand-in", result.stderr)
        return result.stderr

    def test_without_a_gpu_it_says_in_one_line_what_is_missing(self):
        with unittest.mock.patch.dict(os.environ, ORRERY_GPU=self.path("none")):
            self.assertIn("no orrery-gpu beside orrery", self.refused_in_one_line())
        with self.helper(gpus=0):
            self.assertIn("there is no GPU here", self.refused_in_one_line())
        with self.helper(gpus=2):
            self.assertIn("8 GPUs are asked for, and there are 2", self.refused_in_one_line("--gpus", "8"))

    def test_a_run_without_memory_says_what_was_predicted_and_that_it_is_partial(self):
        with self.helper(gpus=1, faults=["rank 3: no memory for 12 bytes of 'logits' (activations) in step 0"]):
            error = self.done("validate", self.scenario(support.SMALL), status=1).stderr
        self.assertIn("rank 3: no memory for 12 bytes of 'logits'", error)
        self.assertIn("predicted were", error)
        self.assertIn("the GPU has 80.00 GiB", error)
        self.assertIn("the run is partial: 0 ops ended", error)

    def test_processes_that_leave_no_record_are_named(self):
        with self.helper(gpus=8, written='""', status=5):
            error = self.done("validate", self.scenario(support.SMALL), "--gpus", "8", status=1).stderr
        self.assertIn("the process of rank 0 ended with status 5", error)
        self.assertIn("the process of rank 7 ended with status 5", error)

    def test_on_free_links_the_stand_in_is_the_simulation(self):
        report = self.done("validate", self.scenario(support.BUBBLE), "--stand-in", "--max-error", "0%").stdout
        self.assertIn("Kendall's tau 1.0000", report)

    def test_the_document_holds_the_prediction_unchanged(self):
        scenario = self.scenario(support.SMALL)
        prediction = self.path("prediction.json")
        result = self.done("validate", scenario, "--stand-in", "--format", "json", "--prediction", prediction)
        document = json.loads(result.stdout)
        with open(prediction, encoding="utf-8") as file:
            self.assertEqual(document["prediction"], json.load(file))
        self.assertEqual(document["step_time_s"]["predicted"], document["prediction"]["step_time_s"])
        self.assertEqual(len(document["ranks"]), 8)
        self.assertGreater(document["order_tau"], 0.9)

    def test_beyond_the_error_the_answer_is_no(self):
        # Gradients are reduced beside the backward pass: contention, of which the stand-in has none.
        result = self.done("validate", self.scenario(support.SMALL), "--stand-in", "--max-error", "0%", status=1)
        self.assertIn("more than 0%", result.stderr)

    def test_a_trace_is_written(self):
        trace = self.path("measured.json")
        self.done("validate", self.scenario(support.BUBBLE), "--stand-in", "--trace", trace)
        with open(trace, encoding="utf-8") as file:
            self.assertTrue(json.load(file))

    def test_a_page_shows_both_steps(self):
        page = self.path("comparison.html")
        self.done("validate", self.scenario(support.BUBBLE), "--stand-in", "--report", page)
        with open(page, encoding="utf-8") as file:
            text = file.read()
        self.assertTrue(text.startswith("<!DOCTYPE html>") and text.rstrip().endswith("</html>"))
        self.assertEqual(text.count('aria-label="timeline of the step"'), 2)
        self.assertNotIn("{{", text)
        self.assertNotIn("http", text)
        self.done("validate", self.scenario(support.BUBBLE), "--stand-in", "--report", "/no/such/folder/x.html", status=5)

    def test_wrong_usage(self):
        scenario = self.scenario(support.BUBBLE)
        self.done("validate", scenario, "--gpus", "2", "--virtual-ranks", "2", status=2)
        self.done("validate", scenario, "--stand-in", "--max-error", "lots", status=2)
        shared = self.done("validate", scenario, "--stand-in", "--virtual-ranks", "8", "--sms", "16", status=2)
        self.assertIn("no --sms", shared.stderr)
        self.done("validate", scenario, "--stand-in", "--virtual-ranks", "3", status=3)
        self.done("validate", scenario, "--stand-in", "--set", "layout.tp=3", status=3)
        self.done("validate", os.path.join(self.folder, "none.yaml"), "--stand-in", status=5)


support.main()
