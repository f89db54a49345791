"""Plans of fifty small spaces: what a search finds is the best of all that it did not look into."""
import json

import support


class Spaces(support.Case):
    def test_finds_the_best_of_fifty_spaces(self):
        models = ["layers: 4, hidden: 2048, heads: 16", "layers: 6, hidden: 1024, heads: 8, kv_heads: 2, activation: swiglu",
                  "layers: 8, hidden: 4096, heads: 32, norm: rmsnorm", "layers: 4, hidden: 8192, heads: 64, vocab: 128000",
                  "layers: 4, hidden: 1024, heads: 8, moe: {experts: 8, top_k: 2, ffn: 2048}"]
        clusters = ["preset: dgx-h100, nodes: 1", "preset: dgx-a100, nodes: 2", "preset: dgx-h100, gpus: 4, gpu: {memory: 24GiB}",
                    "preset: dgx-1v, nodes: 1", "preset: hgx-h100-roce, nodes: 3"]
        layouts = ["{}", "{zero: 3}"]
        keep = ["--keep", "training.micro_batch", "--set", "training.recompute=none"]
        pruned = 0
        for model in models:
            for cluster in clusters:
                for layout in layouts:
                    text = (f"model: {{{model}{'' if 'vocab' in model else ', vocab: 32000'}}}\ncluster: {{{cluster}}}\n"
                            "training: {sequence_length: 2048, global_batch: 48, micro_batch: 1, precision: fp16}\n"
                            f"layout: {layout}\n")
                    file = self.scenario(text, "space.yaml")
                    few, every = (json.loads(self.done("plan", file, "--format", "json", "-q", "--no-limits", "--top", top, *keep).stdout)
                                for top in ("3", "1000"))
                    self.assertEqual(every["pruned_by_bound"], 0)
                    self.assertEqual(few["layouts"], every["layouts"][:3], text)
                    pruned += few["pruned_by_bound"]
        self.assertGreater(pruned, 1000)


support.main()
