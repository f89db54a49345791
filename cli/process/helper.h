#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace orrery::cli {

// A program of ours that is linked with what others shall not wait for: beside this one, in
// ../libexec/orrery, or where the environment's `variable` says. None where it is not installed.
std::optional<std::string> find_helper(const std::string& name, const char* variable);

// What this process was started with, but for its own name.
std::vector<std::string> own_arguments();

// Goes on as the helper, with these arguments: its exit status is ours. Comes back
// only where that fails, with a status.
int become_helper(const std::string& helper, const std::vector<std::string>& arguments);

// Starts the helper with `input` as its standard input and waits for it. Gives its exit status;
// what it complains about goes where ours does.
int run_helper(const std::string& helper, const std::vector<std::string>& arguments, std::string_view input);

}  // namespace orrery::cli
