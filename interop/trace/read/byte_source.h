#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "sim/base/result.h"

namespace orrery::interop {

// Bytes from front to back: a file or a text, through gzip and zstd where the
// bytes say so. Memory does not grow with what a compressed file unfolds to.
class ByteSource {
 public:
  virtual ~ByteSource() = default;

  // Up to `size` more bytes; 0 at the end, and after a fault.
  virtual std::size_t read(char* to, std::size_t size) = 0;
  // How much of the file has been read, as it lies on the disk, and how long it is.
  virtual std::uint64_t consumed() const = 0;
  virtual std::uint64_t total() const = 0;
  // Why the bytes ended early: a broken compressed stream, a disk that fails.
  virtual std::optional<std::string> fault() const = 0;
};

// A missing or unreadable file is a Fault::io.
Result<std::unique_ptr<ByteSource>> open_bytes(const std::string& path);
// `bytes` must outlive the source.
std::unique_ptr<ByteSource> bytes_of(std::string_view bytes);
// A zlib or gzip stream, as Perfetto's packets hold it.
std::unique_ptr<ByteSource> zlib_bytes_of(std::string_view bytes);

}  // namespace orrery::interop
