// NCCL's graph XML on any bytes: what it accepts are channels over GPUs.
#include <cstdint>
#include <cstdlib>

#include "topology/read/nccl/nccl_graph.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto graphs = orrery::topology::parse_nccl_graphs(text, "graph.xml");
  if (!graphs) return graphs.errors().empty() ? std::abort(), 0 : 0;
  for (const auto& graph : graphs->graphs)
    for (const auto& channel : graph.channels)
      if (channel.gpus.empty()) std::abort();
  return 0;
}
