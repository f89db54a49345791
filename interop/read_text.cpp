#include "interop/read_text.h"

#include <cerrno>
#include <cstring>
#include <fstream>

namespace orrery::interop {

Result<std::string> read_text(const std::string& path) {
  constexpr std::size_t kMaxBytes = 64u << 20;
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{{path, 0, 0}, std::string("cannot be opened: ") + std::strerror(errno), Fault::io};
  std::string text;
  char block[1 << 16];
  while (file.read(block, sizeof block) || file.gcount() > 0) {
    text.append(block, static_cast<std::size_t>(file.gcount()));
    if (text.size() > kMaxBytes) return Error{{path, 0, 0}, "is larger than 64 MiB"};
  }
  if (file.bad()) return Error{{path, 0, 0}, "cannot be read", Fault::io};
  return text;
}

}  // namespace orrery::interop
