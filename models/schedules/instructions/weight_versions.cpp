#include <algorithm>

#include "models/schedules/instructions/instructions.h"

namespace orrery::models {
namespace {

template <class Version, class Kept>
std::string table(int stages, int count, Version version, Kept kept) {
  std::string csv = "stage,minibatch_or_microbatch,version_forward,version_backward,versions_stashed_max\n";
  for (int stage = 0; stage < stages; ++stage)
    for (int k = 0; k < count; ++k) {
      const std::string seen = std::to_string(version(stage, k));
      csv += std::to_string(stage) + ',' + std::to_string(k) + ',' + seen + ',' + seen + ',' +
             std::to_string(kept(stage)) + '\n';
    }
  return csv;
}

}  // namespace

// As many updates as backwards are done when its forward begins; stashed for its backward.
std::string pipedream_versions_csv(int stages, int count) {
  return table(
      stages, count, [=](int stage, int k) { return std::max(0, k - (stages - stage) + 1); },
      [=](int stage) { return stages - stage; });
}

std::string pipedream_2bw_versions_csv(int stages, int micro_batches, int count) {
  return table(
      stages, count, [=](int, int k) { return std::max(0, k / micro_batches - 1); }, [](int) { return 2; });
}

}  // namespace orrery::models
