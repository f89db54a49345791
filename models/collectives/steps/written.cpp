#include "models/collectives/steps/written.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>

#include "sim/base/text.h"

namespace orrery::models {
namespace {

constexpr int kMostRanks = 65536, kMostSteps = 100'000, kMostTimes = 1'000'000;
constexpr std::size_t kMostMessages = 4'000'000, kMostBytes = std::size_t{64} << 20;

using Written = std::shared_ptr<const WrittenSteps>;

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> cells_of(std::string_view line) {
  std::vector<std::string_view> cells;
  for (std::size_t at = 0;;) {
    const std::size_t end = std::min(line.find(',', at), line.size());
    cells.push_back(trimmed(line.substr(at, end - at)));
    if (end == line.size()) return cells;
    at = end + 1;
  }
}

std::optional<int> whole(std::string_view text, int most) {
  int n = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (fault != std::errc() || end != text.data() + text.size() || n < 0 || n > most) return std::nullopt;
  return n;
}

std::optional<double> number(std::string_view text) {
  double x = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), x);
  if (fault != std::errc() || end != text.data() + text.size() || !std::isfinite(x) || x < 0) return std::nullopt;
  return x;
}

// "0.125" or "1/8".
std::optional<double> share(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return number(text);
  const std::optional<double> above = number(text.substr(0, slash)), below = number(text.substr(slash + 1));
  if (!above || !below || *below == 0) return std::nullopt;
  return *above / *below;
}

// Lines that hold something, with their numbers; '#' begins a comment.
template <class F>
void each_line(std::string_view text, F f) {
  for (int line = 1; !text.empty(); ++line) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view content = text.substr(0, end);
    content = trimmed(content.substr(0, content.find('#')));
    if (!content.empty()) f(line, content);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

class StepsReader {
 public:
  explicit StepsReader(std::string file) : file_(std::move(file)) {}

  Result<Written> read(std::string_view text) {
    each_line(text, [this](int line, std::string_view content) { take(line, cells_of(content)); });
    if (errors_.empty() && written_.steps.empty()) fail(1, "there are no steps in it");
    for (std::size_t s = 0; s < written_.steps.size() && errors_.empty(); ++s)
      if (written_.steps[s].messages.empty()) fail(1, "step " + std::to_string(s) + " has no messages");
    if (!errors_.empty()) return errors_;
    return std::make_shared<const WrittenSteps>(std::move(written_));
  }

 private:
  void fail(int line, const std::string& what) {
    if (errors_.size() < 20) errors_.push_back({{file_, line, 1}, what});
  }

  void take(int line, const std::vector<std::string_view>& cells) {
    if (!headed_) return take_head(line, cells);
    if (cells.size() != columns_) return fail(line, "a line needs " + std::to_string(columns_) + " values");
    const std::optional<int> step = whole(cells[0], kMostSteps), from = whole(cells[1], kMostRanks - 1),
                             to = whole(cells[2], kMostRanks - 1);
    const std::optional<double> part = share(cells[3]);
    const std::optional<int> times = columns_ > 4 ? whole(cells[4], kMostTimes) : 1;
    if (!step) return fail(line, "'" + std::string(cells[0]) + "' is no step");
    if (!from || !to) return fail(line, "'" + std::string(from ? cells[2] : cells[1]) + "' is no rank");
    if (*from == *to) return fail(line, "rank " + std::to_string(*from) + " sends to itself");
    if (!part || *part <= 0) return fail(line, "'" + std::string(cells[3]) + "' is no share; write 0.125 or 1/8");
    if (!times || *times < 1) return fail(line, "'" + std::string(cells[4]) + "' is no number of times");
    if (++messages_ > kMostMessages) return fail(line, "more than 4,000,000 messages");
    add(line, *step, *times, {static_cast<std::uint32_t>(*from), static_cast<std::uint32_t>(*to), *part});
  }

  void take_head(int line, const std::vector<std::string_view>& cells) {
    static constexpr std::string_view kColumns[] = {"step", "from", "to", "share", "times"};
    headed_ = true;
    columns_ = cells.size();
    bool right = columns_ == 4 || columns_ == 5;
    for (std::size_t i = 0; right && i < columns_; ++i) right = cells[i] == kColumns[i];
    if (!right) fail(line, "a file of steps begins with 'step,from,to,share' or 'step,from,to,share,times'");
  }

  void add(int line, int step, int times, const Message& message) {
    const auto known = static_cast<int>(written_.steps.size());
    if (step > known || step < known - 1)
      return fail(line, "step " + std::to_string(step) + " does not follow step " + std::to_string(known - 1));
    if (step == known) written_.steps.push_back({{}, times, false});
    Step& its = written_.steps.back();
    if (its.times != times) return fail(line, "'times' is one for all messages of a step");
    its.messages.push_back(message);
    written_.ranks = std::max(written_.ranks, static_cast<int>(std::max(message.from, message.to)) + 1);
  }

  std::string file_;
  Errors errors_;
  WrittenSteps written_;
  std::size_t columns_ = 0, messages_ = 0;
  bool headed_ = false;
};

}  // namespace

Result<Written> read_steps(const std::string& file) {
  const Result<std::string> text = read_text_file(file, kMostBytes);
  if (!text) return text.errors();
  return StepsReader(file).read(*text);
}

Result<Written> read_byte_matrix(const std::string& file) {
  const Result<std::string> text = read_text_file(file, kMostBytes);
  if (!text) return text.errors();
  Errors errors;
  std::vector<std::vector<double>> rows;
  each_line(*text, [&](int line, std::string_view content) {
    auto& row = rows.emplace_back();
    for (const std::string_view cell : cells_of(content)) {
      const std::optional<double> bytes = number(cell);
      if (!bytes && errors.size() < 20)
        errors.push_back({{file, line, 1}, "'" + std::string(cell) + "' is no number of bytes"});
      row.push_back(bytes.value_or(0));
    }
    if (row.size() != rows.front().size() && errors.size() < 20)
      errors.push_back({{file, line, 1},
                        "a line of " + std::to_string(row.size()) + " ranks, but the first has " +
                            std::to_string(rows.front().size())});
  });
  if (errors.empty() && (rows.empty() || rows.size() != rows.front().size()))
    errors.push_back(
        {{file, 1, 1},
         "a matrix of bytes has as many lines as columns, but this has " + std::to_string(rows.size()) + " lines"});
  if (!errors.empty()) return errors;
  WrittenSteps written;
  written.ranks = static_cast<int>(rows.size());
  for (const auto& row : rows) {
    double sum = 0;
    for (const double bytes : row) sum += bytes;
    written.bytes = std::max(written.bytes, sum);
  }
  Step step;
  const std::size_t n = rows.size();
  for (std::size_t distance = 1; distance < n; ++distance)
    for (std::size_t r = 0; r < n; ++r)
      if (const double bytes = rows[r][(r + distance) % n]; bytes > 0)
        step.messages.push_back(
            {static_cast<std::uint32_t>(r), static_cast<std::uint32_t>((r + distance) % n), bytes / written.bytes});
  if (!step.messages.empty()) written.steps.push_back(std::move(step));
  return std::make_shared<const WrittenSteps>(std::move(written));
}

}  // namespace orrery::models
