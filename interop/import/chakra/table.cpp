#include "interop/import/chakra/table.h"

#include <algorithm>
#include <cmath>

namespace orrery::interop::chakra {
namespace {

constexpr double kMostNumber = 1e18;  // of a table
constexpr double kWeightBytes = 2;    // bf16, as products read them

double operations_of(const Layer& layer, const Scale& scale) {
  return (layer.operations + layer.microseconds * scale.per_microsecond) * static_cast<double>(scale.ranks);
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

// What all ranks have together of what each has this much of.
std::int64_t of_all(double of_one, const Scale& scale) {
  const double most = kMostNumber / static_cast<double>(scale.ranks);
  return std::llround(std::clamp(of_one, 0.0, most)) * scale.ranks;
}

// How the table puts it (docs/models.md).
const char* output_of(Exchange exchange) {
  if (exchange == Exchange::sums) return "sum";
  return exchange == Exchange::scatters ? "scatter" : "own";
}

// A row's bytes: what all ranks keep and hand on, a sum being whole on each.
struct RowBytes {
  std::int64_t kept = 0, output = 0;
};
RowBytes bytes_of(const Layer& layer, double kept, std::int64_t handed, const Scale& scale) {
  RowBytes bytes;
  const bool whole = layer.behind == Exchange::sums && scale.ranks > 1;
  const double output = handed > 0 ? static_cast<double>(handed) : kept / 2;
  if (layer.exchanged_bytes > 0)
    bytes.output = of_all(static_cast<double>(layer.exchanged_bytes) / static_cast<double>(scale.ranks), scale);
  else
    bytes.output = whole ? std::llround(output) : of_all(output, scale);
  const auto in_parts = whole ? std::max(0.0, kept - static_cast<double>(bytes.output)) : kept;
  bytes.kept =
      of_all(in_parts, scale) + (whole ? std::min(std::llround(kept), static_cast<long long>(bytes.output)) : 0);
  return bytes;
}

// `parameters`: of one rank.
std::string csv_row(const Layer& layer, double operations, double parameters, std::int64_t handed, const Scale& scale) {
  const double kept = std::max(0.0, layer.tensor_bytes - parameters * kWeightBytes);
  const RowBytes bytes = bytes_of(layer, kept, handed, scale);
  return layer.name + "," + std::to_string(std::llround(std::clamp(operations, 0.0, kMostNumber))) + "," +
         std::to_string(of_all(parameters, scale)) + "," + std::to_string(bytes.kept) + "," +
         std::to_string(bytes.output);
}

// Whether a rank reads all that the layer before makes, as far as collectives tell.
const char* input_of(const Layer* before) {
  const bool whole = !before || before->gathered || before->behind == Exchange::sums;
  return whole ? "whole" : "own";
}

}  // namespace

bool has_gradients(const std::vector<Layers>& stages) {
  return std::any_of(stages.begin(), stages.end(), [](const Layers& stage) { return gradients_of(stage) > 0; });
}

std::string table_of(const std::vector<Layers>& stages, const std::vector<std::int64_t>& handed, const Scale& scale) {
  const bool told = has_gradients(stages), split = scale.ranks > 1;
  const auto ranks = static_cast<double>(scale.ranks);
  std::string csv = scale.head + "name,forward_flops,parameters,activation_bytes,output_bytes";
  csv += split ? ",input,output\n" : "\n";
  const Layer* before = nullptr;
  for (std::size_t s = 0; s < stages.size(); ++s) {
    std::vector<double> operations;
    for (const Layer& layer : stages[s].rows) operations.push_back(operations_of(layer, scale));
    const std::vector<double> gradients = gradient_shares(stages[s], operations);
    for (std::size_t i = 0; i < operations.size(); ++i) {
      const Layer& layer = stages[s].rows[i];
      const bool last = i + 1 == operations.size() && s < handed.size();
      const double parameters = told ? gradients[i] / scale.element_bytes : square_weights(operations[i]) / ranks;
      csv += csv_row(layer, operations[i], parameters, last ? handed[s] : 0, scale);
      if (split) csv += std::string(",") + input_of(before) + "," + output_of(layer.behind);
      csv += "\n";
      before = &layer;
    }
  }
  return csv;
}

}  // namespace orrery::interop::chakra
