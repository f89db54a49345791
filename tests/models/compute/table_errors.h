#pragma once

#include <algorithm>
#include <cmath>
#include <string>

#include "models/compute/attention.h"
#include "models/compute/gemm.h"
#include "table.h"

namespace orrery::models {

// Public timing tables, products with m, n, k >= 512: mean error within what
// docs/compute.md promises.
inline Errors gemm_errors(const std::string& table, const topology::GpuSpec& g, const std::string& dtype) {
  Errors errors;
  for (const auto& row : read_table(table)) {
    if (row[0] != dtype) continue;
    GemmShape s{.m = std::stol(row[1]), .n = std::stol(row[2]), .k = std::stol(row[3])};
    if (dtype == "fp8") s.dtype = Dtype::fp8;
    if (std::min({s.m, s.n, s.k}) >= 512) errors.add(gemm_seconds(s, g, 1) * 1e6, std::stod(row[4]));
  }
  return errors;
}

// Prompt-attention tables, from 1,024 tokens and heads of up to 256.
inline Errors attention_errors(const std::string& table, const topology::GpuSpec& g) {
  Errors errors;
  for (const auto& row : read_table(table)) {
    if (row[0] == "batch") continue;
    AttentionShape s{.batch = std::stol(row[0]),
                     .queries = std::stol(row[1]),
                     .keys = std::stol(row[1]),
                     .heads = std::stol(row[2]),
                     .kv_heads = std::stol(row[3]),
                     .head_dim = std::stoi(row[4])};
    if (s.queries < 1024 || s.head_dim > 256) continue;
    errors.add(attention_seconds(s, g, 1) * 1e6, std::stod(row[5]));
  }
  return errors;
}

}  // namespace orrery::models
