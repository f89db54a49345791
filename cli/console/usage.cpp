#include "cli/console/usage.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "sim/base/read/suggest.h"

namespace orrery::cli {
namespace {

// The sub-command that was being parsed, or the program itself.
const CLI::App& innermost(const CLI::App& app) {
  const auto parsed = app.get_subcommands();
  return parsed.empty() ? app : innermost(*parsed.front());
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) names.push_back("-" + name);
  }
  return names;
}

// "sweep run", as it is typed behind the program's name.
std::string words_of(const CLI::App& command) {
  const CLI::App* parent = command.get_parent();
  if (parent == nullptr) return "";
  const std::string before = words_of(*parent);
  return before + (before.empty() ? "" : " ") + command.get_name();
}

// The first word that should have been one of its commands.
std::string misnamed(const CLI::App& command) {
  if (command.get_require_subcommand_min() == 0) return "";
  for (const std::string& word : command.remaining(true))
    if (!word.empty() && word[0] != '-') return wrong_command(command, word);
  return "";
}

std::string unexpected(const CLI::App& command) {
  const std::vector<std::string> names = option_names(command);
  for (const std::string& word : command.remaining(true)) {
    if (word.size() < 2 || word[0] != '-') continue;
    const std::string name = word.substr(0, word.find('='));
    return "unknown option '" + name + "'" + did_you_mean(name, names);
  }
  const auto rest = command.remaining(true);
  return rest.empty() ? "unexpected arguments" : "unexpected argument '" + rest.front() + "'";
}

}  // namespace

std::string wrong_command(const CLI::App& app, const std::string& name) {
  std::vector<std::string> known;
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; }))
    known.push_back(sub->get_name());
  if (std::find(known.begin(), known.end(), name) != known.end()) return "";
  const std::string before = words_of(app);
  return "there is no command '" + before + (before.empty() ? "" : " ") + name + "'" + did_you_mean(name, known);
}

std::string explain_usage(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App& command = innermost(app);
  if (std::string wrong = misnamed(command); !wrong.empty()) return wrong;
  const std::string prefix = &command == &app ? "" : words_of(command) + ": ";
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) return prefix + unexpected(command);
  const std::string text = error.what();
  if (const std::size_t at = text.find(": 1 required "); at != std::string::npos)
    return prefix + text.substr(0, at) + " needs a value";
  return prefix + text;
}

}  // namespace orrery::cli
