#include "models/compile/issue.h"

#include <algorithm>

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
  sim::ProgramBuilder& builder = context_.builder;
  const bool left_behind = aside && !op.side && !op.is_kernel;
  const sim::StreamIndex stream = op.side || left_behind ? context_.streams.tp : context_.streams.main;
  if (op.waits_for >= 0) {
    builder.wait(stream, side_[static_cast<std::size_t>(op.waits_for)]);
    if (!op.side) waited_ = std::max(waited_, op.waits_for);
  }
  if (stream != context_.streams.main) builder.wait(stream, builder.last(context_.streams.main));
  const sim::OpRef ref = op.is_kernel
                             ? builder.kernel(stream, op.cost, op.category, op.kernel_class, op.label_id, op.kernel)
                             : builder.collective(stream, op.transfer, op.category, op.label_id);
  if (left_behind) pending_ = ref;
  if (op.side) {
    side_[next_] = ref;
    issued_ = static_cast<int>(next_);
  }
  ++next_;
}

void ListIssuer::finish() {
  if (issued_ > waited_) context_.builder.wait(context_.streams.main, side_[static_cast<std::size_t>(issued_)]);
}

}  // namespace orrery::models
