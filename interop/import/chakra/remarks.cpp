#include "interop/import/chakra/remarks.h"

#include <algorithm>

namespace orrery::interop::chakra {
namespace {

std::string rounded(double value) {
  const std::string text = std::to_string(value);
  return text.substr(0, text.find('.') + 2);
}

}  // namespace

// How far the trace's backward pass is from the one that is simulated: twice the forward one.
void tell_backward(const Job& job, const Rate& rate, Draft& draft) {
  const double forward = sum_of(job, &Layer::operations) + sum_of(job, &Layer::microseconds) * rate.per_microsecond;
  const double backward =
      sum_of(job, &Layer::backward_operations) + sum_of(job, &Layer::backward_microseconds) * rate.per_microsecond;
  const bool told = std::any_of(job.layers.begin(), job.layers.end(), [](const Layers& l) { return l.backward; });
  const bool by_order = std::any_of(job.layers.begin(), job.layers.end(), [](const Layers& l) { return l.by_order; });
  if (!told)
    return draft.unresolved(
        "neither names nor order tell a backward pass: every compute is a row, and the "
        "simulated backward pass, of twice the operations, comes on top");
  if (by_order) draft.unresolved("no names tell the backward pass: the order of computes and gradients does");
  const double times = forward > 0 ? backward / forward : 0;
  if (times < 1.6 || times > 2.2)
    draft.unresolved("the trace's backward pass is " + rounded(times) +
                     " times its forward pass; the simulated one is twice");
}

void tell_left_out(const Job& job, Draft& draft) {
  std::int64_t missing = 0, on_cpu = 0, unplaced = 0, uneven = 0;
  bool updates = false;
  for (const RankStep& step : job.steps) {
    missing += step.trace->missing;
    for (const TraceNode& node : step.trace->nodes) on_cpu += node.kind == Kind::compute && node.on_cpu;
  }
  for (const Layers& stage : job.layers) {
    unplaced += stage.unplaced;
    updates = updates || stage.updates > 0;
  }
  for (const RankTrace& trace : job.world.ranks) uneven += trace.nodes.size() != job.world.ranks[0].nodes.size();
  if (uneven > 0 && job.pipeline.stages.size() == 1)
    draft.unresolved(std::to_string(uneven) +
                     " ranks have another number of nodes than rank 0, whose work the table is");
  if (missing > 0) draft.unresolved(std::to_string(missing) + " dependencies on nodes that the files do not hold");
  if (on_cpu > 0) draft.unresolved(std::to_string(on_cpu) + " operations of the CPU (is_cpu_op) are left out");
  if (unplaced > 0)
    draft.unresolved(std::to_string(unplaced) +
                     " computes of the backward pass belong to no layer of the forward pass");
  if (updates)
    draft.unresolved(
        "computes behind the backward pass are taken for the optimizer's, which is simulated by its own rules");
}

}  // namespace orrery::interop::chakra
