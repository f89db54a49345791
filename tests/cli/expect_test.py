"""Scenarios as tests: every scenarios/*.yaml with an .expect beside it runs and meets it (docs/scenarios.md)."""
import glob
import json
import os
import re
import unittest

import support

LINE = re.compile(r"^(?P<metric>[\w.-]+):\s*(?P<value>\S+)(?:\s+within\s+(?P<percent>[\d.]+)\s*%)?\s*(?:#\s*(?P<reason>.*))?$")
EXACT = 1e-9  # relative, where no tolerance is given: what a printed double loses


def expectations(path):
    """(line number, metric, value, relative tolerance) of every line, reasons checked."""
    reason = None
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file.read().splitlines(), 1):
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            match = LINE.match(line.strip())
            if not match:
                raise ValueError(f"{path}:{number}: not 'metric: value [within N %]  # reason'")
            reason = match["reason"] or reason  # lines below may share one
            if not reason:
                raise ValueError(f"{path}:{number}: an expectation needs its reason")
            value = json.loads(match["value"])
            yield number, match["metric"], value, float(match["percent"] or 100 * EXACT) / 100


def metric(document, path):
    value = document
    for key in path.split("."):
        value = value[int(key)] if isinstance(value, list) else value[key]
    return value


def meets(value, expected, tolerance):
    if isinstance(expected, bool):
        return value is expected
    return abs(value - expected) <= tolerance * abs(expected)


class Expect(support.Case):
    def holds(self, path):
        scenario = path.removesuffix(".expect") + ".yaml"
        document = json.loads(self.done("run", scenario, "--format", "json").stdout)
        for number, name, expected, tolerance in expectations(path):
            with self.subTest(f"{os.path.basename(path)}:{number}: {name}"):
                value = metric(document, name)
                self.assertTrue(meets(value, expected, tolerance), f"{value}, expected {expected} within {tolerance:.2g}")

    def test_every_expectation_has_its_scenario(self):
        for path in FILES:
            self.assertTrue(os.path.exists(path.removesuffix(".expect") + ".yaml"), path)

    def test_a_wrong_expectation_is_noticed(self):
        self.assertFalse(meets(0.2, 0.3, 0.1))
        self.assertFalse(meets(1, 0, 0.1))
        self.assertFalse(meets(False, True, 0.1))
        with open(self.path("bad.expect"), "w", encoding="utf-8") as file:
            file.write("step_time_s: 1\n")
        with self.assertRaisesRegex(ValueError, "reason"):
            list(expectations(self.path("bad.expect")))


FILES = sorted(glob.glob(os.path.join(support.SOURCE, "scenarios", "*.expect")))
for each in FILES:
    case = os.path.basename(each).removesuffix(".expect")
    setattr(Expect, "test_" + re.sub(r"\W", "_", case), lambda self, path=each: self.holds(path))

if __name__ == "__main__":
    if not FILES:
        raise SystemExit("no scenarios/*.expect found: is ORRERY_SOURCE right?")
    unittest.main(verbosity=1)
