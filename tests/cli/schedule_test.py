"""`orrery schedule`, for those who study schedules."""
import json

import support


class Schedule(support.Case):
    def test_the_classic(self):
        text = self.done("schedule", "--schedule", "1f1b", "-p", 2, "-m", 3, "--format", "csv").stdout
        self.assertEqual([line.replace(" ", "") for line in text.splitlines()],
                         ["0F0,0F1,0B0,0F2,0B1,0B2", "1F0,1B0,1F1,1B1,1F2,1B2"])

    def test_the_bubble_is_the_formula(self):
        # (p - 1) slots of F + B are lost of m + p - 1.
        for p, m in [(2, 2), (4, 8), (8, 32)]:
            text = self.done("schedule", "--schedule", "1f1b", "-p", p, "-m", m, "--costs", "1,1,1,0", "--format", "json").stdout
            self.assertEqual(json.loads(text)["makespan"], 3 * (m + p - 1))

    def test_a_scenario_has_a_schedule_too(self):
        file = self.scenario(support.BUBBLE)
        same = ["--schedule", "1f1b", "-p", 4, "-m", 8]
        self.assertEqual(self.done("schedule", file, "--format", "csv").stdout,
                         self.done("schedule", *same, "--format", "csv").stdout)

    def test_formats(self):
        pipeline = ["schedule", "--schedule", "gpipe", "-p", 2, "-m", 2]
        self.assertIn("rank 0", self.done(*pipeline).stdout)
        self.assertTrue(self.done(*pipeline, "--format", "svg").stdout.startswith("<svg"))

    def test_names(self):
        self.assertIn("did you mean 'gpipe'?", self.done("schedule", "--schedule", "gpip", "-p", 2, "-m", 2, status=2).stderr)

    def test_all_of_them_beside_each_other(self):
        text = self.done("schedule", "--all", "-p", 4, "-m", 8).stdout
        rows = {line.split()[0]: line.split() for line in text.splitlines()}
        self.assertEqual(rows["1f1b"][2:5], ["33.00", "33.00", "0.3750"])
        # Half of a stage a chunk: the bubble is halved.
        self.assertEqual(rows["interleaved-1f1b"][4], "0.1875")
        self.assertEqual(rows["zb-v"][3], "24.00")
        self.assertIn("even", self.done("schedule", "--all", "-p", 3, "-m", 8).stdout)

    def test_a_scenario_under_all_schedules(self):
        text = self.done("schedule", self.scenario(support.BUBBLE), "--all", "--format", "csv").stdout
        rows = dict(line.split(",", 1) for line in text.splitlines())
        self.assertEqual(rows["gpipe"].split(",")[1], rows["1f1b"].split(",")[1])

    def test_an_order_of_ones_own(self):
        order = self.done("schedule", "--schedule", "zb-v", "-p", 2, "-m", 4, "--format", "csv").stdout
        with open(self.path("order.csv"), "w") as file:
            file.write(order)
        again = self.done("schedule", "--schedule", self.path("order.csv"), "--format", "csv").stdout
        self.assertEqual(again, order)
        with open(self.path("order.csv"), "w") as file:
            file.write(order.replace("0W1", "0X1"))
        self.assertIn("order.csv:1:", self.done("schedule", "--schedule", self.path("order.csv"), status=3).stderr)

    def test_shapes_that_cannot_be_are_refused_with_their_numbers(self):
        result = self.done("schedule", "--schedule", "interleaved-1f1b", "-p", 4, "-m", 2, "-v", 2, status=3)
        self.assertRegex(result.stderr, r"\b4\b")
        odd = support.BUBBLE.replace("global_batch: 8", "global_batch: 7").replace("1f1b", "chimera")
        self.assertRegex(self.done("schedule", self.scenario(odd), status=3).stderr, r"scenario\.yaml:6:22: error: chimera")

    def test_what_is_missing_or_too_much_is_told(self):
        self.assertIn("-m", self.done("schedule", "--schedule", "1f1b", "-p", 2, status=2).stderr)
        file = self.scenario(support.BUBBLE)
        self.assertIn("beside a scenario", self.done("schedule", file, "-p", 2, status=2).stderr)


support.main()
