#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

namespace orrery::models {

// The lower triangle L of a symmetric positive matrix, L L^T, by rows; written out, for a library may add in another
// order on another machine.
class Triangle {
 public:
  explicit Triangle(std::size_t n) : n_(n), values_(n * n) {}
  double& operator()(std::size_t row, std::size_t column) { return values_[row * n_ + column]; }

  void factor() {
    for (std::size_t i = 0; i < n_; ++i)
      for (std::size_t j = 0; j <= i; ++j) {
        double sum = (*this)(i, j);
        for (std::size_t k = 0; k < j; ++k) sum -= (*this)(i, k) * (*this)(j, k);
        (*this)(i, j) = i == j ? std::sqrt(sum) : sum / (*this)(j, j);
      }
  }

  // L x = b, in place.
  void solve(std::vector<double>& b) const {
    for (std::size_t i = 0; i < n_; ++i) {
      for (std::size_t k = 0; k < i; ++k) b[i] -= at(i, k) * b[k];
      b[i] /= at(i, i);
    }
  }

 private:
  double at(std::size_t row, std::size_t column) const { return values_[row * n_ + column]; }

  std::size_t n_;
  std::vector<double> values_;
};

}  // namespace orrery::models
