// NCCL's topology XML on any bytes: it answers, in bounded time and memory, and
// what it accepts is a node that can be described.
#include <cstdint>
#include <cstdlib>

#include "topology/read/files/node_file.h"

namespace {

using namespace orrery;

void must(bool promise) {
  if (!promise) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const SearchPath presets = SearchPath::standard("");
  static const auto facts = topology::read_links(presets);
  static const auto devices = topology::read_pci_devices(presets);
  must(facts.ok() && devices.ok());
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto system = topology::parse_nccl_system(text, "topo.xml");
  if (!system) {
    must(!system.errors().empty());
    return 0;
  }
  const auto gpus = topology::gpus_of(*system);
  for (const auto& gpu : gpus) must(gpu.cpu != nullptr && gpu.device().is_gpu());
  const auto node = topology::node_from(*system, "topo.xml", *facts, *devices);
  must(node.ok() ? node->cluster.is_map() : !node.errors().empty());
  return 0;
}
