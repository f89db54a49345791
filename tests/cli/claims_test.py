"""docs/claims.md is what the program computes, and what others computed of the same claims."""
import csv
import os
import re
import subprocess
import sys
import unittest

from support import ORRERY, SOURCE, main

sys.path.insert(0, os.path.join(SOURCE, "scripts"))
from claims_list import CLAIMS, VERDICTS  # noqa: E402
from claims_program import Program  # noqa: E402

SEED = os.path.join(SOURCE, "..", "shared", "data", "memory", "seed_claims.csv")


def number(text):
    """Of '1.4' and of '1.3125 / 1.18868' the first; None where the text is no number."""
    found = re.fullmatch(r"([0-9.e+]+)( / [0-9.e+]+)*", text)
    return float(found[1]) if found else None


class Claims(unittest.TestCase):
    def test_the_page_is_what_the_program_says(self):
        check = subprocess.run([os.path.join(SOURCE, "scripts", "claims"), "--check", ORRERY], capture_output=True, text=True)
        self.assertEqual(check.returncode, 0, check.stderr[-2000:])

    def test_whatever_is_not_right_says_why(self):
        for claim in CLAIMS:
            self.assertIn(claim.verdict, VERDICTS, claim.id)
            self.assertTrue(claim.why or claim.verdict == "right", claim.id)

    @unittest.skipUnless(os.path.exists(SEED), "../shared/data is not here")
    def test_agrees_with_the_table_of_claims(self):
        program = Program(os.path.abspath(ORRERY), SOURCE)
        with open(SEED, encoding="utf-8") as file:
            rows = {row["id"]: row for row in csv.DictReader(file)}
        self.assertEqual([claim.id for claim in CLAIMS], list(rows))
        for claim in CLAIMS:
            row = rows[claim.id]
            self.assertEqual(claim.verdict, row["verdict"].split()[0].rstrip(","), claim.id)
            told = number(row["computed"])
            if told is None or not claim.compute:
                continue
            value = claim.compute(program)
            # Of a wrong claim the table sometimes has the claim's own sum, and the right one in the formula.
            if claim.verdict == "wrong" and f"{value:.0f}" in re.findall(r"[0-9]+", row["formula"]):
                continue
            self.assertAlmostEqual(value, told, delta=max(0.006 * abs(told), 1e-4), msg=claim.id)


if __name__ == "__main__":
    main()
