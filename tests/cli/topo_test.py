"""Every machine of the contract runs; every fabric folds exactly; the fabric is shown."""
import json
import os
import xml.etree.ElementTree

import support

PRESETS = ["ideal", "dgx-1v", "dgx-2", "dgx-a100-40gb", "dgx-a100", "a100-jean-zay", "a100-40gb-roce-1600g",
           "a100-roce-1600g", "a100-roce-400g", "hgx-h100-roce", "meta-24k", "h100-500w-roce", "dgx-h100",
           "h800-deepseek", "dgx-h200", "dgx-b200", "dgx-b300", "gb200-nvl72", "gb300-nvl72", "aws-p4d", "aws-p5",
           "tpu-v4", "azure-ndv4", "azure-ndv5", "gcp-a3-high", "gcp-a3-mega", "gcp-a4", "gh200-alps", "l40s-4gpu", "l40s-8gpu",
           "aws-p6-b200"]
GPUS = ["v100-sxm2-16gb", "v100-sxm2-32gb", "v100-sxm3-32gb", "gtx-580", "a100-sxm-40gb", "a100-sxm-80gb", "a100-pcie-80gb",
        "h100-sxm-80gb", "h100-sxm-96gb-500w", "h800-sxm-80gb", "h200-sxm-141gb", "b200-sxm-180gb", "b300-sxm",
        "gb200", "gb300", "gh200", "l40s", "tpu-v4"]

# A cluster is put in its place; 32 sequences suit 4 to 64 replicas of two stages.
MODEL = """\
model:    {layers: 4, hidden: 1024, heads: 16, vocab: 32000}
training: {sequence_length: 1024, global_batch: 64, micro_batch: 1}
layout:   {tp: 2, pp: 2}
cluster:  """

H100 = "{preset: dgx-h100, nodes: 8, fabric: {"
FABRICS = [
    "{preset: dgx-1v, nodes: 2}",
    "{preset: dgx-2, nodes: 2}",
    "{preset: tpu-v4, nodes: 8}",
    "{preset: h800-deepseek, nodes: 8, fabric: {leaf_radix: 8}}",
    H100 + "kind: rail-only}}",
    H100 + "leaf_radix: 8, kind: dragonfly, pod_gpus: 16}}",
    H100 + "leaf_radix: 8, kind: dragonfly, pod_gpus: 16, routing: adaptive}}",
    H100 + "kind: torus, dimensions: [4, 2]}}",
    H100 + "leaf_radix: 8, kind: fat-tree, routing: deterministic, oversubscription: 2}}",
    H100 + "leaf_radix: 8, kind: fat-tree, routing: ecmp, oversubscription: 2}}",
    H100 + "leaf_radix: 8, kind: rail-optimized, routing: ecmp, queue_pairs: 4}}",
    H100 + "leaf_radix: 8, kind: fat-tree, routing: adaptive}, faults: [{link: leaf3-spine3, capacity: 0.25}]}",
    H100 + "leaf_radix: 8, kind: fat-tree, routing: ecmp}, faults: [{link: leaf3-spine3, capacity: 0}]}",
    "{gpu: l40s, nodes: 2, gpus_per_node: 8, scale_up: {kind: pcie}, host: {pcie: gen4, nics: 2, numa: 2}, "
    "fabric: {kind: single-switch, link: 200Gb/s}}",
    "{gpu: gh200, nodes: 4, gpus_per_node: 4, scale_up: {kind: mesh, generation: nvlink4}, "
    "fabric: {kind: dragonfly, link: 200Gb/s, leaf_radix: 8, pod_gpus: 8}}",
]


class Machines(support.Case):
    def run_on(self, cluster, *options):
        # Each in a format that its GPU multiplies.
        old = {"v100": "fp16", "dgx-1v": "fp16", "dgx-2,": "fp16", "gtx-580": "fp32"}
        precision = next((old[name] for name in old if name in cluster), "bf16")
        file = self.scenario(MODEL + cluster + "\n")
        options += ("--set", "training.precision=" + precision)
        return json.loads(self.done("run", file, "--format", "json", *options).stdout)

    def test_every_preset_runs_in_the_sizes_it_takes(self):
        for preset in PRESETS:
            for size in ["nodes: 2", "gpus: 16", "nodes: 4, gpus_per_node: 4"]:
                if "nodes: 2" in size and preset == "dgx-2":
                    size = "nodes: 1"
                with self.subTest(preset=preset, size=size):
                    result = self.run_on("{preset: %s, %s}" % (preset, size))
                    self.assertGreater(result["step_time_s"], 0)

    def test_every_gpu_runs(self):
        for gpu in GPUS:
            with self.subTest(gpu=gpu):
                cluster = "{gpu: %s, nodes: 1, gpus_per_node: 4, scale_up: {kind: pcie}, fabric: {kind: none}}" % gpu
                self.assertGreater(self.run_on(cluster)["step_time_s"], 0)

    def test_folding_changes_nothing_on_any_fabric(self):
        for cluster in FABRICS:
            with self.subTest(cluster=cluster):
                folded, full = self.run_on(cluster), self.run_on(cluster, "--set", "simulation.fold=off")
                self.assertEqual(folded["digest"], full["digest"])
                self.assertEqual(folded["step_time_s"], full["step_time_s"])

    def test_switches_that_reduce_carry_less(self):
        cluster = MODEL.replace("tp: 2, pp: 2", "tp: 8, pp: 1") + "{preset: dgx-h100, nodes: 8, fabric: {sharp: %s}}\n"
        carried = {}
        for sharp in ["true", "false"]:
            file = self.scenario(cluster % sharp)
            result = json.loads(self.done("run", file, "--format", "json", "--set", "layout.zero=0").stdout)
            carried[sharp] = result["network"]["bytes_by_link_kind"]["nic"]
        self.assertLess(carried["true"], carried["false"])

    def test_slower_wires_make_slower_steps(self):
        base = "{preset: dgx-h100, nodes: 8, fabric: {kind: fat-tree, leaf_radix: 16%s}%s}"
        whole = self.run_on(base % ("", ""))["step_time_s"]
        slow = self.run_on(base % ("", ", faults: [{link: leaf0, capacity: 0.02}]"))["step_time_s"]
        self.assertGreater(slow, whole)
        numa = "{gpu: l40s, nodes: 1, gpus_per_node: 8, scale_up: {kind: pcie}, host: {numa: %d, cpu: amd, nics: 0}}"
        self.assertGreater(self.run_on(numa % 2)["step_time_s"], self.run_on(numa % 1)["step_time_s"])


class Topo(support.Case):
    def topo(self, *arguments, status=0):
        return self.done("topo", *arguments, status=status)

    def test_it_counts_and_shows_a_path(self):
        text = self.topo("--cluster", "dgx-h100", "--nodes", 64, "--path", "node0/gpu0", 300).stdout
        self.assertIn("64 nodes of 8 GPUs (h100-sxm-80gb), 512 GPUs", text)
        self.assertIn("100.0 % of what those can send", text)
        self.assertIn("Path from node0/gpu0 to node37/gpu4", text)
        self.assertIn("bottleneck 48.00 GB/s", text)

    def test_json_lists_every_link_and_the_path(self):
        out = json.loads(self.topo("--cluster", "a100-jean-zay", "--nodes", 2, "--format", "json", "--path", 0, 15).stdout)
        self.assertEqual(out["gpus"], 16)
        names = [link["name"] for link in out["links"]]
        self.assertEqual(len(set(names)), len(names))
        self.assertEqual(out["path"]["hops"][1]["link"], "node0/nic0 out")
        self.assertEqual(out["path"]["bottleneck_bytes_per_s"], 11_500_000_000)
        self.assertEqual(out["bisection_bytes_per_s"], 4 * 11_500_000_000)

    def test_drawings_are_well_formed(self):
        for cluster in PRESETS:
            with self.subTest(cluster=cluster):
                xml.etree.ElementTree.fromstring(self.topo("--cluster", cluster, "--nodes", 4, "--format", "svg").stdout)
        dot = self.topo("--cluster", "dgx-2", "--format", "dot").stdout
        self.assertEqual(dot.count("{"), dot.count("}"))
        self.assertIn('"node0/gpu3" -- "nvswitch0/board0"', dot)

    def test_scenarios_and_clusters_are_read(self):
        self.assertIn("2 nodes", self.topo(self.scenario(MODEL + "{preset: dgx-2, nodes: 2}\n")).stdout)
        own = self.scenario("inherits: dgx-a100\nhost: {pcie_switches: 8}\n", "own.yaml")
        self.assertIn("8 PCIe switches", self.topo(own, "--nodes", 3).stdout)
        half = self.topo("--cluster", "hgx-h100-roce", "--nodes", 16, "--set", "cluster.fabric.oversubscription=2").stdout
        self.assertIn("2.00:1", half)

    # What other programs wrote of a machine is drawn as it is; a preset fills in what it leaves out.
    def test_foreign_files_are_read(self):
        dump = os.path.join(support.SOURCE, "tests/fuzz/corpus/nccl_system/dump")
        self.assertIn("1 node of 2 GPUs (h100-sxm-80gb)", self.topo(dump).stdout)
        gpus = [f"GPU{i}" for i in range(8)]
        rows = [" ".join([gpu] + ["X" if other == gpu else "NV12" for other in gpus] + ["0-63"]) for gpu in gpus]
        matrix = self.scenario("\n".join(["  " + " ".join(gpus) + " CPU Affinity"] + rows) + "\n", "topo.txt")
        self.assertIn("8 GPUs (a100-sxm-80gb)", self.topo(matrix, "--cluster", "dgx-a100").stdout)
        self.assertIn("does not say which GPUs", self.topo(matrix, status=3).stderr)
        self.assertIn("no such file", self.topo(self.path("nowhere.xml"), status=5).stderr.lower())

    def test_wrong_questions_are_answered(self):
        self.assertIn("give a FILE or --cluster", self.topo(status=2).stderr)
        self.assertIn("did you mean 'dgx-h100'?", self.topo("--cluster", "dgx-h10", status=3).stderr)
        self.assertIn("scenario.yaml:1:10: error: no preset", self.topo(self.scenario("cluster: dgx-h10"), status=3).stderr)
        self.assertIn("scenario.yaml:1:10: error: no preset ''", self.topo(self.scenario("cluster: ''"), status=3).stderr)
        self.assertIn("cannot be opened", self.topo(self.path("no.xml"), "--cluster", "dgx-2", status=5).stderr)
        self.assertIn("both where the file is NCCL's", self.topo(self.scenario(MODEL), "--cluster", "dgx-2", status=2).stderr)
        for what in ["hello", "- dgx-h100"]:
            self.assertIn("must be a mapping", self.topo(self.scenario(what), status=3).stderr)
        self.assertIn("none of the 8 GPUs", self.topo("--cluster", "dgx-h100", "--path", 0, 8, status=2).stderr)


support.main()
