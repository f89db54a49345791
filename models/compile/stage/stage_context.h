#pragma once

#include <optional>
#include <string_view>

#include "models/compile/pieces/known_layers.h"
#include "models/compile/pieces/piece_template.h"
#include "models/schedules/schedule.h"
#include "sim/program.h"

namespace orrery::models {

// Streams of a training program. The order is the order of tracks in a trace.
struct Streams {
  sim::StreamIndex main = 0, host = 0, tp = 0, send_forward = 0, receive_forward = 0, send_backward = 0,
                   receive_backward = 0, gradients = 0, parameters = 0;
  sim::StreamIndex to_host = 0, from_host = 0, disk = 0;  // where something is offloaded
  sim::StreamIndex away = 0;                              // where parameters are: gathered ones, to the host
  sim::StreamIndex ep = 0;                                // where the model has experts
  sim::StreamIndex ep_hidden = 0;                         // where slots overlap passes besides
};

// What every part of a stage's program needs while it is being written.
struct StageContext {
  StageContext(const StageContext&) = delete;
  StageContext& operator=(const StageContext&) = delete;
  StageContext(const Scenario& s, const Schedule& order, const RankKind& who, KernelTable& table, TensorTable& lists,
               KnownLayers& known, Form how);
  // Its streams: what is to be written begins with them.
  void begin();

  // With the stage's replicas as its data parallelism, where stages have numbers of their own.
  const std::optional<Scenario> own;
  const Scenario& scenario;
  const Schedule& schedule;
  const RankKind rank;
  const int stage;  // rank.stage
  KernelTable& kernels;
  TensorTable& tensors;
  KnownLayers& layers;
  const Form form;
  const LayerRoles roles;
  sim::ProgramBuilder builder;
  Streams streams;
  // What stream_through() and collective() were asked for, each once: that is not of pieces.
  std::vector<std::uint32_t> kernels_beside;
  std::vector<sim::Transfer> transfers_beside;

  const std::vector<Action>& actions() const {
    return schedule.order[schedule.list_of(stage) + static_cast<std::size_t>(rank.replica)];
  }
  // Micro-batches of a step that come to this replica of the stage, and the place of one among them.
  int micro_batches() const { return schedule.request.micro_batches / schedule.replicas_of(stage); }
  int turn_of(int micro_batch) const { return micro_batch / schedule.replicas_of(stage); }
  int stages() const { return schedule.stages(); }
  // Whether the stage's weights are updated behind action `i` of a stream without an
  // end: behind every backward (pipedream), or behind the last one of a step's
  // micro-batches, which need not stand at the end of the stretch that repeats.
  bool updates_behind(std::size_t i) const;
  // The rank's model chunk that a pass goes through.
  int chunk_of(const Action& pass) const { return schedule.chunk_of(pass.stage, pass.micro_batch); }
  // Replicas of a stage inside one pipeline.
  int replicas() const { return schedule.placement == Placement::bidirectional ? 2 : 1; }
  // Whether this rank holds a virtual stage, in whichever replica.
  bool has_stage(int virtual_stage) const {
    for (int c = 0; c < schedule.chunks(); ++c)
      if (schedule.stage_of(stage, c) == virtual_stage) return true;
    return false;
  }

  // A memory-bound kernel of `bytes` in all on the main stream; none for no bytes.
  sim::OpRef stream_through(std::string_view family, double bytes, TimeCategory category, std::string_view label);
  sim::OpRef collective(sim::StreamIndex stream, sim::TransferKind kind, sim::GroupRole group, Bytes bytes,
                        TimeCategory category, std::string_view label);
  sim::Category category(TimeCategory c) const { return static_cast<sim::Category>(c); }
};

// Bytes of one value as the forward and backward pass hold it between kernels.
int activation_bytes(Precision precision);

// Bytes of one gradient as it is accumulated, and as it is reduced.
int gradient_bytes(const Scenario& scenario);
int reduced_gradient_bytes(const Scenario& scenario);

// Bytes of one parameter as the forward pass reads it.
int parameter_bytes(const Scenario& scenario);
// Bytes of `parameters` of a kind of piece as replicas gather them: those of layers in
// training.precision.gather (ZeRO++: 8 bits).
Bytes gathered_bytes(const Scenario& scenario, PieceKind kind, std::int64_t parameters);

}  // namespace orrery::models
