#include "interop/trace/analysis/breakdown.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "interop/trace/analysis/span_set.h"
#include "interop/trace/analysis/work_class.h"
#include "tests/interop/trace/small_run.h"

namespace orrery::interop {
namespace {

TEST(SpanSet, CountsWhatIsCoveredTwiceOnce) {
  SpanSet set, other;
  set.add(at_ns(10), at_ns(20));
  set.add(at_ns(0), at_ns(5));
  set.add(at_ns(15), at_ns(30));
  set.add(at_ns(30), at_ns(30));
  other.add(at_ns(4), at_ns(12));
  other.add(at_ns(29), at_ns(100));
  EXPECT_EQ(set.covered(), Duration::ns(25));
  EXPECT_EQ(set.covered_by(other), Duration::ns(1 + 2 + 1));
  EXPECT_EQ(other.covered_by(set), set.covered_by(other));
  EXPECT_EQ(set.with(other).covered(), set.covered() + other.covered() - set.covered_by(other));
}

TEST(WorkClass, TellsKernelsApartByTheirFunctionsNames) {
  const auto label = [](std::string_view name) { return classify("kernel", name).label; };
  EXPECT_EQ(label("ncclDevKernel_AllReduce_Sum_bf16_RING_LL(ncclDevKernelArgsStorage<4096ul>)"), "nccl");
  EXPECT_EQ(label("ampere_bf16_s16816gemm_bf16_128x256_ldg8_f2f_stages_64x3_nn"), "gemm");
  EXPECT_EQ(label("void cutlass::Kernel<cutlass_80_tensorop_s1688gemm_64x128>(Params)"), "gemm");
  EXPECT_EQ(label("void flash_fwd_kernel<Flash_fwd_kernel_traits<128>>(Params)"), "attention");
  EXPECT_EQ(label("void fbgemm_gpu::permute_2D_data_kernel<false, int>(int)"), "kernel");
  EXPECT_EQ(label("void at::native::vectorized_elementwise_kernel<4, Gemm>(int)"), "kernel");
  EXPECT_EQ(classify("gpu_memcpy", "Memcpy HtoD").kind, WorkKind::copy);
  EXPECT_EQ(classify("cpu_op", "aten::mm").kind, WorkKind::none);
  EXPECT_EQ(classify("tp", "layer 3 all-gather").kind, WorkKind::communication);
}

TEST(WorkClass, AnOperationIsTheSameInEveryLayer) {
  EXPECT_EQ(operation_of("layer 12 qkv"), "qkv");
  EXPECT_EQ(operation_of("layer norm"), "layer norm");
  EXPECT_EQ(operation_of("layer 12"), "layer 12");
}

TraceBreakdown broken_down(const std::string& text, const TraceReadOptions& options = {}) {
  const TemporaryFolder folder;
  const std::string path = folder.file("trace.json");
  std::ofstream(path) << text;
  return break_down(path, options).value();
}

//   us        0    10    20    30    40    50
//   gemm      |=========|        |=====|
//   nccl            |========|
//   memcpy                             |==|
constexpr const char* kStep = R"([
  {"ph":"M","pid":0,"name":"process_name","args":{"name":"rank 0"}},
  {"ph":"X","pid":0,"tid":1,"ts":0,"dur":15,"cat":"compute","name":"layer 0 qkv","args":{"step":0}},
  {"ph":"X","pid":0,"tid":1,"ts":30,"dur":10,"cat":"compute","name":"layer 1 qkv","args":{"step":1}},
  {"ph":"X","pid":0,"tid":2,"ts":5,"dur":20,"cat":"tp","name":"g",
   "args":{"step":0,"transfer":"all-gather","bytes":3000000,"waited_us":5}},
  {"ph":"X","pid":0,"tid":3,"ts":38,"dur":7,"cat":"offload","name":"c","args":{"step":1}},
  {"ph":"X","pid":0,"tid":0,"ts":0,"dur":50,"cat":"schedule","name":"F0.0","args":{"step":0}}])";

// compute + exposed communication + exposed copies + idle = window, each moment in one of them.
TEST(Breakdown, PartsAreDisjointAndFillTheWindow) {
  const TraceBreakdown b = broken_down(kStep);
  ASSERT_EQ(b.ranks.size(), 1u);
  const RankTime& rank = b.ranks[0];
  EXPECT_EQ(rank.window, Duration::us(45));
  EXPECT_EQ(rank.compute, Duration::us(25));
  EXPECT_EQ(rank.communication, Duration::us(15));  // 10 to 25: it waited before
  EXPECT_EQ(rank.exposed_communication, Duration::us(10));
  EXPECT_EQ(rank.exposed_copies, Duration::us(5));
  EXPECT_EQ(rank.idle, Duration::us(5));
  EXPECT_EQ(rank.steps, 2);
  ASSERT_EQ(b.transfers.size(), 1u);
  EXPECT_DOUBLE_EQ(b.transfers[0].bytes_per_second(), 3e6 / 15e-6);
  EXPECT_EQ(b.operations[0].name, "qkv");
  EXPECT_EQ(b.operations[0].count, 2);
  EXPECT_EQ(b.operations[0].total, Duration::us(25));
}

TEST(Breakdown, CountsOnlyWhatLiesInTheWindowAskedFor) {
  TraceReadOptions options;
  options.from = Time::at(Duration::us(12));
  options.to = Time::at(Duration::us(35));
  const RankTime rank = broken_down(kStep, options).ranks.at(0);
  EXPECT_EQ(rank.compute, Duration::us(3 + 5));
  EXPECT_EQ(rank.communication, Duration::us(13));
  EXPECT_EQ(rank.window, Duration::us(23));
}

// The bytes of PyTorch's NCCL kernels: elements of a type.
TEST(Breakdown, ReadsWhatKinetoSaysOfCollectives) {
  const TraceBreakdown b = broken_down(R"({"deviceProperties":[],"distributedInfo":{"rank":3},"traceEvents":[
    {"ph":"X","pid":0,"tid":20,"ts":1682725898236567,"dur":10,"cat":"kernel","name":"ncclDevKernel_AllGather","args":
     {"Collective name":"all_gather","In msg nelems":100,"Out msg nelems":800,"Group size":8,"dtype":"BFloat16"}}]})");
  ASSERT_EQ(b.transfers.size(), 1u);
  EXPECT_EQ(b.transfers[0].kind, "all_gather");
  EXPECT_EQ(b.transfers[0].bytes, Bytes{1600});
  EXPECT_EQ(b.ranks[0].name, "rank 3");
}

// Counted with another program (sets of intervals in Python), as HolisticTraceAnalysis defines the parts.
TEST(Breakdown, OfARealTrace) {
  const std::string path = std::string(ORRERY_SHARED_DATA) + "/interop/kineto/dlrm_sampled_rank0.json.gz";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is absent";
  const TraceBreakdown b = break_down(path, {}).value();
  ASSERT_EQ(b.ranks.size(), 1u);
  EXPECT_EQ(b.ranks[0].window, Duration::us(1'222'847));
  EXPECT_EQ(b.ranks[0].compute, Duration::us(210'320));
  EXPECT_EQ(b.ranks[0].exposed_communication, Duration::us(336'983));
  EXPECT_EQ(b.ranks[0].exposed_copies, Duration::us(353));
  EXPECT_EQ(b.ranks[0].idle, Duration::us(675'191));
}

}  // namespace
}  // namespace orrery::interop
