"""The result document: the keys that outside tools read (docs/report.md), and the format's own example."""
import json
import os

import support

# Every key that was promised, with the type that stands behind it. Lists hold what each entry must have.
NUMBER = (int, float)
CONVENTION = {"model_tflops_per_gpu": NUMBER, "mfu": NUMBER}
STAGE = {
    "stage": int, "peak_bytes": int, "parameters_bytes": int, "gradients_bytes": int, "optimizer_bytes": int,
    "activations_bytes": int, "buffers_bytes": int, "reserved_bytes": int, "in_flight_micro_batches": int,
}
PROMISED = {
    "schema_version": int, "orrery": str, "scenario": str, "digest": str, "gpus": int,
    "layout": {"tp": int, "cp": int, "pp": int, "dp": int, "ep": int},
    "step_time_s": float, "tokens_per_s": float, "tokens_per_s_per_gpu": float, "samples_per_s": float,
    "model_flops_per_step": NUMBER, "hardware_flops_per_step": NUMBER,
    "model_tflops_per_gpu": float, "mfu": float, "hfu": float,
    "flops_conventions": {"model-full": CONVENTION, "model-causal": CONVENTION, "megatron-2021": CONVENTION,
                          "palm": CONVENTION},
    "bubble_fraction": float,
    "time": {part + "_s": float for part in [
        "compute", "recompute", "exposed_tp", "exposed_cp", "exposed_ep", "exposed_pp", "exposed_dp", "bubble",
        "optimizer", "offload", "host", "other"]},
    "memory": {"capacity_bytes": int, "peak_bytes": int, "reserved_bytes": int, "runtime_bytes": int, "fits": bool,
               "stages": [STAGE]},
    "network": {"bytes_by_link_kind": {"nvlink": int, "pcie": int, "nic": int, "spine": int}, "busiest_links": []},
    "engine": {"ranks": int, "ranks_simulated": int, "ops": int, "events": int, "wall_s": float},
    "defaults_used": [], "warnings": [],
}
# What we tell besides; a key that is neither here nor above is one that nobody decided on.
BESIDES = {
    "": {"peak", "published"}, "layout": {"etp", "zero", "fsdp", "sequence_parallel", "stage_replicas"}, "memory.stages": {"rank"},
    **{"flops_conventions." + name: {"model_flops_per_step"} for name in PROMISED["flops_conventions"]},
}


class Document(support.Case):
    def agrees(self, value, promised, path=""):
        if isinstance(promised, dict):
            order = [key for key in value if key in promised]
            self.assertEqual(order, list(promised), path)
            self.assertLessEqual(set(value) - set(promised), BESIDES.get(path, set()), path)
            for key, inner in promised.items():
                self.agrees(value[key], inner, f"{path}.{key}".lstrip("."))
        elif isinstance(promised, list):
            self.assertIsInstance(value, list, path)
            for entry in value if promised else []:
                self.agrees(entry, promised[0], path)
        else:
            self.assertIsInstance(value, promised, path)

    def run_json(self, file, *arguments):
        return json.loads(self.done("run", file, "--format", "json", *arguments).stdout)

    def test_it_has_the_promised_keys_and_no_undecided_ones(self):
        published = support.SMALL + "published:\n  - {metric: step_time_s, value: 1.0, source: a test}\n"
        for text in [support.SMALL, support.BUBBLE, published]:
            self.agrees(self.run_json(self.scenario(text)), PROMISED)

    def test_the_time_has_no_parts_but_the_promised(self):
        self.assertEqual(set(self.run_json(self.scenario(support.SMALL))["time"]), set(PROMISED["time"]))

    def test_the_same_scenario_gives_the_same_bytes_but_for_the_wall_time(self):
        file = self.scenario(support.SMALL)
        first, second = (self.done("run", file, "--format", "json").stdout.splitlines() for _ in range(2))
        different = [line for line, other in zip(first, second) if line != other]
        self.assertEqual(len(first), len(second))
        self.assertTrue(all('"wall_s"' in line for line in different), different)

    def test_the_formats_own_example_runs(self):
        example = os.path.join(support.SOURCE, "tests", "models", "scenario", "contract_example.yaml")
        document = self.run_json(example)
        self.agrees(document, PROMISED)
        self.assertEqual((document["scenario"], document["gpus"]), ("Llama 3.1 405B on 8,192 H100", 8192))
        self.assertEqual(document["layout"]["dp"], 64)
        self.assertEqual(len(document["memory"]["stages"]), 16)
        self.assertEqual(document["published"][0]["convention"], "model-full")


support.main()
