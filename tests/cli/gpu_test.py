"""orrery-gpu as it is, on GPUs that are not there (tests/validate/pretend_cuda): several processes, NCCL, faults."""
import json
import os
import signal
import socket
import subprocess
import time
import unittest

import support

ORRERY_GPU = os.path.join(os.path.dirname(support.ORRERY), "orrery-gpu")
PRETENDED = os.path.join(os.path.dirname(os.path.dirname(support.ORRERY)), "pretend_cuda")

MODEL = "{layers: 8, hidden: 2048, heads: 16, vocab: 8192, activation: swiglu, norm: rmsnorm, ffn: 5632%s}"
FOUR = """\
name: four
model:    %s
cluster:  {preset: dgx-h100, nodes: 1, gpus_per_node: 4}
training: {sequence_length: 1024, global_batch: 16, micro_batch: 1}
layout:   {%s}
simulation: {network: analytic}  # nothing slows anything else on GPUs that are pretended
%s
"""
PIPELINE = ("tp: 1, pp: 4", "pipeline: {schedule: zb-v}")


def children_of(parent):
    """Process ids and command lines."""
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8") as stat, open(f"/proc/{name}/cmdline", encoding="utf-8") as words:
                if int(stat.read().rsplit(")", 1)[1].split()[1]) == parent:
                    yield int(name), words.read().split("\0")
        except OSError:
            pass  # it has ended


def end(process):
    process.kill()
    process.communicate()


@unittest.skipUnless(os.path.isdir(PRETENDED), "there is no CUDA toolkit to pretend with")
class PretendedGpus(support.Case):
    def four(self, layout="tp: 2, pp: 2", rest="", model=""):
        return self.scenario(FOUR % (MODEL % model, layout, rest))

    def environment(self, **settings):
        return {**os.environ, "LD_LIBRARY_PATH": PRETENDED, **{f"PRETEND_{k}": str(v) for k, v in settings.items()}}

    def on_gpus(self, *arguments, status=0, **settings):
        return self.done(*arguments, status=status, env=self.environment(**settings))

    def compared(self, scenario, *arguments, **settings):
        result = self.on_gpus("validate", scenario, *arguments, "--steps", "4", "--format", "json", "-q", **settings)
        return json.loads(result.stdout)

    def calibrated(self, scenario, *arguments):
        path = self.path("calibration.json")
        self.on_gpus("calibrate", scenario, *arguments, "--exact", "-q", "-o", path)
        return "calibration=" + path

    def assert_predicted(self, comparison, error):
        step = comparison["step_time_s"]
        self.assertAlmostEqual(step["predicted"] / step["measured"], 1, delta=error)
        waiting = comparison["bubble_fraction"]
        self.assertAlmostEqual(waiting["predicted"], waiting["measured"], delta=error)
        peak = comparison["peak_bytes"]
        self.assertEqual(peak["predicted"], peak["measured"])
        self.assertGreater(comparison["order_tau"], 0.999)

    def assert_reserved_as_predicted(self, comparison):
        reserved = comparison["reserved_bytes"]
        self.assertEqual(reserved["measured"], reserved["predicted"])
        # Beside operands only the workspaces of products: one of 32 MiB a stream.
        self.assertLess(comparison["runtime_bytes"]["measured"], 200 << 20)

    # The whole loop, with a truth that is known: what calibration finds alone is what a step is made of.
    def check_layout(self, *scenario):
        file = self.four(*scenario)
        comparison = self.compared(file, "--gpus", "4", "--set", self.calibrated(file, "--gpus", "4"))
        self.assert_predicted(comparison, 0.005)
        self.assert_reserved_as_predicted(comparison)

    def test_tensor_and_pipeline_parallelism(self):
        self.check_layout()

    def test_pipelines_whose_messages_cross(self):
        self.check_layout(*PIPELINE)

    def test_sharded_states(self):
        self.check_layout("dp: 4, zero: 3")

    def test_experts(self):
        self.check_layout("tp: 1, dp: 4, ep: 4", "", ", moe: {experts: 8, top_k: 2, ffn: 2816}")

    def test_rings_of_context_parallelism(self):
        self.check_layout("tp: 1, cp: 4")

    def test_virtual_ranks_eagerly_and_as_a_graph(self):
        file = self.four(*PIPELINE)
        device = ("--virtual-ranks", "4", "--sms", "16")
        calibration = self.calibrated(file, *device)
        eager = self.compared(file, *device, "--set", calibration)
        self.assert_predicted(eager, 0.005)
        self.assertIn("ranks have 16 SMs each, transfers and delays 8 of their own", eager["notes"])
        graph = self.compared(file, *device, "--graph", "--set", calibration)
        self.assertAlmostEqual(graph["step_time_s"]["measured"], eager["step_time_s"]["measured"], delta=1e-6)
        self.assertTrue(any("graph mode" in note for note in graph["notes"]), graph["notes"])

    def test_a_graph_of_several_processes(self):
        file = self.four(*PIPELINE)
        eager, graph = (self.compared(file, "--gpus", "4", *mode) for mode in ([], ["--graph"]))
        for figure in ("step_time_s", "bubble_fraction"):
            self.assertAlmostEqual(graph[figure]["measured"], eager[figure]["measured"], delta=1e-4)
        self.assertTrue(any("graph mode" in note for note in graph["notes"]), graph["notes"])

    def test_shares_of_a_gpu_that_gives_fewer_pieces(self):
        notes = self.compared(self.four(), "--virtual-ranks", "4")["notes"]
        self.assertIn("ranks have 32 SMs each", " ".join(notes))

    def test_a_slow_gpu_is_named(self):
        notes = self.compared(self.four(), "--gpus", "4", SLOW_GPU=2)["notes"]
        self.assertTrue(any("rank 2 was slow" in note for note in notes), notes)
        self.assertIn("clocks were held down: power cap, rank 2", notes)

    def test_out_of_memory_says_what_was_asked_for(self):
        error = self.on_gpus("validate", self.four(), "--gpus", "4", status=1, MEMORY=2e9).stderr
        self.assertRegex(error, r"rank \d: no memory for \d+ bytes of training states in step 0")
        self.assertIn("predicted were", error)
        error = self.on_gpus("validate", self.four(), "--gpus", "4", status=1, MEMORY=3.6e9).stderr
        self.assertRegex(error, r"rank 0: no memory for \d+ bytes of 'activations' \(activations\) in step \d")

    def test_an_error_of_the_gpu_says_where_it_was_noticed(self):
        error = self.on_gpus("validate", self.four(), "--gpus", "4", status=1, FAILS_AT=2000).stderr
        self.assertRegex(error, r"rank 0, step \d+, stream \d+, op \d+: ")
        self.assertIn("cudaErrorECCUncorrectable", error)
        self.assertIn("the run is partial", error)

    def test_fewer_gpus_than_asked_for(self):
        error = self.on_gpus("validate", self.four(), "--gpus", "4", status=7, GPUS=2).stderr
        self.assertIn("4 GPUs are asked for, and there are 2", error)

    def test_faults_of_a_scenario_are_told_once(self):
        error = self.on_gpus("calibrate", self.four("tp: 2, colour: red"), "--gpus", "4", "-q", status=3).stderr
        self.assertEqual(error.count("unknown key"), 1, error)

    def launched(self, ranks, *arguments):
        """Processes with torchrun's variables, by rank."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        file = self.four(*PIPELINE)
        processes = {}
        for rank in ranks:
            place = dict(RANK=rank, LOCAL_RANK=rank, WORLD_SIZE=4, MASTER_ADDR="127.0.0.1", MASTER_PORT=port)
            processes[rank] = subprocess.Popen(
                [ORRERY_GPU, "run", file, "--record", self.path("record"), *arguments], stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, text=True, env={**self.environment(), **{k: str(v) for k, v in place.items()}})
            self.addCleanup(end, processes[rank])
        return processes

    def test_a_launcher_starts_the_processes(self):
        processes = self.launched(range(4), "--steps", "2")
        for rank, process in processes.items():
            _, error = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 0, f"rank {rank}: {error}")
        with open(self.path("record"), "rb") as file:
            record = json.loads(file.readline())
        self.assertEqual(len(record["memory"]), 4)
        self.assertGreater(record["spans"], 1000)

    def test_a_process_that_does_not_come_is_named(self):
        processes = self.launched([0, 1, 3], "--deadline", "3")
        for process in processes.values():
            _, error = process.communicate(timeout=60)
            self.assertNotEqual(process.returncode, 0)
            if process is processes[0]:
                self.assertRegex(error, r"these ranks did not come to .* within 3 s: 2")

    def test_a_process_that_hangs_is_given_up(self):
        processes = self.launched(range(4), "--steps", "300", "--deadline", "4")
        time.sleep(3)
        processes[2].send_signal(signal.SIGSTOP)
        ended = [process.communicate(timeout=60)[1] for rank, process in processes.items() if rank != 2]
        self.assertEqual([processes[rank].returncode for rank in (0, 1, 3)], [1, 1, 1], ended)
        with open(self.path("record"), "rb") as file:
            faults = " ".join(json.loads(file.readline())["faults"])
        self.assertIn("within 4 s", faults)
        self.assertIn("rank 2 left no record", faults)

    def running(self, *arguments):
        trace = self.path("trace.json")
        process = subprocess.Popen(
            [support.ORRERY, "validate", self.four(*PIPELINE), "--gpus", "4", "--steps", "300", "--trace", trace, *arguments],
            env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(end, process)
        return process

    def ranks_of(self, process):
        """Process ids of the ranks, once all run."""
        for _ in range(200):
            ranks = {words[words.index("--rank") + 1]: pid for pid, words in children_of(process.pid) if "--rank" in words}
            if len(ranks) == 4:
                return ranks
            time.sleep(0.05)
        self.fail("the processes of four ranks did not start")

    def after(self, sent, *arguments):
        """What a run complains of whose rank 2 is sent a signal in the middle."""
        process = self.running(*arguments)
        ranks = self.ranks_of(process)
        time.sleep(2)
        os.kill(ranks["2"], sent)
        _, error = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 1, error)
        self.assertIn("the process of rank 2 ended by signal 9", error)
        return error

    def test_a_process_that_dies_is_named_and_the_others_end(self):
        self.assertRegex(self.after(signal.SIGKILL), r"rank 0.*: rank 2 \(host .*\) is gone")

    def test_a_process_that_hangs_is_killed_when_the_others_have_ended(self):
        self.assertIn("within 2 s", self.after(signal.SIGSTOP, "--deadline", "2"))

    def test_a_calibration_goes_on_where_it_was_interrupted(self):
        file, out = self.four(), self.path("calibration.json")
        command = [support.ORRERY, "calibrate", file, "--gpus", "4", "--exact", "-o", out]
        process = subprocess.Popen(command, env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(end, process)
        for line in process.stderr:
            if "attention: done" in line:
                process.send_signal(signal.SIGINT)
                break
        _, error = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, error)
        self.assertIn("the same command goes on", error)
        again = self.on_gpus("calibrate", file, "--gpus", "4", "--exact", "-o", out).stderr
        self.assertNotIn("attention: measuring", again)
        self.assertIn("collectives: done", again)
        self.assertTrue(os.path.exists(out))

    def test_an_interrupt_ends_all_and_keeps_what_there_is(self):
        process = self.running()
        self.ranks_of(process)
        time.sleep(2)
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, error)
        self.assertIn("the run is partial", error)


support.main()
