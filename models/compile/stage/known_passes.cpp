#include "models/compile/stage/known_passes.h"

#include <algorithm>

namespace orrery::models {
namespace {

template <class T, class List>
bool begins_as(const std::vector<T>& table, std::size_t size, const List& other) {
  return other.size() == size && std::equal(other.begin(), other.end(), table.begin());
}

}  // namespace

const KnownPasses::Pass* KnownPasses::find(const PassKey& key, const sim::Program& program) const {
  const auto known = std::find_if(passes_.begin(), passes_.end(), [&](const Pass& pass) {
    return pass.key == key && begins_as(pass.transfers, pass.transfers_before, program.transfers) &&
           begins_as(pass.labels, pass.labels_before, program.labels);
  });
  return known == passes_.end() ? nullptr : &*known;
}

}  // namespace orrery::models
