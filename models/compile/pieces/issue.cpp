#include "models/compile/pieces/issue.h"

#include <algorithm>
#include <vector>

namespace orrery::models {

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
  const bool left_behind = aside && !op.side && !is_kernel && is_worth_hiding(op);
  const sim::StreamIndex stream = left_behind ? hidden_stream(op) : op.side ? side_stream(op) : context_.streams.main;
  if (op.waits_for >= 0) {
    builder.wait(stream, side_[static_cast<std::size_t>(op.waits_for)]);
    if (!op.side) std::erase(open_, op.waits_for);
  }
  if (stream != context_.streams.main) builder.wait(stream, builder.last(context_.streams.main));
  const sim::OpRef ref = is_kernel ? builder.kernel(stream, aside ? slowed(op.cost, slot_slowdown(op)) : op.cost,
                                                    op.category, op.kernel_class, op.label_id, op.kernel)
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
  for (const sim::OpRef last : open_ends()) context_.builder.wait(context_.streams.main, last);
}

std::vector<sim::OpRef> ListIssuer::open_ends() const {
  std::vector<sim::OpRef> ends;
  for (const int last : open_) ends.push_back(side_[static_cast<std::size_t>(last)]);
  return ends;
}

// Exchanges between experts do not queue up behind those of tensor parallelism.
sim::StreamIndex ListIssuer::side_stream(const TemplateOp& op) const {
  return op.category == context_.category(TimeCategory::ep) ? context_.streams.ep : context_.streams.tp;
}

bool ListIssuer::exchanges() const {
  return context_.scenario.model.moe && context_.scenario.layout.ep > 1;
}

// Products run on the SMs that are not set aside for exchanges.
double ListIssuer::slot_slowdown(const TemplateOp& op) const {
  const int aside = context_.scenario.software.exchange_sms;
  const int sms = context_.scenario.cluster.gpu_of(context_.rank.node).sms;
  if (!exchanges() || op.kernel_class != sim::KernelClass::compute_bound || sms <= aside) return 1;
  return static_cast<double>(sms) / (sms - aside);
}

// What goes beside an exchange across nodes in the node goes beside it here too.
sim::StreamIndex ListIssuer::hidden_stream(const TemplateOp& op) const {
  return op.category == context_.category(TimeCategory::ep) ? context_.streams.ep_hidden : context_.streams.tp;
}

// Exchanges between experts come twice a layer in a forward as in a backward; those of tensor parallelism
// do not, and with both handed over the two passes would fall out of step. Where the host waits for what comes,
// nothing can be issued to hide it.
bool ListIssuer::is_worth_hiding(const TemplateOp& op) const {
  const bool host_waits = next_ + 1 < ops_.size() && ops_[next_ + 1].kind == LayerStep::Kind::host_sync;
  return !host_waits && (!exchanges() || op.category == context_.category(TimeCategory::ep));
}

void IssuedLists::issue(std::span<const TemplateOp> ops, const std::function<void()>& sync_host) {
  if (ops.empty()) return;
  const auto [at, is_new] = issued_.try_emplace(ops.data());
  Issued& issued = at->second;
  if (is_new) {
    issued = issue_anew(ops, sync_host);
    return;
  }
  if (!issued.repeats) return ListIssuer(context_, ops, sync_host).issue();
  sim::ProgramBuilder& builder = context_.builder;
  issue_first_again(ops.front());
  const sim::ProgramBuilder::Mark begin = builder.repeat(issued.from, issued.to);
  for (sim::OpRef end : issued.open_ends) {
    end.op += begin.ops[end.stream] - issued.from.ops[end.stream];
    builder.wait(context_.streams.main, end);
  }
}

// It waits for no step of its list, and none waits for it: those before it are none, and it is no side step.
void IssuedLists::issue_first_again(const TemplateOp& op) {
  const sim::StreamIndex main = context_.streams.main;
  if (op.kind == LayerStep::Kind::kernel)
    context_.builder.kernel(main, op.cost, op.category, op.kernel_class, op.label_id, op.kernel);
  else
    context_.builder.collective(main, op.transfer, op.category, op.label_id);
}

// The first step of a list that repeats is on the main stream, which alone may have to wait for
// something else; and nothing in the list is left to the host.
IssuedLists::Issued IssuedLists::issue_anew(std::span<const TemplateOp> ops, const std::function<void()>& sync_host) {
  Issued issued;
  issued.repeats = !ops.front().side && std::none_of(ops.begin(), ops.end(), [](const TemplateOp& op) {
    return op.kind == LayerStep::Kind::host_sync;
  });
  ListIssuer list(context_, ops, sync_host);
  list.issue_first();
  issued.from = context_.builder.mark();
  list.issue_rest();
  issued.to = context_.builder.mark();
  issued.open_ends = list.open_ends();
  list.finish();
  return issued;
}

}  // namespace orrery::models
