#pragma once

#include <map>
#include <tuple>

#include "models/compile/stage/stage_context.h"

namespace orrery::models {

// States that rest in the host's memory or on its drives: ZeRO-Offload
// (arXiv:2101.06840) and ZeRO-Infinity (arXiv:2104.07857). Copies cross the GPU's
// PCIe link on streams of their own, one a direction; drives and host memory are
// shared evenly by the GPUs of a node, as all of them ask at the same time.

// Bytes of a gradient on the host: it is made 32 bits wide before it leaves the GPU (DeepSpeed's stage3.py,
// partition_grads).
inline constexpr std::int64_t kHostGradient = 4;

// Begins behind `after` (of any stream).
sim::OpRef copy_to_host(StageContext& context, sim::OpRef after, Bytes bytes, std::string_view label);
sim::OpRef copy_from_host(StageContext& context, sim::OpRef after, Bytes bytes, std::string_view label);
// Reads or writes this GPU's share of the node's drives.
sim::OpRef pass_disk(StageContext& context, sim::OpRef after, Bytes bytes, std::string_view label);

// The update of `elements` parameters by the CPU, behind all copies to the host; the main stream
// waits for what comes back: all of them where the GPU holds parameters, else the `spread` ones, which
// other replicas wait for.
void update_on_host(StageContext& context, double elements, double spread, bool gradients_are_there);

// Parameters that rest on the host and have no copy in the optimizer's states take part in an update by the GPU.
void bring_masters(StageContext& context, double elements);
// `elements` updated parameters leave the GPU for where they rest, one copy on `stream` and what drives do behind it;
// nothing is done where that is the GPU.
sim::OpRef put_away_parameters(StageContext& context, sim::StreamIndex stream, sim::OpRef after, double elements);

// Activations of layers that go to the host behind their forward and come back for
// their backward, one layer ahead. The last layer of an action stays: its turn
// comes first.
class ActivationOffload {
 public:
  explicit ActivationOffload(StageContext& context) : context_(context) {}

  bool active() const { return context_.scenario.layout.offload.activations != Place::gpu; }
  bool takes(const std::vector<PieceTemplate>& pieces, std::size_t piece) const;
  void keep(int chunk, int micro_batch, std::size_t piece, Bytes bytes);
  // Behind the piece's forward; frees what has left by then.
  void send(int chunk, int micro_batch, std::size_t piece);
  // Before the piece's backward: waits for it, and asks for the one before.
  void bring(int chunk, int micro_batch, std::size_t piece);
  void drop(int chunk, int micro_batch, std::size_t piece);
  // Ends what is under way.
  void settle();

 private:
  using Key = std::tuple<int, int, std::size_t>;
  struct Held {
    Bytes bytes;
    std::uint32_t buffer = UINT32_MAX;  // none: on the host
    sim::OpRef arrival;
  };

  void allocate(Held& held);
  void ask(Held& held);

  StageContext& context_;
  std::map<Key, Held> held_;
  Held* leaving_ = nullptr;
  sim::OpRef departure_;
};

}  // namespace orrery::models
