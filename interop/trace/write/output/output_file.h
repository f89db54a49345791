#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "sim/base/result.h"

namespace orrery::interop {

// A file that is written from front to back, through gzip if its name ends in
// ".gz". After the first fault it swallows what it is given; close() tells.
class OutputFile {
 public:
  static Result<std::unique_ptr<OutputFile>> open(const std::string& path);
  virtual ~OutputFile() = default;

  void write(std::string_view bytes);
  Errors close();

 protected:
  explicit OutputFile(std::string path) : path_(std::move(path)) { buffer_.reserve(kBufferBytes); }
  // Each returns 0 or the errno of what went wrong.
  virtual int put(const char* bytes, std::size_t size) = 0;
  virtual int finish() = 0;

 private:
  static constexpr std::size_t kBufferBytes = 1 << 18;

  void flush();

  std::string path_;
  std::string buffer_;
  int fault_ = 0;
  bool closed_ = false;
};

}  // namespace orrery::interop
