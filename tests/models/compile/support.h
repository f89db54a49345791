#pragma once

#include <gtest/gtest.h>

#include <string>

#include "models/compile/compile.h"
#include "models/scenario/reader.h"
#include "sim/check/check.h"
#include "sim/engine/engine.h"
#include "sim/fold/fold.h"

namespace orrery::models {

// A small dense model on DGX H100 nodes; tests override what they are about.
inline std::string small_scenario() {
  return R"(
model: {layers: 8, hidden: 1024, heads: 8, vocab: 4096, activation: swiglu, norm: rmsnorm, positions: rope, ffn: 2816, tied_embeddings: false}
cluster: {preset: dgx-h100, nodes: 1}
training: {sequence_length: 1024, global_batch: 16, micro_batch: 1}
layout: {tp: 1, pp: 1}
software: megatron-core-2025
)";
}

inline Scenario read(const std::string& text, const std::vector<Override>& overrides = {}) {
  Result<Scenario> scenario = parse_scenario(text, "test.yaml", overrides);
  if (!scenario.ok()) {
    for (const Error& e : scenario.errors()) ADD_FAILURE() << to_string(e);
    std::abort();
  }
  return std::move(scenario).value();
}

inline Compiled compiled(const Scenario& scenario, Form form = Form::written_out) {
  Result<Compiled> result = compile(scenario, nullptr, form);
  if (!result.ok()) {
    for (const Error& e : result.errors()) ADD_FAILURE() << to_string(e);
    std::abort();
  }
  return std::move(result).value();
}

inline sim::RunResult run_every_rank(const Compiled& c, bool coalesce = true) {
  sim::RunOptions options;
  options.coalesce = coalesce;
  sim::RunResult result = sim::run(c.workload, options);
  EXPECT_FALSE(result.stuck) << to_string(*result.stuck);
  return result;
}

inline sim::RunResult run_folded(const Compiled& c) {
  const sim::Folded folded = sim::fold(c.workload);
  const sim::RunResult result = sim::run(folded.workload);
  EXPECT_FALSE(result.stuck) << to_string(*result.stuck);
  return sim::unfold(folded, c.workload, result);
}

inline const sim::Program& first_program(const Compiled& c) {
  return c.workload.programs[ProgramId{0}];
}

inline Bytes resident(const sim::Program& program, MemoryCause cause) {
  Bytes sum;
  for (const std::uint32_t buffer : program.resident)
    if (program.buffers[buffer].cause == static_cast<std::uint8_t>(cause)) sum += program.buffers[buffer].bytes;
  return sum;
}

}  // namespace orrery::models
