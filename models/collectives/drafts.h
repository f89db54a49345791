#pragma once

#include <span>
#include <utility>
#include <vector>

#include "sim/fold/planner.h"

namespace orrery::models {

// Drafts of one answer, and what they refer to: valid until the next answer begins.
class Drafts {
 public:
  // `wanted`: as many plans of one phase, whose phases then stay where they are.
  void begin(std::size_t wanted) {
    drafts_.clear();
    phases_.clear();
    plans_.clear();
    long_.clear();
    phases_.reserve(wanted);
    plans_.reserve(wanted);
  }
  std::span<const sim::Draft> all() const { return drafts_; }

  void add_nothing() { drafts_.emplace_back(); }

  void add(sim::TransferPlan plan) {
    if (plan.phases.empty()) return add_nothing();
    plans_.push_back(std::move(plan));
    const sim::TransferPlan& kept = plans_.back();
    if (kept.phases.size() > 1) return add_long(kept);
    add(kept, uses_of(kept.phases.front()));
  }

  // A plan of one phase, over these links in place of its own.
  void add(const sim::TransferPlan& plan, std::span<const sim::LinkUse> uses) {
    const sim::Phase& phase = plan.phases.front();
    phases_.push_back({phase.latency, phase.bytes, phase.max_rate, uses});
    drafts_.push_back({{&phases_.back(), 1}, plan.claim, plan.algorithm});
  }

 private:
  static std::span<const sim::LinkUse> uses_of(const sim::Phase& phase) {
    return phase.uses ? std::span<const sim::LinkUse>(*phase.uses) : std::span<const sim::LinkUse>();
  }

  // What is written out in steps.
  void add_long(const sim::TransferPlan& plan) {
    auto& phases = long_.emplace_back();
    for (const sim::Phase& phase : plan.phases)
      phases.push_back({phase.latency, phase.bytes, phase.max_rate, uses_of(phase)});
    drafts_.push_back({phases, plan.claim, plan.algorithm});
  }

  std::vector<sim::Draft> drafts_;
  std::vector<sim::Draft::Phase> phases_;
  std::vector<std::vector<sim::Draft::Phase>> long_;
  std::vector<sim::TransferPlan> plans_;  // what the links of drafts belong to
};

}  // namespace orrery::models
