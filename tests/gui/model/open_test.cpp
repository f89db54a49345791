#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <thread>

#include "gui/model/ask/path/trace_path.h"
#include "gui/model/ask/time/steps.h"
#include "gui/model/ask/work/area.h"
#include "gui/model/load/open_file.h"
#include "interop/trace/copy/copy_trace.h"
#include "interop/trace/scenario_facts.h"
#include "interop/trace/write/trace_writer.h"
#include "models/run/run_scenario.h"

namespace orrery::gui {
namespace {

std::string scenario(const std::string& name) {
  return std::string(ORRERY_SOURCE_DIR) + "/scenarios/" + name;
}

AreaTotals totals_of_last_step(const TraceModel& model) {
  std::vector<std::uint32_t> tracks;
  for (std::uint32_t i = 0; i < model.tracks().size(); ++i) tracks.push_back(i);
  return totals_of(model, tracks, steps_of(model).back().range);
}

// A pipeline without communication: (p-1)/(m+p-1) of every rank's step is bubble, and the
// window's bubbles are gaps that it found by itself.
TEST(OpenScenario, BubblesAddUpToTheFormula) {
  OpenWatch watch;
  const auto opened = open_file(scenario("bubble-4x8.yaml"), watch);
  ASSERT_TRUE(opened) << to_string(opened.errors().front());
  const TraceModel& model = *opened->model;
  const std::vector<Step> steps = steps_of(model);
  ASSERT_FALSE(steps.empty());
  const AreaTotals totals = totals_of_last_step(model);
  ASSERT_EQ(totals.processes, 4u);
  const double idle = static_cast<double>(4 * steps.back().range.length());
  double busy = 0;
  for (int c = 0; is_compute(static_cast<EventClass>(c)); ++c)
    busy += static_cast<double>(totals.by_class[static_cast<std::size_t>(c)]);
  EXPECT_NEAR(1 - busy / idle, 3.0 / 11, 0.01);
  EXPECT_NEAR(static_cast<double>(totals.by_class[index_of(EventClass::bubble)]) / idle, 3.0 / 11, 0.01);
}

// Something on the critical path is in progress at every moment of the measured step.
TEST(OpenScenario, TheCriticalPathCoversTheStep) {
  OpenWatch watch;
  const auto opened = open_file(scenario("bubble-interleaved-4x8x2.yaml"), watch);
  ASSERT_TRUE(opened);
  const TraceModel& model = *opened->model;
  const TimeRange step = last_step_of(model);
  std::vector<TimeRange> ranges;
  for (const EventRef event : opened->critical_path) ranges.push_back(model.range(event).cut(step));
  std::sort(ranges.begin(), ranges.end(), [](TimeRange a, TimeRange b) { return a.begin < b.begin; });
  Ns covered = 0, at = step.begin;
  for (const TimeRange& range : ranges) {
    covered += std::max<Ns>(0, range.end - std::max(at, range.begin));
    at = std::max(at, range.end);
  }
  EXPECT_GT(static_cast<double>(covered) / static_cast<double>(step.length()), 0.98);
}

// That an op may take longer by its slack, and by no more, is tested where it is
// computed (tests/sim/trace/critical_path_test.cpp); here, that it reaches the events.
TEST(OpenScenario, TheCriticalPathHasNoSlackAndOthersHave) {
  for (const char* name : {"bubble-interleaved-4x8x2.yaml", "llama-3.1-70b-64-h100.yaml"}) {
    OpenWatch watch;
    const auto opened = open_file(scenario(name), watch);
    ASSERT_TRUE(opened);
    const TraceModel& model = *opened->model;
    const TimeRange step = last_step_of(model);
    std::size_t on_path = 0, known = 0, positive = 0, work = 0;
    for (const EventRef event : opened->critical_path) {
      if (model.range(event).begin < step.begin) continue;
      const auto slack = opened->slack.of(event);
      if (!slack) continue;
      ++on_path;
      EXPECT_EQ(*slack, 0) << name << " " << model.name(event);
    }
    for (std::uint32_t row = 0; row < model.rows().size(); ++row)
      for (std::uint32_t i = 0; i < model.rows()[row].size(); ++i) {
        const EventRef event{row, i};
        const bool is_op = is_compute(model.class_of(event)) && !model.track(event).is_overview();
        const auto slack = opened->slack.of(event);
        EXPECT_GE(slack.value_or(0), 0);
        work += is_op;
        known += is_op && slack;
        positive += slack.value_or(0) > 0;
        EXPECT_FALSE(slack && model.class_of(event) == EventClass::bubble) << "a gap is no op";
      }
    EXPECT_GT(on_path, opened->critical_path.size() / 3) << name;
    EXPECT_GT(known, work * 9 / 10) << name;
    EXPECT_GT(positive, 0u) << name;
  }
}

// A kernel that ends later pushes the next one of its stream, once the gap is used up.
TEST(OpenScenario, SlackIsNoMoreThanThatOfWhatComesNext) {
  OpenWatch watch;
  const auto opened = open_file(scenario("llama-3.1-70b-64-h100.yaml"), watch);
  ASSERT_TRUE(opened);
  const TraceModel& model = *opened->model;
  std::size_t pairs = 0;
  for (std::uint32_t row = 0; row < model.rows().size(); ++row)
    for (std::uint32_t i = 0; i + 1 < model.rows()[row].size(); ++i) {
      constexpr Ns kRounding = 2;
      const auto before = opened->slack.of({row, i}), after = opened->slack.of({row, i + 1});
      const bool kernels = is_compute(model.class_of({row, i})) && is_compute(model.class_of({row, i + 1}));
      if (!before || !after || !kernels) continue;
      ++pairs;
      const Ns between = model.rows()[row].start(i + 1) - model.rows()[row].end(i);
      EXPECT_LE(*before, *after + between + kRounding);
    }
  EXPECT_GT(pairs, 1'000u);
}

std::string temporary(const std::string& name) {
  return (std::filesystem::temp_directory_path() / name).string();
}

// What `orrery run --trace` writes of a scenario.
void write_trace(const std::string& file, const std::string& path, bool slack) {
  const auto prepared = models::prepare(file, {});
  ASSERT_TRUE(prepared);
  interop::TraceContext context;
  context.workload = &prepared->compiled.workload;
  context.folded = prepared->folded ? &*prepared->folded : nullptr;
  context.facts_of = interop::facts_of(prepared->scenario);
  context.slack = slack;
  auto writer = interop::open_trace_writer(path, context);
  ASSERT_TRUE(writer);
  models::SimulateOptions options;
  options.trace = writer->get();
  models::simulate(*prepared, options);
  ASSERT_TRUE((*writer)->close().empty());
}

// Where ranks stand and what their memory holds travel in a trace, also in a part of it
// that was converted.
TEST(OpenTrace, KnowsThePlacesAndTheMemoryOfTheRun) {
  const std::string file = scenario("mixed-a100-h100.yaml"), json = temporary("orrery-places.json.gz"),
                    perfetto = temporary("orrery-places.pftrace"), part = temporary("orrery-places-part.json");
  write_trace(file, json, false);
  write_trace(file, perfetto, false);
  interop::TraceReadOptions late;
  late.from = Time::at(Duration::us(1'000'000));
  ASSERT_TRUE(interop::copy_trace(perfetto, part, late, [](const auto&) { return true; }));
  OpenWatch watch;
  const auto run = open_file(file, watch);
  ASSERT_TRUE(run);
  std::set<double> limits;
  for (const std::string& path : {json, perfetto, part}) {
    const auto read = open_file(path, watch);
    std::filesystem::remove(path);
    ASSERT_TRUE(read);
    const TraceModel &a = *run->model, &b = *read->model;
    for (const Counter& counter : b.counters()) EXPECT_NE(counter.name, "memory limit") << "it is a line, not a lane";
    // A copy has processes in the order in which they are met.
    std::map<std::uint32_t, std::pair<const Process*, double>> of_a, of_b;
    const auto fill = [](const TraceModel& model, auto& of) {
      for (const Counter& counter : model.counters())
        if (const Process& process = model.processes()[counter.process]; process.rank && counter.name == "memory")
          of[*process.rank] = {&process, counter.limit};
    };
    fill(a, of_a);
    fill(b, of_b);
    ASSERT_EQ(of_a.size(), of_b.size()) << path;
    for (const auto& [rank, known] : of_a) {
      EXPECT_TRUE(known.first->place);
      EXPECT_EQ(known.first->place, of_b[rank].first->place) << path;
      EXPECT_EQ(known.first->labels, of_b[rank].first->labels) << path;
      EXPECT_GT(known.second, 0);
      EXPECT_EQ(known.second, of_b[rank].second) << path;
      limits.insert(known.second);
    }
  }
  EXPECT_EQ(limits.size(), 2u) << "two kinds of GPUs";
}

// The same run, once as a scenario and once as the trace that was written of it.
TEST(OpenTrace, SlackIsThatOfTheRun) {
  const std::string path = temporary("orrery-slack.json");
  const std::string file = scenario("bubble-interleaved-4x8x2.yaml");
  write_trace(file, path, true);

  OpenWatch watch;
  const auto run = open_file(file, watch), read = open_file(path, watch);
  std::filesystem::remove(path);
  ASSERT_TRUE(run && read);
  ASSERT_EQ(run->model->rows().size(), read->model->rows().size());
  std::size_t known = 0;
  for (std::uint32_t row = 0; row < run->model->rows().size(); ++row) {
    ASSERT_EQ(run->model->rows()[row].size(), read->model->rows()[row].size());
    for (std::uint32_t i = 0; i < run->model->rows()[row].size(); ++i) {
      EXPECT_EQ(run->slack.of({row, i}), read->slack.of({row, i})) << run->model->name({row, i});
      known += run->slack.of({row, i}).has_value();
    }
  }
  EXPECT_GT(known, 100u);
  ASSERT_FALSE(read->critical_path.empty());
  for (const EventRef event : read->critical_path) EXPECT_EQ(read->slack.of(event), 0);
  EXPECT_FALSE(read->model->number(read->critical_path.front(), "slack_us")) << "it is told as slack";
}

// A trace that says no slack is looked through, and what is found is what the run knows:
// nothing on it could have lasted longer, and it covers the step.
TEST(OpenTrace, ThePathOfARunIsFoundInItsTrace) {
  for (const char* name : {"bubble-4x8.yaml", "bubble-interleaved-4x8x2.yaml", "llama-3.1-70b-64-h100.yaml"})
    for (const char* extension : {".json", ".pftrace"}) {
      const std::string path = temporary(std::string("orrery-path") + extension);
      write_trace(scenario(name), path, false);
      OpenWatch watch;
      const auto run = open_file(scenario(name), watch), read = open_file(path, watch);
      std::filesystem::remove(path);
      ASSERT_TRUE(run && read);
      ASSERT_TRUE(read->critical_path.empty());
      const TracePath found = find_path(*read->model);
      ASSERT_FALSE(found.events.empty()) << found.why_not;
      const TimeRange step = last_step_of(*read->model);
      std::vector<TimeRange> ranges;
      std::size_t known = 0, spare = 0;
      for (const EventRef event : found.events) {
        ranges.push_back(read->model->range(event).cut(step));
        const auto slack = run->slack.of(event);
        known += slack.has_value();
        spare += slack.value_or(0) > 1'000;
      }
      EXPECT_GT(known, found.events.size() * 9 / 10) << path;
      EXPECT_LE(spare, known / 100) << path << " of " << known;
      std::sort(ranges.begin(), ranges.end(), [](TimeRange a, TimeRange b) { return a.begin < b.begin; });
      Ns covered = 0, at = step.begin;
      for (const TimeRange& range : ranges) {
        covered += std::max<Ns>(0, range.end - std::max(at, range.begin));
        at = std::max(at, range.end);
      }
      EXPECT_GT(static_cast<double>(covered) / static_cast<double>(step.length()), 0.97) << path;
    }
}

TEST(OpenScenario, KnowsWhatOnlyASimulatorKnows) {
  OpenWatch watch;
  OpenOptions options;
  options.ranks = {{0, 3}, {16, 16}};
  const auto opened = open_file(scenario("llama-3.1-70b-64-h100.yaml"), watch, options);
  ASSERT_TRUE(opened);
  const TraceModel& model = *opened->model;
  ASSERT_GE(model.processes().size(), 5u);
  EXPECT_EQ(model.processes()[3].place->tp, 3u);
  EXPECT_EQ(model.processes()[4].place->pp, 1u);
  EXPECT_EQ(model.processes()[4].place->node, 2u);
  const Counter& memory = model.counters().front();
  EXPECT_EQ(memory.name, "memory");
  EXPECT_GT(memory.limit, 70e9);
  double peak = 0;  // of rank 0's stage, in the result of the same run
  for (const double part : opened->page->memory.bars.front().values) peak += part;
  EXPECT_LE(memory.highest, 1.001 * peak);
  EXPECT_GT(memory.highest, 0.9 * peak) << "but for what comes and goes within an instant";
  EXPECT_LT(memory.highest, memory.limit);
  EXPECT_GT(model.arrows().all().size(), 0u);
  EXPECT_NE(opened->summary.find("bubble"), std::string::npos);
}

TEST(OpenScenario, FaultsHaveTheirPlace) {
  const auto path = std::filesystem::temp_directory_path() / "orrery-gui-open-test.yaml";
  std::ofstream(path) << "model: {layers: 32, hidenn: 8}\n";
  OpenWatch watch;
  const auto opened = open_file(path.string(), watch);
  std::filesystem::remove(path);
  ASSERT_FALSE(opened);
  EXPECT_GT(opened.errors().front().where.line, 0);
}

// From the word to the end, while a file is being read or a step simulated; of some
// tries the quickest, since others may use the machine.
TEST(Open, EndsWithinATenthOfASecondOfTheWord) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers take ten times as long";
#endif
  const auto path = std::filesystem::temp_directory_path() / "orrery-gui-cancel-test.json";
  {
    std::ofstream file(path);
    file << "[";
    for (int i = 0; i < 1'000'000; ++i)
      file << (i > 0 ? ",\n" : "") << R"({"ph":"X","pid":0,"tid":)" << i % 8 << R"(,"name":"a","ts":)" << i
           << R"(,"dur":1})";
    file << "]";
  }
  using Clock = std::chrono::steady_clock;
  for (const std::string& name : {path.string(), scenario("llama-3.1-70b-64-h100.yaml")}) {
    auto quickest = std::chrono::nanoseconds::max();
    for (int attempt = 0; attempt < 4; ++attempt) {
      OpenWatch watch;
      std::atomic<bool> begun = false;
      watch.progress = [&](double share, const std::string&) { begun = begun || share > 0; };
      Clock::time_point end;
      bool cancelled = false;
      std::jthread opens([&] {
        const auto opened = open_file(name, watch);
        end = Clock::now();
        begun = true;
        cancelled = opened && opened->cancelled;
      });
      while (!begun) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      const Clock::time_point said = Clock::now();
      watch.stop = true;
      opens.join();
      if (cancelled) quickest = std::min<std::chrono::nanoseconds>(quickest, end - said);
    }
    EXPECT_LE(quickest, std::chrono::milliseconds(100)) << name;
  }
  std::filesystem::remove(path);
}

TEST(OpenScenario, StopsWhenItIsTold) {
  OpenWatch watch;
  watch.progress = [&](double share, const std::string&) {
    if (share > 0) watch.stop = true;
  };
  const auto opened = open_file(scenario("llama-3.1-70b-64-h100.yaml"), watch);
  ASSERT_TRUE(opened);
  EXPECT_TRUE(opened->cancelled);
}

// All is read by then, and being made into rows.
TEST(OpenTrace, CanBeGivenUpWhileItIsSorted) {
  const auto path = std::filesystem::temp_directory_path() / "orrery-gui-given-up-test.json";
  std::ofstream(path) << R"([{"ph":"X","pid":0,"tid":1,"name":"a","ts":1,"dur":1}])";
  OpenWatch watch;
  watch.progress = [&](double, const std::string& what) { watch.stop = what == "sorting"; };
  const auto opened = open_file(path.string(), watch);
  std::filesystem::remove(path);
  ASSERT_TRUE(opened);
  EXPECT_TRUE(opened->cancelled);
  EXPECT_EQ(opened->model, nullptr);
}

// PyTorch's own traces: a launch on the host leads to a kernel on the GPU.
TEST(OpenTrace, ReadsKineto) {
  const std::string path = std::string(ORRERY_SHARED_DATA) + "/interop/kineto/alexnet.json.gz";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no " << path;
  OpenWatch watch;
  const auto opened = open_file(path, watch);
  ASSERT_TRUE(opened) << to_string(opened.errors().front());
  const TraceModel& model = *opened->model;
  EXPECT_GT(model.events(), 800u);
  std::size_t launches = 0;
  for (const Arrow& arrow : model.arrows().all())
    launches += model.class_of(arrow.from) == EventClass::host && model.class_of(arrow.to) == EventClass::compute;
  EXPECT_GT(launches, 50u);
}

// A large file is shown before it is read to its end, and is whole when it is.
TEST(OpenTrace, ShowsWhatThereIsMeanwhile) {
  const auto path = std::filesystem::temp_directory_path() / "orrery-gui-open-test.json";
  {
    std::ofstream file(path);
    file << "[";
    for (int i = 0; i < 400'000; ++i)
      file << (i > 0 ? ",\n" : "") << R"({"ph":"X","pid":0,"tid":)" << i % 8 << R"(,"name":"a","ts":)" << i
           << R"(,"dur":1})";
    file << "]";
  }
  OpenWatch watch;
  std::uint64_t looks = 0, most = 0;
  watch.so_far = [&](const std::shared_ptr<const TraceModel>& model) {
    ++looks;
    EXPECT_GE(model->events(), most);
    most = model->events();
  };
  const auto opened = open_file(path.string(), watch);
  std::filesystem::remove(path);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->model->events(), 400'000u);
  EXPECT_LE(most, 400'000u);
  EXPECT_LT(looks, 10u);
}

// Of a large trace the part that matters.
TEST(OpenTrace, AnyPartOfItsTime) {
  const auto path = std::filesystem::temp_directory_path() / "orrery-gui-part-test.json";
  {
    std::ofstream file(path);
    file << "[";
    for (int i = 0; i < 100; ++i)
      file << (i > 0 ? ",\n" : "") << R"({"ph":"X","pid":0,"tid":0,"name":"a","ts":)" << 10 * i << R"(,"dur":10})";
    file << "]";
  }
  OpenWatch watch;
  OpenOptions part;
  part.from = Time::at(Duration::us(200)), part.to = Time::at(Duration::us(300));
  const auto opened = open_file(path.string(), watch, part);
  std::filesystem::remove(path);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->model->events(), 10u);
  EXPECT_FALSE(open_file(scenario("bubble-4x8.yaml"), watch, part)) << "a scenario is no trace";
}

TEST(OpenTrace, SaysWhatIsNoTrace) {
  OpenWatch watch;
  EXPECT_FALSE(open_file("/nowhere.json", watch));
  EXPECT_FALSE(open_file(std::string(ORRERY_SOURCE_DIR) + "/README.md", watch));
}

}  // namespace
}  // namespace orrery::gui
