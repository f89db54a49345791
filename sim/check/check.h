#pragma once

#include "sim/base/result.h"
#include "sim/fold/fold.h"
#include "sim/workload.h"

namespace orrery::sim {

// Everything that would keep `workload` from running to its end, before it
// runs: dependencies on ops that do not exist, sends without receives (and the
// other way round), groups whose members disagree on the order, kind or size of
// their collectives, cycles of waits. Ops are named as people know them:
// "rank 3 waits for receive 'F3.0' (op 12 of stream pp) from rank 2, which waits for …".
Errors check(const Workload& workload);

// The same but for cycles of waits, which need a run without time to be found: for
// those who go on to run it and are told by the run (RunResult::stuck).
Errors check_before_run(const Workload& workload);

// The same of classes of ranks. Folding has looked at every table and op: what is left is who meets whom. `memory`:
// what `full` was folded with; it spares that too where those before it met alike.
Errors check_before_run(const Folded& folded, const Workload& full, FoldMemory* memory = nullptr);

// "stage 3, stream pp, op 12 'recv F3.0'".
std::string describe(const Workload& workload, RankId rank, StreamIndex stream, OpIndex op);

}  // namespace orrery::sim
