#pragma once

#include <atomic>

namespace orrery::cli {

// From now on the first Ctrl-C asks the run to stop, and what was finished is
// kept; the second kills.
const std::atomic<bool>& stop_on_interrupt();

// A reader that goes away (`orrery run … | head`) ends us without a word.
void end_quietly_on_broken_pipe();

// A file that may grow no further (ulimit -f) is told as a full disk is, where the default would kill.
void hear_of_full_files();

}  // namespace orrery::cli
