#pragma once

#include <algorithm>

#include "models/collectives/steps/algorithms.h"
#include "models/collectives/steps/chunk_net.h"

namespace orrery::models {

// Ranks with one full-duplex port each, of bandwidth B, at latency a: what the closed
// forms (docs/collectives.md, F1 to F20) are about.
struct Ports {
  std::int64_t a_ns = 500;
  std::int64_t bytes_per_second = 50'000'000'000;
  BytesPerSecond reduce{0};

  Duration time(const Steps& steps, int ranks, int pieces = 1) const {
    const auto n = static_cast<std::uint32_t>(ranks);
    ChunkNet net(std::vector<BytesPerSecond>(2 * n, BytesPerSecond{bytes_per_second}));
    const auto way = [&](const Message& m) { return Way{{m.from, n + m.to}, Duration::ns(a_ns)}; };
    return net.run(steps, ranks, pieces, way, reduce);
  }
  // Step by step, all ranks at the same one: what the closed forms count. A ChunkNet is
  // as slow where all ranks do the same, else it may be faster.
  double lock_step(const Steps& steps, int ranks) const {
    double time = 0;
    for (const Step& step : steps) {
      std::vector<double> out(static_cast<std::size_t>(ranks), 0), in = out;
      for (const Message& m : step.messages) out[m.from] += m.bytes, in[m.to] += m.bytes;
      const double most = std::max(*std::max_element(out.begin(), out.end()), *std::max_element(in.begin(), in.end()));
      time += step.times * form(1, most);
    }
    return time;
  }

  // k waits and `bytes` through a port.
  double form(double waits, double bytes) const {
    return waits * static_cast<double>(a_ns) * 1e-9 + bytes / static_cast<double>(bytes_per_second);
  }
};

}  // namespace orrery::models
