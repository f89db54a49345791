#pragma once

#include <vector>

#include "sim/trace/trace.h"

namespace orrery::interop {

// One run, several listeners.
class TraceTee : public sim::TraceSink {
 public:
  explicit TraceTee(std::vector<sim::TraceSink*> sinks) : sinks_(std::move(sinks)) {}

  bool wants(RankId rank) const override {
    for (const sim::TraceSink* sink : sinks_)
      if (sink->wants(rank)) return true;
    return false;
  }
  void span(const sim::Span& span) override {
    for (sim::TraceSink* sink : sinks_)
      if (sink->wants(span.rank)) sink->span(span);
  }
  void link(const sim::LinkSample& sample) override {
    for (sim::TraceSink* sink : sinks_) sink->link(sample);
  }

 private:
  std::vector<sim::TraceSink*> sinks_;
};

}  // namespace orrery::interop
