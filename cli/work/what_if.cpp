#include "cli/work/what_if.h"

#include <memory>

#include "models/run/jobs.h"

namespace orrery::cli {
namespace {

using models::Scenario;

// Of a rate.
struct Factor {
  int numerator, denominator;
  const char* told;

  template <class Rate>
  void speed_up(Rate& rate) const {
    rate.n = rate.n / denominator * numerator;
  }
};

constexpr Factor factor_of(Faster faster) {
  return faster == Faster::twice ? Factor{2, 1, "twice as fast"} : Factor{11, 10, "10 % faster"};
}

// The cluster, and each of its groups where nodes are unlike.
template <class Change>
void to_all_nodes(Scenario& s, Change change) {
  change(s.cluster);
  for (topology::NodeGroup& group : s.cluster.groups) change(group);
}

void faster_nics(Scenario& s, const Factor& by) {
  by.speed_up(s.cluster.fabric.link);
  for (topology::NodeGroup& group : s.cluster.groups) by.speed_up(group.link);
  to_all_nodes(s, [&](auto& nodes) { by.speed_up(nodes.host.pcie_bandwidth); });
}

void faster_nvlink(Scenario& s, const Factor& by) {
  to_all_nodes(s, [&](auto& nodes) {
    by.speed_up(nodes.scale_up.bandwidth);
    by.speed_up(nodes.scale_up.usable);
  });
}

void faster_matrix_units(Scenario& s, const Factor& by) {
  to_all_nodes(s, [&](auto& nodes) {
    for (auto& [dtype, peak] : nodes.gpu.peak) by.speed_up(peak);
  });
}

void faster_memory(Scenario& s, const Factor& by) {
  to_all_nodes(s, [&](auto& nodes) { by.speed_up(nodes.gpu.memory_bandwidth); });
}

void free_host(Scenario& s, const Factor& /*by*/) {
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
  const char* what;
  bool (*applies)(const Scenario&);
  void (*apply)(Scenario&, const Factor&);
  bool is_a_rate = true;  // of hardware, which all jobs share

  std::string name(const Factor& by) const { return is_a_rate ? std::string(what) + " " + by.told : what; }
};

constexpr Change kChanges[] = {
    {"NICs and their PCIe", several_nodes, faster_nics},   {"NVLink", several_gpus_a_node, faster_nvlink},
    {"matrix units", always, faster_matrix_units},         {"GPU memory", always, faster_memory},
    {"no launch and host cost", always, free_host, false},
};

Scenario changed_by(const Change& change, const Factor& by, Scenario scenario) {
  change.apply(scenario, by);
  if (!change.is_a_rate) return scenario;
  for (models::JobSpec& job : scenario.jobs) {
    Scenario other = *job.scenario;
    change.apply(other, by);
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
  auto compiled = models::compile(scenario, nullptr, models::Form::with_calls);
  if (!compiled) return compiled.errors();
  const Prepared prepared = prepare(std::move(scenario), std::move(compiled).value());
  Simulated simulated = simulate(prepared, options);
  throw_if_stuck(simulated);
  return simulated;
}

}  // namespace

std::vector<report::WhatIf> what_if(const Scenario& scenario, Faster faster, const std::atomic<bool>* stop) {
  const Factor by = factor_of(faster);
  std::vector<report::WhatIf> answers;
  for (const Change& change : kChanges) {
    if (!change.applies(scenario)) continue;
    const auto simulated = run_changed(changed_by(change, by, scenario), stop);
    if (!simulated) continue;  // the question has no answer
    if (simulated->classes.interrupted) break;
    answers.push_back({change.name(by), simulated->ranks.step_time()});
  }
  return answers;
}

}  // namespace orrery::cli
