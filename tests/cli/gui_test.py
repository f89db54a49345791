"""`orrery-gui --render` and what it refuses, end to end; without a display."""
import os
import subprocess
import unittest

import support

GUI = os.path.join(os.path.dirname(support.ORRERY), "orrery-gui")


@unittest.skipUnless(os.path.exists(GUI), "orrery-gui is not built here")
class Gui(support.Case):
    def gui(self, *arguments, status=0):
        environment = dict(os.environ, QT_QPA_PLATFORM="offscreen")
        result = subprocess.run([GUI, *arguments], capture_output=True, text=True, timeout=120, check=False,
                                env=environment)
        self.assertEqual(result.returncode, status, result.stderr[-2000:])
        return result

    def test_a_picture_of_a_scenario(self):
        scenario, picture = self.scenario(support.BUBBLE), self.path("out.png")
        self.gui("--render", picture, "--select", "fc1", "--group", "pipeline", "--theme", "dark", scenario)
        with open(picture, "rb") as file:
            self.assertEqual(file.read(8), b"\x89PNG\r\n\x1a\n")

    def test_help_and_version_need_no_display(self):
        environment = {name: value for name, value in os.environ.items()
                       if name not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
        for option in ("--help", "-h", "--version"):
            result = subprocess.run([GUI, option], capture_output=True, text=True, timeout=60, check=False,
                                    env=environment)
            self.assertEqual(result.returncode, 0, result.stderr[-2000:])
            self.assertIn("orrery-gui", result.stdout)

    def test_what_it_does_not_know_is_refused(self):
        scenario, picture = self.scenario(support.BUBBLE), self.path("out.png")
        for option, value in (("--theme", "blue"), ("--colour", "age"), ("--group", "gpu"), ("--panel", "all"),
                              ("--zoom", "2s,1s"), ("--size", "10x10"), ("--align", "1")):
            errors = self.gui("--render", picture, option, value, scenario, status=2).stderr
            self.assertIn(option, errors)
        both = (scenario, scenario)
        self.assertIn("--align 3,5", self.gui("--render", picture, "--align", "last", *both, status=2).stderr)
        self.assertIn("has steps", self.gui("--render", picture, "--align", "99", *both, status=5).stderr)
        self.assertIn("--zoom is for --render", self.gui("--zoom", "1s,2s", scenario, status=2).stderr)
        self.assertIn("'nothing'", self.gui("--render", picture, "--select", "nothing", scenario, status=5).stderr)
        self.assertFalse(os.path.exists(picture))


if __name__ == "__main__":
    unittest.main()
