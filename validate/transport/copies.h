#pragma once

#include <functional>
#include <optional>

#include "validate/transport/mover.h"
#include "validate/transport/steps.h"
#include "validate/transport/transport.h"

namespace orrery::validate {

// A link that is imposed on transfers: each takes at least so long.
using ImposedTime = std::function<std::optional<Duration>(const Exchange&, const std::vector<Move>&)>;

// Every round of a collective, or a message, takes latency + bytes / bandwidth.
ImposedTime imposed_link(Duration latency, BytesPerSecond bandwidth);

// Moves data between the virtual ranks of one device: copies and sums in the steps of
// the real algorithm, ordered by events. Which ranks move what is counted as NCCL does
// (a rank's part runs on the rank's own streams), so step counts and dependencies are
// exercised; links are not, unless they are imposed.
//
// A collective runs on the streams of its endpoints, a message on its receiver's.
class CopyTransport final : public Transport {
 public:
  CopyTransport(Device& device, Mover& mover, ImposedTime imposed = {});

  void exchange(std::span<const Exchange> together) override;

 private:
  void collective(const Exchange& exchange);
  void message(const Exchange& exchange, std::vector<std::pair<StreamHandle, EventHandle>>& ends);
  void to_host(const Exchange& exchange);
  void run_moves(const Exchange& exchange, const std::vector<Move>& moves, const std::vector<StreamHandle>& streams);

  Device& device_;
  Mover& mover_;
  ImposedTime imposed_;
};

}  // namespace orrery::validate
