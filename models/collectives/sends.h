#pragma once

#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "models/collectives/course.h"
#include "models/collectives/known_plans.h"
#include "models/collectives/times/measured_transfers.h"
#include "models/scenario/scenario.h"
#include "topology/fabric.h"

namespace orrery::models {

// A message of at most a page is all startup: at the slowest rate of a fabric its
// bytes take nanoseconds, so it is not worth a place on the links: a collective goes
// at the rate that NCCL reckons a channel with. Scalars that a whole job agrees on
// would else set the root of their tree apart from everybody else, and with it every
// rank that stands where the root does.
inline constexpr std::int64_t kFillsNoLink = 4096;

// A course as a plan of one phase. `on_links`: whether it loads those of its footprint.
sim::TransferPlan plan_of(const Course& course, int paths, bool on_links);

// What was measured in place of what the model says. Bytes that the links could not carry in that
// time are left out.
class MeasuredCourses {
 public:
  MeasuredCourses(const topology::Fabric& fabric, MeasuredTransfers measured)
      : fabric_(fabric), measured_(std::move(measured)) {}
  int nodes_of(std::span<const RankId> ranks) const;  // 1 where nothing was measured
  void take(const sim::TransferRequest& request, Course& course) const;

 private:
  const topology::Fabric& fabric_;
  MeasuredTransfers measured_;
};

// Sends from one rank to another.
class Sends {
 public:
  // All of these must outlive it.
  Sends(const topology::Fabric& fabric, Network network, const Sites& sites, FootprintMaker& make_footprints,
        const MeasuredCourses& measured)
      : fabric_(fabric),
        network_(network),
        sites_(sites),
        make_footprints_(make_footprints),
        measured_(measured),
        known_(static_cast<std::size_t>(fabric.gpus()), nullptr) {}

  // Kept. `moves_nothing`: a plan without phases.
  const sim::TransferPlan& plan(const sim::TransferRequest& request, bool moves_nothing);

  // A send without its links, and those, valid until the next call.
  struct Sent {
    const sim::TransferPlan& plan;
    std::span<const sim::LinkUse> uses;
    std::uint64_t likeness;  // of the two ranks (sim::DraftingPlanner)
  };
  Sent reckon(const sim::TransferRequest& request);

 private:
  // What the plan of a send depends on, but for the links that it loads.
  struct Kind {
    Bytes bytes;
    bool crosses = false;
    int nodes = 1;
    Duration latency;
    double nvlink_rate = 0, network_rate = 0;
    const Site* site = nullptr;
    std::uint64_t likeness() const;
    bool operator==(const Kind&) const = default;
  };
  // One size of message between two ranks. Pairs are many, so all that is known of
  // them lies in one place, chained by sender: a rank has few peers.
  struct Known {
    RankId to;
    Bytes bytes;
    sim::TransferPlan plan;
    const Known* next = nullptr;  // of the same sender
  };

  sim::TransferPlan make(const sim::TransferRequest& request);
  const sim::TransferPlan& of_kind(const sim::TransferRequest& request, const Kind& kind, std::uint32_t connections,
                                   const Footprint& links);

  const topology::Fabric& fabric_;
  Network network_;
  const Sites& sites_;
  FootprintMaker& make_footprints_;
  const MeasuredCourses& measured_;
  std::vector<std::pair<Kind, sim::TransferPlan>> kinds_;  // the latest first, without links
  Shelf<Known> plans_;
  IdVector<RankId, const Known*> known_;  // by sender, the latest first
};

}  // namespace orrery::models
