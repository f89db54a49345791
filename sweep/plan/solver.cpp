#include "sweep/plan/solver.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

extern char** environ;

namespace orrery::sweep {
namespace {

namespace fs = std::filesystem;

// A folder of our own, gone when we are done.
class Folder {
 public:
  Folder() {
    std::error_code error;
    std::string name = (fs::temp_directory_path(error) / "orrery-plan.XXXXXX").string();
    if (!error && ::mkdtemp(name.data()) != nullptr) path_ = name;
  }
  ~Folder() {
    std::error_code error;
    if (!path_.empty()) fs::remove_all(path_, error);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  bool ok() const { return !path_.empty(); }
  std::string file(const char* name) const { return (path_ / name).string(); }

 private:
  fs::path path_;
};

// Its chatter goes nowhere.
bool run(std::vector<std::string> words) {
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  for (const int stream : {STDOUT_FILENO, STDERR_FILENO})
    ::posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  const int failed = ::posix_spawn(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return false;
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool is_program(const std::string& path) {
  return ::access(path.c_str(), X_OK) == 0;
}

}  // namespace

std::optional<std::string> find_solver() {
  if (const char* said = std::getenv("ORRERY_CBC"); said != nullptr && *said != '\0')
    return is_program(said) ? std::optional<std::string>(said) : std::nullopt;
  const char* path = std::getenv("PATH");
  std::istringstream folders(path != nullptr ? path : "");
  for (std::string folder; std::getline(folders, folder, ':');)
    if (const std::string program = folder + "/cbc"; is_program(program)) return program;
  return std::nullopt;
}

std::optional<std::string> solve(const std::string& solver, const std::string& program, int nodes) {
  const Folder folder;
  if (!folder.ok()) return std::nullopt;
  const std::string question = folder.file("plan.lp"), answer = folder.file("plan.txt");
  if (!(std::ofstream(question) << program).flush()) return std::nullopt;
  constexpr const char* kNever = "600";  // seconds: a plan does not wait longer for something unheard of
  const std::string most = std::to_string(nodes);
  if (!run({solver, question, "maxNodes", most, "sec", kNever, "ratio", "0.001", "solve", "solution", answer}))
    return std::nullopt;
  std::ifstream file(answer);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str().empty() ? std::nullopt : std::optional(text.str());
}

}  // namespace orrery::sweep
