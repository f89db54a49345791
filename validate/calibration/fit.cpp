#include "validate/calibration/fit.h"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <unsupported/Eigen/NonLinearOptimization>
#include <unsupported/Eigen/NumericalDiff>

#include "models/compute/gemm.h"

namespace orrery::validate {
namespace {

using models::GemmShape;
using models::KernelPoint;

constexpr double kSoftScale = 0.1;

// What the points leave open stays as expected. Of a product's curve em and t0 do, within a factor of two; of a line
// the latency (to which each family has its own), within as much again, and the slope within 30 %. Against products
// that are 10 % off their curve and kernels 5 % off their line.
constexpr double kExpectedWithin = 0.7;  // in logarithms
constexpr double kLatencyWeight = (0.05 / 1) * (0.05 / 1), kSlopeWeight = (0.05 / 0.3) * (0.05 / 0.3);

// The curve as the four unknowns that the fit moves: logarithms, so that none
// leaves its domain (p is at least 1, efficiencies and times are positive).
Eigen::VectorXd unknowns(const topology::GemmCurve& curve) {
  Eigen::VectorXd x(4);
  x << std::log(curve.compute_efficiency), std::log(curve.memory_efficiency),
      std::log(std::max(curve.launch.seconds(), 1e-7)), std::log(std::max(curve.exponent - 1, 0.01));
  return x;
}

double clamped_exp(double x, double low, double high) {
  return std::clamp(std::exp(std::clamp(x, -40.0, 40.0)), low, high);
}

topology::GemmCurve curve_of(const Eigen::VectorXd& x, topology::GemmCurve curve) {
  curve.compute_efficiency = clamped_exp(x[0], 0.001, 10);
  curve.memory_efficiency = clamped_exp(x[1], 0.001, 10);
  curve.launch = Duration::ps(std::llround(clamped_exp(x[2], 1e-9, 1) * 1e12));
  curve.exponent = 1 + clamped_exp(x[3], 1e-3, 99);
  return curve;
}

// Residuals log(curve / measured), bent so that their square is the soft-L1 loss.
struct Residuals {
  using Scalar = double;
  using InputType = Eigen::VectorXd;
  using ValueType = Eigen::VectorXd;
  using JacobianType = Eigen::MatrixXd;
  enum { InputsAtCompileTime = Eigen::Dynamic, ValuesAtCompileTime = Eigen::Dynamic };

  topology::GpuSpec& gpu;
  models::Dtype dtype;
  const std::vector<KernelPoint>& points;
  Eigen::VectorXd expected;

  int inputs() const { return 4; }
  int values() const { return static_cast<int>(points.size()) + 2; }

  double ratio(std::size_t i) const {
    return models::gemm_seconds(std::get<GemmShape>(points[i].kernel.shape), gpu, 1) / points[i].seconds.value;
  }

  int operator()(const Eigen::VectorXd& x, Eigen::VectorXd& out) const {
    gpu.gemm[dtype] = curve_of(x, gpu.gemm[dtype]);
    for (std::size_t i = 0; i < points.size(); ++i) {
      const double r = std::log(ratio(i)) / kSoftScale;
      out[static_cast<Eigen::Index>(i)] = std::copysign(std::sqrt(2 * (std::sqrt(1 + r * r) - 1)), r);
    }
    out.tail(2) = (x - expected).segment(1, 2) / kExpectedWithin;  // em and t0
    return 0;
  }
};

void add_errors(const std::vector<std::pair<double, double>>& points, Line& line) {
  double squares = 0, spread = 0, mean = 0;
  for (const auto& point : points) mean += std::log(point.second) / static_cast<double>(points.size());
  for (const auto& [x, t] : points) {
    const double off = (line.intercept + line.slope * x) / t - 1;
    line.error += std::abs(off) / static_cast<double>(points.size());
    squares += off * off;
    spread += (std::log(t) - mean) * (std::log(t) - mean);
  }
  line.r2 = spread > 0 ? std::clamp(1 - squares / spread, 0.0, 1.0) : 1;
}

}  // namespace

Line fit_line(const std::vector<std::pair<double, double>>& points) {
  // Minimises the sum of ((a + b x)/t - 1)^2: linear in a and b.
  double s_aa = 0, s_ab = 0, s_bb = 0, s_a = 0, s_b = 0;
  for (const auto& [x, t] : points) {
    const double u = 1 / t, v = x / t;
    s_aa += u * u, s_ab += u * v, s_bb += v * v, s_a += u, s_b += v;
  }
  Line line;
  const double determinant = s_aa * s_bb - s_ab * s_ab;
  if (determinant > 1e-12 * s_aa * s_bb) {
    line.intercept = (s_a * s_bb - s_b * s_ab) / determinant;
    line.slope = (s_b * s_aa - s_a * s_ab) / determinant;
  }
  if (line.intercept < 0 || line.slope <= 0) line = {0, s_bb > 0 ? s_b / s_bb : 0, 0, 0};
  if (line.slope == 0 && s_aa > 0) line.intercept = s_a / s_aa;
  add_errors(points, line);
  return line;
}

Line fit_line_near(const Line& expected, const std::vector<std::pair<double, double>>& points) {
  constexpr int kRounds = 20;     // of least squares, each weighted by how far off the last one was
  double latency = 1, slope = 1;  // as shares of what is expected
  for (int round = 0; round < kRounds; ++round) {
    double s_aa = kLatencyWeight, s_ab = 0, s_bb = kSlopeWeight, s_a = kLatencyWeight, s_b = kSlopeWeight;
    for (const auto& [x, t] : points) {
      const double u = expected.intercept / t, v = expected.slope * x / t;
      const double off = (latency * u + slope * v - 1) / kSoftScale;
      const double weight = 1 / std::sqrt(1 + off * off);
      s_aa += weight * u * u, s_ab += weight * u * v, s_bb += weight * v * v, s_a += weight * u, s_b += weight * v;
    }
    const double determinant = s_aa * s_bb - s_ab * s_ab;
    latency = (s_a * s_bb - s_b * s_ab) / determinant;
    slope = (s_b * s_aa - s_a * s_ab) / determinant;
    if (latency < 0) latency = 0, slope = s_b / s_bb;
    if (slope < 0) latency = s_a / s_aa, slope = 0;
  }
  Line line{latency * expected.intercept, slope * expected.slope};
  add_errors(points, line);
  return line;
}

GemmFit fit_gemm(topology::GpuSpec gpu, const std::vector<KernelPoint>& points) {
  const models::Dtype dtype = std::get<GemmShape>(points.front().kernel.shape).dtype;
  gpu.gemm[dtype] = models::gemm_curve(gpu, dtype);
  Residuals residuals{gpu, dtype, points, unknowns(gpu.gemm[dtype])};
  Eigen::NumericalDiff<Residuals> differentiable(residuals);
  Eigen::LevenbergMarquardt<Eigen::NumericalDiff<Residuals>> solver(differentiable);
  solver.parameters.maxfev = 400;
  Eigen::VectorXd x = residuals.expected;
  solver.minimize(x);

  GemmFit fit;
  fit.curve = gpu.gemm[dtype] = curve_of(x, gpu.gemm[dtype]);
  for (std::size_t i = 0; i < points.size(); ++i)
    fit.error += std::abs(residuals.ratio(i) - 1) / static_cast<double>(points.size());
  return fit;
}

}  // namespace orrery::validate
