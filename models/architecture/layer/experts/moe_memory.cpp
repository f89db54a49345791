#include <algorithm>

#include "models/architecture/layer/experts/moe.h"

namespace orrery::models {
namespace {

constexpr std::int64_t kScoreBytes = 4;  // fp32

Bytes copies_at(const LayerContext& context, std::int64_t copies) {
  return context.shape.activation(copies, context.shape.hidden);
}

}  // namespace

std::vector<SavedTensor> experts_saved(const LayerContext& context, bool activates_again) {
  const RankShape& shape = context.shape;
  const ExpertShape experts = expert_shape(context);
  const Precision precision = context.scenario.training.precision;
  const Bytes scores = {kScoreBytes * shape.shard_tokens * context.model().moe->experts};
  std::vector<SavedTensor> saved;
  saved.push_back({"router scores", scores * 2, false});
  saved.push_back({"expert fc1 input", stored_gemm_input(precision, experts.received * shape.hidden), true});
  saved.push_back({"expert activation input", stored_activation_input(context, experts.received * experts.fc1), false});
  if (!activates_again)
    saved.push_back({"expert fc2 input", stored_gemm_input(precision, experts.received * experts.ffn), true});
  if (context.stack().weighs_expert_outputs)
    saved.push_back({"expert outputs", copies_at(context, experts.copies), false});
  const Mlp shared = shared_experts(context);
  if (shared.ffn == 0) return saved;
  const std::int64_t fc1 = fc1_width(context.model(), shared.ffn);
  // Under sequence parallelism the shared experts gather the layer's tokens again, or keep them whole.
  if (shape.sequence_parallel && !context.stack().regather_inputs)
    saved.push_back({"shared fc1 input", stored_gemm_input(precision, shape.tokens * shape.hidden), true});
  saved.push_back({"shared activation input", stored_activation_input(context, shape.tokens * fc1), false});
  if (!activates_again)
    saved.push_back({"shared fc2 input", stored_gemm_input(precision, shape.tokens * shared.ffn), true});
  return saved;
}

Bytes experts_forward_set(const LayerContext& context) {
  const ExpertShape experts = expert_shape(context);
  return copies_at(context, experts.copies) + copies_at(context, experts.received);
}

// Each step of the way reads one list of copies and writes another; in the
// middle stand the gradients around an expert's activation.
Bytes experts_backward_set(const LayerContext& context) {
  const ExpertShape experts = expert_shape(context);
  const Bytes travelling = copies_at(context, experts.received) * 2;
  const Bytes inner = context.shape.activation(experts.received, experts.ffn);
  const Bytes outer = context.shape.activation(experts.received, experts.fc1);
  return std::max({travelling, inner + outer, outer + copies_at(context, experts.received)});
}

std::vector<SavedTensor> exchanges_saved(const LayerContext& context) {
  const ExpertShape experts = expert_shape(context);
  if (experts.ep == 1) return {};
  return {{"dispatched", copies_at(context, experts.received / experts.etp), true},
          {"combined", copies_at(context, experts.copies), false}};
}

}  // namespace orrery::models
