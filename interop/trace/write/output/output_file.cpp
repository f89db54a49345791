#include "interop/trace/write/output/output_file.h"

#include <zlib.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace orrery::interop {
namespace {

int last_fault() {
  return errno != 0 ? errno : EIO;
}

Error cannot_write(const std::string& path, int fault) {
  return {{path, 0, 0}, std::string("cannot write the trace: ") + std::strerror(fault), Fault::io};
}

class PlainFile final : public OutputFile {
 public:
  PlainFile(std::string path, std::FILE* file) : OutputFile(std::move(path)), file_(file) {
    std::setvbuf(file_, nullptr, _IONBF, 0);  // OutputFile has the buffer
  }
  ~PlainFile() override { finish(); }

 private:
  int put(const char* bytes, std::size_t size) override {
    errno = 0;
    return std::fwrite(bytes, 1, size, file_) == size ? 0 : last_fault();
  }
  int finish() override {
    if (!file_) return 0;
    errno = 0;
    const bool closed = std::fclose(std::exchange(file_, nullptr)) == 0;
    return closed ? 0 : last_fault();
  }

  std::FILE* file_;
};

class GzipFile final : public OutputFile {
 public:
  GzipFile(std::string path, gzFile file) : OutputFile(std::move(path)), file_(file) {}
  ~GzipFile() override { finish(); }

 private:
  int put(const char* bytes, std::size_t size) override {
    errno = 0;
    return gzwrite(file_, bytes, static_cast<unsigned>(size)) == static_cast<int>(size) ? 0 : last_fault();
  }
  int finish() override {
    if (!file_) return 0;
    errno = 0;
    return gzclose(std::exchange(file_, nullptr)) == Z_OK ? 0 : last_fault();
  }

  gzFile file_;
};

}  // namespace

Result<std::unique_ptr<OutputFile>> OutputFile::open(const std::string& path) {
  errno = 0;
  if (path.ends_with(".gz")) {
    // Level 3: a trace repeats itself so much that higher levels only cost time.
    if (gzFile file = gzopen(path.c_str(), "wb3")) return std::unique_ptr<OutputFile>(new GzipFile(path, file));
  } else if (std::FILE* file = std::fopen(path.c_str(), "wb")) {
    return std::unique_ptr<OutputFile>(new PlainFile(path, file));
  }
  return cannot_write(path, last_fault());
}

void OutputFile::write(std::string_view bytes) {
  if (buffer_.size() + bytes.size() > kBufferBytes) flush();
  if (fault_ != 0) return;
  if (bytes.size() > kBufferBytes)
    fault_ = put(bytes.data(), bytes.size());
  else
    buffer_ += bytes;
}

void OutputFile::flush() {
  if (fault_ == 0 && !buffer_.empty()) fault_ = put(buffer_.data(), buffer_.size());
  buffer_.clear();
}

Errors OutputFile::close() {
  if (!std::exchange(closed_, true)) {
    flush();
    const int fault = finish();
    if (fault_ == 0) fault_ = fault;
  }
  if (fault_ == 0) return {};
  return {cannot_write(path_, fault_)};
}

}  // namespace orrery::interop
