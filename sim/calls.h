#pragma once

#include "sim/workload.h"

namespace orrery::sim {

// The same program with the ops of blocks in place of their calls.
Program written_out(const Program& program);
// Of op `op` of `stream`, and where it is a call of op `inside` of its block: the op that it is there.
OpIndex place_written_out(const Program& program, StreamIndex stream, OpIndex op, OpIndex inside);

bool has_calls(const Workload& workload);
// Whether a call has collectives that its rank does not do by itself.
bool calls_meet_others(const Workload& workload);
// The same workload with every program written out.
Workload written_out(Workload workload);

}  // namespace orrery::sim
