"""`orrery import`: what it writes is a scenario that reads, and what it cannot is told."""
import json
import os

import support

SCRIPT = """\
GPUS=$((2*8))
ARGS=(
    --num-layers 4
    --hidden-size 1024   # small
    --num-attention-heads 16
    "--seq-length 1024"
    --tensor-model-parallel-size 2
    --global-batch-size 32 --micro-batch-size 1 --bf16
)
torchrun --nproc_per_node 8 --nnodes 2 pretrain_gpt.py ${ARGS[@]} --data-path $DATA
"""


def varint(number):
    out = b""
    while number > 127:
        out, number = out + bytes([number & 127 | 128]), number >> 7
    return out + bytes([number])


def field(tag, value):
    if isinstance(value, int):
        return varint(tag << 3) + varint(value)
    return varint(tag << 3 | 2) + varint(len(value)) + value


def node(number, name, kind, needs=(), duration=0, **attributes):
    """A node of a Chakra execution trace, behind its length."""
    body = field(1, number) + field(2, name.encode()) + field(3, kind) + field(7, duration)
    body += b"".join(field(5, need) for need in needs)
    for key, value in attributes.items():
        body += field(10, field(1, key.encode()) + field(9, value))
    return varint(len(body)) + body


METADATA = varint(7) + field(1, b"0.0.4")
ALL_REDUCE = METADATA + node(0, "all_reduce", 7, comm_type=0, comm_size=1 << 20)
# A layer: 3 ms forward, 6 ms backward, 40 MB of gradients.
LAYER = (METADATA + node(0, "fc_FWD", 4, duration=3000) + node(1, "fc_BWD", 4, [0], 6000) +
         node(2, "grads", 7, [1], comm_type=0, comm_size=40_000_000))
# Two layers over all ranks: the sum of the first one's output, and of the second one's input gradient.
SPLIT = (METADATA + node(0, "fc1_FWD", 4, duration=3000, tensor_size=20_000_000) +
         node(1, "sum", 7, [0], comm_type=0, comm_size=8_000_000) +
         node(2, "fc2_FWD", 4, [1], 3000, tensor_size=20_000_000) + node(3, "fc2_BWD", 4, [2], 6000) +
         node(4, "sum", 7, [3], comm_type=0, comm_size=8_000_000) + node(5, "fc1_BWD", 4, [4], 6000))


class Import(support.Case):
    def traces(self, content, folder="traces", ranks=4):
        os.makedirs(self.path(folder))
        for rank in range(ranks):
            with open(self.path(f"{folder}/job.{rank}.et"), "wb") as file:
                file.write(content)

    def test_what_comes_out_is_checked_and_run(self):
        script = self.scenario(SCRIPT, "train.sh")
        out = self.path("out.yaml")
        self.assertIn("values were assumed", self.done("import", "--from", "megatron", script, "-o", out).stderr)
        self.done("check", out)
        result = self.done("run", out, "--format", "json").stdout
        self.assertIn('"gpus": 16', result)
        with open(out, encoding="utf-8") as file:
            self.assertIn("# assumed: ", file.read())

    # What says how shards are gathered says nothing where there are none.
    def test_torchtitan_without_shards_reads(self):
        toml = self.scenario("""\
[model]
name = "llama3"
flavor = "8B"
[training]
local_batch_size = 1
seq_len = 8192
[parallelism]
data_parallel_replicate_degree = 8
data_parallel_shard_degree = 1
fsdp_reshard_after_forward = "never"
""", "train.toml")
        out = self.path("out.yaml")
        self.done("import", "--from", "torchtitan", toml, "--gpus", "8", "--cluster", "dgx-h100", "-o", out)
        self.done("check", out)
        with open(out, encoding="utf-8") as written:
            self.assertIn("fsdp: no_shard", written.read())

    def test_options_stand_in_for_what_the_file_leaves_open(self):
        script = self.scenario(SCRIPT, "train.sh")
        text = self.done("import", "--from", "megatron", script, "--gpus", 32, "--cluster", "dgx-a100", "-q").stdout
        self.assertIn("gpus: 32", text)
        self.assertIn("preset: dgx-a100", text)
        config = self.scenario('{"zero_optimization": {"stage": 1}}', "ds.json")
        self.assertIn("model: llama-3.1-8b", self.done("import", "--from", "deepspeed", config, "--model", "llama-3.1-8b").stdout)

    def test_an_execution_trace_becomes_a_scenario_and_its_table(self):
        self.traces(LAYER)
        written = []
        for named in ("traces", "traces/job", "traces/job.0.et", "traces/job.3.et"):
            out = self.path("out.yaml")
            self.done("import", "--from", "chakra", self.path(named), "-o", out)
            with open(out, encoding="utf-8") as scenario, open(self.path("out.layers.csv"), encoding="utf-8") as table:
                written.append(scenario.read().split("\n", 1)[1] + table.read())
        self.assertEqual(len(set(written)), 1)
        self.done("check", out)
        result = json.loads(self.done("run", out, "--format", "json").stdout)
        self.assertEqual(result["gpus"], 4)
        # One layer has no input to make a gradient of: forward and one product backward, of the trace's 3 ms each.
        self.assertAlmostEqual(result["time"]["compute_s"], 6e-3, delta=0.1 * 6e-3)
        # A ring sends 2 (n - 1) / n of the bytes from each GPU.
        self.assertAlmostEqual(result["network"]["busiest_links"][0]["bytes"], 40e6 * 1.5, delta=1e5)

    def test_layers_split_over_ranks_exchange_what_the_trace_does(self):
        self.traces(SPLIT)
        out = self.path("out.yaml")
        self.done("import", "--from", "chakra", self.path("traces"), "-o", out)
        self.done("check", out)
        result = json.loads(self.done("run", out, "--format", "json").stdout)
        self.assertEqual(result["layout"]["tp"], 4)
        # Two sums of 8 MB, each 2 (n - 1) / n of its bytes out of each GPU; 3 ms for each of five products.
        self.assertAlmostEqual(result["network"]["busiest_links"][0]["bytes"], 2 * 8e6 * 1.5, delta=1e5)
        self.assertAlmostEqual(result["time"]["compute_s"], 15e-3, delta=0.1 * 15e-3)

    def test_the_table_lies_where_it_is_wanted(self):
        self.traces(LAYER)
        os.makedirs(self.path("tables"))
        table, out = self.path("tables/net.csv"), self.path("out.yaml")
        self.done("import", "--from", "chakra", self.path("traces"), "--table", table, "-o", out)
        self.assertFalse(os.path.exists(self.path("out.layers.csv")))
        with open(out, encoding="utf-8") as file:
            self.assertIn("layer_table: tables/net.csv", file.read())
        self.done("check", out)
        told = self.done("import", "--from", "chakra", self.path("traces"), status=2)
        self.assertIn("give -o FILE or --table FILE", told.stderr)
        self.assertEqual(told.stdout, "")
        same = self.done("import", "--from", "chakra", self.path("traces"), "--table", out, "-o", out, status=2)
        self.assertIn("names the scenario itself", same.stderr)
        script = self.scenario(SCRIPT, "train.sh")
        self.assertIn("--table", self.done("import", "--from", "megatron", script, "--table", table, status=2).stderr)

    def test_a_collective_alone_is_answered_with_a_command_that_runs(self):
        self.traces(ALL_REDUCE)
        told = self.done("import", "--from", "chakra", self.path("traces"), status=3).stderr
        command = next(line.split() for line in told.splitlines() if line.startswith("  orrery collective"))
        self.assertEqual(command[2:], ["all-reduce", "--cluster", "dgx-h100", "--gpus", "4", "--bytes", str(1 << 20)])
        self.assertIn("1048576", self.done(*command[1:]).stdout)

    def test_traces_that_are_not_there_are_told(self):
        self.assertIn("no ", self.done("import", "--from", "chakra", self.path("none"), status=5).stderr)
        self.traces(LAYER)
        os.remove(self.path("traces/job.2.et"))
        told = self.done("import", "--from", "chakra", self.path("traces"), status=3).stderr
        self.assertIn("job.3.et: error: the trace of rank 2 is missing", told)

    def test_faults_have_places_and_statuses(self):
        template = self.scenario('{\n  "train_batch_size": CONFIG_BATCH\n}', "ds.json")
        self.assertIn("ds.json:2:23: error: 'CONFIG_BATCH' is not JSON", self.done("import", "--from", "deepspeed", template, status=3).stderr)
        self.assertIn("cannot be opened", self.done("import", "--from", "hf", self.path("none.json"), status=5).stderr)
        self.assertIn("did you mean 'megatron'?", self.done("import", "--from", "megatro", template, status=2).stderr)
        self.assertIn("--gpus", self.done("import", "--from", "hf", template, "--gpus", "many", status=2).stderr)


support.main()
