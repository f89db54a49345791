#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "cli/command/command.h"
#include "cli/options/options.h"

namespace orrery::cli {
namespace {

// A command as completion needs it, read off the option tree.
struct CommandWords {
  std::string name, description;
  std::vector<const CLI::Option*> options;
};

std::vector<CommandWords> commands_of(const CLI::App& app) {
  std::vector<CommandWords> commands;
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    CommandWords words{sub->get_name(), sub->get_description(), {}};
    for (const CLI::Option* option : sub->get_options())
      if (option->nonpositional()) words.options.push_back(option);
    commands.push_back(std::move(words));
  }
  return commands;
}

std::string flags(const CLI::Option& option) {
  std::string text;
  for (const std::string& name : option.get_snames()) text += " -" + name;
  for (const std::string& name : option.get_lnames()) text += " --" + name;
  return text.substr(1);
}

// "table json jsonl" where an option takes one of a few words, else nothing.
std::string choices(const CLI::Option& option) {
  std::string text = option.get_option_text();
  if (text.find('|') == std::string::npos || text.find('[') != std::string::npos) return "";
  for (char& c : text)
    if (c == '|') c = ' ';
  return text;
}

// One quote ends a shell's quoted text: say it another way.
std::string quoted(std::string text) {
  for (std::size_t at = 0; (at = text.find('\'', at)) != std::string::npos; at += 4) text.replace(at, 1, "'\\''");
  return "'" + text + "'";
}

std::string bash(const std::vector<CommandWords>& commands) {
  std::string names, cases, values;
  for (const CommandWords& command : commands) {
    names += (names.empty() ? "" : " ") + command.name;
    std::string all;
    for (const CLI::Option* option : command.options) {
      all += (all.empty() ? "" : " ") + flags(*option);
      if (const std::string words = choices(*option); !words.empty())
        values += "    " + command.name + ":--" + option->get_lnames().front() + ") words=" + quoted(words) + " ;;\n";
    }
    cases += "    " + command.name + ") words=" + quoted(all) + " ;;\n";
  }
  return "_orrery() {\n"
         "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]} "
         "words=\n"
         "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
         "    COMPREPLY=($(compgen -W " +
         quoted(names + " help --help --version") +
         " -- \"$current\"))\n"
         "    return\n"
         "  fi\n"
         "  case \"$command:$previous\" in\n" +
         values +
         "  esac\n"
         "  if [ -z \"$words\" ] && [[ $current == -* ]]; then\n"
         "    case \"$command\" in\n" +
         cases +
         "    esac\n"
         "  fi\n"
         "  [ -z \"$words\" ] || COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
         "}\n"
         "complete -o default -F _orrery orrery\n";
}

std::string zsh(const std::vector<CommandWords>& commands) {
  std::string list, cases;
  for (const CommandWords& command : commands) {
    list += "    " + quoted(command.name + ":" + command.description) + '\n';
    cases += "    " + command.name + ") _values -w option";
    for (const CLI::Option* option : command.options)
      if (!option->get_lnames().empty())
        cases += " " + quoted("--" + option->get_lnames().front() + "[" + option->get_description() + "]");
    cases += " ;;\n";
  }
  return "#compdef orrery\n"
         "_orrery() {\n"
         "  local -a commands=(\n" +
         list +
         "  )\n"
         "  if (( CURRENT == 2 )); then\n"
         "    _describe command commands\n"
         "    return\n"
         "  fi\n"
         "  if [[ $words[CURRENT] != -* ]]; then\n"
         "    _files\n"
         "    return\n"
         "  fi\n"
         "  case $words[2] in\n" +
         cases +
         "  esac\n"
         "}\n"
         "_orrery \"$@\"\n";
}

std::string fish(const std::vector<CommandWords>& commands) {
  std::string text;
  for (const CommandWords& command : commands) {
    text += "complete -c orrery -n __fish_use_subcommand -f -a " + command.name + " -d " + quoted(command.description) +
            '\n';
    for (const CLI::Option* option : command.options) {
      text += "complete -c orrery -n " + quoted("__fish_seen_subcommand_from " + command.name);
      for (const std::string& name : option->get_snames()) text += " -s " + name;
      for (const std::string& name : option->get_lnames()) text += " -l " + name;
      if (const std::string words = choices(*option); !words.empty()) text += " -x -a " + quoted(words);
      text += " -d " + quoted(option->get_description()) + '\n';
    }
  }
  return text;
}

}  // namespace

void add_completion(CLI::App& app, int& status) {
  auto shell = std::make_shared<std::string>();
  CLI::App& sub = *app.add_subcommand("completion", "Print completion for a shell");
  one_of(sub.add_option("SHELL", *shell, "Which shell")->required(), {"bash", "zsh", "fish"});
  sub.footer(
      "Examples:\n"
      "  source <(orrery completion bash)\n"
      "  orrery completion fish > ~/.config/fish/completions/orrery.fish");
  sub.callback([shell, &app, &status] {
    const auto commands = commands_of(app);
    std::cout << (*shell == "bash" ? bash(commands) : *shell == "zsh" ? zsh(commands) : fish(commands));
    status = kDone;
  });
}

}  // namespace orrery::cli
