"""What every end-to-end test shares: the program, a small scenario, a folder to write into."""
import os
import subprocess
import tempfile
import unittest

ORRERY = os.environ.get("ORRERY", "build/bin/orrery")
SOURCE = os.environ.get("ORRERY_SOURCE", os.getcwd())

# Four stages, eight micro-batches, free links, next to no vocabulary: only the pipeline is left.
BUBBLE = """\
name: four by eight
model:    {layers: 32, hidden: 4096, ffn: 16384, heads: 32, vocab: 128}
cluster:  {preset: ideal, nodes: 1, gpus_per_node: 4}
training: {sequence_length: 2048, global_batch: 8, micro_batch: 1}
layout:   {tp: 1, pp: 4}
pipeline: {schedule: 1f1b}
software: ideal
"""

# One node of eight H100, small enough to be quick everywhere.
SMALL = """\
name: small
model:    {layers: 4, hidden: 2048, heads: 16, vocab: 32000}
cluster:  {preset: dgx-h100, nodes: 1}
training: {sequence_length: 1024, global_batch: 16, micro_batch: 1}
layout:   {tp: 2, pp: 2}
"""


def orrery(*arguments, **options):
    """Runs the program; gives its status, standard output and standard error."""
    return subprocess.run([ORRERY, *map(str, arguments)], capture_output=True, text=True, timeout=600, **options)


class Case(unittest.TestCase):
    """A test with a folder of its own, where it can put scenarios."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def scenario(self, text, name="scenario.yaml"):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def done(self, *arguments, status=0, **options):
        """Runs the program and expects this exit status."""
        result = orrery(*arguments, **options)
        self.assertEqual(result.returncode, status, result.stderr[-2000:])
        return result


def main():
    unittest.main(verbosity=1)
