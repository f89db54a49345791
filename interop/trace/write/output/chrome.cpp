#include "interop/trace/write/output/chrome.h"

#include "interop/trace/format/chrome_lines.h"

namespace orrery::interop {
namespace {

class Chrome final : public EventFormat {
 public:
  Chrome(std::unique_ptr<OutputFile> file, const NameTable& names, const std::vector<std::string>& causes)
      : lines_(std::move(file)), names_(names) {
    for (const std::string& cause : causes) causes_.push_back(json_string(cause));
  }
  ~Chrome() override { lines_.close(); }

  void rank(std::uint32_t rank, std::string_view name, std::string_view labels,
            const std::vector<std::string>& tracks) override {
    lines_.metadata(rank, 0, "process_name", "name", json_string(name));
    lines_.metadata(rank, 0, "process_labels", "labels", json_string(labels));
    lines_.metadata(rank, 0, "process_sort_index", "sort_index", std::to_string(rank));
    for (std::size_t i = 0; i < tracks.size(); ++i) {
      lines_.metadata(rank, static_cast<std::int64_t>(i), "thread_name", "name", json_string(tracks[i]));
      lines_.metadata(rank, static_cast<std::int64_t>(i), "thread_sort_index", "sort_index", std::to_string(i));
    }
  }

  void slice(const Slice& slice) override {
    lines_.begin("X", slice.rank, slice.track, slice.start);
    line_ += ",\"dur\":";
    append_us(line_, (slice.end - slice.start).count_ps());
    line_ += ",\"name\":";
    line_ += escaped(slice.name);
    line_ += ",\"cat\":";
    line_ += escaped(slice.category);
    arguments(slice);
    lines_.end();
    if (slice.flow != 0) flow(slice);
  }

  void memory(std::uint32_t rank, Time when, std::span<const std::int64_t> by_cause, std::size_t) override {
    lines_.begin("C", rank, 0, when);
    line_ += ",\"name\":\"memory (bytes)\",\"args\":{";
    for (std::size_t i = 0; i < by_cause.size(); ++i) {
      if (i > 0) line_ += ',';
      (line_ += causes_[i]) += ':';
      append_number(line_, by_cause[i]);
    }
    line_ += '}';
    lines_.end();
  }

  void memory_limit(std::uint32_t rank, Time when, Bytes limit) override {
    lines_.begin("C", rank, 0, when);
    line_ += ",\"name\":\"memory limit (bytes)\",\"args\":{\"limit\":";
    append_number(line_, limit.n);
    line_ += '}';
    lines_.end();
  }

  void link(std::uint32_t link, std::string_view name, Time when, BytesPerSecond load) override {
    if (!std::exchange(network_named_, true)) {
      lines_.metadata(kNetwork, 0, "process_name", "name", "\"network\"");
      lines_.metadata(kNetwork, 0, "process_sort_index", "sort_index", std::to_string(kNetwork));
    }
    lines_.begin("C", kNetwork, 0, when);
    line_ += ",\"id\":";
    append_number(line_, link);
    (line_ += ",\"name\":") += json_string(name);
    line_ += ",\"args\":{\"B/s\":";
    append_number(line_, load.n);
    line_ += '}';
    lines_.end();
  }

  Errors close() override { return lines_.close(); }

 private:
  // Signed 32 bits is what viewers hold a process number in.
  static constexpr std::uint32_t kNetwork = INT32_MAX;

  void arguments(const Slice& slice) {
    line_ += ",\"args\":{\"step\":";
    append_number(line_, slice.step);
    if (slice.action) {
      ((line_ += ",\"action\":\"") += slice.action->action) += "\",\"micro_batch\":";
      append_number(line_, slice.action->micro_batch);
      line_ += ",\"chunk\":";
      append_number(line_, slice.action->chunk);
    }
    if (slice.transfer) {
      ((line_ += ",\"transfer\":\"") += to_string(slice.transfer->kind)) += "\",\"bytes\":";
      append_number(line_, slice.transfer->bytes.n);
      line_ += ",\"waited_us\":";
      append_us(line_, (slice.met - slice.start).count_ps());
    }
    if (slice.slack) {  // last, where readers look for it
      line_ += ",\"slack_us\":";
      append_us(line_, slice.slack->count_ps());
    }
    line_ += '}';
  }

  // Bound to points inside both slices: at an edge the slice before would do as
  // well. A transfer begins for both sides when they have met.
  void flow(const Slice& slice) {
    const Time inside = slice.met + Duration::ps((slice.end - slice.met).count_ps() / 2);
    lines_.begin(slice.flow_starts ? "s" : "f", slice.rank, slice.track, slice.flow_starts ? slice.met : inside);
    line_ += ",\"id\":\"";
    append_hex(line_, slice.flow);
    line_ += "\",\"name\":\"transfer\",\"cat\":\"flow\"";
    if (!slice.flow_starts) line_ += ",\"bp\":\"e\"";
    lines_.end();
  }

  const std::string& escaped(NameId id) {
    while (escaped_.size() <= id) escaped_.push_back(json_string(names_[static_cast<NameId>(escaped_.size())]));
    return escaped_[id];
  }

  ChromeLines lines_;
  std::string& line_ = lines_.line();
  const NameTable& names_;
  std::vector<std::string> escaped_;  // by NameId
  std::vector<std::string> causes_;   // escaped
  bool network_named_ = false;
};

}  // namespace

std::unique_ptr<EventFormat> chrome_format(std::unique_ptr<OutputFile> file, const NameTable& names,
                                           const std::vector<std::string>& causes) {
  return std::make_unique<Chrome>(std::move(file), names, causes);
}

}  // namespace orrery::interop
