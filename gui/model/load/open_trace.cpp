#include <chrono>

#include "gui/model/load/discard.h"
#include "gui/model/load/open_file.h"
#include "gui/model/load/slack_events.h"
#include "gui/model/store/build/trace_builder.h"
#include "interop/trace/read/read_trace.h"
#include "report/text.h"

namespace orrery::gui {
namespace {

using Clock = std::chrono::steady_clock;

// Beyond so many a copy would cost more than the look at it is worth.
constexpr std::uint64_t kMostShownEarly = 4'000'000;

// Tells of progress ten times a second, and shows what there is after 0.3 s, 0.6 s,
// 1.2 s…: all the copies together cost about as much as the last.
class Teller {
 public:
  explicit Teller(OpenWatch& watch) : watch_(watch) {}

  bool operator()(const TraceBuilder& builder, const interop::TraceProgress& progress) {
    if (progress.total == 0) return !watch_.stop;  // all is read, and being sorted
    const auto now = Clock::now();
    if (now >= next_word_) {
      const double share = static_cast<double>(progress.bytes) / static_cast<double>(progress.total);
      watch_.progress(share, report::grouped(static_cast<std::int64_t>(builder.events())) + " events");
      next_word_ = now + std::chrono::milliseconds(100);
    }
    if (now >= next_look_ && watch_.so_far && builder.events() > 0 && builder.events() < kMostShownEarly) {
      watch_.so_far(builder.so_far());
      next_look_ = Clock::now() + (Clock::now() - begin_);
    }
    return !watch_.stop;
  }

 private:
  OpenWatch& watch_;
  Clock::time_point begin_ = Clock::now(), next_word_ = begin_, next_look_ = begin_ + std::chrono::milliseconds(300);
};

std::vector<std::string> remarks_of(const TraceModel& model) {
  std::vector<std::string> remarks;
  const auto& parts = model.parts();
  if (parts.skipped > 0) {
    remarks.push_back(report::grouped(static_cast<std::int64_t>(parts.skipped)) + " broken events were skipped");
    for (const std::string& reason : parts.first_skipped) remarks.push_back("  " + reason);
  }
  if (parts.arguments.dropped() > 0)
    remarks.push_back("arguments of " + report::grouped(static_cast<std::int64_t>(parts.arguments.dropped())) +
                      " events were not kept: there are more than memory is set aside for");
  return remarks;
}

}  // namespace

Result<Opened> open_trace(const std::string& path, OpenWatch& watch, const OpenOptions& options) {
  auto builder = std::make_shared<TraceBuilder>(Teller(watch));
  const auto given_up = [&](Opened with) {
    discard(std::make_shared<std::pair<std::shared_ptr<TraceBuilder>, Opened>>(std::move(builder), std::move(with)));
    Opened nothing;
    nothing.cancelled = true;
    return nothing;
  };
  interop::TraceReadOptions part;
  part.ranks = options.ranks;
  if (options.from) part.from = *options.from;
  if (options.to) part.to = *options.to;
  const auto summary = interop::read_trace(path, *builder, part);
  if (!summary) return summary.errors();
  if (summary->cancelled || watch.stop) return given_up({});
  watch.progress(1, "sorting");
  Opened opened;
  opened.model = builder->finish();
  if (!opened.model) return given_up({});
  const GoOn go_on = [&](double) { return !watch.stop; };
  opened.slack = slack_of(*opened.model, builder->take_slack(), go_on);
  opened.critical_path = without_slack(*opened.model, opened.slack, go_on);
  opened.remarks = remarks_of(*opened.model);
  opened.roofline = std::make_shared<const Roofline>(roofline_of(*opened.model, go_on));
  if (watch.stop) return given_up(std::move(opened));
  return opened;
}

}  // namespace orrery::gui
