// How fast traces are read: a million slices of Chrome JSON, with a clock that
// starts with the run and with one that counts from 1970 (which takes a first
// pass), and of begins and ends. A viewer should load a million in 2 s.
#include <benchmark/benchmark.h>

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

std::string text(const std::string& event) {
  std::string whole = event;
  for (std::size_t at = 0; (at = whole.find('\'', at)) != std::string::npos;) whole[at] = '"';
  return whole;
}

std::string place(std::int64_t first_us, int i) {
  return "'pid':" + std::to_string(i % 64) + ",'tid':" + std::to_string(i % 7) +
         ",'ts':" + std::to_string(first_us + std::int64_t{3} * i) + ".000" + std::to_string(100 + i % 900);
}

std::string whole_slices(std::int64_t first_us) {
  std::string trace = "{\"traceEvents\":[";
  for (int i = 0; i < kSlices; ++i)
    trace += text((i > 0 ? ",\n{" : "{") + place(first_us, i) + ",'ph':'X','dur':2.5,'cat':'compute','name':'layer " +
                  std::to_string(i % 80) +
                  " qkv','args':{'step':0,'action':'F','micro_batch':" + std::to_string(i % 32) + ",'chunk':0}}");
  return trace + "]}";
}

std::string begins_and_ends() {
  std::string trace = "[";
  for (int i = 0; i < kSlices; ++i)
    trace += text((i > 0 ? ",\n{" : "{") + place(0, i) + ",'ph':'B','name':'layer " + std::to_string(i % 80) +
                  " qkv','args':{'step':0}},\n{" + place(1, i) + ",'ph':'E'}");
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
  read(state, whole_slices(0));
}
void since_1970(benchmark::State& state) {
  read(state, whole_slices(1'682'725'898'236'567));
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
