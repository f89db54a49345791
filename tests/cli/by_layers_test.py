"""Layers with a tensor-parallel degree of their own, end to end."""
import json
import os

import support

READY = os.path.join(support.SOURCE, "scenarios", "llama-3.1-70b-64-h100-by-layers.yaml")


class ByLayers(support.Case):
    def result(self, *arguments):
        return json.loads(self.done("run", *arguments, "--format", "json").stdout)

    def test_the_ready_scenario_pays_off(self):
        mixed = self.result(READY)
        self.assertTrue(mixed["memory"]["fits"])
        for tp, micro_batch in [(8, 2), (8, 1), (4, 2), (4, 1)]:
            plain = self.result(READY, "--set", "layout.by_layers=[]", "--set", f"layout.tp={tp}",
                                "--set", f"layout.dp={16 // tp}", "--set", f"training.micro_batch={micro_batch}")
            if plain["memory"]["fits"]:
                self.assertLess(mixed["step_time_s"], 0.95 * plain["step_time_s"], (tp, micro_batch))
            else:
                self.assertEqual(tp, 4)

    def test_it_is_told_in_words(self):
        self.assertIn("tp 8 (4 in layers 10-79)", self.done("run", READY).stdout)

    def test_what_is_printed_runs_the_same(self):
        printed = self.scenario(self.done("check", READY, "--print-config").stdout)
        self.assertEqual(self.result(printed)["digest"], self.result(READY)["digest"])

    def test_it_is_an_axis_of_a_sweep(self):
        small = support.SMALL.replace("micro_batch: 1", "micro_batch: 2")
        file = self.scenario(small + "sweep: {layout.by_layers: [[], [{layers: 0-1, tp: 1}], [{layers: 0, tp: 3}]]}\n")
        self.done("sweep", "run", file, "--store", self.path("store"))
        rows = [json.loads(line) for line in
                self.done("sweep", "export", self.path("store"), "--format", "jsonl").stdout.splitlines()]
        self.assertEqual([row["status"] for row in rows], ["ok", "ok", "infeasible"])
        self.assertNotEqual(rows[0]["step_time_s"], rows[1]["step_time_s"])


support.main()
