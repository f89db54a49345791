#include "gui/model/load/slack_events.h"

#include "sim/trace/critical_path.h"

namespace orrery::gui {
namespace {

// Ops of a stream follow each other, so what ends with the op is the op, unless all
// of it was waiting.
bool shows(const TraceModel& model, EventRef event, Ns end) {
  const EventClass is = model.class_of(event);
  return model.range(event).end == end && is != EventClass::bubble && is != EventClass::exposed;
}

void note(Slack::Rows& rows, const TraceModel& model, EventRef event, Ns slack) {
  auto& row = rows[event.row];
  if (row.empty()) row.resize(model.row(event).size());
  row[event.index] = slack;
}

}  // namespace

Slack slack_of(const TraceModel& model, const OpEvents& events, const sim::Workload& run, const sim::Trace& trace) {
  const std::vector<Duration> slack = sim::slack(run, trace);
  Slack::Rows rows(model.rows().size());
  std::vector<EventRef> found;
  for (std::size_t i = 0; i < slack.size(); ++i) {
    const sim::Span& span = trace.spans()[i];
    if (span.end == span.start) continue;
    const Ns end = span.end.count_ps() / 1'000;
    found.clear();
    events.at(span.rank, span.stream, span.op, end - 1, found);
    for (const EventRef event : found) {
      if (shows(model, event, end)) note(rows, model, event, slack[i].count_ps() / 1'000);
    }
  }
  return Slack(std::move(rows));
}

Slack slack_of(const TraceModel& model, const std::vector<TraceBuilder::ToldSlack>& told, const GoOn& go_on) {
  if (told.empty()) return {};
  Slack::Rows rows(model.rows().size());
  Tally tally(go_on, told.size());
  for (const TraceBuilder::ToldSlack& one : told) {
    if (!tally.add(1)) return {};
    if (one.track >= model.tracks().size()) continue;
    const EventRef event = model.innermost(one.track, one.end - 1);
    if (!event.is_none() && shows(model, event, one.end)) note(rows, model, event, one.slack);
  }
  return Slack(std::move(rows));
}

std::vector<EventRef> without_slack(const TraceModel& model, const Slack& slack, const GoOn& go_on) {
  std::vector<EventRef> found;
  if (slack.empty()) return found;
  Tally tally(go_on, model.events());
  for (std::uint32_t row = 0; row < model.rows().size(); ++row)
    for (std::uint32_t i = 0; i < model.rows()[row].size(); ++i) {
      if (slack.of({row, i}) == Ns{0}) found.push_back({row, i});
      if (!tally.add(1)) return {};
    }
  return found;
}

}  // namespace orrery::gui
