#include "interop/trace/chrome.h"

#include <charconv>

namespace orrery::interop {
namespace {

void append(std::string& text, std::integral auto n) {
  char digits[24];
  text.append(digits, std::to_chars(digits, digits + sizeof digits, n).ptr);
}

// Picoseconds as microseconds, to the last digit.
void append_us(std::string& text, std::int64_t ps) {
  append(text, ps / 1'000'000);
  const std::int64_t rest = ps % 1'000'000;
  if (rest == 0) return;
  char digits[8] = {'.'};
  for (std::int64_t i = 6, left = rest; i >= 1; --i, left /= 10) digits[i] = static_cast<char>('0' + left % 10);
  std::size_t length = 7;
  while (digits[length - 1] == '0') --length;
  text.append(digits, length);
}

// One event a line, so that text tools can read what no viewer opens.
class Chrome final : public EventFormat {
 public:
  Chrome(std::unique_ptr<OutputFile> file, const NameTable& names, const std::vector<std::string>& causes)
      : file_(std::move(file)), names_(names) {
    for (const std::string& cause : causes) causes_.push_back(json_string(cause));
    file_->write("{\"displayTimeUnit\":\"ns\",\"otherData\":{\"producer\":\"orrery\"},\"traceEvents\":[");
  }
  ~Chrome() override { Chrome::close(); }

  void rank(std::uint32_t rank, std::string_view name, std::string_view program,
            const std::vector<std::string>& tracks) override {
    metadata(rank, 0, "process_name", "name", json_string(name));
    metadata(rank, 0, "process_labels", "labels", json_string(program));
    metadata(rank, 0, "process_sort_index", "sort_index", std::to_string(rank));
    for (std::size_t i = 0; i < tracks.size(); ++i) {
      metadata(rank, i, "thread_name", "name", json_string(tracks[i]));
      metadata(rank, i, "thread_sort_index", "sort_index", std::to_string(i));
    }
  }

  void slice(const Slice& slice) override {
    begin("X", slice.rank, slice.track, slice.start);
    line_ += ",\"dur\":";
    append_us(line_, (slice.end - slice.start).count_ps());
    line_ += ",\"name\":";
    line_ += escaped(slice.name);
    line_ += ",\"cat\":";
    line_ += escaped(slice.category);
    arguments(slice);
    end();
    if (slice.flow != 0) flow(slice);
  }

  void memory(std::uint32_t rank, Time when, std::span<const std::int64_t> by_cause, std::size_t) override {
    begin("C", rank, 0, when);
    line_ += ",\"name\":\"memory (bytes)\",\"args\":{";
    for (std::size_t i = 0; i < by_cause.size(); ++i) {
      if (i > 0) line_ += ',';
      (line_ += causes_[i]) += ':';
      append(line_, by_cause[i]);
    }
    line_ += '}';
    end();
  }

  void link(std::uint32_t link, std::string_view name, Time when, BytesPerSecond load) override {
    if (!std::exchange(network_named_, true)) {
      metadata(kNetwork, 0, "process_name", "name", "\"network\"");
      metadata(kNetwork, 0, "process_sort_index", "sort_index", std::to_string(kNetwork));
    }
    begin("C", kNetwork, 0, when);
    line_ += ",\"id\":";
    append(line_, link);
    (line_ += ",\"name\":") += json_string(name);
    line_ += ",\"args\":{\"B/s\":";
    append(line_, load.n);
    line_ += '}';
    end();
  }

  Errors close() override {
    if (!std::exchange(closed_, true)) file_->write("\n]}\n");
    return file_->close();
  }

 private:
  // Signed 32 bits is what viewers hold a process number in.
  static constexpr std::uint32_t kNetwork = INT32_MAX;

  void begin(std::string_view phase, std::uint32_t pid, std::size_t tid, Time when) {
    line_ = first_ ? "\n{\"ph\":\"" : ",\n{\"ph\":\"";
    first_ = false;
    line_ += phase;
    line_ += "\",\"pid\":";
    append(line_, pid);
    line_ += ",\"tid\":";
    append(line_, tid);
    line_ += ",\"ts\":";
    append_us(line_, when.count_ps());
  }
  void end() {
    line_ += '}';
    file_->write(line_);
  }

  void metadata(std::uint32_t pid, std::size_t tid, std::string_view what, std::string_view key,
                std::string_view value) {
    begin("M", pid, tid, Time());
    ((line_ += ",\"name\":\"") += what) += "\",\"args\":{\"";
    ((line_ += key) += "\":") += value;
    line_ += '}';
    end();
  }

  void arguments(const Slice& slice) {
    line_ += ",\"args\":{\"step\":";
    append(line_, slice.step);
    if (slice.action) {
      ((line_ += ",\"action\":\"") += slice.action->action) += "\",\"micro_batch\":";
      append(line_, slice.action->micro_batch);
      line_ += ",\"chunk\":";
      append(line_, slice.action->chunk);
    }
    if (slice.transfer) {
      ((line_ += ",\"transfer\":\"") += to_string(slice.transfer->kind)) += "\",\"bytes\":";
      append(line_, slice.transfer->bytes.n);
      line_ += ",\"waited_us\":";
      append_us(line_, (slice.met - slice.start).count_ps());
    }
    line_ += '}';
  }

  // Bound to points inside both slices: at an edge the slice before would do as
  // well. A transfer begins for both sides when they have met.
  void flow(const Slice& slice) {
    const Time inside = slice.met + Duration::ps((slice.end - slice.met).count_ps() / 2);
    begin(slice.flow_starts ? "s" : "f", slice.rank, slice.track, slice.flow_starts ? slice.met : inside);
    line_ += ",\"id\":\"";
    char digits[20];
    line_.append(digits, std::to_chars(digits, digits + sizeof digits, slice.flow, 16).ptr);
    line_ += "\",\"name\":\"transfer\",\"cat\":\"flow\"";
    if (!slice.flow_starts) line_ += ",\"bp\":\"e\"";
    end();
  }

  const std::string& escaped(NameId id) {
    while (escaped_.size() <= id) escaped_.push_back(json_string(names_[static_cast<NameId>(escaped_.size())]));
    return escaped_[id];
  }

  std::unique_ptr<OutputFile> file_;
  const NameTable& names_;
  std::vector<std::string> escaped_;  // by NameId
  std::vector<std::string> causes_;   // escaped
  std::string line_;
  bool first_ = true, closed_ = false, network_named_ = false;
};

}  // namespace

std::unique_ptr<EventFormat> chrome_format(std::unique_ptr<OutputFile> file, const NameTable& names,
                                           const std::vector<std::string>& causes) {
  return std::make_unique<Chrome>(std::move(file), names, causes);
}

}  // namespace orrery::interop
