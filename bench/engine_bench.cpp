// How fast the engine is. Machines differ, so each rate stands beside that of a
// bare 4-ary heap which replays as many events in the same run ("heap_ratio":
// engine events per heap event in the same time; 1 would be a free engine).
#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <ctime>
#include <deque>

#include "sim/base/random.h"
#include "sim/engine/engine.h"
#include "sim/engine/events/event_heap.h"

namespace orrery::sim {
namespace {

class FixedPlanner : public TransferPlanner {
 public:
  const TransferPlan& plan(const TransferRequest& request) const override {
    TransferPlan plan;
    plan.phases.push_back({Duration::us(3), request.bytes, BytesPerSecond{100'000'000'000}, nullptr});
    return plans_.emplace_back(std::move(plan));
  }
  std::string algorithm_name(std::uint32_t) const override { return "fixed"; }

 private:
  mutable std::deque<TransferPlan> plans_;
};

// The shape of a pipeline step: per micro-batch and layer, kernels and TP
// all-reduces; between stages, sends and receives on streams of their own.
struct Shape {
  int tp = 8, pp = 1, dp = 1, micro_batches = 8, layers = 8, kernels = 12;
  int ranks() const { return tp * pp * dp; }
};

constexpr GroupRole kTp = 0;
constexpr PeerRole kNext = 0, kBefore = 1;

class StageProgram {
 public:
  StageProgram(const Shape& shape, int stage) : shape_(shape), stage_(stage) {}

  Program write() && {
    for (int mb = 0; mb < shape_.micro_batches; ++mb) pass(mb, 'F', stage_ > 0, stage_ + 1 < shape_.pp, kBefore, kNext);
    for (int mb = 0; mb < shape_.micro_batches; ++mb) pass(mb, 'B', stage_ + 1 < shape_.pp, stage_ > 0, kNext, kBefore);
    b_.marker(main_, {Marker::Kind::step_end, ' ', 0, 0});
    return std::move(b_).finish();
  }

 private:
  void pass(int mb, char action, bool receives, bool sends, PeerRole from, PeerRole to) {
    const std::uint16_t tag = action == 'F' ? 1 : 2;
    const std::uint32_t label = b_.label("op");
    const Transfer incoming{TransferKind::point_to_point, from, tag, Bytes{1 << 20}};
    const Transfer outgoing{TransferKind::point_to_point, to, tag, Bytes{1 << 20}};
    if (receives) b_.wait(main_, b_.receive(in_, incoming, 1, label));
    b_.marker(main_, {Marker::Kind::action_begin, action, 0, static_cast<std::uint32_t>(mb)});
    for (int layer = 0; layer < shape_.layers; ++layer) {
      for (int k = 0; k < shape_.kernels; ++k)
        b_.kernel(main_, Duration::ns(50'000 + 1000 * k + 13 * stage_), 0, KernelClass::compute_bound, label);
      if (shape_.tp > 1) b_.collective(main_, {TransferKind::all_reduce, kTp, 0, Bytes{8 << 20}}, 1, label);
    }
    b_.marker(main_, {Marker::Kind::action_end, action, 0, static_cast<std::uint32_t>(mb)});
    if (!sends) return;
    b_.wait(out_, b_.last(main_));
    b_.send(out_, outgoing, 1, label);
  }

  Shape shape_;
  int stage_;
  ProgramBuilder b_{"stage"};
  StreamIndex main_ = b_.add_stream("main"), in_ = b_.add_stream("in"), out_ = b_.add_stream("out");
};

Workload make_workload(const Shape& shape) {
  Workload w;
  w.steps = 1;
  w.categories = {{"compute", false}, {"pp", true}};
  w.claims = {{"none", {}}};
  w.planner = std::make_shared<FixedPlanner>();
  std::vector<GroupRoleInfo>& group_roles = w.group_roles.edit();
  group_roles.push_back({"tp", {}, false});
  std::vector<PeerRoleInfo>& peer_roles = w.peer_roles.edit();
  peer_roles = {{"next", {}}, {"before", {}}};
  for (int s = 0; s < shape.pp; ++s) w.programs.add(StageProgram(shape, s).write());
  const int per_stage = shape.tp * shape.dp;
  for (int r = 0; r < shape.ranks(); ++r) {
    const int stage = r / per_stage;
    w.program_of.add({static_cast<std::uint32_t>(stage)});
    if (r % shape.tp == 0) w.groups.add({});
    w.groups.edit()[GroupId{static_cast<std::uint32_t>(r / shape.tp)}].members.push_back(
        {static_cast<std::uint32_t>(r)});
    group_roles[kTp].group_of.add({static_cast<std::uint32_t>(r / shape.tp)});
    const auto neighbour = [&](int to, bool there) {
      return there ? RankId{static_cast<std::uint32_t>(to)} : RankId::none();
    };
    peer_roles[kNext].peer_of.add(neighbour(r + per_stage, stage + 1 < shape.pp));
    peer_roles[kBefore].peer_of.add(neighbour(r - per_stage, stage > 0));
  }
  return w;
}

// Of the processor, so that neighbours on the machine do not count.
double cpu_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

// Seconds that a bare heap takes for `events` pushes and pops with `queued` events in it.
double heap_seconds(std::uint64_t events, std::uint32_t queued) {
  EventHeap heap;
  const KeyedRandom random(1);
  for (std::uint32_t i = 0; i < queued; ++i)
    heap.push({Time::at(Duration::ps(static_cast<std::int64_t>(random.bits(i) >> 40))), i, 0});
  const double start = cpu_seconds();
  for (std::uint64_t i = 0; i < events; ++i) {
    Event e = heap.pop();
    e.time = e.time + Duration::ps(static_cast<std::int64_t>(random.bits(i) >> 40));
    heap.push(e);
  }
  benchmark::DoNotOptimize(heap.top());
  return cpu_seconds() - start;
}

double peak_mib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

void run_shape(benchmark::State& state, const Shape& shape, bool coalesce) {
  const Workload workload = make_workload(shape);
  RunOptions options;
  options.coalesce = coalesce;
  RunResult result;
  double seconds = 0;
  for (auto _ : state) {
    const double start = cpu_seconds();
    result = run(workload, options);
    seconds += cpu_seconds() - start;
  }
  if (result.stuck) state.SkipWithError(result.stuck->what.c_str());
  seconds /= static_cast<double>(state.iterations());
  const double heap = heap_seconds(result.events, static_cast<std::uint32_t>(shape.ranks()));
  const auto rate = [&](std::uint64_t n) { return static_cast<double>(n) / seconds; };
  state.counters["ops"] = static_cast<double>(result.ops);
  state.counters["events"] = static_cast<double>(result.events);
  state.counters["ops/s"] = rate(result.ops);
  state.counters["events/s"] = rate(result.events);
  state.counters["heap_ratio"] = heap / seconds;
  state.counters["peak_MiB"] = peak_mib();
}

// State in cache; every op an event.
void BM_InCache(benchmark::State& state) {
  run_shape(state, {.tp = 1, .pp = 16, .dp = 1, .micro_batches = 64, .layers = 8, .kernels = 12}, false);
}
BENCHMARK(BM_InCache)->Unit(benchmark::kMillisecond);

void BM_InCacheCoalesced(benchmark::State& state) {
  run_shape(state, {.tp = 1, .pp = 16, .dp = 1, .micro_batches = 64, .layers = 8, .kernels = 12}, true);
}
BENCHMARK(BM_InCacheCoalesced)->Unit(benchmark::kMillisecond);

// 1,024 ranks and 2.7 million ops, every rank simulated.
void BM_Ranks1024(benchmark::State& state) {
  run_shape(state, {.tp = 8, .pp = 8, .dp = 16, .micro_batches = 8, .layers = 12, .kernels = 12}, state.range(0) != 0);
}
BENCHMARK(BM_Ranks1024)->Arg(0)->Arg(1)->ArgName("coalesce")->Unit(benchmark::kMillisecond);

// 16,384 ranks, about 6,000 coalesced events each.
void BM_Ranks16384(benchmark::State& state) {
  run_shape(state, {.tp = 8, .pp = 16, .dp = 128, .micro_batches = 32, .layers = 84, .kernels = 12}, true);
}
BENCHMARK(BM_Ranks16384)->Unit(benchmark::kSecond)->Iterations(1);

}  // namespace
}  // namespace orrery::sim

BENCHMARK_MAIN();
