#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/base/amount.h"
#include "sim/base/result.h"

namespace orrery::topology {

// What `ibnetdiscover` prints: every switch and adapter of an InfiniBand fabric,
// with what hangs on each of its ports.

struct IbPort {
  int number = 0;
  std::string peer;  // "S-0ff08c43213b3f30"
  int peer_port = 0;
  BytesPerSecond rate;  // what data can use: FDR and older spend part of the signal on coding
  Where where;
};

struct IbDevice {
  enum class Kind { adapter, network_switch, router };
  Kind kind = Kind::adapter;
  std::string id;            // "H-0ff08c4321664e96"
  std::string name;          // the description behind '#': "node7 mlx5_0"
  std::string host;          // of an adapter: the description's first word
  bool aggregation = false;  // a switch's own engine for SHARP, no host
  int ports = 0;
  std::vector<IbPort> links;
  Where where;
};

struct IbFabric {
  std::vector<IbDevice> devices;  // as listed
};

// All faults at once: lines that are none of ibnetdiscover's, devices or ports listed
// twice, peers that do not exist, links that the other end does not list or gives
// another rate. `file` only appears in messages.
Result<IbFabric> parse_ibnetdiscover(std::string_view text, const std::string& file);

// "4xHDR" -> 25 GB/s; zero where it is no rate.
BytesPerSecond infiniband_rate(std::string_view word);

}  // namespace orrery::topology
