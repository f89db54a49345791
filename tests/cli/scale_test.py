"""The flow network at scale: 16,384 GPUs whose gradients and activations meet on full uplinks."""
import json
import os

import support

FILE = os.path.join(support.SOURCE, "scenarios", "oversubscribed-16k-h100.yaml")


class Scale(support.Case):
    def run_with(self, *settings):
        options = [option for setting in settings for option in ("--set", setting)]
        return json.loads(self.done("run", FILE, *options, "--format", "json").stdout)

    def test_every_rank_gives_the_digest_of_those_that_stand_for_them(self):
        folded, every = self.run_with(), self.run_with("simulation.fold=off")
        self.assertEqual(folded["digest"], every["digest"])
        self.assertEqual(folded["network"], every["network"])
        self.assertEqual((folded["engine"]["ranks_simulated"], every["engine"]["ranks_simulated"]), (16, 16384))

    def test_no_link_carries_more_than_it_can(self):
        result = self.run_with()
        for link in result["network"]["busiest_links"]:
            at_least = link["bytes"] / link["capacity_bytes_per_s"]
            self.assertGreaterEqual(link["busy_s"], at_least)
            self.assertGreaterEqual(result["step_time_s"], link["busy_s"])
        self.assertGreater(result["network"]["busiest_links"][0]["utilisation"], 0.3)

    def test_full_uplinks_slow_the_step(self):
        alone = self.run_with("simulation.network=analytic")["step_time_s"]
        wide = self.run_with("cluster.fabric.oversubscription=1")["step_time_s"]
        shared = self.run_with()["step_time_s"]
        self.assertLessEqual(alone, wide)
        self.assertGreater(shared, 1.2 * wide)


if __name__ == "__main__":
    support.main()
