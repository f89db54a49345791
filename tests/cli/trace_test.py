"""orrery trace and orrery compare, as a stranger calls them."""
import gzip
import json
import shutil
import subprocess
import unittest

import support

KINETO = {
    "schemaVersion": 1,
    "deviceProperties": [],
    "distributedInfo": {"backend": "nccl", "rank": 3, "world_size": 8},
    "traceEvents": [
        {"ph": "X", "cat": "kernel", "name": "ampere_bf16_s16816gemm", "pid": 0, "tid": 7, "ts": 1682725898236567, "dur": 60},
        {"ph": "X", "cat": "kernel", "name": "ncclDevKernel_AllReduce", "pid": 0, "tid": 20, "ts": 1682725898236597, "dur": 50},
        {"ph": "X", "cat": "cpu_op", "name": "aten::mm", "pid": 9, "tid": 9, "ts": 1682725898236500, "dur": 500},
    ],
}


class Files(support.Case):
    def traced(self, name, *options):
        path = self.path(name)
        self.done("run", self.scenario(support.SMALL), "--trace", path, *options)
        return path

    def summary(self, path, *options):
        return json.loads(self.done("trace", path, "--format", "json", *options).stdout)

    def written(self, name, content):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(content if isinstance(content, str) else json.dumps(content))
        return self.path(name)


class Traces(Files):
    def test_every_format_has_the_same_summary(self):
        summaries = [self.summary(self.traced(name)) for name in ["a.json", "a.json.gz", "a.pftrace"]]
        for other in summaries[1:]:
            self.assertEqual(other["slices"], summaries[0]["slices"])
            for ours, theirs in zip(summaries[0]["ranks"], other["ranks"]):
                self.assertEqual(ours["name"], theirs["name"])
                self.assertAlmostEqual(ours["compute_s"], theirs["compute_s"], places=5)

    # What the simulator says of a step and what its trace shows are one.
    def test_the_summary_agrees_with_the_run(self):
        result = json.loads(self.done("run", self.scenario(support.SMALL), "--format", "json", "--trace", self.path("r.json")).stdout)
        ranks = self.summary(self.path("r.json"))["ranks"]
        for rank in ranks:
            parts = rank["compute_s"] + rank["exposed_communication_s"] + rank["exposed_copies_s"] + rank["idle_s"]
            self.assertAlmostEqual(parts, rank["window_s"], places=9)
        window = sum(rank["window_s"] / rank["steps"] for rank in ranks) / len(ranks)
        self.assertAlmostEqual(window / result["step_time_s"], 1, delta=0.05)

    def test_memory_begins_with_what_is_held_throughout(self):
        path = self.path("m.json")
        result = json.loads(self.done("run", self.scenario(support.SMALL), "--format", "json", "--trace", path).stdout)
        with open(path, encoding="utf-8") as file:
            events = json.load(file)["traceEvents"]
        for stage in result["memory"]["stages"]:
            held = [event["args"] for event in events
                    if event["ph"] == "C" and event["pid"] == stage["rank"] and event["name"] == "memory (bytes)"]
            self.assertEqual(held[0]["parameters"], stage["parameters_bytes"])
            self.assertEqual(max(sum(causes.values()) for causes in held), stage["peak_bytes"])

    def test_the_parts_of_a_kineto_trace(self):
        path = self.path("k.json.gz")
        with gzip.open(path, "wt") as file:
            json.dump(KINETO, file)
        rank = self.summary(path)["ranks"][0]
        self.assertEqual(rank["name"], "rank 3")
        self.assertAlmostEqual(rank["compute_s"], 60e-6)
        self.assertAlmostEqual(rank["exposed_communication_s"], 20e-6)

    @unittest.skipUnless(shutil.which("zstd"), "zstd is absent")
    def test_a_trace_through_zstd(self):
        path = self.written("k.json", KINETO)
        subprocess.run(["zstd", "-q", path], check=True)
        self.assertEqual(self.summary(path + ".zst")["slices"], 3)

    def test_it_converts_and_cuts(self):
        path = self.traced("run.json", "--ranks", "0,7")
        whole = self.summary(path)
        self.done("trace", path, self.path("copy.pftrace"))
        self.done("trace", self.path("copy.pftrace"), self.path("back.json.gz"))
        self.assertEqual(self.summary(self.path("back.json.gz"))["slices"], whole["slices"])
        self.done("trace", path, self.path("part.json"), "--ranks", "7", "--to", "10ms")
        part = self.summary(self.path("part.json"))
        self.assertEqual([rank["name"] for rank in part["ranks"]], ["rank 7"])
        self.assertLess(part["slices"], whole["slices"])

    def test_a_broken_event_is_left_out_and_told_of(self):
        broken = json.dumps(KINETO).replace('"aten::mm"', '"aten::mm')
        result = self.done("trace", self.written("b.json", broken))
        self.assertIn("1 broken event was left out", result.stdout)
        self.assertIn("2 slices", result.stdout)

    def test_what_is_no_trace_is_said(self):
        self.assertIn("is no trace", self.done("trace", self.written("x.json", "{}"), status=3).stderr)
        execution = self.written("e.json", {"schema": "1.0.1", "nodes": [{"name": "aten::empty", "id": 5}]})
        self.assertIn("execution trace", self.done("trace", execution, status=3).stderr)
        self.done("trace", self.path("absent.json"), status=5)
        self.done("trace", self.written("k.json", KINETO), self.path("k.txt"), status=3)
        self.done("trace", self.written("k.json", KINETO), "--ranks", "x", status=2)
        self.done("trace", self.written("k.json", KINETO), self.path("no/folder/k.json"), status=5)


class Comparisons(Files):
    def result(self, name, *options):
        text = self.done("run", self.scenario(support.SMALL), "--format", "json", *options).stdout
        return self.written(name, text)

    def compared(self, a, b, *options, status=0):
        return json.loads(self.done("compare", a, b, "--format", "json", *options, status=status).stdout)

    def test_a_run_is_equal_to_itself(self):
        result = self.compared(self.result("a.json"), self.result("b.json"), "--max-error", "0")
        self.assertEqual({row["metric"] for row in result["metrics"] if row["difference"] != 0}, set())
        trace = self.compared(self.traced("a.pftrace"), self.traced("b.pftrace"))["trace"]
        self.assertEqual(trace["events"], [])
        self.assertEqual(trace["only_in_a"]["events"] + trace["only_in_b"]["events"], 0)

    def test_results_are_compared_figure_by_figure(self):
        a, b = self.result("a.json"), self.result("b.json", "--set", "training.micro_batch=2")
        rows = {row["metric"]: row for row in self.compared(a, b)["metrics"]}
        step = rows["step_time_s"]
        with open(a, encoding="utf-8") as first, open(b, encoding="utf-8") as second:
            before, after = json.load(first), json.load(second)
        self.assertEqual(step["a"], before["step_time_s"])
        self.assertAlmostEqual(step["error"], after["step_time_s"] / before["step_time_s"] - 1)
        self.assertIn("memory.peak_bytes", rows)
        self.assertNotIn("engine.wall_s", rows)
        self.assertIn("step_time_s", self.done("compare", a, b).stdout)

    def test_beyond_the_error_the_answer_is_no(self):
        a, b = self.result("a.json"), self.result("b.json", "--set", "training.micro_batch=2")
        self.done("compare", a, b, "--max-error", "500%")
        refused = self.done("compare", a, b, "--max-error", "0.1%", status=1)
        self.assertIn("is off by", refused.stderr)
        self.done("compare", a, b, "--max-error", "five", status=2)

    # A kernel that takes longer is found in every place where it stands, and nothing else is.
    def test_events_are_aligned_by_what_they_are(self):
        path = self.traced("a.json")
        with open(path, encoding="utf-8") as file:
            trace = json.load(file)
        slower = 0
        for event in trace["traceEvents"]:
            if event["ph"] == "X" and event["name"] == "layer 2 attention":
                event["dur"] += 100
                slower += 1
        trace["traceEvents"].reverse()
        result = self.compared(path, self.written("b.json", trace), "--top", "1000")["trace"]
        self.assertEqual(len(result["events"]), slower)
        self.assertEqual({event["event"] for event in result["events"]}, {"layer 2 attention"})
        self.assertEqual(result["operations"][0]["operation"], "attention")
        self.assertAlmostEqual(result["operations"][0]["difference_s"], slower * 100e-6)
        self.assertEqual(result["only_in_a"]["events"], 0)

    def test_a_scenario_beside_its_own_trace(self):
        rows = {row["metric"]: row for row in self.compared(self.scenario(support.SMALL), self.traced("t.json"))["metrics"]}
        self.assertAlmostEqual(rows["step_time_s"]["error"], 0, delta=0.05)
        self.assertAlmostEqual(rows["compute_s"]["error"], 0, delta=0.05)

    def test_files_of_another_kind_are_refused_by_what_they_are(self):
        good = self.result("good.json")
        several = self.written("several.jsonl", '{"step_time_s": 1}\n{"step_time_s": 2}\n')
        with open(self.path("s.sqlite"), "wb") as file:
            file.write(b"SQLite format 3\0" + bytes(100))
        for path, why in [
            (several, "several results"),
            (self.path("s.sqlite"), "store of a sweep"),
            (self.written("point.json", {"config": {}, "step_time_s": 1}), "point of a sweep"),
            (self.written("other.json", {"hello": 1}), "no result"),
            (self.written("cut.json", '{"step_time_s": 1,'), "no JSON"),
        ]:
            self.assertIn(why, self.done("compare", good, path, status=3).stderr, path)
        both = self.done("compare", self.path("absent.json"), several, status=5).stderr
        self.assertIn("absent.json", both)
        self.assertIn("several results", both)

    def test_csv_has_a_line_a_figure_or_operation(self):
        a = self.result("a.json")
        self.assertTrue(self.done("compare", a, a, "--format", "csv").stdout.startswith("metric,a,b,difference,error\n"))
        trace = self.traced("a.json.gz")
        self.assertTrue(self.done("compare", trace, trace, "--format", "csv").stdout.startswith("operation,category,"))


if __name__ == "__main__":
    support.main()
