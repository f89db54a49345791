#pragma once

#include <memory>

#include "interop/trace/write/timeline.h"

namespace orrery::interop {

// Writes a run once it has ended, when it is known how much longer each op could have
// lasted (sim::slack). Until then every span is kept. A run that was interrupted is
// written without.
class SlackWriter final : public TraceWriter {
 public:
  // `run` is what is simulated, folded or not.
  SlackWriter(const sim::Workload& run, std::unique_ptr<Timeline> timeline)
      : run_(run), timeline_(std::move(timeline)) {}
  ~SlackWriter() override { close(); }
  SlackWriter(const SlackWriter&) = delete;
  SlackWriter& operator=(const SlackWriter&) = delete;

  bool wants(RankId) const override { return true; }  // one rank's slack hangs on all others
  void span(const sim::Span& span) override { trace_.span(span); }
  void link(const sim::LinkSample& sample) override { timeline_->link(sample); }
  Errors close() override;

 private:
  const sim::Workload& run_;
  std::unique_ptr<Timeline> timeline_;
  sim::Trace trace_;
  bool closed_ = false;
};

}  // namespace orrery::interop
