#include "models/architecture/layer/redistribution.h"

#include <algorithm>
#include <string>

namespace orrery::models {
namespace {

using sim::TransferKind;

// A degree, and the group of its ranks as the piece sees it.
struct Side {
  int degree = 1;
  LayerGroup group = LayerGroup::tp;

  bool splits_sequence(const LayerContext& context) const {
    return context.scenario.layout.sequence_parallel && degree > 1;
  }
};

// The hidden states of the samples that a rank works on at a degree.
Bytes samples_of(const LayerContext& context, int degree) {
  return {static_cast<std::int64_t>(Int128{context.shape.full_hidden().n} * degree / context.shape.tp)};
}

void redistribute(const LayerContext& context, const Side& from, const Side& to, const std::string& what,
                  StepList& list) {
  const Bytes there = samples_of(context, from.degree), here = samples_of(context, to.degree);
  if (from.splits_sequence(context))
    list.add(group_step("all-gather sequence of " + what, TransferKind::all_gather, from.group, there));
  // Samples stand side by side in every token's row: their parts are copied out, or in.
  list.add(memory_step("rearrange " + what, "default", std::min(there, here) * 2));
  if (here > there)
    list.add(group_step("all-gather samples of " + what, TransferKind::all_gather, LayerGroup::tp_samples, here));
  if (to.splits_sequence(context))
    list.add(memory_step("cut sequence of " + what, "default", Bytes{here.n / to.degree} * 2));
}

std::vector<LayerStep> behind(const StepList& first, const std::vector<LayerStep>& then) {
  std::vector<LayerStep> steps = first.steps();
  append(steps, then);
  return steps;
}

}  // namespace

void take_input_from(const LayerContext& context, int before, PieceWork& work) {
  const Side here{context.shape.tp, LayerGroup::tp}, there{before, LayerGroup::tp_before};
  if (before == here.degree || context.shape.grid.active()) return;
  StepList forward, backward;
  redistribute(context, there, here, "input", forward);
  redistribute(context, here, there, "input gradient", backward);
  work.forward = behind(forward, work.forward);
  append(work.input_gradient, backward.steps());
  append(work.backward, backward.steps());

  // What arrives is kept, and counted so; what was gathered for it stands beside it.
  const Bytes input = samples_of(context, before), taken = samples_of(context, here.degree);
  work.forward_transient = std::max(work.forward_transient, input + (here.splits_sequence(context) ? taken : Bytes{}));
  work.backward_transient = std::max(work.backward_transient, input + taken);
}

}  // namespace orrery::models
