"""What the claims page asks the program: states, sizes, rates, schedules, bytes moved."""
import functools
import json
import math
import os
import re
import subprocess
import tempfile

# Some model to weigh states and count bytes with; no figure on the page depends on which.
SOME = {"layers": 16, "hidden": 1024, "ffn": 4096, "heads": 16, "vocab": 1024, "activation": "gelu", "tied_embeddings": False}


class Program:
    def __init__(self, orrery, root):
        self.orrery, self.root = orrery, root

    def ask(self, *arguments):
        result = subprocess.run([self.orrery, *map(str, arguments)], cwd=self.root, capture_output=True, text=True)
        if result.returncode:
            raise RuntimeError(f"orrery {' '.join(map(str, arguments))}: {result.stderr}")
        return json.loads(result.stdout)

    def run(self, model=SOME, gpus=1, cluster=None, training=None, software="ideal", **layout):
        scenario = {
            "name": "claim", "model": model, "software": software,
            "cluster": cluster or {"preset": "ideal", "nodes": 1, "gpus_per_node": gpus},
            "training": {"sequence_length": 256, "global_batch": layout.get("dp", 1), "micro_batch": 1, "precision": "bf16",
                         "gradients": "bf16", **(training or {})},
            "layout": layout,
        }
        return self.run_text(json.dumps(scenario))

    @functools.lru_cache(None)
    def run_text(self, text):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "claim.yaml")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            return self.ask("run", path, "--format", "json")

    def parameters(self, model):
        return self.run(model)["memory"]["stages"][0]["parameters_bytes"] / 2

    def active_parameters(self, model):
        """The palm convention counts 6 FLOPs for each active parameter, and 12 L a d for each token before it."""
        counts = [self.run(model, training={"sequence_length": s})["flops_conventions"]["palm"]["model_tflops_per_gpu"]
                  * self.run(model, training={"sequence_length": s})["step_time_s"] * 1e12 / s for s in (128, 256)]
        return (2 * counts[0] - counts[1]) / 6

    def state_bytes(self, zero=0, dp=1, precision="bf16"):
        """Bytes a parameter: (parameters, gradients, optimizer) on one of dp ranks."""
        result = self.run(gpus=dp, training={"precision": precision}, dp=dp, zero=zero)
        stage = result["memory"]["stages"][0]
        count = self.parameters(SOME)
        return tuple(stage[part + "_bytes"] / count for part in ("parameters", "gradients", "optimizer"))

    def moved(self, layers=16, length=256, **layout):
        """Bytes over NVLink in a step, gradients summed in 16 bits and no input gathered twice."""
        ranks = layout.get("dp", 1) * layout.get("tp", 1)
        cluster = {"preset": "dgx-a100", "nodes": 1, "gpus_per_node": ranks}
        software = {"preset": "ideal", "reduce_in_fp32": False, "regather_inputs": False}
        result = self.run({**SOME, "layers": layers}, cluster=cluster, training={"sequence_length": length}, software=software,
                          **layout)
        return result["network"]["bytes_by_link_kind"]["nvlink"]

    def moved_by_layers(self, **layout):
        """What grows with depth and with length alike: the activations that layers exchange, without ends and gradients."""
        deeper = [self.moved(16, length, **layout) - self.moved(8, length, **layout) for length in (512, 256)]
        return deeper[0] - deeper[1]

    def peak(self, cluster, precision="bf16"):
        """Dense peak in TFLOP/s, from a run's rate over its share of the peak."""
        result = self.run(cluster={"preset": cluster, "nodes": 1, "gpus_per_node": 1}, training={"precision": precision})
        return result["model_tflops_per_gpu"] / result["mfu"]

    def schedule(self, name, p, m, costs="1,1,1,0", **options):
        extra = [item for key, value in options.items() for item in (f"-{key}" if len(key) == 1 else f"--{key}", value)]
        return self.ask("schedule", "--schedule", name, "-p", p, "-m", m, "--costs", costs, *extra, "--format", "json")

    def gpus(self, **layout):
        """How many a layout takes: the cluster of any other size is refused."""
        return self.run(gpus=math.prod(layout.values()), **layout)["gpus"]

    def recompute_overhead(self):
        full, none = (self.run(training={"recompute": what})["hardware_flops_per_step"] for what in ("full", "none"))
        return full / none - 1

    def first_start(self, rank):
        """The slot in which a rank starts micro-batch 0: forwards alone, down to this rank."""
        return self.schedule("gpipe", rank + 1, 1, "1,0,0,0")["makespan"] - 1

    def nvlink(self, generation):
        """GB/s of a GPU's NVLinks in one direction, as the datasheet has it: what every cluster file leans on."""
        with open(os.path.join(self.root, "scenarios", "hardware", "links.yaml"), encoding="utf-8") as file:
            return float(re.search(rf"^ *{generation}: {{bandwidth: ([0-9.]+)GB/s", file.read(), re.MULTILINE)[1])
