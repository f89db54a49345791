"""What the documents say can be done, done; where they point, something is."""
import glob
import os
import re
import shlex

import support

LINK = re.compile(r"\]\(([^)\s#]+)(?:#[^)]*)?\)")
COMMAND = re.compile(r"^build/bin/orrery (.*?)(?:\s+#.*)?$", re.MULTILINE)


def text_of(*parts):
    with open(os.path.join(support.SOURCE, *parts), encoding="utf-8") as file:
        return file.read()


class Docs(support.Case):
    def pages(self):
        names = ["README.md", "CONTRIBUTING.md"]
        names += sorted(os.path.relpath(path, support.SOURCE) for path in glob.glob(os.path.join(support.SOURCE, "docs", "*.md")))
        return names

    def test_every_link_leads_somewhere(self):
        for page in self.pages():
            for target in LINK.findall(text_of(page)):
                if "://" in target:
                    continue
                path = os.path.join(support.SOURCE, os.path.dirname(page), target)
                self.assertTrue(os.path.exists(path), f"{page}: {target}")

    def test_the_index_has_every_page(self):
        index = set(LINK.findall(text_of("docs", "README.md")))
        for page in self.pages():
            name = os.path.basename(page)
            if os.path.dirname(page) == "docs" and name != "README.md":
                self.assertIn(name, index)

    def test_the_readmes_commands_work_word_for_word(self):
        commands = COMMAND.findall(text_of("README.md"))
        self.assertGreaterEqual(len(commands), 5)
        for command in commands:
            words = shlex.split(command)
            if "--store" in words:  # of an earlier build, perhaps with other presets
                store = os.path.join(support.SOURCE, words[words.index("--store") + 1])
                os.makedirs(os.path.dirname(store), exist_ok=True)
                if os.path.exists(store):
                    os.remove(store)
            self.done(*words, cwd=support.SOURCE)

    def test_the_readmes_scenario_is_a_whole_one(self):
        for text in re.findall(r"```yaml\n(.*?)```", text_of("README.md"), re.DOTALL):
            self.assertTrue(self.done("run", self.scenario(text)).stdout.startswith("fits: "))

    def test_the_readmes_report_has_the_lines_of_todays(self):
        # Wall time differs, all else that is told is today's.
        def words(text):
            return [re.findall(r"[A-Za-z][\w/-]*", re.sub(r"\d[\w.,]*|#+|<", " ", line)) for line in text.splitlines()]
        shown = re.search(r"What comes out:\n\n```\n(.*?)```", text_of("README.md"), re.DOTALL)[1]
        report = self.done("run", "scenarios/llama-3.1-70b-64-h100.yaml", cwd=support.SOURCE).stdout
        for now, then in zip(words(report), words(shown)):
            if "node" not in " ".join(now) and "digest" not in now:
                self.assertEqual(now[:2], then[:2], "scripts/refresh-readme brings it up to date")
        digest = re.compile(r"digest ([0-9a-f]{16})")
        self.assertEqual(digest.search(report)[1], digest.search(shown)[1], "scripts/refresh-readme brings it up to date")

    def test_every_ready_scenario_is_on_its_page(self):
        page = text_of("docs", "scenarios.md")
        patterns = [re.escape(name).replace(r"\*", ".*") for name in re.findall(r"`([a-z0-9.*-]+)`", page)]
        for path in glob.glob(os.path.join(support.SOURCE, "scenarios", "*.yaml")):
            name = os.path.basename(path).removesuffix(".yaml")
            known = any(re.fullmatch(pattern, name) for pattern in patterns)
            self.assertTrue(known or name.startswith("llama-3.1-405b"), f"docs/scenarios.md does not tell of {name}")


support.main()
