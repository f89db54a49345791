#include "interop/nccl_tests.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>

#include "sim/base/text.h"

namespace orrery::interop {
namespace {

// A sweep has some dozens.
constexpr std::size_t kMaxRows = 100'000, kMostBytes = std::size_t{64} << 20;

constexpr std::array<std::string_view, 17> kTypes = {"int8",   "uint8",    "char",     "int32",    "uint32", "int",
                                                     "int64",  "uint64",   "half",     "float16",  "float",  "float32",
                                                     "double", "bfloat16", "fp8_e4m3", "fp8_e5m2", "float64"};

using Words = std::vector<std::string_view>;

Words words_of(std::string_view line) {
  Words words;
  for (std::size_t at = 0; at < line.size();) {
    at = line.find_first_not_of(" \t\r", at);
    if (at == std::string_view::npos) break;
    const std::size_t end = std::min(line.find_first_of(" \t\r", at), line.size());
    words.push_back(line.substr(at, end - at));
    at = end;
  }
  return words;
}

template <class Number>
bool parse(std::string_view word, Number& value) {
  const auto [end, fault] = std::from_chars(word.data(), word.data() + word.size(), value);
  return fault == std::errc() && end == word.data() + word.size();
}

bool is_number(std::string_view word) {
  double value = 0;
  return parse(word, value);
}

bool has(const Words& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

class Reader {
 public:
  void line(std::string_view text) {
    const Words words = words_of(text);
    if (has(words, "#"))
      comment(words);
    else if (!words.empty())
      row(words);
  }

  NcclTestsLog take() {
    for (const auto& [bytes, sum] : sums_)
      log_.rows.push_back({{bytes}, sum.microseconds / sum.count, sum.algbw / sum.count, sum.busbw / sum.count});
    log_.ranks = ranks_;
    return std::move(log_);
  }
  bool full() const { return sums_.size() >= kMaxRows; }

 private:
  struct Sum {
    double microseconds = 0, algbw = 0, busbw = 0;
    int count = 0;
  };

  // "#  size  count  type  redop  root  time …" and "#  Rank  3 Group …".
  void comment(const Words& words) {
    if (has(words, "size") && has(words, "time")) rooted_ = has(words, "root");
    const auto rank = std::find(words.begin(), words.end(), "Rank");
    int number = 0;
    if (rank != words.end() && rank + 1 != words.end() && parse(rank[1], number) && number >= 0 && number < 1 << 22)
      ranks_ = std::max(ranks_, number + 1);
  }

  // size, count and type begin a row; a launcher may have written before them.
  void row(const Words& words) {
    const auto type = std::find_if(words.begin(), words.end(), [](std::string_view word) {
      return std::find(kTypes.begin(), kTypes.end(), word) != kTypes.end();
    });
    std::int64_t bytes = 0, count = 0;
    if (type == words.end() || type - words.begin() < 2) return;
    if (!parse(type[-2], bytes) || !parse(type[-1], count) || bytes <= 0 || count < 0) return;
    auto figure = type + 1;
    std::string_view redop;
    if (figure != words.end() && !is_number(*figure)) redop = *figure++;
    if (rooted_ && figure != words.end()) ++figure;
    Sum seen;
    if (words.end() - figure < 3 || !parse(figure[0], seen.microseconds) || !parse(figure[1], seen.algbw) ||
        !parse(figure[2], seen.busbw))
      return;
    if (!(seen.microseconds > 0) || !std::isfinite(seen.microseconds + seen.algbw + seen.busbw)) return;
    add(bytes, seen);
    log_.type = *type;
    log_.redop = redop;
  }

  void add(std::int64_t bytes, const Sum& seen) {
    Sum& sum = sums_[bytes];
    sum.microseconds += seen.microseconds;
    sum.algbw += seen.algbw;
    sum.busbw += seen.busbw;
    ++sum.count;
  }

  NcclTestsLog log_;
  std::map<std::int64_t, Sum> sums_;
  int ranks_ = 0;
  bool rooted_ = false;
};

}  // namespace

Result<NcclTestsLog> parse_nccl_tests(std::string_view text, const std::string& file) {
  Reader reader;
  while (!text.empty() && !reader.full()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    reader.line(text.substr(0, end));
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  NcclTestsLog log = reader.take();
  if (log.rows.empty())
    return Error{{file, 0, 0},
                 "has no row of an nccl-tests table: a line of size, count, type, …, time, algbw and busbw"};
  return log;
}

Result<NcclTestsLog> read_nccl_tests(const std::string& path) {
  const Result<std::string> text = read_text_file(path, kMostBytes);
  if (!text) return text.errors();
  return parse_nccl_tests(*text, path);
}

}  // namespace orrery::interop
