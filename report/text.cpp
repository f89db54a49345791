#include "report/text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace orrery::report {
namespace {

constexpr double kSmallestShare = 0.0005;  // what rounds to 0.1 %

// Decimals that leave `digits` significant ones.
int decimals_for(double value, int digits) {
  if (value == 0 || !std::isfinite(value)) return 0;
  const int before_point = static_cast<int>(std::floor(std::log10(std::fabs(value)))) + 1;
  return std::clamp(digits - before_point, 0, 12);
}

// Columns that a UTF-8 text takes: every byte but the continuation bytes.
std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace

std::string fixed(double value, int decimals) {
  std::array<char, 64> text{};
  const int n = std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
  return std::string(text.data(), static_cast<std::size_t>(std::clamp(n, 0, static_cast<int>(text.size()) - 1)));
}

std::string significant(double value, int digits) {
  return fixed(value, decimals_for(value, digits));
}

std::string with_prefix(double value, int digits) {
  constexpr std::array<const char*, 7> kPrefixes = {"", " k", " M", " G", " T", " P", " E"};
  std::size_t i = 0;
  while (std::fabs(value) >= 1000 && i + 1 < kPrefixes.size()) value /= 1000, ++i;
  return significant(value, digits) + kPrefixes[i];
}

std::string with_unit(double value, std::string_view unit, int digits) {
  const std::string text = with_prefix(value, digits);
  return text + (text.find(' ') == std::string::npos ? " " : "") + std::string(unit);
}

std::string grouped(std::int64_t value) {
  std::string text = std::to_string(value);
  const std::size_t first = value < 0 ? 1 : 0;
  for (std::size_t i = text.size(); i > first + 3;) text.insert(i -= 3, ",");
  return text;
}

std::string amount(double value) {
  return value < 1000 ? significant(value) : grouped(static_cast<std::int64_t>(value));
}

std::string gib(Bytes bytes) {
  return fixed(static_cast<double>(bytes.n) / (1024.0 * 1024 * 1024), 2);
}

std::string human_seconds(double seconds) {
  const double size = std::fabs(seconds);
  if (size == 0 || size >= 1) return significant(seconds) + " s";
  if (size >= 1e-3) return significant(seconds * 1e3) + " ms";
  if (size >= 1e-6) return significant(seconds * 1e6) + " us";
  return significant(seconds * 1e9) + " ns";
}

std::string percent(double share) {
  if (share > 0 && share < kSmallestShare) return "<0.1 %";
  return fixed(share * 100, 1) + " %";
}

std::string signed_percent(double change) {
  if (std::fabs(change) < kSmallestShare) return "0.0 %";
  return (change > 0 ? "+" : "") + percent(change);
}

std::string hex(std::uint64_t value) {
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(value));
  return text.data();
}

std::string bar(double share, int width) {
  if (!(share > 0)) return "";
  const int n = static_cast<int>(std::lround(std::min(share, 1.0) * width));
  return std::string(static_cast<std::size_t>(std::max(n, 1)), '#');
}

std::string sparkline(const std::vector<double>& values, double top) {
  constexpr std::string_view kLevels = " .:-=+*#%@";
  std::string line;
  for (const double value : values) {
    const double share = top > 0 ? std::clamp(value / top, 0.0, 1.0) : 0;
    line += kLevels[static_cast<std::size_t>(std::lround(share * static_cast<double>(kLevels.size() - 1)))];
  }
  return line;
}

std::string without_numbers(const std::string& reason) {
  std::string text;
  bool in_number = false, in_word = false;
  for (const char c : reason) {
    const bool digit = c >= '0' && c <= '9';
    if (digit && !in_word) {
      if (!in_number) text += 'N';
      in_number = true;
      continue;
    }
    if (in_number && c == '.') continue;
    in_number = false;
    in_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (in_word && (digit || c == '-' || c == '_'));
    text += c;
  }
  return text;
}

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + '"';
}

std::string Table::str(std::string_view indent) const {
  std::vector<std::size_t> widths;
  for (const auto& row : rows_) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], columns(row[i]));
  }
  std::string text;
  for (const auto& row : rows_) {
    std::string line(indent);
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string pad(widths[i] - columns(row[i]), ' ');
      const bool left = i < align_.size() ? align_[i] == 'l' : false;
      if (i > 0) line += "  ";
      line += left ? row[i] + pad : pad + row[i];
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

}  // namespace orrery::report
