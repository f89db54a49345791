#pragma once

#include <cstdint>
#include <vector>

#include "sim/base/duration.h"
#include "sim/base/id.h"
#include "sim/op.h"
#include "sim/workload.h"

namespace orrery::sim {

// One op as it was executed. `met` is when its transfer began (all had arrived);
// equal to start for ops that meet nobody.
struct Span {
  RankId rank;
  StreamIndex stream = 0;
  std::uint16_t step = 0;
  OpIndex op = 0;
  Time start, met, end;
};

struct LinkSample {
  LinkId link;
  Time when;
  BytesPerSecond load;
};

// Who wants to know. Spans arrive in order of their end per stream, inner ops of
// coalesced runs unrolled; samples in order of time.
class TraceSink {
 public:
  virtual ~TraceSink() = default;
  virtual bool wants(RankId rank) const = 0;
  virtual void span(const Span& span) = 0;
  virtual void link(const LinkSample&) {}
};

// A trace kept in memory, as columns.
class Trace : public TraceSink {
 public:
  bool wants(RankId) const override { return true; }
  void span(const Span& span) override { spans_.push_back(span); }
  void link(const LinkSample& sample) override { samples_.push_back(sample); }

  const std::vector<Span>& spans() const { return spans_; }
  const std::vector<LinkSample>& samples() const { return samples_; }

 private:
  std::vector<Span> spans_;
  std::vector<LinkSample> samples_;
};

}  // namespace orrery::sim
