#include "cli/work/what_if.h"

#include <memory>

#include "models/run/jobs.h"

namespace orrery::cli {
namespace {

using models::Scenario;

void double_rate(BytesPerSecond& rate) {
  rate.n *= 2;
}

// The cluster, and each of its groups where nodes are unlike.
template <class Change>
void to_all_nodes(Scenario& s, Change change) {
  change(s.cluster);
  for (topology::NodeGroup& group : s.cluster.groups) change(group);
}

void faster_nics(Scenario& s) {
  double_rate(s.cluster.fabric.link);
  for (topology::NodeGroup& group : s.cluster.groups) double_rate(group.link);
  to_all_nodes(s, [](auto& nodes) { double_rate(nodes.host.pcie_bandwidth); });
}

void faster_nvlink(Scenario& s) {
  to_all_nodes(s, [](auto& nodes) {
    double_rate(nodes.scale_up.bandwidth);
    double_rate(nodes.scale_up.usable);
  });
}

void faster_matrix_units(Scenario& s) {
  to_all_nodes(s, [](auto& nodes) {
    for (auto& [dtype, peak] : nodes.gpu.peak) peak.n *= 2;
  });
}

void faster_memory(Scenario& s) {
  to_all_nodes(s, [](auto& nodes) { double_rate(nodes.gpu.memory_bandwidth); });
}

void free_host(Scenario& s) {
  s.software.launch = s.software.host_sync = s.software.step_overhead = Duration();
}

bool always(const Scenario&) {
  return true;
}
bool several_nodes(const Scenario& s) {
  return !s.cluster.ideal && s.cluster.nodes > 1;
}
bool several_gpus_a_node(const Scenario& s) {
  return !s.cluster.ideal && s.cluster.domain_gpus() > 1;
}

struct Change {
  const char* name;
  bool (*applies)(const Scenario&);
  void (*apply)(Scenario&);
  bool for_all_jobs = true;
};

constexpr Change kChanges[] = {
    {"NICs and their PCIe twice as fast", several_nodes, faster_nics},
    {"NVLink twice as fast", several_gpus_a_node, faster_nvlink},
    {"matrix units twice as fast", always, faster_matrix_units},
    {"GPU memory twice as fast", always, faster_memory},
    {"no launch and host cost", always, free_host, false},
};

Scenario changed_by(const Change& change, Scenario scenario) {
  change.apply(scenario);
  if (!change.for_all_jobs) return scenario;
  for (models::JobSpec& job : scenario.jobs) {
    Scenario other = *job.scenario;
    change.apply(other);
    job.scenario = std::make_shared<const Scenario>(std::move(other));
  }
  return scenario;
}

// Interrupted, what there is. Errors: such a machine cannot be described.
Result<Simulated> run_changed(Scenario scenario, const std::atomic<bool>* stop) {
  SimulateOptions options;
  options.stop = stop;
  if (!scenario.jobs.empty()) {
    models::JobsOptions amid;
    amid.simulate = options;
    amid.only_main = true;
    auto run = models::run_jobs(std::move(scenario), amid);
    if (!run) return run.errors();
    return std::move(run->simulated);
  }
  auto compiled = models::compile(scenario);
  if (!compiled) return compiled.errors();
  const Prepared prepared = prepare(std::move(scenario), std::move(compiled).value());
  Simulated simulated = simulate(prepared, options);
  throw_if_stuck(simulated);
  return simulated;
}

}  // namespace

std::vector<report::WhatIf> what_if(const Scenario& scenario, const std::atomic<bool>* stop) {
  std::vector<report::WhatIf> answers;
  for (const Change& change : kChanges) {
    if (!change.applies(scenario)) continue;
    const auto simulated = run_changed(changed_by(change, scenario), stop);
    if (!simulated) continue;  // the question has no answer
    if (simulated->classes.interrupted) break;
    answers.push_back({change.name, simulated->ranks.step_time()});
  }
  return answers;
}

}  // namespace orrery::cli
