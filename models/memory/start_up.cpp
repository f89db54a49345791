#include "models/memory/start_up.h"

#include <algorithm>
#include <cmath>

#include "models/layout/layer_degrees.h"
#include "models/layout/sharding.h"
#include "models/memory/states.h"

namespace orrery::models {
namespace {

using StateTensors = Stack::StateTensors;

// One kind of a rank's weights, dense or experts, with who shares them and what they take.
struct Kind {
  std::vector<std::int64_t> weights;  // elements
  Sharding sharding;
  StateBytes states;  // of one rank
  std::int64_t elements = 0;
};

Kind kind_of(const Scenario& scenario, const HeldWeights& held, bool experts) {
  Kind kind;
  for (const HeldWeights::Piece& piece : held.pieces)
    for (const Weight& weight : piece_weights(scenario, piece.kind, piece.layer))
      if (weight.expert == experts) kind.weights.push_back(weight.elements);
  for (const std::int64_t weight : kind.weights) kind.elements += weight;
  kind.sharding = experts ? expert_sharding(scenario.layout, held.replicas) : sharding(scenario.layout, held.replicas);
  HeldParameters parameters{kind.elements, 0, held.embeddings};
  if (experts) parameters = {0, kind.elements, 0};
  kind.states = state_bytes(scenario, scenario.layout.tp, parameters, held.replicas);
  return kind;
}

// Elements of each weight that rank `r` of a shard group updates. Megatron-LM lays weights out one behind the other,
// from the last to the first, and cuts each bucket into equal parts (param_and_grad_buffer.py).
std::vector<std::int64_t> buffer_shard(const Kind& kind, std::int64_t bucket_size, int r) {
  std::vector<std::int64_t> mine(kind.weights.size());
  for (std::size_t end = kind.weights.size(); end > 0;) {
    std::size_t begin = end;
    std::int64_t bucket = 0;
    while (begin > 0 && bucket < bucket_size) bucket += kind.weights[--begin];
    const std::int64_t share = kind.sharding.share(bucket), from = share * r, to = from + share;
    std::int64_t at = 0;
    for (std::size_t i = end; i-- > begin; at += kind.weights[i])
      mine[i] = std::max<std::int64_t>(0, std::min(to, at + kind.weights[i]) - std::max(from, at));
    end = begin;
  }
  std::erase(mine, 0);
  return mine;
}

// FSDP2 cuts each parameter by itself.
std::vector<std::int64_t> own_shards(const Kind& kind, bool split) {
  std::vector<std::int64_t> mine = kind.weights;
  if (split)
    for (std::int64_t& weight : mine) weight = kind.sharding.share(weight);
  return mine;
}

class Requests {
 public:
  explicit Requests(std::vector<std::int64_t>& into) : into_(into) {}

  std::int64_t allocate(double bytes) {
    into_.push_back(std::llround(bytes));
    return static_cast<std::int64_t>(into_.size()) - 1;
  }
  void free(std::int64_t request) { into_.push_back(-1 - request); }

 private:
  std::vector<std::int64_t>& into_;
};

// Of a state's bytes, what each element takes of a rank's share.
double width(Bytes bytes, bool split, const Kind& kind) {
  const std::int64_t elements = split ? kind.sharding.share(kind.elements) : kind.elements;
  return elements > 0 ? static_cast<double>(bytes.n) / static_cast<double>(elements) : 0;
}

class Writer {
 public:
  explicit Writer(const Scenario& scenario) : scenario_(scenario), wide_(wide_state_scheme(scenario.training)) {}

  StartUp write(const std::vector<Kind>& kinds, const HeldWeights& held, double place);

 private:
  void in_buffers(const std::vector<Kind>& kinds);
  void one_by_one(const Kind& kind);
  void optimizer(const Kind& kind, const std::vector<std::int64_t>& mine);

  const Scenario& scenario_;
  const StateScheme wide_;
  StartUp out_;
};

StartUp Writer::write(const std::vector<Kind>& kinds, const HeldWeights& held, double place) {
  const bool buffers = scenario_.software.state_tensors == StateTensors::buffers;
  if (buffers) in_buffers(kinds);
  const std::int64_t bucket = scenario_.overlap.gradients ? scenario_.overlap.bucket_size : INT64_MAX;
  for (const Kind& kind : kinds) {
    if (!buffers) one_by_one(kind);
    const int rank = static_cast<int>(std::lround(place * (kind.sharding.group - 1)));
    const bool split = kind.sharding.optimizer;
    optimizer(kind, buffers && split ? buffer_shard(kind, bucket, rank) : own_shards(kind, split));
  }
  for (const Bytes gradient : held.unread) out_.in_first_backward.push_back(gradient.n);
  return std::move(out_);
}

// Modules make their weights; one buffer holds the gradients of a kind. With the distributed optimizer, which a group
// of one may have too, another takes the weights' place.
void Writer::in_buffers(const std::vector<Kind>& kinds) {
  Requests now(out_.before_first_step);
  const bool moves = scenario_.layout.zero > 0;
  std::vector<std::vector<std::int64_t>> made;
  for (const Kind& kind : kinds) {
    made.emplace_back();
    for (const std::int64_t weight : kind.weights)
      made.back().push_back(now.allocate(static_cast<double>(weight) * wide_.parameter));
  }
  for (std::size_t k = 0; k < kinds.size(); ++k) {
    const Kind& kind = kinds[k];
    const double weights = static_cast<double>(kind.elements) * wide_.parameter;
    const double beside = static_cast<double>(kind.states.parameters.n) - weights;  // casts
    if (moves) now.allocate(weights);
    if (beside >= 1) now.allocate(beside);
    if (kind.states.gradients.n > 0) now.allocate(static_cast<double>(kind.states.gradients.n));
    for (std::size_t i = moves ? made[k].size() : 0; i-- > 0;) now.free(made[k][i]);
  }
}

void Writer::one_by_one(const Kind& kind) {
  Requests now(out_.before_first_step);
  const auto each = [&](Bytes bytes, bool split) {
    const double each_element = width(bytes, split, kind);
    for (const std::int64_t n : own_shards(kind, split))
      if (each_element > 0) now.allocate(static_cast<double>(n) * each_element);
  };
  each(kind.states.parameters, kind.sharding.parameters);
  each(kind.states.gradients, kind.sharding.gradients);
}

// A master copy is cast from a copy of the weight's shard. Moments come with the first update.
void Writer::optimizer(const Kind& kind, const std::vector<std::int64_t>& mine) {
  const double all = width(kind.states.optimizer, kind.sharding.optimizer, kind);
  const double moments = std::min(moments_width(scenario_.training), all), master = all - moments;
  Requests now(out_.before_first_step), later(out_.behind_first_step);
  const int tensors = has_two_moments(scenario_.training.optimizer) ? 2 : 1;
  for (const std::int64_t n : mine) {
    if (master > 0) {
      const std::int64_t copy = now.allocate(static_cast<double>(n) * wide_.parameter);
      now.allocate(static_cast<double>(n) * master);
      now.free(copy);
    }
    for (int i = 0; moments > 0 && i < tensors; ++i) later.allocate(static_cast<double>(n) * moments / tensors);
  }
}

// Where nothing is cut across weights, all ranks hold alike.
int places(const Scenario& scenario, const std::vector<Kind>& kinds) {
  constexpr int kMost = 4;
  if (scenario.software.state_tensors != StateTensors::buffers || scenario.overlap.gradients) return 1;
  int groups = 1;
  for (const Kind& kind : kinds)
    if (kind.sharding.optimizer) groups = std::max(groups, kind.sharding.group);
  return std::min(groups, kMost);
}

}  // namespace

std::vector<StartUp> start_ups(const Scenario& scenario, const HeldWeights& held) {
  // Layers with degrees of their own, and stages with replicas of their own, have several kinds of shards.
  const LayoutSpec& layout = scenario.layout;
  const bool even = !has_layer_degrees(layout) && layout.stage_replicas.empty();
  // Megatron-LM makes whole weights on the GPU; nobody told how those do it that keep shares there, or none.
  const bool whole = !sharding(layout).parameters && layout.offload.parameters == Place::gpu;
  const bool known = whole || scenario.software.state_tensors != StateTensors::buffers;
  if (scenario.software.state_tensors == StateTensors::one || !even || !known) return {};
  const std::vector<Kind> kinds = {kind_of(scenario, held, false), kind_of(scenario, held, true)};
  const int ranks = places(scenario, kinds);
  std::vector<StartUp> found;
  for (int i = 0; i < ranks; ++i)
    found.push_back(Writer(scenario).write(kinds, held, ranks == 1 ? 0 : static_cast<double>(i) / (ranks - 1)));
  return found;
}

}  // namespace orrery::models
