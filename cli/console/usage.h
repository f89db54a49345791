#pragma once

#include <string>

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace orrery::cli {

// Says what is wrong with the command's name; nothing when it is one of `app`'s.
std::string wrong_command(const CLI::App& app, const std::string& name);

// What the parser did not understand, in our words, with suggestions. CLI11's
// own texts have none and its exit codes are not ours.
std::string explain_usage(const CLI::App& app, const CLI::ParseError& error);

}  // namespace orrery::cli
