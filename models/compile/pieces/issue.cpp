#include "models/compile/pieces/issue.h"

#include <vector>

namespace orrery::models {

void ListIssuer::issue() {
  while (next_ < ops_.size()) step(false);
  finish();
}

bool ListIssuer::issue_to_collective() {
  if (!pending_.is_none()) context_.builder.wait(context_.streams.main, pending_);
  pending_ = sim::OpRef::none();
  while (next_ < ops_.size() && pending_.is_none()) step(true);
  if (next_ < ops_.size() || !pending_.is_none()) return true;
  finish();
  return false;
}

void ListIssuer::step(bool aside) {
  const TemplateOp& op = ops_[next_];
  if (op.kind == LayerStep::Kind::host_sync) {
    ++next_;
    return sync_host_();
  }
  sim::ProgramBuilder& builder = context_.builder;
  const bool is_kernel = op.kind == LayerStep::Kind::kernel;
  const bool left_behind = aside && !op.side && !is_kernel;
  const sim::StreamIndex stream = op.side || left_behind ? side_stream(op) : context_.streams.main;
  if (op.waits_for >= 0) {
    builder.wait(stream, side_[static_cast<std::size_t>(op.waits_for)]);
    if (!op.side) std::erase(open_, op.waits_for);
  }
  if (stream != context_.streams.main) builder.wait(stream, builder.last(context_.streams.main));
  const sim::OpRef ref = is_kernel
                             ? builder.kernel(stream, op.cost, op.category, op.kernel_class, op.label_id, op.kernel)
                             : builder.collective(stream, op.transfer, op.category, op.label_id);
  if (left_behind) pending_ = ref;
  if (op.side) {
    side_[next_] = ref;
    left_open(static_cast<int>(next_), stream);
  }
  ++next_;
}

// In order of a stream, the last stands for those before it.
void ListIssuer::left_open(int step, sim::StreamIndex stream) {
  std::erase_if(open_, [&](int earlier) { return side_stream(ops_[static_cast<std::size_t>(earlier)]) == stream; });
  open_.push_back(step);
}

void ListIssuer::finish() {
  for (const int last : open_) context_.builder.wait(context_.streams.main, side_[static_cast<std::size_t>(last)]);
}

// Exchanges between experts do not queue up behind those of tensor parallelism.
sim::StreamIndex ListIssuer::side_stream(const TemplateOp& op) const {
  return op.category == context_.category(TimeCategory::ep) ? context_.streams.ep : context_.streams.tp;
}

}  // namespace orrery::models
