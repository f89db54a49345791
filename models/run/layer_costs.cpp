#include "models/run/layer_costs.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "sim/network/flow_net.h"

namespace orrery::models {
namespace {

constexpr int kOther = -1;  // the embedding, the head

// The layer that an op's label names first ("layer 12 qkv").
std::optional<int> layer_of(std::string_view label) {
  constexpr std::string_view kLayer = "layer ";
  if (label.starts_with(kLayer)) return std::atoi(label.data() + kLayer.size());
  for (const std::string_view end : {"embedding ", "head "})
    if (label.starts_with(end)) return kOther;
  return std::nullopt;
}

class Reading {
 public:
  Reading(const sim::Workload& workload, const sim::FlowNet& network, ProgramId program)
      : workload_(workload), network_(network), program_(workload.programs[program]) {
    while (workload.program_of[rank_] != program) ++rank_.value;
  }

  // f(layer, seconds) for every op of the first micro-batch.
  template <class F>
  void each(F f) const {
    const sim::Stream& main = program_.streams[sim::kMainStream];
    int open = 0;  // its actions that have begun
    for (std::size_t i = 0; i < main.ops.size(); ++i) {
      const sim::Op& op = main.ops[i];
      if (op.kind == sim::OpKind::marker) {
        const sim::Marker& marker = program_.markers[static_cast<std::size_t>(op.payload)];
        if (marker.micro_batch != 0) continue;
        open += marker.kind == sim::Marker::Kind::action_begin;
        open -= marker.kind == sim::Marker::Kind::action_end;
      }
      if (open == 0) continue;
      if (const auto layer = layer_of(program_.labels[main.notes[i].label])) f(*layer, seconds(op));
    }
  }

 private:
  double seconds(const sim::Op& op) const {
    if (op.kind == sim::OpKind::kernel) return static_cast<double>(op.payload) * 1e-12;
    if (op.kind != sim::OpKind::collective) return 0;
    const sim::Transfer& transfer = program_.transfer_of(op);
    const GroupId group = workload_.group_of(rank_, transfer.role);
    if (group.is_none()) return 0;
    const std::vector<RankId>& members = workload_.groups[group].members;
    return network_.time_alone(workload_.planner->plan({transfer.kind, members, transfer.bytes})).seconds();
  }

  const sim::Workload& workload_;
  const sim::FlowNet& network_;
  const sim::Program& program_;
  RankId rank_{0};  // the first that runs it
};

}  // namespace

LayerSeconds layer_seconds(const Scenario& scenario, const Compiled& compiled) {
  LayerSeconds all;
  all.layers.resize(static_cast<std::size_t>(scenario.model.layers));
  all.others.resize(static_cast<std::size_t>(scenario.layout.pp));
  const sim::FlowNet network(compiled.workload.links);
  for (std::uint32_t p = 0; p < compiled.workload.programs.size(); ++p) {
    std::vector<double> layers(all.layers.size());
    double other = 0;
    Reading(compiled.workload, network, {p}).each([&](int layer, double seconds) {
      (layer == kOther ? other : layers[static_cast<std::size_t>(layer)]) += seconds;
    });
    // Ranks of a stage that differ: the slowest counts.
    for (std::size_t l = 0; l < layers.size(); ++l) all.layers[l] = std::max(all.layers[l], layers[l]);
    double& here = all.others[static_cast<std::size_t>(compiled.stage_of_program[p])];
    here = std::max(here, other);
  }
  return all;
}

}  // namespace orrery::models
