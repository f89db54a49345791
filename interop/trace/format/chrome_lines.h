#pragma once

#include <concepts>
#include <memory>
#include <string>
#include <string_view>

#include "interop/trace/write/output/output_file.h"
#include "sim/base/duration.h"

namespace orrery::interop {

// The events of a Chrome trace as text: one a line, so that text tools can read
// what no viewer opens.
class ChromeLines {
 public:
  explicit ChromeLines(std::unique_ptr<OutputFile> file);

  // begin(), then fields, then end().
  void begin(std::string_view phase, std::int64_t pid, std::int64_t tid, Time when);
  // `value` is JSON: a number, or what json_string() makes of a text.
  void field(std::string_view key, std::string_view value) { (((line_ += ",\"") += key) += "\":") += value; }
  void end();
  // What stands between begin() and end(), to be added to.
  std::string& line() { return line_; }

  void metadata(std::int64_t pid, std::int64_t tid, std::string_view what, std::string_view key,
                std::string_view value);
  Errors close();

 private:
  std::unique_ptr<OutputFile> file_;
  std::string line_;
  bool first_ = true, closed_ = false;
};

void append_number(std::string& text, std::int64_t n);
// Picoseconds as microseconds, to the last digit.
void append_us(std::string& text, std::int64_t ps);
void append_hex(std::string& text, std::uint64_t n);

}  // namespace orrery::interop
