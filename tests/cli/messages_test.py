"""Faults of a scenario: every one of them, with its place, in one run."""
import re

import support

BROKEN = support.SMALL.replace("heads: 16", "heds: 16").replace("nodes: 1", "nodes: one").replace("pp: 2", "pp: 3")


class Messages(support.Case):
    def test_every_fault_has_its_place_and_its_line(self):
        file = self.scenario(BROKEN)
        for command in ["run", "check", "explain", "memory"]:
            result = self.done(command, file, status=3)
            self.assertEqual(result.stdout if command != "check" else "", "")
            self.assertRegex(result.stderr, rf"(?m)^{re.escape(file)}:2:\d+: error: .*heds.*did you mean 'heads'\?")
            self.assertRegex(result.stderr, rf"(?m)^{re.escape(file)}:3:\d+: error: ")
            self.assertRegex(result.stderr, r"(?m)^ +2 \| model:.*\n +\| +\^~~~$")

    def test_each_of_many_faults_shows_its_own_line(self):
        text = "training: {}\n" + "".join(f"stranger_{i}: {i}\n" for i in range(2000))
        told = self.done("check", self.scenario(text), status=3).stderr
        shown = dict(re.findall(r"(?m)^ *(\d+) \| (.*)$", told))
        for i in range(2000):
            self.assertEqual(shown[str(i + 2)], f"stranger_{i}: {i}")
        self.assertEqual(shown["1"], "training: {}")

    def test_a_fault_in_set_names_it(self):
        result = self.done("run", self.scenario(support.SMALL), "--set", "layout.tpp=2", status=3)
        self.assertIn("tpp", result.stderr)

    def test_check_counts_and_runs_nothing(self):
        good, bad = self.scenario(support.SMALL, "good.yaml"), self.scenario(BROKEN, "bad.yaml")
        result = self.done("check", good, bad, status=3)
        self.assertEqual(result.stdout, "2 files, 1 with findings\n")
        self.assertEqual(self.done("check", good).stdout, "1 file, 0 with findings\n")

    def test_a_terminal_is_safe_from_a_strangers_file(self):
        file = self.scenario(support.SMALL.replace("name: small", "naem: \x1b[31mred"))
        self.assertNotIn("\x1b", self.done("run", file, status=3).stderr)

    def test_what_has_no_line_has_its_file(self):
        file = self.scenario(support.BUBBLE)
        for command in ["run", "check"]:
            result = self.done(command, file, "--set", "training.global_batch=1000000000", status=3)
            self.assertTrue(result.stderr.startswith(file + ":"), result.stderr)

    def test_each_kind_of_failure_has_its_exit_status(self):
        good = self.scenario(support.SMALL)
        too_big = ["--set", "training.sequence_length=65536", "--set", "model.hidden=16384"]
        cases = [
            (0, ["run", good]),
            (0, ["run", good, *too_big]),
            (1, ["run", good, *too_big, "--require-fit"]),
            (2, ["run", good, "--formt", "json"]),
            (2, ["run", good, "--set", "no equals sign"]),
            (3, ["run", self.scenario(BROKEN, "broken.yaml")]),
            (3, ["run", good, "--set", "layout.tp=three"]),
            (5, ["run", self.path("missing.yaml")]),
            (5, ["run", self.folder]),
            (5, ["run", good, "--output", self.path("no/such/folder")]),
        ]
        for status, arguments in cases:
            with self.subTest(arguments):
                self.done(*arguments, status=status)

    def test_what_is_not_built_yet_is_refused_by_name(self):
        good = self.scenario(support.SMALL)
        result = self.done("run", good, "--set", "serving={}", status=3)
        self.assertIn("'serving' is not supported yet", result.stderr)
        self.assertEqual(result.stdout, "")


support.main()
