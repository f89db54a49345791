#include "cli/console/interrupt.h"

#include <csignal>

namespace orrery::cli {
namespace {

std::atomic<bool> stop{false};
static_assert(std::atomic<bool>::is_always_lock_free, "set from a signal handler");

void on_interrupt(int) {
  stop.store(true);
}

}  // namespace

const std::atomic<bool>& stop_on_interrupt() {
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  action.sa_flags = static_cast<int>(SA_RESETHAND);  // the second one has the default effect
  sigaction(SIGINT, &action, nullptr);
  return stop;
}

void end_quietly_on_broken_pipe() {
  std::signal(SIGPIPE, SIG_DFL);
}

void hear_of_full_files() {
  std::signal(SIGXFSZ, SIG_IGN);
}

}  // namespace orrery::cli
