#include <charconv>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "interop/trace/copy/copies.h"
#include "interop/trace/format/chrome_lines.h"
#include "interop/trace/write/output/chrome.h"

namespace orrery::interop {
namespace {

// JSON has no infinities.
void append_double(std::string& json, double x) {
  if (!std::isfinite(x)) {
    json += "null";
    return;
  }
  char digits[32];
  json.append(digits, std::to_chars(digits, digits + sizeof digits, x).ptr);
}

class ChromeCopy final : public TraceCopy {
 public:
  explicit ChromeCopy(std::unique_ptr<OutputFile> file) : lines_(std::move(file)) {}
  ~ChromeCopy() override { ChromeCopy::close(); }

  void name(TraceNameId, std::string_view text) override { names_.push_back(json_string(text)); }
  void process(const TraceProcess& p) override;
  void track(const TraceTrack& t) override;
  void counter(const TraceCounter& c) override;
  void slice(const TraceSlice& s) override;
  void instant(const TraceSlice& s) override;
  void count(TraceCounterId id, Time when, double value) override;
  void flow(const TraceFlowPoint& point) override;
  Errors close() override { return lines_.close(); }

 private:
  struct Row {
    std::int64_t pid = 0, tid = 0;
    std::string name;
    std::int64_t sort_index = 0;
  };
  struct Counter {
    std::int64_t pid = 0;
    std::string name, series;  // escaped
  };

  std::int64_t free_tid(std::int64_t pid, const TraceTrack& track);
  void head(std::string_view phase, const TraceSlice& s);
  void arguments(std::span<const TraceArgument> arguments);

  ChromeLines lines_;
  std::string& line_ = lines_.line();
  std::vector<std::string> names_;  // escaped
  std::vector<Row> processes_, tracks_;
  std::vector<Counter> counters_;
  std::set<std::int64_t> pids_;
  std::set<std::pair<std::int64_t, std::int64_t>> tids_;
};

// Ranks keep their number, others theirs, as far as nobody else has it already:
// files that number by text, and Perfetto's tracks, may have none of their own.
void ChromeCopy::process(const TraceProcess& p) {
  const std::uint32_t i = p.id.value;
  const bool fresh = i == processes_.size();
  if (fresh) {
    const bool is_rank = p.rank && p.name == "rank " + std::to_string(*p.rank);
    std::int64_t pid = is_rank ? *p.rank : p.pid;
    constexpr std::int64_t kFirstOwn = 1 << 30;
    if (!pids_.insert(pid).second) pids_.insert(pid = kFirstOwn + i);
    processes_.push_back({pid, 0, {}, 0});
  }
  Row& row = processes_[i];
  if (fresh || row.name != p.name) lines_.metadata(row.pid, 0, "process_name", "name", json_string(p.name));
  if (!p.labels.empty()) lines_.metadata(row.pid, 0, "process_labels", "labels", json_string(p.labels));
  if (row.sort_index != p.sort_index)
    lines_.metadata(row.pid, 0, "process_sort_index", "sort_index", std::to_string(p.sort_index));
  row.name = p.name, row.sort_index = p.sort_index;
}

std::int64_t ChromeCopy::free_tid(std::int64_t pid, const TraceTrack& track) {
  constexpr std::int64_t kFirstOwn = 1 << 30;
  for (const std::int64_t tid : {track.tid, track.sort_index})
    if (tids_.emplace(pid, tid).second) return tid;
  const std::int64_t own = kFirstOwn + track.id.value;
  tids_.emplace(pid, own);
  return own;
}

void ChromeCopy::track(const TraceTrack& t) {
  const std::uint32_t i = t.id.value;
  const std::int64_t pid = processes_[t.process.value].pid;
  const bool fresh = i == tracks_.size();
  if (fresh) tracks_.push_back({pid, free_tid(pid, t), {}, 0});
  Row& row = tracks_[i];
  if ((fresh && !t.name.empty()) || row.name != t.name)
    lines_.metadata(row.pid, row.tid, "thread_name", "name", json_string(t.name));
  if (fresh || row.sort_index != t.sort_index)
    lines_.metadata(row.pid, row.tid, "thread_sort_index", "sort_index", std::to_string(t.sort_index));
  row.name = t.name, row.sort_index = t.sort_index;
}

// Counters have no unit here but in their names, as our own traces have it.
void ChromeCopy::counter(const TraceCounter& c) {
  if (counters_.size() <= c.id.value) counters_.resize(c.id.value + 1);
  const std::string name = std::string(c.name) + (c.unit == "bytes" ? " (bytes)" : "");
  const std::string_view series = !c.series.empty() ? c.series : c.unit == "B/s" ? c.unit : "total";
  counters_[c.id.value] = {processes_[c.process.value].pid, json_string(name), json_string(series)};
}

void ChromeCopy::head(std::string_view phase, const TraceSlice& s) {
  const Row& row = tracks_[s.track.value];
  lines_.begin(phase, row.pid, row.tid, s.start);
}

void ChromeCopy::slice(const TraceSlice& s) {
  head("X", s);
  line_ += ",\"dur\":";
  append_us(line_, s.duration.count_ps());
  lines_.field("name", names_[s.name.value]);
  lines_.field("cat", names_[s.category.value]);
  arguments(s.arguments);
  lines_.end();
}

void ChromeCopy::instant(const TraceSlice& s) {
  head("i", s);
  lines_.field("s", "\"t\"");
  lines_.field("name", names_[s.name.value]);
  lines_.field("cat", names_[s.category.value]);
  arguments(s.arguments);
  lines_.end();
}

void ChromeCopy::arguments(std::span<const TraceArgument> arguments) {
  if (arguments.empty()) return;
  struct Append {
    std::string& json;
    void operator()(std::int64_t n) const { append_number(json, n); }
    void operator()(double x) const { append_double(json, x); }
    void operator()(bool b) const { json += b ? "true" : "false"; }
    void operator()(std::string_view text) const { json += json_string(text); }
    void operator()(TraceJson nested) const { json += nested.text; }
  };
  line_ += ",\"args\":{";
  for (const TraceArgument& argument : arguments) {
    if (&argument != arguments.data()) line_ += ',';
    (line_ += json_string(argument.key)) += ':';
    std::visit(Append{line_}, argument.value);
  }
  line_ += '}';
}

void ChromeCopy::count(TraceCounterId id, Time when, double value) {
  const Counter& counter = counters_[id.value];
  lines_.begin("C", counter.pid, 0, when);
  lines_.field("name", counter.name);
  ((line_ += ",\"args\":{") += counter.series) += ':';
  append_double(line_, value);
  line_ += '}';
  lines_.end();
}

// A start is bound to the slice around it; of one that begins at this very moment
// the next picosecond is surely inside.
void ChromeCopy::flow(const TraceFlowPoint& point) {
  const Row& row = tracks_[point.track.value];
  const bool ends = point.kind == TraceFlowPoint::Kind::end;
  const Time when = !ends && point.next_slice ? point.when + Duration::ps(1) : point.when;
  lines_.begin(ends ? "f" : point.kind == TraceFlowPoint::Kind::start ? "s" : "t", row.pid, row.tid, when);
  line_ += ",\"id\":\"";
  append_hex(line_, point.id);
  line_ += '"';
  lines_.field("name", "\"transfer\"");
  lines_.field("cat", "\"flow\"");
  if (ends && !point.next_slice) lines_.field("bp", "\"e\"");
  lines_.end();
}

}  // namespace

std::unique_ptr<TraceCopy> chrome_copy(std::unique_ptr<OutputFile> file) {
  return std::make_unique<ChromeCopy>(std::move(file));
}

}  // namespace orrery::interop
