#pragma once

#include <span>
#include <vector>

#include "sim/planner.h"
#include "validate/device.h"

namespace orrery::validate {

// One of this process's streams that takes part in an exchange.
struct Endpoint {
  Place place;
  StreamHandle stream = 0;
  EventHandle arrived = 0;  // recorded there when all that its group of transfers waits for was over
  bool sends = false;       // point to point: the sender's side
};

// A transfer, once all participants of this process have come to it: what
// ncclAllReduce, ncclSend… are told.
struct Exchange {
  sim::TransferKind kind = sim::TransferKind::point_to_point;
  Bytes bytes;                              // in the nccl-tests sense
  std::uint16_t tag = 0;                    // point to point
  std::span<const RankId> members;          // of the communicator, in order; {from, to}; {rank} for a copy
  std::vector<Endpoint> local;              // those of `members` that run in this process; the sender first
  const sim::TransferPlan* plan = nullptr;  // what the simulator would do; null where it is not asked
};

// Moves data between ranks.
class Transport {
 public:
  virtual ~Transport() = default;

  // Enqueues exchanges that start together, as between ncclGroupStart and
  // ncclGroupEnd. Each begins when its endpoints have arrived, and holds back
  // whatever is enqueued later on the endpoints' streams until it is over.
  virtual void exchange(std::span<const Exchange> together) = 0;
};

}  // namespace orrery::validate
