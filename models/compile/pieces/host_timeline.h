#pragma once

#include "models/compile/stage/stage_context.h"

namespace orrery::models {

// The CPU that issues a rank's work, as a stream of its own: it runs ahead of the
// GPU by as much as nothing makes it wait. Work is issued action by action: an
// action's first kernel can start once what came before was issued, and it cannot
// end before its own last kernel was. So an action whose kernels are shorter than
// their launches takes as long as the launches, and every other one hides them.
class HostTimeline {
 public:
  explicit HostTimeline(StageContext& context) : context_(context) {}

  // Before an action of `launches` kernels: the main stream's next op waits for
  // what was issued before.
  void begin(int launches);
  // After it: the main stream's next op waits until all of it was issued.
  void end();

  // In the middle of an action the host waits for the main stream and issues the
  // next `launches` kernels only then: a value that the host needs to go on.
  void interrupt(int launches);

  // The host waits for a GPU op before it issues more, as .item() does.
  void wait_for(sim::OpRef op);
  // The host waits for the main stream, works for `cost`, and the main stream for the host.
  void meet(Duration cost, std::string_view label);

 private:
  bool free_of_charge() const;
  // What was issued last: nobody else has ops on the host's stream.
  sim::OpRef issued() const { return context_.builder.last(context_.streams.host); }

  StageContext& context_;
};

}  // namespace orrery::models
