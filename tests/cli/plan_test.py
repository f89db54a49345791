"""Plans: what they call fastest is fastest, and bounds are bounds."""
import json
import os
import re
import shutil
import signal
import subprocess
import unittest

import support


class Plans(support.Case):
    def plan(self, *options, status=0):
        file = self.scenario(support.SMALL)
        return json.loads(self.done("plan", file, "--format", "json", "-q", *options, status=status).stdout)

    def test_pruning_changes_nothing(self):
        everything, few = self.plan("--top", "1000"), self.plan("--top", "3")
        self.assertEqual(everything["pruned_by_bound"], 0)
        self.assertEqual(everything["layouts"][:3], few["layouts"])
        self.assertLess(few["simulated"], everything["simulated"])
        counted = few["simulated"] + few["pruned_by_bound"] + sum(few["ruled_out"].values())
        self.assertEqual(counted, few["candidates"])

    def test_no_step_is_shorter_than_its_bound(self):
        layouts = self.plan("--top", "1000")["layouts"]
        self.assertGreater(len(layouts), 50)
        for layout in layouts:
            self.assertLessEqual(layout["bound_s"], layout["step_time_s"], layout["set"])

    def test_the_fastest_runs_as_it_is_told(self):
        best = self.plan("--top", "1")["layouts"][0]
        sets = [word for pair in best["set"].split() for word in ("--set", pair)]
        file = self.scenario(support.SMALL.replace("layout:   {tp: 2, pp: 2}", "layout:   {tp: 1}"))
        result = json.loads(self.done("run", file, "--format", "json", *sets).stdout)
        self.assertEqual(result["step_time_s"], best["step_time_s"])
        self.assertEqual(result["memory"]["reserved_bytes"], best["reserved_bytes"])

    # Keys that the search replaces stand in the file too: set again they give the layout that was told.
    def test_what_is_told_runs_whatever_the_file_says(self):
        texts = (support.SMALL.replace("{tp: 2, pp: 2}", "{tp: 2, pp: 2, dp: 2, sequence_parallel: false}") +
                 "pipeline: {stage_layers: [1, 3]}\n",
                 support.SMALL.replace("{tp: 2, pp: 2}", "{tp: 2, pp: 2, by_layers: [{layers: 0-1, tp: 1}]}")
                 .replace("micro_batch: 1", "micro_batch: 2"))
        for text, options in zip(texts, ([], ["--search", "pipeline.stage_layers"])):
            file = self.scenario(text)
            found = self.done("plan", file, "--format", "json", "-q", "--top", "1000", *options).stdout
            layouts = json.loads(found)["layouts"]
            self.assertGreater(len(layouts), 10)
            for layout in layouts[::5]:
                sets = [word for pair in layout["set"].split() for word in ("--set", pair)]
                result = json.loads(self.done("run", file, "--format", "json", *sets).stdout)
                self.assertEqual(result["step_time_s"], layout["step_time_s"], layout["set"])
                self.assertEqual(result["memory"]["reserved_bytes"], layout["reserved_bytes"], layout["set"])

    def test_what_no_value_says_must_leave_the_file(self):
        pipeline = "pipeline: {schedule: interleaved-1f1b, virtual_stages: 2, group: 4}\n"
        file = self.scenario(support.SMALL + pipeline)
        layouts = json.loads(self.done("plan", file, "--format", "json", "-q", "--top", "1000").stdout)["layouts"]
        for layout in layouts:
            if "schedule=interleaved-1f1b" in layout["set"]:
                self.assertIn("pipeline.group=", layout["set"])
            else:
                self.assertEqual(layout["without"], ["pipeline.group"])
        self.assertIn("and without pipeline.group, which the file has", self.done("plan", file, "-q").stdout)

    # The batch is smaller than the cluster; the layout is for another cluster. Real faults are told as ever.
    def test_the_layout_that_is_written_need_not_be_possible(self):
        small_batch = self.scenario(support.SMALL.replace("global_batch: 16", "global_batch: 4")
                                    .replace("layout:   {tp: 2, pp: 2}\n", ""))
        other_cluster = self.scenario(support.SMALL.replace("{tp: 2, pp: 2}", "{tp: 8, pp: 4}"), "other.yaml")
        for file in (small_batch, other_cluster):
            self.done("run", file, status=3)
            best = json.loads(self.done("plan", file, "--format", "json", "-q").stdout)["layouts"][0]
            sets = [word for pair in best["set"].split() for word in ("--set", pair)]
            result = json.loads(self.done("run", file, "--format", "json", *sets).stdout)
            self.assertEqual(result["step_time_s"], best["step_time_s"])
        wrong = self.scenario(support.SMALL.replace("vocab", "vocabulary"))
        told = [self.done(command, wrong, status=3).stderr for command in ("run", "plan")]
        self.assertEqual(told[0], told[1])

    def test_chunks_that_are_kept_bring_their_schedule(self):
        for options in (["--set", "pipeline.virtual_stages=2"], ["--keep", "pipeline.virtual_stages"]):
            file = self.scenario(support.SMALL + "pipeline: {schedule: interleaved-1f1b, virtual_stages: 2}\n")
            layouts = json.loads(self.done("plan", file, "--format", "json", "-q", *options).stdout)["layouts"]
            self.assertTrue(layouts)
            for layout in layouts:
                self.assertIn("pipeline.schedule=interleaved-1f1b", layout["set"])

    def test_a_schedule_that_is_kept_keeps_its_chunks(self):
        text = support.SMALL.replace("layers: 4", "layers: 8") + "pipeline: {schedule: interleaved-1f1b, virtual_stages: 4}\n"
        keep = ["--keep", "layout.tp", "--keep", "layout.pp", "--keep", "training.micro_batch", "--keep", "pipeline.schedule"]
        file = self.scenario(text)
        layouts = json.loads(self.done("plan", file, "--format", "json", "-q", *keep, "--top", "9").stdout)["layouts"]
        as_written = json.loads(self.done("run", file, "--format", "json").stdout)["step_time_s"]
        self.assertIn(as_written, [layout["step_time_s"] for layout in layouts])

    def test_keys_that_are_set_or_kept_stay(self):
        for options in (["--set", "layout.tp=4"], ["--keep", "layout.tp"]):
            for layout in self.plan("--top", "1000", *options)["layouts"]:
                self.assertNotIn("layout.tp=", layout["set"])

    def values(self, text, key, *options):
        """Of a key all that layouts of a scenario have."""
        found = self.done("plan", self.scenario(text, "values.yaml"), "--format", "json", "-q", "--top", "1000", *options)
        return {value for layout in json.loads(found.stdout)["layouts"] for value in re.findall(key + r"=(\S+)", layout["set"])}

    def test_a_batch_of_threes_is_taken_in_threes(self):
        text = support.SMALL.replace("global_batch: 16", "global_batch: 24").replace("{tp: 2, pp: 2}", "{tp: 1, zero: 3}")
        self.assertEqual(self.values(text, "micro_batch"), {"1", "2", "3", "4", "6", "8"})
        # Three sequences a replica: pieces are gathered once, not thrice.
        three = self.scenario(text.replace("nodes: 1", "nodes: 3"), "three.yaml")
        keep = ["--keep", "layout.tp", "--keep", "layout.pp", "--set", "layout.zero=3", "--set", "training.global_batch=72"]
        best = json.loads(self.done("plan", three, "--format", "json", "-q", *keep).stdout)["layouts"][0]
        powers = [json.loads(self.done("plan", three, "--format", "json", "-q", *keep, "--set",
                                       f"training.micro_batch={n}").stdout)["layouts"][0] for n in (1, 3)]
        self.assertIn("micro_batch=3", best["set"])
        self.assertEqual(best["step_time_s"], powers[1]["step_time_s"])
        self.assertLess(best["step_time_s"], powers[0]["step_time_s"])

    def test_stages_may_be_as_many_as_divide_the_cluster(self):
        # 14 layers with embedding and head: 3 stages of 6, 5 and 5, 6 of 3 and 2; of 12 the longest would be half as long again.
        text = support.SMALL.replace("layers: 4", "layers: 14").replace("nodes: 1", "nodes: 3")
        keep = ["--keep", "layout.tp", "--keep", "training.recompute", "--keep", "layout.zero", "--any-memory"]
        self.assertEqual(self.values(text, "layout.pp", *keep, "--set", "layout.tp=1", "--set", "training.global_batch=24"),
                         {"1", "2", "3", "4", "6", "8"})

    def test_chunks_may_be_as_many_as_a_stage_has_layers(self):
        text = support.SMALL.replace("layers: 4", "layers: 14")
        keep = ["--keep", "layout.tp", "--keep", "training.recompute", "--keep", "layout.zero", "--keep", "training.micro_batch"]
        chunks = {pp: self.values(text, "virtual_stages", *keep, "--set", f"layout.pp={pp}") for pp in (2, 4)}
        self.assertEqual(chunks[2], {"1", "2", "3", "4", "5", "6", "7", "8"})  # 14 layers, or 16 with embedding and head
        self.assertEqual(chunks[4], {"1", "2", "3", "4"})

    def test_sharding_is_chosen_in_the_kind_that_the_file_has(self):
        text = support.SMALL.replace("nodes: 1", "nodes: 2")
        fsdp = self.scenario(text.replace("{tp: 2, pp: 2}", "{tp: 1, pp: 1, fsdp: full_shard}"), "fsdp.yaml")
        keep = ["--keep", "layout.tp", "--keep", "layout.pp", "--keep", "training.recompute", "--top", "1000"]
        found = self.done("plan", fsdp, "--format", "json", "-q", *keep).stdout
        kinds = {word for layout in json.loads(found)["layouts"] for word in layout["set"].split() if "fsdp" in word}
        self.assertEqual(kinds, {f"layout.fsdp={kind}" for kind in ("full_shard", "shard_grad_op", "hybrid_shard")})
        zero = self.scenario(text.replace("{tp: 2, pp: 2}", "{tp: 1, pp: 1, zero: 3}"), "zero.yaml")
        found = self.done("plan", zero, "--format", "json", "-q", *keep).stdout
        kinds = {word for layout in json.loads(found)["layouts"] for word in layout["set"].split() if "zero" in word}
        self.assertEqual(kinds, {f"layout.zero={stage}" for stage in range(4)})

    def test_what_is_searched_on_request_only_adds(self):
        file = self.scenario(support.SMALL.replace("nodes: 1", "nodes: 2"), "two.yaml")
        keep = ["--keep", "training.recompute", "--keep", "training.micro_batch", "--top", "1000"]
        few = json.loads(self.done("plan", file, "--format", "json", "-q", *keep).stdout)
        more = [word for key in ("layout.order", "layout.offload", "pipeline.stage_layers") for word in ("--search", key)]
        many = json.loads(self.done("plan", file, "--format", "json", "-q", *keep, *more).stdout)
        self.assertGreater(many["candidates"], few["candidates"])
        self.assertLessEqual(many["layouts"][0]["step_time_s"], few["layouts"][0]["step_time_s"])
        steps = {layout["step_time_s"] for layout in many["layouts"]}
        self.assertTrue(all(layout["step_time_s"] in steps for layout in few["layouts"]))
        text = self.done("plan", file, "-q", *keep, *more).stdout
        self.assertIn("optimizer on cpu", text)
        self.assertIn("""--set 'layout.offload={"optimizer":"none"}'""", text)

    def test_all_that_can_be_offloaded_is_searched(self):
        text = support.SMALL.replace("{tp: 2, pp: 2}", "{tp: 1, pp: 1, zero: 3}")
        file = self.scenario(text, "zero.yaml")
        keep = [word for key in ("layout.tp", "layout.pp", "training.recompute", "training.micro_batch")
                for word in ("--keep", key)]
        found = self.done("plan", file, "--format", "json", "-q", *keep, "--search", "layout.offload", "--top", "1000")
        layouts = json.loads(found.stdout)["layouts"]
        places = {word.split("=", 1)[1] for layout in layouts for word in layout["set"].split() if "offload" in word}
        self.assertIn('{"optimizer":"cpu","parameters":"cpu","activations":"cpu"}', places)
        stages = {word for layout in layouts if "parameters" in layout["set"]
                  for word in layout["set"].split() if "zero" in word}
        self.assertEqual(stages, {f"layout.zero={stage}" for stage in range(4)})
        shown = self.done("plan", file, "-q", *keep, "--search", "layout.offload", "--top", "1000").stdout
        self.assertIn("optimizer on cpu parameters on cpu activations on cpu", shown)

    @unittest.skipUnless(shutil.which("cbc"), "no cbc: scripts/install-packages test")
    def test_every_layer_has_the_degree_that_suits_it(self):
        file = os.path.join(support.SOURCE, "scenarios", "llama-3.1-70b-64-h100-by-layers.yaml")
        by_hand = json.loads(self.done("run", file, "--format", "json").stdout)["step_time_s"]
        keep = [word for key in ("layout.tp", "layout.pp", "layout.zero", "training.micro_batch", "pipeline.schedule",
                                 "pipeline.virtual_stages") for word in ("--keep", key)]
        found = self.done("plan", file, "--format", "json", "-q", *keep, "--search", "layout.by_layers").stdout
        best = json.loads(found)["layouts"][0]
        self.assertIn('"tp":4', best["set"])
        self.assertLess(best["step_time_s"], 1.01 * by_hand)
        text = self.done("plan", file, "-q", *keep, "--search", "layout.by_layers").stdout
        self.assertIn("tp8/4 pp4", text)

    def test_a_choice_for_every_layer_needs_a_solver(self):
        result = support.orrery("plan", self.scenario(support.SMALL), "--search", "layout.by_layers",
                                env={**os.environ, "ORRERY_CBC": self.path("absent")})
        self.assertEqual(result.returncode, 7)
        self.assertIn("coinor-cbc", result.stderr)

    def test_replicas_follow_from_what_is_set(self):
        file = self.scenario(support.SMALL.replace("{tp: 2, pp: 2}", "{tp: 2, pp: 2, dp: 2}"))
        found = json.loads(self.done("plan", file, "--format", "json", "-q", "--set", "layout.pp=1").stdout)
        self.assertTrue(found["layouts"])

    def test_layers_are_dealt_by_what_gpus_can_do(self):
        file = os.path.join(support.SOURCE, "scenarios", "mixed-a100-h100.yaml")
        by_hand = json.loads(self.done("run", file, "--format", "json").stdout)["step_time_s"]
        keep = [word for key in ("layout.tp", "layout.pp", "layout.zero", "training.recompute", "training.micro_batch",
                                 "pipeline.schedule", "pipeline.virtual_stages") for word in ("--keep", key)]
        found = self.done("plan", file, "--format", "json", "-q", *keep, "--search", "pipeline.stage_layers").stdout
        best = json.loads(found)["layouts"][0]
        dealt = re.search(r"pipeline.stage_layers=\[([\d,]+)\]", best["set"])
        first, second, third, last = map(int, dealt[1].split(","))
        self.assertLess(first + second, third + last)  # the A100s have less
        self.assertLessEqual(best["step_time_s"], 1.01 * by_hand)

    def test_headings_are_bold_where_colours_are_wanted(self):
        file = self.scenario(support.SMALL)
        plain, bold = (self.done("plan", file, "-q", "--top", "3", "--color", when).stdout for when in ("never", "always"))
        self.assertIn("\x1b[1mFastest: ", bold)
        self.assertEqual(bold.replace("\x1b[1m", "").replace("\x1b[0m", ""), plain)

    def test_it_costs(self):
        best = self.plan("--top", "1", "--tokens", "1G", "--price", "2")["layouts"][0]
        self.assertAlmostEqual(best["gpu_hours"], 1e9 / best["tokens_per_s"] / 3600 * 8, delta=1e-6 * best["gpu_hours"])
        self.assertAlmostEqual(best["cost"], 2 * best["gpu_hours"])

    # arXiv:2211.02001: BLOOM took 1,082,990 hours of A100s of 400 W, 433,196 kWh.
    def test_it_draws_power(self):
        file = self.scenario(support.SMALL.replace("dgx-h100", "dgx-a100"))
        told = self.done("plan", file, "--format", "json", "-q", "--top", "1", "--tokens", "1G", "--power-price", "0.1",
                         "--price", "2", "--pue", "1.5", "--no-limits").stdout
        best = json.loads(told)["layouts"][0]
        self.assertAlmostEqual(best["megawatt_hours"] / best["gpu_hours"] * 1_082_990, 1.5 * 433.196, delta=0.001)
        self.assertAlmostEqual(best["cost"], 2 * best["gpu_hours"] + 0.1 * 1000 * best["megawatt_hours"])
        text = self.done("plan", file, "-q", "--top", "1", "--tokens", "1G", "--power-price", "0.1").stdout
        self.assertIn("MWh at rated power", text)
        self.assertIn("at 0.1000 a kWh", text)

    # Whole nodes are told in the file's own words, a part of one in GPUs.
    def test_clusters_of_several_sizes(self):
        file = self.scenario(support.SMALL)
        plan = self.plan("--gpus", "4,8,16,56", "--top", "2", "--tokens", "1G", "--no-limits")
        self.assertEqual([size["gpus"] for size in plan["sizes"]], [4, 8, 16, 56])
        fastest = {size["gpus"]: size.get("fastest") for size in plan["sizes"]}
        self.assertIsNone(fastest[56])  # seven replicas of 16 sequences, or seven stages of four layers
        self.assertEqual((plan["gpus"], plan["layouts"][0]), (16, fastest[16]))
        self.assertIn("cluster.nodes=2", fastest[16]["set"])
        self.assertIn("cluster.gpus=4", fastest[4]["set"])
        self.assertEqual(fastest[4]["without"], ["cluster.nodes"])
        for gpus, nodes in ((8, 1), (16, 2)):
            alone = self.plan("--top", "1", "--set", f"cluster.nodes={nodes}")["layouts"][0]
            self.assertEqual(fastest[gpus]["step_time_s"], alone["step_time_s"])
        in_gpus = self.scenario(support.SMALL.replace("nodes: 1", "gpus: 8"), "in_gpus.yaml")
        four = json.loads(self.done("plan", in_gpus, "--format", "json", "-q", "--gpus", "4", "--top", "1").stdout)
        self.assertEqual(four["layouts"][0]["step_time_s"], fastest[4]["step_time_s"])
        sets = [word for pair in four["layouts"][0]["set"].split() for word in ("--set", pair)]
        result = json.loads(self.done("run", in_gpus, "--format", "json", *sets).stdout)
        self.assertEqual((result["gpus"], result["step_time_s"]), (4, fastest[4]["step_time_s"]))
        text = self.done("plan", file, "-q", "--gpus", "4,8,16,56", "--top", "1").stdout
        self.assertRegex(text, r"> +16 .*tp")
        self.assertRegex(text, r" 56 .*no layout fills them")
        rows = self.done("plan", file, "-q", "--gpus", "4,8", "--top", "2", "--format", "csv", "--no-limits").stdout.splitlines()
        self.assertEqual([row.split(",")[0] for row in rows], ["gpus", "4", "4", "8", "8"])

    def test_sizes_that_the_file_alone_can_say(self):
        mixed = os.path.join(support.SOURCE, "scenarios", "mixed-a100-h100.yaml")
        self.assertIn("--gpus: error: the cluster has several kinds of nodes", self.done("plan", mixed, "--gpus", "32", status=2).stderr)

    def test_a_size_is_chosen_within_a_budget(self):
        ask = ["--gpus", "2..16", "--top", "1", "--tokens", "1T", "--price", "2", "--no-limits"]
        sizes = [size["fastest"] for size in self.plan(*ask)["sizes"] if "fastest" in size]
        self.assertGreater(len(sizes), 2)
        fastest, cheapest = min(sizes, key=lambda s: s["days"]), min(sizes, key=lambda s: s["cost"])
        self.assertNotEqual(fastest["set"], cheapest["set"])
        self.assertEqual(self.plan(*ask)["layouts"][0], fastest)
        self.assertEqual(self.plan(*ask, "--objective", "cost")["layouts"][0], cheapest)
        middle = sorted(size["days"] for size in sizes)[1]
        in_time = min((size for size in sizes if size["days"] <= middle * 1.001), key=lambda s: s["cost"])
        found = self.plan(*ask, "--objective", "cost", "--max-days", str(middle * 1.001))
        self.assertEqual(found["layouts"][0]["set"], in_time["set"])
        self.assertEqual([size["fastest"]["within_budget"] for size in found["sizes"] if "fastest" in size],
                         [size["days"] <= middle * 1.001 for size in sizes])
        affordable = int(sorted(size["cost"] for size in sizes)[1]) + 1
        found = self.plan(*ask, "--max-cost", str(affordable))["layouts"][0]
        self.assertEqual(found["step_time_s"], min(s["step_time_s"] for s in sizes if s["cost"] <= affordable))
        text = self.done("plan", self.scenario(support.SMALL), "-q", *ask, "--max-days", "0.001", status=4).stdout
        self.assertIn("No size has a layout that fits within 0.001", text)
        one = self.done("plan", self.scenario(support.SMALL), "-q", "--tokens", "1T", "--max-days", "0.001", status=4).stdout
        self.assertRegex(one, r"beyond the budget: it takes [\d.]+ days, not 0.001")

    def test_a_gpu_may_hold_no_more_than_is_said(self):
        everything = self.plan("--top", "1000")["layouts"]
        held = sorted(layout["reserved_bytes"] for layout in everything)
        runtime = json.loads(self.done("run", self.scenario(support.SMALL), "--format", "json").stdout)["memory"]["runtime_bytes"]
        limit = held[len(held) // 2] + runtime
        fitting = self.plan("--top", "1000", "--memory-limit", f"{limit}B")["layouts"]
        self.assertTrue(all(layout["reserved_bytes"] + runtime <= limit for layout in fitting))
        # An allocator that may take less gives back first what it does not use, so some more fit.
        fits_anyway = [layout["set"] for layout in everything if layout["reserved_bytes"] + runtime <= limit]
        self.assertLessEqual(set(fits_anyway), {layout["set"] for layout in fitting})
        self.assertLess(len(fitting), len(everything))

    # What a tenth more of a thing gives is what a plan for a machine that has it finds.
    def test_what_limits_it(self):
        text = (support.SMALL.replace("hidden: 2048", "hidden: 8192").replace("heads: 16", "heads: 64")
                .replace("sequence_length: 1024, global_batch: 16", "sequence_length: 4096, global_batch: 64")
                .replace("preset: dgx-h100", "preset: dgx-h100, gpu: {memory: 30GiB}"))
        file = self.scenario(text, "large.yaml")

        def plan(*options):
            return json.loads(self.done("plan", file, "--format", "json", "-q", "--top", "1", *options).stdout)

        here = plan()
        best, limits = here["layouts"][0], here["limits"]
        self.assertNotIn("limits", plan("--no-limits"))
        steps = [more["step_time_s"] for more in limits["a_tenth_more"]]
        self.assertEqual(steps, sorted(steps))
        self.assertLess(steps[0], best["step_time_s"])
        for name, memory in (("10 % more GPU memory", "33GiB"), ("twice as much GPU memory", "60GiB")):
            told = [more for more in limits["a_tenth_more"] + [limits.get("twice_the_memory")] if more and more["change"] == name]
            found = plan("--set", f"cluster.gpu.memory={memory}", "--no-limits")["layouts"][0]
            self.assertEqual(told[0]["step_time_s"] if told else best["step_time_s"], found["step_time_s"], name)
            if told:
                self.assertEqual(told[0]["set"], found["set"])
        self.assertTrue(limits["memory_binds"])
        sets = [word for pair in best["set"].split() for word in ("--set", pair)]
        twice = json.loads(self.done("run", file, "--format", "json", *sets, "--set", "cluster.nodes=2").stdout)
        self.assertEqual(limits["twice_the_gpus"]["step_time_s"], twice["step_time_s"])
        shown = self.done("plan", file, "-q", "--top", "1").stdout
        self.assertIn("What limits it", shown)
        roomy = self.done("plan", self.scenario(support.SMALL), "-q", "--top", "1").stdout
        self.assertIn("Memory does not", roomy)
        self.assertNotIn("Memory does not", self.done("plan", file, "-q", "--top", "1", "--any-memory").stdout)

    def test_the_page_stands_alone(self):
        file, page = self.scenario(support.SMALL), self.path("plan.html")
        self.done("plan", file, "-q", "--gpus", "2..16", "--tokens", "1T", "--max-days", "20", "--top", "3", "--report", page)
        with open(page, encoding="utf-8") as opened:
            text = opened.read()
        self.assertNotRegex(text, r"(src|href)=|https?://")
        self.assertEqual(re.findall(r"<h2>([^<]*)</h2>", text),
                         ["Sizes of the cluster", "The fastest layouts of 16 GPUs", "What limits it", "How it was found",
                          "What this rests on"])
        self.assertEqual(text.count("<circle"), 4)
        self.assertEqual((text.count('<circle class="on"'), 'class="limit"' in text), (1, True))
        self.done("plan", file, "-q", "--top", "3", "--no-limits", "--report", page)
        with open(page, encoding="utf-8") as opened:
            text = opened.read()
        self.assertNotIn("Sizes of the cluster", text)
        self.assertNotIn("What limits it", text)
        self.assertIn("--set layout.tp=", text)
        nowhere = self.done("plan", file, "-q", "--top", "1", "--report", self.path("no/where.html"), status=5)
        self.assertIn("where.html", nowhere.stderr)

    def test_schedules_and_partial_recomputation_on_request(self):
        text = support.SMALL.replace("layers: 4", "layers: 8")
        keep = ["--keep", "layout.tp", "--keep", "layout.zero", "--set", "training.micro_batch=1"]
        found = self.values(text, "pipeline.schedule", *keep, "--search", "pipeline.schedule", "--set", "layout.pp=2")
        self.assertEqual(found, {"1f1b", "interleaved-1f1b", "looped-bfs", "interleaved-zb1p", "zb-h1", "zb-h2", "zb-v",
                                 "v-half", "v-min", "dualpipe", "dualpipe-v"})
        found = self.values(text, "training.recompute", *keep, "--search", "training.recompute", "--set", "layout.pp=2")
        self.assertEqual(found, {"none", "full", "selective-op", "[norm]", "[mlp]", '{"full_layers":1}', '{"full_layers":2}',
                                 '{"full_layers":3}'})
        shown = self.done("plan", self.scenario(text), "-q", *keep, "--search", "pipeline.schedule", "--top", "1000").stdout
        self.assertIn("zb-v", shown)

    def test_experts_are_split_as_the_rest_is_or_not_at_all(self):
        text = support.SMALL.replace("vocab: 32000", "vocab: 32000, moe: {experts: 8, top_k: 2, ffn: 4096}")
        keep = ["--keep", "training.recompute", "--keep", "layout.zero", "--set", "training.micro_batch=1", "--set", "layout.pp=1"]
        for tp, splits in ((1, {"1"}), (4, {"1", "4"})):
            self.assertEqual(self.values(text, "layout.etp", *keep, "--set", f"layout.tp={tp}"), splits)

    def test_what_cannot_be_asked_is_told_before_the_search(self):
        for options, words in ((["--keep", "layout.tpp"], "did you mean 'layout.tp'?"),
                               (["--keep", "layout"], "is a section; name a key of it, as layout.tp"),
                               (["--price", "2"], "--price requires --tokens"),
                               (["--max-days", "2"], "--max-days requires --tokens"),
                               (["--tokens", "1T", "--max-cost", "2M"], "--max-cost needs --price"),
                               (["--tokens", "1T", "--price", "1", "--max-cost", "many"], "'many' is not a whole number"),
                               (["--tokens", "1T", "--pue", "0.9"], "'0.9' is no power usage effectiveness"),
                               (["--objective", "costs"], "did you mean 'cost'?"),
                               (["--memory-limit", "72"], "'72' has no unit"),
                               (["--gpus", "8x"], "'8x' is not a whole number"), (["--gpus", "64,,8"], "'' is not"),
                               (["--gpus", "0"], "'0' is not between 1 and"), (["--gpus", "16..8"], "is empty: 16 is above 8"),
                               (["--price", "nan", "--tokens", "1T"], "'nan' is no price"),
                               (["--price", "-2", "--tokens", "1T"], "'-2' is no price"),
                               (["--tokens", "0"], "--tokens: error: must be at least 1"),
                               (["--jobs", "0"], "not in range"), (["--jobs", "1000000"], "not in range")):
            result = self.done("plan", self.scenario(support.SMALL), *options, status=2)
            self.assertIn(words, result.stderr)
            self.assertEqual(result.stdout, "")

    # However early it comes: what was not looked at neither fails to fit nor is too slow.
    def test_an_interrupted_search_tells_what_it_has(self):
        file = os.path.join(support.SOURCE, "scenarios", "deepseek-v3-2048-h800.yaml")
        for options in (["--format", "json"], []):
            child = subprocess.Popen([support.ORRERY, "plan", file, "--progress", "json", *options], text=True,
                                     stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            child.stderr.readline()
            child.send_signal(signal.SIGINT)
            told, said = child.communicate(timeout=60)
            self.assertEqual(child.returncode, 130)
            self.assertIn("interrupted", said)
            if options:
                plan = json.loads(told)
                self.assertEqual((plan["complete"], plan["pruned_by_bound"]), (False, 0))
                continue
            self.assertNotIn("No layout fits", told)
            counts = [int(n.replace(",", "")) for n in re.findall(r"([\d,]+) (?:simulated|not looked|do not fit|contradict)", told)]
            candidates = re.search(r"([\d,]+) that fill", told)[1]
            self.assertEqual(sum(counts), int(candidates.replace(",", "")))

    def test_nothing_that_fits_is_status_4(self):
        file = self.scenario(support.SMALL.replace("{layers: 4, hidden: 2048", "{layers: 128, hidden: 65536"))
        result = self.done("plan", file, "-q", "--keep", "training.micro_batch", "--keep", "layout.zero", status=4)
        self.assertIn("No layout fits", result.stdout)


support.main()
