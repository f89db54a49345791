#pragma once

#include <vector>

#include "models/compile/data_parallel/data_parallel.h"
#include "models/compile/pieces/host_timeline.h"
#include "models/compile/stage/stage_context.h"

namespace orrery::models {

// What stands between the last backward and the next step's first forward:
// gradients that other groups share (norms over TP, the tied embedding over
// stages), overflow check, global norm, clipping, the update itself, and the
// step's own host work. Ops and their order are Megatron-LM's
// finalize_model_grads and optimizer.step().
void optimizer_step(StageContext& context, const std::vector<std::vector<PieceTemplate>>& chunks, DataParallel& data,
                    HostTimeline& host);

// The last stage's loss over the replicas, for the log.
void average_loss(StageContext& context);

// At the head of a step: gradients are zeroed, those that are here, fp8 weights cast, amaxes reduced.
void begin_step(StageContext& context, double parameters, double gradients);

// Bytes that updating one parameter moves: its gradient and states read, states
// and the 16-bit copy written.
double update_bytes_per_parameter(const Scenario& scenario);

}  // namespace orrery::models
