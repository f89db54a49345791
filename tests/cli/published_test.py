"""What was published, beside what is predicted: `orrery reproduce` over every ready scenario.

The values stand in the scenarios' `published:` keys with their sources, the bars in scenarios/published/bars.yaml;
nothing is tuned per scenario.
"""
import json
import unittest

import support

# The series that must be there: a scenario that loses its published value must not pass unseen.
SERIES = {"korthikanti": 8, "megatron-2021": 7, "llama-3.1-405b": 2}


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


if __name__ == "__main__":
    unittest.main(verbosity=1)
