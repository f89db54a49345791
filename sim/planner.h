#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sim/base/amount.h"
#include "sim/base/id.h"
#include "sim/program.h"

namespace orrery::sim {

// How often a transfer crosses a link at once: its connections (NCCL channels) there.
struct LinkUse {
  LinkId link;
  std::uint32_t connections = 1;
  bool operator==(const LinkUse&) const = default;
};
using LinkUses = std::vector<LinkUse>;  // sorted by link, each link once

// One fluid activity. After `latency` has passed, `bytes` flow over one
// connection of the heaviest link, at a rate that the network gives it: a full
// link is shared among activities in proportion to their connections there.
struct Phase {
  Duration latency;
  Bytes bytes;                           // per connection; 0: latency only
  BytesPerSecond max_rate{0};            // of one connection, by protocol; 0: no limit but the links
  std::shared_ptr<const LinkUses> uses;  // null: touches no link that others could want, and then max_rate is set
};

// A transfer as the network sees it: phases one after the other.
struct TransferPlan {
  std::vector<Phase> phases;
  std::uint8_t claim = 0;       // index into Workload::claims: what it takes from kernels beside it; 0 takes nothing
  std::uint32_t algorithm = 0;  // for reports: the planner's own numbering
};

struct TransferRequest {
  TransferKind kind = TransferKind::point_to_point;
  std::span<const RankId> ranks;  // the group in order; {from, to} for point_to_point; {rank} for copy
  Bytes bytes;
};

// What the engine asks when ranks have met. Implemented above (models/collectives);
// `sim` knows nothing of algorithms or switches. Answers depend on the request
// alone and stay valid as long as the planner lives.
class TransferPlanner {
 public:
  virtual ~TransferPlanner() = default;
  virtual const TransferPlan& plan(const TransferRequest& request) const = 0;
  virtual std::string algorithm_name(std::uint32_t algorithm) const = 0;
};

}  // namespace orrery::sim
