#include "models/architecture/layer/experts/moe.h"

#include <algorithm>
#include <cmath>

#include "models/architecture/layer/experts/routing.h"
#include "models/layout/layout.h"

namespace orrery::models {
namespace {

using sim::TransferKind;

constexpr std::int64_t kFp32 = 4, kCount = 8;  // bytes of a router's number, of a token count

std::int64_t divide_up(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

// Copies of `tokens` tokens as they travel: all of them, or the slots that a
// capacity factor gives every expert, filled or not (Megatron-LM's
// --moe-pad-expert-input-to-capacity, GShard, Switch).
std::int64_t copies_of(const MoeSpec& moe, std::int64_t tokens) {
  const std::int64_t all = tokens * moe.top_k;
  if (moe.capacity_factor <= 0) return all;
  const double share = moe.capacity_factor * static_cast<double>(all) / moe.experts;
  return std::min<std::int64_t>(tokens, std::llround(std::ceil(share))) * moe.experts;
}

Linear router_linear(const LayerContext& context) {
  return {"router", context.shape.hidden, context.model().moe->experts, false, context.shape.general_type};
}

LocalLinear expert_linear(const LayerContext& context, const ExpertShape& experts, const Linear& linear) {
  const bool one_by_one = context.stack().experts_launched_one_by_one;
  return {linear, experts.rows(), experts.experts, one_by_one ? static_cast<int>(experts.experts) : 1};
}

bool has_capacity(const LayerContext& context) {
  return context.model().moe->capacity_factor > 0;
}

LayerStep host_sync_step(std::string label) {
  LayerStep step;
  step.kind = LayerStep::Kind::host_sync;
  step.label = std::move(label);
  return step;
}

// Scores of all experts in fp32, the best of them, their weights.
void route(const LayerContext& context, StepList& list) {
  const RankShape& shape = context.shape;
  const Bytes scores = {kFp32 * shape.shard_tokens * context.model().moe->experts};
  local_forward({router_linear(context), shape.shard_tokens, 1, 1}, list);
  list.add(memory_step("router scores", "softmax", scores * 2));
  list.add(memory_step("router top-k", "softmax", scores * 2));
  list.add(memory_step("routing map", "default", scores * 2));
}

void route_backward(const LayerContext& context, StepList& list) {
  const RankShape& shape = context.shape;
  const Bytes scores = {kFp32 * shape.shard_tokens * context.model().moe->experts};
  list.add(memory_step("router top-k backward", "softmax", scores * 2));
  list.add(memory_step("router scores backward", "softmax", scores * 3));
  local_backward(shape, context.stack(), {router_linear(context), shape.shard_tokens, 1, 1}, list);
}

// Without a capacity nobody knows beforehand how many copies come: ranks tell
// each other, and the host needs the numbers to issue what follows.
void count_copies(const LayerContext& context, const ExpertShape& experts, StepList& list) {
  if (has_capacity(context)) return;
  if (experts.ep > 1)
    list.add(group_step("all-gather token counts", TransferKind::all_gather, LayerGroup::ep,
                        {kCount * experts.ep * context.model().moe->experts}));
  list.add(host_sync_step("token counts"));
}

// Deduplicated, a token crosses to each node once, to the GPU with the sender's
// place there, which passes copies on over NVLink while more come in (DeepEP). The
// way back sums copies in the node first: the same bytes.
void exchange(const ExpertShape& experts, const ExpertShape::Exchange& bytes, const std::string& label,
              StepList& list) {
  if (experts.ep == 1) return;
  if (!experts.deduplicates()) {
    list.add(group_step("all-to-all " + label, TransferKind::all_to_all, LayerGroup::ep, bytes.all));
    return;
  }
  LayerStep across =
      group_step("all-to-all " + label + " across nodes", TransferKind::all_to_all, LayerGroup::ep_rail, bytes.across);
  across.side = true;
  const int sent = list.add(std::move(across));
  list.add(
      group_step("all-to-all " + label + " in the node", TransferKind::all_to_all, LayerGroup::ep_node, bytes.all));
  list.next_waits_for(sent);
}

// Copies of one expert lie together only once they are sorted.
void sort(const LayerContext& context, const ExpertShape& experts, const std::string& label, StepList& list) {
  if (experts.ep == 1 || experts.experts == 1) return;
  list.add(memory_step(label, "permute", context.shape.activation(experts.received, 2 * context.shape.hidden)));
}

void gather_over_etp(const LayerContext& context, const ExpertShape& experts, const std::string& label,
                     StepList& list) {
  if (experts.etp > 1)
    list.add(group_step("all-gather " + label, TransferKind::all_gather, LayerGroup::etp,
                        context.shape.activation(experts.received, context.shape.hidden)));
}

void scatter_over_etp(const LayerContext& context, const ExpertShape& experts, const std::string& label,
                      StepList& list) {
  if (experts.etp > 1)
    list.add(group_step("reduce-scatter " + label, TransferKind::reduce_scatter, LayerGroup::etp,
                        context.shape.activation(experts.received, context.shape.hidden)));
}

// From tokens in order to copies by expert, or the gradient of it, and back:
// one side is read, the other written. Deduplicated, the exchange reads tokens as they are, and sums them as they come
// back (DeepEP).
void permute(const LayerContext& context, const ExpertShape& experts, const std::string& label, StepList& list) {
  if (experts.deduplicates()) return;
  list.add(
      memory_step(label, "permute", context.shape.activation(experts.tokens + experts.copies, context.shape.hidden)));
}

void to_experts(const LayerContext& context, const ExpertShape& experts, const std::string& what, StepList& list) {
  exchange(experts, experts.to_experts, what, list);
  gather_over_etp(context, experts, what, list);
  sort(context, experts, "sort " + what, list);
}

void from_experts(const LayerContext& context, const ExpertShape& experts, const std::string& what, StepList& list) {
  sort(context, experts, "unsort " + what, list);
  scatter_over_etp(context, experts, what, list);
  exchange(experts, experts.from_experts, what, list);
}

void products_forward(const LayerContext& context, const ExpertShape& experts, StepList& list) {
  const std::vector<Linear> linears = expert_linears(context);
  local_forward(expert_linear(context, experts, linears[0]), list);
  activation_forward(context, linears[0], experts.received, list);
  local_forward(expert_linear(context, experts, linears[1]), list);
  add_bias(context.shape, linears[1], experts.received, list);
}

void products_backward(const LayerContext& context, const ExpertShape& experts, bool activates_again, StepList& list) {
  const std::vector<Linear> linears = expert_linears(context);
  if (activates_again) activation_again(context, linears[0], experts.received, list);
  local_backward(context.shape, context.stack(), expert_linear(context, experts, linears[1]), list);
  activation_backward(context, linears[0], experts.received, list);
  local_backward(context.shape, context.stack(), expert_linear(context, experts, linears[0]), list);
}

Bytes copies_bytes(const LayerContext& context, std::int64_t copies) {
  return context.shape.activation(copies, context.shape.hidden);
}

// Copies on their way to experts, and gradients on the same way, may go in 8 bits with a scale for 128 of them; what
// comes back is summed, in 16.
Bytes dispatched_bytes(const LayerContext& context, std::int64_t copies) {
  const bool narrow = context.stack().fp8_dispatch && context.shape.linear_type != context.shape.general_type;
  return narrow ? stored_gemm_input(Precision::fp8_blockwise, copies * context.shape.hidden)
                : copies_bytes(context, copies);
}

// Copies that cross domains from the busiest rank.
std::int64_t copies_across(const LayerContext& context, const ExpertShape& experts, double busiest) {
  const MoeSpec& moe = *context.model().moe;
  if (!moe.deduplicate || experts.ep == 1) return 0;
  const int in_domain = Layout(context.scenario.layout).experts_per_domain(context.scenario.cluster.domain_gpus());
  const int nodes = experts.ep / in_domain;
  if (nodes == 1 || in_domain == 1) return 0;
  const double sent = expected_nodes(nodes, moe.experts, moe.top_k, moe.node_limit) / moe.top_k;
  return std::llround(busiest * sent * static_cast<double>(experts.copies));
}

}  // namespace

double expected_nodes(int nodes, int experts, int top_k, int limit) {
  const int chosen = limit > 0 ? std::min(limit, nodes) : nodes;
  const int each = experts / nodes, drawn = each * chosen;
  double missed = 1;  // a given node of the chosen ones by all of the token's experts
  for (int i = 0; i < top_k; ++i) missed *= static_cast<double>(std::max(0, drawn - each - i)) / (drawn - i);
  return chosen * (1 - missed);
}

ExpertShape expert_shape(const LayerContext& context) {
  const MoeSpec& moe = *context.model().moe;
  const LayoutSpec& layout = context.scenario.layout;
  ExpertShape experts;
  experts.ep = layout.ep;
  experts.etp = layout.etp;
  experts.tokens = context.shape.shard_tokens;
  experts.copies = copies_of(moe, experts.tokens);
  const std::vector<double> loads = rank_loads(moe, layout.ep, context.layer, context.scenario.simulation.seed);
  const auto loaded = [&](double load) {
    return static_cast<std::int64_t>(std::llround(load * static_cast<double>(experts.copies)));
  };
  experts.received = loaded(loads[static_cast<std::size_t>(context.expert_rank)]) * experts.etp;
  experts.experts = moe.experts / layout.ep;
  experts.ffn = divide_up(moe.ffn, layout.etp);
  experts.fc1 = fc1_width(context.model(), experts.ffn);
  const double busiest = *std::max_element(loads.begin(), loads.end());
  const std::int64_t all = loaded(busiest), across = copies_across(context, experts, busiest);
  experts.to_experts = {dispatched_bytes(context, all), dispatched_bytes(context, across)};
  experts.from_experts = {copies_bytes(context, all), copies_bytes(context, across)};
  return experts;
}

Mlp shared_experts(const LayerContext& context) {
  const MoeSpec& moe = *context.model().moe;
  return {"shared ", divide_up(std::int64_t{moe.shared_experts} * moe.ffn, context.shape.tp)};
}

std::vector<Linear> expert_linears(const LayerContext& context) {
  const Mlp expert{"expert ", expert_shape(context).ffn};
  return {fc1_linear(context, expert), fc2_linear(context, expert)};
}

void experts_forward(const LayerContext& context, StepList& list) {
  const ExpertShape experts = expert_shape(context);
  route(context, list);
  count_copies(context, experts, list);
  permute(context, experts, "permute", list);
  to_experts(context, experts, "dispatch", list);
  products_forward(context, experts, list);
  from_experts(context, experts, "combine", list);
  permute(context, experts, "unpermute", list);

  const Mlp shared = shared_experts(context);
  if (shared.ffn == 0) return;
  mlp_forward(context, shared, list);
  list.add(memory_step("add shared experts", "residual_add", context.shape.shard_hidden() * 3));
}

void experts_again(const LayerContext& context, StepList& list) {
  const ExpertShape experts = expert_shape(context);
  const std::vector<Linear> linears = expert_linears(context);
  route(context, list);
  if (!has_capacity(context)) list.add(host_sync_step("token counts"));
  permute(context, experts, "permute", list);
  gather_over_etp(context, experts, "dispatch", list);
  sort(context, experts, "sort dispatch", list);
  local_forward(expert_linear(context, experts, linears[0]), list);
  activation_forward(context, linears[0], experts.received, list);
  if (shared_experts(context).ffn > 0) local_forward(expert_linear(context, experts, linears[1]), list);
}

void experts_backward(const LayerContext& context, bool activates_again, StepList& list) {
  const ExpertShape experts = expert_shape(context);
  const Mlp shared = shared_experts(context);
  if (shared.ffn > 0) mlp_backward(context, shared, activates_again, list);

  permute(context, experts, "unpermute backward", list);
  to_experts(context, experts, "combine gradient", list);
  products_backward(context, experts, activates_again, list);
  from_experts(context, experts, "dispatch gradient", list);
  permute(context, experts, "permute backward", list);
  route_backward(context, list);

  // The router, the experts and the shared ones all began at the same tokens.
  const int sums = shared.ffn > 0 ? 2 : 1;
  list.add(memory_step("sum gradients of experts", "residual_add", context.shape.shard_hidden() * (3 * sums)));
}

}  // namespace orrery::models
