#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/result.h"

namespace orrery {

// Where the bytes of a text stand, as a person counts: lines and columns from 1.
// Made once for a text, then asked for any number of places.
class TextPlaces {
 public:
  TextPlaces(std::string_view text, std::string file);

  Where at(std::size_t offset) const;
  Where whole() const { return {file_, 0, 0}; }
  const std::string& file() const { return file_; }

 private:
  std::string file_;
  std::vector<std::size_t> line_starts_;
};

// Text that is not text (UTF-16, control characters, bytes that are not UTF-8),
// told before a parser gets to guess at it.
std::optional<Error> check_encoding(std::string_view text, const std::string& file);

// "is larger than 16 MiB, …": what readers say of a file beyond their limit.
Error too_large(const std::string& file, std::size_t max_bytes);

// The bytes of a file, at most `max_bytes` of them. A missing or unreadable file
// is a Fault::io.
Result<std::string> read_text_file(const std::string& path, std::size_t max_bytes);

}  // namespace orrery
