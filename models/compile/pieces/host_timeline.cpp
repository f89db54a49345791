#include "models/compile/pieces/host_timeline.h"

namespace orrery::models {

bool HostTimeline::free_of_charge() const {
  const Stack& stack = context_.scenario.software;
  return stack.cuda_graphs || stack.launch == Duration();
}

void HostTimeline::begin(int launches) {
  if (free_of_charge()) return;
  sim::ProgramBuilder& builder = context_.builder;
  // A host that waits for each kernel gives its own time to each: issuing, then the action.
  const bool blocking = context_.scenario.software.blocking_launches;
  if (blocking) wait_for(builder.last(context_.streams.main));
  builder.wait(context_.streams.main, issued());
  builder.kernel(context_.streams.host, context_.scenario.software.launch * launches,
                 context_.category(TimeCategory::host), sim::KernelClass::unaffected, builder.label("launch"));
  if (blocking) builder.wait(context_.streams.main, issued());
}

void HostTimeline::end() {
  if (!free_of_charge()) context_.builder.wait(context_.streams.main, issued());
}

void HostTimeline::interrupt(int launches) {
  if (free_of_charge()) return;
  end();
  meet(context_.scenario.software.host_sync, "wait for a value");
  begin(launches);
}

void HostTimeline::wait_for(sim::OpRef op) {
  context_.builder.wait(context_.streams.host, op);
}

void HostTimeline::meet(Duration cost, std::string_view label) {
  if (cost == Duration()) return;
  sim::ProgramBuilder& builder = context_.builder;
  wait_for(builder.last(context_.streams.main));
  builder.kernel(context_.streams.host, cost, context_.category(TimeCategory::host), sim::KernelClass::unaffected,
                 builder.label(label));
  builder.wait(context_.streams.main, issued());
}

}  // namespace orrery::models
