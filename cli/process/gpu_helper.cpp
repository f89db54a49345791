#include "cli/process/gpu_helper.h"

#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <thread>

#include "cli/command/command.h"
#include "cli/console/interrupt.h"
#include "cli/process/helper.h"

namespace orrery::cli {
namespace {

namespace fs = std::filesystem;

// A port that nobody listens at now.
int free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  socklen_t length = sizeof address;
  const bool bound = ::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
                     ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length) == 0;
  ::close(socket);
  return bound ? ntohs(address.sin_port) : 29500;
}

// A file of our own that is gone when we are.
class TemporaryFile {
 public:
  TemporaryFile() : path_((fs::temp_directory_path() / "orrery-run-XXXXXX").string()) {
    const int made = ::mkstemp(path_.data());
    if (made >= 0) ::close(made);
  }
  ~TemporaryFile() {
    std::error_code ignored;
    fs::remove(path_, ignored);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

constexpr int kNotStarted = 127;  // as a shell says it

// In a process group of its own, so that a Ctrl-C comes to it once and through us; and it ends when we do.
pid_t start(const std::string& program, std::vector<std::string> arguments) {
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  const pid_t self = ::getpid(), child = ::fork();
  if (child != 0) return child;
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() == self) ::execv(program.c_str(), argv.data());
  ::_exit(kNotStarted);
}

// Waits for the processes of a run, and passes an interrupt of ours on to them. Those that are there still when
// another has been gone for twice the time that they wait for each other hang, and are killed.
class Wait {
 public:
  Wait(std::vector<pid_t> processes, std::chrono::seconds deadline)
      : running_(std::move(processes)), statuses_(running_.size()), patience_(2 * deadline) {
    for (std::size_t rank = 0; rank < running_.size(); ++rank)
      if (running_[rank] < 0) running_[rank] = kEnded, statuses_[rank] = W_EXITCODE(kNotStarted, 0);
  }

  // As waitpid() tells them, by rank.
  std::vector<int> for_all() {
    constexpr auto kPoll = std::chrono::milliseconds(10);
    while (std::any_of(running_.begin(), running_.end(), [](pid_t process) { return process != kEnded; })) {
      look();
      std::this_thread::sleep_for(kPoll);
    }
    return statuses_;
  }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr pid_t kEnded = 0;

  void look() {
    for (std::size_t rank = 0; rank < running_.size(); ++rank) {
      if (running_[rank] == kEnded || ::waitpid(running_[rank], &statuses_[rank], WNOHANG) == 0) continue;
      running_[rank] = kEnded;
      first_end_ = std::min(first_end_, Clock::now());
    }
    if (!interrupted_ && stop_.load()) {
      interrupted_ = true;
      tell(SIGINT);
    }
    if (first_end_ < Clock::now() - patience_) tell(SIGKILL);
  }

  void tell(int signal) const {
    for (const pid_t process : running_)
      if (process != kEnded) ::kill(process, signal);
  }

  std::vector<pid_t> running_;
  std::vector<int> statuses_;
  std::chrono::seconds patience_;
  const std::atomic<bool>& stop_ = stop_on_interrupt();
  bool interrupted_ = false;
  Clock::time_point first_end_ = Clock::time_point::max();
};

// How a process ended, when that was not by its own choice.
std::optional<std::string> ended_badly(int status) {
  if (WIFSIGNALED(status)) return "ended by signal " + std::to_string(WTERMSIG(status));
  const int code = WEXITSTATUS(status);
  if (code > 1) return "ended with status " + std::to_string(code);
  return std::nullopt;
}

}  // namespace

std::optional<std::string> find_gpu_helper() {
  return find_helper("orrery-gpu", "ORRERY_GPU");
}

std::optional<GpuHelper> GpuHelper::find() {
  auto path = find_gpu_helper();
  return path ? std::optional(GpuHelper(std::move(*path))) : std::nullopt;
}

int GpuHelper::gpus() const {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(("'" + path_ + "' info 2>/dev/null").c_str(), "r"),
                                                   ::pclose);
  std::array<char, 32> line{};
  if (pipe == nullptr || std::fgets(line.data(), static_cast<int>(line.size()), pipe.get()) == nullptr) return 0;
  return std::atoi(line.data());
}

Result<validate::RunRecord> GpuHelper::run(const std::vector<std::string>& arguments, int processes,
                                           std::chrono::seconds deadline) const {
  const TemporaryFile file;
  std::vector<std::string> all{"run"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  all.insert(all.end(), {"--record", file.path()});
  const std::vector<int> statuses = Wait(start_all(all, processes, deadline), deadline).for_all();
  std::vector<std::string> deaths;
  for (std::size_t rank = 0; rank < statuses.size(); ++rank)
    if (const auto how = ended_badly(statuses[rank]))
      deaths.push_back("the process of rank " + std::to_string(rank) + " " + *how);
  std::ifstream in(file.path(), std::ios::binary);
  auto record = validate::read_record(in);
  if (record) {
    record->faults.insert(record->faults.end(), deaths.begin(), deaths.end());
    return record;
  }
  Errors errors;
  for (const std::string& death : deaths) errors.push_back({{}, "orrery-gpu: " + death});
  if (errors.empty()) errors.push_back({{}, "orrery-gpu ended without a record"});
  return errors;
}

std::vector<pid_t> GpuHelper::start_all(const std::vector<std::string>& arguments, int processes,
                                        std::chrono::seconds deadline) const {
  const std::string port = std::to_string(free_port());
  std::vector<pid_t> children;
  for (int rank = 0; rank < processes; ++rank) {
    std::vector<std::string> words{path_};
    words.insert(words.end(), arguments.begin(), arguments.end());
    words.insert(words.end(), {"--deadline", std::to_string(deadline.count())});
    if (processes > 1) {
      const std::string number = std::to_string(rank);
      words.insert(words.end(), {"--rank", number, "--local-rank", number, "--world", std::to_string(processes),
                                 "--address", "127.0.0.1", "--port", port});
    }
    children.push_back(start(path_, std::move(words)));
  }
  return children;
}

int GpuHelper::run_all(const std::vector<std::string>& arguments, int processes, std::chrono::seconds deadline) const {
  int first_bad = kDone;
  for (const int status : Wait(start_all(arguments, processes, deadline), deadline).for_all())
    if (first_bad == kDone) first_bad = WIFEXITED(status) ? WEXITSTATUS(status) : kInternal;
  return first_bad;
}

}  // namespace orrery::cli
