"""What was published, beside what is predicted: `orrery reproduce` over every ready scenario.

The values stand in the scenarios' `published:` keys with their sources, the bars in scenarios/published/bars.yaml;
nothing is tuned per scenario.
"""
import json
import math
import os
import unittest

import support

COLLECTIVES = os.path.join(support.SOURCE, "..", "shared", "data", "collectives")

# The series that must be there: a scenario that loses its published value must not pass unseen.
SERIES = {"korthikanti": 8, "megatron-2021": 7, "llama-3.1-405b": 2, "bloom-176b": 1, "mpt-30b": 1}


class Published(support.Case):
    def test_every_source_is_as_close_as_its_bar_says(self):
        document = json.loads(self.done("reproduce", "--format", "json").stdout)
        names = [row["file"].rsplit("/", 1)[1] for row in document["rows"]]
        for series, rows in SERIES.items():
            self.assertGreaterEqual(sum(name.startswith(series) for name in names), rows, series)
        for source in document["sources"]:
            self.assertTrue(source["met"], source)
            self.assertIn("held_to", source, "a source without a bar is held to nothing")

    def test_a_source_that_is_off_is_said_by_the_exit_status(self):
        published = 'published:\n  - {metric: step_time_s, value: 1e-9s, source: "arXiv:2205.05198"}\n'
        text = support.SMALL + published.replace("1e-9s", "0.000000001")
        out = self.done("reproduce", self.scenario(text), status=1).stdout
        self.assertIn("NOT MET", out)

    def test_a_scenario_that_cannot_be_read_is_a_row_and_a_fault(self):
        text = support.SMALL.replace("tp: 2", "tp: 3")
        result = self.done("reproduce", self.scenario(text), status=3)
        self.assertIn("1 failed", result.stdout)


# Rows of one's own, of platforms that scenarios/published/collectives.yaml knows.
class PublishedRows(support.Case):
    # What a row of 100 us is predicted to take; its error has no sign, which leaves two.
    def predicted(self, platform, gpu, nodes, size):
        folder = os.path.join(self.folder, "rows")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "nccl_tests_logs.csv"), "w", encoding="utf-8") as file:
            file.write("source,platform,gpu,nodes,gpus_per_node,op,dtype,bytes,time_us,algbw_GBps,busbw_GBps,note\n"
                       f"s,{platform},{gpu},{nodes},8,all_reduce,float,{size},100,0,0,\n")
        series = json.loads(self.done("reproduce", "--collectives", folder, "--format", "json").stdout)["series"]
        self.assertEqual(len(series), 1)
        return 100 * (1 + series[0]["worst_error"]), 100 * (1 - series[0]["worst_error"])

    # All-to-alls of eight A100 that take what LL does up to `last` and then what Simple does, each size measured once
    # more while something disturbed it.
    def crossover(self, sizes, last):
        def times(protocol):
            rows = json.loads(self.done("collective", "all-to-all", "--cluster", "dgx-a100", "--nodes", "1", "--nccl", "2.27", "--proto",
                                        protocol, "--bytes", ",".join(map(str, sizes)), "--format", "json").stdout)["rows"]
            return {row["bytes"]: row["time_us"] for row in rows}

        ll, simple = times("LL"), times("Simple")
        with open(self.path("nccl_single_node.csv"), "w", encoding="utf-8") as file:
            file.write("source,platform,gpu,nodes,gpus_per_node,op,dtype,bytes,time_us,algbw_GBps,busbw_GBps,note\n")
            for size in sizes:
                time = ll[size] if size <= last else simple[size]
                for disturbed in 1, 1.7:
                    file.write(f"s,HGX A100,A100,1,8,alltoall,half,{size},{disturbed * time},0,0,NCCL 2.27.3\n")
        found = json.loads(self.done("reproduce", "--collectives", self.folder, "--format", "json").stdout)["crossovers"]
        self.assertEqual(len(found), 1)
        return found[0]

    def test_a_crossover_is_where_the_least_times_change(self):
        sizes = [1 << power for power in range(12, 27)]
        predicted = self.crossover(sizes, 4 << 20)["predicted_bytes"]
        self.assertEqual(self.crossover(sizes, predicted // 2)["seen_bytes"], predicted)
        self.assertEqual(self.crossover(sizes, 2 * predicted)["seen_bytes"], 4 * predicted)

    def time(self, cluster, nodes, size, *options):
        rows = json.loads(self.done("collective", "all-reduce", "--cluster", cluster, "--nodes", str(nodes), "--bytes", str(size),
                                    "--format", "json", *options).stdout)["rows"]
        return rows[0]["time_us"]

    # A bench in torch waits 25 us for its host in each call.
    def test_a_bench_takes_its_time_besides(self):
        expected = self.time("aws-p6-b200", 1, 2 << 20) + 25
        self.assertTrue(any(abs(t - expected) < 0.1 for t in self.predicted("p6-b200", "B200", 1, 2 << 20)), expected)

    # Nebius' image has 2.26, which goes over to NVLS trees before 2 MiB.
    def test_a_row_without_a_version_has_its_platforms(self):
        expected = self.time("dgx-h100", 2, 2 << 20, "--nccl", "2.26")
        self.assertNotAlmostEqual(expected, self.time("dgx-h100", 2, 2 << 20), delta=1)
        self.assertTrue(any(abs(t - expected) < 0.1 for t in self.predicted("Nebius", "H100", 2, 2 << 20)), expected)


def over_pcie(row):
    return "PCIe" in row["platform"]


@unittest.skipUnless(os.path.exists(os.path.join(COLLECTIVES, "nccl_single_node.csv")),
                     "../shared/data/collectives/nccl_single_node.csv is not here")
class MeasuredCollectives(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.document = json.loads(support.orrery("reproduce", "--collectives", COLLECTIVES, "--format", "json").stdout)

    # With constants of the architecture alone: median 15 %, nine in ten 30 %. Four sends on one A100 host are no series.
    def test_architectures_are_met(self):
        rows = [row for row in self.document["architectures"] if row["n"] > 4]
        self.assertEqual({row["architecture"] for row in rows}, {"ampere", "hopper", "blackwell", "ampere-pcie", "blackwell-pcie"})
        for row in rows:
            self.assertLessEqual(row["median_error"], 0.15, row)
            self.assertLessEqual(row["p90_error"], 0.30, row)

    # Inside one NVLink domain: median 5 % and nine in ten 10 % from 16 MiB on, 10 % and 20 % below.
    def test_sweeps_inside_a_node_are_met(self):
        sweeps = [row for row in self.document["series"] if row["n"] >= 126 and not over_pcie(row)]
        self.assertGreaterEqual(len(sweeps), 17)
        for row in sweeps:
            large, small = row["from_16_mib"], row["below_16_mib"]
            self.assertLessEqual(large["median_error"], 0.05, row)
            self.assertLessEqual(large["p90_error"], 0.10, row)
            self.assertLessEqual(small["median_error"], 0.10, row)
            self.assertLessEqual(small["p90_error"], 0.20, row)

    # The same where PCIe alone joins the GPUs, but for what the sweeps of eight L40S contradict themselves in, from 16 MiB on.
    def test_sweeps_over_pcie_are_met(self):
        sweeps = [row for row in self.document["series"] if over_pcie(row)]
        self.assertEqual(len(sweeps), 6)
        for row in sweeps:
            large, small = row["from_16_mib"], row["below_16_mib"]
            self.assertLessEqual(small["median_error"], 0.10, row)
            self.assertLessEqual(small["p90_error"], 0.20, row)
            contradicted = "PCIe4" in row["platform"] and row["operation"] != "all-reduce"
            self.assertLessEqual(large["median_error"], 0.06 if contradicted else 0.05, row)
            if not contradicted:
                self.assertLessEqual(large["p90_error"], 0.10, row)

    # All of them, logs of several nodes and large domains too, but five whose rows contradict each other.
    def test_only_logs_that_contradict_themselves_miss_their_bars(self):
        self.assertGreaterEqual(len(self.document["series"]), 44)
        contradicted = {(c["platform"], c["operation"]) for c in self.document["contradictions"]}
        missed = {(row["platform"], row["operation"]) for row in self.document["series"] if not row["met"]}
        self.assertLessEqual(missed, contradicted)
        self.assertLessEqual(missed, {("2 hosts, 1 H100 each, 4 NICs of 400 Gb/s, NCCL_ALGO=Tree", "all-reduce"),
                                      ("OCI GB300 NVL72 (RoCE between racks)", "all-to-all"),
                                      ("single-node HGX A100 (NVLink3)", "point-to-point"),
                                      ("single-node PCIe4 server", "all-to-all"),
                                      ("single-node PCIe4 server", "reduce-scatter")})

    # Where rings go over from protocol to protocol, and rings to NVLS, 98 in 100 are within one power of two; all-to-alls
    # all.
    def test_crossovers_are_where_logs_show_them(self):
        def powers(all_to_all):
            return [math.log2(c["seen_bytes"] / c["predicted_bytes"]) for c in self.document["crossovers"]
                    if (c["operation"] == "all-to-all") == all_to_all
                    and ("single-node" in c["platform"] or "tray" in c["platform"]) and not over_pcie(c)]

        for found, sweeps, share in (powers(False), 100, 0.98), (powers(True), 22, 1):
            self.assertGreater(len(found), sweeps)
            self.assertGreaterEqual(sum(abs(p) < 1.5 for p in found) / len(found), share, found)


if __name__ == "__main__":
    unittest.main(verbosity=1)
