#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include "sim/workload.h"

namespace orrery::sim {

// What running transfers take from the kernels beside them.
//
// While a transfer with a claim runs on a rank (from met to end), kernels of the
// rank's other streams take cost x (1000 + slowdown)/1000; slowdowns of several
// claims add up. Claims are constant while a transfer runs, so a kernel's speed
// changes only where a transfer starts or ends.
//
// Work and time are integers. A kernel with `work` left (ps at full speed) ends
// slowed(work) later, rounded up; after `elapsed` it has done work_done(elapsed),
// rounded down. So slowed() of what is left never ends before the work is done,
// and work_done(slowed(w)) >= w: a kernel whose end has come has no work left.
inline constexpr std::int64_t kFitsWord = std::int64_t{1} << 45;  // ps; times some thousands this is below 2^63

constexpr std::int64_t slowed(std::int64_t work, std::uint32_t permille) {
  if (permille == 0) return work;
  if (work < kFitsWord && permille < 100'000) return (work * (1000 + permille) + 999) / 1000;
  return static_cast<std::int64_t>((static_cast<Int128>(work) * (1000 + permille) + 999) / 1000);
}
constexpr std::int64_t work_done(std::int64_t elapsed, std::uint32_t permille) {
  if (permille == 0) return elapsed;
  if (elapsed < kFitsWord) return elapsed * 1000 / (1000 + permille);
  return static_cast<std::int64_t>(static_cast<Int128>(elapsed) * 1000 / (1000 + permille));
}

// A sum of claims that some rank has met, by number. 0: no claim, full speed.
using SpeedIndex = std::uint16_t;
inline constexpr SpeedIndex kFullSpeed = 0;

// Every sum of claims seen in a run. Few: a rank runs a handful of transfers at once.
class Speeds {
 public:
  using Slowdown = std::array<std::uint32_t, kKernelClasses>;

  explicit Speeds(const std::vector<Claim>& claims);

  bool slows(std::uint8_t claim) const { return claim < matters_.size() && matters_[claim]; }
  // Whether any claim at all slows kernels of this class.
  bool is_felt_by(KernelClass kernel_class) const { return felt_[static_cast<std::size_t>(kernel_class)]; }
  const Slowdown& slowdown(SpeedIndex speed) const { return known_[speed]; }
  std::uint32_t permille(SpeedIndex speed, KernelClass kernel_class) const {
    return known_[speed][static_cast<std::size_t>(kernel_class)];
  }
  // `speed` with one more, or one less, transfer of `claim`.
  SpeedIndex plus(SpeedIndex speed, std::uint8_t claim);
  SpeedIndex minus(SpeedIndex speed, std::uint8_t claim);

 private:
  struct Neighbours {
    SpeedIndex plus = kUnknown, minus = kUnknown;
  };
  static constexpr SpeedIndex kUnknown = UINT16_MAX;

  SpeedIndex index(const Slowdown& slowdown);
  Neighbours& neighbours(SpeedIndex speed, std::uint8_t claim);

  std::vector<Slowdown> claims_;
  std::vector<bool> matters_;
  std::array<bool, kKernelClasses> felt_{};
  std::vector<Slowdown> known_;
  std::vector<Neighbours> neighbours_;  // by speed and claim: sums found before
  std::map<Slowdown, SpeedIndex> index_;
};

}  // namespace orrery::sim
