#include "models/compute/calibration/kriging.h"

#include <algorithm>
#include <cmath>

namespace orrery::models {
namespace {

constexpr std::size_t kNearest = 32;
constexpr double kReach = 32;  // doublings
constexpr std::size_t kAsPromised = 8;

double squared_distance(const Place& a, const Place& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.at.size(); ++i) sum += (a.at[i] - b.at[i]) * (a.at[i] - b.at[i]);
  return sum;
}

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

double square(double x) {
  return x * x;
}

}  // namespace

double Kriging::together(const Place& a, const Place& b) const {
  const Spread& s = spread_;
  const bool same = a.group == b.group;
  double trends = 0;
  for (std::size_t i = 0; i < a.trend.size(); ++i) trends += a.trend[i] * b.trend[i];
  const double reached = kReach / (kReach + std::sqrt(squared_distance(a, b)));
  return square(s.common) + (same ? square(s.apart) : 0) +
         (square(s.trend) + (same ? square(s.trend_apart) : 0)) * trends +
         (square(s.near) + square(s.free) * a.free * b.free) * reached;
}

// Of equal distances the one that was added first.
std::vector<const Kriging::Known*> Kriging::nearest(const Place& place) const {
  std::vector<std::pair<double, std::size_t>> order;
  for (std::size_t i = 0; i < known_.size(); ++i) order.emplace_back(squared_distance(place, known_[i].place), i);
  const std::size_t n = std::min(kNearest, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(n), order.end());
  std::vector<const Known*> near;
  for (std::size_t i = 0; i < n; ++i) near.push_back(&known_[order[i].second]);
  return near;
}

// The L of their covariances K = L L^T.
Triangle Kriging::factored(const std::vector<const Known*>& of) const {
  Triangle covariances(of.size());
  for (std::size_t i = 0; i < of.size(); ++i) {
    for (std::size_t j = 0; j <= i; ++j) covariances(i, j) = together(of[i]->place, of[j]->place);
    covariances(i, i) += square(spread_.noise);
  }
  covariances.factor();
  return covariances;
}

// With k of the neighbours' covariances with the place and r of their differences: the mean is
// k K^-1 r = (L^-1 k) . (L^-1 r), the variance together(place, place) - |L^-1 k|^2.
Kriging::Estimate Kriging::at(const Place& place) const {
  const std::vector<const Known*> near = nearest(place);
  std::vector<double> with_place, differences;
  for (const Known* known : near) {
    with_place.push_back(together(known->place, place));
    differences.push_back(known->difference);
  }
  const Triangle root = factored(near);
  root.solve(with_place);
  root.solve(differences);
  const double unexplained = std::max(0.0, together(place, place) - dot(with_place, with_place));
  return {dot(with_place, differences), error_scale_ * std::sqrt(unexplained + square(spread_.noise))};
}

// Left out of r, the i-th is missed by (K^-1 r)_i / (K^-1)_ii, where an error of (K^-1)_ii^-1/2 is promised
// [Dubrule 1983]; both are products of w = L^-1 e_i.
void Kriging::learn_errors() {
  if (known_.size() < 2) return;
  const std::size_t n = std::min(kNearest, known_.size());
  std::vector<const Known*> some;
  std::vector<double> differences;
  for (std::size_t i = 0; i < n; ++i) {
    some.push_back(&known_[i * known_.size() / n]);
    differences.push_back(some.back()->difference);
  }
  const Triangle root = factored(some);
  root.solve(differences);
  double squares = kAsPromised;
  for (std::size_t i = 0; i < n; ++i) {
    std::vector<double> w(n);
    w[i] = 1;
    root.solve(w);
    squares += square(dot(w, differences)) / dot(w, w);
  }
  error_scale_ = std::sqrt(squares / static_cast<double>(n + kAsPromised));
}

}  // namespace orrery::models
