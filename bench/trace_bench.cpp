// How fast traces are read: a million slices of Chrome JSON, with a clock that
// starts with the run and with one that counts from 1970 (which takes a first
// pass), and of begins and ends. A viewer should load a million in 2 s.
#include <benchmark/benchmark.h>

#include "bench/trace_text.h"
#include "interop/trace/read/read_bytes.h"

namespace orrery::interop {
namespace {

constexpr int kSlices = 1'000'000;

class Counting final : public TraceVisitor {
 public:
  void name(TraceNameId, std::string_view) override {}
  void process(const TraceProcess&) override {}
  void track(const TraceTrack&) override {}
  void slice(const TraceSlice& slice) override { time_ += slice.duration; }
  Duration time() const { return time_; }

 private:
  Duration time_;
};

std::string begins_and_ends() {
  std::string trace = "[";
  const auto place = [](int us, int i) {
    return R"("pid":)" + std::to_string(i % 64) + R"(,"tid":)" + std::to_string(i % 7) + R"(,"ts":)" +
           std::to_string(us + 3 * i) + ".000" + std::to_string(100 + i % 900);
  };
  for (int i = 0; i < kSlices; ++i)
    trace += (i > 0 ? ",\n{" : "{") + place(0, i) + R"(,"ph":"B","name":"layer )" + std::to_string(i % 80) +
             R"( qkv","args":{"step":0}},)" + "\n{" + place(1, i) + R"(,"ph":"E"})";
  return trace + "]";
}

void read(benchmark::State& state, const std::string& trace) {
  for (auto _ : state) {
    Counting counting;
    const auto summary =
        read_trace([&] { return Result<std::unique_ptr<ByteSource>>(bytes_of(trace)); }, "bench.json", counting);
    if (!summary || summary->slices != kSlices) state.SkipWithError("not every slice was read");
    benchmark::DoNotOptimize(counting.time());
  }
  state.SetItemsProcessed(state.iterations() * kSlices);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(trace.size()));
}

void since_start(benchmark::State& state) {
  read(state, bench::chrome_json({kSlices, false, bench::Said::step}));
}
void since_1970(benchmark::State& state) {
  read(state, bench::chrome_json({kSlices, true, bench::Said::number}));
}
void in_pairs(benchmark::State& state) {
  read(state, begins_and_ends());
}

BENCHMARK(since_start)->Unit(benchmark::kMillisecond);
BENCHMARK(since_1970)->Unit(benchmark::kMillisecond);
BENCHMARK(in_pairs)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace orrery::interop

BENCHMARK_MAIN();
