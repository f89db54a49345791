#pragma once

#include <vector>

#include "models/compute/calibration/place.h"
#include "models/compute/calibration/triangle.h"

namespace orrery::models {

// What measured kernels of one kind say of one that was not measured: simple kriging, that is the mean of a
// Gaussian process given its neighbours, which knows its own error.
//
// Two differences from the curve, at a and b, d doublings apart, vary together by
//   common^2 + apart^2 [same group] + (trend^2 + trend_apart^2 [same group]) (a.trend . b.trend)
//     + (near^2 + free^2 a.free b.free) / (1 + d / 32)
// (the last is a generalized Cauchy covariance, valid in any number of dimensions [Gneiting & Schlather 2004], which
// needs no exponential; over the few doublings that kernels are apart their squared difference grows linearly), a
// measurement with itself by noise^2 more. Hence two measurements of one place count as little more
// than one, many around the place hide those behind them, and far from all what is left is what they have in
// common. Only the nearest 32 are asked: more change the mean error of no table by a tenth.
class Kriging {
 public:
  struct Estimate {
    double difference = 0;  // log2
    double error = 0;       // its standard deviation
  };

  explicit Kriging(const Spread& spread) : spread_(spread) {}

  void add(const Place& place, double difference) { known_.push_back({place, difference}); }

  // Takes the errors that the spread promises to those that are found by leaving each of the known out (of 32 of them,
  // evenly spread over their order). Few of them say little: eight more are thought to be as promised.
  void learn_errors();

  // At least one is known.
  Estimate at(const Place& place) const;

 private:
  struct Known {
    Place place;
    double difference;
  };

  std::vector<const Known*> nearest(const Place& place) const;
  Triangle factored(const std::vector<const Known*>& of) const;
  double together(const Place& a, const Place& b) const;

  Spread spread_;
  std::vector<Known> known_;
  double error_scale_ = 1;
};

}  // namespace orrery::models
