#pragma once

#include <vector>

#include "models/scenario/scenario.h"
#include "sim/base/id.h"

namespace orrery::models {

struct Coordinate {
  int tp = 0, cp = 0, dp = 0, pp = 0;
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
  // Place among the ranks with the same parameters (dp x cp), in the order of ranks.
  int replica(const Coordinate& at) const {
    return cp_stride_ < dp_stride_ ? at.dp * spec_.cp + at.cp : at.cp * spec_.dp + at.dp;
  }

 private:
  LayoutSpec spec_;
  int tp_stride_ = 1, cp_stride_ = 1, dp_stride_ = 1, pp_stride_ = 1;
};

// Transformer layers of every global stage by the contract's rule: n = pp*v
// chunks; if n divides the layers each gets layers/n; otherwise embedding and
// head count as one layer each. `layers + 2 >= n` or nothing is returned.
std::vector<int> layers_of_stages(int layers, int chunks);

}  // namespace orrery::models
