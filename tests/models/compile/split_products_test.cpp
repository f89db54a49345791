// overlap.tensor_parallel: products and their collectives in pieces.

#include "models/compile/roles.h"
#include "tests/models/compile/support.h"

namespace orrery::models {
namespace {

std::vector<Override> wide(const char* tp, const char* split) {
  return {{"model.hidden", "8192"}, {"model.ffn", "28672"},
          {"model.heads", "64"},    {"training.sequence_length", "8192"},
          {"layout.tp", tp},        {"overlap.tensor_parallel", split}};
}

TEST(SplitProducts, AtDegreeOneIsItsAbsence) {
  EXPECT_EQ(run_folded(compiled(read(small_scenario(), wide("1", "true")))).digest,
            run_folded(compiled(read(small_scenario(), wide("1", "false")))).digest);
}

TEST(SplitProducts, FoldedIsUnfoldedAndOpByOp) {
  for (const char* tp : {"2", "8"}) {
    const Compiled c = compiled(read(small_scenario(), wide(tp, "true")));
    for (const Error& e : sim::check(c.workload)) ADD_FAILURE() << to_string(e);
    EXPECT_EQ(run_folded(c).digest, run_every_rank(c).digest);
    EXPECT_EQ(run_every_rank(c, false).digest, run_every_rank(c).digest);
  }
}

// Large products hide what is exchanged beside them.
TEST(SplitProducts, HideTheExchange) {
  const auto run = [](const char* split) { return run_folded(compiled(read(small_scenario(), wide("8", split)))); };
  EXPECT_LT(run("true").step_time().seconds(), run("false").step_time().seconds());
}

// t - 1 messages of a t-th move what the collective did.
TEST(SplitProducts, MoveWhatTheCollectiveMoved) {
  const auto moved = [](const char* split) {
    const sim::Program program = compiled(read(small_scenario(), wide("8", split))).workload.programs[ProgramId{0}];
    std::int64_t sum = 0;
    for (const sim::Stream& stream : program.streams)
      for (const sim::Op& op : stream.ops) {
        if (op.kind != sim::OpKind::collective) continue;
        const sim::Transfer& t = program.transfers[static_cast<std::size_t>(op.payload)];
        if (t.role != role::tp || t.kind == sim::TransferKind::all_reduce) continue;
        sum += t.kind == sim::TransferKind::ring_shift ? t.bytes.n : t.bytes.n / 8 * 7;
      }
    return sum;
  };
  EXPECT_EQ(moved("true"), moved("false"));
}

}  // namespace
}  // namespace orrery::models
