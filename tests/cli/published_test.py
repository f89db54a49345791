"""What was published, beside what is predicted: each value of every ready scenario within 20 %.

The values stand in the scenarios' `published:` keys with their sources; nothing is tuned per scenario.
"""
import glob
import json
import os
import re
import unittest

import support

WITHIN = 0.20
# The series that must be there: a scenario that loses its published value must not pass unseen.
SERIES = {"korthikanti": 8, "megatron-2021": 7, "llama-3.1-405b": 2}


def scenarios():
    for path in sorted(glob.glob(os.path.join(support.SOURCE, "scenarios", "*.yaml"))):
        with open(path, encoding="utf-8") as file:
            if re.search(r"^published:", file.read(), re.MULTILINE):
                yield path


class Published(support.Case):
    def test_every_series_is_there(self):
        names = [os.path.basename(path) for path in scenarios()]
        for series, rows in SERIES.items():
            self.assertGreaterEqual(sum(name.startswith(series) for name in names), rows, series)

    def test_every_published_value_is_met_within_20_percent(self):
        for path in scenarios():
            document = json.loads(self.done("run", path, "--format", "json").stdout)
            for row in document["published"]:
                with self.subTest(f"{os.path.basename(path)}: {row['metric']} ({row['source']})"):
                    self.assertIsNotNone(row["predicted"], "no such metric")
                    print(f"{os.path.basename(path):32} {row['metric']:22} {100 * row['relative_error']:+6.1f} %")
                    self.assertLessEqual(abs(row["relative_error"]), WITHIN)


if __name__ == "__main__":
    unittest.main(verbosity=1)
