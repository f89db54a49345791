#pragma once

#include <map>

#include "tests/interop/import/chakra_traces.h"

namespace orrery::interop {

// One rank of a symbolic tensor graph: `tp` ranks reduce each layer's output and input gradient, `dp`
// its weights' gradients, stages hand on samples; micro-batches are copies with a number.
struct GraphShape {
  int tp = 2, dp = 2, pp = 2, layers = 4, micro_batches = 2;
  bool sharded = false;
  int ranks() const { return tp * dp * pp; }
};

class GraphRank {
 public:
  GraphRank(const GraphShape& shape, int rank) : s_(shape), rank_(rank), stage_(rank / (shape.tp * shape.dp)) {
    tensor_group_ = "t" + std::to_string(rank / s_.tp);
    data_group_ = "d" + std::to_string(stage_ * s_.tp + rank % s_.tp);
    for (int m = 0; m < s_.micro_batches; ++m) forward(m);
    for (int m = 0; m < s_.micro_batches; ++m) backward(m);
    for (const auto& [layer, needs] : gradients_) update(layer, needs);
  }
  const std::string& bytes() const { return trace_.bytes(); }

 private:
  std::string name(int m, int layer, const std::string& tensor) const {
    return (m > 0 ? "mb" + std::to_string(m) + "." : "") + "transformer." + std::to_string(layer) + ".mlp." + tensor;
  }
  int first() const { return stage_ * s_.layers / s_.pp; }
  int last() const { return (stage_ + 1) * s_.layers / s_.pp; }
  TraceBytes::Needs from(int rank) {
    return rank < 0 || rank >= s_.ranks()
               ? TraceBytes::Needs{}
               : TraceBytes::Needs{trace_.message_from(static_cast<std::uint64_t>(rank), 4096, {})};
  }
  void to(int rank, const TraceBytes::Needs& needs) {
    if (rank >= 0 && rank < s_.ranks()) trace_.message_to(static_cast<std::uint64_t>(rank), 4096, needs);
  }
  TraceBytes::Needs reduced(int m, int layer, const std::string& tensor, TraceBytes::Needs needs) {
    if (s_.tp == 1) return needs;
    return {trace_.collective(name(m, layer, tensor), TraceBytes::kAllReduce, 4096, needs, tensor_group_)};
  }
  void forward(int m) {
    TraceBytes::Needs before = from(rank_ - s_.tp * s_.dp);
    for (int l = first(); l < last(); ++l) {
      if (s_.sharded)
        before.push_back(trace_.collective(name(m, l, "w@0_X2COMM"), TraceBytes::kAllGather, 1000, {}, data_group_));
      const auto up = trace_.counted(name(m, l, "xup@0_COMP"), before, 1000);
      before = reduced(m, l, "xdown@0_X1COMM", {trace_.counted(name(m, l, "xdown@0_COMP"), {up}, 1000)});
    }
    to(rank_ + s_.tp * s_.dp, before);
    before_[m] = before;
  }
  void backward(int m) {
    const TraceBytes::Needs received = from(rank_ + s_.tp * s_.dp);
    TraceBytes::Needs before = received.empty() ? before_[m] : received;
    for (int l = last(); l-- > first();) {
      const auto input = trace_.counted(name(m, l, "dxup@0_COMP"), before, 2000);
      gradients_[l].push_back(trace_.counted(name(m, l, "dw@0_COMP"), {input}, 2000));
      before = reduced(m, l, "dxup@0_X1COMM", {input});
    }
    to(rank_ - s_.tp * s_.dp, before);
  }
  void update(int layer, const TraceBytes::Needs& needs) {
    const int type = s_.sharded ? TraceBytes::kReduceScatter : TraceBytes::kAllReduce;
    const auto grads = trace_.collective(name(0, layer, "w@1_X2COMM"), type, 8000, needs, data_group_);
    trace_.counted(name(0, layer, "w@1_COMP"), {grads}, 10);
  }

  GraphShape s_;
  int rank_, stage_;
  std::string tensor_group_, data_group_;
  TraceBytes trace_;
  std::map<int, TraceBytes::Needs> before_, gradients_;
};

inline std::vector<std::string> graph(const GraphShape& shape) {
  std::vector<std::string> traces;
  for (int rank = 0; rank < shape.ranks(); ++rank) traces.push_back(GraphRank(shape, rank).bytes());
  return traces;
}

}  // namespace orrery::interop
