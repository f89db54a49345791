// `ibnetdiscover` on any bytes: what it accepts as a network keeps a network's promises.
#include <cstdint>
#include <cstdlib>

#include "topology/read/files/listed_from.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace orrery;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto fabric = topology::parse_ibnetdiscover(text, "ib.txt");
  if (!fabric) return fabric.errors().empty() ? std::abort(), 0 : 0;
  const auto listed = topology::listed_from(*fabric, "ib.txt");
  if (!listed) return listed.errors().empty() ? std::abort(), 0 : 0;
  if (!topology::check_listed(*listed, {}).empty()) std::abort();
  return 0;
}
