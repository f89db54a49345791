"""orrery validate: without hardware it runs on a stand-in, or says what is missing."""
import json
import os

import support


class Validate(support.Case):
    def test_without_a_gpu_it_says_in_one_line_what_is_missing(self):
        result = self.done("validate", self.scenario(support.SMALL), status=7)
        self.assertEqual(result.stdout, "")
        self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
        self.assertIn("--stand-in", result.stderr)

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

    def test_wrong_usage(self):
        scenario = self.scenario(support.BUBBLE)
        self.done("validate", scenario, "--gpus", "2", "--virtual-ranks", "2", status=2)
        self.done("validate", scenario, "--stand-in", "--max-error", "lots", status=2)
        self.done("validate", scenario, "--stand-in", "--virtual-ranks", "3", status=3)
        self.done("validate", scenario, "--stand-in", "--set", "layout.tp=3", status=3)
        self.done("validate", os.path.join(self.folder, "none.yaml"), "--stand-in", status=5)


support.main()
