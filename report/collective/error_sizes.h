#pragma once

#include <functional>
#include <vector>

#include "report/collective/collective_reproduction.h"

namespace orrery::report {

// Errors without their sign.
struct ErrorSizes {
  std::size_t n = 0;
  double mean = 0, median = 0, p90 = 0, worst = 0;
};

ErrorSizes sizes_of(const std::vector<SizedError>& errors);

// What a prediction is held to: the median error and nine in ten.
struct ErrorBar {
  double median = 0, p90 = 0;
  bool holds(const ErrorSizes& sizes) const { return sizes.median <= median && sizes.p90 <= p90; }
};

inline constexpr Bytes kLargeMessage{16 << 20};                          // large messages begin here
inline constexpr ErrorBar kLargeBar{0.05, 0.10}, kSmallBar{0.10, 0.20};  // of a platform, from there on and below
inline constexpr ErrorBar kArchitectureBar{0.15, 0.30};

std::vector<SizedError> below(Bytes size, const std::vector<SizedError>& errors);
std::vector<SizedError> from(Bytes size, const std::vector<SizedError>& errors);

// Whether large and small messages of a platform keep to their bars.
bool keeps_to_bars(const std::vector<SizedError>& errors);

// All series of one architecture and operation as one, in the order of their names.
std::vector<ReproducedSeries> by_architecture(const CollectiveReproduction& reproduction);

// Crossovers of one kind on one platform.
struct CrossoverKind {
  std::string platform, operation, from, to;
  int n = 0, within_one = 0;  // of them, at most one power of two off
  double worst = 0;           // powers of two
};
std::vector<CrossoverKind> by_kind(const std::vector<Crossover>& crossovers);

}  // namespace orrery::report
