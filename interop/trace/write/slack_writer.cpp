#include "interop/trace/write/slack_writer.h"

#include <utility>

#include "sim/trace/critical_path.h"

namespace orrery::interop {

Errors SlackWriter::close() {
  if (std::exchange(closed_, true)) return {};
  const std::vector<Duration> slack = sim::slack(run_, trace_);
  for (std::size_t i = 0; i < trace_.spans().size(); ++i) {
    const sim::Span& span = trace_.spans()[i];
    slack.empty() ? timeline_->span(span) : timeline_->span(span, slack[i]);
  }
  return timeline_->close();
}

}  // namespace orrery::interop
