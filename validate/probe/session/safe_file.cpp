#include "validate/probe/session/safe_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

namespace orrery::validate {
namespace {

class File {
 public:
  File(const std::string& path, int flags) : fd_(open(path.c_str(), flags | O_CLOEXEC, 0644)) {}
  ~File() {
    if (fd_ >= 0) close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  bool write_all(const std::string& text) const {
    for (std::size_t done = 0; done < text.size();) {
      const ssize_t n = write(fd_, text.data() + done, text.size() - done);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return false;
      done += static_cast<std::size_t>(n);
    }
    return true;
  }
  bool flush() const { return fsync(fd_) == 0; }
  bool is_open() const { return fd_ >= 0; }

 private:
  int fd_;
};

}  // namespace

Errors write_safely(const std::string& path, const std::string& text) {
  const auto fault = [&] {
    return Errors{{{path, 0, 0}, std::string("cannot be written: ") + std::strerror(errno), Fault::io}};
  };
  const std::string draft = path + ".part";
  {
    const File file(draft, O_WRONLY | O_CREAT | O_TRUNC);
    if (!file.is_open() || !file.write_all(text) || !file.flush()) return fault();
  }
  if (std::rename(draft.c_str(), path.c_str()) != 0) return fault();
  // The name is on the disk when its folder is.
  const std::string folder = std::filesystem::path(path).parent_path().string();
  const File of(folder.empty() ? "." : folder, O_RDONLY | O_DIRECTORY);
  if (of.is_open()) of.flush();
  return {};
}

}  // namespace orrery::validate
