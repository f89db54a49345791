#include "cli/work/sweep/common_faults.h"

#include <algorithm>

#include "sim/base/random.h"

namespace orrery::cli {
namespace {

constexpr std::uint64_t kMostLookedAt = 1000;

void keep_shared(Errors& common, const Errors& here) {
  std::erase_if(common, [&](const Error& error) {
    return std::none_of(here.begin(), here.end(),
                        [&](const Error& other) { return other.where == error.where && other.what == error.what; });
  });
}

void place_in_section(Errors& errors, const sweep::Space& space) {
  for (Error& error : errors)
    for (const sweep::Axis& axis : space.axes())
      if (error.where.file == "--set " + axis.path) error.where = axis.where;
}

}  // namespace

// All of them, or of many the first and some at random: evenly spread ones might all have the same value of an axis.
Errors common_faults(const sweep::Space& space, const std::function<Errors(std::uint64_t point)>& faults_of) {
  Errors common = faults_of(0);
  const KeyedRandom random(1);
  for (std::uint64_t k = 1; k < std::min(space.size(), kMostLookedAt) && !common.empty(); ++k)
    keep_shared(common, faults_of(space.size() <= kMostLookedAt ? k : random.bits(k) % space.size()));
  place_in_section(common, space);
  return common;
}

}  // namespace orrery::cli
