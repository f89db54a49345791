"""`orrery import`: what it writes is a scenario that reads, and what it cannot is told."""
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


class Import(support.Case):
    def test_what_comes_out_is_checked_and_run(self):
        script = self.scenario(SCRIPT, "train.sh")
        out = self.path("out.yaml")
        self.assertIn("values were assumed", self.done("import", "--from", "megatron", script, "-o", out).stderr)
        self.done("check", out)
        result = self.done("run", out, "--format", "json").stdout
        self.assertIn('"gpus": 16', result)
        with open(out, encoding="utf-8") as file:
            self.assertIn("# assumed: ", file.read())

    def test_options_stand_in_for_what_the_file_leaves_open(self):
        script = self.scenario(SCRIPT, "train.sh")
        text = self.done("import", "--from", "megatron", script, "--gpus", 32, "--cluster", "dgx-a100", "-q").stdout
        self.assertIn("gpus: 32", text)
        self.assertIn("preset: dgx-a100", text)
        config = self.scenario('{"zero_optimization": {"stage": 1}}', "ds.json")
        self.assertIn("model: llama-3.1-8b", self.done("import", "--from", "deepspeed", config, "--model", "llama-3.1-8b").stdout)

    def test_faults_have_places_and_statuses(self):
        template = self.scenario('{\n  "train_batch_size": CONFIG_BATCH\n}', "ds.json")
        self.assertIn("ds.json:2:23: error: 'CONFIG_BATCH' is not JSON", self.done("import", "--from", "deepspeed", template, status=3).stderr)
        self.assertIn("cannot be opened", self.done("import", "--from", "hf", self.path("none.json"), status=5).stderr)
        self.assertIn("did you mean 'megatron'?", self.done("import", "--from", "megatro", template, status=2).stderr)
        self.assertIn("--gpus", self.done("import", "--from", "hf", template, "--gpus", "many", status=2).stderr)


support.main()
