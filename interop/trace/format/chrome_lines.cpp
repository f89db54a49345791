#include "interop/trace/format/chrome_lines.h"

#include <charconv>
#include <utility>

namespace orrery::interop {
namespace {

void append(std::string& text, auto n, int base) {
  char digits[24];
  text.append(digits, std::to_chars(digits, digits + sizeof digits, n, base).ptr);
}

}  // namespace

void append_number(std::string& text, std::int64_t n) {
  append(text, n, 10);
}

void append_hex(std::string& text, std::uint64_t n) {
  append(text, n, 16);
}

void append_us(std::string& text, std::int64_t ps) {
  if (ps < 0) text += '-';
  const std::uint64_t size = ps < 0 ? 0 - static_cast<std::uint64_t>(ps) : static_cast<std::uint64_t>(ps);
  append(text, size / 1'000'000, 10);
  const std::uint64_t rest = size % 1'000'000;
  if (rest == 0) return;
  char digits[8] = {'.'};
  std::uint64_t left = rest;
  for (std::size_t i = 6; i >= 1; --i, left /= 10) digits[i] = static_cast<char>('0' + left % 10);
  std::size_t length = 7;
  while (digits[length - 1] == '0') --length;
  text.append(digits, length);
}

ChromeLines::ChromeLines(std::unique_ptr<OutputFile> file) : file_(std::move(file)) {
  file_->write("{\"displayTimeUnit\":\"ns\",\"otherData\":{\"producer\":\"orrery\"},\"traceEvents\":[");
}

void ChromeLines::begin(std::string_view phase, std::int64_t pid, std::int64_t tid, Time when) {
  line_ = first_ ? "\n{\"ph\":\"" : ",\n{\"ph\":\"";
  first_ = false;
  line_ += phase;
  line_ += "\",\"pid\":";
  append_number(line_, pid);
  line_ += ",\"tid\":";
  append_number(line_, tid);
  line_ += ",\"ts\":";
  append_us(line_, when.count_ps());
}

void ChromeLines::end() {
  line_ += '}';
  file_->write(line_);
}

void ChromeLines::metadata(std::int64_t pid, std::int64_t tid, std::string_view what, std::string_view key,
                           std::string_view value) {
  begin("M", pid, tid, Time());
  ((line_ += ",\"name\":\"") += what) += "\",\"args\":{\"";
  ((line_ += key) += "\":") += value;
  line_ += '}';
  end();
}

Errors ChromeLines::close() {
  if (!std::exchange(closed_, true)) file_->write("\n]}\n");
  return file_->close();
}

}  // namespace orrery::interop
