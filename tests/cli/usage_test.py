"""How the program answers those who call it wrongly."""
import os
import re

import support


class Usage(support.Case):
    def test_alone_it_says_how_it_is_meant(self):
        result = self.done(status=2)
        self.assertIn("Usage", result.stderr)
        self.assertEqual(result.stdout, "")

    def test_version(self):
        self.assertRegex(self.done("--version").stdout, r"^orrery \d+\.\d+\.\d+\n$")

    def test_every_command_has_help_with_examples_that_fits_a_screen(self):
        for command in ["run", "check", "explain", "memory", "schedule", "topo", "completion"]:
            for asked in [(command, "--help"), ("help", command)]:
                text = self.done(*asked).stdout
                self.assertIn("Examples:", text, command)
                self.assertLessEqual(len(text.splitlines()), 40, command)

    def test_help_names_the_whole_command_line(self):
        for asked in [("run", "--help"), ("help", "run")]:
            self.assertIn("Usage: orrery run ", self.done(*asked).stdout)

    def test_help_goes_down_to_a_command_of_a_command(self):
        for asked in [("sweep", "run", "--help"), ("help", "sweep", "run")]:
            self.assertIn("Usage: orrery sweep run [OPTIONS] FILE", self.done(*asked).stdout)
        self.assertIn("Usage: orrery [OPTIONS] SUBCOMMAND", self.done("help", "--help").stdout)
        for asked in [("sweep", "rnu"), ("help", "sweep", "rnu"), ("sweep", "rnu", "--top", "3")]:
            self.assertIn("there is no command 'sweep rnu'; did you mean 'run'?", self.done(*asked, status=2).stderr)
        self.assertIn("sweep run: FILE is required", self.done("sweep", "run", status=2).stderr)
        self.assertIn("sweep: A subcommand is required", self.done("sweep", status=2).stderr)

    def test_help_knows_every_key_of_a_scenario(self):
        text = self.done("help", "layout.tp").stdout
        self.assertIn("Tensor-parallel degree.", text)
        self.assertRegex(text, r"default +1\n")
        self.assertIn("layout.order", self.done("help", "layout").stdout)
        self.assertIn("did you mean 'layout.tp'?", self.done("help", "layout.tpp", status=2).stderr)
        with open(os.path.join(support.SOURCE, "docs", "scenario.md"), encoding="utf-8") as page:
            keys = re.findall(r"^\| `([a-z_.]+)` \|", page.read(), re.MULTILINE)
        self.assertGreater(len(keys), 80)
        for key in keys[::7]:
            self.assertTrue(self.done("help", key).stdout.startswith(key + "\n"), key)

    def test_an_unknown_command_gets_a_suggestion(self):
        result = self.done("rnu", status=2)
        self.assertIn("no command 'rnu'; did you mean 'run'?", result.stderr)

    def test_an_unknown_option_gets_a_suggestion(self):
        result = self.done("run", "--formt", "json", "x.yaml", status=2)
        self.assertIn("unknown option '--formt'; did you mean '--format'?", result.stderr)

    def test_an_unknown_value_gets_a_suggestion(self):
        result = self.done("run", "--format", "jsno", "x.yaml", status=2)
        self.assertIn("did you mean 'json'?", result.stderr)

    def test_a_file_is_needed(self):
        for command in ["run", "check", "explain", "memory"]:
            self.assertIn("FILE is required", self.done(command, status=2).stderr, command)

    def test_an_option_needs_its_value(self):
        for option in ["--set", "--format", "--trace"]:
            self.assertIn(f"{option} needs a value", self.done("run", "x.yaml", option, status=2).stderr)

    def test_an_empty_value_is_none(self):
        group = ("collective", "all-reduce", "--cluster", "dgx-h100")
        for option in ["--ranks", "--bytes", "--nccl", "--algo"]:
            self.assertIn(f"{option}: is empty", self.done(*group, option, "", status=2).stderr)
        self.assertIn("--trace: is empty", self.done("run", "x.yaml", "--trace", "", status=2).stderr)

    def test_set_needs_an_equals_sign(self):
        self.assertIn("KEY=VALUE", self.done("run", "--set", "layout.tp", "x.yaml", status=2).stderr)

    def test_several_files_are_not_one_document(self):
        result = self.done("run", "--format", "json", "a.yaml", "b.yaml", status=2)
        self.assertIn("jsonl", result.stderr)

    def test_complaints_go_to_standard_error_one_a_line(self):
        result = self.done("run", "nowhere.yaml", status=5)
        self.assertEqual(result.stdout, "")
        self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
        self.assertIn("nowhere.yaml", result.stderr)

    def test_a_folder_is_not_a_scenario(self):
        self.assertEqual(len(self.done("run", self.folder, status=5).stderr.splitlines()), 1)


class Completion(support.Case):
    def test_each_shell_learns_every_command_and_format(self):
        for shell in ["bash", "zsh", "fish"]:
            script = self.done("completion", shell).stdout
            for word in ["run", "schedule", "format"]:
                self.assertIn(word, script, shell)

    def test_bash_understands_its_script(self):
        script = self.done("completion", "bash").stdout
        script += 'COMP_WORDS=(orrery run --format js); COMP_CWORD=3; _orrery; echo "${COMPREPLY[@]}"\n'
        script += 'COMP_WORDS=(orrery sch); COMP_CWORD=1; _orrery; echo "${COMPREPLY[@]}"\n'
        answer = support.subprocess.run(["bash", "-eu"], input=script, capture_output=True, text=True, check=True)
        self.assertEqual(answer.stdout, "json jsonl\nschedule\n")


support.main()
