"""--plot: drawings as SVG, and as PNG where orrery-png was built."""
import os
import struct
import unittest
import xml.etree.ElementTree

import support

PNG = os.path.join(os.path.dirname(support.ORRERY), "orrery-png")
COLLECTIVE = ["collective", "all-reduce", "--cluster", "dgx-h100", "--nodes", "1"]
TOPO = ["topo", "--cluster", "dgx-h100", "--nodes", "2"]


class Plots(support.Case):
    def size_of(self, path):
        with open(path, "rb") as file:
            head = file.read(24)
        self.assertEqual(head[:8], b"\x89PNG\r\n\x1a\n")
        return struct.unpack(">II", head[16:24])

    @unittest.skipUnless(os.path.exists(PNG), "orrery-png was not built")
    def test_a_picture_has_twice_the_drawing_s_size(self):
        for command in (COLLECTIVE, TOPO):
            svg, png = self.path("a.svg"), self.path("a.png")
            printed = self.done(*command, "--plot", svg).stdout
            self.assertEqual(printed, self.done(*command, "--plot", png).stdout)
            drawing = xml.etree.ElementTree.parse(svg).getroot()
            self.assertEqual(self.size_of(png), tuple(2 * float(drawing.get(side)) for side in ("width", "height")))

    @unittest.skipUnless(os.path.exists(PNG), "orrery-png was not built")
    def test_what_cannot_be_written_is_told(self):
        path = self.path("missing/a.png")
        self.assertIn(path, self.done(*TOPO, "--plot", path, status=5).stderr)

    def test_where_it_was_not_built_png_is_refused_before_anything_runs(self):
        without = dict(os.environ, ORRERY_PNG=self.path("orrery-png"))
        result = self.done(*TOPO, "--plot", self.path("a.png"), status=2, env=without)
        self.assertEqual(result.stdout, "")
        self.assertIn("install-packages png", result.stderr)
        self.done(*TOPO, "--plot", self.path("a.svg"), env=without)
        self.assertIn(".svg or .png", self.done(*TOPO, "--plot", self.path("a.gif"), status=2).stderr)


support.main()
