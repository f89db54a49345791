#include "models/compile/pipeline/messages.h"

#include "models/compile/stage/stage_context.h"
#include "models/layout/layer_degrees.h"
#include "models/layout/tensor_grid.h"

namespace orrery::models {
namespace {

// Tensor-parallel degrees at which virtual stages end.
std::vector<int> last_degrees(const Scenario& s) {
  std::vector<int> degrees;
  int end = 0;
  for (const int layers : s.pipeline.stage_layers) degrees.push_back(layer_degree(s.layout, (end += layers) - 1));
  return degrees;
}

bool needs_gather(const Scenario& s) {
  if (!s.model.table.empty()) return false;  // its layers gather what they read
  return s.software.scatter_gather && !s.layout.sequence_parallel && s.layout.tp > 1 && !tensor_grid(s.layout).active();
}

}  // namespace

Messages::Messages(const Scenario& s) : degrees(last_degrees(s)) {
  const bool is_shard = s.layout.sequence_parallel || tensor_grid(s.layout).active() || needs_gather(s);
  bytes.reserve(degrees.size());
  for (const int degree : degrees) bytes.push_back(whole_message(s, is_shard ? 1 : degree));
  if (s.model.table.empty()) return;
  std::size_t end = 0;
  for (std::size_t stage = 0; stage < bytes.size(); ++stage) {
    end += static_cast<std::size_t>(s.pipeline.stage_layers[stage]);
    bytes[stage] = s.model.table[end - 1].handed(s.layout.tp) * s.training.micro_batch;
  }
}

bool gathers_input(const Scenario& s, int degree) {
  return degree > 1 && needs_gather(s);
}

Bytes whole_message(const Scenario& s, int degree) {
  const std::int64_t tokens = s.training.micro_batch * s.training.sequence_length / s.layout.cp;
  return Bytes{tokens * s.model.hidden * activation_bytes(s.training.precision) / (s.layout.tp / degree)};
}

}  // namespace orrery::models
