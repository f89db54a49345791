#pragma once

#include <string>
#include <vector>

#include "models/scenario/scenario.h"
#include "sim/base/id.h"

namespace orrery::models {

struct Coordinate {
  int tp = 0, cp = 0, dp = 0, pp = 0;
};

// The same GPUs as experts see them: etp splits an expert, ep spreads experts,
// edp ranks hold the same ones.
struct ExpertCoordinate {
  int etp = 0, ep = 0, edp = 0, pp = 0;
};

// Who is where: ranks to coordinates and back, by LayoutSpec::order
// (fastest-changing first; ep is placed in the expert grid only).
class Layout {
 public:
  explicit Layout(const LayoutSpec& spec);

  int ranks() const { return spec_.gpus(); }
  const LayoutSpec& spec() const { return spec_; }
  Coordinate coordinate(RankId rank) const;
  RankId rank(const Coordinate& at) const;
  ExpertCoordinate expert_coordinate(RankId rank) const;
  // GPUs of one NVLink domain that an expert-parallel group has, if it has equally
  // many of each domain that it reaches and they follow each other; else all of it.
  int experts_per_domain(int domain_gpus) const;
  // Place among the ranks with the same parameters (dp x cp), in the order of ranks.
  int replica(const Coordinate& at) const {
    return cp_stride_ < dp_stride_ ? at.dp * spec_.cp + at.cp : at.cp * spec_.dp + at.dp;
  }

 private:
  LayoutSpec spec_;
  int tp_stride_ = 1, cp_stride_ = 1, dp_stride_ = 1, pp_stride_ = 1;
  int etp_stride_ = 1, ep_stride_ = 1, edp_stride_ = 1;  // among the ranks of one stage
  std::vector<int> stage_begins_;                        // first rank, where stages have replicas of their own
};

// "15-1", where stages have numbers of replicas of their own.
std::string replicas_text(const LayoutSpec& spec);

// Transformer layers of every global stage by the contract's rule: n = pp*v
// chunks; if n divides the layers each gets layers/n; otherwise embedding and
// head count as one layer each. `layers + 2 >= n` or nothing is returned.
std::vector<int> layers_of_stages(int layers, int chunks);

}  // namespace orrery::models
