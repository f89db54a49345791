// The YAML fabric on any bytes: what it accepts as a network keeps a network's promises.
#include <cstdint>
#include <cstdlib>

#include "topology/read/files/fabric_yaml.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace orrery;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto document = parse_document(text, "fabric.yaml");
  if (!document) return document.errors().empty() ? std::abort(), 0 : 0;
  const auto fabric = topology::read_fabric_yaml(*document);
  if (!fabric) return fabric.errors().empty() ? std::abort(), 0 : 0;
  if (!topology::check_listed(fabric->network, {}).empty()) std::abort();
  return 0;
}
