// Interleaved 1F1B (Narayanan et al., arXiv:2104.04473; Megatron-LM's
// forward_backward_pipelining_with_interleaving), for any group size N.
//
// A rank walks a table of (chunk, micro-batch): micro-batches in groups of N,
// within a group chunk by chunk. The k-th forward is entry k; the k-th backward
// is entry k with the chunk mirrored. N = p is the classic depth-first order,
// N = m is breadth-first in its forwards, and Llama 3 (arXiv:2407.21783, section
// 3.3.2) moves N between them. PyTorch picks N itself (rule "rounds").
//
// How far rank 0 may run ahead. Rank p-1 does forward vN and then waits for the
// first backward of rank 0, which follows its warm-up. A rank 0 whose warm-up
// holds a forward beyond vN + N needs one beyond vN from rank p-1, and both wait
// for ever. So with several groups 2(p-1) + extra_warmup must not pass 2N: true
// for N >= p - 1 as such. Shorter groups, which Megatron-LM refuses and no
// published rule defines, warm up by min(p-1-r, 2N-1) + (v-1)N here: of the
// rules tried it always runs and has the smallest bubble (tests/models/schedules).
//
// Why the warm-up is 2(p-1-r) + (v-1)N: the first backward is of the last chunk,
// which starts (v-1)N entries into the table, and it reaches rank r after a way
// of p-1-r ranks down and as many back. One forward more (extra_warmup) is what
// Megatron-LM runs to have another micro-batch's compute to hide expert
// communication under (pairs: then each slot of the steady state has both).
#include <string>

#include "models/schedules/orders/interleaved_table.h"

namespace orrery::models {
namespace {

int group_size(const ScheduleRequest& request) {
  if (request.rule == "rounds") return request.micro_batches / interleaved_rounds(request);
  return request.group > 0 ? request.group : request.ranks;
}

std::int64_t extra_warmup(const ScheduleRequest& request) {
  return std::int64_t{request.extra_warmup} + (request.pairs ? 1 : 0);
}

// Whether Megatron-LM's warm-up would deadlock (see above).
bool waits_for_itself(const ScheduleRequest& request, int n) {
  const std::int64_t ahead = 2ll * (request.ranks - 1) + extra_warmup(request);
  return n < request.micro_batches && ahead > 2ll * n;
}

Errors check_extra_warmup(const ScheduleRequest& request) {
  Errors errors;
  const int n = group_size(request);
  if (extra_warmup(request) > 0 && waits_for_itself(request, n))
    refuse(errors, "extra_warmup = " + std::to_string(extra_warmup(request)) + " with groups of " + std::to_string(n) +
                       " makes rank 0 wait for itself: at most max(0, 2 (group - pp + 1)) = " +
                       std::to_string(std::max(0, 2 * (n - request.ranks + 1))));
  return errors;
}

Errors check(const ScheduleRequest& request) {
  Errors errors;
  if (request.chunks < 2)
    refuse(errors, "interleaved-1f1b needs virtual_stages of at least 2, but it is " + std::to_string(request.chunks) +
                       "; did you mean '1f1b'?");
  if (request.extra_warmup < 0)
    refuse(errors, "extra_warmup = " + std::to_string(request.extra_warmup) + " is negative");
  if (!request.rule.empty() && request.rule != "rounds")
    refuse(errors, "no rule '" + request.rule + "' for interleaved-1f1b; the only one is 'rounds' (PyTorch's)");
  if (request.group < 0) refuse(errors, "group = " + std::to_string(request.group) + " is negative");
  if (!errors.empty()) return errors;
  errors =
      request.rule == "rounds" ? check_rounds(request) : check_group(request, group_size(request), "its default, pp");
  return errors.empty() ? check_extra_warmup(request) : errors;
}

// Forwards that a rank runs before its first backward. 64 bits: extra_warmup is
// any number a person may type.
std::int64_t warmup(const ScheduleRequest& request, int n, int rank) {
  const std::int64_t behind = request.ranks - 1 - rank,
                     chunks_before = static_cast<std::int64_t>(request.chunks - 1) * n;
  if (waits_for_itself(request, n)) return chunks_before + std::min<std::int64_t>(behind, 2ll * n - 1);
  return chunks_before + 2 * behind + extra_warmup(request);
}

Order order(const ScheduleRequest& request, int rank) {
  const int p = request.ranks, v = request.chunks, n = group_size(request), count = request.micro_batches * v;
  const InterleavedTable table{n, request.micro_batches, v};
  const auto nth_forward = [&](int k) {
    const auto e = table.at(k);
    return forward(e.chunk * p + rank, e.micro_batch);
  };
  const auto nth_backward = [&](int k) {
    const auto e = table.at(k);
    return backward((v - 1 - e.chunk) * p + rank, e.micro_batch);
  };
  return one_forward_one_backward(static_cast<int>(std::min<std::int64_t>(warmup(request, n, rank), count)), count,
                                  nth_forward, nth_backward, request.pairs);
}

}  // namespace

const ScheduleRule kInterleaved{.name = "interleaved-1f1b",
                                .placement = Placement::loop,
                                .traits = {.grouped = true, .may_wait = true, .may_pair = true},
                                .check = check,
                                .orders = by_rank<order>};

}  // namespace orrery::models
