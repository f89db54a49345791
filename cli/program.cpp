#include "cli/program.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <iterator>
#include <span>
#include <string_view>

#include "cli/command/command.h"
#include "cli/console/help_key.h"
#include "cli/console/interrupt.h"
#include "cli/console/log.h"
#include "cli/console/messages.h"
#include "cli/console/output.h"
#include "cli/console/usage.h"
#include "cli/heap.h"
#include "cli/work/pipeline.h"

namespace orrery::cli {
namespace {

struct Command {
  std::string_view name;
  void (*add)(CLI::App&, int& status);
};

// An empty text is no value: whoever writes --ranks "$RANKS" and has none does not mean all of them.
void refuse_empty_values(CLI::App& app) {
  const CLI::Validator given([](std::string& value) { return std::string(value.empty() ? "is empty" : ""); }, "");
  for (CLI::Option* option : app.get_options())
    if (option->get_items_expected_max() > 0) option->check(given);
  for (CLI::App* sub : app.get_subcommands({})) refuse_empty_values(*sub);
}

// In the order of the help.
constexpr Command kCommands[] = {
    {"run", add_run},
    {"check", add_check},
    {"explain", add_explain},
    {"memory", add_memory},
    {"schedule", add_schedule},
    {"reproduce", add_reproduce},
    {"collective", add_collective},
    {"topo", add_topo},
    {"calibrate", add_calibrate},
    {"validate", add_validate},
    {"sweep", add_sweep},
    {"plan", add_plan},
    {"trace", add_trace},
    {"compare", add_compare},
    {"import", add_import},
    {"completion", add_completion},
};

// All of them; or the one that is asked for, as the options of all take longer to make than short runs.
void add_commands(CLI::App& app, std::string_view asked_for, int& status) {
  app.set_version_flag("--version", "orrery " ORRERY_VERSION);
  app.require_subcommand(1);
  app.get_formatter()->column_width(34);
  const bool is_one = std::any_of(std::begin(kCommands), std::end(kCommands),
                                  [&](const Command& command) { return command.name == asked_for; });
  for (const Command& command : kCommands)
    if (!is_one || command.name == asked_for) command.add(app, status);
  app.footer(
      "Examples:\n"
      "  orrery run scenarios/llama-3.1-70b-64-h100.yaml\n"
      "  orrery explain scenarios/llama-3.1-405b-8k-h100.yaml\n"
      "\n"
      "orrery COMMAND --help and orrery help KEY (a key of the scenario, as layout.tp) say more.\n"
      "Exit status: 0 done, 1 the answer is no, 2 wrong usage, 3 invalid input, 4 nothing feasible,\n"
      "5 input/output, 6 internal error, 7 something is missing, 130 interrupted.");
}

// What is neither a command nor, alone, a key.
int help_otherwise(const std::string& what, const std::string& wrong, bool alone) {
  if (!alone) return complain(wrong), kUsage;
  if (const std::string key = help_key(what); !key.empty()) return std::cout << key, kDone;
  if (what.find('.') == std::string::npos) return complain(wrong), kUsage;
  return complain("there is no key '" + what + "'" + suggest_key(what)), kUsage;
}

// `orrery help [COMMAND… | KEY]`; `orrery` alone is told how it is meant.
int help(const CLI::App& app, std::span<char* const> words) {
  const CLI::App* command = &app;
  std::string before = "orrery";
  for (const std::string what : words) {
    if (what == "help" || what == "-h" || what == "--help") break;
    if (const std::string wrong = wrong_command(*command, what); !wrong.empty())
      return help_otherwise(what, wrong, words.size() == 1);
    if (command != &app) before += " " + command->get_name();
    command = command->get_subcommand(what);
  }
  std::cout << (command == &app ? app.help() : command->help(before));
  return kDone;
}

int parse_and_run(int argc, char** argv) {
  CLI::App app{"A clockwork of GPU clusters: what every GPU does during a training step, how long it takes, and why.",
               "orrery"};
  int status = kDone;
  const std::string first = argc > 1 ? argv[1] : "";
  add_commands(app, first == "completion" ? "" : first, status);
  refuse_empty_values(app);
  if (first.empty()) return std::cerr << app.help(), kUsage;
  if (first == "help") return help(app, {argv + 2, argv + argc});
  if (first[0] != '-')
    if (const std::string wrong = wrong_command(app, first); !wrong.empty()) return complain(wrong), kUsage;
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& e) {  // --help, --version
    return app.exit(e), kDone;
  } catch (const CLI::ParseError& e) {
    return complain(explain_usage(app, e)), kUsage;
  }
  return status;
}

}  // namespace

int run_program(int argc, char** argv) {
  prepare_heap();
  end_quietly_on_broken_pipe();
  hear_of_full_files();
  try {
    const int status = parse_and_run(argc, argv);
    return status == kDone && !Output("").finish() ? kInputOutput : status;  // of help and completion, too
  } catch (const LogFileError& e) {
    return complain(e.what()), kInputOutput;
  } catch (const std::bad_alloc&) {
    complain("out of memory");
    return kMissing;
  } catch (const std::exception& e) {
    complain(std::string("internal error in orrery " ORRERY_VERSION ": ") + e.what());
    complain("this is a bug; please report it with the scenario and the command line");
    return kInternal;
  }
}

}  // namespace orrery::cli
