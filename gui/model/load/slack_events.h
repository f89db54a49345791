#pragma once

#include "gui/model/ask/go_on.h"
#include "gui/model/ask/path/slack.h"
#include "gui/model/load/op_events.h"
#include "gui/model/store/build/trace_builder.h"
#include "sim/trace/trace.h"

namespace orrery::gui {

// The slack of the ops of a run (sim/trace/critical_path.h) as that of the events which
// show them. Equal ranks are folded into one, so theirs is how much longer all of
// them could take at once.
Slack slack_of(const TraceModel& model, const OpEvents& events, const sim::Workload& run, const sim::Trace& trace);

// The same of a trace whose events told of it; none where none did, and where `go_on` gives up.
Slack slack_of(const TraceModel& model, const std::vector<TraceBuilder::ToldSlack>& told, const GoOn& go_on = {});

// Those that could not last longer: the critical path, and what is as long beside it.
std::vector<EventRef> without_slack(const TraceModel& model, const Slack& slack, const GoOn& go_on = {});

}  // namespace orrery::gui
