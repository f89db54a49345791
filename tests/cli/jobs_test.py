"""Several jobs on one fabric, and clusters of unlike nodes, end to end."""
import json
import os

import support

# One GPU a node, data-parallel, leaves of two nodes whose uplinks carry what one NIC can.
JOB = """\
name: NAME
model:    {layers: 4, hidden: 1024, heads: 8, vocab: 4096}
cluster:  {preset: dgx-h100, gpus_per_node: 1, nodes: 3, fabric: {kind: fat-tree, leaf_radix: 4, oversubscription: 2}}
training: {sequence_length: 1024, global_batch: 6, micro_batch: 1}
"""
NODES = "nodes: 3, "


class Jobs(support.Case):
    def pair(self, more="", first_node=3, other=JOB):
        self.scenario(other.replace("NAME", "other"), "other.yaml")
        text = JOB.replace("NAME", "main") + f"jobs: [{{scenario: other.yaml, first_node: {first_node}}}]\n" + more
        return self.scenario(text, "main.yaml")

    def refused(self, file, *messages, status=3, command=("run",)):
        result = self.done(*command, file, status=status)
        for message in messages:
            self.assertIn(message, result.stderr)

    def test_each_jobs_slowdown_is_told(self):
        file = self.pair()
        document = json.loads(self.done("run", file, "--format", "json").stdout)
        main, other = document["jobs"]
        self.assertEqual((main["name"], other["name"], other["first_node"]), ("main", "other", 3))
        self.assertEqual(main["step_time_s"], document["step_time_s"])
        for job in main, other:
            self.assertGreater(job["slowdown"], 1.05)
            self.assertAlmostEqual(job["slowdown"], job["step_time_s"] / job["step_time_alone_s"])
        text = self.done("run", file).stdout
        self.assertIn("Jobs on this fabric", text)
        self.assertRegex(text, r"other +nodes 3-5 ")
        self.done("check", file)

    def test_alone_it_is_as_without_jobs(self):
        alone = json.loads(self.done("run", self.scenario(JOB), "--format", "json").stdout)
        self.assertNotIn("jobs", alone)
        document = json.loads(self.done("run", self.pair(), "--format", "json").stdout)
        self.assertAlmostEqual(document["jobs"][0]["step_time_alone_s"], alone["step_time_s"], delta=1e-9)
        self.assertEqual(document["network"]["bytes_by_link_kind"], alone["network"]["bytes_by_link_kind"])

    def test_what_cannot_be_is_told_with_its_place(self):
        self.refused(self.pair(first_node=2), f"{self.path('main.yaml')}:5:43: ", "other.yaml on nodes 2 to 4 and ",
                     "main.yaml on nodes 0 to 2 overlap")
        self.refused(self.pair(other=JOB + "layuot: {tp: 1}\n"), f"{self.path('other.yaml')}:5:1: error: unknown key 'layuot'")
        self.refused(self.pair(other=JOB + "jobs: [{scenario: main.yaml, first_node: 9}]\n"), "other.yaml:5:7: error: ",
                     "has no 'jobs' of its own")
        self.refused(self.pair(other=JOB.replace("oversubscription: 2", "oversubscription: 1")),
                     "other.yaml:3:11: error: another fabric than the cluster of ")
        self.refused(self.pair(other=JOB.replace("dgx-h100", "dgx-h200").replace("nodes: 3", "nodes: 3, host: {nics: 4}")),
                     "another host (nics, pcie_switches, numa) than the cluster of ")
        self.refused(self.pair(other=JOB + "simulation: {network: analytic}\n"), "another 'simulation'")
        os.remove(self.path("other.yaml"))
        self.refused(self.path("main.yaml"), "main.yaml:5:19: error: there is no scenario 'other.yaml'", status=5)

    # Nodes are each job's own; the report is of the scenario's GPUs.
    def test_jobs_on_unlike_nodes(self):
        alone = {name: json.loads(self.done("run", self.scenario(JOB.replace("dgx-h100", name)), "--format", "json").stdout)
                 for name in ("dgx-h100", "dgx-h200")}
        document = json.loads(self.done("run", self.pair(other=JOB.replace("dgx-h100", "dgx-h200")),
                                        "--format", "json").stdout)
        self.assertEqual(document["peak"]["gpu"], "h100-sxm-80gb")
        for job, name in zip(document["jobs"], ("dgx-h100", "dgx-h200")):
            self.assertAlmostEqual(job["step_time_alone_s"], alone[name]["step_time_s"], delta=1e-9)
            self.assertGreater(job["slowdown"], 1.05)

    # The machine has the nodes of both, and of one alone where that is asked for.
    def test_the_topology_is_of_all_jobs(self):
        file = self.pair(other=JOB.replace("dgx-h100", "dgx-h200"))
        groups = json.loads(self.done("topo", file, "--format", "json").stdout)["groups"]
        self.assertEqual([group["nodes"] for group in groups], [3, 3])
        self.assertIn("3 nodes", self.done("topo", file, "--nodes", 3).stdout)

    def test_intervals_are_told_of_every_job(self):
        name = next(n for n in os.listdir(os.path.join(support.SOURCE, "scenarios", "calibrations")) if "h100" in n)
        line = f"calibration: {name}\n"
        document = json.loads(self.done("run", self.pair(line, other=JOB + line), "--intervals", "--format", "json").stdout)
        for job in document["jobs"]:
            within = job["intervals"]
            self.assertEqual(within["draws"], 200)
            self.assertLess(within["step_time_s"]["low"], job["step_time_s"])
            self.assertGreater(within["step_time_s"]["high"], job["step_time_s"])
            self.assertLessEqual(within["slowdown"]["low"], within["slowdown"]["high"])
        self.assertEqual(document["intervals"]["step_time_s"], document["jobs"][0]["intervals"]["step_time_s"])

    # A short job beside a long one: what is told is one of its steps, the mean of many.
    def test_explained_amid_others(self):
        file = self.pair(other=JOB.replace("global_batch: 6", "global_batch: 60"))
        run = json.loads(self.done("run", file, "--format", "json").stdout)
        self.assertGreater(run["jobs"][0]["steps"], 1)
        document = json.loads(self.done("explain", file, "--format", "json").stdout)
        self.assertEqual(document["jobs"], run["jobs"])
        self.assertEqual(document["step_time_s"], run["step_time_s"])
        path = sum(share["time_s"] for share in document["critical_path"])
        self.assertAlmostEqual(path / document["step_time_s"], 1, delta=1e-3)
        what_if = {answer["change"]: answer["step_time_s"] for answer in document["what_if"]}
        self.assertEqual(what_if["no other jobs on the fabric"], run["jobs"][0]["step_time_alone_s"])
        self.assertLess(what_if["NICs and their PCIe twice as fast"], document["step_time_s"])
        self.assertIn("Jobs on this fabric", self.done("explain", "--no-what-if", file).stdout)

    def test_memory_is_told_of_every_job(self):
        larger = JOB.replace("layers: 4", "layers: 8")
        document = json.loads(self.done("memory", self.pair(other=larger), "--format", "json").stdout)
        own, other = (json.loads(self.done("memory", self.scenario(text), "--format", "json").stdout)
                      for text in (JOB, larger))
        self.assertEqual(document["memory"], own["memory"])
        self.assertEqual([job["memory"] for job in document["jobs"]], [other["memory"]])
        self.assertIn("Also on this fabric: other, nodes 3-5", self.done("memory", self.pair()).stdout)

    def test_what_makes_no_sense_is_refused_by_name(self):
        for command in "plan", "validate":
            self.refused(self.pair(), "this command looks at one scenario alone", command=(command,))
        chips = JOB.replace("preset: dgx-h100, gpus_per_node: 1, nodes: 3, "
                            "fabric: {kind: fat-tree, leaf_radix: 4, oversubscription: 2}",
                            "preset: tpu-v4, nodes: 3").replace("batch: 6", "batch: 12")
        self.scenario(chips.replace("NAME", "other"), "other.yaml")
        self.refused(self.scenario(chips + "jobs: [{scenario: other.yaml, first_node: 3}]\n"),
                     "every job's slice has links of its own, so that none slows another")

    # All jobs' ranks, one after the other, each under its job's name.
    def test_the_trace_is_of_all_jobs(self):
        trace, page = self.path("amid.json"), self.path("amid.html")
        options = ("--trace", trace, "--ranks", "0-5", "--report", page, "--format", "json")
        document = json.loads(self.done("run", self.pair(), *options).stdout)
        with open(trace, encoding="utf-8") as file:
            events = json.load(file)["traceEvents"]
        labels = {e["pid"]: e["args"]["labels"] for e in events if e.get("name") == "process_labels"}
        for rank in range(6):
            self.assertTrue(labels[rank].startswith("main" if rank < 3 else "other"), labels[rank])
        own = [e["ts"] + e["dur"] for e in events if e["ph"] == "X" and e["pid"] < 3]
        before = [e["ts"] for e in events if e["ph"] == "X" and e["pid"] < 3]
        self.assertGreater(max(own) - min(before), 1e6 * document["step_time_s"])
        with open(page, encoding="utf-8") as file:
            text = file.read()
        self.assertIn("Jobs on this fabric", text)
        self.assertIn("ritical path", text)

    # Racks of 18 trays: a job has whole ones, or lies inside one.
    def test_jobs_in_nvlink_domains(self):
        def racks(gpus, first_node):
            text = ("model:    {layers: 4, hidden: 1024, heads: 8, vocab: 4096}\n"
                    f"cluster:  {{preset: gb200-nvl72, gpus: {gpus}}}\n"
                    f"training: {{sequence_length: 1024, global_batch: {gpus}, micro_batch: 1}}\n")
            self.scenario(text, "other.yaml")
            return self.scenario(text + f"jobs: [{{scenario: other.yaml, first_node: {first_node}}}]\n", "main.yaml")

        for gpus, first_node in (144, 36), (72, 18), (36, 9):
            jobs = json.loads(self.done("run", racks(gpus, first_node), "--format", "json").stdout)["jobs"]
            self.assertEqual([job["slowdown"] for job in jobs], [1, 1])
        self.refused(racks(144, 40), "on nodes 40 to 75 lies across NVLink domains of 18 nodes", "first_node: 54?")
        self.refused(racks(64, 16), "on nodes 16 to 31 lies across NVLink domains of 18 nodes", "first_node: 18?")

    # Six nodes under two switches, and one slow cable between them: both jobs have two nodes here and one there.
    def test_jobs_on_a_network_from_a_file(self):
        self.scenario("network: infiniband-ndr\nlink: 400Gb/s\nnodes: {name: node, count: 6, nics: 1}\n"
                      "switches: [{name: leaf, count: 2}]\nlinks:\n  - {from: 'node[0-1]/nic0', to: leaf0}\n"
                      "  - {from: 'node[3-4]/nic0', to: leaf0}\n  - {from: node2/nic0, to: leaf1}\n"
                      "  - {from: node5/nic0, to: leaf1}\n  - {from: leaf0, to: leaf1, rate: 400Gb/s}\n", "fabric.yaml")

        def on_file(first_node):
            text = ("model:    {layers: 4, hidden: 1024, heads: 8, vocab: 4096}\n"
                    "cluster:  {gpu: h100-sxm-80gb, gpus_per_node: 1, scale_up: {kind: pcie}, "
                    "host: {pcie: gen5, nics: 1}, nodes: 3, fabric: {file: fabric.yaml}}\n"
                    "training: {sequence_length: 1024, global_batch: 6, micro_batch: 1}\n")
            self.scenario(text, "other.yaml")
            return self.scenario(text + f"jobs: [{{scenario: other.yaml, first_node: {first_node}}}]\n", "main.yaml")

        for job in json.loads(self.done("run", on_file(3), "--format", "json").stdout)["jobs"]:
            self.assertGreater(job["slowdown"], 1.05)
        self.refused(on_file(4), "on nodes 4 to 6, but the file of the network lists 6")

    # Times as measured, for all jobs on the machine or for none.
    def test_a_calibration_is_of_the_machine(self):
        name = next(n for n in os.listdir(os.path.join(support.SOURCE, "scenarios", "calibrations")) if "h100" in n)
        line = f"calibration: {name}\n"
        modelled = json.loads(self.done("run", self.pair(), "--format", "json").stdout)
        measured = json.loads(self.done("run", self.pair(line, other=JOB + line), "--format", "json").stdout)
        self.assertNotEqual(modelled["step_time_s"], measured["step_time_s"])
        self.assertAlmostEqual(measured["jobs"][0]["step_time_s"], measured["jobs"][1]["step_time_s"], delta=1e-9)
        for command in ("run",), ("check",):
            self.refused(self.pair(line), "'calibration' of ", "is none, and that of ", command=command)

    # The neighbour stays, and the scenario is tried in several ways.
    def test_a_sweep_amid_others(self):
        file = self.pair("sweep: {training.micro_batch: [1, 2]}\n")
        store = self.path("amid.sqlite")
        self.done("sweep", "run", file, "--store", store)
        rows = [json.loads(line) for line in self.done("sweep", "export", store, "--format", "jsonl").stdout.splitlines()]
        self.assertEqual([row["status"] for row in rows], ["ok", "ok"])
        amid = json.loads(self.done("run", self.pair(), "--format", "json").stdout)
        self.assertAlmostEqual(rows[0]["step_time_s"], amid["step_time_s"], delta=1e-9)

    def test_a_scenario_of_unlike_nodes_runs_and_shows(self):
        file = os.path.join(support.SOURCE, "scenarios", "mixed-a100-h100.yaml")
        document = json.loads(self.done("run", file, "--format", "json").stdout)
        self.assertEqual(document["peak"]["gpu"], "a100-sxm-80gb + h100-sxm-80gb")
        self.assertAlmostEqual(document["peak"]["flops_per_s"], (312e12 + 989e12) / 2)
        self.assertLess(document["memory"]["stages"][3]["capacity_bytes"],
                        document["memory"]["stages"][0]["capacity_bytes"])
        shown = self.done("topo", file).stdout
        self.assertIn("node0 to node3: a100-sxm-80gb", shown)
        self.assertIn("200.0 Gb/s a port", shown)
        self.assertEqual([g["nodes"] for g in json.loads(self.done("topo", file, "--format", "json").stdout)["groups"]],
                         [4, 4])


if __name__ == "__main__":
    support.main()
