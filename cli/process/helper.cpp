#include "cli/process/helper.h"

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "cli/command/command.h"
#include "cli/console/messages.h"

namespace orrery::cli {

namespace fs = std::filesystem;

std::optional<std::string> find_helper(const std::string& name, const char* variable) {
  if (const char* said = std::getenv(variable); said != nullptr && *said != '\0')
    return ::access(said, X_OK) == 0 ? std::optional<std::string>(said) : std::nullopt;
  std::error_code error;
  const fs::path here = fs::read_symlink("/proc/self/exe", error).parent_path();
  for (const fs::path& path : {here / name, here.parent_path() / "libexec/orrery" / name})
    if (!error && ::access(path.c_str(), X_OK) == 0) return path.string();
  return std::nullopt;
}

std::vector<std::string> own_arguments() {
  std::ifstream words("/proc/self/cmdline", std::ios::binary);
  std::vector<std::string> all;
  for (std::string word; std::getline(words, word, '\0');) all.push_back(word);
  if (!all.empty()) all.erase(all.begin());
  return all;
}

namespace {

// What execv wants, of words that it may not change.
class Arguments {
 public:
  Arguments(const std::string& program, const std::vector<std::string>& arguments) : words_{program} {
    words_.insert(words_.end(), arguments.begin(), arguments.end());
    for (std::string& word : words_) pointers_.push_back(word.data());
    pointers_.push_back(nullptr);
  }
  char** argv() { return pointers_.data(); }

 private:
  std::vector<std::string> words_;
  std::vector<char*> pointers_;
};

// Until all is sent, or the other side has gone (which it will say itself).
void send_all(int socket, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ::send(socket, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
}

}  // namespace

int run_helper(const std::string& helper, const std::vector<std::string>& arguments, std::string_view input) {
  Arguments words(helper, arguments);
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    complain(helper + ": cannot be started: " + std::strerror(errno));
    return kMissing;
  }
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(ends[1], STDIN_FILENO);
    ::execv(helper.c_str(), words.argv());
    ::_exit(kMissing);
  }
  ::close(ends[1]);
  if (child > 0) send_all(ends[0], input);
  ::close(ends[0]);
  int status = 0;
  while (child > 0 && ::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (child > 0 && WIFEXITED(status) && WEXITSTATUS(status) != kMissing) return WEXITSTATUS(status);
  complain(helper + (child > 0 && WIFSIGNALED(status) ? ": ended by signal " + std::to_string(WTERMSIG(status))
                                                      : ": cannot be started"));
  return kMissing;
}

int become_helper(const std::string& helper, const std::vector<std::string>& arguments) {
  Arguments words(helper, arguments);
  execv(helper.c_str(), words.argv());
  complain(helper + ": cannot be started: " + std::strerror(errno));
  return kMissing;
}

}  // namespace orrery::cli
