#include "interop/import/chakra/table.h"

#include <algorithm>
#include <cmath>

namespace orrery::interop::chakra {
namespace {

constexpr double kMostNumber = 1e18;  // of a table
constexpr double kWeightBytes = 2;    // bf16, as products read them

double operations_of(const Layer& layer, const Scale& scale) {
  return (layer.operations + layer.microseconds * scale.per_microsecond) * scale.ranks;
}

double gradients_of(const Layers& stage) {
  double sum = stage.unplaced_bytes;
  for (const Layer& layer : stage.rows) sum += layer.gradient_bytes;
  return sum;
}

// Bytes over rows from `begin` to `end`, by operations; all to the first where none has any.
void share(const std::vector<double>& operations, std::size_t begin, std::size_t end, double bytes,
           std::vector<double>& shares) {
  double sum = 0;
  for (std::size_t i = begin; i < end; ++i) sum += operations[i];
  if (sum <= 0) shares[begin] += bytes;
  for (std::size_t i = begin; sum > 0 && i < end; ++i) shares[i] += bytes * (operations[i] / sum);
}

// Gradients are reduced from the last layer to the first: what follows a layer's backward
// pass holds its own and those of the layers behind it that had none.
std::vector<double> gradient_shares(const Layers& stage, const std::vector<double>& operations) {
  std::vector<double> shares(stage.rows.size(), 0);
  if (stage.rows.empty()) return shares;
  share(operations, 0, shares.size(), stage.unplaced_bytes, shares);
  std::size_t end = shares.size(), first = 0;
  while (first < shares.size() && stage.rows[first].gradient_bytes <= 0) ++first;
  for (std::size_t i = shares.size(); i-- > 0;) {
    if (stage.rows[i].gradient_bytes <= 0) continue;
    const std::size_t begin = i == first ? 0 : i;
    share(operations, begin, end, stage.rows[i].gradient_bytes, shares);
    end = i;
  }
  return shares;
}

// Weights of a product whose three sides are alike.
double square_weights(double operations) {
  return std::pow(operations / 2, 2.0 / 3);
}

std::string number(double value) {
  return std::to_string(static_cast<std::int64_t>(std::llround(std::clamp(value, 0.0, kMostNumber))));
}

std::string csv_row(const Layer& layer, double operations, double parameters, std::int64_t handed, const Scale& scale) {
  const double kept = std::max(0.0, layer.tensor_bytes - parameters / scale.ranks * kWeightBytes);
  const double output = handed > 0 ? static_cast<double>(handed) : kept / 2;
  return layer.name + "," + number(operations) + "," + number(parameters) + "," + number(kept) + "," + number(output) +
         "\n";
}

}  // namespace

bool has_gradients(const std::vector<Layers>& stages) {
  return std::any_of(stages.begin(), stages.end(), [](const Layers& stage) { return gradients_of(stage) > 0; });
}

std::string table_of(const std::vector<Layers>& stages, const std::vector<std::int64_t>& handed, const Scale& scale) {
  const bool told = has_gradients(stages);
  std::string csv = scale.head + "name,forward_flops,parameters,activation_bytes,output_bytes\n";
  for (std::size_t s = 0; s < stages.size(); ++s) {
    std::vector<double> operations;
    for (const Layer& layer : stages[s].rows) operations.push_back(operations_of(layer, scale));
    const std::vector<double> gradients = gradient_shares(stages[s], operations);
    for (std::size_t i = 0; i < operations.size(); ++i) {
      const bool last = i + 1 == operations.size() && s < handed.size();
      const double parameters = told ? gradients[i] * scale.ranks / scale.element_bytes : square_weights(operations[i]);
      csv += csv_row(stages[s].rows[i], operations[i], parameters, last ? handed[s] : 0, scale);
    }
  }
  return csv;
}

}  // namespace orrery::interop::chakra
