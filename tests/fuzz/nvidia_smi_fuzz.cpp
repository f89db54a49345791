// `nvidia-smi topo -m` on any bytes: what it accepts is a square, symmetric matrix.
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
  static const auto facts = topology::read_links(SearchPath::standard(""));
  must(facts.ok());
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto matrix = topology::parse_nvidia_smi(text, "smi.txt");
  if (!matrix) {
    must(!matrix.errors().empty());
    return 0;
  }
  for (const auto& device : matrix->devices) must(device.paths.size() == matrix->devices.size());
  const auto node = topology::node_from(*matrix, "smi.txt", *facts);
  must(node.ok() || !node.errors().empty());
  return 0;
}
