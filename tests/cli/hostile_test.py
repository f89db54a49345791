"""Files that no scenario is: never a crash, one clear complaint, at once."""
import glob
import os
import time

import support

PLENTY_S = 300  # what hangs is found; the release build needs a tenth of a second, sanitizers on a busy machine many


class Hostile(support.Case):
    def refused(self, path, status, says):
        begin = time.monotonic()
        for command in ["run", "check"]:
            result = self.done(command, path, status=status)
            complaints = [line for line in result.stderr.splitlines() if ": error: " in line]
            self.assertEqual(len(complaints), 1, result.stderr[:1000])
            self.assertTrue(complaints[0].startswith(path), complaints[0])
            self.assertRegex(complaints[0], says)
            self.assertTrue(all(c == "\n" or c.isprintable() for c in result.stderr), "a terminal may obey this")
        self.assertLess(time.monotonic() - begin, PLENTY_S)

    def bytes_refused(self, content, says):
        path = self.path("hostile.yaml")
        with open(path, "wb") as file:
            file.write(content)
        self.refused(path, 3, says)

    def test_a_missing_file(self):
        self.refused(self.path("missing.yaml"), 5, "cannot be opened")

    def test_a_directory(self):
        self.refused(self.folder, 5, "is a directory")

    def test_nothing(self):
        self.bytes_refused(b"", "is empty")

    def test_a_gigabyte_of_nothing(self):
        path = self.path("sparse.yaml")
        with open(path, "wb") as file:
            file.truncate(1 << 30)
        self.refused(path, 3, "is larger than")

    def test_binary_junk(self):
        self.bytes_refused(b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 16, "binary")

    def test_text_that_is_not_utf8(self):
        self.bytes_refused(b"name: caf\xe9 \x9b31m\n", "UTF-8")

    def test_an_alias_bomb(self):
        lines = ["a0: &a0 [" + ", ".join("x" * 10) + "]"]
        lines += [f"a{i}: &a{i} [" + ", ".join([f"*a{i - 1}"] * 10) + "]" for i in range(1, 12)]
        self.bytes_refused("\n".join(lines).encode(), "more than .* values")

    def test_a_hundred_thousand_brackets(self):
        self.bytes_refused(b"model: " + b"[" * 100_000, "nested deeper|must be plain text")

    def test_a_hundred_thousand_braces(self):
        self.bytes_refused(b"model: " + b"{a: " * 100_000, "nested deeper")

    def test_a_preset_that_is_a_directory_or_junk(self):
        junk = self.path("junk.json")
        with open(junk, "wb") as file:
            file.write(b"\x00\xff" * 100)
        for model in [self.folder, junk, self.path("absent.json")]:
            file = self.scenario(support.SMALL.replace("model:    {layers: 4, hidden: 2048, heads: 16, vocab: 32000}",
                                                       f"model: {model}"))
            result = support.orrery("run", file)
            self.assertIn(result.returncode, [3, 5], result.stderr)
            self.assertIn(": error: ", result.stderr)

    def test_what_the_fuzzer_found_ends_with_a_complaint(self):
        for path in sorted(glob.glob(os.path.join(support.SOURCE, "tests", "fuzz", "corpus", "scenario", "*"))):
            result = support.orrery("check", path)
            self.assertIn(result.returncode, [0, 3, 5], f"{path}: {result.stderr[-500:]}")
            self.assertEqual(result.returncode != 0, ": error: " in result.stderr, path)


support.main()
